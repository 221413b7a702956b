/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/members.c — everybody in a group or list.
 *
 *   the entry ─► values ─► a round of names ─► people ──► members
 *                  ▲                             │ not found
 *                  └──── nested groups ◄─────────┘
 *
 * Values are taken a round at a time, so that a group of 20,000 holds nobody up,
 * and what is found by searching (groupOfURLs) is gone through in slices.  A
 * group read in part would put people out of rooms: it is whole or an error. */
#include <ldap.h>

#include "base/loop.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/group.h"
#include "xdb_ldap/seek.h"

enum {
	LEVELS_MOST = 5,                /* the group itself is the first */
	MEMBERS_MOST = 20000,
	PARTS_MOST = 500,               /* groups in it */
	VALUES_MOST = 100000,           /* looked at, in all of them */
	SLICE_NS = 500 * 1000,
};

/* What of an entry names somebody, and as what. */
static const struct row {
	enum attr attr;
	enum form form;
	unsigned role;
	bool of_whole;                  /* not of the groups within */
} rows[] = {
	{ ATTR_GROUP_MEMBER,        FORM_DN,  GROUP_MEMBER,    false },
	{ ATTR_GROUP_UNIQUE_MEMBER, FORM_DN,  GROUP_MEMBER,    false },
	{ ATTR_GROUP_MEMBER_UID,    FORM_UID, GROUP_MEMBER,    false },
	{ ATTR_GROUP_URL,           FORM_URL, GROUP_MEMBER,    false },
	{ ATTR_ALIAS_MEMBER,        FORM_MAIL, GROUP_MEMBER,   false },
	{ ATTR_LIST_MEMBER,         FORM_MAIL, GROUP_MEMBER,   false },
	{ ATTR_LIST_URL,            FORM_ANY, GROUP_MEMBER,    false },
	{ ATTR_GROUP_OWNER,         FORM_DN,  GROUP_OWNER,     true },
	{ ATTR_LIST_EDITOR,         FORM_ANY, GROUP_EDITOR,    true },
	{ ATTR_LIST_MODERATOR,      FORM_ANY, GROUP_MODERATOR, true },
};

struct source {                         /* values of one attribute, not yet asked for */
	struct source *next;
	const struct slice *v;
	size_t n;
	enum form form;
	unsigned roles, level;
};

struct found_member { struct found_member *next; struct xdb_member is; };
struct part { struct part *next; struct slice uuid, key; };

struct gather {
	struct seek seek;
	struct map by_uuid, seen;       /* of members; of entries, with their role */
	/* in the arena */
	struct source *sources;
	struct call *call;              /* the group's entry, or a search of members */
	unsigned roles;                 /* of whom that search finds */
	const struct entry *next_found;
	struct found_member *members;
	struct part *parts, **part_end;
	size_t value_n;
	struct xdb_group *group;
};

static void group_read(struct xdb_op *op);
static void round_begin(struct xdb_op *op);
static void people_sought(struct xdb_op *op);
static void groups_sought(struct xdb_op *op);
static void url_answered(struct xdb_op *op);
static void url_take(struct xdb_op *op);
static void group_end(struct xdb_op *op);

static void gather_over(struct xdb_op *op)
{
	struct gather *g = op->data;

	seek_fini(&g->seek);
	map_fini(&g->by_uuid);
	map_fini(&g->seen);
}

struct xdb_op *xdb_group_load(struct xdb *db, struct slice dn)
{
	struct xdb_op *op = op_new(db, sizeof (struct gather));
	struct gather *g = op->data;

	op->over = gather_over;
	g->part_end = &g->parts;
	if (!dn_is_valid(dn)) {
		op_finish(op, XDB_BROKEN, "not a DN");
		return op;
	}
	g->call = call_search(op, &(struct search){ .base = op_text(op, dn),
	    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
	    .set = SET_GROUP_WHOLE });
	op_await(op, group_read);
	return op;
}

/* --- values of an entry ------------------------------------------------------------------ */

