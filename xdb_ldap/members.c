/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/members.c — everybody in a group or list.
 *
 *   the entry ─► values ─► a round of names ─► people ──► members
 *                  ▲ │                           │ not found  ▲
 *                  │ └─ known from before (met.h) ────────────┘
 *                  └──── nested groups ◄─────────┘
 *
 * All of it is done in pieces, as there is time (base/chore.h), so that a group
 * of 20,000 holds nobody up.  A group read in part would put people out of rooms:
 * it is whole or an error. */
#include <ldap.h>

#include "base/log.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/group.h"
#include "xdb_ldap/seek.h"
#include "xdb_ldap/sound.h"

enum {
	LEVELS_MOST = 5,                /* the group itself is the first */
	MEMBERS_MOST = 20000,
	PARTS_MOST = 500,               /* groups in it */
	VALUES_MOST = 100000,           /* looked at, in all of them */
	LOOK_EVERY = 32,                /* at the clock, where a step is a copy */
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

/* What the server keeps back of an attribute, to be asked for: Active Directory gives
 * 1500 values at a time. */
struct rest {
	struct rest *next;
	const char *dn;
	struct slice csn;               /* of the entry as it was: another is another group */
	const struct row *row;
	unsigned roles, level;
	uint64_t from;                  /* the number of the first of them */
};

struct found_member { struct found_member *next; struct xdb_member is; };
struct part { struct part *next; struct slice uuid, key; };

struct gather {
	struct seek seek;               /* first: seek.h */
	struct map by_uuid, seen;       /* of members; of entries, with their role */
	/* in the arena */
	struct source *sources;
	struct rest *rests;
	struct call *call;              /* the group's entry, or a search of members */
	unsigned roles;                 /* of whom that search finds */
	const struct entry *next_found;
	struct found_member *members;
	size_t copied;                  /* of them, at the end */
	size_t shared_n;                /* names of several people that give no power */
	struct part *parts, **part_end;
	size_t value_n;
	struct xdb_group *group;
};

static void group_read(struct xdb_op *op);
static void rest_ask(struct xdb_op *op);
static void rest_read(struct xdb_op *op);
static void round_begin(struct xdb_op *op);
static void round_fill(struct xdb_op *op);
static void person_hit(struct xdb_op *op, struct sought *one,
    const struct entry *e);
static void people_sought(struct xdb_op *op);
static void group_hit(struct xdb_op *op, struct sought *one,
    const struct entry *e);
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

/* What comes behind this part is asked for before anything else.  False: it is not the
 * part that was to come, or none of any use. */
static bool rest_put(struct xdb_op *op, const struct field *f,
    const struct rest *at)
{
	struct gather *g = op->data;
	struct rest *more;

	if (f->from != at->from)
		return false;
	if (f->is_rest)
		return true;
	if (f->to < f->from || f->n == 0)
		return false;
	more = ARENA_NEW(&op->arena, struct rest);
	*more = *at;
	more->from = f->to + 1;
	more->next = g->rests;
	g->rests = more;
	return true;
}

static const char *too_many(struct xdb_op *op, const struct field *f,
    const struct row *row)
{
	struct buf why = { 0 };

	if (f->is_part)
		return "the server does not give all members";
	buf_addf(&why, "more than %u values of %s",
	    op->db->names.rows[row->attr].most_values - 1,
	    op_name(op, row->attr));
	return op_take(op, &why);
}

static bool values_take(struct xdb_op *op, const struct field *f,
    const struct rest *at)
{
	struct gather *g = op->data;
	struct source *s = ARENA_NEW(&op->arena, struct source);

	if (f->n == op->db->names.rows[at->row->attr].most_values
	    || (f->is_part && !rest_put(op, f, at))) {
		op_finish(op, XDB_BROKEN, too_many(op, f, at->row));
		return false;
	}
	if ((g->value_n += f->n) > VALUES_MOST) {
		op_finish(op, XDB_BROKEN, "too many members in all");
		return false;
	}
	g->group->unresolved_n += f->is_cut;
	*s = (struct source){ .next = g->sources, .v = f->v, .n = f->n,
		.form = at->row->form, .roles = at->roles, .level = at->level };
	g->sources = s;
	return true;
}

static struct slice part_key(struct xdb_op *op, struct slice uuid, unsigned roles)
{
	struct buf key = { 0 };

