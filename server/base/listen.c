/* SPDX-License-Identifier: Apache-2.0 */
/* base/listen.c — opens the sockets that the [listen] section asks for. */
#include "base/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };        /* connections that wait for accept */

static const struct kind { const char *name; size_t offset; } kinds[] = {
	{ "c2s",     offsetof(struct settings, listen.c2s) },
	{ "c2s_tls", offsetof(struct settings, listen.c2s_tls) },
	{ "web",     offsetof(struct settings, listen.web) },
};

static const struct conf_list *list_of(const struct settings *s,
    const struct kind *k)
{
	return (const void *)((const char *)s + k->offset);
}

bool listen_parse(const char *text, union listen_address *address_r)
{
	const char *colon = strrchr(text, ':');
	struct slice host;
	char name[INET6_ADDRSTRLEN] = "";
	uint64_t port;
	bool is_v6;

	if (colon == NULL || !slice_number(slice_of(colon + 1), 65535, &port))
		return false;
	host = slice_make(text, (size_t)(colon - text));
	is_v6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
	if (is_v6)
		host = slice_make(host.p + 1, host.n - 2);
	if (host.n >= sizeof name)
		return false;
	memcpy(name, host.p, host.n);
	memset(address_r, 0, sizeof *address_r);
	if (is_v6) {
		address_r->v6.sin6_family = AF_INET6;
		address_r->v6.sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, name, &address_r->v6.sin6_addr) == 1;
	}
	address_r->v4.sin_family = AF_INET;
	address_r->v4.sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, name, &address_r->v4.sin_addr) == 1;
}

/* A socket that listens, or -1 and errno. */
static int open_one(const union listen_address *address)
{
	static const int on = 1;
	bool is_v6 = address->any.sa_family == AF_INET6;
	int fd = socket(address->any.sa_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
	    && (!is_v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
	    sizeof on) == 0)
	    && bind(fd, &address->any, is_v6 ? sizeof address->v6
	    : sizeof address->v4) == 0
	    && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* No IPv6 here: nothing that an operator has to repair. */
static bool is_family_missing(const union listen_address *address, int error)
{
	return error == EAFNOSUPPORT || (error == EADDRNOTAVAIL
	    && address->any.sa_family == AF_INET6
	    && IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr));
}

static const char *advice(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "another program listens there; end it or choose "
		    "another port";
	case EADDRNOTAVAIL:
		return "this machine has no such address";
	case EACCES:
		return "ports below 1024 need a capability; choose a higher one";
	}
	return strerror(error);
}

static bool open_kind(const struct settings *s, const struct kind *k,
    struct listeners *into, struct buf *why)
{
	const struct conf_list *l = list_of(s, k);
	size_t before = into->n;

	for (size_t i = 0; i < l->n; i++) {
		union listen_address address;
		int fd;

		if (into->n == LISTEN_MOST || !listen_parse(l->v[i], &address))
			panic("[listen] %s: not checked", k->name);
		fd = open_one(&address);
		if (fd >= 0) {
			into->v[into->n++] = (struct listener){ k->name, fd };
		} else if (is_family_missing(&address, errno)) {
			log_event(LOG_INFO, "listen-skipped", "-", "address=%s "
			    "reason=\"no IPv6 here\"", l->v[i]);
		} else {
			buf_addf(why, "[listen] %s: cannot listen on %s: %s\n",
			    k->name, l->v[i], advice(errno));
			return false;
		}
	}
	if (l->n != 0 && into->n == before) {
		buf_addf(why, "[listen] %s: none of its addresses exists here\n",
		    k->name);
		return false;
	}
	return true;
}

bool listen_open(const struct settings *s, struct listeners *into,
    struct buf *why)
{
	into->n = 0;
	for (size_t k = 0; k < COUNT(kinds); k++)
		if (!open_kind(s, &kinds[k], into, why))
			return false;
	return true;
}
