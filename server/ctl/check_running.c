/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_running.c — the service on this machine: its programs, its control
 * socket, its addresses, its file descriptors. */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/listen.h"
#include "ctl/checks.h"
#include "ctl/judge.h"

/* The text of a small file; empty when it cannot be read. */
static void read_text(struct buf *out, const char *path)
{
	FILE *in = fopen(path, "re");
	char bytes[4096];
	size_t n;

	while (in != NULL && (n = fread(bytes, 1, sizeof bytes, in)) != 0)
		buf_add(out, slice_make(bytes, n));
	if (in != NULL)
		fclose(in);
}

/* --- the two programs ------------------------------------------------------------ */

static const char *const programs[] = { "im", "web" };

/* From state_dir/pids, lines of name=pid; 0: it does not say. */
static unsigned pid_of(const struct doctor *d, const char *name)
{
	struct buf path = { 0 }, text = { 0 };
	struct slice rest, line, key, value;
	uint64_t pid = 0, n;

	buf_addf(&path, "%s/pids", d->settings->server.state_dir);
	read_text(&text, buf_cstr(&path));
	rest = buf_slice(&text);
	while (rest.n != 0) {
		slice_cut(rest, '\n', &line, &rest);
		if (slice_cut(line, '=', &key, &value) && slice_is(key, name)
		    && slice_number(value, INT32_MAX, &n))
			pid = n;
	}
	buf_fini(&path);
	buf_fini(&text);
	return (unsigned)pid;
}

/* Numbers are used again: it must be the program that we mean. */
static bool is_running(unsigned pid, const char *name)
{
	struct buf path = { 0 }, comm = { 0 }, want = { 0 };
	bool is_it;

	buf_addf(&path, "/proc/%u/comm", pid);
	buf_addf(&want, "tertulia-%s", name);
	read_text(&comm, buf_cstr(&path));
	is_it = pid != 0 && slice_eq(slice_trim(buf_slice(&comm)),
	    buf_slice(&want));
	buf_fini(&path);
	buf_fini(&comm);
	buf_fini(&want);
	return is_it;
}

static bool is_service_running(const struct doctor *d)
{
	return is_running(pid_of(d, programs[0]), programs[0]);
}

void check_processes(struct doctor *d, struct result *r)
{
	unsigned running = 0;

	for (size_t i = 0; i < COUNT(programs); i++)
		if (is_running(pid_of(d, programs[i]), programs[i]))
			running++;
		else
			result_say(r, VERDICT_FAULT, "tertulia-%s does not run",
			    programs[i]);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "both run");
	else if (running == 0)
		result_next(r, "start tertuliad -c %s; its log says why when it "
		    "ends again", d->path);
	else
		result_next(r, "see the log (%s): tertuliad starts it again and "
		    "says how it ended", d->settings->log.file);
}

/* --- the control socket -------------------------------------------------------------- */

enum { CONTROL_MS = 3000, CONTROL_BYTES = 64 * 1024 };