	buf_addf(&key, "%u ", roles);
	buf_add(&key, uuid);
	return slice_of(op_take(op, &key));
}

static bool is_known_part(struct xdb_op *op, const struct gather *g,
    struct slice uuid, unsigned roles)
{
	return map_find(&g->seen, part_key(op, uuid, roles)) != NULL;
}

/* A group that comes twice is read once, but as what it comes: its members may
 * be both members and owners.  So a ring of groups ends. */
static bool is_new_part(struct xdb_op *op, struct gather *g, struct slice uuid,
    unsigned roles)
{
	struct part *p = ARENA_NEW(&op->arena, struct part);
	bool is_new;

	p->uuid = uuid;
	p->key = part_key(op, uuid, roles);
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
		if (!values_take(op, f, &(struct rest){ .row = &rows[i],
		    .dn = op_text(op, e->dn), .csn = entry_one(e, ATTR_CSN),
		    .roles = is_whole ? rows[i].role : roles, .level = level }))
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

/* --- what the server keeps back ------------------------------------------------------------ */

static void rest_ask(struct xdb_op *op)
{
	struct gather *g = op->data;
	const struct rest *r = g->rests;
	struct buf name = { 0 };

	buf_addf(&name, "%s;range=%llu-*", op_name(op, r->row->attr),
	    (unsigned long long)r->from);
	g->call = call_search(op, &(struct search){ .base = r->dn,
	    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
	    .set = SET_GROUP_REST, .more = op_take(op, &name) });
	op_await(op, rest_read);
}

/* Its values have other numbers by now; nobody knows which were seen. */
static bool has_changed(const struct rest *r, const struct entry *e)
{
	return e == NULL || !slice_eq(entry_one(e, ATTR_CSN), r->csn);
}

static void rest_read(struct xdb_op *op)
{
	struct gather *g = op->data;
	struct rest *r = g->rests;
	const struct entry *e = g->call->entries;
	const struct field *f;

	if (g->call->status != XDB_ABSENT && op_failed(op, g->call))
		return;
	if (has_changed(r, e)) {
		op_finish(op, XDB_BUSY, "the group changed while it was read");
		return;
	}
	f = entry_find(e, r->row->attr);
	if (f == NULL || !f->is_part) {
		op_finish(op, XDB_BROKEN, "the server does not give all members");
		return;
	}
	g->rests = r->next;
	if (values_take(op, f, r))
		round_begin(op);
}

/* --- members ------------------------------------------------------------------------------- */

static void member_put(struct xdb_op *op, const struct met_person *p,
    unsigned roles)
{
	struct gather *g = op->data;
	struct found_member *m = map_find(&g->by_uuid, p->uuid);

	if (p->uuid.n == 0 || p->uid.n == 0) {
		g->group->unresolved_n++;
		return;
	}
	if (m == NULL) {
		m = ARENA_NEW(&op->arena, struct found_member);
		m->is = (struct xdb_member){ .uuid = p->uuid, .dn = p->dn,
			.uid = p->uid, .name = p->name };
		m->next = g->members;
		g->members = m;
		map_put(&g->by_uuid, p->uuid, m);
		g->group->member_n++;
	}
	m->is.roles |= roles;
}

static struct met_person person_of(const struct entry *e)
{
	struct met_person p = { .uuid = entry_one(e, ATTR_UUID), .dn = e->dn,
		.uid = entry_one(e, ATTR_NAME),
		.name = entry_one(e, ATTR_DISPLAY_NAME) };

	if (p.name.n == 0)
		p.name = entry_one(e, ATTR_CN);
	return p;
}

/* --- a round of names -------------------------------------------------------------------- */

static char letter_of(enum form form)
{
	return (char)('a' + form);
}

/* False: the round is full. */
static bool name_take(struct xdb_op *op, struct sought *one)
{
	struct gather *g = op->data;
	struct met_person p;

	switch (met_find(op->db, &op->arena, letter_of(one->form), one->value,
	    &p)) {
	case MET_PERSON:
		member_put(op, &p, one->roles);
		return true;
	case MET_NOBODY:
		g->group->unresolved_n++;
		return true;
	case MET_GROUP:
		one->is_no_person = true;
		break;
	case MET_UNKNOWN:
		break;
	}
	return seek_add(op, &g->seek, one);
}

static bool url_start(struct xdb_op *op, struct slice value, unsigned roles);

enum filled { FILL_MORE, FILL_ENDS, FILL_SEARCHES };

/* The next value of a source. */
static enum filled value_take(struct xdb_op *op, struct source *s)
{
	struct gather *g = op->data;
	struct sought one = { .roles = s->roles, .level = s->level,
		.value = s->v[0] };

	one.form = form_of(s->form, &one.value);
	if (one.form == FORM_URL && g->seek.asked_n != 0)
		return FILL_ENDS;
	if (one.form != FORM_NONE && one.form != FORM_URL
	    && !name_take(op, &one))
		return FILL_ENDS;
	s->v++;
	s->n--;
	if (one.form == FORM_URL && url_start(op, one.value, s->roles))
		return FILL_SEARCHES;
	g->group->unresolved_n += one.form == FORM_NONE
	    || one.form == FORM_URL;
	return FILL_MORE;
}

static void round_ask(struct xdb_op *op)
{
	struct gather *g = op->data;

	if (g->group->member_n > MEMBERS_MOST)
		op_finish(op, XDB_BROKEN, "too many members");
	else if (g->seek.asked_n == 0)
		group_end(op);
	else
		seek_people(op, person_hit, people_sought);
}

static void round_fill(struct xdb_op *op)
{
	struct gather *g = op->data;
	struct source *s;

	while ((s = g->sources) != NULL) {
		enum filled f = s->n != 0 ? value_take(op, s) : FILL_MORE;

		if (f == FILL_SEARCHES) {
			op_await(op, url_answered);
			return;
		}
		if (f == FILL_ENDS)
			break;
		if (s->n == 0)
			g->sources = s->next;
		if (!chore_has_time()) {
			op_yield(op, round_fill);
			return;
		}
	}
	round_ask(op);
}

static void round_begin(struct xdb_op *op)
{
	struct gather *g = op->data;

	op_more_time(op);
	if (g->rests != NULL) {
		rest_ask(op);
		return;
	}
	seek_begin(op, &g->seek);
	op_yield(op, round_fill);
}

static void person_hit(struct xdb_op *op, struct sought *one,
    const struct entry *e)
{
	struct met_person p = person_of(e);

	one->is_several |= one->person != NULL && one->person != e;
	one->person = e;
	if ((one->roles & GROUP_MEMBER) != 0)
		member_put(op, &p, one->roles & GROUP_MEMBER);
}

/* A name that several people have is a list's as it is: what is sent there comes to all
 * of them, who are members.  But it makes nobody an owner, editor or moderator: where
 * people write their own mail address anybody could take one of these. */
static void powers_put(struct xdb_op *op, const struct sought *one)
{
	struct gather *g = op->data;
	unsigned powers = one->roles & ~(unsigned)GROUP_MEMBER;
	struct met_person p;

	if (one->person == NULL || powers == 0)
		return;
	if (one->is_several) {
		g->group->unresolved_n++;
		g->shared_n++;
		return;
	}
	p = person_of(one->person);
	member_put(op, &p, powers);
}

static void people_sought(struct xdb_op *op)
{
	struct gather *g = op->data;

	for (size_t i = 0; i < g->seek.asked_n; i++)
		powers_put(op, &g->seek.asked[i]);
	seek_groups(op, group_hit, groups_sought);
}

/* --- groups in groups ------------------------------------------------------------------------ */

static void group_hit(struct xdb_op *op, struct sought *one,
    const struct entry *e)
{
	struct gather *g = op->data;

	if (op->res.status != XDB_OK)
		return;
	if (one->level < LEVELS_MOST)
		entry_take(op, e, one->roles, one->level + 1);
	else if (!is_known_part(op, g, entry_one(e, ATTR_ENTRY_UUID), one->roles))
		g->group->deep_n++;
}

/* What two people share is asked for again each time. */
static void remember(struct xdb_op *op, const struct sought *one)
{
	const struct gather *g = op->data;
	char letter = letter_of(one->form);

	if (one->is_several || one->form == FORM_NONE)
		return;
	if (one->person != NULL) {
		struct met_person p = person_of(one->person);

		met_put(op->db, letter, one->value, g->seek.since, &p);
	} else {
		met_put_nobody(op->db, letter, one->value, g->seek.since,
		    one->is_found ? MET_GROUP : MET_NOBODY);
	}
}

static void groups_sought(struct xdb_op *op)
{
	struct gather *g = op->data;

	for (size_t i = 0; i < g->seek.asked_n; i++) {
		g->group->unresolved_n += !g->seek.asked[i].is_found;
		remember(op, &g->seek.asked[i]);
	}
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

	if (!is_here)
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
	const char *base = NULL, *why;

	g->group->is_dynamic = true;
	if (ldap_url_parse(op_text(op, value), &url) == LDAP_URL_SUCCESS
	    && (url->lud_filter == NULL
	    || filter_is_valid(slice_of(url->lud_filter), &why)))
		base = url_base(op, url);
	else
		g->group->odd_n++;
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
		op_yield(op, url_take);
	}
}

static void url_take(struct xdb_op *op)
{
	struct gather *g = op->data;

	while (g->next_found != NULL) {
		struct met_person p = person_of(g->next_found);

		member_put(op, &p, g->roles);
		g->next_found = g->next_found->next;
		if (!chore_has_time()) {
			op_yield(op, url_take);
			return;
		}
	}
	round_begin(op);
}

/* --- the end ------------------------------------------------------------------------------------- */

static void group_copy(struct xdb_op *op);

static void group_end(struct xdb_op *op)
{
	struct gather *g = op->data;
	struct xdb_group *group = g->group;
	size_t n = 0;

	if (group->odd_n != 0 || group->deep_n != 0)
		log_event(LOG_WARN, "group-not-all-read", "-", "group=%s "
		    "searches-that-are-none=%zu groups-too-deep=%zu",
		    log_text(group->dn), group->odd_n, group->deep_n);
	group->members = arena_raw(&op->arena,
	    (group->member_n + 1) * sizeof *group->members);
	group->parts = arena_alloc(&op->arena,
	    (group->part_n + 1) * sizeof *group->parts);
	for (struct part *p = g->parts; p != NULL; p = p->next)
		group->parts[n++] = p->uuid;
	sound_tell(op->db, "list-address-shared", group->dn, ATTR_MAIL, g->shared_n);
	group_copy(op);
}

static void group_copy(struct xdb_op *op)
{
	struct gather *g = op->data;

	while (g->members != NULL) {
		g->group->members[g->copied++] = g->members->is;
		g->members = g->members->next;
		if (g->copied % LOOK_EVERY == 0 && !chore_has_time()) {
			op_yield(op, group_copy);
			return;
		}
	}
	op->res.group = g->group;
	op_finish(op, XDB_OK, NULL);
}
