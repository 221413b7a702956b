/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/named.c — whose the DNs in a room's entry are, and which are out of date. */
#include "xdb_ldap/named.h"

#include "xdb_ldap/dn.h"

struct named_known named_keep(struct arena *a, const struct xdb_room_named *v, size_t n)
{
	struct xdb_room_named *copy = arena_alloc(a, (n + 1) * sizeof *copy);

	for (size_t i = 0; i < n; i++)
		copy[i] = (struct xdb_room_named){ v[i].affiliation,
			slice_dup(a, v[i].dn), slice_dup(a, v[i].uuid) };
	return (struct named_known){ copy, n };
}

/* --- what was known --------------------------------------------------------------------- */

static struct slice key_of(struct arena *a, enum xdb_affiliation affiliation,
    struct slice dn)
{
	char *key = arena_alloc(a, dn.n + 1);

	key[0] = (char)(affiliation - AFF_OUTCAST);
	memcpy(key + 1, dn.p, dn.n);
	return slice_make(key, dn.n + 1);
}

/* By the very bytes: both are as the entry has them. */
static void remember(struct xdb_op *op, struct named_look *l)
{
	struct map by_key = { 0 };

	for (size_t i = 0; i < l->known.n; i++)
		map_put(&by_key, key_of(&op->arena, l->known.v[i].affiliation,
		    l->known.v[i].dn), (void *)(uintptr_t)&l->known.v[i]);
	for (size_t i = 0; i < l->n && l->known.n != 0; i++) {
		const struct xdb_room_named *was = map_find(&by_key,
		    key_of(&op->arena, l->v[i].affiliation, l->v[i].dn));

		if (was != NULL)
			l->v[i].was = was->uuid;
	}
	map_fini(&by_key);
}

/* Did the directory follow this person?  The same list named them by a DN that is in it
 * no more: what they are called now was written in its place. */
static bool is_followed(const struct named_look *l, const struct named *it)
{
	bool was_named = false;

	for (size_t i = 0; i < l->known.n; i++)
		was_named |= l->known.v[i].affiliation == it->affiliation
		    && slice_eq(l->known.v[i].uuid, it->stands);
	for (size_t i = 0; i < l->n && was_named; i++)
		if (l->v[i].affiliation == it->affiliation
		    && slice_eq(l->v[i].was, it->stands))
			return false;
	return was_named;
}

/* Whose is it, of whom it was and who is called so? */
static void decide(struct named_look *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct named *it = &l->v[i];

		if (it->was.n == 0 || slice_eq(it->was, it->stands)
		    || (it->stands.n != 0 && is_followed(l, it)))
			continue;
		it->uuid = it->was;
		it->at = it->uid = slice_make(NULL, 0);
	}
}

/* --- looking ---------------------------------------------------------------------------- */

static void by_dn(struct xdb_op *op, struct sought *one, const struct entry *e)
{
	struct named_look *l = op->data;
	struct named *it = &l->v[one->level];

	it->uid = entry_one(e, ATTR_NAME);
	it->uuid = it->stands = entry_one(e, ATTR_UUID);
	it->at = it->dn;
}

static void by_uuid(struct xdb_op *op, struct sought *one, const struct entry *e)
{
	struct named_look *l = op->data;
	struct named *it = &l->v[one->level];

	it->uid = entry_one(e, ATTR_NAME);
	it->at = e->dn;
}

/* Who does not match people_filter is nobody of ours, and yet there. */
static void there(struct xdb_op *op, struct sought *one, const struct entry *e)
{
	struct named_look *l = op->data;

	l->v[one->level].at = e->dn;
}

static const struct {
	enum form form;
	void (*seek)(struct xdb_op *op, seek_hit_fn *hit, op_step_fn *next);
	seek_hit_fn *hit;
} stages[] = {
	{ FORM_DN,   seek_people,  by_dn   },
	{ FORM_UUID, seek_people,  by_uuid },
	{ FORM_UUID, seek_anybody, there   },
};

static void round_begin(struct xdb_op *op);

static bool is_wanted(const struct named_look *l, const struct named *it)
{
	return l->stage == 0 || (it->uuid.n != 0 && it->at.n == 0);
}

static void round_fill(struct xdb_op *op)
{
	struct named_look *l = op->data;
	enum form form = stages[l->stage].form;

	for (; l->at < l->n; l->at++) {
		struct named *it = &l->v[l->at];

		if (is_wanted(l, it) && !seek_add(op, &l->seek, &(struct sought){
		    .value = form == FORM_DN ? it->dn : it->uuid, .form = form,
		    .level = (unsigned)l->at }))
			break;
		if (!chore_has_time()) {
			l->at++;
			op_yield(op, round_fill);
			return;
		}
	}
	stages[l->stage].seek(op, stages[l->stage].hit, round_begin);
}

