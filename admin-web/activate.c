/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/activate.c — a person opens their activation link and chooses the
 * first password, typed twice.
 *
 * The request goes before the password is set, so that two browsers cannot use
 * one link; if the directory then does not take the password, the request
 * comes back.  256 random bits need no throttle. */
#include "admin-web/account.h"
#include "admin-web/layout.h"
#include "admin-web/pages.h"
#include "admin-web/password.h"
#include "admin-web/web.h"

struct activation {
	struct xdb_request request;     /* in the arena */
	const char *jid;
};

typedef void activation_fn(struct exchange *x, struct activation *a);

/* --- finding the request ---------------------------------------------------------------- */

struct finding { activation_fn *then; };

static void show_dead(struct exchange *x)
{
	struct page p;

	audit(x, "activate", slice_of("-"), "no-such-link");
	x->reply.status = 404;
	layout_begin_card(x, &p, say(x, T_LINK_DEAD));
	part_text(&p, NULL, say(x, T_LINK_DEAD_HELP));
	part_link(&p, "button", "/", say(x, T_GO_HOME));
	layout_end(x, &p);
}

static void request_loaded(struct exchange *x, const struct xdb_result *res)
{
	struct finding *find = x->act;
	struct activation *a;
	const char *local;

	if (res->status == XDB_ABSENT || (res->status == XDB_OK
	    && res->request->expires_s <= wall_now_ms() / 1000)) {
		show_dead(x);
		return;
	}
	if (res->status != XDB_OK) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	a = ARENA_NEW(&x->arena, struct activation);
	a->request.dn = slice_dup(&x->arena, res->request->dn);
	a->request.token_hash = slice_dup(&x->arena, res->request->token_hash);
	a->request.person_dn = slice_dup(&x->arena, res->request->person_dn);
	a->request.uid = slice_dup(&x->arena, res->request->uid);
	a->request.expires_s = res->request->expires_s;
	local = input_local_part(&x->arena, a->request.uid);
	a->jid = exchange_printf(x, "%s@%s", local != NULL ? local
	    : slice_cstr(&x->arena, a->request.uid),
	    x->web->settings->server.domain);
	find->then(x, a);
}

static void request_find(struct exchange *x, activation_fn *then)
{
	struct finding *find = ARENA_NEW(&x->arena, struct finding);
	struct buf hash = { 0 };

	find->then = then;
	x->act = find;
	account_token_hash(x->param[0], &hash);
	exchange_await(x, xdb_request_load(x->web->db, buf_slice(&hash)),
	    request_loaded);
	buf_fini(&hash);
}

/* --- the form ------------------------------------------------------------------------------ */

static void show_form(struct exchange *x, struct activation *a)
{
	struct page p;

	layout_begin_card(x, &p, say(x, T_WELCOME));
	if (x->fault_n != 0)
		part_alert(&p, say(x, T_FORM_FAULTS));
	part_text(&p, NULL, say(x, T_WELCOME_HELP));
	page_leaf_cstr(&p, "p", "address", a->jid);
	form_begin(x, &p, exchange_path(x, "/activate/", x->param[0]), "stack");
	/* For password managers: whose password this is. */
	page_open(&p, "input");
	page_attr_cstr(&p, "type", "text");
	page_attr_cstr(&p, "name", "name");
	page_attr_cstr(&p, "value", a->jid);
	page_attr_cstr(&p, "autocomplete", "username");
	page_attr_cstr(&p, "aria-label", say(x, T_USER_NAME));
	page_flag(&p, "readonly");
	page_flag(&p, "hidden");
	page_close(&p);
	password_fields(x, &p, true);
	form_button(&p, "button main", say(x, T_SET_PASSWORD));
	page_close(&p);
	layout_end(x, &p);
}

void page_activate(struct exchange *x)
{
	request_find(x, show_form);
}

/* --- choosing the password -------------------------------------------------------------------- */

static void choose_found(struct exchange *x, struct activation *a);
static void choose_request_gone(struct exchange *x, const struct xdb_result *res);
static void choose_set(struct exchange *x, const struct xdb_result *res);
static void choose_restored(struct exchange *x, const struct xdb_result *res);
static void choose_ends(struct exchange *x);

void post_activate(struct exchange *x)
{
	request_find(x, choose_found);
}

static void choose_found(struct exchange *x, struct activation *a)
{
	x->data = a;
	if (!password_is_chosen(x)) {
		x->reply.status = 422;
		show_form(x, a);
		return;
	}
	exchange_detach(x);
	exchange_await(x, xdb_request_delete(x->web->db, a->request.dn),
	    choose_request_gone);
}

static void choose_request_gone(struct exchange *x, const struct xdb_result *res)
{
	struct activation *a = x->data;

	if (res->status == XDB_ABSENT)
		show_dead(x);           /* another browser was first */
	else if (res->status != XDB_OK)
		exchange_fail_xdb(x, res->status);
	else
		exchange_await(x, xdb_password_set(x->web->db,
		    a->request.person_dn, form_get_exact(&x->form, "password")),
		    choose_set);
}

static void choose_set(struct exchange *x, const struct xdb_result *res)
{
	struct activation *a = x->data;

	audit(x, "activate", a->request.uid, xdb_status_text(res->status));
	if (res->status == XDB_OK) {
		account_renewed(x, slice_cstr(&x->arena, a->request.uid),
		    form_get_exact(&x->form, "password"), choose_ends);
		return;
	}
	exchange_fault(x, "password", res->status == XDB_REFUSED
	    ? T_PASSWORD_REFUSED : T_DIRECTORY_DOWN);
	x->reply.status = res->status == XDB_REFUSED ? 422 : 503;
	exchange_await(x, xdb_request_create(x->web->db, &a->request),
	    choose_restored);
}

static void choose_restored(struct exchange *x, const struct xdb_result *res)
{
	if (res->status == XDB_OK)
		show_form(x, x->data);
	else
		exchange_fail(x, 503, T_LINK_LOST);
}

static void choose_ends(struct exchange *x)
{
	struct activation *a = x->data;
	struct page p;

	layout_begin_card(x, &p, say(x, T_ACTIVATED));
	part_text(&p, NULL, say(x, T_ACTIVATED_HELP));
	page_leaf_cstr(&p, "p", "address", a->jid);
	part_link(&p, "button main", "/me", say(x, T_HOW_TO_BEGIN));
	layout_end(x, &p);
}
