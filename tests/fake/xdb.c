/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fake/xdb.c — included by the test that wants it. */
#include "tests/fake/xdb.h"

#include <assert.h>
#include <stdlib.h>

#include "base/list.h"

struct xdb fake_xdb;

enum { PEOPLE = 3, ITEMS = 16 };

struct fake_item { char jid[64], name[64]; enum xdb_subscription sub; bool ask, approved, used; };

static struct fake_person {
	const char *uid;
	bool has_profile;
	uint64_t version;
	struct fake_item items[ITEMS];
	char pending[ITEMS][64];
} people[PEOPLE];

typedef void fake_run_fn(struct xdb_op *op, struct xdb_result *res);

struct xdb_op {
	struct list link;
	struct arena arena;
	xdb_done_fn *done;
	void *ctx;
	fake_run_fn *run;
	struct slice a, b, c;
	struct xdb_roster_change change;
	struct xdb_room *room;
};

static struct list owed = { &owed, &owed };
static void fake_rooms_reset(void);

static struct fake_person *person_of(struct slice uid)
{
	for (int i = 0; i < PEOPLE; i++)
		if (slice_is(uid, people[i].uid))
			return &people[i];
	return NULL;
}

/* DNs are "uid=ann" and "profile=ann" here. */
static struct fake_person *person_of_dn(struct slice dn)
{
	struct slice key, uid;

	slice_cut(dn, '=', &key, &uid);
	return person_of(uid);
}

void fake_xdb_reset(bool with_profiles)
{
	static const char *const uids[PEOPLE] = { "ann", "bob", "cem" };

	assert(list_is_empty(&owed));
	fake_rooms_reset();
	memset(people, 0, sizeof people);
	for (int i = 0; i < PEOPLE; i++) {
		people[i].uid = uids[i];
		people[i].has_profile = with_profiles;
	}
}

unsigned fake_xdb_waiting(void)
{
	unsigned n = 0;

	for (struct list *l = owed.next; l != &owed; l = l->next)
		n++;
	return n;
}

static struct xdb_op *op_new(fake_run_fn *run, struct slice a, struct slice b)
{
	struct xdb_op *op = NEW(struct xdb_op);

	op->run = run;
	op->a = slice_dup(&op->arena, a);
	op->b = slice_dup(&op->arena, b);
	list_push(&owed, &op->link);
	return op;
}

void xdb_then(struct xdb_op *op, xdb_done_fn *fn, void *ctx)
{
	op->done = fn;
	op->ctx = ctx;
}

static void op_free(struct xdb_op *op)
{
	list_remove(&op->link);
	arena_fini(&op->arena);
	free(op);
}

void xdb_cancel(struct xdb_op **opp)
{
	if (*opp != NULL)
		op_free(*opp);
	*opp = NULL;
}

static struct xdb_op *answering;
static bool is_kept;

struct xdb_op *xdb_keep(const struct xdb_result *res)
{
	(void)res;
	is_kept = true;
	return answering;
}

static bool answer(bool truly, enum xdb_status status)
{
	struct xdb_op *op = LIST_FIRST(&owed, struct xdb_op, link);
	struct xdb_result res = { .status = status };

	if (op == NULL)
		return false;
	list_remove(&op->link);
	if (truly)
		op->run(op, &res);
	answering = op;
	is_kept = false;
	op->done(&res, op->ctx);
	if (!is_kept)
		op_free(op);
	return true;
}

bool fake_xdb_answer(void)
{
	return answer(true, XDB_OK);
}

bool fake_xdb_answer_with(enum xdb_status status)
{
	return answer(false, status);
}

/* --- what the operations do --------------------------------------------------------- */

static struct slice text(struct arena *a, const char *x, const char *y)
{
	struct buf b = { 0 };
	struct slice s;

	buf_adds(&b, x);
	buf_adds(&b, y);
	s = slice_dup(a, buf_slice(&b));
	buf_fini(&b);
	return s;
}

