/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/control.c — asks the im process, through its control socket.
 *
 *   connecting ──► writing ──► reading ──line──► answered
 *        └────────────┴───────────┴──error, deadline──► answered with NULL
 *
 * The uv handle must outlive its close callback, so the call is freed there. */
#include "admin-web/control.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/loop.h"

struct control_call {
	uv_pipe_t pipe;
	uv_connect_t connect;
	uv_write_t write;
	struct buf out, in;
	struct timer deadline;
	control_done_fn *done;          /* NULL: cancelled */
	void *ctx;
	const char *op;                 /* for the log; in request */
	json_t *request;
	bool is_over, is_away;
};

static void call_closed(uv_handle_t *handle)
{
	struct control_call *c = handle->data;

	buf_wipe(&c->out);
	buf_fini(&c->in);
	json_decref(c->request);        /* wiped, if it has a password: http.c */
	free(c);
}

static void call_end(struct control_call *c, const json_t *answer, const char *why)
{
	if (c->is_over)
		return;
	c->is_over = true;
	timer_stop(&c->deadline);
	if (answer == NULL && c->done != NULL)
		log_event(LOG_WARN, "control", "web", "op=%s failed=%s", c->op,
		    log_text(slice_of(why)));
	uv_close((uv_handle_t *)&c->pipe, call_closed);
	if (c->done != NULL)
		c->done(answer, c->is_away, c->ctx);
}

static void answer_read(struct control_call *c, struct slice line)
{
	json_error_t error;
	json_t *answer = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(answer))
		call_end(c, NULL, "answer is no JSON object");
	else if (!json_is_true(json_object_get(answer, "ok")))
		call_end(c, NULL, json_is_string(json_object_get(answer, "error"))
		    ? json_string_value(json_object_get(answer, "error"))
		    : "refused");
	else
		call_end(c, answer, NULL);
	json_decref(answer);
}

static void want_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room_r)
{
	struct control_call *c = handle->data;

	(void)suggested;
	buf_reserve(&c->in, 65536);
	*room_r = uv_buf_init(c->in.p + c->in.n, 65536);
}

static void pipe_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *room)
{
	struct control_call *c = stream->data;
	const char *end;

	(void)room;
	if (n < 0) {
		call_end(c, NULL, uv_strerror((int)n));
		return;
	}
	c->in.n += (size_t)n;
	end = memchr(c->in.p + c->in.n - n, '\n', (size_t)n);
	if (end != NULL)
		answer_read(c, slice_make(c->in.p, (size_t)(end - c->in.p)));
	else if (c->in.n > CONTROL_ANSWER_MOST)
		call_end(c, NULL, "answer too long");
}

static void pipe_written(uv_write_t *req, int status)
{
	struct control_call *c = req->data;

	if (status != 0)
		call_end(c, NULL, uv_strerror(status));
}

static void pipe_connected(uv_connect_t *req, int status)
{
	struct control_call *c = req->data;
	uv_buf_t out = uv_buf_init(c->out.p, (unsigned)c->out.n);

	if (c->is_over)
		return;
	if (status != 0) {
		/* No socket, or one that a process which died left behind.  All
		 * else (a full queue, no right to ask) comes from one that runs. */
		c->is_away = status == UV_ENOENT || status == UV_ECONNREFUSED;
		call_end(c, NULL, uv_strerror(status));
		return;
	}
	uv_read_start((uv_stream_t *)&c->pipe, want_room, pipe_read);
	uv_write(&c->write, (uv_stream_t *)&c->pipe, &out, 1, pipe_written);
}

static void call_late(void *ctx)
{
	call_end(ctx, NULL, "no answer in time");
}

struct control_call *control_ask(const char *socket_path, json_t *request,
    control_done_fn *done, void *ctx)
{
	struct control_call *c = NEW(struct control_call);
	char *text;

	json_object_set_new(request, "id", json_integer(1));
	text = json_dumps(request, JSON_COMPACT);
	if (text == NULL)
		panic("control_ask: request is no JSON");
	buf_add_secret(&c->out, slice_of(text));
	buf_add_secret(&c->out, SLICE("\n"));
	mem_wipe(text);
	c->request = request;
	c->op = json_string_value(json_object_get(request, "op"));
	c->done = done;
	c->ctx = ctx;
	uv_pipe_init(loop_main(), &c->pipe, 0);
	c->pipe.data = c->connect.data = c->write.data = c;
	timer_init(&c->deadline, call_late, c);
	timer_start(&c->deadline, CONTROL_MS);
	/* libuv reports even a path that is not there through the callback. */
	uv_pipe_connect(&c->connect, &c->pipe, socket_path, pipe_connected);
	return c;
}

void control_cancel(struct control_call **callp)
{
	struct control_call *c = *callp;

	*callp = NULL;
	if (c == NULL)
		return;
	c->done = NULL;
	call_end(c, NULL, "cancelled");
}
