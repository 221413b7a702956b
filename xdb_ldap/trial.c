/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/trial.c — a password is tried: to check it, or to change it.
 *
 *   may it be tried? ─► bind ─┬─ yes ─► whose DN is that? ─┬─ theirs ────► done
 *     wrong.h, budget.h       │            whose.h         └─ another's ─┐
 *                             └─ no ─► who has the name now? ◄───────────┘
 *                                        ├─ the same, elsewhere ─► again, once
 *                                        └─ there ─► how often may that be? ─► wrong
 *
 * Both answers are about a DN that the caller read a while ago, maybe at another
 * server, and the identity is the entry's UUID: people are moved with the branch
 * they are in (RFC 4511 section 4.9), of which nobody is told, and others come to
 * stand where they stood.  So a "yes" counts when the server that gave it says that
 * the entry is theirs, asked after the bind: what was another's then and is theirs
 * now would have moved twice in that moment.  A change is asked for before it, and
 * is sent to nobody else's entry.
 *
 * Servers refuse whoever is locked with the code of a wrong password.  So the person
 * is looked for before anything is called wrong, whoever it is and whether there or
 * not: the time it takes tells nothing (SASL-08).  All that is asked where the bind
 * was: a replica may be late.  Nor does the time of the bind: where the server had no
 * hash to make, the answer is held back (tempo.h), when the try is over and counted.
 *
 * What was sent cannot be taken back (RFC 4511 section 4.11), and may lock
 * somebody.  So a try goes on to its end when whoever asked is gone, and one that
 * nobody answered stays counted. */
#include "xdb_ldap/trial.h"

#include "base/log.h"
#include "xdb_ldap/budget.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/pool.h"
#include "xdb_ldap/tempo.h"
#include "xdb_ldap/watch.h"
#include "xdb_ldap/whose.h"
#include "xdb_ldap/wrong.h"

struct trial {
	struct call *call, *whose, *look, *policy;
	struct slice dn, uuid, name;    /* as they were known; now: dn */
	struct slice as;                /* what is counted, see key_of() */
	bool is_counted;                /* as a try under way */
	bool is_no;                     /* answered so, and not yet told the budget */
	struct budget_wait wait;
	struct buf was, is;             /* is: a change */
	unsigned char mark[WRONG_MARK_BYTES];
	bool is_sure;                   /* the caller knows better than the budget */
	bool was_looked, was_repeated;
	struct timer hold;
	op_step_fn *then;               /* with the answer */
};

static void answered(struct xdb_op *op);
static void looked(struct xdb_op *op);
static void whose_entry(struct xdb_op *op, struct pool *in);
static void policy_read(struct xdb_op *op);
static void begin(struct xdb_op *op);
static void say_no(struct xdb_op *op, bool was_looked_at);

bool trial_is_password(struct slice p)
{
	return p.n != 0 && p.n <= XDB_PASSWORD_MOST
	    && memchr(p.p, '\0', p.n) == NULL;
}

/* --- a new one ------------------------------------------------------------------------- */

static bool has_c1_control(struct slice s)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if ((unsigned char)s.p[i] == 0xc2
		    && (unsigned char)s.p[i + 1] < 0xa0)
			return true;
	return false;
}

enum xdb_password_fault xdb_password_fault(struct slice p)
{
	size_t characters = 0;

	for (size_t i = 0; i < p.n; i++)
		characters += ((unsigned char)p.p[i] & 0xc0) != 0x80;
	if (characters < XDB_PASSWORD_LEAST)
		return XDB_PASSWORD_SHORT;
	return p.n > XDB_PASSWORD_MOST || !text_is_clean(p) || has_c1_control(p)
	    ? XDB_PASSWORD_ODD : XDB_PASSWORD_GOOD;
}

