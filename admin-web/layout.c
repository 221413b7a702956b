/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/layout.c — what all pages share. */
#include "admin-web/layout.h"

#include "admin-web/files.h"
#include "admin-web/login.h"
#include "admin-web/web.h"

static const struct entry { enum section section; const char *path; enum text text; } menu[] = {
	{ SECTION_PEOPLE, "/people", T_PEOPLE },
	{ SECTION_ROOMS,  "/rooms",  T_ROOMS },
	{ SECTION_ONLINE, "/online", T_ONLINE },
};

static void write_head(struct exchange *x, struct page *p, const char *title)
{
	page_init(p, &x->reply.body);
	page_open(p, "html");
	page_attr_cstr(p, "lang", lang_tag(x->lang));
	page_open(p, "head");
	page_open(p, "meta");
	page_attr_cstr(p, "charset", "utf-8");
	page_close(p);
	page_open(p, "meta");
	page_attr_cstr(p, "name", "viewport");
	page_attr_cstr(p, "content", "width=device-width, initial-scale=1");
	page_close(p);
	page_open(p, "meta");
	page_attr_cstr(p, "name", "color-scheme");
	page_attr_cstr(p, "content", "light dark");
	page_close(p);
	page_leaf_cstr(p, "title", NULL, exchange_printf(x, "%s · Tertulia", title));
	page_open(p, "link");
	page_attr_cstr(p, "rel", "stylesheet");
	page_attr_cstr(p, "href", file_path("/style.css"));
	page_close(p);
	page_open(p, "link");
	page_attr_cstr(p, "rel", "icon");
	page_attr_cstr(p, "type", "image/svg+xml");
	page_attr_cstr(p, "href", file_path("/icon.svg"));
	page_close(p);
	page_close(p);
}

static void write_brand(struct page *p)
{
	page_open_class(p, "a", "brand");
	page_attr_cstr(p, "href", "/");
	page_open(p, "img");
	page_attr_cstr(p, "src", file_path("/icon.svg"));
	page_attr_cstr(p, "alt", "");
	page_attr_cstr(p, "width", "32");
	page_attr_cstr(p, "height", "32");
	page_close(p);
	page_leaf_cstr(p, "span", NULL, "Tertulia");
	page_close(p);
}

static void write_menu(struct exchange *x, struct page *p, enum section section)
{
	page_open_class(p, "nav", "menu");
	page_attr_cstr(p, "aria-label", say(x, T_MENU));
	page_open(p, "ul");
	for (size_t i = 0; i < COUNT(menu); i++) {
		page_open(p, "li");
		page_open(p, "a");
		page_attr_cstr(p, "href", menu[i].path);
		if (menu[i].section == section)
			page_attr_cstr(p, "aria-current", "page");
		page_cstr(p, say(x, menu[i].text));
		page_close(p);
		page_close(p);
	}
	page_close(p);
	page_close(p);
}

static void write_me(struct exchange *x, struct page *p)
{
	form_begin(x, p, "/signout", "me");
	page_open_class(p, "a", "me-name");
	page_attr_cstr(p, "href", "/me");
	page_cstr(p, x->who.name);
	page_close(p);
	form_button(p, "quiet", say(x, T_SIGN_OUT));
	page_close(p);
}

static void write_skip(struct exchange *x, struct page *p)
{
	page_open_class(p, "a", "skip");
	page_attr_cstr(p, "href", "#main");
	page_cstr(p, say(x, T_SKIP));
	page_close(p);
}

static void write_notice(struct exchange *x, struct page *p)
{
	enum text notice = login_notice_take(x);

	if (notice != T_COUNT)
		part_notice(p, say(x, notice));
}

static void reply_begin(struct exchange *x)
{
	if (x->reply.status == 0)
		x->reply.status = 200;
	x->reply.type = "text/html; charset=utf-8";
	reply_header(x, "Content-Language", lang_tag(x->lang));
}

void layout_begin(struct exchange *x, struct page *p, enum section section,
    const char *title)
{
	reply_begin(x);
	write_head(x, p, title);
	page_open(p, "body");
	write_skip(x, p);
	page_open_class(p, "header", "top");
	write_brand(p);
	if (x->who.is_admin)
		write_menu(x, p, section);
	if (x->login != NULL)
		write_me(x, p);
	page_close(p);
	page_open(p, "main");
	page_attr_cstr(p, "id", "main");
	page_attr_cstr(p, "tabindex", "-1");
	write_notice(x, p);
	page_leaf_cstr(p, "h1", NULL, title);
}

