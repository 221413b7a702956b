/* SPDX-License-Identifier: Apache-2.0 */
/* tertuliad — the supervisor.
 *
 * Reads the configuration, opens the listening sockets, starts the two
 * programs that serve them and starts them again when they end.  It opens no
 * connection, reads nothing from the network and knows neither XMPP nor LDAP,
 * so there is little in it that can fail while the service runs.
 *
 * One loop waits for signals (signalfd) and for the ready pipes of the
 * children; everything else hangs on the two timers of a child: when to start
 * it again, and when to stop waiting for its end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/listen.h"
#include "base/proc.h"
#include "base/settings.h"
#include "base/tls.h"
#include "base/version.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc/tertulia"
#endif
#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/libexec/tertulia"
#endif

enum {
	BACKOFF_FIRST_MS = 200,
	BACKOFF_MOST_MS = 10000,
	STEADY_MS = 30000,      /* alive so long: the next fault is a new one   */
	STOP_MS = 10000,        /* for the children to go in peace (REL-16)     */
};

/* --- the programs ------------------------------------------------------------ */

static const struct program {
	const char *name, *file;
	const char *kinds[2];           /* of listening sockets it is given     */
} programs[] = {
	{ "im",  "tertulia-im",  { "c2s", "c2s_tls" } },
	{ "web", "tertulia-web", { "web" } },
};
enum { CHILDREN = COUNT(programs) };

struct child {
	pid_t pid;                      /* 0: not running                       */
	pid_t last_pid;                 /* what the file pids says              */
	int ready_fd;                   /* read end; -1: told or not running    */
	bool is_ready;
	int64_t started_ms, due_ms;     /* due: start it then                   */
	int64_t backoff_ms;
};

static struct {
	const char *conf_path;
	struct settings *settings;
	struct listeners listeners;
	struct child children[CHILDREN];
	struct buf bin_dir;             /* where the programs are               */
	int signal_fd;
	bool is_announced;              /* both were ready once                 */
	bool is_stopping, is_hurried;
	int64_t stop_by_ms;
} sup = { .signal_fd = -1 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- files below state_dir ----------------------------------------------------- */

static const char *state_path(struct buf *b, const char *name)
{
	buf_clear(b);
	buf_addf(b, "%s/%s", sup.settings->server.state_dir, name);
	return buf_cstr(b);
}

static void state_remove(const char *name)
{
	struct buf path = { 0 };

	unlink(state_path(&path, name));
	buf_fini(&path);
}

static void state_write(const char *name, const struct buf *text)
{
	struct buf path = { 0 };

	if (!daemon_write_file(state_path(&path, name), buf_slice(text)))
		log_event(LOG_ERROR, "state-not-written", "-",
		    "file=%s error=\"%s\"", buf_cstr(&path), strerror(errno));
	buf_fini(&path);
}

static void pids_write(void)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < CHILDREN; i++)
		if (sup.children[i].last_pid != 0)
			buf_addf(&text, "%s=%d\n", programs[i].name,
			    (int)sup.children[i].last_pid);
	state_write("pids", &text);
	buf_fini(&text);
}

/* Makes state_dir and locks it: two supervisors must not share one.  The lock
 * is the open descriptor, so it ends with this process however that ends. */
static void state_take(void)
{
	const char *dir = sup.settings->server.state_dir;
	int fd;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		fatal("[server] state_dir: %s cannot be made: %s", dir,
		    strerror(errno));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || access(dir, W_OK | X_OK) != 0)
		fatal("[server] state_dir: %s: %s", dir, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		fatal("[server] state_dir: %s is in use by another tertuliad", dir);
	state_remove("ready");
	state_remove("pids");
}

/* The programs stand beside this one, or where they were installed. */
static void programs_find(const char *argv0)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	struct buf path = { 0 };

	if (n < 0)
		fatal("%s: cannot find out where I am: %s", argv0, strerror(errno));
	while (n > 0 && self[n - 1] != '/')
		n--;
	buf_add(&sup.bin_dir, slice_make(self, (size_t)n));
	buf_addf(&path, "%s%s", buf_cstr(&sup.bin_dir), programs[0].file);
	if (access(buf_cstr(&path), X_OK) != 0) {
		buf_clear(&sup.bin_dir);
		buf_adds(&sup.bin_dir, LIBEXECDIR "/");
	}
	buf_fini(&path);
}