bool trial_may_be_new(struct xdb_op *op, struct slice p)
{
	enum xdb_password_fault fault = xdb_password_fault(p);
	struct buf says = { 0 };

	if (fault == XDB_PASSWORD_GOOD)
		return true;
	if (fault == XDB_PASSWORD_SHORT)
		buf_addf(&says, "A new password has at least %d characters.",
		    XDB_PASSWORD_LEAST);
	else
		buf_addf(&says, "A new password has at most %d bytes, and no "
		    "characters that cannot be typed.", XDB_PASSWORD_MOST);
	op->res.says = op_take(op, &says);
	op_refuse(op, XDB_BAD_PASSWORD, "no new password");
	return false;
}

/* --- trying ---------------------------------------------------------------------------- */

static void count_ends(struct xdb_op *op)
{
	struct trial *t = op->data;

	unsigned unknown = (t->call != NULL ? t->call->unheard_n : 0)
	    + (t->is_no ? 1 : 0);

	if (!t->is_counted)
		return;
	if (unknown != 0)
		log_event(LOG_WARN, "bind-unanswered", "-",
		    "user=%s times=%u counted as wrong", log_text(t->as), unknown);
	t->is_counted = t->is_no = false;
	budget_end(op->db->budget, t->as, unknown);
}

/* On its way, or answered: what comes of it is worth knowing. */
static bool trial_goes_on(const struct xdb_op *op)
{
	const struct trial *t = op->data;

	return t->is_counted && t->call != NULL
	    && t->call->unheard_n + t->is_no != 0;
}

static void trial_over(struct xdb_op *op)
{
	struct trial *t = op->data;

	budget_wait_over(&t->wait);
	timer_stop(&t->hold);
	count_ends(op);
	buf_wipe(&t->was);
	buf_wipe(&t->is);
}

/* False: the operation is refused. */
static bool may_try(struct xdb_op *op)
{
	struct trial *t = op->data;

	if (!trial_is_password(buf_slice(&t->was))) {
		op_refuse(op, XDB_WRONG_PASSWORD, "no password");
		return false;
	}
	if (!dn_is_valid(t->dn)) {
		op_finish(op, XDB_BROKEN, "no DN to bind as");
		return false;
	}
	wrong_mark(op->db->wrong, t->dn, buf_slice(&t->was), t->mark);
	if (!wrong_is_known(op->db->wrong, t->mark, loop_now_ms()))
		return true;
	op_refuse(op, XDB_WRONG_PASSWORD, "wrong again");
	return false;
}

static void bind_as(struct xdb_op *op)
{
	struct trial *t = op->data;

	t->call = t->is.n != 0 ? call_change(op, op_text(op, t->dn),
	    buf_slice(&t->was), buf_slice(&t->is))
	    : call_bind(op, op_text(op, t->dn), buf_slice(&t->was));
	/* A second one of it may be a second failure. */
	t->call->was_resent = !budget_has_room(op->db->budget, t->as);
	op_await(op, answered);
}

static void woken(void *ctx)
{
	op_wake(ctx);
}

static void hold(struct xdb_op *op)
{
	struct trial *t = op->data;

	t->wait.name = t->as;
	t->wait.fn = woken;
	t->wait.ctx = op;
	budget_wait(op->db->budget, &t->wait);
	op_park(op, begin);
}

/* While no server that takes changes is there, that is what a change hears
 * (bind.c), and nothing is sent that could be another's. */
static void try(struct xdb_op *op)
{
	struct trial *t = op->data;
	bool is_change = t->is.n != 0 && t->uuid.n != 0;

	t->is_counted = true;
	budget_begin(op->db->budget, t->as, wrong_state(op->db->wrong, t->dn));
	if (is_change && (op->db->writer_n == 0
	    || pool_conn(op->db->writer) != NULL))
		whose_entry(op, op->db->writer);
	else
		bind_as(op);
}

static void begin(struct xdb_op *op)
{
	struct trial *t = op->data;
	enum budget_says says = BUDGET_GO;

	if (!may_try(op))
		return;
	if (!t->is_sure)
		says = budget_ask(op->db->budget, t->as,
		    wrong_state(op->db->wrong, t->dn));
	switch (says) {
	case BUDGET_GO:
		try(op);
		return;
	case BUDGET_HOLD:
		hold(op);
		return;
	case BUDGET_SPENT:
		op_refuse(op, XDB_TOO_OFTEN, "another wrong one might lock the account");
		return;
	}
}

