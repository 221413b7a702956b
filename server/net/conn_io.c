/* SPDX-License-Identifier: Apache-2.0 */
/* net/conn_io.c — the bytes of a connection, plain or through TLS. */
#include "net/conn.h"

#include <sys/socket.h>

#include <errno.h>

static void count(atomic_uint_fast64_t *counter, size_t n)
{
	/* One writer: no need for a locked addition. */
	atomic_store_explicit(counter, atomic_load_explicit(counter,
	    memory_order_relaxed) + n, memory_order_relaxed);
}

static enum conn_got read_tls(struct conn *c, size_t *n_r)
{
	switch (tls_read(c->tls, c->worker->scratch, SCRATCH_BYTES, n_r)) {
	case TLS_OK:
		return GOT_BYTES;
	case TLS_WANT_READ:
	case TLS_WANT_WRITE:
		return GOT_NOTHING;
	case TLS_CLOSED:
	case TLS_FAILED:
		break;
	}
	return GOT_END;
}

static enum conn_got got_of(ssize_t n)
{
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? GOT_NOTHING : GOT_END;
	return n != 0 ? GOT_BYTES : GOT_END;
}

static enum conn_got read_plain(struct conn *c, size_t *n_r)
{
	ssize_t n = recv(c->fd, c->worker->scratch, SCRATCH_BYTES, 0);

	*n_r = n > 0 ? (size_t)n : 0;
	return got_of(n);
}

enum conn_got conn_read(struct conn *c, struct slice *bytes_r)
{
	size_t n = 0;
	enum conn_got got = c->tls != NULL ? read_tls(c, &n) : read_plain(c, &n);

	count(&c->worker->bytes_in, n);
	*bytes_r = slice_make(c->worker->scratch, n);
	return got;
}

/* A password may have been in it, and nobody knows when the next read comes. */
void conn_wipe(struct slice bytes)
{
	if (bytes.n != 0)
		explicit_bzero((void *)(uintptr_t)bytes.p, bytes.n);
}

enum conn_got conn_throw_away(struct conn *c)
{
	size_t n;

	return read_plain(c, &n);
}

bool conn_has_pending(const struct conn *c)
{
	return c->tls != NULL && tls_has_pending(c->tls);
}

enum conn_got conn_peek(const struct conn *c)
{
	char byte;

	return got_of(recv(c->fd, &byte, 1, MSG_PEEK));
}

/* One write; *n_r is what went, false the end. */
static bool write_some(struct conn *c, size_t *n_r)
{
	const char *p = c->unsent.p + c->sent;
	size_t left = c->unsent.n - c->sent;
	ssize_t n;

	*n_r = 0;
	if (c->tls != NULL) {
		enum tls_result r = tls_write(c->tls, p, left, n_r);

		return r != TLS_CLOSED && r != TLS_FAILED;
	}
	n = send(c->fd, p, left, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	*n_r = (size_t)n;
	return true;
}

bool conn_write(struct conn *c)
{
	size_t n;

	c->is_blocked = false;
	while (c->sent < c->unsent.n) {
		if (!write_some(c, &n))
			return false;
		if (n == 0) {
			c->is_blocked = true;
			break;
		}
		c->sent += n;
		count(&c->worker->bytes_out, n);
	}
	if (c->sent == c->unsent.n) {
		buf_fini(&c->unsent);
		c->sent = 0;
	} else if (c->sent > c->unsent.n / 2) {
		buf_drop(&c->unsent, c->sent);
		c->sent = 0;
	}
	return true;
}

void conn_shut(struct conn *c)
{
	if (c->tls != NULL)
		tls_goodbye(c->tls);
	shutdown(c->fd, SHUT_WR);
}
