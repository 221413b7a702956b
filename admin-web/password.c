/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/password.c — somebody changes their password, with the old one.
 *
 * Open to people who are not signed in: whoever must change the password first
 * cannot sign in.  The directory does it, bound as the person (RFC 3062), so its
 * rules for people decide, and the web process's own identity needs no right. */
#include "admin-web/password.h"

#include "admin-web/account.h"
#include "admin-web/auth.h"
#include "admin-web/layout.h"
#include "admin-web/pages.h"
#include "admin-web/web.h"

/* --- a new one ---------------------------------------------------------------------------- */

void password_fields(struct exchange *x, struct page *p, bool is_focused)
{
	struct field f = { .name = "password", .type = "password",
		.label = T_NEW_PASSWORD, .help = T_PASSWORD_HELP,
		.autocomplete = "new-password", .is_required = true,
		.is_focused = is_focused, .least = XDB_PASSWORD_LEAST,
		.most = XDB_PASSWORD_MOST };

	form_field(x, p, &f);
	f.name = "again";
	f.label = T_PASSWORD_AGAIN;
	f.help = T_COUNT;
	f.is_focused = false;
	form_field(x, p, &f);
}

bool password_is_chosen(struct exchange *x)
{
	struct account_wish wish = {
		.password = form_get_exact(&x->form, "password") };

	account_wish_check(x, &wish);
	if (x->fault_n == 0 && !slice_eq(wish.password,
	    form_get_exact(&x->form, "again")))
		exchange_fault(x, "again", T_PASSWORDS_DIFFER);
	return x->fault_n == 0;
}

/* --- the form --------------------------------------------------------------------------- */

void password_show(struct exchange *x, const char *complaint, struct slice name)
{
	struct page p;

	layout_begin_card(x, &p, say(x, T_CHANGE_PASSWORD));
	if (complaint != NULL)
		part_alert(&p, complaint);
	part_text(&p, "dim", say(x, T_CHANGE_PASSWORD_HELP));
	form_begin(x, &p, "/password", "stack");
	form_field(x, &p, &(struct field){ .name = "name", .type = "text",
	    .label = T_USER_NAME, .help = T_COUNT, .value = name,
	    .autocomplete = "username", .is_required = true,
	    .is_focused = name.n == 0, .most = 255 });
	form_field(x, &p, &(struct field){ .name = "old",
	    .type = "password", .label = T_OLD_PASSWORD, .help = T_COUNT,
	    .autocomplete = "current-password", .is_required = true,
	    .is_focused = name.n != 0, .most = 1024 });
	password_fields(x, &p, false);
	form_button(&p, "button main", say(x, T_CHANGE_PASSWORD));
	page_close(&p);
	layout_end(x, &p);
}

void page_password(struct exchange *x)
{
	password_show(x, NULL, slice_of(x->who.uid != NULL ? x->who.uid : ""));
}

/* --- changing it ------------------------------------------------------------------------- */

static void change_checked(struct exchange *x, enum auth_outcome outcome);
static void change_set(struct exchange *x, const struct xdb_result *res);
static void change_ends(struct exchange *x);

static void again(struct exchange *x, unsigned status, const char *complaint)
{
	x->reply.status = status;
	password_show(x, complaint, form_get(&x->form, "name"));
}

void post_password(struct exchange *x)
{
	if (password_is_chosen(x))
		auth_check(x, form_get(&x->form, "name"),
		    form_get_exact(&x->form, "old"), change_checked);
	else
		again(x, 422, say(x, T_FORM_FAULTS));
}

static void change_checked(struct exchange *x, enum auth_outcome outcome)
{
	switch (outcome) {
	case AUTH_GOOD:
	case AUTH_MUST_CHANGE:
		exchange_detach(x);
		exchange_await(x, xdb_password_change(x->web->db,
		    &(struct xdb_person){ .dn = x->who.dn,
		    .uid = slice_of(x->who.uid) },
		    form_get_exact(&x->form, "old"),
		    form_get_exact(&x->form, "password")), change_set);
		return;
	case AUTH_WRONG:
		again(x, 403, say(x, T_SIGN_IN_WRONG));
		return;
	case AUTH_WAIT:
		reply_header(x, "Retry-After", "60");
		again(x, 429, say(x, T_TOO_MANY_TRIES));
		return;
	case AUTH_DOWN:
		reply_header(x, "Retry-After", "5");
		again(x, 503, say(x, T_DIRECTORY_DOWN));
		return;
	}
}

static void change_failed(struct exchange *x, const struct xdb_result *res)
{
	if (res->status != XDB_DOWN && res->status != XDB_BUSY) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	reply_header(x, "Retry-After", "5");
	again(x, 503, say(x, res->may_be_done ? T_PASSWORD_UNSURE
	    : T_PASSWORD_AS_IT_WAS));
}

static void change_set(struct exchange *x, const struct xdb_result *res)
{
	audit(x, "password-change", slice_of(x->who.uid),
	    xdb_status_text(res->status));
	if (res->status == XDB_OK)
		account_renewed(x, x->who.uid,
		    form_get_exact(&x->form, "password"), change_ends);
	else if (res->status != XDB_REFUSED)
		change_failed(x, res);
	else if (res->refusal == XDB_BAD_PASSWORD)
		again(x, 422, say_with(x, T_PASSWORD_UNFIT, res->says != NULL
		    ? res->says : say(x, T_PASSWORD_UNFIT_WHY), NULL));
	else
		again(x, 403, res->refusal == XDB_WRONG_PASSWORD
		    ? say(x, T_SIGN_IN_WRONG) : say(x, T_PASSWORD_NOT_YOURS));
}

static void change_ends(struct exchange *x)
{
	struct page p;

	layout_begin_card(x, &p, say(x, T_PASSWORD_CHANGED));
	part_text(&p, NULL, say(x, T_PASSWORD_CHANGED_HELP));
	part_link(&p, "button main", "/me", say(x, T_HOW_TO_BEGIN));
	layout_end(x, &p);
}