void layout_begin_card(struct exchange *x, struct page *p, const char *title)
{
	reply_begin(x);
	write_head(x, p, title);
	page_open_class(p, "body", "alone");
	write_skip(x, p);
	page_open_class(p, "header", "top");
	write_brand(p);
	page_close(p);
	page_open_class(p, "main", "card");
	page_attr_cstr(p, "id", "main");
	page_attr_cstr(p, "tabindex", "-1");
	page_leaf_cstr(p, "h1", NULL, title);
}

/* Where a change of language leads back to: this page, if it can be fetched. */
static const char *here(struct exchange *x)
{
	if (x->route == NULL || route_changes(x->route))
		return "/";
	return slice_cstr(&x->arena, x->guard.path);
}

static void write_languages(struct exchange *x, struct page *p)
{
	page_open_class(p, "form", "languages");
	page_attr_cstr(p, "method", "post");
	page_attr_cstr(p, "action", "/language");
	form_hidden(p, "back", here(x));
	for (unsigned i = 0; i < LANG_COUNT; i++) {
		if ((enum lang)i == x->lang)
			continue;
		page_open_class(p, "button", "quiet");
		page_attr_cstr(p, "name", "to");
		page_attr_cstr(p, "value", lang_tag((enum lang)i));
		page_attr_cstr(p, "lang", lang_tag((enum lang)i));
		page_cstr(p, lang_name((enum lang)i));
		page_close(p);
	}
	page_close(p);
}

static void frame_end(struct exchange *x, struct page *p)
{
	while (p->depth > 2)            /* html, body */
		page_close(p);
	page_open_class(p, "footer", "bottom");
	page_leaf_cstr(p, "p", NULL, say_with(x, T_FOOTER,
	    x->web->settings->server.domain, NULL));
	write_languages(x, p);
	page_end(p);
}

void layout_end(struct exchange *x, struct page *p)
{
	frame_end(x, p);
	exchange_answer(x);
}

void layout_error(struct exchange *x, const char *detail)
{
	unsigned status = x->reply.status;
	enum text title = status == 404 ? T_ERROR_404 : status == 403 ? T_ERROR_403
	    : status == 401 ? T_ERROR_401 : status == 429 ? T_ERROR_429
	    : status == 503 ? T_ERROR_503 : status >= 500 ? T_ERROR_500
	    : T_ERROR_400;
	struct page p;

	layout_begin_card(x, &p, say(x, title));
	if (detail != NULL)
		part_text(&p, NULL, detail);
	part_text(&p, "dim", exchange_printf(x, "HTTP %u · %s", status,
	    http_status_text(status)));
	part_link(&p, "button", "/", say(x, T_GO_HOME));
	frame_end(x, &p);
}

/* --- parts ------------------------------------------------------------------------------- */

void part_heading(struct page *p, const char *text)
{
	page_leaf_cstr(p, "h2", NULL, text);
}

void part_text(struct page *p, const char *class, const char *text)
{
	page_leaf_cstr(p, "p", class, text);
}

void part_alert(struct page *p, const char *text)
{
	page_open_class(p, "p", "alert");
	page_attr_cstr(p, "role", "alert");
	page_cstr(p, text);
	page_close(p);
}

void part_notice(struct page *p, const char *text)
{
	page_open_class(p, "p", "notice");
	page_attr_cstr(p, "role", "status");
	page_cstr(p, text);
	page_close(p);
}

void part_link(struct page *p, const char *class, const char *path,
    const char *text)
{
	page_open_class(p, "a", class);
	page_attr_cstr(p, "href", path);
	page_cstr(p, text);
	page_close(p);
}

void part_fact(struct page *p, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	page_leaf_cstr(p, "dt", NULL, name);
	page_leaf(p, "dd", NULL, value);
}

void part_table(struct exchange *x, struct page *p, const enum text *heads,
    size_t n)
{
	page_open_class(p, "table", "cards");
	page_open(p, "thead");
	page_open(p, "tr");
	for (size_t i = 0; i < n; i++) {
		page_open(p, "th");
		page_attr_cstr(p, "scope", "col");
		page_cstr(p, say(x, heads[i]));
		page_close(p);
	}
	page_close(p);
	page_close(p);
	page_open(p, "tbody");
}

