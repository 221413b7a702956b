/* SPDX-License-Identifier: Apache-2.0 */
/* net/listen.c — see net/listen.h. */
#include "net/listen.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"

enum {
	ACCEPTS_A_TURN = 64,            /* of each socket */
	REST_MS = 100,                  /* without descriptors */
	TOLD_MS = 10000,                /* between two warnings of one kind */
	KEPT_FDS = 64,                  /* directory, files, control socket, web */
	/* A peer that acknowledges nothing for so long is gone. */
	USER_TIMEOUT_MS = 120 * 1000,
	KEEPALIVE_S = 600, KEEPALIVE_STEP_S = 60, KEEPALIVE_STEPS = 3,
};

struct listener {
	struct list link;
	uv_poll_t poll;
	int fd;
	bool is_direct_tls;
};

static struct {
	listen_fn *accepted_fn;
	struct list all;
	struct origin_limits limits;
	struct timer rest;
	int spare_fd;
	int64_t told_fds_ms, told_limit_ms;
	uint64_t accepted, refused;
} listening = { .spare_fd = -1 };

/* --- accepting ------------------------------------------------------------- */

static bool may_tell(int64_t *last_ms)
{
	int64_t now = loop_now_ms();

	if (*last_ms != 0 && now - *last_ms < TOLD_MS)
		return false;
	*last_ms = now;
	return true;
}

static void refuse(int fd)
{
	listening.refused++;
	close(fd);
	if (may_tell(&listening.told_limit_ms))
		log_event(LOG_WARN, "connections-limited", "-",
		    "now=%u refused=%llu", origin_total(),
		    (unsigned long long)listening.refused);
}

static void hand_over(const struct listener *l, int fd,
    const union io_address *address)
{
	if (!origin_admit(&listening.limits, origin_of(&address->any))) {
		refuse(fd);
		return;
	}
	listening.accepted++;
	listening.accepted_fn(fd, address, l->is_direct_tls);
}

static int accept_one(const struct listener *l, union io_address *address_r)
{
	socklen_t n = sizeof *address_r;

	memset(address_r, 0, sizeof *address_r);
	return accept4(l->fd, &address_r->any, &n,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void keep_spare(void)
{
	listening.spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void watch(struct listener *l);

static void rested(void *ctx)
{
	struct listener *l;

	(void)ctx;
	if (listening.spare_fd < 0)
		keep_spare();
	LIST_EACH(l, &listening.all, struct listener, link)
		watch(l);
}

/* The first in the queue is told by a close; the others wait. */
static void out_of_descriptors(const struct listener *l)
{
	union io_address address;
	struct listener *each;
	int fd;

	if (listening.spare_fd >= 0)
		close(listening.spare_fd);
	fd = accept_one(l, &address);
	if (fd >= 0) {
		listening.refused++;
		close(fd);
	}
	keep_spare();
	if (may_tell(&listening.told_fds_ms))
		log_event(LOG_WARN, "descriptors-exhausted", "-",
		    "connections=%u", origin_total());
	LIST_EACH(each, &listening.all, struct listener, link)
		uv_poll_stop(&each->poll);
	timer_start(&listening.rest, REST_MS);
}

static void has_waiting(uv_poll_t *handle, int status, int events)
{
	struct listener *l = handle->data;
	union io_address address;

	(void)status, (void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		int fd = accept_one(l, &address);

		if (fd >= 0)
			hand_over(l, fd, &address);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM
		    || errno == ENOBUFS) {
			out_of_descriptors(l);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

static void watch(struct listener *l)
{
	uv_poll_start(&l->poll, UV_READABLE, has_waiting);
}

/* --- life -------------------------------------------------------------------- */

void listen_start(listen_fn *accepted)
{
	listening.accepted_fn = accepted;
	list_init(&listening.all);
	timer_init(&listening.rest, rested, NULL);
	if (listening.spare_fd < 0)
		keep_spare();
}

/* The soft limit is raised as far as we may. */
static unsigned descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 1024;
	if (r.rlim_cur < r.rlim_max) {
		struct rlimit all = { r.rlim_max, r.rlim_max };

		if (setrlimit(RLIMIT_NOFILE, &all) == 0)
			r = all;
	}
	return r.rlim_cur < UINT32_MAX ? (unsigned)r.rlim_cur : UINT32_MAX;
}

void listen_limit(const struct settings *s)
{
	unsigned fds = descriptors();
	unsigned most = fds > 2 * KEPT_FDS ? fds - KEPT_FDS : fds / 2;

	listening.limits = (struct origin_limits){
		.all = s->limits.connections,
		.each = s->limits.connections_per_ip,
		.each_unauthenticated = s->limits.unauthenticated_per_ip,
	};
	if (listening.limits.all <= most)
		return;
	listening.limits.all = most;
	log_event(LOG_WARN, "connections-capped", "-",
	    "most=%u wanted=%u descriptors=%u", most, s->limits.connections, fds);
}

static void set(int fd, int level, int option, int value)
{
	/* Comfort, not correctness: a socket that refuses goes without. */
	(void)setsockopt(fd, level, option, &value, sizeof value);
}

void listen_add(int fd, bool is_direct_tls)
{
	struct listener *l = NEW(struct listener);

	l->fd = fd;
	l->is_direct_tls = is_direct_tls;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* Accepted sockets inherit these (tcp(7)): no call for each of them. */
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_S);
	set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_STEP_S);
	set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_STEPS);
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	if (uv_poll_init(loop_main(), &l->poll, fd) != 0)
		fatal("a listening socket cannot be polled");
	l->poll.data = l;
	list_push(&listening.all, &l->link);
	watch(l);
}

static void closed(uv_handle_t *handle)
{
	free(handle->data);
}

void listen_close_all(void)
{
	struct listener *l;

	while ((l = LIST_FIRST(&listening.all, struct listener, link)) != NULL) {
		list_remove(&l->link);
		uv_close((uv_handle_t *)&l->poll, closed);
		close(l->fd);
	}
	timer_stop(&listening.rest);
	if (listening.spare_fd >= 0)
		close(listening.spare_fd);
	listening.spare_fd = -1;
}

void listen_counts(uint64_t *accepted_r, uint64_t *refused_r)
{
	*accepted_r = listening.accepted;
	*refused_r = listening.refused;
}