static void secret_take(struct buf *b, struct slice secret)
{
	buf_reserve(b, secret.n + 1);   /* one piece of memory, to be wiped */
	buf_add(b, secret);
}

/* Who a person is, however the name is spelled, and whichever of several it is;
 * nobody has nothing but the name that was given.  No name is another's UUID. */
static struct slice key_of(struct arena *a, const struct xdb_person *who)
{
	struct buf key = { 0 };
	struct slice kept;

	buf_adds(&key, who->uuid.n != 0 ? "uuid=" : who->uid.n != 0 ? "uid=" : "dn=");
	buf_add(&key, who->uuid.n != 0 ? who->uuid
	    : who->uid.n != 0 ? who->uid : who->dn);
	kept = slice_dup(a, buf_slice(&key));
	buf_fini(&key);
	return kept;
}

static struct xdb_op *trial_new(struct xdb *db, const struct xdb_person *who,
    struct slice was, struct slice is, op_step_fn *then)
{
	struct xdb_op *op = op_new(db, sizeof (struct trial));
	struct trial *t = op->data;

	op->over = trial_over;
	op->goes_on = trial_goes_on;
	t->dn = slice_dup(&op->arena, who->dn);
	t->uuid = slice_dup(&op->arena, who->uuid);
	t->name = slice_dup(&op->arena, who->uid);
	t->as = key_of(&op->arena, who);
	t->then = then;
	timer_init(&t->hold, woken, op);
	secret_take(&t->was, was);
	secret_take(&t->is, is);
	return op;
}

/* --- answered --------------------------------------------------------------------------- */

static bool is_wrong(const struct call *c)
{
	return !c->sets && c->code == LDAP_INVALID_CREDENTIALS
	    && c->refusal == XDB_WRONG_PASSWORD;
}

static void is_right(struct xdb_op *op)
{
	struct trial *t = op->data;

	if (t->call->sets || t->call->status == XDB_OK) {
		tempo_saw(op->db->tempo, t->as, t->call->took_ms, loop_now_ms());
		t->call->unheard_n = 0; /* the same password */
		budget_right(op->db->budget, t->as);
	} else if (t->call->status == XDB_REFUSED
	    && t->call->refusal != XDB_MUST_CHANGE) {
		say_no(op, false);      /* locked, expired; who has no password */
		return;
	}
	count_ends(op);
	t->then(op);
}

static bool remember_wrong(struct xdb_op *op, const struct entry *found);
static void ask_policy(struct xdb_op *op, const struct entry *person);

/* Also that it must be changed is for nobody to hear but the person. */
static bool is_yes(const struct trial *t)
{
	return !t->call->sets && (t->call->status == XDB_OK
	    || t->call->refusal == XDB_MUST_CHANGE);
}

static struct pool *where(const struct xdb_op *op)
{
	const struct trial *t = op->data;

	return pool_of(op->db, t->call->server);
}

static void answered(struct xdb_op *op)
{
	struct trial *t = op->data;

	t->is_no = is_wrong(t->call);
	if (is_yes(t) && t->uuid.n != 0) {
		whose_entry(op, where(op));
	} else if (!t->is_no) {
		is_right(op);
	} else if (t->name.n == 0) {
		remember_wrong(op, NULL);
		ask_policy(op, NULL);
	} else {
		t->look = person_search(op, t->name, SET_PERSON, where(op));
		op_await(op, looked);
	}
}

/* --- it is not right: whose DN was that? --------------------------------------------------- */

/* False: the account is closed, so what the password is worth was not looked at,
 * and nobody is locked by another. */
