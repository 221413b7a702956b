/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/orphan.c — profiles whose person is gone, and who has their name now.
 *
 *   profiles ─► whose people are there? ─► those left ─► who is called so now?
 *                (many to a filter, some searches at a time)
 *
 * Gone is who is not below people_base by the entryUUID; who only does not match
 * people_filter any more is there, and so is who was renamed. */
#include <stdlib.h>

#include "xdb_ldap/address.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/person.h"

enum {
	PROFILES_MOST = 20000,          /* looked at */
	PER_FILTER = 40,
	PER_ROUND = 8,
};

struct orphans {
	struct call *call;
	struct xdb_orphan *all;         /* first everybody, then those who are left */
	size_t n, at;                   /* at: where the next round begins */
	struct call *calls[PER_ROUND];
	unsigned call_n;
	unsigned most;
};

static void profiles_found(struct xdb_op *op);
static void people_round(struct xdb_op *op);
static void people_found(struct xdb_op *op);
static void heirs_round(struct xdb_op *op);
static void heirs_found(struct xdb_op *op);

/* --- profiles --------------------------------------------------------------------------- */

static const char *profiles_filter(struct xdb_op *op, struct slice uuid,
    struct slice jid)
{
	struct buf filter = { 0 };

	filter_open(&filter, '&');
	filter_eq(&filter, op_name(op, ATTR_OBJECT_CLASS), SLICE(CLASS_PROFILE));
	if (uuid.n != 0)
		filter_eq(&filter, op_name(op, ATTR_PERSON_UUID), uuid);
	if (jid.n != 0)
		filter_eq(&filter, op_name(op, ATTR_JID), jid);
	filter_close(&filter);
	return op_take(op, &filter);
}

struct xdb_op *xdb_orphan_list(struct xdb *db, struct slice uuid,
    struct slice jid, unsigned most)
{
	struct xdb_op *op = op_new(db, sizeof (struct orphans));
	struct orphans *o = op->data;

	if (db->is_inline) {            /* the profile goes with its person */
		op_finish(op, XDB_OK, NULL);
		return op;
	}
	o->most = most;
	o->call = call_search(op, &(struct search){ .base = db->profiles_base,
	    .scope = LDAP_SCOPE_ONELEVEL, .set = SET_ORPHAN,
	    .filter = profiles_filter(op, uuid, jid),
	    .most = PROFILES_MOST });
	op_await(op, profiles_found);
	return op;
}

static int by_uuid(const void *a, const void *b)
{
	const struct xdb_orphan *x = a, *y = b;

	return slice_cmp(x->uuid, y->uuid);
}

/* As the store writes it, whatever the case. */
static struct slice lower(struct xdb_op *op, struct slice s)
{
	char *copy = arena_dup(&op->arena, s.p, s.n);

