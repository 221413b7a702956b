/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/list.c — public rooms by name, and the page of them that is wanted. */
#include "feat/muc/list.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/host.h"
#include "xml/ns.h"

enum { PAGE_MOST = 500 };

struct listed { struct slice name, title; };
struct page { size_t first, n; };

static bool is_hidden(const struct xdb_room *entry)
{
	for (size_t i = 0; i < entry->option_n; i++)
		if (slice_is(entry->options[i].key, "public"))
			return slice_is(entry->options[i].value, "no");
	return false;
}

static int by_name(const void *a, const void *b)
{
	return slice_cmp(((const struct listed *)a)->name,
	    ((const struct listed *)b)->name);
}

static size_t temporary_rooms(struct listed *out)
{
	struct room *r;
	size_t at = 0, n = 0;

	while ((r = room_next(&at)) != NULL) {
		if (room_is_stored(r) || r->is_locked || !r->config.is_public)
			continue;
		if (out != NULL)
			out[n] = (struct listed){ jid_local(&r->jid),
				r->config.title };
		n++;
	}
	return n;
}

static struct listed *gather(struct arena *a, const struct xdb_room *stored,
    size_t n, size_t *n_r)
{
	struct listed *all = arena_alloc(a,
	    (n + temporary_rooms(NULL) + 1) * sizeof *all);
	size_t have = 0;

	for (size_t i = 0; i < n; i++)
		if (!is_hidden(&stored[i]))
			all[have++] = (struct listed){ stored[i].name,
				stored[i].title };
	have += temporary_rooms(all + have);
	qsort(all, have, sizeof *all, by_name);
	*n_r = have;
	return all;
}

/* --- pages (XEP-0059) --- */

static struct slice child_text(struct arena *a, const struct elem *set,
    const char *name)
{
	const struct elem *e = elem_child(set, NS_RSM, name);

	return e != NULL ? elem_text(a, e) : slice_of(NULL);
}

/* The address that <first/> and <last/> gave, as a place in the list. */
static bool find(const struct listed *all, size_t n, struct slice jid,
    struct arena *a, size_t *at_r)
{
	struct listed key = { .title = { NULL, 0 } };
	const struct listed *hit;
	struct jid parsed;

	if (!jid_parse(a, jid, &parsed))
		return false;
	key.name = jid_local(&parsed);
	hit = bsearch(&key, all, n, sizeof *all, by_name);
	if (hit != NULL)
		*at_r = (size_t)(hit - all);
	return hit != NULL;
}

static bool choose(struct arena *a, const struct listed *all, size_t n,
    const struct elem *set, struct page *p)
{
	struct slice after = child_text(a, set, "after");
	const struct elem *before = elem_child(set, NS_RSM, "before");
	uint64_t most = PAGE_MOST;
	size_t at = n;

	if (slice_number(child_text(a, set, "max"), UINT32_MAX, &most)
	    && most > PAGE_MOST)
		most = PAGE_MOST;
	*p = (struct page){ 0, n };
	if (after.p != NULL) {
		if (!find(all, n, after, a, &at))
			return false;
		p->first = at + 1;
	} else if (before != NULL) {
		if (elem_text(a, before).n != 0
		    && !find(all, n, elem_text(a, before), a, &at))
			return false;
		p->first = at > most ? at - most : 0;
		p->n = at;
	}
	p->n -= p->first;
	if (p->n > most)
		p->n = most;
	return true;
}

/* --- writing --- */

static struct slice address(struct arena *a, const struct listed *room)
{
	struct jid jid = jid_join(a, room->name, jid_domain(&host.muc_jid),
	    slice_make(NULL, 0));

	return jid_full(&jid);
}

static struct slice number(struct arena *a, size_t n)
{
	char digits[24];

	return slice_dup(a, slice_make(digits,
	    (size_t)snprintf(digits, sizeof digits, "%zu", n)));
}

static void say_page(struct arena *a, struct elem *query,
    const struct listed *all, size_t n, const struct page *p)
{
	struct elem *set = elem_add(a, query, NS_RSM, "set"), *first;

	if (p->n != 0) {
		first = elem_add_text_child(a, set, NS_RSM, "first",
		    address(a, &all[p->first]));
		elem_set(a, first, "index", number(a, p->first));
		elem_add_text_child(a, set, NS_RSM, "last",
		    address(a, &all[p->first + p->n - 1]));
	}
	elem_add_text_child(a, set, NS_RSM, "count", number(a, n));
}

struct elem *list_rooms(struct arena *a, const struct xdb_room *stored,
    size_t n, const struct elem *asked)
{
	const struct elem *set = elem_child(asked, NS_RSM, "set");
	struct elem *query = elem_new(a, NS_DISCO_ITEMS, "query"), *item;
	struct listed *all = gather(a, stored, n, &n);
	struct page p = { 0, n < PAGE_MOST ? n : PAGE_MOST };

	if (set != NULL && !choose(a, all, n, set, &p))
		return NULL;
	for (size_t i = p.first; i < p.first + p.n; i++) {
		item = elem_add(a, query, NS_DISCO_ITEMS, "item");
		elem_set(a, item, "jid", address(a, &all[i]));
		elem_set(a, item, "name", all[i].title.n != 0 ? all[i].title
		    : all[i].name);
	}
	if (set != NULL || p.n < n)
		say_page(a, query, all, n, &p);
	return query;
}
