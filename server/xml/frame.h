/* SPDX-License-Identifier: Apache-2.0 */
/* xml/frame.h — where the header, each child and the footer of a stream end.
 *
 * A scanner that goes on where it stopped and looks at each byte once, however
 * small the pieces are.  It understands quotes, CDATA and names, no more: what
 * it lets through is still expat's to judge, but it never lets through less
 * than a whole child, so expat never sees an incomplete token (libraries.md
 * §6).  What cannot become good any more it refuses at once, not when the child
 * is complete: constructs that RFC 6120 §11.1 forbids, end tags of the wrong
 * name, '<' inside a tag, and whatever goes beyond a limit. */
#ifndef XML_FRAME_H
#define XML_FRAME_H

#include "xml/parse.h"

enum frame_event {
	FRAME_MORE,
	FRAME_HEADER,           /* start tag of the stream, XML declaration and all */
	FRAME_CHILD,
	FRAME_FOOTER,
	FRAME_ERROR,            /* the frame takes no more */
};

/* {0} is the beginning of a stream.  Owns `names` only while a child is open
 * between two calls, so an idle stream owns nothing. */
struct frame {
	uint32_t *names;        /* hash of each open element's name, of the child's first */
	size_t bytes, space;    /* of this unit; of white space since the last one */
	uint32_t hash, root;    /* of the name being read, of the stream's name */
	unsigned elements, attributes;  /* of this child, of this tag */
	uint16_t depth, name_n;
	uint8_t mode, level, utf8, count, quote;
};

/* What one call found: bytes [from, used) belong to the header, child or footer
 * that is open or, with an event, ends with them; those before are white space. */
struct frame_result {
	enum frame_event event;
	enum parse_error error;
	size_t from, used;
};

/* Reads `in`, which is not empty, to the end of the next event. */
struct frame_result frame_scan(struct frame *f, const struct parse_limits *limits,
    struct slice in);
/* A frame that stands inside a stream already. */
struct frame frame_inside(void);
bool frame_is_idle(const struct frame *f);
void frame_fini(struct frame *f);               /* and ready for a new stream */

#endif
