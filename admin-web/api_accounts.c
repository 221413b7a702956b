/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/api_accounts.c — /api/v1/accounts. */
#include "admin-web/account.h"
#include "admin-web/api.h"
#include "admin-web/api_routes.h"
#include "admin-web/web.h"

enum { LIMIT = 50, LIMIT_MOST = 500, SEARCH_MOST = 1000 };

/* --- list ------------------------------------------------------------------------- */

struct listing { unsigned limit, offset; };

static void list_found(struct exchange *x, const struct xdb_result *res)
{
	struct listing *l = x->data;
	json_t *accounts;
	unsigned seen = 0;
	bool is_cut = res->is_cut;

	if (res->status != XDB_OK && res->status != XDB_ABSENT) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	accounts = json_array();
	for (size_t i = 0; res->status == XDB_OK && i < res->n; i++) {
		if (!res->accounts[i].profile.exists || seen++ < l->offset)
			continue;
		if (json_array_size(accounts) == l->limit) {
			is_cut = true;
			break;
		}
		json_array_append_new(accounts,
		    person_json(person_of(x, &res->accounts[i])));
	}
	api_answer(x, 200, json_pack("{s:o, s:b}", "accounts", accounts,
	    "isCut", is_cut));
}

void api_accounts_list(struct exchange *x)
{
	struct listing *l = ARENA_NEW(&x->arena, struct listing);

	x->data = l;
	if (api_query_number(x, "limit", LIMIT, LIMIT_MOST, &l->limit)
	    && api_query_number(x, "offset", 0, SEARCH_MOST, &l->offset))
		exchange_await(x, xdb_people_search(x->web->db,
		    form_get(&x->query, "q"), SEARCH_MOST), list_found);
}

/* --- create ------------------------------------------------------------------------- */

static void created(struct exchange *x, const struct account_made *made)
{
	json_t *o;

	if (made->status != 201) {
		exchange_fail(x, made->status, made->why);
		return;
	}
	o = person_json(made->person);
	if (made->link != NULL)
		json_object_set_new(o, "activationLink", json_string(made->link));
	reply_header(x, "Location", exchange_printf(x, "/api/v1/accounts/%s",
	    made->person->local));
	api_answer(x, 201, o);
}

void api_accounts_create(struct exchange *x)
{
	struct account_wish wish = { 0 };
	struct slice *password = &wish.password;
	const struct api_member members[] = {
		{ .name = "uid", .is_required = true, .text_r = &wish.uid },
		{ .name = "givenName", .text_r = &wish.given_name },
		{ .name = "sn", .text_r = &wish.sn },
		{ .name = "mail", .text_r = &wish.mail },
		{ .name = "password", .text_r = password },
	};

	if (api_read(x, members, COUNT(members)))
		account_make(x, &wish, created);
}

/* --- one ---------------------------------------------------------------------------- */

static bool has_account_or_fail(struct exchange *x, const struct person *p)
{
	if (!p->has_account)
		exchange_fail(x, 404, T_NO_ACCOUNT);
	return p->has_account;
}

static void get_found(struct exchange *x, struct person *p)
{
	if (has_account_or_fail(x, p))
		api_answer(x, 200, person_json(p));
}

void api_account_get(struct exchange *x)
{
	person_find(x, x->param[0], get_found);
}

static void deleted(struct exchange *x)
{
	api_answer(x, 204, NULL);
}

static void delete_found(struct exchange *x, struct person *p)
{
	if (has_account_or_fail(x, p))
		account_delete(x, p, deleted);
}

void api_account_delete(struct exchange *x)
{
	person_find(x, x->param[0], delete_found);
}

/* --- change: person, then password, then status, each if asked for ---------------------- */

struct change {
	struct account_wish wish;
	struct slice status;
	struct person *person;
};

