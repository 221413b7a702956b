/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/rooms.c — the pages about conference rooms. */
#include <time.h>

#include "admin-web/layout.h"
#include "admin-web/login.h"
#include "admin-web/pages.h"
#include "admin-web/room.h"
#include "admin-web/web.h"

/* --- the list ------------------------------------------------------------------------------ */

static void write_room(struct exchange *x, struct page *p, const struct xdb_room *r)
{
	page_open(p, "li");
	page_open(p, "h2");
	part_link(p, NULL, room_path(x, r), slice_cstr(&x->arena,
	    r->title.n != 0 ? r->title : r->name));
	page_close(p);
	page_leaf_cstr(p, "p", "address", room_jid(x, r));
	if (r->description.n != 0)
		page_leaf(p, "p", NULL, r->description);
	page_open_class(p, "p", "badges");
	part_badge(p, "badge", say(x, room_is_members_only(r)
	    ? T_ROOM_MEMBERS : T_ROOM_OPEN));
	part_badge(p, "badge", say(x, room_is_public(r)
	    ? T_ROOM_PUBLIC : T_ROOM_HIDDEN));
	if (r->bound_to.n != 0)
		part_badge(p, "badge good", say(x, T_ROOM_BOUND));
	page_close(p);
	page_close(p);
}

static void rooms_loaded(struct exchange *x, const struct xdb_result *res)
{
	size_t n = res->status == XDB_OK ? res->n : 0;
	struct page p;

	if (res->status != XDB_OK && res->status != XDB_ABSENT) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	layout_begin(x, &p, SECTION_ROOMS, say(x, T_ROOMS));
	page_open_class(&p, "div", "tools");
	part_text(&p, "dim", n == 0 ? say(x, T_NO_ROOMS) : say_with(x,
	    T_ROOMS_COUNT, exchange_printf(x, "%zu", n), NULL));
	part_link(&p, "button main", "/create/room", say(x, T_NEW_ROOM));
	page_close(&p);
	if (n != 0)
		page_open_class(&p, "ul", "tiles");
	for (size_t i = 0; i < n; i++)
		write_room(x, &p, &res->rooms[i]);
	layout_end(x, &p);
}

void page_rooms(struct exchange *x)
{
	exchange_await(x, xdb_room_list(x->web->db), rooms_loaded);
}

/* --- the form ------------------------------------------------------------------------------- */

struct room_form {
	struct xdb_room *room;          /* NULL: a new one */
	struct room_wish shown;         /* what the fields say */
};

static void write_choice(struct page *p, struct slice value, const char *label,
    bool is_chosen)
{
	page_open(p, "option");
	page_attr(p, "value", value);
	if (is_chosen)
		page_flag(p, "selected");
	page_cstr(p, label);
	page_close(p);
}

/* The list a room is bound to; one that is not among those found stays on offer. */
static void write_lists(struct exchange *x, struct page *p, struct slice chosen,
    const struct xdb_result *res)
{
	bool is_seen = chosen.n == 0;

	page_open_class(p, "div", "field");
	page_open(p, "label");
	page_attr_cstr(p, "for", "list");
	page_cstr(p, say(x, T_ROOM_LIST));
	page_close(p);
	if (exchange_fault_of(x, "list") != NULL)
		part_text(p, "fault", exchange_fault_of(x, "list"));
	page_open(p, "select");
	page_attr_cstr(p, "id", "list");
	page_attr_cstr(p, "name", "list");
	page_attr_cstr(p, "aria-describedby", "list-help");
	write_choice(p, slice_make("", 0), say(x, T_ROOM_NO_LIST), chosen.n == 0);
	for (size_t i = 0; res->status == XDB_OK && i < res->n; i++) {
		const struct xdb_group *g = &res->groups[i];
		bool is_it = slice_eq_nocase(g->dn, chosen);

		is_seen = is_seen || is_it;
		write_choice(p, g->dn, g->description.n == 0
		    ? slice_cstr(&x->arena, g->name) : exchange_printf(x,
		    SLICE_FMT " — " SLICE_FMT, SLICE_ARG(g->name),
		    SLICE_ARG(g->description)), is_it);
	}
	if (!is_seen)
		write_choice(p, chosen, slice_cstr(&x->arena, chosen), true);
	page_close(p);
	page_open_class(p, "p", "help");
	page_attr_cstr(p, "id", "list-help");
	page_cstr(p, say(x, T_ROOM_LIST_HELP));
	page_close(p);
	page_close(p);
}

