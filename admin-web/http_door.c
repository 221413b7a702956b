/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/http_door.c — the sockets of HTTPS: a daemon of libmicrohttpd for
 * each, nested in our loop; who may connect; new certificates.
 *
 * A reload starts a second daemon on the same socket and lets the old one
 * retire: it accepts nothing more and goes when its last connection went. */
#include "admin-web/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin-web/exchange.h"
#include "admin-web/http_own.h"
#include "admin-web/web.h"
#include "base/listen.h"
#include "base/tls.h"

enum { HOSTS_MOST = 64, RETIRE_MS = 40000, PEM_MOST = 1 << 20 };

/* One daemon. */
struct door {
	struct http *http;              /* borrowed */
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	struct timer due;               /* libmicrohttpd's own timeouts */
	struct timer retire;
	struct list link;
	bool is_kicked, is_retiring;
};

struct http {
	struct web *web;                /* borrowed */
	const int *fds;
	size_t n;
	struct list doors, guests;
	struct arena names;             /* of the policy */
	struct slice hosts[HOSTS_MOST];
	unsigned ports[LISTEN_MOST];
	struct guard_policy policy;
};

/* One connection: its address for the count, its end for slow ones. */
struct guest {
	struct list link;
	struct timer whole;
	int fd;
	unsigned char address[16];      /* IPv4, or the /64 of IPv6 */
};

struct web *http_web(struct http *h)
{
	return h->web;
}

const struct guard_policy *http_policy(const struct http *h)
{
	return &h->policy;
}

/* --- who we are: the names that may stand in Host ------------------------------------ */

static void host_add(struct http *h, const char *name)
{
	struct slice s = slice_of(name);

	if (s.n == 0 || h->policy.host_n == HOSTS_MOST)
		return;
	h->hosts[h->policy.host_n++] = slice_dup(&h->names, s);
}

static void port_add(struct http *h, unsigned port)
{
	if (port != 0 && h->policy.port_n < LISTEN_MOST)
		h->ports[h->policy.port_n++] = port;
}

/* The address a socket is bound to, which is the truth even where the setting
 * says port 0. */
static void socket_add(struct http *h, int fd)
{
	union listen_address a;
	socklen_t n = sizeof a;
	char text[INET6_ADDRSTRLEN + 2] = "[";

	if (getsockname(fd, &a.any, &n) != 0)
		return;
	if (a.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a.v4.sin_addr, text, sizeof text);
		port_add(h, ntohs(a.v4.sin_port));
		host_add(h, text);
		if (ntohl(a.v4.sin_addr.s_addr) >> 24 == 127)
			host_add(h, "localhost");
	} else if (a.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a.v6.sin6_addr, text + 1, sizeof text - 2);
		text[strlen(text) + 1] = '\0';
		text[strlen(text)] = ']';
		port_add(h, ntohs(a.v6.sin6_port));
		host_add(h, text);
		if (IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr))
			host_add(h, "localhost");
	}
}

/* The port that [web] url names: a proxy's, or a forwarded one. */
static void url_add(struct http *h, struct slice url)
{
	struct slice scheme, rest, host, path, port;
	uint64_t number = 443;

	if (!slice_cut(url, ':', &scheme, &rest) || rest.n < 3)
		return;
	slice_cut(slice_make(rest.p + 2, rest.n - 2), '/', &host, &path);
	if (host.n != 0 && host.p[host.n - 1] != ']'
	    && memrchr(host.p, ':', host.n) != NULL) {
		const char *colon = memrchr(host.p, ':', host.n);

		port = slice_make(colon + 1, host.n - (size_t)(colon + 1 - host.p));
		host.n = (size_t)(colon - host.p);
		if (!slice_number(port, 65535, &number))
			return;
	}
	port_add(h, (unsigned)number);
	host_add(h, slice_cstr(&h->names, host));
}

static void policy_make(struct http *h)
{
	const struct settings *s = h->web->settings;

	arena_fini(&h->names);
	h->policy = (struct guard_policy){ .hosts = h->hosts, .ports = h->ports };
	host_add(h, s->server.domain);
	for (size_t i = 0; i < s->web.hosts.n; i++)
		host_add(h, s->web.hosts.v[i]);
	for (size_t i = 0; i < h->n; i++)
		socket_add(h, h->fds[i]);
	url_add(h, slice_of(s->web.url));
}

/* --- who may connect -------------------------------------------------------------------- */

