/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/places.c — parents of people's entries, counted page by page. */
#include "ctl/places.h"

#include <stdlib.h>

#include "base/map.h"
#include "xdb_ldap/dn.h"

enum { COUNTED_MOST = 500000 };

struct parent {
	struct slice normal;
	const char *dn;
	size_t own;                     /* people right in it */
};

struct count {
	struct wire *w;
	struct arena *a;
	struct map by_normal;
	size_t n;
	struct parent **parents;          /* then: the most people first */
	size_t parent_n;
};

static void person_count(struct count *c, const char *dn)
{
	struct slice parent = dn_parent(slice_of(dn));
	struct buf normal = { 0 };
	struct parent *p;

	if (!dn_normal(&normal, parent)) {
		buf_fini(&normal);
		return;
	}
	p = map_find(&c->by_normal, buf_slice(&normal));
	if (p == NULL) {
		p = ARENA_NEW(c->a, struct parent);
		p->normal = slice_dup(c->a, buf_slice(&normal));
		p->dn = slice_cstr(c->a, parent);
		map_put(&c->by_normal, p->normal, p);
	}
	p->own++;
	c->n++;
	buf_fini(&normal);
}

/* False: the server gave not all of them. */
static bool count_all(struct count *c, const char *base, const char *filter)
{
	static const char *const none[] = { "1.1", NULL };
	struct berval cookie = { 0 };
	struct question q = { .base = base, .scope = LDAP_SCOPE_SUBTREE,
		.filter = filter, .attrs = none, .cookie = &cookie };
	int code;

	do {
		struct arena page = { NULL };
		LDAPMessage *found;

		code = wire_search(c->w, &q, &found);
		for (LDAPMessage *e = wire_first(c->w, found); e != NULL;
		    e = ldap_next_entry(c->w->ld, e))
			person_count(c, wire_dn(c->w, &page, e));
		ldap_msgfree(found);
		arena_fini(&page);
	} while (code == LDAP_SUCCESS && cookie.bv_len != 0
	    && c->n < COUNTED_MOST);
	ldap_memfree(cookie.bv_val);
	return code == LDAP_SUCCESS && c->n < COUNTED_MOST;
}

/* --- what that amounts to --------------------------------------------------------- */

static struct slice normal_of(struct arena *a, struct slice dn)
{
	struct buf normal = { 0 };
	struct slice text;

	dn_normal(&normal, dn);
	text = slice_dup(a, buf_slice(&normal));
	buf_fini(&normal);
	return text;
}

static const char *common_of(struct count *c)
{
	struct slice common = slice_of(c->parent_n != 0 ? c->parents[0]->dn : "");
	struct slice normal = normal_of(c->a, common);

	for (size_t i = 0; i < c->parent_n; i++)
		while (common.n != 0 && !dn_is_below(c->parents[i]->normal, normal)) {
			common = dn_parent(common);
			normal = normal_of(c->a, common);
		}
	return slice_cstr(c->a, common);
}

static int by_number(const void *a, const void *b)
{
	const struct parent *x = *(struct parent *const *)a;
	const struct parent *y = *(struct parent *const *)b;

	return x->own != y->own ? (x->own < y->own) - (x->own > y->own)
	    : slice_cmp(x->normal, y->normal);
}

static void parents_sort(struct count *c)
{
	struct parent *p;
	size_t at = 0;

	c->parents = arena_alloc(c->a, (map_count(&c->by_normal) + 1)
	    * sizeof (struct parent *));
	while ((p = map_next(&c->by_normal, &at)) != NULL)
		c->parents[c->parent_n++] = p;
	qsort(c->parents, c->parent_n, sizeof (struct parent *), by_number);
}

static size_t count_below(const struct count *c, struct slice base)
{
	size_t n = 0;

	for (size_t i = 0; i < c->parent_n; i++)
		if (dn_is_below(c->parents[i]->normal, base))
			n += c->parents[i]->own;
	return n;
}

void places_count(struct wire *w, struct arena *a, const char *base,
    const char *filter, struct places *places_r)
{
	struct count c = { .w = w, .a = a };

	*places_r = (struct places){ .is_cut = !count_all(&c, base, filter) };
	parents_sort(&c);
	places_r->all = (struct place){ common_of(&c), c.n };
	places_r->place_n = c.parent_n;
	for (size_t i = 0; i < c.parent_n && !places_r->has_more; i++)
		if (dn_eq(slice_of(c.parents[i]->dn), slice_of(places_r->all.dn)))
			continue;
		else if (places_r->most_n == PLACES_SHOWN)
			places_r->has_more = true;
		else
			places_r->most[places_r->most_n++] = (struct place){
				c.parents[i]->dn,
				count_below(&c, c.parents[i]->normal) };
	map_fini(&c.by_normal);
}
