/* SPDX-License-Identifier: Apache-2.0 */
/* core/login.c — authenticating against the directory.
 *
 *   look ──► fetch the account ──► PLAIN: bind ──┬─► profile, if none yet ──► in
 *     │        ▲               ├─► EXTERNAL ─────┘                            ▲
 *     │        │               └─► SCRAM: steps ──────────────────────────────┘
 *     └────────┴─ EXTERNAL: whose certificate? (unless it says so itself)
 *              └─ GSSAPI: steps, on the thread pool; then on like EXTERNAL
 *
 * Nobody learns from the answer, or from the steps taken, whether a person
 * exists: unknown, locked and suspended people go the same way and fail at its
 * end (SASL-07..09); core/pace.h sees to it that it takes everybody as long, and the
 * store that a bind does (xdb_ldap/tempo.h).  The directory being away is a failure of
 * its own (SASL-10).  After a PLAIN login verifiers are made for SCRAM, off the loop. */
#include "core/login.h"

#include <stdlib.h>

#include "base/enc.h"
#include "base/log.h"
#include "base/loop.h"
#include "core/admission.h"
#include "core/guesses.h"
#include "core/host.h"
#include "core/pace.h"
#include "core/proof.h"
#include "core/verifiers.h"

enum { COMPLAIN_MS = 10 * 1000 };

struct login {
	struct sasl *sasl;
	struct sasl_binding binding;    /* slices borrowed from the stream */
	struct slice mechanism;         /* as the client named it, for the log */
	struct xdb_op *op;
	struct proof *proof;
	struct account *account;        /* found, not yet proved; NULL: none */
	unsigned password_turns;        /* the account's, then */
	struct arena arena;
	struct xdb_person person;       /* for making the profile */
	bool is_barred;                 /* exists, and may not log in */
	bool must_change;               /* because the password must be changed */
	bool needs_verifiers;
	bool is_begun;                  /* the first message was answered */
	bool is_proved;                 /* by what we keep of the password */
	struct slice *scram;            /* verifiers that count */
	size_t scram_n;
	int64_t began_ms;               /* move 2 */
	uint64_t as_of;                 /* account_news_count() when it was asked */
	struct timer pace;
	struct admission_wait admission;
	struct throttle_try *guess;     /* PLAIN: since its bind */
	const char *who, *peer;
	const struct login_events *events;
	void *ctx;
};

static void search(struct login *l, const struct sasl_search *what);
static void searched(const struct xdb_result *res, void *ctx);
static void run(struct login *l, struct slice response);
static void ran(void *ctx, enum sasl_result r, struct slice out);
static void fetch(struct login *l);
static void fetch_begin(void *ctx);
static void fetched(const struct xdb_result *res, void *ctx);
static void paced(void *ctx);
static void plain_turn(struct login *l);
static void plain_check(struct login *l);
static void plain_checked(const struct xdb_result *res, void *ctx);
static void enter(struct login *l);
static void profile_made(const struct xdb_result *res, void *ctx);
static void profile_loaded(const struct xdb_result *res, void *ctx);

struct login *login_new(const struct sasl_binding *binding, const char *who,
    const char *peer, const struct login_events *events, void *ctx)
{
	struct login *l = NEW(struct login);

	l->binding = *binding;
	timer_init(&l->pace, paced, l);
	l->who = who;
	l->peer = peer;
	l->events = events;
	l->ctx = ctx;
	return l;
}

void login_free(struct login **lp)
{
	struct login *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	timer_stop(&l->pace);
	admission_wait_over(&l->admission);
	xdb_cancel(&l->op);
	proof_cancel(&l->proof);
	throttle_end(&l->guess);
	sasl_free(&l->sasl);
	account_release(&l->account);
	arena_fini(&l->arena);
	free(l);
}

bool login_is_by_certificate(const struct login *l)
{
	return sasl_kind(l->sasl) == SASL_EXTERNAL;
}

static void await(struct login *l, struct xdb_op *op, xdb_done_fn *next)
{
	l->op = op;
	xdb_then(op, next, l);
}

static bool is_plain(const struct login *l)
{
	return sasl_kind(l->sasl) == SASL_PLAIN;
}

/* Nobody guesses a certificate or a ticket. */
static bool is_guess(const struct login *l)
{
	return l->sasl != NULL && sasl_kind(l->sasl) <= SASL_SCRAM;
}

static enum guess guess_of(const struct login *l)
{
	return is_plain(l) ? GUESS_PLAIN : GUESS_SCRAM;
}