static bool control_connect(int fd, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (n >= sizeof un.sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(un.sun_path, path, n);
	return connect(fd, (const struct sockaddr *)(const void *)&un,
	    sizeof un) == 0;
}

/* One line asked, one line answered (core/control.h); NULL and a reason. */
static json_t *control_ask(const char *path, const char **why_r)
{
	static const char ask[] = "{\"id\":1,\"op\":\"stats\"}\n";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct buf in = { 0 };
	json_t *answer = NULL;
	char bytes[4096];
	ssize_t n = 0;

	*why_r = NULL;
	if (fd < 0 || !control_connect(fd, path)
	    || send(fd, ask, sizeof ask - 1, MSG_NOSIGNAL) < 0)
		*why_r = strerror(errno);
	while (*why_r == NULL && in.n < CONTROL_BYTES
	    && (in.n == 0 || in.p[in.n - 1] != '\n')) {
		if (poll(&p, 1, CONTROL_MS) <= 0)
			*why_r = "no answer in time";
		else if ((n = recv(fd, bytes, sizeof bytes, 0)) <= 0)
			*why_r = "it hangs up: who asks must be the service's "
			    "user or root";
		else
			buf_add(&in, slice_make(bytes, (size_t)n));
	}
	if (*why_r == NULL)
		answer = json_loadb(in.p, in.n, 0, NULL);
	if (*why_r == NULL && answer == NULL)
		*why_r = "the answer is no JSON";
	if (fd >= 0)
		close(fd);
	buf_fini(&in);
	return answer;
}

void check_control(struct doctor *d, struct result *r)
{
	const char *path = d->settings->server.control_socket, *why;
	json_t *answer = control_ask(path, &why);

	if (answer == NULL) {
		result_say(r, VERDICT_FAULT, "%s: %s", path, why);
		result_next(r, "run as the service's user or as root; if it still "
		    "does not answer, restart tertuliad and keep its log");
	} else if (!json_is_true(json_object_get(answer, "directory_up"))) {
		result_say(r, VERDICT_FAULT, "the server has no connection to the "
		    "directory");
		result_next(r, "mend what is said about the directory below; the "
		    "server comes back by itself");
	} else {
		result_say(r, VERDICT_OK, "%d sessions, directory reached",
		    (int)json_integer_value(json_object_get(answer, "sessions")));
	}
	json_decref(answer);
}

/* --- addresses ------------------------------------------------------------------------- */

/* As /proc/net/tcp and tcp6 write an address. */
static void proc_address(struct buf *out, const union listen_address *a,
    bool is_any)
{
	if (a->any.sa_family == AF_INET) {
		buf_addf(out, "%08X:%04X", is_any ? 0 : a->v4.sin_addr.s_addr,
		    ntohs(a->v4.sin_port));
		return;
	}
	for (int i = 0; i < 4; i++)
		buf_addf(out, "%08X", is_any ? 0
		    : a->v6.sin6_addr.s6_addr32[i]);
	buf_addf(out, ":%04X", ntohs(a->v6.sin6_port));
}

/* The inode of the socket that listens at this address in the table; 0: none. */
static uint64_t listener_in(struct slice table, struct slice address)
{
	struct slice line, word;
	uint64_t inode;

	while (table.n != 0) {
		bool is_it = true;

		slice_cut(table, '\n', &line, &table);
		/* sl local remote state queues timer retries uid timeout inode */
		for (int i = 0; i < 10 && slice_word(&line, &word); i++)
			if (i == 1)
				is_it = slice_eq(word, address);
			else if (i == 3)
				is_it = is_it && slice_is(word, "0A");
			else if (i == 9 && is_it
			    && slice_number(word, UINT64_MAX, &inode))
				return inode;
	}
	return 0;
}

static uint64_t listener_at(const union listen_address *a)
{
	struct buf table = { 0 }, address = { 0 };
	uint64_t inode = 0;

	read_text(&table, a->any.sa_family == AF_INET ? "/proc/net/tcp"
	    : "/proc/net/tcp6");
	for (int is_any = 0; is_any < 2 && inode == 0; is_any++) {
		buf_clear(&address);
		proc_address(&address, a, is_any != 0);
		inode = listener_in(buf_slice(&table), buf_slice(&address));
	}
	buf_fini(&table);
	buf_fini(&address);
	return inode;
}

enum holder { HOLDER_US, HOLDER_OTHER, HOLDER_UNKNOWN };

/* Whether this process has the socket with that inode open. */
static enum holder holds(unsigned pid, uint64_t inode)
{
	struct buf dir = { 0 }, want = { 0 };
	enum holder held = HOLDER_OTHER;
	struct dirent *e;
	char link[64];
	DIR *fds;

	buf_addf(&dir, "/proc/%u/fd", pid);
	buf_addf(&want, "socket:[%llu]", (unsigned long long)inode);
	fds = opendir(buf_cstr(&dir));
	if (fds == NULL)
		held = HOLDER_UNKNOWN;
	while (fds != NULL && (e = readdir(fds)) != NULL) {
		ssize_t n = readlinkat(dirfd(fds), e->d_name, link, sizeof link);

		if (n > 0 && slice_eq(slice_make(link, (size_t)n),
		    buf_slice(&want)))
			held = HOLDER_US;
	}
	if (fds != NULL)
		closedir(fds);
	buf_fini(&dir);
	buf_fini(&want);
	return held;
}

static void check_port(struct doctor *d, struct result *r, const char *text,
    bool is_up)
{
	union listen_address a;
	uint64_t inode = listen_parse(text, &a) ? listener_at(&a) : 0;
	enum holder who = HOLDER_OTHER;

	for (size_t i = 0; inode != 0 && is_up && who == HOLDER_OTHER
	    && i < COUNT(programs); i++)
		who = holds(pid_of(d, programs[i]), inode);
	if (is_up && inode == 0 && a.any.sa_family == AF_INET6
	    && access("/proc/net/if_inet6", R_OK) != 0)
		return;                 /* a machine without IPv6: left out */
	if (is_up && inode == 0)
		result_say(r, VERDICT_FAULT, "the service runs, but nobody "
		    "listens at %s", text);
	else if (inode != 0 && who == HOLDER_OTHER)
		result_say(r, VERDICT_FAULT, "%s belongs to another program",
		    text);
}

void check_ports(struct doctor *d, struct result *r)
{
	const struct conf_list *lists[] = { &d->settings->listen.c2s,
		&d->settings->listen.c2s_tls, &d->settings->listen.web };
	bool is_up = is_service_running(d);
	unsigned n = 0;

	for (size_t i = 0; i < COUNT(lists); i++)
		for (size_t k = 0; k < lists[i]->n; k++, n++)
			check_port(d, r, lists[i]->v[k], is_up);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "%u addresses, %s", n, is_up
		    ? "all ours" : "all free");
	else
		result_next(r, "new addresses in [listen] need a restart of "
		    "tertuliad; of two programs at one address, end one or "
		    "choose another");
}