static bool values_take(struct xdb_op *op, const struct field *f,
    const struct row *row, unsigned roles, unsigned level)
{
	struct gather *g = op->data;
	struct source *s = ARENA_NEW(&op->arena, struct source);

	if (f->is_part || f->n == op->db->names.rows[row->attr].most_values) {
		op_finish(op, XDB_BROKEN, "more members than are given");
		return false;
	}
	if ((g->value_n += f->n) > VALUES_MOST) {
		op_finish(op, XDB_BROKEN, "too many members in all");
		return false;
	}
	g->group->unresolved_n += f->is_cut;
	*s = (struct source){ .next = g->sources, .v = f->v, .n = f->n,
		.form = row->form, .roles = roles, .level = level };
	g->sources = s;
	return true;
}

/* A group that comes twice is read once, but as what it comes: its members may
 * be both members and owners.  So a ring of groups ends. */
static bool is_new_part(struct xdb_op *op, struct gather *g, struct slice uuid,
    unsigned roles)
{
	struct part *p = ARENA_NEW(&op->arena, struct part);
	struct buf key = { 0 };
	bool is_new;

	buf_addf(&key, "%u ", roles);
	buf_add(&key, uuid);
	p->uuid = uuid;
	p->key = slice_of(op_take(op, &key));
	is_new = map_find(&g->seen, p->key) == NULL;
	if (is_new) {
		map_put(&g->seen, p->key, p);
		*g->part_end = p;
		g->part_end = &p->next;
		g->group->part_n++;
	}
	return is_new;
}

/* False: the operation is finished. */
static bool entry_take(struct xdb_op *op, const struct entry *e, unsigned roles,
    unsigned level)
{
	struct gather *g = op->data;

	if (!is_new_part(op, g, entry_one(e, ATTR_ENTRY_UUID), roles))
		return true;
	if (g->group->part_n > PARTS_MOST) {
		op_finish(op, XDB_BROKEN, "too many groups in it");
		return false;
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct field *f = entry_find(e, rows[i].attr);
		bool is_whole = level == 1 && roles == GROUP_MEMBER;

		if (f == NULL || (rows[i].of_whole && !is_whole))
			continue;
		if (!values_take(op, f, &rows[i], is_whole ? rows[i].role
		    : roles, level))
			return false;
	}
	return true;
}

/* Sendmail's custom: who answers for the alias `x` is the alias `owner-x`. */
static void owners_of_alias(struct xdb_op *op, struct gather *g)
{
	struct buf name = { 0 };
	struct slice *v = ARENA_NEW(&op->arena, struct slice);
	struct source *s = ARENA_NEW(&op->arena, struct source);

	buf_adds(&name, "owner-");
	buf_add(&name, g->group->name);
	*v = slice_of(op_take(op, &name));
	*s = (struct source){ .next = g->sources, .v = v, .n = 1,
		.form = FORM_MAIL, .roles = GROUP_OWNER, .level = 1 };
	g->sources = s;
}

static void group_read(struct xdb_op *op)
{
	struct gather *g = op->data;
	const struct entry *e = g->call->entries;

	if (op_failed(op, g->call))
		return;
	if (e == NULL || entry_one(e, ATTR_ENTRY_UUID).n == 0) {
		op_finish(op, e == NULL ? XDB_ABSENT : XDB_BROKEN,
		    e == NULL ? "no such group" : "a group without entryUUID");
		return;
	}
	g->group = ARENA_NEW(&op->arena, struct xdb_group);
	group_head_read(e, g->group);
	if (!entry_take(op, e, GROUP_MEMBER, 1))
		return;
	if (entry_is_of(e, ATTR_OBJECT_CLASS, SLICE(CLASS_ALIAS)))
		owners_of_alias(op, g);
	round_begin(op);
}

/* --- a round of names -------------------------------------------------------------------- */

static bool url_start(struct xdb_op *op, struct slice value, unsigned roles);