/* --- one child -------------------------------------------------------------------- */

/* In the child: lets the descriptors through exec that are meant for it. */
static void pass_fds(const struct program *p, int ready_fd)
{
	struct buf words = { 0 };

	for (size_t i = 0; i < sup.listeners.n; i++) {
		const struct listener *l = &sup.listeners.v[i];

		for (size_t k = 0; k < COUNT(p->kinds); k++)
			if (p->kinds[k] != NULL
			    && strcmp(p->kinds[k], l->kind) == 0) {
				fcntl(l->fd, F_SETFD, 0);
				buf_addf(&words, "%s:%d ", l->kind, l->fd);
			}
	}
	fcntl(ready_fd, F_SETFD, 0);
	buf_addf(&words, "ready:%d", ready_fd);
	setenv(PROC_FDS, buf_cstr(&words), 1);
	unsetenv("NOTIFY_SOCKET");
	buf_fini(&words);
}

static void child_run(const struct program *p, int ready_fd, pid_t parent)
	__attribute__((noreturn));
static void child_run(const struct program *p, int ready_fd, pid_t parent)
{
	struct buf path = { 0 };
	sigset_t none;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* A group of its own: Ctrl-C reaches the supervisor, who ends us. */
	setpgid(0, 0);
	/* If the supervisor dies nobody can give the sockets back; so neither
	 * may we live, or the next supervisor could not listen. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	if (null > 0)
		dup2(null, STDIN_FILENO);
	pass_fds(p, ready_fd);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	buf_addf(&path, "%s%s", buf_cstr(&sup.bin_dir), p->file);
	execl(buf_cstr(&path), p->file, "-c", sup.conf_path, (char *)NULL);
	fprintf(stderr, "tertuliad: %s: %s\n", buf_cstr(&path), strerror(errno));
	_exit(127);
}

static void child_retry_later(struct child *c)
{
	if (c->backoff_ms == 0 || now_ms() - c->started_ms >= STEADY_MS)
		c->backoff_ms = BACKOFF_FIRST_MS;
	else if (c->backoff_ms < BACKOFF_MOST_MS / 2)
		c->backoff_ms *= 2;
	else
		c->backoff_ms = BACKOFF_MOST_MS;
	c->due_ms = now_ms() + c->backoff_ms;
}

static void child_start(size_t i)
{
	struct child *c = &sup.children[i];
	pid_t parent = getpid();
	int ready[2] = { -1, -1 };

	c->started_ms = now_ms();
	if (pipe2(ready, O_CLOEXEC) != 0 || (c->pid = fork()) < 0) {
		log_event(LOG_ERROR, "child-not-started", programs[i].name,
		    "error=\"%s\"", strerror(errno));
		if (ready[0] >= 0) {
			close(ready[0]);
			close(ready[1]);
		}
		c->pid = 0;
		child_retry_later(c);
		return;
	}
	if (c->pid == 0)
		child_run(&programs[i], ready[1], parent);
	close(ready[1]);
	c->ready_fd = ready[0];
	c->is_ready = false;
	c->last_pid = c->pid;
	log_event(LOG_INFO, "child-started", programs[i].name, "pid=%d",
	    (int)c->pid);
	pids_write();
}

static void child_ended(size_t i, int status)
{
	struct child *c = &sup.children[i];
	bool is_signal = WIFSIGNALED(status);
	int code = is_signal ? WTERMSIG(status) : WEXITSTATUS(status);

	if (c->ready_fd >= 0)
		close(c->ready_fd);
	c->ready_fd = -1;
	c->is_ready = false;
	if (!sup.is_stopping)
		child_retry_later(c);
	log_event(sup.is_stopping && status == 0 ? LOG_INFO : LOG_ERROR,
	    "child-ended", programs[i].name, "pid=%d %s=%d%s restart_ms=%d",
	    (int)c->pid, is_signal ? "signal" : "exit", code,
	    is_signal && WCOREDUMP(status) ? " core=yes" : "",
	    sup.is_stopping ? -1 : (int)c->backoff_ms);
	c->pid = 0;
}

static void announce(void)
{
	struct buf nothing = { 0 };

	for (size_t i = 0; i < CHILDREN; i++)
		if (!sup.children[i].is_ready)
			return;
	if (sup.is_announced || sup.is_stopping)
		return;
	sup.is_announced = true;
	state_write("ready", &nothing);
	daemon_notify("READY=1");
	log_event(LOG_INFO, "ready", "-", "domain=%s version=%s",
	    sup.settings->server.domain, TERTULIA_VERSION);
}

static void child_told(size_t i)
{
	struct child *c = &sup.children[i];
	char byte;

	if (read(c->ready_fd, &byte, 1) == 1) {
		c->is_ready = true;
		log_event(LOG_INFO, "child-ready", programs[i].name,
		    "pid=%d ms=%d", (int)c->pid,
		    (int)(now_ms() - c->started_ms));
		announce();
	}
	close(c->ready_fd);
	c->ready_fd = -1;
}

static void children_signal(int number)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (sup.children[i].pid != 0)
			kill(sup.children[i].pid, number);
}

static bool is_any_running(void)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (sup.children[i].pid != 0)
			return true;
	return false;
}

/* --- signals ------------------------------------------------------------------------ */

static void log_complaints(const struct buf *why)
{
	struct slice rest = buf_slice(why), line;

	while (rest.n != 0) {
		slice_cut(rest, '\n', &line, &rest);
		if (line.n != 0)
			log_event(LOG_ERROR, "configuration", "-", SLICE_FMT,
			    SLICE_ARG(line));
	}
}

static void log_reopen(const struct settings *s)
{
	const char *why;

	if (!log_open(s->log.file, s->log.level, &why))
		log_event(LOG_ERROR, "log-not-opened", "-", "file=%s reason=\"%s\"",
		    s->log.file, why);
}

/* Read and checked whole: what the children would refuse is refused here. */
static struct settings *settings_checked(struct buf *why)
{
	struct settings *s = settings_load(sup.conf_path, why);
	struct tls_context *tls;
	const char *fault = NULL;

	if (s == NULL)
		return NULL;
	tls = tls_context_server(s->tls.certificate, s->tls.key, NULL, &fault);
	if (tls == NULL) {
		buf_addf(why, "%s: [tls] certificate and key: %s\n",
		    sup.conf_path, fault);
		settings_free(&s);
	}
	tls_context_free(&tls);
	return s;
}

/* Each program keeps what it began with; one of them says so. */
static void say_kept(struct settings *s)
{
	struct buf names = { 0 };

	settings_keep(s, sup.settings, &names);
	if (names.n != 0)
		log_event(LOG_WARN, "reload-partial", "-",
		    "these need a restart: %s", buf_cstr(&names));
	buf_fini(&names);
}

static void reload(void)
{
	struct buf why = { 0 };
	struct settings *s = settings_checked(&why);

	if (s == NULL) {
		log_complaints(&why);
		log_event(LOG_ERROR, "reload-refused", "-",
		    "the settings in use are kept");
	} else {
		say_kept(s);
		log_reopen(s);
		log_event(LOG_INFO, "reload", "-", "file=%s", sup.conf_path);
		children_signal(SIGHUP);
		/* What this process keeps using: the sockets and the state_dir
		 * it began with. */
		settings_free(&s);
	}
	buf_fini(&why);
}

static void stop(const char *because)
{
	if (sup.is_stopping) {          /* asked twice: no more patience */
		sup.stop_by_ms = now_ms();
		return;
	}
	sup.is_stopping = true;
	sup.stop_by_ms = now_ms() + STOP_MS;
	log_event(LOG_INFO, "stopping", "-", "signal=%s", because);
	daemon_notify("STOPPING=1");
	state_remove("ready");
	for (size_t i = 0; i < sup.listeners.n; i++)
		close(sup.listeners.v[i].fd);
	children_signal(SIGTERM);
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < CHILDREN; i++)
			if (sup.children[i].pid == pid)
				child_ended(i, status);
}