static void fail(struct login *l, enum sasl_result why, const char *reason)
{
	log_event(why == SASL_FAIL_TEMPORARY ? LOG_WARN : LOG_INFO,
	    "login-failed", l->who, "user=%s condition=%s reason=%s mechanism=%s",
	    l->sasl != NULL ? log_text(sasl_name(l->sasl)) : "-",
	    sasl_failure_name(why), reason, log_text(l->mechanism));
	if (why == SASL_FAIL_NOT_AUTHORIZED && is_guess(l))
		guesses_wrong(l->peer, sasl_name(l->sasl), guess_of(l));
	l->events->failure(l->ctx, why);
}

static bool is_weather(enum xdb_status status)
{
	return status == XDB_BUSY || status == XDB_DOWN;
}

/* Of a search: it says who there is, that there is nobody, or that several have the
 * name, who are nobody then.  Anything else is an error, whatever the directory means
 * by it, and no word about the person. */
static bool is_told(const struct xdb_result *res)
{
	return res->status == XDB_OK || res->status == XDB_ABSENT || res->is_cut;
}

/* Somebody has to mend it: that is for the log, once in a while. */
static void complain(const struct xdb_result *res)
{
	static int64_t next_ms;

	if (is_weather(res->status) || loop_now_ms() < next_ms)
		return;
	next_ms = loop_now_ms() + COMPLAIN_MS;
	log_event(LOG_ERROR, "directory-unreadable", "-", "why=%s who logs in is told "
	    "to try again: is people_base there, and may the service search it? "
	    "tertuliactl doctor says more", res->why != NULL ? res->why : "-");
}

/* --- move 1 --------------------------------------------------------------------- */

static void looked(struct login *l, enum sasl_result r)
{
	const struct sasl_search *what = r == SASL_DONE
	    ? sasl_search(l->sasl) : NULL;

	if (what != NULL)
		search(l, what);
	else if (r == SASL_DONE && sasl_kind(l->sasl) == SASL_GSSAPI)
		run(l, slice_make(NULL, 0));
	else if (r == SASL_DONE)
		fetch(l);
	else if (r == SASL_MORE)
		l->events->challenge(l->ctx, slice_make(NULL, 0));
	else
		fail(l, r, r == SASL_FAIL_DOWNGRADE ? "downgrade" : "first-message");
}

void login_start(struct login *l, struct slice mechanism,
    const struct slice *initial)
{
	l->mechanism = slice_dup(&l->arena, mechanism);
	looked(l, sasl_look(&l->sasl, &l->binding, mechanism, initial));
}

const char *login_mechanism(const struct login *l)
{
	return sasl_mechanism(l->sasl);
}

static void run(struct login *l, struct slice response)
{
	l->is_begun = true;
	sasl_run(l->sasl, response, ran, l);
}

static void ran(void *ctx, enum sasl_result r, struct slice out)
{
	struct login *l = ctx;

	if (r == SASL_MORE)
		l->events->challenge(l->ctx, out);
	else if (r == SASL_DONE)
		fetch(l);
	else
		fail(l, r, "gssapi");
}

/* --- move 2 --------------------------------------------------------------------- */

static void person_keep(struct login *l, const struct xdb_person *p)
{
	l->person = (struct xdb_person){ .dn = slice_dup(&l->arena, p->dn),
		.uuid = slice_dup(&l->arena, p->uuid),
		.uid = slice_dup(&l->arena, p->uid),
		.password_changed = slice_dup(&l->arena, p->password_changed),
		.password_is_young = p->password_is_young };
}

static void keep_account(struct login *l, struct account *a)
{
	l->account = a;
	l->password_turns = a->password_turns;
}

static void scram_keep(struct login *l, const struct slice *scram, size_t n)
{
	l->scram = arena_alloc(&l->arena, (n + 1) * sizeof *l->scram);
	for (l->scram_n = 0; l->scram_n < n; l->scram_n++)
		l->scram[l->scram_n] = slice_dup(&l->arena, scram[l->scram_n]);
}

/* SASL-08: moves 1 and 2 take as long for who is known as for everybody. */
static void go_on(struct login *l)
{
	int64_t left = l->began_ms + pace_ms() - loop_now_ms();

	if (left > 0 && is_guess(l) && xdb_watch_is_live(host.xdb))
		timer_start(&l->pace, left);
	else
		paced(l);
}

/* Somebody in memory, where a change of theirs would have come too: there is
 * nothing to ask.  Who has no verifiers yet is to be given some. */