	for (size_t i = 0; i < s.n; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	return slice_make(copy, s.n);
}

static void profiles_found(struct xdb_op *op)
{
	struct orphans *o = op->data;
	const struct call *c = o->call;

	if (op_search_failed(op, c))
		return;
	o->all = arena_alloc(&op->arena, (c->entry_n + 1) * sizeof *o->all);
	for (const struct entry *e = c->entries; e != NULL; e = e->next) {
		struct xdb_profile p = { .exists = false };

		profile_read(op, e, slice_make(NULL, 0), &p);
		o->all[o->n++] = (struct xdb_orphan){ .dn = e->dn, .jid = p.jid,
			.uuid = lower(op, entry_one(e, ATTR_PERSON_UUID)),
			.person_dn = entry_one(e, ATTR_PERSON),
			.status = p.status };
	}
	op->res.is_cut = c->is_cut;
	qsort(o->all, o->n, sizeof *o->all, by_uuid);
	people_round(op);
}

/* --- their people ------------------------------------------------------------------------ */

typedef void term_fn(struct xdb_op *op, struct buf *filter,
    const struct xdb_orphan *of);

/* `asked`: a filter that all must match, too; NULL: none. */
static struct call *search_people(struct xdb_op *op, const char *asked,
    term_fn *term)
{
	struct orphans *o = op->data;
	struct buf filter = { 0 };

	filter_open(&filter, '&');
	if (asked != NULL)
		filter_raw(&filter, asked);
	filter_open(&filter, '|');
	for (unsigned n = 0; n < PER_FILTER && o->at < o->n; n++)
		term(op, &filter, &o->all[o->at++]);
	filter_close(&filter);
	filter_close(&filter);
	return call_search(op, &(struct search){ .base = op->db->people_base,
	    .scope = LDAP_SCOPE_SUBTREE, .filter = op_take(op, &filter),
	    .set = SET_NAME });
}

/* False: nobody is left to be looked for. */
static bool round_begins(struct xdb_op *op, const char *asked, term_fn *term)
{
	struct orphans *o = op->data;

	for (o->call_n = 0; o->call_n < PER_ROUND && o->at < o->n; o->call_n++)
		o->calls[o->call_n] = search_people(op, asked, term);
	op_more_time(op);
	return o->call_n != 0;
}

typedef void person_fn(struct xdb_op *op, const struct entry *person);

/* False: one was not answered, so nobody is said to be gone. */
static bool round_ended(struct xdb_op *op, person_fn *take)
{
	struct orphans *o = op->data;

	for (unsigned i = 0; i < o->call_n; i++) {
		if (op_search_failed(op, o->calls[i]))
			return false;
		for (const struct entry *e = o->calls[i]->entries; e != NULL;
		    e = e->next)
			take(op, e);
	}
	return true;
}

static void term_uuid(struct xdb_op *op, struct buf *filter,
    const struct xdb_orphan *of)
{
	op_seek_uuid(op, filter, ATTR_UUID, of->uuid);
}

static void person_is_there(struct xdb_op *op, const struct entry *person)
{
	struct orphans *o = op->data;
	struct xdb_orphan key = { .uuid = lower(op, entry_one(person, ATTR_UUID)) };
	struct xdb_orphan *hit = bsearch(&key, o->all, o->n, sizeof *o->all,
	    by_uuid);

	if (hit != NULL)
		hit->has_person = true;
}

static int by_jid(const void *a, const void *b)
{
	const struct xdb_orphan *x = a, *y = b;

	return slice_cmp(x->jid, y->jid);
}

static void keep_those_left(struct xdb_op *op)
{
	struct orphans *o = op->data;
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++)
		if (!o->all[i].has_person)
			o->all[n++] = o->all[i];
	qsort(o->all, n, sizeof *o->all, by_jid);
	op->res.is_cut |= n > o->most;
	o->n = n < o->most ? n : o->most;
	o->at = 0;
}

static void people_round(struct xdb_op *op)
{
	if (round_begins(op, NULL, term_uuid)) {
		op_await(op, people_found);
	} else {
		keep_those_left(op);
		heirs_round(op);
	}
}

static void people_found(struct xdb_op *op)
{
	if (round_ended(op, person_is_there))
		people_round(op);
}

/* --- who is called so now ------------------------------------------------------------------- */

static void term_name(struct xdb_op *op, struct buf *filter,
    const struct xdb_orphan *of)
{
	struct slice local, domain;

	if (slice_cut(of->jid, '@', &local, &domain) && local.n != 0)
		filter_eq(filter, op_name(op, ATTR_NAME), local);
}

static void heir_take(struct xdb_op *op, const struct entry *person)
{
	struct orphans *o = op->data;
	struct slice name = entry_one(person, ATTR_NAME);
	struct slice jid = address_of(op->db, &op->arena, name);

	for (size_t i = 0; i < o->n; i++)
		if (jid.n != 0 && slice_eq_nocase(o->all[i].jid, jid)) {
			o->all[i].heir = name;
			o->all[i].heir_uuid = entry_one(person, ATTR_UUID);
			o->all[i].heir_dn = person->dn;
		}
}

static void heirs_round(struct xdb_op *op)
{
	struct orphans *o = op->data;

	if (round_begins(op, op->db->people_filter, term_name)) {
		op_await(op, heirs_found);
		return;
	}
	op->res.orphans = o->all;
	op->res.n = o->n;
	op_finish(op, XDB_OK, NULL);
}

static void heirs_found(struct xdb_op *op)
{
	if (round_ended(op, heir_take))
		heirs_round(op);
}
