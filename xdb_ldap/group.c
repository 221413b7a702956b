/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/group.c — is this person in that group; which groups are there.
 *
 * The question goes to the directory, not the list of members: a group of
 * 100 000 is never read.  Groups of groups are climbed from below: at each
 * level we ask whether the group has one of those we stand on, and which
 * groups have them; five levels, so a ring of groups ends. */
#include <ldap.h>

#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/group.h"

enum { LEVELS_MOST = 5, WIDTH_MOST = 100, LIST_MOST = 1000 };

struct climb {
	const char *group;
	struct slice person, uid;
	struct slice *stand;            /* DNs we stand on */
	size_t stand_n;
	unsigned level;
	struct call *target, *above, *urls;
	struct call *url_calls[MAP_URLS_MOST];
	unsigned url_n;
};

/* --- one level ------------------------------------------------------------------------------ */

static void put_members(struct xdb_op *op, struct buf *filter,
    const struct climb *cl)
{
	for (size_t i = 0; i < cl->stand_n; i++) {
		filter_eq(filter, op_name(op, ATTR_GROUP_MEMBER), cl->stand[i]);
		filter_eq(filter, op_name(op, ATTR_GROUP_UNIQUE_MEMBER),
		    cl->stand[i]);
	}
	if (cl->level == 0 && cl->uid.n != 0)
		filter_eq(filter, op_name(op, ATTR_GROUP_MEMBER_UID), cl->uid);
}

static struct call *search_members(struct xdb_op *op, const struct climb *cl,
    const char *base, int scope)
{
	struct buf filter = { 0 };

	filter_open(&filter, '|');
	put_members(op, &filter, cl);
	filter_close(&filter);
	return call_search(op, &(struct search){ .base = base, .scope = scope,
	    .filter = op_take(op, &filter), .set = SET_NOTHING,
	    .most = WIDTH_MOST });
}

static void level_asked(struct xdb_op *op);

static void level_ask(struct xdb_op *op)
{
	struct climb *cl = op->data;

	cl->target = search_members(op, cl, cl->group, LDAP_SCOPE_BASE);
	cl->above = search_members(op, cl, op->db->groups_base,
	    LDAP_SCOPE_SUBTREE);
	if (cl->level == 0)
		cl->urls = call_search(op, &(struct search){ .base = cl->group,
		    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
		    .set = SET_GROUP_URL });
	op_await(op, level_asked);
}

struct xdb_op *xdb_group_has(struct xdb *db, struct slice group_dn,
    struct slice person_dn, struct slice uid)
{
	struct xdb_op *op = op_new(db, sizeof (struct climb));
	struct climb *cl = op->data;

	if (!dn_is_valid(group_dn) || !dn_is_valid(person_dn)) {
		op_finish(op, XDB_BROKEN, "not a DN");
		return op;
	}
	cl->group = op_text(op, group_dn);
	cl->person = slice_dup(&op->arena, person_dn);
	cl->uid = slice_dup(&op->arena, uid);
	cl->stand = ARENA_NEW(&op->arena, struct slice);
	cl->stand[0] = cl->person;
	cl->stand_n = 1;
	level_ask(op);
	return op;
}

/* --- members by search (groupOfURLs) ----------------------------------------------------------- */

static bool url_covers(const LDAPURLDesc *url, struct slice person)
{
	struct buf normal = { 0 }, base = { 0 };
	struct slice at;
	bool covers = dn_normal(&normal, person)
	    && dn_normal(&base, slice_of(url->lud_dn));

	at = buf_slice(&normal);
	if (covers && url->lud_scope == LDAP_SCOPE_SUBTREE)
		covers = dn_is_below(at, buf_slice(&base));
	else if (covers && url->lud_scope == LDAP_SCOPE_ONELEVEL)
		covers = slice_eq(dn_parent(at), buf_slice(&base));
	else if (covers)
		covers = slice_eq(at, buf_slice(&base));
	buf_fini(&normal);
	buf_fini(&base);
	return covers;
}

