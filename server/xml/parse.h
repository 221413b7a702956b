/* SPDX-License-Identifier: Apache-2.0 */
/* xml/parse.h — bytes of a stream to element trees: restricted XML (RFC 6120 §11).
 *
 * Three layers, each with one job:
 *   utf8.h   strict UTF-8, before anything else looks at the bytes;
 *   frame.h  finds where each child of the stream ends, without understanding
 *            it: quote-aware, counts depth, matches end tags by name, refuses
 *            comments, processing instructions and DTDs, keeps CDATA; scans
 *            each byte once however small the pieces are;
 *   parse.c  hands one complete child to expat, and makes the tree.
 *
 * So expat never sees an incomplete token (CVE-2023-52425 and the reparse
 * deferral that came with its fix cannot matter), and one expat parser serves
 * all streams of a thread: an idle stream owns no parser (9.7 KiB), a busy one
 * finds its parser in the cache. */
#ifndef XML_PARSE_H
#define XML_PARSE_H

#include "xml/elem.h"

enum {
	PARSE_NAME_MOST = 256,          /* bytes of an element's or attribute's name */
	PARSE_NS_MOST = 512,            /* of a namespace's */
	PARSE_DEPTH_MOST = 64,          /* what parse_limits.depth may be */
};

/* What is wrong, as the stream error condition to answer with. */
enum parse_error {
	PARSE_OK = 0,
	PARSE_NOT_WELL_FORMED,          /* RFC 6120 §4.9.3.13 */
	PARSE_RESTRICTED,               /* §4.9.3.18: comment, PI, DTD, entity */
	PARSE_BAD_ENCODING,             /* §4.9.3.22 unsupported-encoding, and bad UTF-8 */
	PARSE_BAD_FORMAT,               /* §4.9.3.1: text between stanzas */
	PARSE_BAD_PREFIX,               /* §4.9.3.2 bad-namespace-prefix */
	PARSE_TOO_LARGE,                /* policy-violation: bytes, depth, elements, attributes */
	PARSE_NOT_STREAM,               /* the root is not <stream:stream> */
};

struct parse_limits {
	size_t bytes;                   /* of one child of the stream, or the header */
	unsigned depth, elements, attributes;           /* attributes: of one element */
	size_t space;                   /* white space between children; 0: any amount */
};

enum parse_event {
	PARSE_MORE,                     /* feed more bytes */
	PARSE_HEADER,                   /* <stream:stream …> is complete: *elem_r, no children;
	                                 * its default namespace stands as attribute xmlns */
	PARSE_ELEMENT,                  /* one child is complete: *elem_r */
	PARSE_FOOTER,                   /* </stream:stream> */
	PARSE_ERROR,                    /* *error_r; the parser takes no more */
};

struct parser;                          /* of one stream; small when idle */

struct parser *parser_new(const struct parse_limits *limits);
void parser_free(struct parser **pp);
void parser_set_limits(struct parser *p, const struct parse_limits *limits);
/* The stream begins anew (after TLS or SASL): all state is forgotten, bytes
 * not yet eaten too. */
void parser_restart(struct parser *p);
/* No child is open and no byte waits. */
bool parser_is_idle(const struct parser *p);

/* A byte order mark at the very start of a stream is tolerated.
 *
 * Eats bytes of `in` up to the end of the next event and moves `in` on; call
 * again while it does not give PARSE_MORE.  The tree and all it points at is
 * in `*arena_r`, which becomes the caller's (header and element events only). */
enum parse_event parser_feed(struct parser *p, struct slice *in,
    struct arena *arena_r, struct elem **elem_r, enum parse_error *error_r);

/* One whole document that is not a stream (a stored vCard, a test): the
 * same restrictions.  NULL on error. */
struct elem *parse_document(struct arena *a, struct slice text,
    const struct parse_limits *limits, enum parse_error *error_r);

/* Frees the thread's shared parser; at the end of a thread. */
void parse_thread_fini(void);

#endif
