/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/people.c — administration: people found, made, changed; their
 * profiles closed and removed.  A person's entry is never deleted. */
#include <stdlib.h>

#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/people.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/spelling.h"

/* --- search ------------------------------------------------------------------------------------ */

static void people_joined(struct xdb_op *op);

static const char *people_filter(struct xdb_op *op, struct slice text)
{
	static const enum attr searched[] = { ATTR_NAME, ATTR_CN, ATTR_SN,
	    ATTR_GIVEN_NAME, ATTR_DISPLAY_NAME, ATTR_MAIL };
	struct buf filter = { 0 };

	filter_open(&filter, '&');
	filter_raw(&filter, op->db->people_filter);
	filter_present(&filter, op_name(op, ATTR_NAME));
	op_seek_text(op, &filter, searched, COUNT(searched), text);
	filter_close(&filter);
	return op_take(op, &filter);
}

struct xdb_op *xdb_people_search(struct xdb *db, struct slice text, unsigned most)
{
	struct xdb_op *op = op_new(db, sizeof (struct people));
	struct people *p = op->data;

	if (most == 0 || most > PEOPLE_MOST)
		most = PEOPLE_MOST;
	p->call = call_search(op, &(struct search){ .base = db->people_base,
	    .scope = LDAP_SCOPE_SUBTREE, .filter = people_filter(op, text),
	    .set = db->is_inline ? SET_INLINE_STATUS : SET_PERSON,
	    .most = most });
	op_await(op, people_found);
	return op;
}

static struct call *search_profiles(struct xdb_op *op,
    const struct xdb_account *accounts, size_t n)
{
	struct buf filter = { 0 };

	filter_open(&filter, '|');
	for (size_t i = 0; i < n; i++)
		filter_eq(&filter, op_name(op, ATTR_PERSON_UUID),
		    accounts[i].person.uuid);
	filter_close(&filter);
	return call_search(op, &(struct search){ .base = op->db->profiles_base,
	    .scope = LDAP_SCOPE_ONELEVEL, .filter = op_take(op, &filter),
	    .set = SET_PROFILE_STATUS });
}

void people_found(struct xdb_op *op)
{
	struct people *p = op->data;
	struct call *c = p->call;

	if (op_search_failed(op, c))
		return;
	p->accounts = arena_alloc(&op->arena,
	    (c->entry_n + 1) * sizeof *p->accounts);
	for (const struct entry *e = c->entries; e != NULL; e = e->next) {
		struct xdb_account *account = &p->accounts[p->n++];

		person_read(op->db, e, &account->person);
		if (op->db->is_inline && person_is_user(e))
			profile_read(op, e, slice_make(NULL, 0),
			    &account->profile);
	}
	for (size_t i = 0; i < p->n && !op->db->is_inline;
	    i += PROFILES_PER_FILTER)
		p->profile_calls[p->profile_call_n++] = search_profiles(op,
		    &p->accounts[i], p->n - i < PROFILES_PER_FILTER
		    ? p->n - i : PROFILES_PER_FILTER);
	op_await(op, people_joined);
}

static int by_uuid(const void *a, const void *b)
{
	const struct xdb_account *x = a, *y = b;

	return slice_cmp(x->person.uuid, y->person.uuid);
}

static void profile_join(struct xdb_op *op, struct people *p,
    const struct entry *e)
{
	struct xdb_account key = { .person.uuid = entry_one(e, ATTR_PERSON_UUID) };
	struct xdb_account *hit = bsearch(&key, p->accounts, p->n,
	    sizeof *p->accounts, by_uuid);

	if (hit != NULL)
		profile_read(op, e, slice_make(NULL, 0), &hit->profile);
}

struct keyed { struct slice key; struct xdb_account account; };

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = slice_cmp(x->key, y->key);

	return order != 0 ? order
	    : slice_cmp(x->account.person.uid, y->account.person.uid);
}

