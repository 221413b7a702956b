/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/relay.c — the limit that no server can pass: the same bytes over the
 * same TLS, and no XMPP at all.
 *
 *   relay PORT CHAIN.pem KEY.pem [group=100] [batch]
 *
 * What comes from a connection goes to its pair (the first and the second, the third
 * and the fourth …) or, with group=N, to each so many connections in a row, its own
 * included; the first that comes from a member of a group is its "presence": kept,
 * and it gets those of the others.  Without `batch` everything is written at once, as
 * a simple server would; with it, gathered and written once per connection and turn
 * of the loop.  One thread, epoll, OpenSSL with released buffers; on purpose none of
 * the server's own code. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNS_MOST = 65536, READ_BYTES = 16384 };

struct bytes { char *p; size_t n, room; };

struct conn {
	SSL *ssl;
	int fd;
	size_t index;
	bool is_shaken, is_joined, is_dirty, waits_to_write;
	struct bytes out, presence;
};

static struct conn *conns[CONNS_MOST], *dirty[CONNS_MOST];
static size_t conns_n, dirty_n, group;
static bool batch;
static int epoll_fd;

static void die(const char *what)
{
	fprintf(stderr, "relay: %s\n", what);
	exit(1);
}

static void bytes_add(struct bytes *b, const char *p, size_t n)
{
	if (b->n + n > b->room) {
		b->room = (b->n + n) * 2;
		b->p = realloc(b->p, b->room);
		if (b->p == NULL)
			die("no memory");
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

/* An idle connection keeps no buffer. */
static void bytes_drop(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){ NULL, 0, 0 };
}

static void watch(struct conn *c, bool waits_to_write)
{
	struct epoll_event ev = { .events = EPOLLIN
	    | (waits_to_write ? EPOLLOUT : 0u), .data.ptr = c };

	if (c->waits_to_write == waits_to_write)
		return;
	c->waits_to_write = waits_to_write;
	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

static void flush(struct conn *c)
{
	size_t done = 0;
	int n;

	while (done < c->out.n) {
		n = SSL_write(c->ssl, c->out.p + done, (int)(c->out.n - done));
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == c->out.n) {
		bytes_drop(&c->out);
	} else {
		memmove(c->out.p, c->out.p + done, c->out.n - done);
		c->out.n -= done;
	}
	watch(c, c->out.n != 0);
}

static void give(struct conn *to, const char *p, size_t n)
{
	int written = 0;

	if (!batch && to->out.n == 0)
		written = SSL_write(to->ssl, p, (int)n);
	if (written == (int)n)
		return;
	written = written > 0 ? written : 0;
	bytes_add(&to->out, p + written, n - (size_t)written);
	if (!batch)
		watch(to, true);
	else if (!to->is_dirty)
		dirty[dirty_n++] = to;
	to->is_dirty = batch;
}

static void give_group(struct conn *c, const char *p, size_t n)
{
	size_t begin = c->index / group * group;

	for (size_t i = begin; i < begin + group && i < conns_n; i++)
		if (conns[i] != NULL && conns[i]->is_joined)
			give(conns[i], p, n);
}

static void joins(struct conn *c, const char *p, size_t n)
{
	size_t begin = c->index / group * group;

	bytes_add(&c->presence, p, n);
	for (size_t i = begin; i < begin + group && i < conns_n; i++)
		if (conns[i] != NULL && conns[i]->is_joined)
			give(c, conns[i]->presence.p, conns[i]->presence.n);
	c->is_joined = true;
	give_group(c, p, n);
}

static void took(struct conn *c, const char *p, size_t n)
{
	if (group != 0 && !c->is_joined)
		joins(c, p, n);
	else if (group != 0)
		give_group(c, p, n);
	else if ((c->index ^ 1) < conns_n && conns[c->index ^ 1] != NULL)
		give(conns[c->index ^ 1], p, n);
}

static void end(struct conn *c)
{
	conns[c->index] = NULL;
	for (size_t i = 0; i < dirty_n; i++)
		if (dirty[i] == c)
			dirty[i] = dirty[--dirty_n];
	SSL_free(c->ssl);
	close(c->fd);
	bytes_drop(&c->out);
	bytes_drop(&c->presence);
	free(c);
}

static void readable(struct conn *c)
{
	static char bytes[READ_BYTES];
	int n;

	if (!c->is_shaken) {
		n = SSL_accept(c->ssl);
		c->is_shaken = n == 1;
		if (n != 1 && SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ)
			end(c);
		return;
	}
	while ((n = SSL_read(c->ssl, bytes, sizeof bytes)) > 0) {
		took(c, bytes, (size_t)n);
		if (SSL_pending(c->ssl) == 0 && n < READ_BYTES)
			return;                 /* epoll tells when there is more */
	}
	if (SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ)
		end(c);
}

static void accepted(SSL_CTX *ctx, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct conn *c = calloc(1, sizeof *c);
	int one = 1;

	if (c == NULL || conns_n == CONNS_MOST)
		die("too many connections");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	c->fd = fd;
	c->ssl = SSL_new(ctx);
	SSL_set_fd(c->ssl, fd);
	c->index = conns_n;
	conns[conns_n++] = c;
	ev.data.ptr = c;
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

static int listening(const char *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0
	    || listen(fd, 1024) != 0)
		die("cannot listen");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static SSL_CTX *tls(const char *chain, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS
	    | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	if (SSL_CTX_use_certificate_chain_file(ctx, chain) != 1
	    || SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		die("cannot use chain or key");
	return ctx;
}

static void loop(SSL_CTX *ctx, int door)
{
	struct epoll_event events[256], ev = { .events = EPOLLIN };
	int n, fd;

	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, door, &ev);
	for (;;) {
		n = epoll_wait(epoll_fd, events, 256, -1);
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (c == NULL) {
				while ((fd = accept(door, NULL, NULL)) >= 0)
					accepted(ctx, fd);
				continue;
			}
			if ((events[i].events & EPOLLOUT) != 0)
				flush(c);
			if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0)
				readable(c);
		}
		for (size_t i = 0; i < dirty_n; i++) {
			dirty[i]->is_dirty = false;
			flush(dirty[i]);
		}
		dirty_n = 0;
	}
}

int main(int argc, char **argv)
{
	struct rlimit files;
	int door;

	if (argc < 4)
		die("usage: relay PORT CHAIN KEY [group=N] [batch]");
	for (int i = 4; i < argc; i++)
		if (strncmp(argv[i], "group=", 6) == 0)
			group = (size_t)strtoul(argv[i] + 6, NULL, 10);
		else
			batch = strcmp(argv[i], "batch") == 0;
	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	door = listening(argv[1]);
	puts("ready");
	fflush(stdout);
	loop(tls(argv[2], argv[3]), door);
	return 0;
}
