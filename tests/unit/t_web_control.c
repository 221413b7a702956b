/* SPDX-License-Identifier: Apache-2.0 */
/* The client of the control socket, against an im process that says anything:
 * the callback runs once, from the loop, in time, and never after a cancel. */
#include "tests/tap.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin-web/control.h"
#include "base/log.h"
#include "base/loop.h"

/* --- an im process ---------------------------------------------------------------- */

enum how { SAYS, SAYS_IN_PIECES, HANGS_UP, IS_SILENT, TALKS_FOR_EVER };

static struct {
	uv_pipe_t listener;
	enum how how;
	const char *text;
	char heard[256];
} im;

struct client { uv_pipe_t pipe; uv_write_t write; struct buf in; size_t said; };

static char noise[65536];

static void gone(uv_handle_t *handle)
{
	struct client *c = handle->data;

	buf_fini(&c->in);
	free(c);
}

static void say_more(uv_write_t *write, int status)
{
	struct client *c = write->data;
	size_t n = strlen(im.text), piece = im.how == SAYS_IN_PIECES ? 1 : n;
	uv_buf_t out;

	if (status != 0 || uv_is_closing((uv_handle_t *)&c->pipe))
		return;
	if (im.how == TALKS_FOR_EVER) {
		out = uv_buf_init(noise, sizeof noise);
	} else if (c->said < n) {
		out = uv_buf_init((char *)(uintptr_t)im.text + c->said,
		    (unsigned)piece);
		c->said += piece;
	} else {
		return;
	}
	uv_write(&c->write, (uv_stream_t *)&c->pipe, &out, 1, say_more);
}

static void room(uv_handle_t *handle, size_t hint, uv_buf_t *out)
{
	struct client *c = handle->data;

	(void)hint;
	buf_reserve(&c->in, 1024);
	*out = uv_buf_init(c->in.p + c->in.n, 1024);
}

static void asked(uv_stream_t *stream, ssize_t n, const uv_buf_t *chunk)
{
	struct client *c = stream->data;

	(void)chunk;
	if (n < 0) {
		if (!uv_is_closing((uv_handle_t *)stream))
			uv_close((uv_handle_t *)stream, gone);
		return;
	}
	c->in.n += (size_t)n;
	if (memchr(c->in.p, '\n', c->in.n) == NULL)
		return;
	snprintf(im.heard, sizeof im.heard, "%.*s", (int)c->in.n - 1, c->in.p);
	if (im.how == HANGS_UP)
		uv_close((uv_handle_t *)stream, gone);
	else if (im.how != IS_SILENT)
		say_more(&c->write, 0);
}

static void called(uv_stream_t *listener, int status)
{
	struct client *c = NEW(struct client);

	(void)status;
	uv_pipe_init(loop_main(), &c->pipe, 0);
	c->pipe.data = c->write.data = c;
	uv_accept(listener, (uv_stream_t *)&c->pipe);
	uv_read_start((uv_stream_t *)&c->pipe, room, asked);
}

/* --- asking it ----------------------------------------------------------------------- */

static unsigned calls;
static bool was_away;
static json_t *answer_kept;

static void answered(const json_t *answer, bool is_away, void *ctx)
{
	calls++;
	was_away = is_away;
	*(bool *)ctx = answer != NULL;
	answer_kept = json_deep_copy(answer);
	loop_stop();
}

static json_t *ask_sessions(void)
{
	return json_pack("{s:s}", "op", "sessions");
}

static void ask(const char *path, enum how how, const char *text, bool is_good,
    const char *name)
{
	bool got = !is_good;
	int64_t began = loop_now_ms();
	struct control_call *call;

	im.how = how;
	im.text = text;
	calls = 0;
	call = control_ask(path, ask_sessions(), answered, &got);
	okf(calls == 0, "not from inside the call: %s", name);
	loop_run();
	(void)call;
	okf(calls == 1 && got == is_good, "%s", name);
	okf(loop_now_ms() - began <= CONTROL_MS + 1000, "in time: %s", name);
	if (is_good)
		ok(json_is_array(json_object_get(answer_kept, "sessions")),
		    "the answer is what was said");
	json_decref(answer_kept);
	answer_kept = NULL;
}

#define GOOD "{\"id\":1,\"ok\":true,\"sessions\":[]}\n"

static const struct { enum how how; const char *text; bool good; const char *name; } cases[] = {
	{ SAYS, GOOD, true, "a good answer" },
	{ SAYS_IN_PIECES, GOOD, true, "byte by byte" },
	{ SAYS, GOOD "more after the line\n", true, "more than one line" },
	{ SAYS, "{\"id\":1,\"ok\":false,\"error\":\"no\"}\n", false, "a refusal" },
	{ SAYS, "{\"id\":1,\"sessions\":[]}\n", false, "no ok" },
	{ SAYS, "{\"ok\":1}\n", false, "an ok that is a number" },
	{ SAYS, "[]\n", false, "an array" }, { SAYS, "\n", false, "an empty line" },
	{ SAYS, "not json\n", false, "no JSON" },
	{ SAYS, "{\"ok\":true,\"ok\":true}\n", false, "a member twice" },
	{ SAYS, "{\"ok\":tr\xff}\n", false, "no UTF-8" },
	{ HANGS_UP, "", false, "it hangs up" },
	{ TALKS_FOR_EVER, "", false, "a line without end" },
	{ IS_SILENT, "", false, "it says nothing" },
};

static struct timer timer;

static void quiet(void *ctx)
{
	(void)ctx;
	loop_stop();
}

/* What a process that is killed leaves: closing the pipe in order would take
 * the path away. */
static void leave_socket_behind(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	uv_close((uv_handle_t *)&im.listener, NULL);
	timer_start(&timer, 10);
	loop_run();
	unlink(path);
	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0
	    || listen(fd, 1) != 0 || close(fd) != 0)
		exit(2);
}

int main(void)
{
	char dir[] = "/tmp/t_web_control.XXXXXX", path[64];
	struct control_call *call;
	const char *why;
	bool got = false;

	log_open("/dev/null", LOG_ERROR, &why);
	memset(noise, 'x', sizeof noise);
	if (mkdtemp(dir) == NULL)
		return 2;
	snprintf(path, sizeof path, "%s/control", dir);
	ask(path, SAYS, GOOD, false, "nobody listens");
	ok(was_away, "then there is no im process");
	uv_pipe_init(loop_main(), &im.listener, 0);
	if (uv_pipe_bind(&im.listener, path) != 0
	    || uv_listen((uv_stream_t *)&im.listener, 8, called) != 0)
		return 2;
	for (size_t i = 0; i < COUNT(cases); i++) {
		ask(path, cases[i].how, cases[i].text, cases[i].good, cases[i].name);
		okf(!was_away, "it is there: %s", cases[i].name);
	}
	is_str(im.heard, "{\"op\":\"sessions\",\"id\":1}", "what it was asked");

	im.how = SAYS;
	im.text = GOOD;
	calls = 0;
	call = control_ask(path, ask_sessions(), answered, &got);
	control_cancel(&call);
	control_cancel(&call);
	timer_init(&timer, quiet, NULL);
	timer_start(&timer, 200);
	loop_run();
	ok(calls == 0 && call == NULL, "cancelled is cancelled");
	leave_socket_behind(path);
	ask(path, SAYS, GOOD, false, "the one who listened died");
	ok(was_away, "a socket without its process is no im process");
	loop_fini();
	unlink(path);
	rmdir(dir);
	return done();
}
