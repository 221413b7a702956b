/* SPDX-License-Identifier: Apache-2.0 */
/* xml/write.h — the one writer of XML: it escapes by construction.
 *
 * Everything that leaves the server is written here, from trees or call by
 * call; nothing is ever forwarded as it came (security XML-06, -07).  The
 * writer declares a default namespace whenever an element's differs from its
 * parent's, and a prefix for attributes in a namespace, so its output parses
 * back to the same tree. */
#ifndef XML_WRITE_H
#define XML_WRITE_H

#include "xml/elem.h"

#define WRITE_DEPTH 72                  /* more than any tree that was let in */

struct xml_writer {
	struct buf *out;                /* borrowed */
	struct slice ns[WRITE_DEPTH];   /* default namespace at each depth */
	size_t name_at[WRITE_DEPTH];    /* where the start tag's name stands in out */
	size_t name_n[WRITE_DEPTH];
	unsigned depth;
	bool in_tag;                    /* "<name attr" without its '>' yet */
};

/* Begins inside an element whose default namespace is `ns`: NS_CLIENT inside a
 * client's stream, where an element of NS_STREAM takes the prefix "stream" of
 * the header; "" or NULL for a document of its own.  Nothing may be dropped
 * from the front of `out` while an element is open. */
void write_init(struct xml_writer *w, struct buf *out, const char *ns);
void write_open(struct xml_writer *w, const char *ns, const char *name);
void write_open_slice(struct xml_writer *w, struct slice ns, struct slice name);
void write_attr(struct xml_writer *w, const char *name, struct slice value);    /* p NULL: nothing */
void write_attr_cstr(struct xml_writer *w, const char *name, const char *value);
void write_lang(struct xml_writer *w, struct slice lang);
void write_text(struct xml_writer *w, struct slice text);
void write_close(struct xml_writer *w);
void write_leaf(struct xml_writer *w, const char *ns, const char *name, struct slice text);
void write_elem(struct xml_writer *w, const struct elem *e);                    /* the whole tree */
void write_children(struct xml_writer *w, const struct elem *e);

/* A stanza with other addresses than its tree has: the hot path of routing.
 * A slice with p NULL keeps the tree's attribute; p set with n 0 drops it. */
struct write_as { struct slice from, to, id, type; };
void write_stanza(struct buf *out, const struct elem *stanza, const struct write_as *as);

/* The opening of our side of a stream, XML declaration included, with version
 * 1.0; what has p NULL is left out.  And its end. */
struct write_header { struct slice id, from, to, lang; };
void write_stream_header(struct buf *out, const struct write_header *h);
void write_stream_footer(struct buf *out);

void write_escaped(struct buf *out, struct slice text);         /* for text and attributes */

#endif
