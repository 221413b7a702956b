/* SPDX-License-Identifier: Apache-2.0 */
/* feat/rsm.c — see feat/rsm.h. */
#include "feat/rsm.h"

#include <stdio.h>

#include "xml/ns.h"

static struct slice child_text(struct arena *a, const struct elem *set,
    const char *name)
{
	const struct elem *e = elem_child(set, NS_RSM, name);

	return e != NULL ? elem_text(a, e) : slice_of(NULL);
}

static bool find(struct arena *a, const struct rsm_list *l, struct slice name,
    size_t *at_r)
{
	return l->find(a, l->items, l->n, name, at_r);
}

/* §2.3 before, §2.2 after, §2.4 by number; where the page begins, and the end of
 * what it may be cut from. */
static bool begin(struct arena *a, const struct elem *set,
    const struct rsm_list *l, size_t most, struct rsm_page *p)
{
	struct slice after = child_text(a, set, "after");
	struct slice before = child_text(a, set, "before");
	uint64_t number;
	size_t at = l->n;

	if (after.p != NULL) {
		if (!find(a, l, after, &at))
			return false;
		p->first = at + 1;
	} else if (elem_child(set, NS_RSM, "before") != NULL) {
		if (before.n != 0 && !find(a, l, before, &at))
			return false;
		p->first = at > most ? at - most : 0;
		p->n = at;
	} else if (slice_number(child_text(a, set, "index"), UINT32_MAX, &number)) {
		p->first = number < l->n ? (size_t)number : l->n;
	}
	return true;
}

bool rsm_choose(struct arena *a, const struct elem *set,
    const struct rsm_list *l, struct rsm_page *page_r)
{
	uint64_t most = l->most;

	*page_r = (struct rsm_page){ 0, l->n };
	if (set != NULL) {
		if (slice_number(child_text(a, set, "max"), UINT32_MAX, &most)
		    && most > l->most)
			most = l->most;
		if (!begin(a, set, l, (size_t)most, page_r))
			return false;
	}
	page_r->n -= page_r->first;
	if (page_r->n > most)
		page_r->n = (size_t)most;
	return true;
}

static struct slice number_text(struct arena *a, size_t n)
{
	char digits[24];

	return slice_dup(a, slice_make(digits,
	    (size_t)snprintf(digits, sizeof digits, "%zu", n)));
}

void rsm_say(struct arena *a, struct elem *query, const struct rsm_page *page,
    struct slice first, struct slice last)
{
	struct elem *set = elem_add(a, query, NS_RSM, "set"), *e;

	if (page->n == 0)
		return;
	e = elem_add_text_child(a, set, NS_RSM, "first", first);
	elem_set(a, e, "index", number_text(a, page->first));
	elem_add_text_child(a, set, NS_RSM, "last", last);
}

void rsm_say_count(struct arena *a, struct elem *query, size_t n)
{
	elem_add_text_child(a, elem_child(query, NS_RSM, "set"), NS_RSM,
	    "count", number_text(a, n));
}
