/* SPDX-License-Identifier: Apache-2.0 */
/* net/worker.c — a loop's turn, its commands, its clocks, its slots. */
#include "net/worker.h"

#include <sys/socket.h>

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/loop.h"
#include "net/conn.h"

enum {
	SLOT_BITS = 24,
	CLOSE_MS = 2000,                /* io.h: io_close takes no longer */
	HANDSHAKES_A_TURN = 8,          /* some 3 ms of a loop's time */
	EVENTS_WEIGHT = 256 * 1024,     /* posted before the turn ends */
	EVENT_WEIGHT = 512,             /* of an event without its element */
	COMMANDS_MOST = 1024 * 1024,    /* gathered in one turn */
};

/* --- slots: a number finds its connection at once, and no other ------------- */

static uint32_t new_slot(struct worker *w)
{
	uint32_t at = w->free_slot;

	if (at != 0) {
		w->free_slot = w->slots[at].next_free;
		return at;
	}
	if (w->slots_n == w->slots_room) {
		w->slots_room = w->slots_room != 0 ? w->slots_room * 2 : 64;
		w->slots = mem_grow(w->slots,
		    w->slots_room * sizeof *w->slots);
	}
	at = w->slots_n++;
	assert(at >> SLOT_BITS == 0);
	w->slots[at] = (struct slot){ .generation = 0 };
	return at;
}

conn_id worker_slot_take(struct worker *w, struct conn *c)
{
	uint32_t at = new_slot(w);

	w->slots[at].conn = c;
	w->slots[at].generation++;
	return (conn_id)w->slots[at].generation << 32
	    | (conn_id)w->index << SLOT_BITS | at;
}

static uint32_t slot_of(conn_id id)
{
	return (uint32_t)id & ((UINT32_C(1) << SLOT_BITS) - 1);
}

void worker_slot_give(struct worker *w, conn_id id)
{
	struct slot *s = &w->slots[slot_of(id)];

	s->conn = NULL;
	s->next_free = w->free_slot;
	w->free_slot = slot_of(id);
}

static struct conn *find(const struct worker *w, conn_id id)
{
	uint32_t at = slot_of(id);

	if (at >= w->slots_n || w->slots[at].generation != id >> 32)
		return NULL;
	return w->slots[at].conn;
}

/* --- events ------------------------------------------------------------------- */

static void post_events(struct worker *w)
{
	if (w->events.n == 0)
		return;
	mailbox_post(w->to_core, &w->events, w->events_weight);
	w->events_weight = 0;
}

void worker_emit(struct worker *w, struct net_event *ev, size_t weight)
{
	if (w->is_stopping) {
		net_event_fini(ev);
		return;
	}
	if (!w->is_thread) {
		w->deliver(ev);
		return;
	}
	record_add(&w->events, ev, sizeof *ev, slice_make(NULL, 0));
	w->events_weight += weight + EVENT_WEIGHT;
	if (w->events_weight >= EVENTS_WEIGHT)
		post_events(w);
}

/* --- clocks --------------------------------------------------------------------- */

int64_t worker_now(const struct worker *w)
{
	return (int64_t)uv_now(w->loop);
}

static int64_t clock_length(const struct worker *w, enum worker_clock clock)
{
	switch (clock) {
	case CLOCK_HANDSHAKE:
		return w->limits.handshake_ms;
	case CLOCK_CLOSE:
		return CLOSE_MS;
	case CLOCK_AUTH:
		return w->limits.auth_ms;
	case CLOCK_IDLE:
		return w->limits.idle_ms;
	case CLOCK_COUNT:
		break;
	}
	panic("clock %d does not exist", (int)clock);
}

void worker_clock_start(struct worker *w, enum worker_clock clock,
    struct conn *c)
{
	bool is_fast = clock == CLOCK_HANDSHAKE || clock == CLOCK_CLOSE;
	struct list *l = is_fast ? &c->fast : &c->slow;

	*(is_fast ? &c->fast_ms : &c->slow_ms) = worker_now(w);
	list_remove(l);
	list_push(&w->clocks[clock], l);
}

/* The connection whose clock rings next, and when; NULL: none runs. */
static struct conn *clock_head(const struct worker *w, enum worker_clock clock,
    int64_t *due_r)
{
	bool is_fast = clock == CLOCK_HANDSHAKE || clock == CLOCK_CLOSE;
	const struct list *head = &w->clocks[clock];
	struct conn *c;

	if (list_is_empty(head))
		return NULL;
	c = is_fast ? LIST_ITEM(head->next, struct conn, fast)
	    : LIST_ITEM(head->next, struct conn, slow);
	*due_r = (is_fast ? c->fast_ms : c->slow_ms) + clock_length(w, clock);
	return c;
}

static void alarm_rang(uv_timer_t *handle);