static bool recall(struct login *l)
{
	struct account *a = account_known(sasl_name(l->sasl));

	if (a == NULL)
		return false;
	if (a->scram_n == 0 && is_guess(l)) {
		account_release(&a);
		return false;
	}
	keep_account(l, a);
	person_keep(l, &(struct xdb_person){ .dn = a->person_dn,
	    .uuid = a->person_uuid, .uid = a->uid,
	    .password_changed = a->password_changed });
	scram_keep(l, a->scram, a->scram_n);
	go_on(l);
	return true;
}

static void search(struct login *l, const struct sasl_search *what)
{
	await(l, xdb_certificate_owner(host.xdb, &(struct xdb_certificate){
		.mails = what->mails, .mail_n = what->mail_n,
		.serial = what->serial, .issuer = what->issuer,
		.sha256 = what->sha256 }), searched);
}

static void searched(const struct xdb_result *res, void *ctx)
{
	struct login *l = ctx;

	l->op = NULL;
	if (is_weather(res->status))
		fail(l, SASL_FAIL_TEMPORARY, "directory");
	else if (res->status != XDB_OK)
		fail(l, SASL_FAIL_NOT_AUTHORIZED, res->status == XDB_ABSENT
		    ? "certificate-of-nobody" : "certificate-of-several");
	else
		looked(l, sasl_found(l->sasl, res->account->person.uid));
}

/* Who has guessed too often hears the same, right or wrong: try later. */
static bool is_spent(struct login *l)
{
	if (!is_guess(l)
	    || guesses_may_try(l->peer, sasl_name(l->sasl), guess_of(l)))
		return false;
	fail(l, SASL_FAIL_TEMPORARY, "too-many-guesses");
	return true;
}

static void fetch(struct login *l)
{
	if (is_spent(l))
		return;
	admission_wait(&l->admission, fetch_begin, l);
}

static void load(struct login *l, xdb_done_fn *next)
{
	const struct account *a = account_find(sasl_name(l->sasl));

	l->as_of = account_news_count();
	await(l, xdb_account_load_photo(host.xdb, sasl_name(l->sasl),
	    a != NULL ? a->person_uuid : slice_make(NULL, 0)), next);
}

static void fetch_begin(void *ctx)
{
	struct login *l = ctx;

	l->began_ms = loop_now_ms();
	if (!recall(l))
		load(l, fetched);
}

static bool is_usable(const struct login *l, const struct xdb_account *found)
{
	return account_is_named(&found->person, sasl_name(l->sasl))
	    && found->person.refusal == XDB_REFUSAL_NONE
	    && (found->profile.exists
	    ? found->profile.status == PROFILE_ACTIVE
	    : host.settings->ldap.provision == PROVISION_LOGIN);
}

/* Nobody is told who is in a group that can be read while another cannot: all
 * but its members try again later, be they right, wrong or unknown. */
static enum xdb_status admission_for(const struct login *l,
    const struct xdb_account *found)
{
	return admission_of(sasl_name(l->sasl), found != NULL
	    ? found->person.uuid : slice_make(NULL, 0));
}

/* What was proved, by verifiers or by a bind, while the password was changed may be the
 * old one; whoever tries again meets the new one.  A change of our own is counted
 * before the directory tells of it. */
static bool is_as_it_was(const struct login *l)
{
	const struct account *a = l->account;

	return a->barred == NULL && slice_eq(a->person_uuid, l->person.uuid)
	    && (!is_guess(l) || (a->password_turns == l->password_turns && slice_eq(
	    a->password_changed, l->person.password_changed)));
}

static void succeed(struct login *l, struct slice data)
{
	struct account *a = l->account;

	/* Proving it took a while. */
	if (!is_as_it_was(l)) {
		fail(l, SASL_FAIL_TEMPORARY, "changed-meanwhile");
		return;
	}
	if (admission_of(jid_local(&a->jid), a->person_uuid) != XDB_OK) {
		fail(l, SASL_FAIL_TEMPORARY, "groups");
		return;
	}
	l->account = NULL;
	if (is_guess(l))
		guesses_right(l->peer, sasl_name(l->sasl));
	l->events->success(l->ctx, a, data);
}

static void scram_answer(struct login *l, enum sasl_result r, struct buf *out)
{
	if (r == SASL_MORE)
		l->events->challenge(l->ctx, buf_slice(out));
	else if (r == SASL_DONE && l->account != NULL && !l->is_barred)
		succeed(l, buf_slice(out));
	else
		fail(l, r == SASL_DONE ? SASL_FAIL_NOT_AUTHORIZED : r, "scram");
}