static bool remember_wrong(struct xdb_op *op, const struct entry *found)
{
	const struct trial *t = op->data;
	struct xdb_person now = { .refusal = XDB_REFUSAL_NONE };

	if (found != NULL) {
		person_read(op->db, found, &now);
		wrong_saw(op->db->wrong, now.dn, now.password_changed);
	}
	if (now.refusal != XDB_REFUSAL_NONE && now.refusal != XDB_MUST_CHANGE)
		return false;
	wrong_add(op->db->wrong, t->mark, loop_now_ms());
	return true;
}

/* Whoever has the person in memory has the old DN, too. */
static void moved(struct xdb_op *op, const struct entry *found)
{
	struct trial *t = op->data;

	log_event(LOG_INFO, "person-moved", "-", "from=%s to=%s",
	    log_text(t->dn), log_text(found->dn));
	watch_noticed(op->db, t->uuid);
	t->is_no = false;
	count_ends(op);
	t->dn = found->dn;
	t->was_looked = true;
	begin(op);
}

static bool is_them(const struct trial *t, const struct entry *found)
{
	return found != NULL && t->uuid.n != 0
	    && slice_eq_nocase(entry_one(found, ATTR_UUID), t->uuid);
}

static bool is_here(const struct trial *t, const struct entry *found)
{
	return is_them(t, found) && dn_eq(found->dn, t->dn);
}

static bool is_moved(const struct trial *t, const struct entry *found)
{
	return is_them(t, found) && !t->was_looked && !dn_eq(found->dn, t->dn);
}

/* The name is somebody else's by now, whose password nobody has tried. */
static void another_is_named(struct xdb_op *op)
{
	struct trial *t = op->data;

	watch_noticed(op->db, t->uuid);
	t->is_no = false;
	count_ends(op);
	op_finish(op, XDB_DOWN, "who has this name is being read anew");
}

/* What the name led to; NULL: nobody, or several.  False: it failed, or they are
 * elsewhere and are tried there. */
static bool look_leaves(struct xdb_op *op, const struct entry **found_r)
{
	struct trial *t = op->data;

	*found_r = t->look->entry_n == 1 ? t->look->entries : NULL;
	if (op_search_failed(op, t->look))
		return false;
	if (!is_moved(t, *found_r))
		return true;
	moved(op, *found_r);
	return false;
}

static void looked(struct xdb_op *op)
{
	struct trial *t = op->data;
	const struct entry *found;

	if (!look_leaves(op, &found))
		return;
	if (found != NULL && t->uuid.n != 0 && !is_them(t, found)) {
		another_is_named(op);
		return;
	}
	if (remember_wrong(op, found)) {
		ask_policy(op, found);
	} else {
		say_no(op, false);
	}
}

/* --- it is right: whose DN was that? ------------------------------------------------------- */

static void found_instead(struct xdb_op *op)
{
	struct trial *t = op->data;
	const struct entry *found;

	if (!look_leaves(op, &found))
		return;
	/* Some servers tell who may not compare that there is nothing. */
	if (is_here(t, found) && !op->db->compares_nothing) {
		op->db->compares_nothing = true;
		whose_entry(op, t->whose->pool);
		return;
	}
	if (found != NULL) {
		another_is_named(op);
		return;
	}
	count_ends(op);
	op_refuse(op, XDB_WRONG_PASSWORD, "nobody has this name any more");
}

/* Whoever has the account in memory believes too much. */
static void another_s(struct xdb_op *op)
{
	struct trial *t = op->data;

	log_event(LOG_WARN, "dn-of-another", "-", "name=%s dn=%s",
	    log_text(t->name), log_text(t->dn));
	watch_noticed(op->db, t->uuid);
	t->look = person_search(op, t->name, SET_PERSON, t->whose->pool);
	op_await(op, found_instead);
}

static void not_told(struct xdb_op *op)
{
	struct trial *t = op->data;

	count_ends(op);
	if (t->was_repeated) {
		op_finish(op, XDB_DOWN, "whose entry it is was not told");
		return;
	}
	t->was_repeated = true;
	begin(op);
}

