/* SPDX-License-Identifier: Apache-2.0 */
/* XML-06: a document that is let in, written and read again is the same tree,
 * and a copy of it too; as part of a stanza it stays one stanza. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/stanza.h"
#include "xml/write.h"

static const struct parse_limits limits = { 1 << 20, 63, 2000, 64, 0 };
/* Written, prefixes become declarations and characters references. */
static const struct parse_limits wider = { 8 << 20, 64, 2001, 128, 0 };

static bool same_attrs(const struct elem *a, const struct elem *b)
{
	const struct attr *x = a->attrs, *y = b->attrs;

	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (!slice_eq(x->ns, y->ns) || !slice_eq(x->name, y->name) ||
		    !slice_eq(x->value, y->value))
			return false;
	return x == y;
}

static bool same_tree(const struct elem *a, const struct elem *b)
{
	const struct node *x = a->first, *y = b->first;

	if (!slice_eq(a->ns, b->ns) || !slice_eq(a->name, b->name) || !same_attrs(a, b))
		return false;
	for (; x != NULL && y != NULL; x = x->next, y = y->next) {
		if ((x->elem == NULL) != (y->elem == NULL))
			return false;
		if (x->elem != NULL ? !same_tree(x->elem, y->elem) :
		    !slice_eq(x->text, y->text))
			return false;
	}
	return x == y;
}

static void check_written(struct arena *a, const struct elem *e, const char *ns)
{
	struct buf out = { 0 };
	struct xml_writer w;
	enum parse_error error;
	struct elem *again;

	write_init(&w, &out, ns);
	write_elem(&w, e);
	again = parse_document(a, buf_slice(&out), &wider, &error);
	assert(again != NULL && same_tree(e, again));
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { NULL };
	struct elem *stanza = elem_new(&a, NS_CLIENT, "iq"), *e;
	enum parse_error error;

	e = parse_document(&a, slice_make(data, size), &limits, &error);
	if (e != NULL) {
		check_written(&a, e, "");
		assert(same_tree(e, elem_copy(&a, e)));
		elem_add_elem(&a, stanza, e);
		check_written(&a, stanza, "");
		check_written(&a, stanza_error(&a, stanza, SE_BAD_REQUEST, "x"), "");
	}
	arena_fini(&a);
	return 0;
}
