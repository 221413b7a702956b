/* SPDX-License-Identifier: Apache-2.0 */
/* xml/machine.c — expat, its memory and its handlers.
 *
 * expat is never called from one of its handlers, never again after an error,
 * and never with more than 1 MiB at once (security XML-15).  The handlers for
 * comments and the like are a second line: frame.c lets none of them come here. */
#include "xml/machine.h"

#include <assert.h>
#include <expat.h>
#include <stdlib.h>

#include "xml/ns.h"
#include "xml/write.h"

enum {
	CALL_MOST = 1024 * 1024,        /* bytes in one call of expat */
	TEXT_KEPT = 64 * 1024,          /* of the buffer in which text is joined */
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
	explicit_bzero(tag, sizeof *tag + tag->n);      /* what people wrote */
	free(tag);
}

/* --- machines --- */

struct machine {
	XML_Parser expat;
	struct meter meter;
	struct buf text;                /* scratch of trees */
	char *eaten;                    /* expat's, what it was given last … */
	size_t eaten_n;                 /* … in one call; 0: in several */
	/* borrowed, while it works */
	struct tree *tree;              /* NULL: what comes is our own root */
	struct scope *scope;            /* records declarations; NULL: no need */
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

/* Of RFC 3986, but for the brackets of IPv6 addresses. */
static bool is_uri(struct slice s)
{
	static const uint8_t allowed[256] = {
		['!'] = 1, ['#' ... ';'] = 1, ['='] = 1, ['?' ... 'Z'] = 1,
		['_'] = 1, ['a' ... 'z'] = 1, ['~'] = 1,
	};

	for (size_t i = 0; i < s.n; i++)
		if (!allowed[(unsigned char)s.p[i]])
			return false;
	return true;
}

/* A namespace's name goes through expat's hands for each attribute that uses
 * it, so a long one costs its length many times over.  And a name that is no
 * URI is refused, as Namespaces in XML §2.1 would have it, for the receivers'
 * sake: expat told to separate by '}' (all of Python) ends a stream at "a}b",
 * libxml2 at "a b", so one stanza would cut off whoever it is sent to. */
static void on_declared(void *ctx, const XML_Char *prefix, const XML_Char *uri)
{
	struct machine *m = ctx;
	struct slice ns = slice_of(uri);

	if (m->tree == NULL)
		return;
	if (ns.n > PARSE_NS_MOST)
		stop(m, PARSE_TOO_LARGE);
	else if (!is_uri(ns))
		stop(m, PARSE_NOT_WELL_FORMED);
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

struct machine *machine_new(void)
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

void machine_free(struct machine **mp)
{
	struct machine *m = *mp;

	if (m == NULL)
		return;
	metered = &m->meter;
	XML_ParserFree(m->expat);
	buf_wipe(&m->text);
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
	m->eaten_n = bytes.n <= CALL_MOST ? bytes.n : 0;
	while (bytes.n != 0) {
		size_t n = bytes.n < CALL_MOST ? bytes.n : CALL_MOST;

		/* XML_Parse would do the same, and not say where. */
		m->eaten = XML_GetBuffer(m->expat, (int)n);
		if (m->eaten == NULL)
			return false;
		memcpy(m->eaten, bytes.p, n);
		if (XML_ParseBuffer(m->expat, (int)n, XML_FALSE) != XML_STATUS_OK)
			return false;
		bytes = slice_make(bytes.p + n, bytes.n - n);
	}
	return true;
}

struct machine *machine_inside(struct slice declarations)
{
	struct machine *m = machine_new();
	bool good = machine_eat(m, SLICE("<r")) && machine_eat(m, declarations) &&
	    machine_eat(m, SLICE(">"));

	assert(good);
	return m;
}

void machine_run(struct machine *m, struct slice bytes, size_t heap,
    struct tree *t, struct scope *scope)
{
	tree_init(t, t->arena, &m->text, heap);
	m->tree = t;
	m->scope = scope;
	m->meter.most = m->meter.used + heap;
	/* What came was complete, so nothing of it is looked at again; it may have been
	 * a password, and expat's buffer stays.  After a fault the machine does not. */
	if (!machine_eat(m, bytes))
		tree_fail(t, fault_of(m->expat));
	else if (m->eaten_n != 0 && t->error == PARSE_OK)
		explicit_bzero(m->eaten, m->eaten_n);
	m->meter.most = SIZE_MAX / 2;
	m->tree = NULL;
	m->scope = NULL;
	if (m->text.room > TEXT_KEPT)
		buf_wipe(&m->text);
}

size_t machine_heap(const struct machine *m)
{
	return m->meter.used;
}