/* Fills the round from the sources.  True: a search of members was begun
 * instead. */
static bool round_fill(struct xdb_op *op)
{
	struct gather *g = op->data;
	struct source *s;

	while ((s = g->sources) != NULL) {
		struct sought one = { .roles = s->roles, .level = s->level };

		if (s->n == 0) {
			g->sources = s->next;
			continue;
		}
		one.value = s->v[0];
		one.form = form_of(s->form, &one.value);
		if (one.form == FORM_URL && g->seek.asked_n != 0)
			return false;
		if (one.form != FORM_NONE && one.form != FORM_URL
		    && !seek_add(op, &g->seek, &one))
			return false;
		s->v++;
		s->n--;
		if (one.form == FORM_URL && url_start(op, one.value, s->roles))
			return true;
		g->group->unresolved_n += one.form == FORM_NONE
		    || one.form == FORM_URL;
	}
	return false;
}

static void round_begin(struct xdb_op *op)
{
	struct gather *g = op->data;

	op_more_time(op);
	seek_begin(&g->seek);
	if (g->group->member_n > MEMBERS_MOST)
		op_finish(op, XDB_BROKEN, "too many members");
	else if (round_fill(op))
		op_await(op, url_answered);
	else if (g->seek.asked_n == 0)
		group_end(op);
	else if (seek_people(op, &g->seek))
		op_await(op, people_sought);
	else
		op_yield(op, people_sought);
}

/* --- members ------------------------------------------------------------------------------- */

static struct slice name_of(const struct entry *e)
{
	struct slice name = entry_one(e, ATTR_DISPLAY_NAME);

	return name.n != 0 ? name : entry_one(e, ATTR_CN);
}

static void member_put(struct xdb_op *op, const struct entry *e, unsigned roles)
{
	struct gather *g = op->data;
	struct slice uuid = entry_one(e, ATTR_UUID);
	struct slice uid = entry_one(e, ATTR_NAME);
	struct found_member *m = map_find(&g->by_uuid, uuid);

	if (uuid.n == 0 || uid.n == 0) {
		g->group->unresolved_n++;
		return;
	}
	if (m == NULL) {
		m = ARENA_NEW(&op->arena, struct found_member);
		m->is = (struct xdb_member){ .uuid = uuid, .dn = e->dn,
			.uid = uid, .name = name_of(e) };
		m->next = g->members;
		g->members = m;
		map_put(&g->by_uuid, uuid, m);
		g->group->member_n++;
	}
	m->is.roles |= roles;
}

static void person_hit(struct xdb_op *op, struct sought *one,
    const struct entry *e)
{
	member_put(op, e, one->roles);
}

static void people_sought(struct xdb_op *op)
{
	struct gather *g = op->data;

	if (seek_failed(op, &g->seek))
		return;
	for (unsigned i = 0; i < g->seek.call_n; i++)
		for (const struct entry *e = g->seek.calls[i]->entries;
		    e != NULL; e = e->next)
			seek_match(op, &g->seek, e, person_hit);
	if (seek_groups(op, &g->seek))
		op_await(op, groups_sought);
	else
		op_yield(op, groups_sought);
}

/* --- groups in groups ------------------------------------------------------------------------ */

static void group_hit(struct xdb_op *op, struct sought *one,
    const struct entry *e)
{
	if (op->res.status == XDB_OK && one->level < LEVELS_MOST)
		entry_take(op, e, one->roles, one->level + 1);
}

static void groups_sought(struct xdb_op *op)
{
	struct gather *g = op->data;

	if (seek_failed(op, &g->seek))
		return;
	for (unsigned i = 0; i < g->seek.call_n; i++)
		for (const struct entry *e = g->seek.calls[i]->entries;
		    e != NULL; e = e->next)
			seek_match(op, &g->seek, e, group_hit);
	if (op->res.status != XDB_OK)
		return;                 /* one of them was too much */
	for (size_t i = 0; i < g->seek.asked_n; i++)
		g->group->unresolved_n += !g->seek.asked[i].is_found;
	round_begin(op);
}