static void profile_fill(struct arena *a, struct fake_person *p,
    struct xdb_profile *out)
{
	out->exists = p->has_profile;
	out->dn = p->has_profile ? text(a, "profile=", p->uid) : slice_make(NULL, 0);
	out->jid = text(a, p->uid, "@uni.example");
	out->roster_version = p->version;
	out->roster = arena_alloc(a, ITEMS * sizeof *out->roster);
	out->pending = arena_alloc(a, ITEMS * sizeof *out->pending);
	for (int i = 0; i < ITEMS; i++) {
		if (p->items[i].used)
			out->roster[out->roster_n++] = (struct xdb_roster_item){
			    .jid = text(a, p->items[i].jid, ""), .name = text(a, p->items[i].name, ""),
			    .subscription = p->items[i].sub, .ask = p->items[i].ask,
			    .approved = p->items[i].approved };
		if (p->pending[i][0] != '\0')
			out->pending[out->pending_n++] = (struct xdb_pending){
			    .jid = text(a, p->pending[i], "") };
	}
}

static void run_account(struct xdb_op *op, struct xdb_result *res)
{
	struct fake_person *p = person_of(op->a);
	struct xdb_account *acc = ARENA_NEW(&op->arena, struct xdb_account);

	if (p == NULL) {
		res->status = XDB_ABSENT;
		return;
	}
	acc->person.dn = text(&op->arena, "uid=", p->uid);
	acc->person.uid = acc->person.uuid = slice_of(p->uid);
	acc->person.cn = slice_of(p->uid);
	profile_fill(&op->arena, p, &acc->profile);
	res->account = acc;
}

struct xdb_op *xdb_account_load(struct xdb *db, struct slice uid)
{
	(void)db;
	return op_new(run_account, uid, uid);
}

/* entryUUIDs are uids here. */
static void run_profile_load(struct xdb_op *op, struct xdb_result *res)
{
	run_account(op, res);
	if (res->account == NULL || !res->account->profile.exists)
		*res = (struct xdb_result){ .status = XDB_ABSENT };
}

struct xdb_op *xdb_profile_load(struct xdb *db, struct slice uuid)
{
	(void)db;
	return op_new(run_profile_load, uuid, uuid);
}

/* Nothing is hidden here. */
struct xdb_op *xdb_account_load_known(struct xdb *db, struct slice uid,
    struct slice uuid)
{
	(void)uuid;
	return xdb_account_load(db, uid);
}

/* Photos are of the integration tests, too. */
struct xdb_op *xdb_account_load_photo(struct xdb *db, struct slice uid,
    struct slice uuid)
{
	(void)uuid;
	return xdb_account_load(db, uid);
}

/* Nobody's: certificates are of the integration tests. */
static void run_certificate(struct xdb_op *op, struct xdb_result *res)
{
	(void)op;
	res->status = XDB_ABSENT;
}

struct xdb_op *xdb_certificate_owner(struct xdb *db, const struct xdb_certificate *c)
{
	(void)db;
	return op_new(run_certificate, c->serial, c->issuer);
}

static void run_profile(struct xdb_op *op, struct xdb_result *res)
{
	struct fake_person *p = person_of(op->a);

	res->status = XDB_OK;
	p->has_profile = true;
}

struct xdb_op *xdb_profile_create(struct xdb *db, const struct xdb_person *person, struct slice jid)
{
	(void)db;
	return op_new(run_profile, person->uid, jid);
}

static void run_password(struct xdb_op *op, struct xdb_result *res)
{
	struct fake_person *p = person_of_dn(op->a);
	struct slice right = p != NULL ? text(&op->arena, "pw-", p->uid) : SLICE("");

	if (p == NULL || !slice_eq(right, op->b)) {
		res->status = XDB_REFUSED;
		res->refusal = XDB_WRONG_PASSWORD;
	}
}

struct xdb_op *xdb_password_check(struct xdb *db, const struct xdb_person *who, struct slice password, bool is_sure)
{
	(void)db;
	(void)is_sure;
	return op_new(run_password, who->dn, password);
}

unsigned xdb_password_doubts(const struct xdb *db, const struct xdb_person *who)
{
	(void)db;
	(void)who;
	return 0;
}

void xdb_inherit(struct xdb *db, struct xdb *from)
{
	(void)db;
	(void)from;
}

static void run_change(struct xdb_op *op, struct xdb_result *res)
{
	run_password(op, res);
	if (res->status == XDB_OK && slice_is(op->c, "weak")) {
		res->status = XDB_REFUSED;
		res->refusal = XDB_BAD_PASSWORD;
		res->says = "too weak";
	}
}

struct xdb_op *xdb_password_change(struct xdb *db, const struct xdb_person *who, struct slice was, struct slice is)
{
	struct xdb_op *op = op_new(run_change, who->dn, was);

	(void)db;
	op->c = slice_dup(&op->arena, is);
	return op;
}

