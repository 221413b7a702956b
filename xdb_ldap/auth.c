/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/auth.c — passwords checked and set, SCRAM verifiers kept. */
#include "base/log.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/watch.h"
#include "xdb_ldap/wrong.h"

enum { PASSWORD_BYTES_MOST = 1024, VERIFIER_BYTES_MOST = 512 };

/* LDAP-01: an empty password is an anonymous bind and succeeds on some servers
 * for any DN, and a NUL ends the password for some of them. */
static bool is_password(struct slice p)
{
	return p.n != 0 && p.n <= PASSWORD_BYTES_MOST
	    && memchr(p.p, '\0', p.n) == NULL;
}

/* --- is it right? -------------------------------------------------------------------- */

/* A check, or a change, which begins with one.  A "no" is an answer about a DN
 * that the caller read a while ago, and the identity is the entry's UUID: people
 * are moved with the branch they are in (RFC 4511 section 4.9), of which nobody
 * is told, and some servers refuse whoever is locked with the same code.  So the
 * person is looked for before anything is called wrong, whoever it is and
 * whether there or not: the time it takes tells nothing (SASL-08). */
struct trial {
	struct call *call, *look;
	struct slice dn, uuid, name;    /* as they were known; now: dn */
	struct buf was, is;             /* is: a change */
	unsigned char mark[WRONG_MARK_BYTES];
	bool was_looked;
	op_step_fn *then;               /* with the answer */
};

static void answered(struct xdb_op *op);
static void looked(struct xdb_op *op);
static void remember_wrong(struct xdb_op *op, const struct entry *found);

static void trial_over(struct xdb_op *op)
{
	struct trial *t = op->data;

	buf_wipe(&t->was);
	buf_wipe(&t->is);
}

/* False: the operation is refused. */
static bool may_try(struct xdb_op *op)
{
	struct trial *t = op->data;

	if (!is_password(buf_slice(&t->was))) {
		op_refuse(op, XDB_WRONG_PASSWORD, "no password");
		return false;
	}
	if (!dn_is_valid(t->dn)) {
		op_finish(op, XDB_BROKEN, "no DN to bind as");
		return false;
	}
	wrong_mark(op->db->wrong, t->dn, buf_slice(&t->was), t->mark);
	if (!wrong_is_known(op->db->wrong, t->mark))
		return true;
	op_refuse(op, XDB_WRONG_PASSWORD, "wrong again");
	return false;
}

static void try(struct xdb_op *op)
{
	struct trial *t = op->data;

	if (!may_try(op))
		return;
	t->call = t->is.n != 0 ? call_change(op, op_text(op, t->dn),
	    buf_slice(&t->was), buf_slice(&t->is))
	    : call_bind(op, op_text(op, t->dn), buf_slice(&t->was));
	op_await(op, answered);
}

static void secret_take(struct buf *b, struct slice secret)
{
	buf_reserve(b, secret.n + 1);   /* one piece of memory, to be wiped */
	buf_add(b, secret);
}

static struct xdb_op *trial_new(struct xdb *db, const struct xdb_person *who,
    struct slice was, struct slice is, op_step_fn *then)
{
	struct xdb_op *op = op_new(db, sizeof (struct trial));
	struct trial *t = op->data;

	op->over = trial_over;
	t->dn = slice_dup(&op->arena, who->dn);
	t->uuid = slice_dup(&op->arena, who->uuid);
	t->name = slice_dup(&op->arena, who->uid);
	t->then = then;
	secret_take(&t->was, was);
	secret_take(&t->is, is);
	return op;
}

static bool is_wrong(const struct call *c)
{
	return !c->sets && c->code == LDAP_INVALID_CREDENTIALS
	    && c->refusal == XDB_WRONG_PASSWORD;
}

static void answered(struct xdb_op *op)
{
	struct trial *t = op->data;

	if (!is_wrong(t->call)) {
		t->then(op);
		return;
	}
	if (t->name.n == 0) {
		remember_wrong(op, NULL);
		t->then(op);
		return;
	}
	t->look = person_search(op, t->name, SET_PERSON);
	op_await(op, looked);
}

/* --- it is not: whose DN was that? ---------------------------------------------------------- */

/* Not of one who is locked: what the password is worth was not looked at. */
static void remember_wrong(struct xdb_op *op, const struct entry *found)
{
	const struct trial *t = op->data;
	struct xdb_person now = { .refusal = XDB_REFUSAL_NONE };

	if (found != NULL) {
		person_read(op->db, found, &now);
		wrong_saw(op->db->wrong, now.dn, now.password_changed);
	}
	if (now.refusal == XDB_REFUSAL_NONE)
		wrong_add(op->db->wrong, t->mark);
}

