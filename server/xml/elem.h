/* SPDX-License-Identifier: Apache-2.0 */
/* xml/elem.h — an element tree in an arena: find and read, and build anew.
 *
 * A tree that came from a peer is read only; what is sent is either written
 * straight by xml/write.h or built here in the job's arena.  All slices and
 * nodes live in one arena; nothing is freed singly.  Prefixes are gone: names
 * are (namespace, local name).  Walks over the tree are iterative
 * (security XML-11), so depth costs no stack. */
#ifndef XML_ELEM_H
#define XML_ELEM_H

#include "base/str.h"

struct attr {
	struct attr *next;
	struct slice ns;                /* empty: no namespace; NS_XML for xml:lang */
	struct slice name, value;
};

struct node {                           /* a child: an element or text */
	struct node *next;
	struct elem *elem;              /* NULL: text */
	struct slice text;
};

struct elem {
	struct slice ns, name;
	struct attr *attrs;
	struct node *first, *last;
	struct elem *parent;            /* NULL at the top */
	struct node *place;             /* in the parent's list; NULL at the top */
};

/* ns or name NULL: any. */
bool elem_is(const struct elem *e, const char *ns, const char *name);
struct slice elem_attr_plain(const struct elem *e, struct slice name);
/* Value of an attribute without namespace; the empty slice (p NULL) when absent. */
static inline struct slice elem_attr(const struct elem *e, const char *name)
{
	return elem_attr_plain(e, slice_of(name));
}
struct slice elem_attr_ns(const struct elem *e, const char *ns, const char *name);
/* First child element of that name; ns or name NULL: any. */
struct elem *elem_child(const struct elem *e, const char *ns, const char *name);
/* The next such sibling after `child`. */
struct elem *elem_next(const struct elem *child, const char *ns, const char *name);
unsigned elem_children(const struct elem *e);           /* number of child elements */
/* All text directly inside, joined (in the arena only when in several pieces). */
struct slice elem_text(struct arena *a, const struct elem *e);

/* Building.  Names and values are borrowed: constants or in the same arena. */
struct elem *elem_new(struct arena *a, const char *ns, const char *name);
struct elem *elem_new_slice(struct arena *a, struct slice ns, struct slice name);
struct elem *elem_add(struct arena *a, struct elem *parent, const char *ns, const char *name);
/* Keeps `child`, which is in no tree yet: elem_copy what stands in another. */
void elem_add_elem(struct arena *a, struct elem *parent, struct elem *child);
void elem_add_text(struct arena *a, struct elem *parent, struct slice text);
/* Sets or replaces; a value with p NULL removes the attribute. */
void elem_set(struct arena *a, struct elem *e, const char *name, struct slice value);
void elem_set_cstr(struct arena *a, struct elem *e, const char *name, const char *value);
void elem_set_lang(struct arena *a, struct elem *e, struct slice lang);
struct elem *elem_add_text_child(struct arena *a, struct elem *parent, const char *ns,
    const char *name, struct slice text);
/* Removes every child element that matches; gives how many. */
unsigned elem_remove(struct elem *parent, const char *ns, const char *name);
struct elem *elem_copy(struct arena *a, const struct elem *e);                  /* deep */
/* What such a copy takes of an arena, for arena_with_room(). */
size_t elem_copy_room(const struct elem *e);

#endif
