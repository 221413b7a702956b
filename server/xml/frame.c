/* SPDX-License-Identifier: Apache-2.0 */
/* xml/frame.c — one function per lexical mode; each eats what it can at once.
 *
 *   OUTSIDE ─'<'─► LT ─name─► NAME ──► TAG ⇄ VALUE        (START, BOM only at
 *      ▲            │ │ │               │ └'/'─► SELF      the very beginning)
 *      │            │ │ └'/'─► CLOSE ─► CLOSE_END
 *      │            │ └'!'─► BANG ─► CDATA
 *      │            └'?'─► DECL ─► DECL_BODY ─► AFTER_DECL ─'<'─► LT
 *      └── depth 0 ◄── '>' ──► depth > 0: TEXT ─'<'─► LT
 *
 * Where this is more lenient than XML (attributes without '=', say) expat
 * refuses the child when it is complete; it is nowhere stricter. */
#include "xml/frame.h"

#include <assert.h>
#include <stdlib.h>

#include "xml/utf8.h"

enum mode {
	START, BOM, OUTSIDE, LT, BANG, CDATA, DECL, DECL_BODY, DECL_END,
	AFTER_DECL, NAME, TAG, VALUE, SELF, CLOSE, CLOSE_END, TEXT, DEAD,
};

enum level {
	AT_START,               /* nothing came: an XML declaration may */
	HEADER_WANTED, OPEN, CLOSED,
};

enum { SPACE = 1, NAMED, FIRST };       /* FIRST: may begin a name, too */

/* Bytes above ASCII count as letters: the gate and expat look closer. */
static const uint8_t class[256] = {
	[' '] = SPACE, ['\t'] = SPACE, ['\n'] = SPACE, ['\r'] = SPACE,
	['-' ... '.'] = NAMED, ['0' ... '9'] = NAMED, [':'] = FIRST,
	['A' ... 'Z'] = FIRST, ['_'] = FIRST, ['a' ... 'z'] = FIRST,
	[0x80 ... 0xff] = FIRST,
};

static unsigned class_of(char c)
{
	return class[(unsigned char)c];
}

struct scan {
	struct frame *f;
	const struct parse_limits *limits;
	uint32_t *names;        /* f->names, or room on the stack */
	const char *begin;      /* of the unit, in this piece */
	enum frame_event event;
	enum parse_error error;
};

typedef const char *mode_fn(struct scan *s, const char *p, const char *end);

static const char *fail(struct scan *s, enum parse_error error, const char *p)
{
	s->event = FRAME_ERROR;
	s->error = error;
	return p;
}

static const char *to(struct scan *s, enum mode mode, const char *p)
{
	s->f->mode = (uint8_t)mode;
	return p;
}

static const char *done(struct scan *s, enum frame_event event, const char *p)
{
	s->event = event;
	s->f->space = 0;
	return to(s, OUTSIDE, p);
}

/* --- between the children --- */

static const char *start(struct scan *s, const char *p, const char *end)
{
	(void)end;
	s->f->count = 0;
	switch ((unsigned char)*p) {
	case 0xef:
		return to(s, BOM, p);
	case 0xfe: case 0xff: case 0x00:        /* UTF-16 or -32, with BOM or not */
		return fail(s, PARSE_BAD_ENCODING, p);
	}
	return to(s, OUTSIDE, p);
}

/* A UTF-8 byte order mark is no part of the document: let it pass. */
static const char *bom(struct scan *s, const char *p, const char *end)
{
	static const char mark[] = "\xef\xbb\xbf";

	(void)end;
	if (*p != mark[s->f->count])
		return fail(s, PARSE_BAD_ENCODING, p);
	return to(s, ++s->f->count == sizeof mark - 1 ? OUTSIDE : BOM, p + 1);
}