static void signals_read(void)
{
	struct signalfd_siginfo info;

	while (read(sup.signal_fd, &info, sizeof info) == sizeof info)
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap();
			break;
		case SIGHUP:
			if (!sup.is_stopping)
				reload();
			break;
		case SIGINT:
			stop("INT");
			break;
		case SIGTERM:
			stop("TERM");
			break;
		}
}

static void signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0
	    || (sup.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		fatal("signals: %s", strerror(errno));
}

/* --- the loop ------------------------------------------------------------------------- */

/* Does what is due; gives the time until something will be, -1: nothing. */
static int timers_run(void)
{
	int64_t now = now_ms(), next = -1;

	if (sup.is_stopping) {
		if (now >= sup.stop_by_ms && !sup.is_hurried) {
			log_event(LOG_WARN, "killing", "-", "children=stuck");
			sup.is_hurried = true;
			children_signal(SIGKILL);
		}
		return sup.is_hurried ? -1 : (int)(sup.stop_by_ms - now);
	}
	for (size_t i = 0; i < CHILDREN; i++) {
		struct child *c = &sup.children[i];

		if (c->pid != 0)
			continue;
		if (c->due_ms <= now)
			child_start(i);
		else if (next < 0 || c->due_ms - now < next)
			next = c->due_ms - now;
	}
	return (int)next;
}

