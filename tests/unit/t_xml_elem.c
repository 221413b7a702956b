/* SPDX-License-Identifier: Apache-2.0 */
/* Element trees: find, build, remove, copy. */
#include "tests/tap.h"
#include "xml/elem.h"
#include "xml/ns.h"

static void finding(struct arena *a)
{
	struct elem *m = elem_new(a, NS_CLIENT, "message");
	struct elem *body = elem_add_text_child(a, m, NS_CLIENT, "body", SLICE("Hola"));
	struct elem *x1 = elem_add(a, m, NS_DATA, "x");
	struct elem *x2 = elem_add(a, m, NS_MUC_USER, "x");

	ok(elem_is(m, NS_CLIENT, "message"), "name and namespace fit");
	ok(!elem_is(m, NS_SERVER, "message"), "XML-17 another namespace is another element");
	ok(!elem_is(m, NS_CLIENT, "messag"), "a prefix of the name does not fit");
	ok(elem_child(m, NS_CLIENT, "body") == body, "child is found");
	ok(elem_child(m, NULL, "x") == x1, "any namespace: the first");
	ok(elem_next(x1, NULL, "x") == x2, "next sibling is found");
	ok(elem_next(x2, NULL, NULL) == NULL, "after the last is none");
	ok(elem_next(m, NULL, NULL) == NULL, "the top has no sibling");
	ok(elem_child(m, NS_MUC_USER, NULL) == x2, "any name of a namespace");
	ok(elem_child(m, NS_CLIENT, "subject") == NULL, "absent child is NULL");
	is_int(elem_children(m), 3, "children are counted");
	is_slice(elem_text(a, body), SLICE("Hola"), "text of one piece");
	elem_add_text(a, body, SLICE(", Ana"));
	is_slice(elem_text(a, body), SLICE("Hola, Ana"), "text of several pieces");
	is_slice(elem_text(a, x1), slice_make(NULL, 0), "no text is the empty slice");
}

static void attributes(struct arena *a)
{
	struct elem *e = elem_new(a, NS_CLIENT, "iq");

	is_slice(elem_attr(e, "id"), slice_make(NULL, 0), "absent attribute has p NULL");
	elem_set_cstr(a, e, "id", "");
	ok(elem_attr(e, "id").p != NULL && elem_attr(e, "id").n == 0,
	    "an empty value is not an absent one");
	elem_set_cstr(a, e, "type", "get");
	elem_set_cstr(a, e, "id", "7");
	is_slice(elem_attr(e, "id"), SLICE("7"), "a value is replaced");
	elem_set_lang(a, e, SLICE("es"));
	is_slice(elem_attr_ns(e, NS_XML, "lang"), SLICE("es"), "xml:lang");
	is_slice(elem_attr(e, "lang"), slice_make(NULL, 0), "xml:lang is not lang");
	elem_set(a, e, "id", slice_make(NULL, 0));
	is_slice(elem_attr(e, "id"), slice_make(NULL, 0), "the first attribute is removed");
	elem_set_lang(a, e, slice_make(NULL, 0));
	is_slice(elem_attr(e, "type"), SLICE("get"), "the others stay");
	elem_set(a, e, "type", slice_make(NULL, 0));
	elem_set(a, e, "type", slice_make(NULL, 0));
	ok(e->attrs == NULL, "removing what is not there does nothing");
}

static void removing(struct arena *a)
{
	struct elem *m = elem_new(a, NS_CLIENT, "message");
	struct elem *last;

	elem_add(a, m, NS_DELAY, "delay");
	elem_add_text(a, m, SLICE("text"));
	elem_add(a, m, NS_SID, "keep");
	last = elem_add(a, m, NS_DELAY, "delay");
	is_int(elem_remove(m, NS_DELAY, "delay"), 2, "all that fit are removed");
	ok(last->parent == NULL && elem_next(last, NULL, NULL) == NULL,
	    "what was removed has no parent");
	ok(m->last->elem != NULL && elem_is(m->last->elem, NS_SID, "keep"),
	    "the last child is the last that stayed");
	elem_add_elem(a, m, last);
	ok(elem_next(elem_child(m, NS_SID, NULL), NULL, NULL) == last,
	    "what was removed can be added again");
	is_int(elem_remove(m, NULL, NULL), 2, "any: all children");
	is_slice(elem_text(a, m), SLICE("text"), "text is never removed");
}

static void copying(void)
{
	struct arena from = { NULL }, to = { NULL };
	char name[] = "a", value[] = "v", text[] = "t";
	struct elem *top = elem_new(&from, "urn:x", name), *e = top, *copy;
	unsigned depth = 0;

	elem_set(&from, top, name, slice_of(value));
	for (int i = 0; i < 100000; i++)
		e = elem_add(&from, e, "urn:x", name);
	elem_add_text(&from, e, slice_of(text));
	elem_add(&from, top, "urn:y", "after");
	copy = elem_copy(&to, elem_child(top, NULL, NULL));
	ok(copy->parent == NULL, "a copied branch is a top");
	copy = elem_copy(&to, top);
	arena_fini(&from);
	name[0] = value[0] = text[0] = '!';
	is_slice(elem_attr(copy, "a"), SLICE("v"), "the copy owns its bytes");
	ok(elem_is(copy->last->elem, "urn:y", "after"), "order is kept");
	for (e = copy; elem_child(e, "urn:x", "a") != NULL; depth++)
		e = elem_child(e, "urn:x", "a");
	is_int(depth, 100000, "XML-11 a tree 100000 deep is copied without recursion");
	is_slice(elem_text(&to, e), SLICE("t"), "and its text");
	arena_fini(&to);
}

/* What is kept for long is asked for to the byte: a second chunk, or bytes that
 * are left over, would cost each session that is idle. */
static void measuring(struct arena *a)
{
	struct elem *e = elem_new(a, NS_CLIENT, "presence"), *c, *copy;
	struct arena to;
	const struct chunk *first;

	elem_set_cstr(a, e, "id", "a value of some length");
	elem_set_lang(a, e, SLICE("es"));
	elem_add_text_child(a, e, NS_CLIENT, "status", SLICE("de tertulia"));
	c = elem_add(a, e, NS_CAPS, "c");
	elem_set_cstr(a, c, "ver", "QgayPKawpkPSDYmwT/WM94uAlu0=");
	elem_add(a, elem_add(a, c, "urn:x", "deep"), "urn:x", "deeper");
	elem_add_text(a, e, SLICE("after"));
	to = arena_with_room(elem_copy_room(e));
	first = to.head;
	copy = elem_copy(&to, e);
	is_slice(elem_text(&to, elem_child(copy, NS_CLIENT, "status")),
	    SLICE("de tertulia"), "a copy in measured room is a copy");
	ok(to.head == first, "and is one block");
	arena_raw(&to, 1);
	ok(to.head != first, "which is full");
	arena_fini(&to);
}

int main(void)
{
	struct arena a = { NULL };

	finding(&a);
	attributes(&a);
	removing(&a);
	copying();
	measuring(&a);
	arena_fini(&a);
	return done();
}