static const char *outside(struct scan *s, const char *p, const char *end)
{
	struct frame *f = s->f;

	for (; p < end && class_of(*p) == SPACE; p++) {
		f->level = f->level == AT_START ? HEADER_WANTED : f->level;
		if (++f->space > s->limits->space && s->limits->space != 0)
			return fail(s, PARSE_TOO_LARGE, p);
	}
	if (p == end)
		return p;
	if (f->level == CLOSED || (f->level == OPEN && *p != '<'))
		return fail(s, PARSE_BAD_FORMAT, p);
	if (*p != '<')
		return fail(s, PARSE_NOT_WELL_FORMED, p);
	s->begin = p;
	f->bytes = 0;
	f->elements = 0;
	return to(s, LT, p + 1);
}

/* --- after '<' --- */

static const char *name_begins(struct scan *s, const char *p)
{
	struct frame *f = s->f;

	if (f->level == AT_START)
		f->level = HEADER_WANTED;
	if (f->level == OPEN && (f->depth >= s->limits->depth ||
	    ++f->elements > s->limits->elements))
		return fail(s, PARSE_TOO_LARGE, p);
	f->attributes = 0;
	f->name_n = 0;
	f->hash = 0;
	return to(s, NAME, p);
}

static const char *lt(struct scan *s, const char *p, const char *end)
{
	struct frame *f = s->f;

	(void)end;
	if (class_of(*p) == FIRST)
		return name_begins(s, p);
	f->count = 0;
	switch (*p) {
	case '/':
		f->name_n = 0;
		f->hash = 0;
		if (f->level == OPEN)
			return to(s, CLOSE, p + 1);
		break;
	case '!':
		return to(s, BANG, p + 1);
	case '?':
		if (f->level != AT_START)
			return fail(s, PARSE_RESTRICTED, p);
		return to(s, DECL, p + 1);
	}
	return fail(s, PARSE_NOT_WELL_FORMED, p);
}

static const char *bang(struct scan *s, const char *p, const char *end)
{
	static const char opening[] = "[CDATA[";

	(void)end;
	if (s->f->count == 0 && *p != '[')
		return fail(s, PARSE_RESTRICTED, p);
	if (s->f->depth == 0)                   /* text where none may be */
		return fail(s, PARSE_BAD_FORMAT, p);
	if (*p != opening[s->f->count])
		return fail(s, PARSE_NOT_WELL_FORMED, p);
	if (++s->f->count < sizeof opening - 1)
		return p + 1;
	s->f->count = 0;
	return to(s, CDATA, p + 1);
}

/* count: how many ']' stand before p, at most two. */
static const char *cdata(struct scan *s, const char *p, const char *end)
{
	struct frame *f = s->f;

	for (; p < end; p++) {
		if (*p == '>' && f->count == 2)
			return to(s, TEXT, p + 1);
		if (*p != ']')
			f->count = 0;
		else if (f->count < 2)
			f->count++;
	}
	return p;
}

static const char *decl(struct scan *s, const char *p, const char *end)
{
	static const char target[] = "xml";

	(void)end;
	if (s->f->count == sizeof target - 1)
		return class_of(*p) == SPACE ? to(s, DECL_BODY, p) :
		    fail(s, PARSE_RESTRICTED, p);
	if (*p != target[s->f->count++])
		return fail(s, PARSE_RESTRICTED, p);
	return p + 1;
}

static const char *decl_body(struct scan *s, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '?')
			return to(s, DECL_END, p + 1);
		if (*p == '<' || *p == '>')
			return fail(s, PARSE_NOT_WELL_FORMED, p);
	}
	return p;
}

static const char *decl_end(struct scan *s, const char *p, const char *end)
{
	(void)end;
	if (*p != '>')
		return fail(s, PARSE_NOT_WELL_FORMED, p);
	s->f->level = HEADER_WANTED;
	return to(s, AFTER_DECL, p + 1);
}

static const char *after_decl(struct scan *s, const char *p, const char *end)
{
	while (p < end && class_of(*p) == SPACE)
		p++;
	if (p == end)
		return p;
	return *p == '<' ? to(s, LT, p + 1) : fail(s, PARSE_NOT_WELL_FORMED, p);
}

/* --- tags --- */

