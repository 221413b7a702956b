/* SPDX-License-Identifier: Apache-2.0 */
/* xml/parse.c — one complete child of a stream at a time through expat.
 *
 * A machine is an expat parser that stands inside a root element we made up,
 * which declares what the stream's header declared.  Nearly all streams declare
 * the same (jabber:client, and "stream" for NS_STREAM), so each thread has one
 * shared machine for these; a stream that declares anything else has one made
 * for each child.
 *
 * The shared machine is thrown away after an error, and when it has grown:
 * expat keeps every name it ever saw, so a hostile peer could feed it for ever.
 *
 * expat is never called from one of its handlers, never again after an error,
 * and never with more than 1 MiB at once (security XML-15).  The handlers for
 * comments and the like are a second line: frame.c lets none of them come here. */
#include "xml/parse.h"

#include <assert.h>
#include <expat.h>
#include <stdlib.h>

#include "xml/frame.h"
#include "xml/ns.h"
#include "xml/tree.h"
#include "xml/write.h"

enum {
	CALL_MOST = 1024 * 1024,        /* bytes in one call of expat */
	SHARED_MOST = 512 * 1024,       /* heap of a shared machine that stays */
	TEXT_KEPT = 64 * 1024,          /* of the buffer in which text is joined */
	HEAP_FACTOR = 12,               /* heap of expat, and of the tree, for each
	                                 * byte of the stanza limit: XML-12's 24 */
};

/* --- expat's memory, counted --- */

struct meter { size_t used, most; };

/* In front of each piece of memory that expat has; 16 bytes keep it aligned. */
struct tag { size_t n; struct meter *meter; };

/* Whose call of expat is going on: its hooks have no context. */
static _Thread_local struct meter *metered;

static void *metered_resize(void *old, size_t n)
{
	struct tag *tag = old != NULL ? (struct tag *)old - 1 : NULL;
	struct meter *m = tag != NULL ? tag->meter : metered;
	size_t had = tag != NULL ? tag->n : 0;

	if (n > SIZE_MAX / 2 || m->used - had + n > m->most)
		return NULL;
	tag = mem_grow(tag, sizeof *tag + n);
	m->used = m->used - had + n;
	tag->n = n;
	tag->meter = m;
	return tag + 1;
}

static void *metered_new(size_t n)
{
	return metered_resize(NULL, n);
}

static void metered_free(void *p)
{
	struct tag *tag = p != NULL ? (struct tag *)p - 1 : NULL;

	if (tag == NULL)
		return;
	tag->meter->used -= tag->n;
	free(tag);
}

/* --- machines --- */

struct machine {
	XML_Parser expat;
	struct meter meter;
	struct buf text;                /* scratch of trees */
	/* borrowed, while it works */
	struct tree *tree;              /* NULL: what comes is our own root */
	struct scope *scope;            /* records declarations; NULL: no need */
};

/* The namespaces a header declares. */
struct scope {
	struct buf attrs;               /* " xmlns='…' xmlns:stream='…'" */
	struct slice content;           /* default namespace, in the tree's arena */
	unsigned declared;
	bool has_client, has_stream;
};

static void stop(struct machine *m, enum parse_error error)
{
	tree_fail(m->tree, error);
	XML_StopParser(m->expat, XML_FALSE);
}

static void stop_on_fault(struct machine *m)
{
	if (m->tree->error != PARSE_OK)
		XML_StopParser(m->expat, XML_FALSE);
}

static void on_open(void *ctx, const XML_Char *name, const XML_Char **attrs)
{
	struct machine *m = ctx;

	if (m->tree == NULL)
		return;
	tree_open(m->tree, name, (const char *const *)attrs);
	stop_on_fault(m);
}

static void on_close(void *ctx, const XML_Char *name)
{
	struct machine *m = ctx;

	(void)name;
	tree_close(m->tree);
	stop_on_fault(m);
}

static void on_text(void *ctx, const XML_Char *p, int n)
{
	struct machine *m = ctx;

	tree_text(m->tree, slice_make(p, (size_t)n));
	stop_on_fault(m);
}

static void scope_add(struct scope *s, struct arena *a, const char *prefix,
    struct slice ns)
{
	if (prefix != NULL && strcmp(prefix, "xml") == 0)
		return;
	s->declared++;
	if (prefix == NULL) {
		s->content = slice_dup(a, ns);
		s->has_client = slice_is(ns, NS_CLIENT);
	} else if (strcmp(prefix, "stream") == 0) {
		s->has_stream = slice_is(ns, NS_STREAM);
	}
	buf_adds(&s->attrs, prefix != NULL ? " xmlns:" : " xmlns");
	buf_adds(&s->attrs, prefix != NULL ? prefix : "");
	buf_adds(&s->attrs, "='");
	write_escaped(&s->attrs, ns);
	buf_addc(&s->attrs, '\'');
}

/* A namespace's name goes through expat's hands for each attribute that uses
 * it, so a long one costs its length many times over. */
static void on_declared(void *ctx, const XML_Char *prefix, const XML_Char *uri)
{
	struct machine *m = ctx;
	struct slice ns = slice_of(uri);

	if (m->tree == NULL)
		return;
	if (ns.n > PARSE_NS_MOST)
		stop(m, PARSE_TOO_LARGE);
	else if (m->scope != NULL)
		scope_add(m->scope, m->tree->arena, prefix, ns);
}