/* The person's own entry is asked whether it matches: one read, not the list. */
static struct call *url_ask(struct xdb_op *op, struct slice value)
{
	struct climb *cl = op->data;
	LDAPURLDesc *url = NULL;
	struct call *c = NULL;
	const char *why, *text = op_text(op, value);

	if (ldap_url_parse(text, &url) != LDAP_URL_SUCCESS)
		return NULL;
	if ((url->lud_host == NULL || *url->lud_host == '\0')
	    && url->lud_dn != NULL && url_covers(url, cl->person)
	    && (url->lud_filter == NULL
	    || filter_is_valid(slice_of(url->lud_filter), &why)))
		c = call_search(op, &(struct search){
		    .base = op_text(op, cl->person), .scope = LDAP_SCOPE_BASE,
		    .filter = url->lud_filter != NULL
		    ? op_text(op, slice_of(url->lud_filter)) : "(objectClass=*)",
		    .set = SET_NOTHING });
	ldap_free_urldesc(url);
	return c;
}

static void urls_asked(struct xdb_op *op);
static void level_climb(struct xdb_op *op);

static void urls_ask(struct xdb_op *op)
{
	struct climb *cl = op->data;
	size_t n = 0;
	struct slice *urls = cl->urls->entries != NULL
	    ? entry_all(cl->urls->entries, ATTR_GROUP_URL, &n) : NULL;

	if (n > MAP_URLS_MOST) {
		op_finish(op, XDB_BROKEN, "more searches than are made");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct call *c = url_ask(op, urls[i]);

		if (c != NULL)
			cl->url_calls[cl->url_n++] = c;
	}
	if (cl->url_n != 0)
		op_await(op, urls_asked);
	else
		level_climb(op);
}

static void urls_asked(struct xdb_op *op)
{
	struct climb *cl = op->data;

	for (unsigned i = 0; i < cl->url_n; i++) {
		if (cl->url_calls[i]->entries != NULL) {
			op_finish(op, XDB_OK, NULL);
			return;
		}
		if (cl->url_calls[i]->status != XDB_ABSENT
		    && op_failed(op, cl->url_calls[i]))
			return;
	}
	level_climb(op);
}

/* --- the next level ------------------------------------------------------------------------------ */

static void level_asked(struct xdb_op *op)
{
	struct climb *cl = op->data;

	/* No such group: nobody is in it. */
	if (op_failed(op, cl->target))
		return;
	if (cl->target->entries != NULL)
		op_finish(op, XDB_OK, NULL);
	else if (cl->level == 0 && op_failed(op, cl->urls))
		return;
	else if (op_search_failed(op, cl->above))
		return;
	else if (cl->level == 0)
		urls_ask(op);
	else
		level_climb(op);
}

static void level_climb(struct xdb_op *op)
{
	struct climb *cl = op->data;
	size_t n = 0;

	if (cl->above->entry_n == 0 || ++cl->level == LEVELS_MOST) {
		op_finish(op, XDB_ABSENT, "not a member");
		return;
	}
	/* More groups than we follow: then we do not know (LDAP-14). */
	if (cl->above->is_cut) {
		op_finish(op, XDB_BROKEN, "too many groups to follow");
		return;
	}
	cl->stand = arena_alloc(&op->arena,
	    cl->above->entry_n * sizeof *cl->stand);
	for (const struct entry *e = cl->above->entries; e != NULL; e = e->next)
		cl->stand[n++] = e->dn;
	cl->stand_n = n;
	level_ask(op);
}

/* --- which groups there are ------------------------------------------------------------------------ */

static void groups_found(struct xdb_op *op);

static void put_classes(struct xdb_op *op, struct buf *filter)
{
	filter_open(filter, '|');
	for (const char *const *c = map_group_classes; *c != NULL; c++)
		filter_eq(filter, op_name(op, ATTR_OBJECT_CLASS), slice_of(*c));
	filter_close(filter);
}