/* FNV-1a, from 0; a collision only means that expat, not we, finds the wrong end tag. */
static const char *eat_name(struct scan *s, const char *p, const char *end)
{
	struct frame *f = s->f;

	for (; p < end && class_of(*p) >= NAMED; p++) {
		f->hash = (f->hash ^ (unsigned char)*p) * 16777619u;
		if (++f->name_n > PARSE_NAME_MOST)
			return fail(s, PARSE_TOO_LARGE, p);
	}
	return p;
}

static const char *name(struct scan *s, const char *p, const char *end)
{
	p = eat_name(s, p, end);
	if (p == end || s->event != FRAME_MORE)
		return p;
	if (class_of(*p) != SPACE && *p != '/' && *p != '>')
		return fail(s, PARSE_NOT_WELL_FORMED, p);
	s->f->name_n = 0;
	return to(s, TAG, p);
}

static const char *opened(struct scan *s, const char *p)
{
	struct frame *f = s->f;

	if (f->level != OPEN) {
		f->level = OPEN;
		f->root = f->hash;
		return done(s, FRAME_HEADER, p);
	}
	s->names[f->depth++] = f->hash;
	return to(s, TEXT, p);
}

static const char *tag(struct scan *s, const char *p, const char *end)
{
	struct frame *f = s->f;

	for (; p < end; p++) {
		if (*p == '>')
			return opened(s, p + 1);
		if (*p == '/')
			return to(s, SELF, p + 1);
		if (*p == '<')
			return fail(s, PARSE_NOT_WELL_FORMED, p);
		if (*p == '\'' || *p == '"') {
			f->quote = (uint8_t)*p;
			if (++f->attributes > s->limits->attributes)
				return fail(s, PARSE_TOO_LARGE, p);
			return to(s, VALUE, p + 1);
		}
		f->name_n = class_of(*p) >= NAMED ? (uint16_t)(f->name_n + 1) : 0;
		if (f->name_n > PARSE_NAME_MOST)
			return fail(s, PARSE_TOO_LARGE, p);
	}
	return p;
}

static const char *value(struct scan *s, const char *p, const char *end)
{
	const char *quote = memchr(p, s->f->quote, (size_t)(end - p));
	const char *stop = quote != NULL ? quote : end;
	const char *wrong = memchr(p, '<', (size_t)(stop - p));

	if (wrong != NULL)
		return fail(s, PARSE_NOT_WELL_FORMED, wrong);
	return quote == NULL ? end : to(s, TAG, quote + 1);
}

/* An element is over; at depth 0 it was a child of the stream. */
static const char *closed(struct scan *s, const char *p)
{
	return s->f->depth == 0 ? done(s, FRAME_CHILD, p) : to(s, TEXT, p);
}

static const char *self(struct scan *s, const char *p, const char *end)
{
	(void)end;
	if (*p != '>')
		return fail(s, PARSE_NOT_WELL_FORMED, p);
	if (s->f->level != OPEN)                /* a stream that is over at once */
		return fail(s, PARSE_BAD_FORMAT, p);
	return closed(s, p + 1);
}

/* The name in an end tag is complete: it must be the open element's. */
static const char *close_tag(struct scan *s, const char *p, const char *end)
{
	struct frame *f = s->f;

	p = eat_name(s, p, end);
	if (p == end || s->event != FRAME_MORE)
		return p;
	if ((class_of(*p) != SPACE && *p != '>') ||
	    f->hash != (f->depth == 0 ? f->root : s->names[f->depth - 1]))
		return fail(s, PARSE_NOT_WELL_FORMED, p);
	return to(s, CLOSE_END, p);
}

static const char *close_end(struct scan *s, const char *p, const char *end)
{
	struct frame *f = s->f;

	while (p < end && class_of(*p) == SPACE)
		p++;
	if (p == end)
		return p;
	if (*p != '>')
		return fail(s, PARSE_NOT_WELL_FORMED, p);
	if (f->depth == 0) {
		f->level = CLOSED;
		return done(s, FRAME_FOOTER, p + 1);
	}
	f->depth--;
	return closed(s, p + 1);
}