/* Only an earlier ring costs anything: a late one finds out for itself. */
static void alarm_set(struct worker *w)
{
	int64_t first = INT64_MAX, due;

	for (int i = 0; i < CLOCK_COUNT; i++)
		if (clock_head(w, (enum worker_clock)i, &due) != NULL
		    && due < first)
			first = due;
	if (first == INT64_MAX || (w->alarm_ms != 0 && w->alarm_ms <= first))
		return;
	w->alarm_ms = first;
	uv_timer_start(&w->alarm, alarm_rang, first > worker_now(w)
	    ? (uint64_t)(first - worker_now(w)) : 0, 0);
}

static void alarm_rang(uv_timer_t *handle)
{
	struct worker *w = handle->data;
	struct conn *c;
	int64_t due;

	w->alarm_ms = 0;
	for (int i = 0; i < CLOCK_COUNT; i++)
		while ((c = clock_head(w, (enum worker_clock)i, &due)) != NULL
		    && due <= worker_now(w))
			conn_clock_rang(c, (enum worker_clock)i);
	alarm_set(w);
}

/* --- work that is due --------------------------------------------------------------- */

void worker_touch(struct worker *w, struct conn *c)
{
	list_remove(&c->touched);
	list_push(&w->touched, &c->touched);
}

static void look_again(uv_idle_t *handle)
{
	struct worker *w = handle->data;
	struct list batch;
	struct conn *c;

	list_init(&batch);
	while ((c = LIST_FIRST(&w->again, struct conn, again)) != NULL) {
		list_remove(&c->again);
		list_push(&batch, &c->again);
	}
	while ((c = LIST_FIRST(&batch, struct conn, again)) != NULL) {
		list_remove(&c->again);
		conn_look(c);
	}
	if (list_is_empty(&w->again))
		uv_idle_stop(&w->again_handle);
}

void worker_again(struct worker *w, struct conn *c)
{
	if (list_is_linked(&c->again))
		return;
	list_push(&w->again, &c->again);
	uv_idle_start(&w->again_handle, look_again);    /* the loop does not sleep */
}

bool worker_may_shake(struct worker *w)
{
	return w->handshakes++ < HANDSHAKES_A_TURN;
}

static void configure(struct worker *w, struct slice tail)
{
	struct configure new;

	memcpy(&new, tail.p, sizeof new);
	w->limits = new.limits;
	tls_context_free(&w->tls);
	w->tls = new.tls;
}

static void adopt(struct worker *w, struct slice tail)
{
	struct adopt how;

	memcpy(&how, tail.p, sizeof how);
	conn_open(w, &how);
}

static void carry_out(struct worker *w, const struct command *cmd,
    struct slice tail)
{
	struct conn *c;

	if (cmd->kind == COMMAND_ADOPT)
		adopt(w, tail);
	else if (cmd->kind == COMMAND_CONFIGURE)
		configure(w, tail);
	else if (cmd->kind == COMMAND_STOP) {
		memcpy(&w->stop_ms, tail.p, sizeof w->stop_ms);
		uv_stop(w->loop);
	} else if ((c = find(w, cmd->conn)) != NULL)
		conn_command(c, cmd->kind, tail);
}

static void carry_out_all(struct worker *w)
{
	struct slice rest = buf_slice(&w->row), tail;
	struct command cmd;

	while (record_next(&rest, &cmd, sizeof cmd, &tail))
		carry_out(w, &cmd, tail);
	buf_clear(&w->row);
}

/* Inline, what the core says while it hears is in the other buf. */
static bool take_own_commands(struct worker *w)
{
	struct buf row = w->row;

	if (w->is_thread || w->commands.n == 0)
		return false;
	w->row = w->commands;
	w->commands = row;
	return true;
}

/* Not while a row is being carried out: what it causes comes after it. */
void worker_relieve(struct worker *w)
{
	if (w->commands.n < COMMANDS_MOST)
		return;
	if (w->is_thread)
		mailbox_post(&w->inbox, &w->commands, 0);
	else if (w->row.n == 0 && take_own_commands(w))
		carry_out_all(w);
}

/* Everyone who was touched goes on; then, when nobody has anything new, those
 * who have something to say write it, once each. */
static void finish_turn(struct worker *w)
{
	struct conn *c;

	for (;;) {
		if (take_own_commands(w))
			carry_out_all(w);
		if ((c = LIST_FIRST(&w->touched, struct conn, touched)) != NULL) {
			list_remove(&c->touched);
			list_push(&w->unsent, &c->touched);
			conn_go_on(c);
		} else if ((c = LIST_FIRST(&w->unsent, struct conn, touched))
		    != NULL) {
			list_remove(&c->touched);
			conn_flush(c);
		} else {
			break;
		}
	}
	w->handshakes = 0;
	alarm_set(w);
}

/* --- inline and threaded ---------------------------------------------------------------- */

void worker_turn(struct worker *w)
{
	if (!w->is_thread)
		finish_turn(w);
	else if (w->commands.n != 0)
		mailbox_post(&w->inbox, &w->commands, 0);
}