static void write_fields(struct exchange *x, struct page *p,
    const struct room_form *f, const struct xdb_result *lists)
{
	const struct room_wish *w = &f->shown;

	if (f->room == NULL)
		form_field(x, p, &(struct field){ .name = "name", .type = "text",
		    .label = T_ROOM_NAME, .help = T_ROOM_NAME_HELP,
		    .value = w->name, .is_required = true, .most = 64,
		    .is_focused = x->fault_n == 0 });
	form_field(x, p, &(struct field){ .name = "title", .type = "text",
	    .label = T_ROOM_TITLE, .help = T_COUNT, .value = w->title,
	    .is_required = true, .most = 255 });
	form_field(x, p, &(struct field){ .name = "description",
	    .type = "textarea", .label = T_DESCRIPTION, .help = T_COUNT,
	    .value = w->description, .most = 1024 });
	write_lists(x, p, w->list, lists);
	form_check(x, p, "membersOnly", T_ROOM_MEMBERS_ONLY,
	    T_ROOM_MEMBERS_ONLY_HELP, w->members_only == 1);
	form_check(x, p, "public", T_ROOM_IN_LIST, T_ROOM_IN_LIST_HELP,
	    w->is_public == 1);
}

static enum text affiliation_text(enum xdb_affiliation a)
{
	switch (a) {
	case AFF_OWNER:
		return T_AFF_OWNER;
	case AFF_ADMIN:
		return T_AFF_ADMIN;
	case AFF_MEMBER:
		return T_AFF_MEMBER;
	case AFF_OUTCAST:
		return T_AFF_OUTCAST;
	case AFF_NONE:
		break;
	}
	return T_AFF_NONE;
}

static const char *day_text(struct exchange *x, int64_t seconds)
{
	char text[32];
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds == 0)
		return say(x, T_ROOM_LIST_NEVER);
	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm);
	return exchange_printf(x, "%s", text);
}

/* How it went when the room last read its list (the im process says it). */
static void write_list_state(struct exchange *x, struct page *p,
    const struct xdb_bound_state *s)
{
	const char *read = day_text(x, s->read_s);

	if (s->failed_s != 0)
		part_alert(p, say_with(x, T_ROOM_LIST_FAILED,
		    day_text(x, s->failed_s), read, NULL));
	else if (s->read_s != 0)
		part_text(p, NULL, say_with(x, T_ROOM_LIST_READ,
		    exchange_printf(x, "%zu", s->matched), read, NULL));
	else
		part_text(p, "dim", say(x, T_ROOM_LIST_UNREAD));
}

static void write_people(struct exchange *x, struct page *p,
    const struct xdb_room *r)
{
	page_open_class(p, "section", "panel");
	part_heading(p, say(x, T_ROOM_PEOPLE));
	if (r->bound_to.n != 0)
		write_list_state(x, p, &r->bound_state);
	if (r->person_n == 0)
		part_text(p, "dim", say(x, T_ROOM_NO_PEOPLE));
	page_open(p, "dl");
	for (size_t i = 0; i < r->person_n; i++)
		part_fact(p, say(x, affiliation_text(r->people[i].affiliation)),
		    r->people[i].jid);
	page_close(p);
	part_text(p, "dim", say(x, T_ROOM_PEOPLE_HELP));
	page_close(p);
}

static void form_lists_found(struct exchange *x, const struct xdb_result *res)
{
	struct room_form *f = x->data;
	struct page p;

	if (res->status != XDB_OK && res->status != XDB_ABSENT) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	layout_begin(x, &p, SECTION_ROOMS, f->room == NULL ? say(x, T_NEW_ROOM)
	    : slice_cstr(&x->arena, f->room->title.n != 0 ? f->room->title
	    : f->room->name));
	if (x->fault_n != 0)
		part_alert(&p, say(x, T_FORM_FAULTS));
	if (f->room != NULL) {
		page_leaf_cstr(&p, "p", "address", room_jid(x, f->room));
		page_open_class(&p, "div", "columns");
	}
	form_begin(x, &p, f->room == NULL ? "/create/room"
	    : room_path(x, f->room), "panel stack");
	write_fields(x, &p, f, res);
	page_open_class(&p, "div", "actions");
	form_button(&p, "button main", say(x, f->room == NULL ? T_CREATE_ROOM
	    : T_SAVE));
	if (f->room == NULL)
		part_link(&p, "button", "/rooms", say(x, T_CANCEL));
	else
		part_link(&p, "button danger", exchange_printf(x, "%s/delete",
		    room_path(x, f->room)), say(x, T_DELETE_ROOM));
	page_close(&p);
	page_close(&p);
	if (f->room != NULL)
		write_people(x, &p, f->room);
	layout_end(x, &p);
}