void part_badge(struct page *p, const char *kind, const char *text)
{
	page_open(p, "span");
	page_attr_cstr(p, "class", kind);
	page_cstr(p, text);
	page_close(p);
}

/* --- forms ------------------------------------------------------------------------------- */

void form_begin(struct exchange *x, struct page *p, const char *action,
    const char *class)
{
	page_open_class(p, "form", class);
	page_attr_cstr(p, "method", "post");
	page_attr_cstr(p, "action", action);
	if (login_token(x) != NULL)
		form_hidden(p, "token", login_token(x));
}

void form_hidden(struct page *p, const char *name, const char *value)
{
	page_open(p, "input");
	page_attr_cstr(p, "type", "hidden");
	page_attr_cstr(p, "name", name);
	page_attr_cstr(p, "value", value);
	page_close(p);
}

static void write_control(struct exchange *x, struct page *p,
    const struct field *f, const char *described)
{
	bool is_area = strcmp(f->type, "textarea") == 0;

	page_open(p, is_area ? "textarea" : "input");
	page_attr_cstr(p, "id", f->name);
	page_attr_cstr(p, "name", f->name);
	if (is_area)
		page_attr_cstr(p, "rows", "3");
	else
		page_attr_cstr(p, "type", f->type);
	page_attr_cstr(p, "autocomplete",
	    f->autocomplete != NULL ? f->autocomplete : "off");
	page_attr_cstr(p, "aria-describedby", described);
	if (exchange_fault_of(x, f->name) != NULL)
		page_attr_cstr(p, "aria-invalid", "true");
	if (f->least != 0)
		page_attr_cstr(p, "minlength", exchange_printf(x, "%u", f->least));
	if (f->most != 0)
		page_attr_cstr(p, "maxlength", exchange_printf(x, "%u", f->most));
	if (f->is_required)
		page_flag(p, "required");
	if (f->is_focused)
		page_flag(p, "autofocus");
	if (is_area)
		page_text(p, f->value);
	else if (f->value.n != 0)
		page_attr(p, "value", f->value);
	page_close(p);
}

void form_field(struct exchange *x, struct page *p, const struct field *f)
{
	const char *fault = exchange_fault_of(x, f->name);
	const char *help = f->help != T_COUNT
	    ? exchange_printf(x, "%s-help", f->name) : NULL;
	const char *bad = fault != NULL
	    ? exchange_printf(x, "%s-fault", f->name) : NULL;
	const char *both = help != NULL && bad != NULL
	    ? exchange_printf(x, "%s %s", bad, help) : help != NULL ? help : bad;

	page_open_class(p, "div", "field");
	page_open(p, "label");
	page_attr_cstr(p, "for", f->name);
	page_cstr(p, say(x, f->label));
	if (!f->is_required)
		page_leaf_cstr(p, "span", "dim", exchange_printf(x, " (%s)",
		    say(x, T_OPTIONAL)));
	page_close(p);
	if (fault != NULL) {
		page_open_class(p, "p", "fault");
		page_attr_cstr(p, "id", bad);
		page_cstr(p, fault);
		page_close(p);
	}
	write_control(x, p, f, both);
	if (help != NULL) {
		page_open_class(p, "p", "help");
		page_attr_cstr(p, "id", help);
		page_cstr(p, say(x, f->help));
		page_close(p);
	}
	page_close(p);
}

void form_check(struct exchange *x, struct page *p, const char *name,
    enum text label, enum text help, bool is_on)
{
	const char *help_id = exchange_printf(x, "%s-help", name);

	page_open_class(p, "div", "check");
	page_open(p, "input");
	page_attr_cstr(p, "type", "checkbox");
	page_attr_cstr(p, "id", name);
	page_attr_cstr(p, "name", name);
	page_attr_cstr(p, "value", "yes");
	page_attr_cstr(p, "aria-describedby", help_id);
	if (is_on)
		page_flag(p, "checked");
	page_close(p);
	page_open(p, "label");
	page_attr_cstr(p, "for", name);
	page_cstr(p, say(x, label));
	page_close(p);
	page_open_class(p, "p", "help");
	page_attr_cstr(p, "id", help_id);
	page_cstr(p, say(x, help));
	page_close(p);
	page_close(p);
}

void form_button(struct page *p, const char *class, const char *text)
{
	page_open_class(p, "button", class);
	page_cstr(p, text);
	page_close(p);
}