static void scram_begin(struct login *l)
{
	struct buf out = { 0 };
	enum sasl_result r;

	l->is_begun = true;
	r = sasl_begin(l->sasl, l->scram, l->scram_n, &out);
	scram_answer(l, r, &out);
	buf_fini(&out);
}

/* The handshake has proved whose key it is, or Kerberos whose ticket. */
static void prove(struct login *l)
{
	enum sasl_result r = sasl_prove(l->sasl);

	if (r == SASL_DONE && (l->person.dn.n == 0 || l->is_barred))
		r = SASL_FAIL_NOT_AUTHORIZED;
	if (r == SASL_DONE)
		enter(l);
	else
		fail(l, r, l->is_barred ? "barred" : "unknown");
}

static void fetched(const struct xdb_result *res, void *ctx)
{
	struct login *l = ctx;
	const struct xdb_account *found = res->account;
	enum xdb_status admission;

	l->op = NULL;
	if (!is_told(res)) {
		complain(res);
		fail(l, SASL_FAIL_TEMPORARY, "directory");
		return;
	}
	admission = admission_for(l, found);
	if (admission == XDB_DOWN) {
		fail(l, SASL_FAIL_TEMPORARY, "groups");
		return;
	}
	pace_saw(loop_now_ms() - l->began_ms);
	if (res->status == XDB_OK) {
		l->is_barred = !is_usable(l, found) || admission != XDB_OK;
		l->must_change = found->person.refusal == XDB_MUST_CHANGE;
		person_keep(l, &found->person);
		l->needs_verifiers = found->profile.scram_n == 0;
		if (!l->is_barred && found->profile.exists)
			keep_account(l, account_enter(sasl_name(l->sasl),
			    found, l->as_of));
		if (!l->is_barred)
			scram_keep(l, found->profile.scram, found->profile.scram_n);
	}
	go_on(l);
}

static void paced(void *ctx)
{
	struct login *l = ctx;

	switch (sasl_kind(l->sasl)) {
	case SASL_PLAIN:
		plain_turn(l);
		break;
	case SASL_SCRAM:
		scram_begin(l);
		break;
	case SASL_EXTERNAL:
	case SASL_GSSAPI:
		prove(l);
		break;
	}
}

/* --- move 3, PLAIN ---------------------------------------------------------------- */

static void plain_may(void *ctx, bool may)
{
	struct login *l = ctx;

	if (may)
		plain_check(l);
	else
		fail(l, SASL_FAIL_TEMPORARY, "too-many-guesses");
}

/* Who guesses side by side waits for the verdicts: guesses.h. */
static void plain_turn(struct login *l)
{
	enum throttle_says says = guesses_begin(l->peer, sasl_name(l->sasl),
	    plain_may, l, &l->guess);

	if (says != THROTTLE_HOLD)
		plain_may(l, says == THROTTLE_GO);
}

/* One for each name: the store remembers wrong passwords by DN, and a second
 * try must take as long for somebody unknown as for everybody else. */
static struct slice decoy_dn(struct login *l)
{
	struct buf dn = { 0 };
	struct slice kept;

	buf_adds(&dn, "cn=nobody-");
	enc_hex(&dn, sasl_name(l->sasl));
	buf_addf(&dn, ",%s", host.settings->ldap.im_base);
	kept = slice_dup(&l->arena, buf_slice(&dn));
	buf_fini(&dn);
	return kept;
}

static void plain_bind(struct login *l, const struct xdb_person *who, bool is_sure)
{
	await(l, xdb_password_check(host.xdb, who, sasl_password(l->sasl),
	    is_sure), plain_checked);
}

/* Someone unknown costs a bind as well, of an entry that is not there. */
static struct xdb_person decoy(struct login *l)
{
	return (struct xdb_person){ .dn = decoy_dn(l),
		.uid = sasl_name(l->sasl) };
}

/* Right: whatever others guessed, the directory may be asked.  Wrong: that is no
 * verdict, for what we keep may be of an older password, of which nobody tells us
 * where slapd asks Kerberos ({SASL}); within the budget the directory has its say. */
static void plain_proved(bool fits, void *ctx)
{
	struct login *l = ctx;
	struct xdb_person who = l->person.dn.n != 0 ? l->person : decoy(l);

	l->proof = NULL;
	l->is_proved = fits;
	plain_bind(l, &who, fits);
}