static void show_form(struct exchange *x, struct xdb_room *room,
    const struct room_wish *shown)
{
	struct room_form *f = ARENA_NEW(&x->arena, struct room_form);

	f->room = room;
	f->shown = *shown;
	x->data = f;
	exchange_await(x, xdb_group_search(x->web->db, slice_make("", 0),
	    ROOM_LISTS_MOST), form_lists_found);
}

static struct room_wish wish_sent(struct exchange *x)
{
	return (struct room_wish){
		.name = form_get(&x->form, "name"),
		.title = form_get(&x->form, "title"),
		.description = form_get(&x->form, "description"),
		.list = form_get(&x->form, "list"),
		.members_only = form_is_on(&x->form, "membersOnly"),
		.is_public = form_is_on(&x->form, "public"),
	};
}

/* --- a new room -------------------------------------------------------------------------------- */

void page_room_new(struct exchange *x)
{
	struct room_wish empty = { .is_public = 1 };

	show_form(x, NULL, &empty);
}

static void room_made(struct exchange *x, unsigned status, enum text why,
    struct xdb_room *room)
{
	struct room_wish sent = wish_sent(x);

	(void)why;              /* x->fault says it, at its field */
	if (status != 0) {
		x->reply.status = status;
		show_form(x, NULL, &sent);
	} else {
		login_notice(x, T_DONE_ROOM);
		exchange_redirect(x, room_path(x, room));
	}
}

void post_room_new(struct exchange *x)
{
	struct room_wish sent = wish_sent(x);

	room_make(x, &sent, room_made);
}

/* --- one room ------------------------------------------------------------------------------------ */

static void room_shown(struct exchange *x, struct xdb_room *r)
{
	struct room_wish is = {
		.title = r->title, .description = r->description,
		.list = r->bound_to,
		.members_only = room_is_members_only(r),
		.is_public = room_is_public(r),
	};

	show_form(x, r, &is);
}

void page_room(struct exchange *x)
{
	room_find(x, x->param[0], room_shown);
}

static void room_changed(struct exchange *x, unsigned status, enum text why,
    struct xdb_room *r)
{
	struct room_wish sent = wish_sent(x);

	(void)why;
	if (status != 0) {
		x->reply.status = status;
		show_form(x, r, &sent);
	} else {
		login_notice(x, T_DONE_SAVED);
		exchange_redirect(x, room_path(x, r));
	}
}

static void change_found(struct exchange *x, struct xdb_room *r)
{
	struct room_wish sent = wish_sent(x);

	/* A list that is bound already need not be among those on offer. */
	if (slice_eq(sent.list, r->bound_to))
		sent.list.p = NULL;
	room_change(x, r, &sent, room_changed);
}

void post_room(struct exchange *x)
{
	room_find(x, x->param[0], change_found);
}

/* --- deleting, after a question --------------------------------------------------------------------- */

static void delete_asked(struct exchange *x, struct xdb_room *r)
{
	struct page p;

	layout_begin(x, &p, SECTION_ROOMS, say_with(x, T_DELETE_ROOM_OF,
	    slice_cstr(&x->arena, r->title.n != 0 ? r->title : r->name), NULL));
	page_open_class(&p, "section", "panel");
	page_leaf_cstr(&p, "p", "address", room_jid(x, r));
	part_text(&p, NULL, say(x, T_DELETE_ROOM_HELP));
	page_open_class(&p, "div", "actions");
	form_begin(x, &p, exchange_printf(x, "%s/delete", room_path(x, r)), NULL);
	form_button(&p, "button danger", say(x, T_DELETE_ROOM));
	page_close(&p);
	part_link(&p, "button", room_path(x, r), say(x, T_CANCEL));
	page_close(&p);
	page_close(&p);
	layout_end(x, &p);
}

void page_room_delete(struct exchange *x)
{
	room_find(x, x->param[0], delete_asked);
}

static void room_deleted(struct exchange *x)
{
	login_notice(x, T_DONE_ROOM_DELETED);
	exchange_redirect(x, "/rooms");
}

static void delete_found(struct exchange *x, struct xdb_room *r)
{
	room_delete(x, r, room_deleted);
}

void post_room_delete(struct exchange *x)
{
	room_find(x, x->param[0], delete_found);
}