/* --- file descriptors ---------------------------------------------------------------------- */

static uint64_t limit_of(unsigned pid)
{
	struct buf path = { 0 }, text = { 0 };
	struct slice rest, line, word;
	uint64_t hard = 0, n;

	buf_addf(&path, "/proc/%u/limits", pid);
	read_text(&text, buf_cstr(&path));
	rest = buf_slice(&text);
	while (rest.n != 0) {
		slice_cut(rest, '\n', &line, &rest);
		if (!slice_starts(line, SLICE("Max open files")))
			continue;
		/* The words, the soft limit, the hard one. */
		for (int i = 0; i < 5 && slice_word(&line, &word); i++)
			if (i == 4 && slice_number(word, UINT64_MAX, &n))
				hard = n;
			else if (i == 4)
				hard = UINT64_MAX;      /* unlimited */
	}
	buf_fini(&path);
	buf_fini(&text);
	return hard;
}

void check_descriptors(struct doctor *d, struct result *r)
{
	uint64_t want = judge_descriptors(d->settings);
	uint64_t have = is_service_running(d)
	    ? limit_of(pid_of(d, programs[0])) : 0;
	struct rlimit own;

	if (have == 0 && getrlimit(RLIMIT_NOFILE, &own) == 0)
		have = own.rlim_max;
	/* A tenth less than asked for is what a round number gives. */
	if (have >= want - want / 10) {
		result_say(r, VERDICT_OK, "%llu for up to %u connections",
		    (unsigned long long)have, d->settings->limits.connections);
		return;
	}
	result_say(r, VERDICT_WARNING, "%llu are too few for %u connections",
	    (unsigned long long)have, d->settings->limits.connections);
	result_next(r, "raise the limit of open files (LimitNOFILE=%llu in the "
	    "unit), or lower [limits] connections",
	    (unsigned long long)want);
}