/* As people expect of Spanish and its neighbours: case and accents do not matter. */
static void people_sort(struct xdb_op *op, struct xdb_account *accounts, size_t n)
{
	struct keyed *k = arena_alloc(&op->arena, (n + 1) * sizeof *k);

	for (size_t i = 0; i < n; i++) {
		const struct xdb_person *who = &accounts[i].person;

		k[i].key = spelling_fold(&op->arena, who->display_name.n != 0
		    ? who->display_name : who->cn);
		k[i].account = accounts[i];
	}
	qsort(k, n, sizeof *k, by_key);
	for (size_t i = 0; i < n; i++)
		accounts[i] = k[i].account;
}

static void people_joined(struct xdb_op *op)
{
	struct people *p = op->data;

	for (unsigned i = 0; i < p->profile_call_n; i++)
		if (op_search_failed(op, p->profile_calls[i]))
			return;
	qsort(p->accounts, p->n, sizeof *p->accounts, by_uuid);
	for (unsigned i = 0; i < p->profile_call_n; i++)
		for (const struct entry *e = p->profile_calls[i]->entries;
		    e != NULL; e = e->next)
			profile_join(op, p, e);
	people_sort(op, p->accounts, p->n);
	op->res.accounts = p->accounts;
	op->res.n = p->n;
	op->res.is_cut = p->call->is_cut;
	op_finish(op, XDB_OK, NULL);
}

/* --- make and change a person ---------------------------------------------------------------------- */

static struct slice full_name(struct xdb_op *op, struct slice given, struct slice sn)
{
	struct buf name = { 0 };

	buf_add(&name, given);
	if (given.n != 0 && sn.n != 0)
		buf_addc(&name, ' ');
	buf_add(&name, sn);
	return slice_of(op_take(op, &name));
}

struct xdb_op *xdb_person_create(struct xdb *db, const char *base, struct slice uid,
    const struct xdb_person_change *is)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct mods m = { 0 };
	struct slice name = full_name(op, is->given_name, is->sn);
	const char *dn = dn_make(&op->arena, op_name(op, ATTR_NAME), uid, base);

	if (uid.n == 0 || is->sn.n == 0) {
		op_finish(op, XDB_BROKEN, "a person needs a uid and a surname");
		return op;
	}
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_OBJECT_CLASS, SLICE(CLASS_PERSON));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_NAME, uid);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_CN, name);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_DISPLAY_NAME, name);
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_SN, is->sn);
	if (is->given_name.n != 0)
		mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_GIVEN_NAME,
		    is->given_name);
	if (is->mail.n != 0)
		mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_MAIL, is->mail);
	op_await_one(op, call_add(op, dn, &m));
	return op;
}

struct change { struct call *call; const char *dn; struct xdb_person_change is; };

static void change_read(struct xdb_op *op);

struct xdb_op *xdb_person_change(struct xdb *db, struct slice person_dn,
    const struct xdb_person_change *is)
{
	struct xdb_op *op = op_new(db, sizeof (struct change));
	struct change *ch = op->data;

	if (!op_owns(op, person_dn, db->people_base))
		return op;
	ch->dn = op_text(op, person_dn);
	ch->is.given_name = slice_dup(&op->arena, is->given_name);
	ch->is.sn = slice_dup(&op->arena, is->sn);
	ch->is.mail = slice_dup(&op->arena, is->mail);
	ch->call = call_search(op, &(struct search){ .base = ch->dn,
	    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
	    .set = SET_PERSON });
	op_await(op, change_read);
	return op;
}

/* A name that is made of the other two follows them, unless the entry is
 * called by it. */
static void follow(struct xdb_op *op, struct mods *m, const struct entry *e,
    enum attr attr, struct slice name)
{
	struct slice was = full_name(op, entry_one(e, ATTR_GIVEN_NAME),
	    entry_one(e, ATTR_SN));
	struct slice in_dn;

