/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/account.c — what is done to accounts, by page or by API. */
#include "admin-web/account.h"

#include "admin-web/api.h"
#include "admin-web/auth.h"
#include "admin-web/login.h"
#include "admin-web/removal.h"
#include "admin-web/web.h"
#include "base/crypto.h"
#include "base/enc.h"

enum { TOKEN_BYTES = 32 };

/* --- making one ------------------------------------------------------------------------ */

struct making {
	struct account_wish wish;
	const char *local;
	struct person *person;
	bool is_new_person;
	account_made_fn *then;
};

static void make_loaded(struct exchange *x, const struct xdb_result *res);
static void make_looked(struct exchange *x, const struct xdb_result *res);
static void make_person_made(struct exchange *x, const struct xdb_result *res);
static void make_person_loaded(struct exchange *x, const struct xdb_result *res);
static void make_password(struct exchange *x);
static void make_password_set(struct exchange *x, const struct xdb_result *res);
static void make_profile(struct exchange *x);
static void make_profile_made(struct exchange *x, const struct xdb_result *res);
static void make_renewed(struct exchange *x);
static void make_linked(struct exchange *x, const char *link);

static void make_ends(struct exchange *x, unsigned status, enum text why)
{
	struct making *m = x->act;
	struct account_made made = { .status = status, .why = why };

	audit(x, "account-create", m->wish.uid, status == 409 ? "exists" : "refused");
	m->then(x, &made);
}

/* Up to 255 characters, as the description says and browsers count; whether it
 * may be empty is not decided here. */
static void check_text(struct exchange *x, struct slice s, const char *field)
{
	if (input_characters(s) > 255 || !input_is_text(s, false))
		exchange_fault(x, field, T_BAD_TEXT);
	else if (s.n != 0 && input_is_blank(s))
		exchange_fault(x, field, T_BLANK);
}

/* The store's rule, in the words of whoever reads it. */
static void check_password(struct exchange *x, struct slice password)
{
	switch (xdb_password_fault(password)) {
	case XDB_PASSWORD_GOOD:
		return;
	case XDB_PASSWORD_SHORT:
		exchange_fault(x, "password", T_PASSWORD_SHORT);
		return;
	case XDB_PASSWORD_ODD:
		exchange_fault(x, "password", T_PASSWORD_BAD);
		return;
	}
}

void account_wish_check(struct exchange *x, const struct account_wish *wish)
{
	check_text(x, wish->given_name, "givenName");
	check_text(x, wish->sn, "sn");
	check_text(x, wish->mail, "mail");
	if (wish->mail.n != 0 && !input_is_mail(wish->mail))
		exchange_fault(x, "mail", T_BAD_MAIL);
	if (wish->password.p != NULL)
		check_password(x, wish->password);
}

void account_make(struct exchange *x, const struct account_wish *wish,
    account_made_fn *then)
{
	struct making *m = ARENA_NEW(&x->arena, struct making);

	m->wish = *wish;
	m->then = then;
	m->local = input_local_part(&x->arena, wish->uid);
	x->act = m;
	if (wish->uid.n == 0)
		exchange_fault(x, "uid", T_MISSING);
	else if (m->local == NULL)
		exchange_fault(x, "uid", T_BAD_UID);
	account_wish_check(x, wish);
	if (x->fault_n != 0)
		make_ends(x, 422, T_MEMBERS_BAD);
	else
		exchange_await(x, xdb_account_load(x->web->db,
		    slice_of(m->local)), make_loaded);
}

/* A person is to be made: is that allowed, and is all there that it needs? */
static bool may_make_person(struct exchange *x, const struct making *m)
{
	if (!x->web->settings->web.people_create || m->wish.is_for_known_person) {
		exchange_fault(x, "uid", T_PERSON_UNKNOWN);
		return false;
	}
	if (m->wish.sn.n == 0)
		exchange_fault(x, "sn", T_MISSING);
	if (m->wish.mail.n == 0)
		exchange_fault(x, "mail", T_MISSING);
	return x->fault_n == 0;
}

static void make_loaded(struct exchange *x, const struct xdb_result *res)
{
	struct making *m = x->act;

	if (res->status == XDB_OK && res->account->profile.exists) {
		exchange_fault(x, "uid", T_ACCOUNT_EXISTS);
		make_ends(x, 409, T_ACCOUNT_EXISTS);
	} else if (res->status == XDB_OK) {
		m->person = person_of(x, res->account);
		exchange_detach(x);
		make_password(x);
	} else if (res->status != XDB_ABSENT) {
		exchange_fail_xdb(x, res->status);
	} else if (!may_make_person(x, m)) {
		make_ends(x, 422, T_MEMBERS_BAD);
	} else {
		exchange_await(x, xdb_orphan_list(x->web->db, slice_make(NULL, 0),
		    slice_of(exchange_printf(x, "%s@%s", m->local,
		    x->web->settings->server.domain)), 1), make_looked);
	}
}