static bool address_key(const struct sockaddr *from, unsigned char *key)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	memset(key, 0, 16);
	if (from->sa_family == AF_INET) {
		memcpy(key, mapped, 12);
		memcpy(key + 12, &((const struct sockaddr_in *)
		    (const void *)from)->sin_addr, 4);
		return key[12] == 127;
	}
	if (from->sa_family == AF_INET6) {
		const struct in6_addr *a = &((const struct sockaddr_in6 *)
		    (const void *)from)->sin6_addr;

		memcpy(key, a, 8);
		return IN6_IS_ADDR_LOOPBACK(a);
	}
	return false;
}

static enum MHD_Result may_connect(void *ctx, const struct sockaddr *from,
    socklen_t n)
{
	struct http *h = ctx;
	unsigned char key[16];
	struct guest *g;
	unsigned count = 0;

	(void)n;
	if (address_key(from, key))
		return MHD_YES;         /* loopback: the overall limit is enough */
	LIST_EACH(g, &h->guests, struct guest, link)
		count += memcmp(g->address, key, sizeof key) == 0;
	return count < HTTP_PER_ADDRESS ? MHD_YES : MHD_NO;
}

/* Bytes that trickle in keep a connection from being idle, not from this. */
static void guest_overstays(void *ctx)
{
	struct guest *g = ctx;

	shutdown(g->fd, SHUT_RDWR);
}

static void guest_noticed(void *ctx, struct MHD_Connection *c, void **guest,
    enum MHD_ConnectionNotificationCode what)
{
	struct http *h = ctx;
	struct guest *g = *guest;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		g = *guest = NEW(struct guest);
		g->fd = MHD_get_connection_info(c,
		    MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		address_key(MHD_get_connection_info(c,
		    MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr, g->address);
		timer_init(&g->whole, guest_overstays, g);
		timer_start(&g->whole, HTTP_WHOLE_MS);
		list_push(&h->guests, &g->link);
	} else if (g != NULL) {
		timer_stop(&g->whole);
		list_remove(&g->link);
		free(g);
		*guest = NULL;
	}
}

/* --- running a daemon ---------------------------------------------------------------------- */

static void door_close(struct door *d);

static void door_run(void *ctx)
{
	struct door *d = ctx;
	MHD_UNSIGNED_LONG_LONG ms;

	d->is_kicked = false;
	MHD_run(d->daemon);
	if (d->is_retiring && MHD_get_daemon_info(d->daemon,
	    MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections == 0)
		door_close(d);
	else if (MHD_get_timeout(d->daemon, &ms) == MHD_YES)
		timer_start(&d->due, ms < 10000 ? (int64_t)ms : 10000);
	else
		timer_stop(&d->due);
}

static void door_kick(struct door *d)
{
	if (!d->is_kicked) {
		d->is_kicked = true;
		loop_defer(door_run, d);
	}
}

void door_kick_daemon(struct http *h, const struct MHD_Daemon *daemon)
{
	struct door *d;

	LIST_EACH(d, &h->doors, struct door, link)
		if (d->daemon == daemon)
			door_kick(d);
}

static void door_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	door_run(poll->data);
}

static void library_says(void *ctx, const char *fmt, va_list ap) FORMAT(2, 0);
static void library_says(void *ctx, const char *fmt, va_list ap)
{
	struct buf text = { 0 };

	http_complained(ctx);
	buf_addv(&text, fmt, ap);
	log_event(LOG_DEBUG, "microhttpd", "web", "text=%s",
	    log_text(slice_trim(buf_slice(&text))));
	buf_fini(&text);
}

static bool pem_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && out->n < PEM_MOST) {
		buf_reserve(out, 4096);
		n = read(fd, out->p + out->n, 4096);
		if (n <= 0)
			break;
		out->n += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	return n == 0 && out->n != 0;
}

static struct MHD_Daemon *daemon_start(struct http *h, int fd,
    const char *certificate, const char *key)
{
	return MHD_start_daemon(MHD_USE_TLS | MHD_USE_EPOLL
	    | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, may_connect, h,
	    http_called, h,
	    MHD_OPTION_EXTERNAL_LOGGER, library_says, h,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_HTTPS_MEM_CERT, certificate,
	    MHD_OPTION_HTTPS_MEM_KEY, key,
	    MHD_OPTION_HTTPS_PRIORITIES, TLS_GNUTLS_PRIORITY,
	    MHD_OPTION_URI_LOG_CALLBACK, http_target_seen, h,
	    MHD_OPTION_NOTIFY_COMPLETED, http_completed, h,
	    MHD_OPTION_NOTIFY_CONNECTION, guest_noticed, h,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_POOL,
	    MHD_OPTION_END);
}