static void check_not_empty(struct exchange *x, struct slice s, const char *field);
static void change_found(struct exchange *x, struct person *p);
static void change_named(struct exchange *x, const struct xdb_result *res);
static void change_password(struct exchange *x);
static void change_password_set(struct exchange *x, const struct xdb_result *res);
static void change_status(struct exchange *x);
static void change_ends(struct exchange *x);

void api_account_change(struct exchange *x)
{
	struct change *c = ARENA_NEW(&x->arena, struct change);
	const struct api_member members[] = {
		{ .name = "status", .text_r = &c->status },
		{ .name = "givenName", .text_r = &c->wish.given_name },
		{ .name = "sn", .text_r = &c->wish.sn },
		{ .name = "mail", .text_r = &c->wish.mail },
		{ .name = "password", .text_r = &c->wish.password },
	};

	x->data = c;
	if (!api_read(x, members, COUNT(members)))
		return;
	if (c->status.p != NULL && !slice_is(c->status, "active")
	    && !slice_is(c->status, "suspended"))
		exchange_fault(x, "status", T_BAD_STATUS);
	check_not_empty(x, c->wish.given_name, "givenName");
	check_not_empty(x, c->wish.sn, "sn");
	check_not_empty(x, c->wish.mail, "mail");
	account_wish_check(x, &c->wish);
	if (x->fault_n != 0)
		exchange_fail(x, 422, T_MEMBERS_BAD);
	else
		person_find(x, x->param[0], change_found);
}

/* What a person is called is changed here, not taken away. */
static void check_not_empty(struct exchange *x, struct slice s, const char *field)
{
	if (s.p != NULL && s.n == 0)
		exchange_fault(x, field, T_MISSING);
}

static void change_found(struct exchange *x, struct person *p)
{
	struct change *c = x->data;
	struct xdb_person_change is = { c->wish.given_name, c->wish.sn, c->wish.mail };

	if (!has_account_or_fail(x, p))
		return;
	c->person = p;
	exchange_detach(x);
	if (is.given_name.n != 0 || is.sn.n != 0 || is.mail.n != 0)
		exchange_await(x, xdb_person_change(x->web->db, p->dn, &is),
		    change_named);
	else
		change_password(x);
}

static void change_named(struct exchange *x, const struct xdb_result *res)
{
	struct change *c = x->data;

	audit(x, "person-change", slice_of(c->person->uid),
	    xdb_status_text(res->status));
	if (res->status == XDB_REFUSED)
		exchange_fail(x, 403, T_PERSON_READ_ONLY);
	else if (res->status != XDB_OK)
		exchange_fail_xdb(x, res->status);
	else
		change_password(x);
}

static void change_password(struct exchange *x)
{
	struct change *c = x->data;

	if (c->wish.password.p == NULL)
		change_status(x);
	else
		exchange_await(x, xdb_password_set(x->web->db, c->person->dn,
		    c->wish.password), change_password_set);
}

static void change_password_set(struct exchange *x, const struct xdb_result *res)
{
	struct change *c = x->data;

	audit(x, "password-set", slice_of(c->person->uid),
	    xdb_status_text(res->status));
	if (res->status == XDB_OK) {
		account_renewed(x, c->person->local != NULL ? c->person->local
		    : c->person->uid, c->wish.password, change_status);
	} else if (res->status == XDB_REFUSED) {
		exchange_fault(x, "password", T_PASSWORD_REFUSED);
		exchange_fail(x, 422, T_PASSWORD_REFUSED);
	} else {
		exchange_fail_xdb(x, res->status);
	}
}

static void change_status(struct exchange *x)
{
	struct change *c = x->data;

	if (c->status.p == NULL)
		change_ends(x);
	else
		account_set_status(x, c->person, slice_is(c->status, "active")
		    ? PROFILE_ACTIVE : PROFILE_SUSPENDED, change_ends);
}

/* The answer shows what the directory has now, not what we believe. */
static void change_ends(struct exchange *x)
{
	person_find(x, x->param[0], get_found);
}
