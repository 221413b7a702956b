/* SPDX-License-Identifier: Apache-2.0 */
/* xml/elem.c — reading, building, removing, copying; no function recurses. */
#include "xml/elem.h"

#include <assert.h>

#include "xml/ns.h"

static bool fits(const struct elem *e, const char *ns, const char *name)
{
	return (name == NULL || slice_is(e->name, name)) &&
	    (ns == NULL || slice_is(e->ns, ns));
}

bool elem_is(const struct elem *e, const char *ns, const char *name)
{
	return fits(e, ns, name);
}

static struct attr *attr_find(const struct elem *e, struct slice ns,
    const char *name)
{
	struct slice wanted = slice_of(name);

	for (struct attr *at = e->attrs; at != NULL; at = at->next)
		if (slice_eq(at->name, wanted) && slice_eq(at->ns, ns))
			return at;
	return NULL;
}

struct slice elem_attr_ns(const struct elem *e, const char *ns, const char *name)
{
	const struct attr *at = attr_find(e, slice_of(ns), name);

	return at != NULL ? at->value : slice_make(NULL, 0);
}

struct slice elem_attr_plain(const struct elem *e, struct slice name)
{
	for (struct attr *at = e->attrs; at != NULL; at = at->next)
		if (at->ns.n == 0 && slice_eq(at->name, name))
			return at->value;
	return slice_make(NULL, 0);
}

static struct elem *first_fit(const struct node *n, const char *ns,
    const char *name)
{
	for (; n != NULL; n = n->next)
		if (n->elem != NULL && fits(n->elem, ns, name))
			return n->elem;
	return NULL;
}

struct elem *elem_child(const struct elem *e, const char *ns, const char *name)
{
	return first_fit(e->first, ns, name);
}

struct elem *elem_next(const struct elem *child, const char *ns, const char *name)
{
	return child->place == NULL ? NULL :
	    first_fit(child->place->next, ns, name);
}

unsigned elem_children(const struct elem *e)
{
	unsigned count = 0;

	for (const struct node *n = e->first; n != NULL; n = n->next)
		count += n->elem != NULL;
	return count;
}

struct slice elem_text(struct arena *a, const struct elem *e)
{
	struct slice whole = { NULL, 0 };
	size_t total = 0;
	unsigned pieces = 0;
	char *p;

	for (const struct node *n = e->first; n != NULL; n = n->next)
		if (n->elem == NULL) {
			whole = n->text;
			total += n->text.n;
			pieces++;
		}
	if (pieces <= 1)
		return whole;
	whole = slice_make(p = arena_raw(a, total + 1), total);
	for (const struct node *n = e->first; n != NULL; n = n->next)
		if (n->elem == NULL && n->text.n != 0) {
			memcpy(p, n->text.p, n->text.n);
			p += n->text.n;
		}
	*p = '\0';
	return whole;
}

struct elem *elem_new_slice(struct arena *a, struct slice ns, struct slice name)
{
	struct elem *e = ARENA_NEW(a, struct elem);

	e->ns = ns;
	e->name = name;
	return e;
}

struct elem *elem_new(struct arena *a, const char *ns, const char *name)
{
	return elem_new_slice(a, slice_of(ns), slice_of(name));
}

static struct node *node_add(struct arena *a, struct elem *parent)
{
	struct node *n = ARENA_NEW(a, struct node);

	if (parent->last != NULL)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	return n;
}

void elem_add_elem(struct arena *a, struct elem *parent, struct elem *child)
{
	assert(child->parent == NULL);
	child->place = node_add(a, parent);
	child->place->elem = child;
	child->parent = parent;
}

struct elem *elem_add(struct arena *a, struct elem *parent, const char *ns,
    const char *name)
{
	struct elem *e = elem_new(a, ns, name);

	elem_add_elem(a, parent, e);
	return e;
}

void elem_add_text(struct arena *a, struct elem *parent, struct slice text)
{
	if (text.n != 0)
		node_add(a, parent)->text = text;
}

struct elem *elem_add_text_child(struct arena *a, struct elem *parent,
    const char *ns, const char *name, struct slice text)
{
	struct elem *e = elem_add(a, parent, ns, name);

	elem_add_text(a, e, text);
	return e;
}

