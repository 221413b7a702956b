/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/person_page.c — one person: what the directory says, their account,
 * and what an administrator may do with it. */
#include "admin-web/person_page.h"

#include "admin-web/account.h"
#include "admin-web/layout.h"
#include "admin-web/login.h"
#include "admin-web/pages.h"
#include "admin-web/web.h"

/* --- the page ----------------------------------------------------------------------------- */

static void write_person(struct exchange *x, struct page *p,
    const struct person *who)
{
	page_open_class(p, "section", "panel");
	part_heading(p, say(x, T_IN_THE_DIRECTORY));
	page_open(p, "dl");
	part_fact(p, say(x, T_NAME), who->name);
	part_fact(p, say(x, T_USER_NAME), slice_of(who->uid));
	part_fact(p, say(x, T_MAIL), who->mail);
	part_fact(p, say(x, T_TITLE), who->title);
	part_fact(p, say(x, T_DEPARTMENT), who->department);
	part_fact(p, say(x, T_ENTRY), who->dn);
	page_close(p);
	part_text(p, "dim", say(x, T_DIRECTORY_HELP));
	page_close(p);
}

/* A form that is one button, on its own path below the person's. */
static void write_act(struct exchange *x, struct page *p,
    const struct person *who, const char *act, const char *to,
    const char *class, enum text label)
{
	form_begin(x, p, exchange_printf(x, "%s/%s", person_path(x, who), act),
	    NULL);
	if (to != NULL)
		form_hidden(p, "to", to);
	form_button(p, class, say(x, label));
	page_close(p);
}

static void write_acts(struct exchange *x, struct page *p,
    const struct person *who)
{
	page_open_class(p, "div", "actions");
	if (who->status == PROFILE_ACTIVE)
		write_act(x, p, who, "status", "suspended", "button", T_SUSPEND);
	else
		write_act(x, p, who, "status", "active", "button main", T_ACTIVATE);
	write_act(x, p, who, "link", NULL, "button", T_NEW_LINK);
	part_link(p, "button danger", exchange_printf(x, "%s/delete",
	    person_path(x, who)), say(x, T_DELETE_ACCOUNT));
	page_close(p);
	part_text(p, "dim", say(x, T_ACTS_HELP));
}

static void write_account(struct exchange *x, struct page *p,
    const struct person *who)
{
	const char *badge;
	enum text status = person_status_text(who, &badge);

	page_open_class(p, "section", "panel");
	part_heading(p, say(x, T_ACCOUNT));
	page_open(p, "p");
	part_badge(p, badge, say(x, status));
	page_close(p);
	if (who->jid != NULL)
		page_leaf_cstr(p, "p", "address", who->jid);
	if (who->refusal != XDB_REFUSAL_NONE)
		part_text(p, "dim", say(x, T_LOCKED_HELP));
	if (who->has_account) {
		write_acts(x, p, who);
	} else if (who->jid != NULL) {
		part_text(p, NULL, say(x, x->web->settings->ldap.provision
		    == PROVISION_LOGIN ? T_NO_ACCOUNT_LOGIN : T_NO_ACCOUNT_ADMIN));
		write_act(x, p, who, "account", NULL, "button main",
		    T_CREATE_ACCOUNT);
	} else {
		part_text(p, NULL, say(x, T_NO_LOCAL_PART));
	}
	page_close(p);
}

static void person_shown(struct exchange *x, struct person *who)
{
	struct page p;

	layout_begin(x, &p, SECTION_PEOPLE, slice_cstr(&x->arena, who->name));
	page_open_class(&p, "div", "columns");
	write_account(x, &p, who);
	write_person(x, &p, who);
	layout_end(x, &p);
}

void page_person(struct exchange *x)
{
	person_find(x, x->param[0], person_shown);
}

/* --- the link, once ----------------------------------------------------------------------- */