static const char *text(struct scan *s, const char *p, const char *end)
{
	const char *next = memchr(p, '<', (size_t)(end - p));

	return next == NULL ? end : to(s, LT, next + 1);
}

static const char *dead(struct scan *s, const char *p, const char *end)
{
	(void)end;
	return fail(s, PARSE_NOT_WELL_FORMED, p);
}

static mode_fn *const modes[] = {
	[START] = start, [BOM] = bom, [OUTSIDE] = outside, [LT] = lt,
	[BANG] = bang, [CDATA] = cdata, [DECL] = decl, [DECL_BODY] = decl_body,
	[DECL_END] = decl_end, [AFTER_DECL] = after_decl, [NAME] = name,
	[TAG] = tag, [VALUE] = value, [SELF] = self, [CLOSE] = close_tag,
	[CLOSE_END] = close_end, [TEXT] = text, [DEAD] = dead,
};

/* --- a piece --- */

/* No unit has begun, or the last one is complete. */
static bool is_between(const struct frame *f)
{
	return f->mode == OUTSIDE || f->mode == START || f->mode == BOM;
}

/* The gate; a control character is XML's business, all else the encoding's. */
static void gate(struct scan *s, struct slice piece)
{
	size_t good = utf8_gate(&s->f->utf8, piece);
	char c;

	if (good == piece.n)
		return;
	c = piece.p[good];
	fail(s, s->f->utf8 == UTF8_START && c > 0 ? PARSE_NOT_WELL_FORMED :
	    PARSE_BAD_ENCODING, NULL);
}

/* The names of open elements move to the heap when the child is not complete. */
static void keep_names(struct frame *f, const uint32_t *names)
{
	if (f->depth == 0 || f->mode == DEAD) {
		free(f->names);
		f->names = NULL;
	} else if (f->names == NULL) {
		f->names = mem_new(PARSE_DEPTH_MOST * sizeof *names);
		memcpy(f->names, names, f->depth * sizeof *names);
	}
}

/* How far the open unit may go at most; nothing is read beyond, so that the
 * first fault is the same however the bytes were cut into pieces. */
static const char *reach(const struct scan *s, const char *end)
{
	size_t room = s->limits->bytes > s->f->bytes ?
	    s->limits->bytes - s->f->bytes : 0;

	if (s->begin == NULL || (size_t)(end - s->begin) <= room)
		return end;
	return s->begin + room;
}

struct frame_result frame_scan(struct frame *f, const struct parse_limits *limits,
    struct slice in)
{
	uint32_t room[PARSE_DEPTH_MOST];
	struct scan s = { f, limits, f->names != NULL ? f->names : room,
	    is_between(f) ? NULL : in.p, FRAME_MORE, PARSE_OK };
	const char *p = in.p, *end = in.p + in.n;
	struct frame_result r;

	assert(in.n != 0 && limits->depth <= PARSE_DEPTH_MOST);
	while (p < end && s.event == FRAME_MORE) {
		const char *stop = reach(&s, end);

		p = p < stop ? modes[f->mode](&s, p, stop) :
		    fail(&s, PARSE_TOO_LARGE, p + 1);
	}
	r.used = (size_t)(p - in.p);
	r.from = s.begin != NULL ? (size_t)(s.begin - in.p) : r.used;
	f->bytes += r.used - r.from;
	gate(&s, slice_make(in.p, r.used));
	if (s.event == FRAME_ERROR)
		f->mode = DEAD;
	keep_names(f, s.names);
	r.event = s.event;
	r.error = s.error;
	return r;
}

struct frame frame_inside(void)
{
	struct frame f = { .mode = OUTSIDE, .level = OPEN };

	return f;
}

bool frame_is_idle(const struct frame *f)
{
	return is_between(f) && f->utf8 == UTF8_START;
}

void frame_fini(struct frame *f)
{
	free(f->names);
	*f = (struct frame){ 0 };
}
