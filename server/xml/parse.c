/* SPDX-License-Identifier: Apache-2.0 */
/* xml/parse.c — one complete child of a stream at a time through expat.
 *
 * Nearly all streams declare the same namespaces (jabber:client, and "stream"
 * for NS_STREAM), so each thread has one shared machine for these; a stream
 * that declares anything else has one made for each child.
 *
 * The shared machine is thrown away after an error, and when it has grown:
 * expat keeps every name it ever saw, so a hostile peer could feed it for ever. */
#include "xml/parse.h"

#include <stdlib.h>

#include "xml/frame.h"
#include "xml/machine.h"
#include "xml/ns.h"

enum {
	SHARED_MOST = 512 * 1024,       /* heap of a shared machine that stays */
	HEAP_FACTOR = 12,               /* heap of expat, and of the tree, for each
	                                 * byte of the stanza limit: XML-12's 24 */
};

static _Thread_local struct machine *shared;

static struct machine *shared_get(void)
{
	if (shared == NULL)
		shared = machine_inside(SLICE(" xmlns='" NS_CLIENT
		    "' xmlns:stream='" NS_STREAM "'"));
	return shared;
}

static void shared_put(const struct tree *t)
{
	if (t->error != PARSE_OK || machine_heap(shared) > SHARED_MOST)
		machine_free(&shared);
}

void parse_thread_fini(void)
{
	machine_free(&shared);
}

/* --- a stream --- */

struct parser {
	struct frame frame;
	struct buf held;                /* of an incomplete child or header */
	struct buf scope;               /* what the header declared; empty: the usual */
	struct parse_limits limits;
	enum parse_error error;
};

struct parser *parser_new(const struct parse_limits *limits)
{
	struct parser *p = NEW(struct parser);

	p->limits = *limits;
	return p;
}

void parser_free(struct parser **pp)
{
	if (*pp == NULL)
		return;
	parser_restart(*pp);
	free(*pp);
	*pp = NULL;
}

void parser_set_limits(struct parser *p, const struct parse_limits *limits)
{
	p->limits = *limits;
}

void parser_restart(struct parser *p)
{
	frame_fini(&p->frame);
	buf_wipe(&p->held);
	buf_fini(&p->scope);
	p->error = PARSE_OK;
}

bool parser_is_idle(const struct parser *p)
{
	return frame_is_idle(&p->frame) && p->held.n == 0;
}

static size_t heap_most(const struct parse_limits *limits)
{
	size_t least = 64 * 1024;       /* expat's own tables and buffer */

	return limits->bytes > (SIZE_MAX - least) / HEAP_FACTOR ? SIZE_MAX / 4 :
	    least + limits->bytes * HEAP_FACTOR;
}

/* Enough for a usual stanza's tree in one piece of memory. */
static struct arena arena_for(struct slice bytes)
{
	size_t nodes = 4 * bytes.n;

	return arena_with_room(512 + bytes.n + (nodes < 16384 ? nodes : 16384));
}

static void parse_header(struct parser *p, struct slice bytes, struct tree *t)
{
	struct machine *m = machine_new();
	struct scope scope = { { NULL, 0, 0 }, { NULL, 0 }, 0, false, false };

	machine_run(m, bytes, heap_most(&p->limits), t, &scope);
	machine_free(&m);
	if (t->error == PARSE_OK && (t->top == NULL || t->at != t->top))
		t->error = PARSE_NOT_WELL_FORMED;
	if (t->error == PARSE_OK && !elem_is(t->top, NS_STREAM, "stream"))
		t->error = PARSE_NOT_STREAM;
	if (t->error == PARSE_OK)
		elem_set(t->arena, t->top, "xmlns", scope.content);
	if (scope.declared != 2 || !scope.has_client || !scope.has_stream)
		p->scope = scope.attrs;
	else
		buf_fini(&scope.attrs);
}

static void parse_inside(struct machine *m, struct slice bytes,
    const struct parse_limits *limits, struct tree *t)
{
	machine_run(m, bytes, heap_most(limits), t, NULL);
	/* Exactly one element, and closed; or the scanner and expat disagree. */
	if (t->top == NULL || t->at != NULL)
		tree_fail(t, PARSE_NOT_WELL_FORMED);
}