static void turn_ends(uv_prepare_t *handle)
{
	struct worker *w = handle->data;

	finish_turn(w);
	post_events(w);
}

static void has_post(uv_async_t *handle)
{
	struct worker *w = handle->data;

	mailbox_take(&w->inbox, &w->row);
	carry_out_all(w);
}

static void finish(struct worker *w, int64_t ms);

static void run_thread(void *ctx)
{
	struct worker *w = ctx;
	char name[16];                  /* what top and tests/bench show */

	snprintf(name, sizeof name, "io-%u", w->index);
	pthread_setname_np(pthread_self(), name);
	uv_run(w->loop, UV_RUN_DEFAULT);
	finish(w, w->stop_ms);
	uv_run(w->loop, UV_RUN_DEFAULT);        /* what is closing */
	if (uv_loop_close(w->loop) != 0)
		log_event(LOG_WARN, "loop-not-empty", "-", "worker=%u", w->index);
}

/* Signals are for the core's thread. */
static void start_thread(struct worker *w)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (uv_thread_create(&w->thread, run_thread, w) != 0)
		fatal("no thread for sockets");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void open_loop(struct worker *w)
{
	if (!w->is_thread) {
		w->loop = loop_main();
		return;
	}
	w->loop = &w->own_loop;
	if (uv_loop_init(w->loop) != 0)
		fatal("event loop: cannot be created");
	mailbox_init(&w->inbox, w->loop, has_post, w, 0);
	uv_prepare_init(w->loop, &w->turn_end);
	uv_prepare_start(&w->turn_end, turn_ends);
	w->turn_end.data = w;
}

void worker_start(struct worker *w, const struct io_limits *limits,
    struct tls_context *tls)
{
	w->limits = *limits;
	w->tls = tls;
	w->scratch = mem_new(SCRATCH_BYTES);
	list_init(&w->touched);
	list_init(&w->unsent);
	list_init(&w->again);
	for (int i = 0; i < CLOCK_COUNT; i++)
		list_init(&w->clocks[i]);
	new_slot(w);                    /* number 0 is nobody's */
	open_loop(w);
	uv_timer_init(w->loop, &w->alarm);
	uv_idle_init(w->loop, &w->again_handle);
	w->alarm.data = w->again_handle.data = w;
	if (w->is_thread)
		start_thread(w);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* One try for each that has something to say; how many are left, in `fds`. */
static size_t flush_all(struct worker *w, struct pollfd *fds)
{
	size_t left = 0;

	for (uint32_t i = 1; i < w->slots_n; i++) {
		struct conn *c = w->slots[i].conn;

		if (c == NULL || c->phase == CONN_SHAKING || c->unsent.n == 0)
			continue;
		if (!conn_write(c))
			conn_end(c, IO_BY_US);
		else if (c->unsent.n != 0)
			fds[left++] = (struct pollfd){ c->fd, POLLOUT, 0 };
	}
	return left;
}

static void say_goodbye(struct conn *c)
{
	if (c->phase < CONN_LINGERING && c->phase != CONN_SHAKING)
		conn_shut(c);
	for (int i = 0; i < 16 && conn_throw_away(c) == GOT_BYTES; i++)
		continue;
	conn_end(c, IO_BY_US);
}

static void close_handle(void *handle)
{
	uv_close(handle, NULL);
}

static void close_all(struct worker *w)
{
	for (uint32_t i = 1; i < w->slots_n; i++)
		if (w->slots[i].conn != NULL)
			say_goodbye(w->slots[i].conn);
	close_handle(&w->alarm);
	close_handle(&w->again_handle);
	if (w->is_thread) {
		close_handle(&w->turn_end);
		mailbox_fini(&w->inbox);
	}
	free(w->slots);
	free(w->scratch);
	buf_fini(&w->row);
	buf_fini(&w->events);
	tls_context_free(&w->tls);
	parse_thread_fini();
	tls_thread_fini();
}

static void finish(struct worker *w, int64_t ms)
{
	int64_t end = (int64_t)(uv_hrtime() / 1000000) + ms, left;
	struct pollfd *fds;
	size_t n;

	if (w->is_thread)
		mailbox_take(&w->inbox, &w->row);
	else
		take_own_commands(w);
	post_events(w);
	w->is_stopping = true;
	carry_out_all(w);
	fds = mem_new(w->slots_n * sizeof *fds);
	while ((n = flush_all(w, fds)) != 0
	    && (left = end - (int64_t)(uv_hrtime() / 1000000)) > 0)
		poll(fds, n, (int)left);
	free(fds);
	close_all(w);
}

void worker_stop(struct worker *w, int64_t ms)
{
	struct command stop = { 0, COMMAND_STOP };

	if (!w->is_thread) {
		finish(w, ms);
	} else {
		record_add(&w->commands, &stop, sizeof stop,
		    slice_make(&ms, sizeof ms));
		mailbox_post(&w->inbox, &w->commands, 0);
		uv_thread_join(&w->thread);
	}
	buf_fini(&w->commands);
}