static void run_nothing(struct xdb_op *op, struct xdb_result *res)
{
	(void)op;
	(void)res;
}

static unsigned verifiers_stored;

unsigned fake_xdb_verifiers(void)
{
	return verifiers_stored;
}

struct xdb_op *xdb_scram_store(struct xdb *db, struct slice dn, struct slice uuid, const struct slice *v, size_t n, struct slice source)
{
	(void)uuid;
	(void)db;
	(void)v;
	(void)n;
	verifiers_stored++;
	return op_new(run_nothing, dn, source);
}

static void copy(char *to, size_t room, struct slice s)
{
	assert(s.n < room);
	memcpy(to, s.n != 0 ? s.p : "", s.n);
	to[s.n] = '\0';
}

static void item_drop(struct fake_person *p, struct slice jid)
{
	for (int i = 0; i < ITEMS; i++)
		if (p->items[i].used && slice_is(jid, p->items[i].jid))
			p->items[i].used = false;
}

static void item_keep(struct fake_person *p, const struct xdb_roster_item *item)
{
	for (int i = 0; i < ITEMS; i++)
		if (!p->items[i].used) {
			p->items[i] = (struct fake_item){ .sub = item->subscription,
			    .ask = item->ask, .approved = item->approved, .used = true };
			copy(p->items[i].jid, sizeof p->items[i].jid, item->jid);
			copy(p->items[i].name, sizeof p->items[i].name, item->name);
			return;
		}
}

static void run_roster(struct xdb_op *op, struct xdb_result *res)
{
	struct xdb_roster_change *c = &op->change;
	struct fake_person *p = person_of_dn(c->profile_dn);

	if (p->version != c->version) {
		res->status = XDB_CONFLICT;
		return;
	}
	if (c->item_remove != NULL)
		item_drop(p, c->item_remove->jid);
	if (c->item_add != NULL)
		item_keep(p, c->item_add);
	for (int i = 0; i < ITEMS && c->pending_remove != NULL; i++)
		if (slice_is(c->pending_remove->jid, p->pending[i]))
			p->pending[i][0] = '\0';
	for (int i = 0; i < ITEMS && c->pending_add != NULL; i++)
		if (p->pending[i][0] == '\0') {
			copy(p->pending[i], sizeof p->pending[i], c->pending_add->jid);
			break;
		}
	res->version = ++p->version;
}

static struct xdb_roster_item *item_dup(struct arena *a, const struct xdb_roster_item *i)
{
	struct xdb_roster_item *copied;

	if (i == NULL)
		return NULL;
	copied = arena_alloc(a, sizeof *copied);
	*copied = *i;
	copied->jid = slice_dup(a, i->jid);
	copied->name = slice_dup(a, i->name);
	return copied;
}

static struct xdb_pending *pending_dup(struct arena *a, const struct xdb_pending *p)
{
	struct xdb_pending *copied;

	if (p == NULL)
		return NULL;
	copied = arena_alloc(a, sizeof *copied);
	copied->jid = slice_dup(a, p->jid);
	copied->status = slice_dup(a, p->status);
	return copied;
}

struct xdb_op *xdb_roster_change(struct xdb *db, const struct xdb_roster_change *c)
{
	struct xdb_op *op = op_new(run_roster, c->profile_dn, c->profile_dn);

	(void)db;
	op->change = (struct xdb_roster_change){ .profile_dn = op->a, .version = c->version,
		.item_remove = item_dup(&op->arena, c->item_remove),
		.item_add = item_dup(&op->arena, c->item_add),
		.pending_remove = pending_dup(&op->arena, c->pending_remove),
		.pending_add = pending_dup(&op->arena, c->pending_add) };
	return op;
}

static void run_vcard(struct xdb_op *op, struct xdb_result *res)
{
	struct fake_person *p = person_of(op->a);
	struct xdb_vcard *v = ARENA_NEW(&op->arena, struct xdb_vcard);

	if (p == NULL) {
		res->status = XDB_ABSENT;
		return;
	}
	v->person.cn = v->person.uid = slice_of(p->uid);
	v->person.dn = text(&op->arena, "uid=", p->uid);
	v->profile_dn = p->has_profile ? text(&op->arena, "profile=", p->uid) : slice_make(NULL, 0);
	res->vcard = v;
}

struct xdb_op *xdb_vcard_load(struct xdb *db, struct slice uid)
{
	(void)db;
	return op_new(run_vcard, uid, uid);
}

