/* SPDX-License-Identifier: Apache-2.0 */
/* net/conn.h — one connection: a socket, TLS over it, a parser behind that.
 *
 *   SHAKING ──────────────► OPEN ──io_start_tls──► PROCEEDING ──sent──► SHAKING
 *   (direct TLS)             │
 *                            └──io_close──► CLOSING ──sent──► LINGERING ──► GONE
 *
 * Before it is authenticated a connection goes in lock-step: each header or
 * element locks it until the core has answered with a command, so whatever
 * stands behind <starttls/> is still there, unread, when the core asks for TLS
 * (security TLS-01).
 *
 * LINGERING: our side is shut down, what still comes is thrown away until the
 * peer closes too.  A socket closed with bytes unread would reset, and take the
 * stream error that explains it all from the peer's hands. */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "net/worker.h"

enum conn_phase {
	CONN_SHAKING, CONN_OPEN, CONN_PROCEEDING, CONN_CLOSING, CONN_LINGERING,
	CONN_GONE,
};

/* What an idle connection costs of ours: this, the parser, no buffer. */
struct conn {
	conn_id id;
	struct worker *worker;
	struct tls *tls;                /* NULL: plain */
	struct parser *parser;
	struct buf held;                /* read, not parsed: locked or paused */
	struct buf unsent;
	size_t sent;                    /* of them */
	struct list slow, fast;         /* AUTH or IDLE; HANDSHAKE or CLOSE */
	int64_t slow_ms, fast_ms;       /* when that clock was started */
	struct list touched;            /* of this turn: in `touched`, then `unsent` */
	struct list again;
	uint64_t origin;
	union io_address address;
	int fd;
	uint8_t phase;                  /* enum conn_phase */
	uint8_t polled;                 /* uv events waited for */
	uint8_t elements;               /* before it was authenticated */
	bool is_direct_tls, is_authenticated, is_announced;
	bool is_locked, is_paused;
	bool is_deaf;                   /* nothing is read any more */
	bool is_blocked;                /* the socket takes no more for now */
	uv_poll_t poll;
};

void conn_open(struct worker *w, const struct adopt *how);
void conn_command(struct conn *c, enum command_kind kind, struct slice bytes);
/* After all commands of a turn; parses on, or reads on. */
void conn_go_on(struct conn *c);
/* Its socket may have something, or take something. */
void conn_look(struct conn *c);
/* Writes what is queued, once. */
void conn_flush(struct conn *c);
void conn_clock_rang(struct conn *c, enum worker_clock clock);
/* At once, whatever is queued. */
void conn_end(struct conn *c, enum io_closed_why why);

/* --- net/conn_io.c: bytes, for conn.c --- */

enum conn_got { GOT_BYTES, GOT_NOTHING, GOT_END };

enum conn_got conn_read(struct conn *c, struct slice *bytes_r);
/* What was read is not needed any more. */
void conn_wipe(struct slice bytes);
/* Raw, unread by TLS, and forgotten. */
enum conn_got conn_throw_away(struct conn *c);
/* Bytes wait inside TLS, where poll does not see them. */
bool conn_has_pending(const struct conn *c);
/* False: the connection has ended. */
bool conn_write(struct conn *c);
/* What a read of the socket would give; nothing is read. */
enum conn_got conn_peek(const struct conn *c);
/* Our side is done: the peer is told. */
void conn_shut(struct conn *c);

/* --- net/conn_peer.c: who it is --- */

/* io_peer of a connection with all it points at; freed by net_event_fini. */
struct peer_text *peer_text_new(const struct conn *c, struct io_peer **peer_r);

#endif
