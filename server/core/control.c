/* SPDX-License-Identifier: Apache-2.0 */
/* core/control.c — the control socket's connections: lines in, lines out. */
#include "core/control.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"

enum { LINE_MOST = 64 * 1024, CLIENTS_MOST = 32 };

struct client {
	uv_pipe_t pipe;
	struct list link;
	struct buf in;
	char chunk[4096];
};

struct reply { uv_write_t write; struct buf text; };

static uv_pipe_t listener;
static bool is_listening;
static struct list clients = { &clients, &clients };
static unsigned client_n;

static void client_gone(uv_handle_t *handle)
{
	struct client *c = handle->data;

	buf_wipe(&c->in);
	free(c);
	client_n--;
}

static void client_close(struct client *c)
{
	list_remove(&c->link);
	if (!uv_is_closing((uv_handle_t *)&c->pipe))
		uv_close((uv_handle_t *)&c->pipe, client_gone);
}

static void written(uv_write_t *write, int status)
{
	struct reply *r = write->data;

	(void)status;
	buf_fini(&r->text);
	free(r);
}

static void send_line(struct client *c, json_t *answer)
{
	struct reply *r = NEW(struct reply);
	char *text = json_dumps(answer, JSON_COMPACT);
	uv_buf_t out;

	buf_adds(&r->text, text != NULL ? text : "{\"ok\":false}");
	buf_addc(&r->text, '\n');
	mem_wipe(text);
	r->write.data = r;
	out = uv_buf_init(r->text.p, (unsigned)r->text.n);
	if (uv_write(&r->write, (uv_stream_t *)&c->pipe, &out, 1, written) != 0)
		written(&r->write, -1);
}

static const char *run_line(const json_t *request, json_t *answer)
{
	const json_t *op = json_object_get(request, "op");

	if (!json_is_string(op))
		return "a request is an object with an op";
	return control_run(json_string_value(op), request, answer);
}

static void answer_line(struct client *c, struct slice line)
{
	json_t *request = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES,
	    NULL);
	json_t *answer = json_object();
	const json_t *id = json_object_get(request, "id");
	const char *fault = run_line(request, answer);

	if (fault != NULL) {
		json_object_clear(answer);
		json_object_set_new(answer, "error", json_string(fault));
	}
	json_object_set_new(answer, "ok", json_boolean(fault == NULL));
	if (json_is_integer(id))
		json_object_set_new(answer, "id",
		    json_integer(json_integer_value(id)));
	send_line(c, answer);
	json_decref(answer);
	json_decref(request);
}

static void lines_take(struct client *c)
{
	struct slice rest = buf_slice(&c->in), line, tail;
	size_t eaten = 0;

	while (slice_cut(rest, '\n', &line, &tail)) {
		answer_line(c, line);
		eaten += line.n + 1;
		rest = tail;
	}
	explicit_bzero(c->in.p, eaten);         /* a password may have been in it */
	buf_drop(&c->in, eaten);
}

static void chunk_wanted(uv_handle_t *handle, size_t hint, uv_buf_t *out)
{
	struct client *c = handle->data;

	(void)hint;
	*out = uv_buf_init(c->chunk, sizeof c->chunk);
}

static void chunk_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *chunk)
{
	struct client *c = stream->data;

	if (n < 0 || c->in.n + (size_t)n > LINE_MOST) {
		client_close(c);
		return;
	}
	buf_add_secret(&c->in, slice_make(chunk->base, (size_t)n));
	explicit_bzero(chunk->base, (size_t)n);
	lines_take(c);
}

static bool may_connect(uv_pipe_t *pipe)
{
	struct ucred peer;
	socklen_t n = sizeof peer;
	int fd;

	return uv_fileno((uv_handle_t *)pipe, &fd) == 0
	    && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0
	    && (peer.uid == geteuid() || peer.uid == 0);
}

static void connected(uv_stream_t *stream, int status)
{
	struct client *c;

	if (status != 0)
		return;
	c = NEW(struct client);
	client_n++;
	uv_pipe_init(loop_main(), &c->pipe, 0);
	c->pipe.data = c;
	list_push(&clients, &c->link);
	if (uv_accept(stream, (uv_stream_t *)&c->pipe) != 0
	    || client_n > CLIENTS_MOST || !may_connect(&c->pipe)
	    || uv_read_start((uv_stream_t *)&c->pipe, chunk_wanted,
	    chunk_read) != 0)
		client_close(c);
}

bool control_start(const char *path, const char **why_r)
{
	int r;

	/* Passwords that the web process tells are taken out of JSON. */
	json_set_alloc_funcs(malloc, mem_wipe);
	/* A socket left by a process that died is in the way of bind(2). */
	if (unlink(path) != 0 && errno != ENOENT) {
		*why_r = strerror(errno);
		return false;
	}
	uv_pipe_init(loop_main(), &listener, 0);
	r = uv_pipe_bind(&listener, path);
	if (r == 0 && chmod(path, 0600) != 0)
		r = UV_EACCES;
	if (r == 0)
		r = uv_listen((uv_stream_t *)&listener, 16, connected);
	is_listening = true;
	if (r != 0)
		*why_r = uv_strerror(r);
	return r == 0;
}

void control_stop(void)
{
	struct client *c;

	while ((c = LIST_FIRST(&clients, struct client, link)) != NULL)
		client_close(c);
	if (is_listening && !uv_is_closing((uv_handle_t *)&listener))
		uv_close((uv_handle_t *)&listener, NULL);
	is_listening = false;
}