struct xdb_op *xdb_vcard_store(struct xdb *db, struct slice dn, struct slice uuid, struct slice remainder)
{
	(void)uuid;
	(void)db;
	return op_new(run_nothing, dn, remainder);
}

struct xdb_op *xdb_vcard_write(struct xdb *db, const struct xdb_person *person,
    const struct xdb_vcard_change *changes, size_t n)
{
	(void)db;
	(void)changes;
	(void)n;
	return op_new(run_nothing, person->dn, person->uuid);
}

static void run_find(struct xdb_op *op, struct xdb_result *res)
{
	struct xdb_account *found = arena_alloc(&op->arena, PEOPLE * sizeof *found);

	for (int i = 0; i < PEOPLE; i++)
		found[i].person.uid = found[i].person.cn = slice_of(people[i].uid);
	res->accounts = found;
	res->n = PEOPLE;
}

static void run_people_look(struct xdb_op *op, struct xdb_result *res)
{
	struct xdb_account *found = arena_alloc(&op->arena, PEOPLE * sizeof *found);
	struct slice rest = op->a, name;

	while (slice_word(&rest, &name))
		if (person_of(name) != NULL) {
			found[res->n].person.uid = name;
			found[res->n].person.uuid = name;
			found[res->n++].person.dn = text(&op->arena, "uid=",
			    person_of(name)->uid);
		}
	res->accounts = found;
}

struct xdb_op *xdb_people_look(struct xdb *db, const struct slice *names, size_t n)
{
	struct buf all = { 0 };
	struct xdb_op *op;

	(void)db;
	for (size_t i = 0; i < n; i++) {
		buf_add(&all, names[i]);
		buf_addc(&all, ' ');
	}
	op = op_new(run_people_look, buf_slice(&all), SLICE(""));
	buf_fini(&all);
	return op;
}

bool xdb_filter_groups(const char *filter, xdb_filter_group_fn *fn, void *ctx)
{
	(void)fn;
	(void)ctx;
	return strstr(filter, "memberOf") == NULL;
}

bool xdb_filter_is_good(const char *text, const char **why_r)
{
	(void)text;
	(void)why_r;
	return true;
}

struct xdb_op *xdb_people_find(struct xdb *db, const struct xdb_find *f)
{
	(void)db;
	return op_new(run_find, f->any, f->name);
}

/* --- rooms and groups ---------------------------------------------------------------- */

#include "tests/fake/rooms.c"
#include "tests/fake/groups.c"

struct xdb_op *xdb_group_has(struct xdb *db, struct slice group, struct slice dn, struct slice uid)
{
	(void)db;
	(void)uid;
	return op_new(run_nothing, group, dn);
}

struct xdb_op *xdb_group_list(struct xdb *db, const char *filter)
{
	(void)db;
	return op_new(run_nothing, slice_of(filter), slice_of(filter));
}

bool xdb_watch_knows(const struct xdb *db, enum xdb_watched kind, struct slice uuid)
{
	(void)db;
	(void)kind;
	(void)uuid;
	return true;
}

bool fake_xdb_is_live;

bool xdb_watch_hears(const struct xdb *db, enum xdb_watched kind)
{
	(void)db;
	(void)kind;
	return fake_xdb_is_live;
}

bool xdb_watch_is_live(const struct xdb *db)
{
	(void)db;
	return fake_xdb_is_live;
}

/* --- the rest of the contract ----------------------------------------------------------- */

const char *xdb_status_text(enum xdb_status status)
{
	static const char *const texts[] = { "ok", "absent", "refused", "conflict", "busy", "down", "broken" };

	return texts[status];
}

void xdb_state_get(const struct xdb *db, struct xdb_state *state_r)
{
	(void)db;
	*state_r = (struct xdb_state){ .is_up = true };
}

const char *fake_xdb_roster(const char *uid)
{
	static const char *const subs[] = { "none", "to", "from", "both" };
	static struct buf out;
	struct fake_person *p = person_of(slice_of(uid));

	buf_clear(&out);
	for (int i = 0; i < ITEMS; i++)
		if (p->items[i].used)
			buf_addf(&out, "%s%s:%s%s", out.n != 0 ? " " : "", p->items[i].jid,
			    subs[p->items[i].sub], p->items[i].ask ? "+ask" : "");
	return buf_cstr(&out);
}