/* Nobody is made who could not have the address. */
static void make_looked(struct exchange *x, const struct xdb_result *res)
{
	struct making *m = x->act;
	struct xdb_person_change is = { m->wish.given_name, m->wish.sn, m->wish.mail };

	if (res->status != XDB_OK) {
		exchange_fail_xdb(x, res->status);
	} else if (res->n != 0) {
		exchange_fault(x, "uid", T_ADDRESS_TAKEN);
		make_ends(x, 409, T_ADDRESS_TAKEN);
	} else {
		exchange_detach(x);
		m->is_new_person = true;
		exchange_await(x, xdb_person_create(x->web->db,
		    x->web->settings->web.people_create_base, slice_of(m->local),
		    &is), make_person_made);
	}
}

static void make_person_made(struct exchange *x, const struct xdb_result *res)
{
	struct making *m = x->act;

	if (res->status != XDB_OK) {
		audit(x, "person-create", m->wish.uid, xdb_status_text(res->status));
		exchange_fail_xdb(x, res->status);
		return;
	}
	audit(x, "person-create", m->wish.uid, "done");
	exchange_await(x, xdb_account_load(x->web->db, slice_of(m->local)),
	    make_person_loaded);
}

static void make_person_loaded(struct exchange *x, const struct xdb_result *res)
{
	struct making *m = x->act;

	if (res->status == XDB_ABSENT) {
		/* It is there, but the filter of [ldap] people_filter hides it. */
		exchange_fail(x, 500, T_PERSON_HIDDEN);
	} else if (res->status != XDB_OK) {
		exchange_fail_xdb(x, res->status);
	} else {
		m->person = person_of(x, res->account);
		make_password(x);
	}
}

/* Before the profile: a password that the directory does not take leaves no
 * account behind. */
static void make_password(struct exchange *x)
{
	struct making *m = x->act;

	if (m->wish.password.p == NULL)
		make_profile(x);
	else
		exchange_await(x, xdb_password_set(x->web->db, m->person->dn,
		    m->wish.password), make_password_set);
}

static void make_password_set(struct exchange *x, const struct xdb_result *res)
{
	if (res->status == XDB_OK) {
		make_profile(x);
	} else if (res->status == XDB_REFUSED) {
		exchange_fault(x, "password", T_PASSWORD_REFUSED);
		make_ends(x, 422, T_PASSWORD_REFUSED);
	} else {
		exchange_fail_xdb(x, res->status);
	}
}

static void make_profile(struct exchange *x)
{
	struct making *m = x->act;
	struct xdb_person person = {
		.dn = m->person->dn, .uuid = m->person->uuid,
		.uid = slice_of(m->person->uid),
	};

	exchange_await(x, xdb_profile_create(x->web->db, &person,
	    slice_of(m->person->jid)), make_profile_made);
}

static void make_profile_made(struct exchange *x, const struct xdb_result *res)
{
	struct making *m = x->act;

	if (res->status == XDB_CONFLICT) {
		exchange_fault(x, "uid", T_ADDRESS_TAKEN);
		make_ends(x, 409, T_ADDRESS_TAKEN);
		return;
	}
	if (res->status != XDB_OK) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	m->person->has_account = true;
	m->person->status = PROFILE_ACTIVE;
	audit(x, "account-create", m->wish.uid, "done");
	if (m->wish.password.p != NULL)
		account_renewed(x, m->local, m->wish.password, make_renewed);
	else if (m->is_new_person)
		account_link(x, m->person, make_linked);
	else
		make_linked(x, NULL);
}

static void make_renewed(struct exchange *x)
{
	make_linked(x, NULL);
}

static void make_linked(struct exchange *x, const char *link)
{
	struct making *m = x->act;
	struct account_made made = { .status = 201, .person = m->person,
		.link = link };

	m->then(x, &made);
}

/* --- the activation link ------------------------------------------------------------------ */

struct linking {
	const char *link;
	account_link_fn *then;
	void *outer;                    /* notes of the act this is part of */
};

void account_token_hash(struct slice token, struct buf *out)
{
	unsigned char hash[32];

	crypto_digest(HASH_SHA256, token, hash);
	enc_hex(out, slice_make(hash, sizeof hash));
}

static void link_stored(struct exchange *x, const struct xdb_result *res)
{
	struct linking *l = x->act;

	x->act = l->outer;
	if (res->status == XDB_OK)
		l->then(x, l->link);
	else
		exchange_fail_xdb(x, res->status);
}