static void supervise(void)
{
	struct pollfd fds[1 + CHILDREN] = { { .fd = sup.signal_fd, .events = POLLIN } };

	for (;;) {
		int wait = timers_run();

		if (sup.is_stopping && !is_any_running())
			return;
		for (size_t i = 0; i < CHILDREN; i++)
			fds[1 + i] = (struct pollfd){
				.fd = sup.children[i].ready_fd, .events = POLLIN };
		if (poll(fds, COUNT(fds), wait) <= 0)
			continue;
		for (size_t i = 0; i < CHILDREN; i++)
			if (fds[1 + i].revents != 0)
				child_told(i);
		if (fds[0].revents != 0)
			signals_read();
	}
}

static int serve(const char *argv0)
{
	struct buf why = { 0 };

	close_range(3, ~0U, 0);         /* nothing that others left open */
	daemon_clean_environment();
	umask(077);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	sup.settings = settings_checked(&why);
	if (sup.settings == NULL)
		fatal(SLICE_FMT "tertuliad: cannot start with this configuration",
		    SLICE_ARG(buf_slice(&why)));
	log_reopen(sup.settings);
	if (!listen_open(sup.settings, &sup.listeners, &why))
		fatal("tertuliad: " SLICE_FMT, SLICE_ARG(slice_trim(buf_slice(&why))));
	state_take();
	programs_find(argv0);
	signals_open();
	for (size_t i = 0; i < CHILDREN; i++)
		sup.children[i].ready_fd = -1;
	supervise();
	state_remove("pids");
	log_event(LOG_INFO, "stopped", "-", "killed=%s",
	    sup.is_hurried ? "yes" : "no");
	settings_free(&sup.settings);
	buf_fini(&sup.bin_dir);
	buf_fini(&why);
	return 0;
}

/* --- the command line -------------------------------------------------------------------- */

static int check(bool is_shown)
{
	struct buf why = { 0 };
	struct settings *s = settings_checked(&why);
	int code = s != NULL ? 0 : 1;

	fprintf(stderr, SLICE_FMT, SLICE_ARG(buf_slice(&why)));
	if (s != NULL && is_shown)
		settings_print_values(stdout, s);
	else if (s != NULL)
		printf("%s: good\n", sup.conf_path);
	settings_free(&s);
	buf_fini(&why);
	return code;
}

static int usage(FILE *out, int code)
{
	fputs("usage: tertuliad [-c file] [-t | -C | -S | -M | -h | -V]\n"
	    "  -c file  configuration (default " SYSCONFDIR "/tertulia.conf)\n"
	    "  -t       check the configuration\n"
	    "  -C       show the values in effect and where each came from\n"
	    "  -S       print a commented sample configuration\n"
	    "  -M       print the settings as a section of a manual page\n"
	    "  -V       print the version\n", out);
	return code;
}

static int act(int action, const char *argv0)
{
	switch (action) {
	case 't':
		return check(false);
	case 'C':
		return check(true);
	case 'S':
		settings_print_sample(stdout);
		return 0;
	case 'M':
		settings_print_manual(stdout);
		return 0;
	case 'V':
		puts("tertuliad " TERTULIA_VERSION);
		return 0;
	case 'h':
		return usage(stdout, 0);
	}
	return serve(argv0);
}

int main(int argc, char **argv)
{
	int action = 0, c;

	sup.conf_path = SYSCONFDIR "/tertulia.conf";
	while ((c = getopt(argc, argv, "c:tCSMhV")) != -1) {
		if (c == '?' || (c != 'c' && action != 0))
			return usage(stderr, 2);
		if (c == 'c')
			sup.conf_path = optarg;
		else
			action = c;
	}
	if (optind != argc)
		return usage(stderr, 2);
	return act(action, argv[0]);
}