/* --- members found by searching ---------------------------------------------------------------- */

static bool is_at_or_below(struct slice dn, struct slice base)
{
	struct buf a = { 0 }, b = { 0 };
	bool is = dn_normal(&a, dn) && dn_normal(&b, base)
	    && dn_is_below(buf_slice(&a), buf_slice(&b));

	buf_fini(&a);
	buf_fini(&b);
	return is;
}

/* Only people are members: what searches above them searches among them.  NULL:
 * it is about something else, or of another server. */
static const char *url_base(struct xdb_op *op, const LDAPURLDesc *url)
{
	struct slice people = slice_of(op->db->people_base);
	struct slice base = slice_of(url->lud_dn);
	bool is_here = url->lud_host == NULL || *url->lud_host == '\0';
	const char *why;

	if (!is_here || (url->lud_filter != NULL
	    && !filter_is_valid(slice_of(url->lud_filter), &why)))
		return NULL;
	if (base.n != 0 && is_at_or_below(base, people))
		return op_text(op, base);
	return url->lud_scope == LDAP_SCOPE_SUBTREE
	    && (base.n == 0 || is_at_or_below(people, base))
	    ? op->db->people_base : NULL;
}

static bool url_start(struct xdb_op *op, struct slice value, unsigned roles)
{
	struct gather *g = op->data;
	LDAPURLDesc *url = NULL;
	struct buf filter = { 0 };
	const char *base = NULL;

	g->group->is_dynamic = true;
	if (ldap_url_parse(op_text(op, value), &url) == LDAP_URL_SUCCESS)
		base = url_base(op, url);
	if (base != NULL) {
		filter_open(&filter, '&');
		filter_raw(&filter, op->db->people_filter);
		if (url->lud_filter != NULL)
			filter_raw(&filter, url->lud_filter);
		filter_close(&filter);
		g->roles = roles;
		g->call = call_search(op, &(struct search){ .base = base,
		    .scope = url->lud_scope == LDAP_SCOPE_DEFAULT
		    ? LDAP_SCOPE_BASE : url->lud_scope,
		    .filter = op_take(op, &filter), .set = SET_MEMBER,
		    .most = MEMBERS_MOST, .is_paged = true });
	}
	ldap_free_urldesc(url);
	return base != NULL;
}

static void url_answered(struct xdb_op *op)
{
	struct gather *g = op->data;

	if (g->call->status == XDB_ABSENT) {
		g->group->unresolved_n++;       /* the place is not there */
		round_begin(op);
	} else if (op_failed(op, g->call)) {
		return;
	} else if (g->call->is_cut) {
		op_finish(op, XDB_BROKEN, "too many are found");
	} else {
		g->next_found = g->call->entries;
		url_take(op);
	}
}

static void url_take(struct xdb_op *op)
{
	struct gather *g = op->data;
	uint64_t began = uv_hrtime();

	while (g->next_found != NULL && uv_hrtime() - began < SLICE_NS) {
		member_put(op, g->next_found, g->roles);
		g->next_found = g->next_found->next;
	}
	if (g->next_found != NULL)
		op_yield(op, url_take);
	else
		round_begin(op);
}

/* --- the end ------------------------------------------------------------------------------------- */

static void group_end(struct xdb_op *op)
{
	struct gather *g = op->data;
	struct xdb_group *group = g->group;
	size_t n = 0;

	group->members = arena_alloc(&op->arena,
	    (group->member_n + 1) * sizeof *group->members);
	for (struct found_member *m = g->members; m != NULL; m = m->next)
		group->members[n++] = m->is;
	group->parts = arena_alloc(&op->arena,
	    (group->part_n + 1) * sizeof *group->parts);
	n = 0;
	for (struct part *p = g->parts; p != NULL; p = p->next)
		group->parts[n++] = p->uuid;
	op->res.group = group;
	op_finish(op, XDB_OK, NULL);
}
