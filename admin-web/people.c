/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/people.c — the list of people, and the form for a new one. */
#include "admin-web/account.h"
#include "admin-web/layout.h"
#include "admin-web/login.h"
#include "admin-web/pages.h"
#include "admin-web/person_page.h"
#include "admin-web/web.h"

enum { PAGE_SIZE = 25, SEARCH_MOST = 500 };

/* --- the list ----------------------------------------------------------------------------- */

static void write_search(struct exchange *x, struct page *p)
{
	struct slice q = form_get(&x->query, "q");

	page_open_class(p, "form", "search");
	page_attr_cstr(p, "method", "get");
	page_attr_cstr(p, "action", "/people");
	page_attr_cstr(p, "role", "search");
	page_open(p, "label");
	page_attr_cstr(p, "for", "q");
	page_cstr(p, say(x, T_SEARCH_PEOPLE));
	page_close(p);
	page_open(p, "input");
	page_attr_cstr(p, "type", "search");
	page_attr_cstr(p, "id", "q");
	page_attr_cstr(p, "name", "q");
	page_attr(p, "value", q);
	page_attr_cstr(p, "maxlength", "100");
	page_attr_cstr(p, "autocomplete", "off");
	page_close(p);
	form_button(p, "button", say(x, T_SEARCH));
	page_close(p);
}

static void write_cell(struct page *p, const char *label, struct slice text)
{
	page_open(p, "td");
	page_attr_cstr(p, "data-label", label);
	page_text(p, text);
	page_close(p);
}

static void write_row(struct exchange *x, struct page *p, const struct person *who)
{
	const char *badge;
	enum text status = person_status_text(who, &badge);

	page_open(p, "tr");
	page_open(p, "th");
	page_attr_cstr(p, "scope", "row");
	part_link(p, NULL, person_path(x, who), slice_cstr(&x->arena, who->name));
	page_close(p);
	write_cell(p, say(x, T_ADDRESS), slice_of(who->jid != NULL ? who->jid
	    : who->uid));
	write_cell(p, say(x, T_DEPARTMENT), who->department);
	page_open(p, "td");
	page_attr_cstr(p, "data-label", say(x, T_STATUS));
	part_badge(p, badge, say(x, status));
	page_close(p);
	page_close(p);
}

static void write_table(struct exchange *x, struct page *p,
    const struct xdb_result *res, size_t from, size_t to)
{
	static const enum text heads[] = { T_NAME, T_ADDRESS, T_DEPARTMENT, T_STATUS };

	part_table(x, p, heads, COUNT(heads));
	for (size_t i = from; i < to; i++)
		write_row(x, p, person_of(x, &res->accounts[i]));
	page_close(p);
	page_close(p);
}

static const char *people_path(struct exchange *x, size_t number)
{
	return exchange_printf(x, "%s&page=%zu", exchange_path(x, "/people?q=",
	    form_get(&x->query, "q")), number);
}

static void write_pager(struct exchange *x, struct page *p, size_t number,
    size_t pages)
{
	if (pages < 2)
		return;
	page_open_class(p, "nav", "pager");
	page_attr_cstr(p, "aria-label", say(x, T_PAGES));
	if (number > 1)
		part_link(p, "button", people_path(x, number - 1),
		    say(x, T_PREVIOUS));
	page_leaf_cstr(p, "span", NULL, say_with(x, T_PAGE_OF,
	    exchange_printf(x, "%zu", number), exchange_printf(x, "%zu", pages),
	    NULL));
	if (number < pages)
		part_link(p, "button", people_path(x, number + 1), say(x, T_NEXT));
	page_close(p);
}