static void parse_child(struct parser *p, struct slice bytes, struct tree *t)
{
	if (p->scope.n == 0) {
		parse_inside(shared_get(), bytes, &p->limits, t);
		shared_put(t);
	} else {
		struct machine *m = machine_inside(buf_slice(&p->scope));

		parse_inside(m, bytes, &p->limits, t);
		machine_free(&m);
	}
}

static enum parse_event refuse(struct parser *p, enum parse_error error,
    enum parse_error *error_r)
{
	buf_wipe(&p->held);
	p->error = *error_r = error;
	return PARSE_ERROR;
}

/* All of a header or child is there: in `piece`, behind what was held. */
static enum parse_event complete(struct parser *p, enum frame_event event,
    struct slice piece, struct arena *arena_r, struct elem **elem_r,
    enum parse_error *error_r)
{
	struct tree t;

	if (p->held.n != 0) {
		buf_add_secret(&p->held, piece);
		piece = buf_slice(&p->held);
	}
	*arena_r = arena_for(piece);
	t.arena = arena_r;
	if (event == FRAME_HEADER)
		parse_header(p, piece, &t);
	else
		parse_child(p, piece, &t);
	buf_wipe(&p->held);
	if (t.error != PARSE_OK) {
		arena_wipe(arena_r);
		return refuse(p, t.error, error_r);
	}
	*elem_r = t.top;
	return event == FRAME_HEADER ? PARSE_HEADER : PARSE_ELEMENT;
}

enum parse_event parser_feed(struct parser *p, struct slice *in,
    struct arena *arena_r, struct elem **elem_r, enum parse_error *error_r)
{
	struct frame_result r;
	struct slice piece;

	*arena_r = (struct arena){ NULL };
	*elem_r = NULL;
	*error_r = PARSE_OK;
	if (p->error != PARSE_OK) {
		*in = slice_make(in->p + in->n, 0);
		return refuse(p, p->error, error_r);
	}
	if (in->n == 0)
		return PARSE_MORE;
	r = frame_scan(&p->frame, &p->limits, *in);
	piece = slice_make(in->p + r.from, r.used - r.from);
	*in = slice_make(in->p + r.used, in->n - r.used);
	switch (r.event) {
	case FRAME_MORE:
		buf_add_secret(&p->held, piece);
		return PARSE_MORE;
	case FRAME_FOOTER:
		buf_wipe(&p->held);
		return PARSE_FOOTER;
	case FRAME_ERROR:
		return refuse(p, r.error, error_r);
	case FRAME_HEADER:
	case FRAME_CHILD:
		break;
	}
	return complete(p, r.event, piece, arena_r, elem_r, error_r);
}

/* --- a document --- */

/* The one child of a stream that declares nothing. */
static enum parse_error frame_document(struct slice *text,
    const struct parse_limits *limits)
{
	struct frame f = frame_inside();
	struct frame_result r = frame_scan(&f, limits, *text);
	struct slice rest = slice_make(text->p + r.used, text->n - r.used);

	frame_fini(&f);
	*text = slice_make(text->p + r.from, r.used - r.from);
	if (r.event == FRAME_ERROR)
		return r.error;
	if (r.event != FRAME_CHILD)
		return PARSE_NOT_WELL_FORMED;
	return slice_trim(rest).n != 0 ? PARSE_BAD_FORMAT : PARSE_OK;
}

struct elem *parse_document(struct arena *a, struct slice text,
    const struct parse_limits *limits, enum parse_error *error_r)
{
	struct machine *m;
	struct tree t;

	*error_r = text.n == 0 ? PARSE_NOT_WELL_FORMED : frame_document(&text, limits);
	if (*error_r != PARSE_OK)
		return NULL;
	t.arena = a;
	m = machine_inside(SLICE(""));
	parse_inside(m, text, limits, &t);
	machine_free(&m);
	*error_r = t.error;
	return t.error == PARSE_OK ? t.top : NULL;
}
