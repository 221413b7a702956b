/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/auth.c — name and password against the directory. */
#include "admin-web/auth.h"

#include <strings.h>

#include "admin-web/web.h"
#include "base/throttle.h"

struct checking {
	const char *name;               /* canonical, NULL: cannot be one */
	struct slice typed;             /* what the throttle counts */
	char *password;                 /* in the arena; wiped */
	size_t password_n;
	auth_fn *then;
	bool may_try;                   /* its turn has come */
	bool must_change;               /* a rule says so; a bind may say so too */
};

static void check_loaded(struct exchange *x, const struct xdb_result *res);
static void check_bound(struct exchange *x, const struct xdb_result *res);
static void check_is_admin(struct exchange *x, bool is_known);

/* x->data belongs to the handler; these steps come before it. */
static struct checking *checking(struct exchange *x)
{
	return x->data;
}

static void check_ends(struct exchange *x, enum auth_outcome outcome)
{
	struct checking *c = checking(x);

	explicit_bzero(c->password, c->password_n);
	throttle_end(&x->guess);
	if (outcome != AUTH_GOOD && outcome != AUTH_MUST_CHANGE)
		x->who = (struct who){ 0 };
	x->data = NULL;
	c->then(x, outcome);
}

static void check_waited(struct exchange *x)
{
	check_ends(x, AUTH_WRONG);
}

static void check_fails(struct exchange *x, const char *why)
{
	struct checking *c = checking(x);
	int64_t took = loop_now_ms() - x->began_ms;

	throttle_failed(x->web->throttle, x->address, c->typed, loop_now_ms());
	throttle_end(&x->guess);        /* nobody waits for the pause */
	audit(x, "sign-in", c->typed, why);
	exchange_pause(x, took < AUTH_SLOW_MS ? AUTH_SLOW_MS - took : 0, check_waited);
}

/* "lucia" or "lucia@our.domain". */
static const char *name_of(struct exchange *x, struct slice typed)
{
	struct slice local, domain;

	if (slice_cut(typed, '@', &local, &domain)
	    && !slice_eq_nocase(domain, slice_of(x->web->settings->server.domain)))
		return NULL;
	return input_local_part(&x->arena, local);
}

static void check_begin(struct exchange *x)
{
	struct checking *c = checking(x);
	struct slice password = slice_make(c->password, c->password_n);

	if (!c->may_try) {
		audit(x, "sign-in", c->typed, "throttled");
		check_ends(x, AUTH_WAIT);
	} else if (c->name == NULL || password.n == 0 || password.n > 1024
	    || memchr(password.p, '\0', password.n) != NULL) {
		check_fails(x, "malformed");
	} else {
		exchange_await(x, xdb_account_load(x->web->db,
		    slice_of(c->name)), check_loaded);
	}
}

static void check_may(void *ctx, bool may)
{
	struct exchange *x = ctx;

	checking(x)->may_try = may;
	exchange_wake(x);
}

void auth_check(struct exchange *x, struct slice name, struct slice password,
    auth_fn *then)
{
	struct checking *c = ARENA_NEW(&x->arena, struct checking);
	enum throttle_says says;

	c->typed = slice_dup(&x->arena, slice_trim(name));
	c->name = name_of(x, c->typed);
	if (c->name != NULL)            /* one budget however it is written */
		c->typed = slice_of(c->name);
	c->password = arena_dup(&x->arena, password.p, password.n);
	c->password_n = password.n;
	c->then = then;
	x->data = c;
	says = throttle_begin(x->web->throttle, x->address, c->typed, check_may,
	    x, &x->guess);
	c->may_try = says == THROTTLE_GO;
	if (says == THROTTLE_HOLD)
		exchange_hold(x, check_begin);
	else
		check_begin(x);
}

static void who_is(struct exchange *x, const struct xdb_person *p)
{
	x->who.dn = slice_dup(&x->arena, p->dn);
	x->who.uuid = slice_dup(&x->arena, p->uuid);
	x->who.password_changed = slice_dup(&x->arena, p->password_changed);
	x->who.name = slice_cstr(&x->arena, p->display_name.n != 0
	    ? p->display_name : p->cn);
}