static void people_found(struct exchange *x, const struct xdb_result *res)
{
	size_t n = res->status == XDB_OK ? res->n : 0;
	size_t pages = (n + PAGE_SIZE - 1) / PAGE_SIZE;
	uint64_t number = 1;
	struct page p;

	if (res->status != XDB_OK && res->status != XDB_ABSENT) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	if (!slice_number(form_get(&x->query, "page"), pages, &number) || number == 0)
		number = 1;
	layout_begin(x, &p, SECTION_PEOPLE, say(x, T_PEOPLE));
	page_open_class(&p, "div", "tools");
	write_search(x, &p);
	if (x->web->settings->web.people_create)
		part_link(&p, "button main", "/create/person", say(x, T_NEW_PERSON));
	if (x->web->settings->ldap.profiles != PROFILES_INLINE)
		part_link(&p, "button", "/orphans", say(x, T_ORPHANS));
	page_close(&p);
	part_text(&p, "dim", n == 0 ? say(x, T_NOBODY_FOUND) : say_with(x,
	    res->is_cut ? T_PEOPLE_CUT : T_PEOPLE_COUNT,
	    exchange_printf(x, "%zu", n), NULL));
	if (n != 0)
		write_table(x, &p, res, (number - 1) * PAGE_SIZE,
		    number * PAGE_SIZE < n ? number * PAGE_SIZE : n);
	write_pager(x, &p, number, pages);
	layout_end(x, &p);
}

void page_people(struct exchange *x)
{
	exchange_await(x, xdb_people_search(x->web->db, form_get(&x->query, "q"),
	    SEARCH_MOST), people_found);
}

/* --- a new person -------------------------------------------------------------------------- */

static void show_form(struct exchange *x)
{
	struct page p;

	layout_begin(x, &p, SECTION_PEOPLE, say(x, T_NEW_PERSON));
	if (x->fault_n != 0)
		part_alert(&p, say(x, T_FORM_FAULTS));
	part_text(&p, NULL, say(x, T_NEW_PERSON_HELP));
	form_begin(x, &p, "/create/person", "panel stack");
	form_field(x, &p, &(struct field){ .name = "givenName", .type = "text",
	    .label = T_GIVEN_NAME, .help = T_COUNT,
	    .value = form_get(&x->form, "givenName"), .most = 100,
	    .is_focused = x->fault_n == 0 });
	form_field(x, &p, &(struct field){ .name = "sn", .type = "text",
	    .label = T_SURNAME, .help = T_COUNT, .is_required = true,
	    .value = form_get(&x->form, "sn"), .most = 100 });
	form_field(x, &p, &(struct field){ .name = "mail", .type = "email",
	    .label = T_MAIL, .help = T_MAIL_HELP, .is_required = true,
	    .value = form_get(&x->form, "mail"), .most = 254 });
	form_field(x, &p, &(struct field){ .name = "uid", .type = "text",
	    .label = T_USER_NAME, .help = T_UID_HELP, .is_required = true,
	    .value = form_get(&x->form, "uid"), .most = 64 });
	page_open_class(&p, "div", "actions");
	form_button(&p, "button main", say(x, T_CREATE_ACCOUNT));
	part_link(&p, "button", "/people", say(x, T_CANCEL));
	page_close(&p);
	page_close(&p);
	layout_end(x, &p);
}

void page_person_new(struct exchange *x)
{
	if (x->web->settings->web.people_create)
		show_form(x);
	else
		exchange_fail(x, 403, T_PEOPLE_ELSEWHERE);
}

static void person_made(struct exchange *x, const struct account_made *made)
{
	if (made->status != 201) {
		x->reply.status = made->status;
		show_form(x);
	} else if (made->link != NULL) {
		person_page_link(x, made->person, made->link);
	} else {
		login_notice(x, T_DONE_ACCOUNT);
		exchange_redirect(x, person_path(x, made->person));
	}
}

void post_person_new(struct exchange *x)
{
	struct account_wish wish = {
		.uid = form_get(&x->form, "uid"),
		.given_name = form_get(&x->form, "givenName"),
		.sn = form_get(&x->form, "sn"),
		.mail = form_get(&x->form, "mail"),
	};

	account_make(x, &wish, person_made);
}