/* Whoever has the person in memory has the old DN, too. */
static void moved(struct xdb_op *op, const struct entry *found)
{
	struct trial *t = op->data;

	log_event(LOG_INFO, "person-moved", "-", "from=%s to=%s",
	    log_text(t->dn), log_text(found->dn));
	watch_noticed(op->db, t->uuid);
	t->dn = found->dn;
	t->was_looked = true;
	try(op);
}

static bool is_moved(const struct trial *t, const struct entry *found)
{
	return found != NULL && t->uuid.n != 0 && !t->was_looked
	    && slice_eq_nocase(entry_one(found, ATTR_UUID), t->uuid)
	    && !dn_eq(found->dn, t->dn);
}

static void looked(struct xdb_op *op)
{
	struct trial *t = op->data;
	const struct entry *found = t->look->entry_n == 1
	    ? t->look->entries : NULL;

	if (op_search_failed(op, t->look))
		return;
	if (is_moved(t, found)) {
		moved(op, found);
		return;
	}
	remember_wrong(op, found);
	t->then(op);
}

/* --- check -------------------------------------------------------------------------------------- */

static void checked(struct xdb_op *op)
{
	const struct trial *t = op->data;

	if (!op_failed(op, t->call))
		op_finish(op, XDB_OK, NULL);
}

struct xdb_op *xdb_password_check(struct xdb *db, const struct xdb_person *who,
    struct slice password)
{
	struct xdb_op *op = trial_new(db, who, password, SLICE(""), checked);

	try(op);
	return op;
}

/* --- change --------------------------------------------------------------------------------------- */

static void changed(struct xdb_op *op)
{
	const struct trial *t = op->data;

	if (t->call->sets && t->call->status == XDB_OK)
		wrong_forget(op->db->wrong, slice_of(t->call->dn));
	op->res.says = t->call->says;
	if (!op_failed(op, t->call))
		op_finish(op, XDB_OK, NULL);
}

struct xdb_op *xdb_password_change(struct xdb *db, const struct xdb_person *who,
    struct slice was, struct slice is)
{
	struct xdb_op *op = trial_new(db, who, was, is, changed);

	if (is_password(is))
		try(op);
	else
		op_refuse(op, XDB_BAD_PASSWORD, "no new password");
	return op;
}

/* --- set ------------------------------------------------------------------------------ */

static void is_set(struct xdb_op *op);

struct xdb_op *xdb_password_set(struct xdb *db, struct slice person_dn,
    struct slice password)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));

	if (!is_password(password)) {
		op_refuse(op, XDB_WRONG_PASSWORD, "no password");
		return op;
	}
	if (!dn_is_valid(person_dn)) {
		op_finish(op, XDB_BROKEN, "no DN to set a password for");
		return op;
	}
	*(struct call **)op->data = call_password(op, op_text(op, person_dn),
	    password);
	op_await(op, is_set);
	return op;
}

static void is_set(struct xdb_op *op)
{
	struct call *c = *(struct call **)op->data;

	wrong_forget(op->db->wrong, slice_of(c->dn));
	if (c->code == LDAP_CONSTRAINT_VIOLATION)
		op_refuse(op, XDB_NO_RIGHT, "the directory's policy refuses this password");
	else if (!op_failed(op, c))
		op_finish(op, XDB_OK, NULL);
}

/* --- SCRAM ------------------------------------------------------------------------------ */

struct xdb_op *xdb_scram_store(struct xdb *db, struct slice profile_dn,
    const struct slice *verifiers, size_t n, struct slice source)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct mods m = { 0 };

	if (!op_owns(op, profile_dn, db->profiles_base))
		return op;
	for (size_t i = 0; i < n; i++)
		if (verifiers[i].n == 0 || verifiers[i].n > VERIFIER_BYTES_MOST) {
			op_finish(op, XDB_BROKEN, "no verifier");
			return op;
		}
	mods_put(&m, op, LDAP_MOD_REPLACE, ATTR_SCRAM, verifiers, n);
	mods_set(&m, op, ATTR_SCRAM_SOURCE, n == 0 ? slice_make(NULL, 0)
	    : source.n != 0 ? source : SLICE("-"));
	op_await_one(op, call_modify(op, op_text(op, profile_dn), &m, NULL));
	return op;
}