static const char *group_filter(struct xdb_op *op, struct slice text)
{
	static const enum attr searched[] = { ATTR_CN, ATTR_DESCRIPTION, ATTR_MAIL };
	struct buf filter = { 0 };

	filter_open(&filter, '&');
	put_classes(op, &filter);
	op_seek_text(op, &filter, searched, COUNT(searched), text);
	filter_close(&filter);
	return op_take(op, &filter);
}

struct xdb_op *xdb_group_search(struct xdb *db, struct slice text, unsigned most)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));

	*(struct call **)op->data = call_search(op, &(struct search){
	    .base = db->groups_base, .scope = LDAP_SCOPE_SUBTREE,
	    .filter = group_filter(op, text), .set = SET_GROUP, .most = most });
	op_await(op, groups_found);
	return op;
}

struct xdb_op *xdb_group_list(struct xdb *db, const char *filter)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct buf whole = { 0 };
	const char *why;

	if (!filter_is_valid(slice_of(filter), &why)) {
		op_finish(op, XDB_BROKEN, "the filter of groups is none");
		return op;
	}
	filter_open(&whole, '&');
	put_classes(op, &whole);
	filter_raw(&whole, filter);
	filter_close(&whole);
	*(struct call **)op->data = call_search(op, &(struct search){
	    .base = db->groups_base, .scope = LDAP_SCOPE_SUBTREE,
	    .filter = op_take(op, &whole), .set = SET_GROUP,
	    .most = LIST_MOST });
	op_await(op, groups_found);
	return op;
}

static void group_found(struct xdb_op *op);

struct xdb_op *xdb_group_find(struct xdb *db, struct slice uuid)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct buf filter = { 0 };

	op_seek_uuid(op, &filter, ATTR_ENTRY_UUID, uuid);
	*(struct call **)op->data = call_search(op, &(struct search){
	    .base = db->groups_base, .scope = LDAP_SCOPE_SUBTREE,
	    .filter = op_take(op, &filter), .set = SET_GROUP, .most = 2 });
	op_await(op, group_found);
	return op;
}

void group_head_read(const struct entry *e, struct xdb_group *group)
{
	group->dn = e->dn;
	group->uuid = entry_one(e, ATTR_ENTRY_UUID);
	group->name = entry_one(e, ATTR_CN);
	group->description = entry_one(e, ATTR_DESCRIPTION);
	group->mail = entry_one(e, ATTR_MAIL);
	group->title = entry_one(e, ATTR_GROUP_TITLE);
	if (group->title.n == 0)
		group->title = group->name;
}

static void groups_found(struct xdb_op *op)
{
	struct call *c = *(struct call **)op->data;
	struct xdb_group *groups;

	if (op_search_failed(op, c))
		return;
	groups = arena_alloc(&op->arena, (c->entry_n + 1) * sizeof *groups);
	for (const struct entry *e = c->entries; e != NULL; e = e->next)
		group_head_read(e, &groups[op->res.n++]);
	op->res.groups = groups;
	op->res.is_cut = c->is_cut;
	op_finish(op, XDB_OK, NULL);
}

static void group_found(struct xdb_op *op)
{
	const struct call *c = *(struct call **)op->data;

	if (c->status == XDB_OK && c->entry_n == 0)
		op_finish(op, XDB_ABSENT, "no such group");
	else
		groups_found(op);
}

/* --- groups of a filter ------------------------------------------------------------------------------ */

struct of_filter { xdb_filter_group_fn *fn; void *ctx; bool is_vague; };

static void group_of_filter(struct slice dn, void *ctx)
{
	struct of_filter *f = ctx;

	if (dn.p == NULL || !dn_is_valid(dn))
		f->is_vague = true;
	else
		f->fn(dn, f->ctx);
}

bool xdb_filter_groups(const char *text, xdb_filter_group_fn *fn, void *ctx)
{
	static const char *const names[] = { "memberOf", "isMemberOf" };
	struct of_filter f = { .fn = fn, .ctx = ctx };

	for (size_t i = 0; i < COUNT(names); i++)
		filter_values(slice_of(text), names[i], group_of_filter, &f);
	return !f.is_vague;
}