/* The word of a server that the bind was not sent to is worth nothing. */
static bool is_of_same_server(const struct trial *t)
{
	return t->is.n != 0 || t->whose->server == t->call->server;
}

static void whose_answered(struct xdb_op *op)
{
	struct trial *t = op->data;

	switch (is_of_same_server(t) ? whose_says(t->whose, t->uuid)
	    : WHOSE_UNKNOWN) {
	case WHOSE_SAME:
		if (t->is.n != 0)
			bind_as(op);
		else
			is_right(op);
		return;
	case WHOSE_OTHER:
		another_s(op);
		return;
	case WHOSE_ASK_AGAIN:
		whose_entry(op, t->whose->pool);
		return;
	case WHOSE_UNKNOWN:
		not_told(op);
		return;
	}
}

static void whose_entry(struct xdb_op *op, struct pool *in)
{
	struct trial *t = op->data;

	t->whose = whose_ask(op, t->dn, t->uuid, in);
	op_await(op, whose_answered);
}

/* --- how many may there be? ------------------------------------------------------------------- */

static void is_over(struct xdb_op *op, struct budget_limit limit)
{
	struct trial *t = op->data;

	budget_wrong(op->db->budget, t->as, wrong_state(op->db->wrong, t->dn),
	    limit);
	say_no(op, t->uuid.n != 0);
}

static void ask_policy(struct xdb_op *op, const struct entry *person)
{
	const struct xdb *db = op->db;
	struct trial *t = op->data;
	struct slice own = person != NULL
	    ? entry_one(person, ATTR_PASSWORD_POLICY) : SLICE("");
	const char *policy = own.n != 0 && dn_is_valid(own) ? op_text(op, own)
	    : db->password_policy;

	if (db->wrong_binds != 0 || (*policy == '\0' && db->root.has_policy)) {
		is_over(op, budget_limit_assumed(db->wrong_binds));
	} else if (*policy == '\0') {
		is_over(op, budget_limit_none());
	} else {
		t->policy = call_search(op, &(struct search){ .base = policy,
		    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
		    .set = SET_POLICY });
		op_await(op, policy_read);
	}
}

static void policy_read(struct xdb_op *op)
{
	const struct trial *t = op->data;
	const struct entry *found = t->policy->status == XDB_OK
	    ? t->policy->entries : NULL;

	is_over(op, found != NULL ? budget_limit_of(found)
	    : budget_limit_assumed(0));
}

/* --- no --------------------------------------------------------------------------------------------- */

/* Everybody's comes with a tick of the clock, so that its hands tell nothing either. */
static void say_no(struct xdb_op *op, bool was_looked_at)
{
	struct trial *t = op->data;
	int64_t took = t->call->took_ms, shall = took, wait;

	t->is_no = false;
	count_ends(op);
	if (was_looked_at)
		tempo_saw(op->db->tempo, t->as, took, loop_now_ms());
	else
		shall = tempo_draw(op->db->tempo, t->as);
	wait = shall > took ? shall - took + 1 : 1;
	op_more_time(op);
	op_park(op, t->then);
	timer_start(&t->hold, wait < op->db->timeout_ms ? wait
	    : op->db->timeout_ms - 1);
}

/* --- check -------------------------------------------------------------------------------------- */

static void checked(struct xdb_op *op)
{
	const struct trial *t = op->data;

	if (!op_failed(op, t->call))
		op_finish(op, XDB_OK, NULL);
}

struct xdb_op *xdb_password_check(struct xdb *db, const struct xdb_person *who,
    struct slice password, bool is_sure)
{
	struct xdb_op *op = trial_new(db, who, password, SLICE(""), checked);

	((struct trial *)op->data)->is_sure = is_sure;
	begin(op);
	return op;
}

unsigned xdb_password_doubts(const struct xdb *db, const struct xdb_person *who)
{
	struct arena arena = { 0 };
	unsigned n = budget_count(db->budget, key_of(&arena, who));

	arena_fini(&arena);
	return n;
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

	if (trial_may_be_new(op, is))
		begin(op);
	return op;
}