static void attr_put(struct arena *a, struct elem *e, struct attr value)
{
	struct attr **end = &e->attrs;
	struct attr *at = ARENA_NEW(a, struct attr);

	while (*end != NULL)
		end = &(*end)->next;
	*at = value;
	at->next = NULL;
	*end = at;
}

static void attr_remove(struct elem *e, const struct attr *gone)
{
	struct attr **at = &e->attrs;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
}

static void attr_set(struct arena *a, struct elem *e, struct slice ns,
    const char *name, struct slice value)
{
	struct attr *at = attr_find(e, ns, name);

	if (at != NULL && value.p == NULL)
		attr_remove(e, at);
	else if (at != NULL)
		at->value = value;
	else if (value.p != NULL)
		attr_put(a, e, (struct attr){ NULL, ns, slice_of(name), value });
}

void elem_set(struct arena *a, struct elem *e, const char *name,
    struct slice value)
{
	attr_set(a, e, slice_make(NULL, 0), name, value);
}

void elem_set_cstr(struct arena *a, struct elem *e, const char *name,
    const char *value)
{
	elem_set(a, e, name, slice_of(value));
}

void elem_set_lang(struct arena *a, struct elem *e, struct slice lang)
{
	attr_set(a, e, SLICE(NS_XML), "lang", lang);
}

unsigned elem_remove(struct elem *parent, const char *ns, const char *name)
{
	struct node **at = &parent->first;
	unsigned count = 0;

	parent->last = NULL;
	while (*at != NULL) {
		struct node *n = *at;

		if (n->elem != NULL && fits(n->elem, ns, name)) {
			*at = n->next;
			n->elem->parent = NULL;
			n->elem->place = NULL;
			count++;
		} else {
			parent->last = n;
			at = &n->next;
		}
	}
	return count;
}

static struct elem *copy_one(struct arena *a, const struct elem *e)
{
	struct elem *copy = elem_new_slice(a, slice_dup(a, e->ns),
	    slice_dup(a, e->name));
	struct attr **end = &copy->attrs;

	for (const struct attr *at = e->attrs; at != NULL; at = at->next) {
		struct attr *to = *end = ARENA_NEW(a, struct attr);

		to->ns = slice_dup(a, at->ns);
		to->name = slice_dup(a, at->name);
		to->value = slice_dup(a, at->value);
		end = &to->next;
	}
	return copy;
}

static size_t room_of_one(const struct elem *e)
{
	size_t room = arena_room(sizeof *e) + arena_dup_room(e->ns.n)
	    + arena_dup_room(e->name.n);

	for (const struct attr *at = e->attrs; at != NULL; at = at->next)
		room += arena_room(sizeof *at) + arena_dup_room(at->ns.n)
		    + arena_dup_room(at->name.n) + arena_dup_room(at->value.n);
	return room;
}

size_t elem_copy_room(const struct elem *e)
{
	size_t room = room_of_one(e);
	const struct elem *from = e;
	const struct node *n = e->first;

	for (;;) {
		if (n == NULL) {
			if (from == e)
				return room;
			n = from->place->next;
			from = from->parent;
			continue;
		}
		room += arena_room(sizeof *n);
		if (n->elem == NULL) {
			room += arena_dup_room(n->text.n);
			n = n->next;
		} else {
			from = n->elem;
			room += room_of_one(from);
			n = from->first;
		}
	}
}

struct elem *elem_copy(struct arena *a, const struct elem *e)
{
	struct elem *top = copy_one(a, e), *to = top;
	const struct elem *from = e;
	const struct node *n = e->first;

	for (;;) {
		if (n == NULL) {
			if (from == e)
				return top;
			n = from->place->next;
			from = from->parent;
			to = to->parent;
		} else if (n->elem == NULL) {
			elem_add_text(a, to, slice_dup(a, n->text));
			n = n->next;
		} else {
			struct elem *child = copy_one(a, n->elem);

			elem_add_elem(a, to, child);
			to = child;
			from = n->elem;
			n = from->first;
		}
	}
}
