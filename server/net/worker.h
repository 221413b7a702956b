/* SPDX-License-Identifier: Apache-2.0 */
/* net/worker.h — one event loop's share of the connections.
 *
 * With [server] io_threads = 0 there is one worker, on the core's own loop;
 * otherwise each has a thread and a loop of its own.  What it does is the same:
 *
 *   sockets  -> conn.c reads, decrypts, parses -> events for the core
 *   commands -> conn.c queues bytes, changes a connection's state
 *   end of a turn: commands are carried out, what was held back is parsed on,
 *   then each connection that has something to say writes once.
 *
 * Deadlines are four lists, each in the order in which its clocks were started,
 * so only their heads are ever looked at, and one uv_timer serves all. */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include <netinet/in.h>
#include <stdatomic.h>

#include "base/list.h"
#include "net/io.h"
#include "net/mailbox.h"

struct conn;
struct peer_text;

/* Limits that a connection meets, as of the last io_start or io_reload. */
struct io_limits {
	size_t stanza_bytes, preauth_bytes, queue_bytes;
	int64_t auth_ms, handshake_ms, idle_ms;
};

union io_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* --- commands, from the core's thread --- */

enum command_kind {
	COMMAND_ADOPT,          /* tail: struct adopt                            */
	COMMAND_CONFIGURE,      /* tail: struct configure                        */
	COMMAND_STOP,           /* tail: int64_t, ms                             */
	COMMAND_SEND,           /* tail: the bytes                               */
	COMMAND_CLOSE, COMMAND_START_TLS, COMMAND_RESTART,
	COMMAND_AUTHENTICATED, COMMAND_PAUSE, COMMAND_RESUME,
};
struct command { conn_id conn; enum command_kind kind; };
struct adopt { int fd; bool is_direct_tls; union io_address address; };
/* The context is a reference that changes hands. */
struct configure { struct io_limits limits; struct tls_context *tls; };

/* --- events, to the core's thread --- */

struct net_event {
	struct io_event io;
	struct peer_text *peer;         /* owned: what io.peer points at, or NULL */
	uint64_t origin;                /* see net/origin.h */
	bool is_for_core;               /* false: for our own books alone */
	bool is_authenticated;          /* with IO_CLOSED: was; else: is now */
};
void net_event_fini(struct net_event *ev);      /* one that nobody took */

/* --- the worker --- */

enum worker_clock {
	CLOCK_HANDSHAKE, CLOCK_CLOSE,   /* conn->fast */
	CLOCK_AUTH, CLOCK_IDLE,         /* conn->slow */
	CLOCK_COUNT,
};

/* A connection's number is generation << 32 | worker << 24 | slot. */
struct slot { struct conn *conn; uint32_t generation, next_free; };

struct worker {
	unsigned index;
	bool is_thread, is_stopping;
	void (*deliver)(struct net_event *ev);  /* on the core's thread */
	struct mailbox *to_core;        /* threads only */

	/* The core's side of it. */
	struct buf commands;            /* of this turn, not yet handed over */
	unsigned load;                  /* connections */
	uv_thread_t thread;

	/* The worker's own. */
	uv_loop_t *loop;
	uv_loop_t own_loop;
	struct mailbox inbox;           /* threads only */
	struct buf row;                 /* of commands that are being carried out */
	int64_t stop_ms;
	struct buf events;              /* of this turn; threads only */
	size_t events_weight;
	uv_timer_t alarm;
	uv_idle_t again_handle;
	uv_prepare_t turn_end;          /* threads only */
	int64_t alarm_ms;               /* when it rings; 0: it does not */
	struct list clocks[CLOCK_COUNT];
	struct list touched, unsent, again;
	struct slot *slots;             /* slots[0] is never used */
	uint32_t slots_n, slots_room, free_slot;
	struct io_limits limits;
	struct tls_context *tls;
	char *scratch;                  /* what one read gives */
	unsigned handshakes;            /* steps done in this turn */
	atomic_uint_fast64_t bytes_in, bytes_out;
};

enum { SCRATCH_BYTES = 64 * 1024, WORKERS_MOST = 16 };

/* `w` has index, is_thread, deliver and to_core set; takes the reference. */
void worker_start(struct worker *w, const struct io_limits *limits,
    struct tls_context *tls);
/* On the core's thread, at the end of its turn: commands are carried out, or
 * handed over. */
void worker_turn(struct worker *w);
/* Writes what can be written within `ms`, then closes all.  Ends the thread. */
void worker_stop(struct worker *w, int64_t ms);

/* For conn.c. */
conn_id worker_slot_take(struct worker *w, struct conn *c);
void worker_slot_give(struct worker *w, conn_id id);
void worker_emit(struct worker *w, struct net_event *ev, size_t weight);
int64_t worker_now(const struct worker *w);
/* Starts it, or starts it anew, for a connection. */
void worker_clock_start(struct worker *w, enum worker_clock clock, struct conn *c);
/* The connection has something to do or to say at the end of this turn. */
void worker_touch(struct worker *w, struct conn *c);
/* The connection is looked at again in the next turn, whatever its socket says. */
void worker_again(struct worker *w, struct conn *c);
/* Between two events: answers are not gathered without bound. */
void worker_relieve(struct worker *w);
/* One more handshake step this turn?  They cost a third of a millisecond each. */
bool worker_may_shake(struct worker *w);

#endif