	if (slice_eq(entry_one(e, attr), was) && !slice_eq(was, name)
	    && !dn_first(&op->arena, e->dn, op_name(op, attr), &in_dn))
		mods_change(m, op, e, attr, name);
}

static void change_read(struct xdb_op *op)
{
	struct change *ch = op->data;
	const struct entry *e = ch->call->entries;
	struct mods m = { 0 };
	struct slice given, sn, name;

	if (op_failed(op, ch->call))
		return;
	if (e == NULL) {
		op_finish(op, XDB_ABSENT, "no such person");
		return;
	}
	given = ch->is.given_name.n != 0 ? ch->is.given_name
	    : entry_one(e, ATTR_GIVEN_NAME);
	sn = ch->is.sn.n != 0 ? ch->is.sn : entry_one(e, ATTR_SN);
	name = full_name(op, given, sn);
	if (ch->is.given_name.n != 0)
		mods_change(&m, op, e, ATTR_GIVEN_NAME, given);
	if (ch->is.sn.n != 0)
		mods_change(&m, op, e, ATTR_SN, sn);
	if (ch->is.mail.n != 0)
		mods_change(&m, op, e, ATTR_MAIL, ch->is.mail);
	follow(op, &m, e, ATTR_CN, name);
	follow(op, &m, e, ATTR_DISPLAY_NAME, name);
	if (m.n == 0)
		op_finish(op, XDB_OK, NULL);
	else
		op_await_one(op, call_modify(op, ch->dn, &m));
}

/* --- profiles ------------------------------------------------------------------------------------------ */

struct xdb_op *xdb_profile_set_status(struct xdb *db, struct slice profile_dn,
    enum xdb_profile_status status)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct mods m = { 0 };

	if (!op_owns(op, profile_dn, db->profiles_base))
		return op;
	mods_set(&m, op, ATTR_STATUS, slice_of(profile_status_texts[status]));
	op_await_one(op, call_modify(op, op_text(op, profile_dn), &m));
	return op;
}

struct removal { struct call *call; const char *dn; };

/* Takes the class and all that goes with it off the person's entry. */
static void take_off(struct xdb_op *op)
{
	static const enum attr all[] = { ATTR_STATUS, ATTR_ROSTER_ITEM,
	    ATTR_ROSTER_VERSION, ATTR_PENDING, ATTR_BLOCKED, ATTR_PRIVATE,
	    ATTR_VCARD, ATTR_SCRAM, ATTR_SCRAM_SOURCE };
	struct removal *r = op->data;
	const struct entry *e = r->call->entries;
	struct mods m = { 0 };

	if (op_failed(op, r->call))
		return;
	if (e == NULL || !person_is_user(e)) {
		op_finish(op, XDB_ABSENT, "no account is there");
		return;
	}
	mods_put_one(&m, op, LDAP_MOD_DELETE, ATTR_OBJECT_CLASS,
	    SLICE(CLASS_USER));
	if (jid_is_ours(op->db, e))
		mods_put_one(&m, op, LDAP_MOD_DELETE, ATTR_JID,
		    entry_one(e, ATTR_JID));
	for (size_t i = 0; i < COUNT(all); i++)
		mods_put(&m, op, LDAP_MOD_REPLACE, all[i], NULL, 0);
	op_await_one(op, call_modify(op, r->dn, &m));
}

/* Directory.md rule 9: no person is ever deleted. */
struct xdb_op *xdb_profile_delete(struct xdb *db, struct slice profile_dn)
{
	struct xdb_op *op = op_new(db, sizeof (struct removal));
	struct removal *r = op->data;

	if (!op_owns(op, profile_dn, db->profiles_base))
		return op;
	r->dn = op_text(op, profile_dn);
	if (!db->is_inline) {
		op_await_one(op, call_delete(op, r->dn));
		return op;
	}
	r->call = call_search(op, &(struct search){ .base = r->dn,
	    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
	    .set = SET_INLINE_STATUS });
	op_await(op, take_off);
	return op;
}