/* Guessers go no further than the store's budget (LDAP-15), and who has logged in
 * before goes past it by what we keep ourselves: nobody locks a colleague out. */
static void plain_check(struct login *l)
{
	struct xdb_person who = l->person.dn.n != 0 ? l->person : decoy(l);

	if (xdb_password_doubts(host.xdb, &who) != 0)
		l->proof = proof_start(l->scram, l->scram_n,
		    sasl_password(l->sasl), plain_proved, l);
	if (l->proof == NULL)
		plain_bind(l, &who, false);
}

static void done(struct login *l)
{
	if (l->needs_verifiers && is_plain(l))
		verifiers_make(sasl_name(l->sasl), &l->person,
		    l->account->profile_dn, sasl_password(l->sasl));
	else if (is_plain(l) && l->scram_n != 0 && !l->is_proved
	    && !l->person.password_is_young)
		verifiers_compare(&l->person, l->account->profile_dn, l->scram,
		    l->scram_n, sasl_password(l->sasl));
	succeed(l, slice_make(NULL, 0));
}

/* The password is right, and is to be changed before anything else: whoever knows
 * it may hear that.  A bind says so (ppolicy's changeAfterReset), or a rule. */
static bool is_right_but_old(const struct login *l, const struct xdb_result *res)
{
	return (res->status == XDB_OK && l->must_change)
	    || (res->status == XDB_REFUSED && res->refusal == XDB_MUST_CHANGE);
}

static void plain_checked(const struct xdb_result *res, void *ctx)
{
	struct login *l = ctx;

	l->op = NULL;
	if (l->is_proved && l->account != NULL && res->status == XDB_REFUSED
	    && res->refusal == XDB_WRONG_PASSWORD)
		verifiers_drop(&l->person, l->account->profile_dn);
	if (is_weather(res->status)) {
		fail(l, SASL_FAIL_TEMPORARY, "directory");
	} else if (res->refusal == XDB_TOO_OFTEN) {
		fail(l, SASL_FAIL_TEMPORARY, "too-many-wrong-binds");
	} else if (is_right_but_old(l, res)) {
		fail(l, SASL_FAIL_EXPIRED, "must-change");
	} else if (res->status != XDB_OK || l->person.dn.n == 0
	    || l->is_barred) {
		fail(l, SASL_FAIL_NOT_AUTHORIZED,
		    res->status == XDB_OK ? "barred" : "password");
	} else {
		enter(l);
	}
}

/* --- in ----------------------------------------------------------------------------- */

static void enter(struct login *l)
{
	struct jid jid;

	if (l->account != NULL) {
		done(l);
		return;
	}
	jid = host_account_jid(&l->arena, sasl_name(l->sasl));
	await(l, xdb_profile_create(host.xdb, &l->person, jid_bare(&jid)),
	    profile_made);
}

/* CONFLICT: the address is another profile's, and trying again will not help; the
 * store's log says what will. */
static void profile_made(const struct xdb_result *res, void *ctx)
{
	struct login *l = ctx;

	l->op = NULL;
	if (res->status == XDB_CONFLICT)
		fail(l, SASL_FAIL_DISABLED, "address-of-another-profile");
	else if (res->status != XDB_OK)
		fail(l, SASL_FAIL_TEMPORARY, "profile-not-made");
	else
		load(l, profile_loaded);
}

static void profile_loaded(const struct xdb_result *res, void *ctx)
{
	struct login *l = ctx;

	l->op = NULL;
	if (res->status != XDB_OK || !res->account->profile.exists) {
		fail(l, SASL_FAIL_TEMPORARY, "profile-not-found");
		return;
	}
	keep_account(l, account_enter(sasl_name(l->sasl), res->account, l->as_of));
	done(l);
}

/* --- move 3, SCRAM ---------------------------------------------------------------- */

void login_response(struct login *l, struct slice response)
{
	struct buf out = { 0 };

	if (!l->is_begun && sasl_name(l->sasl).n == 0) {
		looked(l, sasl_first(l->sasl, response));
		return;
	}
	if (sasl_kind(l->sasl) == SASL_GSSAPI) {
		run(l, response);
		return;
	}
	if (sasl_kind(l->sasl) != SASL_SCRAM) {
		fail(l, SASL_FAIL_MALFORMED, "second-response");
		return;
	}
	/* Others may have been wrong since the first message. */
	if (is_spent(l))
		return;
	scram_answer(l, sasl_step(l->sasl, response, &out), &out);
	buf_fini(&out);
}