void account_link(struct exchange *x, const struct person *p,
    account_link_fn *then)
{
	struct linking *l = ARENA_NEW(&x->arena, struct linking);
	struct buf token = { 0 }, hash = { 0 };
	struct xdb_request request = {
		.person_dn = p->dn, .uid = slice_of(p->uid),
		.expires_s = wall_now_ms() / 1000 + LINK_DAYS * 86400,
	};

	exchange_detach(x);
	crypto_token(&token, TOKEN_BYTES);
	account_token_hash(buf_slice(&token), &hash);
	request.token_hash = buf_slice(&hash);
	l->link = exchange_printf(x, "%s/activate/%s", x->web->settings->web.url,
	    buf_cstr(&token));
	l->then = then;
	l->outer = x->act;
	x->act = l;
	audit(x, "activation-link", slice_of(p->uid), "made");
	exchange_await(x, xdb_request_create(x->web->db, &request), link_stored);
	buf_wipe(&token);
	buf_fini(&hash);
}

/* --- changes ---------------------------------------------------------------------------------- */

struct changing {
	const char *uid, *action, *reason;      /* reason NULL: streams stay */
	exchange_fn *then;
	void *outer;                    /* notes of the act this is part of */
};

static void close_heard(struct exchange *x, const json_t *answer)
{
	struct changing *c = x->act;

	(void)answer;           /* control.c logged it if there was none */
	x->act = c->outer;
	c->then(x);
}

void account_close(struct exchange *x, const char *uid, const char *reason,
    exchange_fn *then)
{
	struct changing *c = ARENA_NEW(&x->arena, struct changing);

	c->then = then;
	x->act = c;
	exchange_ask(x, json_pack("{s:s, s:o, s:s}", "op", "close-account",
	    "uid", api_text(slice_of(uid)), "reason", reason), close_heard);
}

void account_proved(struct exchange *x, struct slice password, exchange_fn *then)
{
	struct changing *c = ARENA_NEW(&x->arena, struct changing);

	c->then = then;
	c->outer = x->act;
	x->act = c;
	exchange_ask(x, json_pack("{s:s, s:o, s:o}", "op", "password-proved",
	    "uid", api_text(slice_of(x->who.uid)), "password",
	    api_text(password)), close_heard);
}

void account_renewed(struct exchange *x, const char *uid, struct slice password,
    exchange_fn *then)
{
	struct changing *c = ARENA_NEW(&x->arena, struct changing);

	basic_forget_person(x->web->basic, uid);
	logins_end_person(x->web->logins, uid);
	c->then = then;
	c->outer = x->act;
	x->act = c;
	exchange_ask(x, json_pack("{s:s, s:o, s:o}", "op", "password-changed",
	    "uid", api_text(slice_of(uid)), "password", api_text(password)),
	    close_heard);
}

static void change_stored(struct exchange *x, const struct xdb_result *res)
{
	struct changing *c = x->act;

	audit(x, c->action, slice_of(c->uid), xdb_status_text(res->status));
	basic_forget_person(x->web->basic, c->uid);
	if (res->status != XDB_OK)
		exchange_fail_xdb(x, res->status);
	else if (c->reason == NULL)
		c->then(x);
	else
		account_close(x, c->uid, c->reason, c->then);
}

static struct changing *change_new(struct exchange *x, const struct person *p,
    exchange_fn *then)
{
	struct changing *c = ARENA_NEW(&x->arena, struct changing);

	c->uid = p->local != NULL ? p->local : p->uid;
	c->then = then;
	x->act = c;
	exchange_detach(x);
	return c;
}

void account_set_status(struct exchange *x, struct person *p,
    enum xdb_profile_status status, exchange_fn *then)
{
	struct changing *c = change_new(x, p, then);

	c->action = status == PROFILE_ACTIVE ? "account-activate" : "account-suspend";
	c->reason = status == PROFILE_ACTIVE ? NULL : "suspended";
	p->status = status;
	exchange_await(x, xdb_profile_set_status(x->web->db, p->profile_dn,
	    status), change_stored);
}

static void account_removed(struct exchange *x)
{
	struct changing *c = x->act;

	basic_forget_person(x->web->basic, c->uid);
	c->then(x);
}

/* Its streams end when it is marked, before its contacts are told. */
void account_delete(struct exchange *x, struct person *p, exchange_fn *then)
{
	struct changing *c = change_new(x, p, then);

	removal_start(x, &(struct removal_of){ .action = "account-delete",
	    .target = slice_of(c->uid), .uuid = p->uuid,
	    .profile_dn = p->profile_dn }, account_removed);
}