static void on_xml_declaration(void *ctx, const XML_Char *version,
    const XML_Char *encoding, int standalone)
{
	struct machine *m = ctx;

	(void)standalone;
	if (version == NULL || strcmp(version, "1.0") != 0)
		stop(m, PARSE_BAD_FORMAT);
	else if (encoding != NULL &&
	    !slice_eq_nocase(slice_of(encoding), SLICE("UTF-8")))
		stop(m, PARSE_BAD_ENCODING);
}

static void on_comment(void *ctx, const XML_Char *text)
{
	(void)text;
	stop(ctx, PARSE_RESTRICTED);
}

static void on_instruction(void *ctx, const XML_Char *target, const XML_Char *text)
{
	(void)target;
	(void)text;
	stop(ctx, PARSE_RESTRICTED);
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system,
    const XML_Char *public, int has_subset)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_subset;
	stop(ctx, PARSE_RESTRICTED);
}

/* Only libexpat with the fix of CVE-2023-52425 has it.  Deferral would hold
 * back a stanza whose last bytes come alone; frame.c does without. */
XML_Bool XML_SetReparseDeferralEnabled(XML_Parser parser, XML_Bool enabled)
    __attribute__((weak));

static const XML_Memory_Handling_Suite suite = {
	metered_new, metered_resize, metered_free,
};

static struct machine *machine_new(void)
{
	static const XML_Char separator[] = { TREE_SEPARATOR, '\0' };
	struct machine *m = NEW(struct machine);

	m->meter.most = SIZE_MAX / 2;
	metered = &m->meter;
	/* "UTF-8" wins over whatever a declaration says. */
	m->expat = XML_ParserCreate_MM("UTF-8", &suite, separator);
	assert(m->expat != NULL);
	XML_SetUserData(m->expat, m);
	XML_SetElementHandler(m->expat, on_open, on_close);
	XML_SetCharacterDataHandler(m->expat, on_text);
	XML_SetStartNamespaceDeclHandler(m->expat, on_declared);
	XML_SetXmlDeclHandler(m->expat, on_xml_declaration);
	XML_SetCommentHandler(m->expat, on_comment);
	XML_SetProcessingInstructionHandler(m->expat, on_instruction);
	XML_SetStartDoctypeDeclHandler(m->expat, on_doctype);
	if (XML_SetReparseDeferralEnabled != NULL)
		XML_SetReparseDeferralEnabled(m->expat, XML_FALSE);
	return m;
}

static void machine_free(struct machine **mp)
{
	struct machine *m = *mp;

	if (m == NULL)
		return;
	metered = &m->meter;
	XML_ParserFree(m->expat);
	buf_fini(&m->text);
	free(m);
	*mp = NULL;
}

static enum parse_error fault_of(XML_Parser expat)
{
	switch ((int)XML_GetErrorCode(expat)) {
	case XML_ERROR_NO_MEMORY:
		return PARSE_TOO_LARGE;
	case XML_ERROR_UNKNOWN_ENCODING:
	case XML_ERROR_INCORRECT_ENCODING:
		return PARSE_BAD_ENCODING;
	case XML_ERROR_UNBOUND_PREFIX:
	case XML_ERROR_UNDECLARING_PREFIX:
	case XML_ERROR_RESERVED_PREFIX_XML:
	case XML_ERROR_RESERVED_PREFIX_XMLNS:
	case XML_ERROR_RESERVED_NAMESPACE_URI:
		return PARSE_BAD_PREFIX;
	}
	return PARSE_NOT_WELL_FORMED;
}

/* False: expat gave up. */
static bool machine_eat(struct machine *m, struct slice bytes)
{
	metered = &m->meter;
	while (bytes.n != 0) {
		size_t n = bytes.n < CALL_MOST ? bytes.n : CALL_MOST;

		if (XML_Parse(m->expat, bytes.p, (int)n, XML_FALSE) != XML_STATUS_OK)
			return false;
		bytes = slice_make(bytes.p + n, bytes.n - n);
	}
	return true;
}

/* Our own root: cannot fail. */
static struct machine *machine_inside(struct slice declarations)
{
	struct machine *m = machine_new();
	bool good = machine_eat(m, SLICE("<r")) && machine_eat(m, declarations) &&
	    machine_eat(m, SLICE(">"));

	assert(good);
	return m;
}

static void machine_run(struct machine *m, struct tree *t, struct scope *scope,
    struct slice bytes, size_t heap)
{
	m->tree = t;
	m->scope = scope;
	m->meter.most = m->meter.used + heap;
	if (!machine_eat(m, bytes))
		tree_fail(t, fault_of(m->expat));
	m->meter.most = SIZE_MAX / 2;
	m->tree = NULL;
	m->scope = NULL;
}

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
	if (t->error != PARSE_OK || shared->meter.used > SHARED_MOST)
		machine_free(&shared);
	else if (shared->text.room > TEXT_KEPT)
		buf_fini(&shared->text);
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
	buf_fini(&p->held);
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

	tree_init(t, t->arena, &m->text, heap_most(&p->limits));
	machine_run(m, t, &scope, bytes, heap_most(&p->limits));
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
	tree_init(t, t->arena, &m->text, heap_most(limits));
	machine_run(m, t, NULL, bytes, heap_most(limits));
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
	buf_fini(&p->held);
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
		buf_add(&p->held, piece);
		piece = buf_slice(&p->held);
	}
	*arena_r = arena_for(piece);
	t.arena = arena_r;
	if (event == FRAME_HEADER)
		parse_header(p, piece, &t);
	else
		parse_child(p, piece, &t);
	buf_fini(&p->held);
	if (t.error != PARSE_OK) {
		arena_fini(arena_r);
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
		buf_add(&p->held, piece);
		return PARSE_MORE;
	case FRAME_FOOTER:
		buf_fini(&p->held);
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
