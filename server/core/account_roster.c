/* SPDX-License-Identifier: Apache-2.0 */
/* core/account_roster.c — contacts and subscription requests in memory.
 *
 * A contact is one block: the item, its groups, its text; a roster is read far
 * more often than changed. */
#include <stdlib.h>

#include "core/account_own.h"
#include "core/shared.h"

static struct slice place(char **at, struct slice s)
{
	struct slice copy = slice_make(*at, s.n);

	if (s.n != 0)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

static struct contact *contact_new(const struct xdb_roster_item *item)
{
	size_t text = item->jid.n + item->name.n;
	struct contact *c;
	char *at;

	for (size_t i = 0; i < item->group_n; i++)
		text += item->groups[i].n;
	c = mem_new(sizeof *c + item->group_n * sizeof (struct slice) + text);
	c->item = *item;
	c->item.groups = (struct slice *)(void *)(c + 1);
	at = (char *)(c->item.groups + item->group_n);
	c->item.jid = place(&at, item->jid);
	c->item.name = place(&at, item->name);
	for (size_t i = 0; i < item->group_n; i++)
		c->item.groups[i] = place(&at, item->groups[i]);
	return c;
}

/* FNV-1a (Fowler, Noll and Vo): who finds two rosters of one mark deceives
 * nobody but their own client. */
static uint64_t mark(uint64_t h, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return (h ^ 0x100) * 1099511628211u;    /* and an end that is no byte */
}

static uint64_t item_mark(const struct xdb_roster_item *i)
{
	char flags[] = { (char)i->subscription, (char)i->ask,
		(char)i->approved };
	uint64_t h = mark(14695981039346656037u, i->jid);

	h = mark(h, slice_make(flags, sizeof flags));
	h = mark(h, i->name);
	for (size_t g = 0; g < i->group_n; g++)
		h = mark(h, i->groups[g]);
	return h;
}

/* The mark is a sum, for a roster has no order, and is kept up to date: a version
 * goes with every push, and an import makes as many pushes as there are items. */
void account_contact_put(struct account *a, struct slice jid,
    const struct xdb_roster_item *item)
{
	struct contact *old, *c;

	if (item == NULL) {
		old = map_take(&a->contacts, jid);
	} else {
		c = contact_new(item);
		old = map_put(&a->contacts, c->item.jid, c);
		a->roster_mark += item_mark(&c->item);
	}
	if (old != NULL)
		a->roster_mark -= item_mark(&old->item);
	free(old);
}

static struct request *request_find(const struct account *a, struct slice jid)
{
	for (struct list *l = a->requests.next; l != &a->requests; l = l->next) {
		struct request *r = LIST_ITEM(l, struct request, link);

		if (slice_eq(r->pending.jid, jid))
			return r;
	}
	return NULL;
}

static struct request *request_new(const struct xdb_pending *p)
{
	struct request *r = mem_new(sizeof *r + p->jid.n + p->status.n);
	char *at = (char *)(r + 1);

	r->pending.jid = place(&at, p->jid);
	r->pending.status = place(&at, p->status);
	return r;
}

void account_request_put(struct account *a, struct slice jid,
    const struct xdb_pending *pending)
{
	struct request *r = request_find(a, jid);
	struct request *is = pending != NULL ? request_new(pending) : NULL;

	if (r != NULL) {
		list_remove(&r->link);
		free(r);
	}
	if (is != NULL)
		list_push(&a->requests, &is->link);
}

void account_roster_clear(struct account *a)
{
	struct request *r;
	struct contact *c;
	size_t at = 0;

	while ((c = map_next(&a->contacts, &at)) != NULL) {
		map_take(&a->contacts, c->item.jid);
		free(c);
	}
	a->roster_mark = 0;
	while ((r = LIST_FIRST(&a->requests, struct request, link)) != NULL) {
		list_remove(&r->link);
		free(r);
	}
}

void account_roster_take(struct account *a, const struct xdb_profile *p)
{
	account_roster_clear(a);
	for (size_t i = 0; i < p->roster_n; i++)
		account_contact_put(a, p->roster[i].jid, &p->roster[i]);
	for (size_t i = 0; i < p->pending_n; i++)
		account_request_put(a, p->pending[i].jid, &p->pending[i]);
	a->roster_version = p->roster_version;
}

const struct xdb_roster_item *account_contact_at(const struct account *a,
    struct slice bare)
{
	struct contact *c = map_find(&a->contacts, bare);

	return c != NULL ? &c->item : NULL;
}

const struct xdb_roster_item *account_contact(const struct account *a,
    const struct jid *bare)
{
	return account_contact_at(a, jid_bare(bare));
}

/* Is there this side of a subscription, by the person's list or by a group? */
static bool has_side(const struct account *a, const struct jid *bare,
    unsigned side)
{
	const struct xdb_roster_item *i = account_contact(a, bare);

	return (i != NULL && (i->subscription & side) != 0)
	    || (shared_between(jid_bare(&a->jid), jid_bare(bare)) & side) != 0;
}

bool account_is_seen_by(const struct account *a, const struct jid *bare)
{
	return has_side(a, bare, SUB_FROM);
}

bool account_sees(const struct account *a, const struct jid *bare)
{
	return has_side(a, bare, SUB_TO);
}

bool account_item(const struct account *a, struct slice bare,
    struct arena *arena, struct xdb_roster_item *item_r)
{
	const struct xdb_roster_item *own = account_contact_at(a, bare);
	bool is_shared;

	*item_r = own != NULL ? *own : (struct xdb_roster_item){ .jid = bare };
	is_shared = shared_merge(arena, jid_bare(&a->jid), item_r);
	return own != NULL || is_shared;
}

const struct xdb_pending *account_request_at(const struct account *a,
    struct slice bare)
{
	struct request *r = request_find(a, bare);

	return r != NULL ? &r->pending : NULL;
}

const struct xdb_pending *account_request(const struct account *a,
    const struct jid *bare)
{
	return account_request_at(a, jid_bare(bare));
}