static struct door *door_open(struct http *h, int fd, const char *certificate,
    const char *key)
{
	/* Of its own: libmicrohttpd closes what it was given. */
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct MHD_Daemon *daemon;
	struct door *d;

	if (own < 0)
		return NULL;
	daemon = daemon_start(h, own, certificate, key);
	if (daemon == NULL)
		return NULL;
	d = NEW(struct door);
	d->http = h;
	d->daemon = daemon;
	d->poll.data = d;
	timer_init(&d->due, door_run, d);
	uv_poll_init(loop_main(), &d->poll, MHD_get_daemon_info(daemon,
	    MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
	uv_poll_start(&d->poll, UV_READABLE, door_readable);
	list_push(&h->doors, &d->link);
	door_kick(d);
	return d;
}

static void door_gone(uv_handle_t *handle)
{
	free(handle->data);
}

static void door_close(struct door *d)
{
	uv_poll_stop(&d->poll);
	timer_stop(&d->due);
	timer_stop(&d->retire);
	loop_undefer(d);
	list_remove(&d->link);
	MHD_stop_daemon(d->daemon);
	uv_close((uv_handle_t *)&d->poll, door_gone);
}

static void retirement_ends(void *ctx)
{
	struct door *d = ctx;

	exchanges_cut(d->http->web);
	door_close(d);
}

static void door_retire(struct door *d)
{
	int fd = MHD_quiesce_daemon(d->daemon);

	if (fd >= 0)
		close(fd);
	d->is_retiring = true;
	timer_init(&d->retire, retirement_ends, d);
	timer_start(&d->retire, RETIRE_MS);
	door_kick(d);
}

/* --- the whole --------------------------------------------------------------------------- */

static bool doors_open(struct http *h, const char **why_r)
{
	const struct settings *s = h->web->settings;
	struct buf certificate = { 0 }, key = { 0 };
	size_t opened = 0;
	struct door *d;

	*why_r = NULL;
	if (!pem_read(s->tls.certificate, &certificate))
		*why_r = "[tls] certificate cannot be read";
	else if (!pem_read(s->tls.key, &key))
		*why_r = "[tls] key cannot be read";
	for (size_t i = 0; i < h->n && *why_r == NULL; i++) {
		d = door_open(h, h->fds[i], buf_cstr(&certificate), buf_cstr(&key));
		opened += d != NULL;
		if (d == NULL)
			*why_r = "certificate and key are no pair, or no PEM";
	}
	for (; *why_r != NULL && opened != 0; opened--)
		door_close(LIST_ITEM(h->doors.prev, struct door, link));
	buf_fini(&certificate);
	buf_wipe(&key);
	return *why_r == NULL;
}

struct http *http_open(struct web *web, const int *fds, size_t n,
    const char **why_r)
{
	struct http *h = NEW(struct http);

	h->web = web;
	web->http = h;
	h->fds = fds;
	h->n = n;
	list_init(&h->doors);
	list_init(&h->guests);
	policy_make(h);
	if (!doors_open(h, why_r))
		http_close(&web->http);
	return web->http;
}

bool http_reload(struct http *h, const char **why_r)
{
	struct list *old_end = h->doors.prev;
	struct door *d;
	bool is_old = !list_is_empty(&h->doors);

	if (!doors_open(h, why_r))
		return false;
	policy_make(h);
	LIST_EACH(d, &h->doors, struct door, link) {
		bool is_last = &d->link == old_end;

		if (is_old && !d->is_retiring)
			door_retire(d);
		if (is_last)
			is_old = false;
	}
	return true;
}

void http_quiesce(struct http *h)
{
	struct door *d;

	LIST_EACH(d, &h->doors, struct door, link)
		if (!d->is_retiring)
			door_retire(d);
}

void http_close(struct http **hp)
{
	struct http *h = *hp;
	struct door *d;

	if (h == NULL)
		return;
	exchanges_cut(h->web);
	LIST_EACH(d, &h->doors, struct door, link)
		door_close(d);
	assert(list_is_empty(&h->guests));
	arena_fini(&h->names);
	free(h);
	*hp = NULL;
}