static void check_loaded(struct exchange *x, const struct xdb_result *res)
{
	const struct xdb_person *p;
	struct checking *c = checking(x);

	if (res->status == XDB_ABSENT) {
		check_fails(x, "unknown");
		return;
	}
	if (res->status != XDB_OK) {
		check_ends(x, AUTH_DOWN);
		return;
	}
	p = &res->account->person;
	c->must_change = p->refusal == XDB_MUST_CHANGE;
	if ((p->refusal != XDB_REFUSAL_NONE && !c->must_change)
	    || !slice_eq_nocase(p->uid, slice_of(c->name))) {
		check_fails(x, "refused-account");
		return;
	}
	x->who.uid = c->name;
	who_is(x, p);
	exchange_await(x, xdb_password_check(x->web->db, p,
	    slice_make(c->password, c->password_n), false), check_bound);
}

static void check_bound(struct exchange *x, const struct xdb_result *res)
{
	struct checking *c = checking(x);

	if ((res->status == XDB_OK && c->must_change)
	    || (res->status == XDB_REFUSED && res->refusal == XDB_MUST_CHANGE)) {
		throttle_passed(x->web->throttle, x->address, c->typed);
		audit(x, "sign-in", c->typed, "must-change");
		check_ends(x, AUTH_MUST_CHANGE);
	} else if (res->refusal == XDB_TOO_OFTEN) {
		x->who = (struct who){ 0 };
		audit(x, "sign-in", c->typed, "too-many-wrong");
		check_ends(x, AUTH_WAIT);
	} else if (res->status == XDB_REFUSED || res->status == XDB_ABSENT) {
		x->who = (struct who){ 0 };
		check_fails(x, res->refusal == XDB_WRONG_PASSWORD
		    ? "wrong-password" : "refused");
	} else if (res->status != XDB_OK) {
		check_ends(x, AUTH_DOWN);
	} else {
		throttle_passed(x->web->throttle, x->address, c->typed);
		auth_admin(x, check_is_admin);
	}
}

static void check_is_admin(struct exchange *x, bool is_known)
{
	if (is_known)
		audit(x, "sign-in", slice_of(x->who.uid),
		    x->who.is_admin ? "administrator" : "person");
	check_ends(x, is_known ? AUTH_GOOD : AUTH_DOWN);
}

/* --- is this an administrator? ------------------------------------------------------ */

struct asking { auth_admin_fn *then; void *data; };

static void admin_answered(struct exchange *x, const struct xdb_result *res)
{
	struct asking *a = x->data;

	x->data = a->data;
	x->who.is_admin = res->status == XDB_OK;
	a->then(x, res->status == XDB_OK || res->status == XDB_ABSENT);
}

static void nobody_is(struct exchange *x)
{
	struct asking *a = x->data;

	x->data = a->data;
	x->who.is_admin = false;
	a->then(x, true);
}

void auth_admin(struct exchange *x, auth_admin_fn *then)
{
	const char *group = x->web->settings->web.admin_group;
	struct asking *a = ARENA_NEW(&x->arena, struct asking);

	a->then = then;
	a->data = x->data;
	x->data = a;
	if (*group == '\0')             /* no group set: nobody administers */
		exchange_pause(x, 0, nobody_is);
	else
		exchange_await(x, xdb_group_has(x->web->db, slice_of(group),
		    x->who.dn, slice_of(x->who.uid)), admin_answered);
}

/* --- does it still hold? ------------------------------------------------------------- */

struct again { auth_again_fn *then; void *data; };

static void again_ends(struct exchange *x, enum auth_standing standing)
{
	struct again *a = x->data;

	x->data = a->data;
	a->then(x, standing);
}

static void again_admin(struct exchange *x, bool is_known)
{
	again_ends(x, is_known ? AUTH_STANDS : AUTH_UNKNOWN);
}

static void again_loaded(struct exchange *x, const struct xdb_result *res)
{
	const struct xdb_person *p;

	if (res->status != XDB_OK) {
		again_ends(x, res->status == XDB_ABSENT ? AUTH_FALLEN
		    : AUTH_UNKNOWN);
		return;
	}
	p = &res->account->person;
	if (p->refusal != XDB_REFUSAL_NONE || !slice_eq(p->uuid, x->who.uuid)
	    || !slice_eq(p->password_changed, x->who.password_changed)
	    || !slice_eq_nocase(p->uid, slice_of(x->who.uid))) {
		audit(x, "signed-in", slice_of(x->who.uid), "over");
		again_ends(x, AUTH_FALLEN);
		return;
	}
	who_is(x, p);
	auth_admin(x, again_admin);
}

void auth_again(struct exchange *x, auth_again_fn *then)
{
	struct again *a = ARENA_NEW(&x->arena, struct again);

	a->then = then;
	a->data = x->data;
	x->data = a;
	exchange_await(x, xdb_account_load(x->web->db, slice_of(x->who.uid)),
	    again_loaded);
}