static bool is_anybody_there(const struct named_look *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].at.n != 0)
			return true;
	return false;
}

static void anybody_answered(struct xdb_op *op)
{
	struct named_look *l = op->data;

	if (op_search_failed(op, l->anybody))
		return;
	if (l->anybody->entries == NULL)
		op_finish(op, XDB_BROKEN, "not one person can be seen");
	else
		l->next(op);
}

/* Where all are gone it is asked whether anybody is there at all: who may not read
 * people finds nobody, and no error. */
static void stages_end(struct xdb_op *op)
{
	struct named_look *l = op->data;

	if (l->known.n == 0 || l->n == 0 || is_anybody_there(l)) {
		l->next(op);
		return;
	}
	l->anybody = call_search(op, &(struct search){ .base = op->db->people_base,
	    .scope = LDAP_SCOPE_SUBTREE, .filter = op->db->people_filter,
	    .set = SET_NAME, .most = 1 });
	op_await(op, anybody_answered);
}

/* All of them, however many: who is not looked for would be let in, or kept out. */
static void round_begin(struct xdb_op *op)
{
	struct named_look *l = op->data;

	if (l->at == l->n) {
		if (l->stage == 0)
			decide(l);
		l->at = 0;
		l->stage++;
	}
	if (l->stage == COUNT(stages) || (l->stage != 0 && l->known.n == 0)) {
		stages_end(op);
		return;
	}
	seek_begin(op, &l->seek);
	op_yield(op, round_fill);
}

void named_find(struct xdb_op *op, op_step_fn *next)
{
	struct named_look *l = op->data;

	l->next = next;
	remember(op, l);
	seek_begin(op, &l->seek);
	if (l->n == 0)
		next(op);
	else
		op_yield(op, round_fill);
}

/* --- what is out of date ------------------------------------------------------------------- */

/* Is one of this list's DNs theirs (`by` uuid), or where they are (`by` stands)? */
static bool has(const struct named_look *l, enum xdb_affiliation affiliation,
    struct slice uuid, size_t by, size_t until)
{
	for (size_t i = 0; i < until && uuid.n != 0; i++) {
		const void *at = (const char *)&l->v[i] + by;

		if (l->v[i].affiliation == affiliation
		    && slice_eq(*(const struct slice *)at, uuid))
			return true;
	}
	return false;
}

/* Where they are, unless the list says it already or will. */
static struct slice to_add(const struct named_look *l, size_t i)
{
	const struct named *it = &l->v[i];

	return has(l, it->affiliation, it->uuid, offsetof(struct named, stands), l->n)
	    || has(l, it->affiliation, it->uuid, offsetof(struct named, uuid), i)
	    ? slice_make(NULL, 0) : it->at;
}

/* Of somebody whom nobody sees: they left, or a right to see them did, for a while or by
 * mistake (an answer cannot tell).  The DN is nobody's, and gives nothing to anybody. */
static bool is_lost(const struct named *it)
{
	return it->uuid.n != 0 && it->at.n == 0 && it->stands.n == 0;
}

/* The DN, unless it is where somebody else is whom the list names. */
static struct slice to_delete(const struct named_look *l, size_t i)
{
	const struct named *it = &l->v[i];

	return has(l, it->affiliation, it->stands, offsetof(struct named, uuid), l->n)
	    ? slice_make(NULL, 0) : it->dn;
}

static bool is_stale(const struct named *it)
{
	return it->uuid.n != 0 && !slice_eq(it->uuid, it->stands)
	    && (it->at.n == 0 || !dn_eq(it->at, it->dn));
}

void named_tell(struct xdb_op *op, const struct named_look *l, struct xdb_room *room)
{
	room->named = arena_alloc(&op->arena, (l->n + 1) * sizeof *room->named);
	room->stale = arena_alloc(&op->arena, (l->n + 1) * sizeof *room->stale);
	for (size_t i = 0; i < l->n; i++) {
		const struct named *it = &l->v[i];
		struct xdb_room_stale stale = { .affiliation = it->affiliation };

		if (it->uuid.n != 0)
			room->named[room->named_n++] = (struct xdb_room_named){
				it->affiliation, it->dn, it->uuid };
		room->lost_n += is_lost(it);
		if (!is_stale(it) || is_lost(it))
			continue;
		stale.was = to_delete(l, i);
		stale.is = to_add(l, i);
		if (stale.was.n + stale.is.n != 0)
			room->stale[room->stale_n++] = stale;
	}
}