void person_page_link(struct exchange *x, const struct person *who,
    const char *link)
{
	struct page p;

	layout_begin(x, &p, SECTION_PEOPLE, say(x, T_LINK_TITLE));
	part_notice(&p, say_with(x, T_LINK_FOR, slice_cstr(&x->arena, who->name),
	    NULL));
	page_open_class(&p, "section", "panel");
	page_open_class(&p, "p", "link");
	page_open(&p, "a");
	page_attr_cstr(&p, "href", link);
	page_cstr(&p, link);
	page_close(&p);
	page_close(&p);
	part_text(&p, NULL, say_with(x, T_LINK_HELP,
	    exchange_printf(x, "%d", LINK_DAYS), NULL));
	part_link(&p, "button main", person_path(x, who), say(x, T_LINK_NOTED));
	page_close(&p);
	layout_end(x, &p);
}

static void link_made(struct exchange *x, const char *link)
{
	person_page_link(x, x->data, link);
}

static void link_found(struct exchange *x, struct person *who)
{
	x->data = who;
	account_link(x, who, link_made);
}

void post_person_link(struct exchange *x)
{
	person_find(x, x->param[0], link_found);
}

/* --- acts ------------------------------------------------------------------------------------ */

static void account_made(struct exchange *x, const struct account_made *made)
{
	if (made->status == 201 || made->status == 409) {
		login_notice(x, made->status == 201 ? T_DONE_ACCOUNT : made->why);
		exchange_redirect(x, exchange_path(x, "/people/", x->param[0]));
	} else {
		exchange_fail(x, made->status, made->why);
	}
}

void post_person_account(struct exchange *x)
{
	struct account_wish wish = { .uid = x->param[0],
		.is_for_known_person = true };

	account_make(x, &wish, account_made);
}

static void status_set(struct exchange *x)
{
	struct person *who = x->data;

	login_notice(x, who->status == PROFILE_ACTIVE ? T_DONE_ACTIVATED
	    : T_DONE_SUSPENDED);
	exchange_redirect(x, person_path(x, who));
}

static void status_found(struct exchange *x, struct person *who)
{
	struct slice to = form_get(&x->form, "to");

	x->data = who;
	if (!who->has_account)
		exchange_fail(x, 404, T_NO_ACCOUNT);
	else if (slice_is(to, "active"))
		account_set_status(x, who, PROFILE_ACTIVE, status_set);
	else if (slice_is(to, "suspended"))
		account_set_status(x, who, PROFILE_SUSPENDED, status_set);
	else
		exchange_fail(x, 422, T_BAD_STATUS);
}

void post_person_status(struct exchange *x)
{
	person_find(x, x->param[0], status_found);
}

/* --- deleting, after a question ----------------------------------------------------------------- */

static void delete_asked(struct exchange *x, struct person *who)
{
	struct page p;

	if (!who->has_account) {
		exchange_fail(x, 404, T_NO_ACCOUNT);
		return;
	}
	layout_begin(x, &p, SECTION_PEOPLE, say_with(x, T_DELETE_ACCOUNT_OF,
	    slice_cstr(&x->arena, who->name), NULL));
	page_open_class(&p, "section", "panel");
	page_leaf_cstr(&p, "p", "address", who->jid);
	part_text(&p, NULL, say(x, T_DELETE_ACCOUNT_HELP));
	if (x->web->settings->ldap.provision == PROVISION_LOGIN)
		part_text(&p, NULL, say(x, T_DELETE_COMES_BACK));
	page_open_class(&p, "div", "actions");
	write_act(x, &p, who, "delete", NULL, "button danger", T_DELETE_ACCOUNT);
	part_link(&p, "button", person_path(x, who), say(x, T_CANCEL));
	page_close(&p);
	page_close(&p);
	layout_end(x, &p);
}

void page_person_delete(struct exchange *x)
{
	person_find(x, x->param[0], delete_asked);
}

static void account_deleted(struct exchange *x)
{
	login_notice(x, T_DONE_DELETED);
	exchange_redirect(x, person_path(x, x->data));
}

static void delete_found(struct exchange *x, struct person *who)
{
	x->data = who;
	if (who->has_account)
		account_delete(x, who, account_deleted);
	else
		exchange_fail(x, 404, T_NO_ACCOUNT);
}

void post_person_delete(struct exchange *x)
{
	person_find(x, x->param[0], delete_found);
}
