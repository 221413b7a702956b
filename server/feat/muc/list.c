/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/list.c — public rooms by name, and the page of them that is wanted. */
#include "feat/muc/list.h"

#include <stdlib.h>

#include "core/host.h"
#include "feat/rsm.h"
#include "xml/ns.h"

enum { PAGE_MOST = 500 };

struct listed { struct slice name, title; };

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

/* The address that <first/> and <last/> gave, as a place in the list. */
static bool find(struct arena *a, const void *items, size_t n,
    struct slice jid, size_t *at_r)
{
	struct listed key = { .title = { NULL, 0 } };
	const struct listed *all = items, *hit;
	struct jid parsed;

	if (!jid_parse(a, jid, &parsed))
		return false;
	key.name = jid_local(&parsed);
	hit = bsearch(&key, all, n, sizeof *all, by_name);
	if (hit != NULL)
		*at_r = (size_t)(hit - all);
	return hit != NULL;
}

/* --- writing --- */

static struct slice address(struct arena *a, const struct listed *room)
{
	struct jid jid = jid_join(a, room->name, jid_domain(&host.muc_jid),
	    slice_make(NULL, 0));

	return jid_full(&jid);
}

static void say_page(struct arena *a, struct elem *query,
    const struct listed *all, size_t n, const struct rsm_page *p)
{
	struct slice none = { NULL, 0 };

	rsm_say(a, query, p, p->n != 0 ? address(a, &all[p->first]) : none,
	    p->n != 0 ? address(a, &all[p->first + p->n - 1]) : none);
	rsm_say_count(a, query, n);
}

struct elem *list_rooms(struct arena *a, const struct xdb_room *stored,
    size_t n, const struct elem *asked)
{
	const struct elem *set = elem_child(asked, NS_RSM, "set");
	struct elem *query = elem_new(a, NS_DISCO_ITEMS, "query"), *item;
	struct listed *all = gather(a, stored, n, &n);
	struct rsm_list list = { n, PAGE_MOST, find, all };
	struct rsm_page p;

	if (!rsm_choose(a, set, &list, &p))
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
