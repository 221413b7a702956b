/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_lists.c — the lists and groups that rooms follow (imBoundTo), read by the
 * store itself, as the service reads them. */
#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/look.h"
#include "ctl/wait.h"
#include "xdb_ldap/seek.h"

enum { LISTS_READ = 100 };

struct followed { const char *dn, *room; };

struct lists {
	struct doctor *d;
	struct result *r;
	struct followed all[LISTS_READ], *at;
	size_t n, room_n;               /* lists to read; rooms that follow one */
	const char *by_mail;            /* a room whose list has mail addresses in it */
};

/* --- which there are ------------------------------------------------------------------ */

static void list_take(struct lists *l, const struct xdb_room *room)
{
	struct arena *a = &l->d->arena;

	l->room_n++;
	for (size_t i = 0; i < l->n; i++)
		if (slice_is(room->bound_to, l->all[i].dn))
			return;
	if (l->n < LISTS_READ)
		l->all[l->n++] = (struct followed){ slice_cstr(a, room->bound_to),
			slice_cstr(a, room->name) };
}

static void rooms_listed(const struct xdb_result *res, void *ctx)
{
	struct lists *l = ctx;

	if (res->status != XDB_OK) {
		result_say(l->r, VERDICT_FAULT, "rooms cannot be read: %s",
		    res->why != NULL ? res->why : xdb_status_text(res->status));
		result_next(l->r, "let cn=im read all below ou=rooms");
		return;
	}
	for (size_t i = 0; i < res->n; i++)
		if (res->rooms[i].bound_to.n != 0)
			list_take(l, &res->rooms[i]);
}

/* --- one of them ------------------------------------------------------------------------ */

static void list_loaded(const struct xdb_result *res, void *ctx)
{
	struct lists *l = ctx;

	if (res->status == XDB_ABSENT) {
		result_say(l->r, VERDICT_FAULT, "room %s follows %s, which is not there or "
		    "cannot be read", l->at->room, l->at->dn);
		result_next(l->r, "correct its imBoundTo, or let cn=im read the list: "
		    "until then nobody is a member by it");
	} else if (res->status != XDB_OK) {
		result_say(l->r, VERDICT_FAULT, "room %s follows %s: %s", l->at->room,
		    l->at->dn, res->why != NULL ? res->why
		    : xdb_status_text(res->status));
		result_next(l->r, "a list is followed whole or not at all: make it "
		    "smaller, or mend what keeps it from being read");
	} else if (res->group->member_n == 0) {
		result_say(l->r, VERDICT_WARNING, "room %s follows %s, which has nobody of "
		    "our people (%zu values)", l->at->room, l->at->dn,
		    res->group->unresolved_n);
		result_next(l->r, "let cn=im read its members, and mail of people where "
		    "they stand there by mail");
	} else {
		judge_group(l->r, l->at->dn, res->group);
	}
}

/* --- names that people may take ---------------------------------------------------------- */

static bool writes_mail(const struct doctor *d)
{
	const struct conf_list *l = &d->settings->vcard.writable;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], "mail") == 0)
			return true;
	return false;
}

static bool has_mail(const struct entry *e)
{
	static const struct { enum attr attr; enum form form; } rows[] = {
		{ ATTR_ALIAS_MEMBER, FORM_MAIL },  { ATTR_LIST_MEMBER, FORM_MAIL },
		{ ATTR_LIST_URL, FORM_ANY },       { ATTR_LIST_EDITOR, FORM_ANY },
		{ ATTR_LIST_MODERATOR, FORM_ANY },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n;
		struct slice *values = entry_all(e, rows[i].attr, &n);

		for (size_t k = 0; k < n; k++)
			if (form_of(rows[i].form, &values[k]) == FORM_MAIL)
				return true;
	}
	return false;
}

static void mail_look(struct lists *l)
{
	struct doctor *d = l->d;
	const struct names *names = &d->directory.names;
	LDAPMessage *found = look_entry(d->im, l->at->dn, names->sets[SET_GROUP_WHOLE]);
	struct arena a = { NULL };
	struct entry *e = found != NULL ? entry_read(&a, names, d->im->ld,
	    wire_first(d->im, found)) : NULL;

	if (e != NULL && has_mail(e))
		l->by_mail = l->at->room;
	ldap_msgfree(found);
	arena_fini(&a);
}

static void mail_judge(struct lists *l)
{
	if (l->by_mail == NULL)
		return;
	result_say(l->r, VERDICT_WARNING, "room %s follows a list by mail addresses, and "
	    "people write their own ([vcard] writable): they choose whose place they have",
	    l->by_mail);
	result_next(l->r, "take mail out of [vcard] writable, or name people in such lists "
	    "by DN or uid");
}

/* --- all ------------------------------------------------------------------------------------ */

static void lists_look(struct lists *l, struct xdb *db)
{
	wait_for(xdb_room_list(db), rooms_listed, l);
	for (size_t i = 0; i < l->n; i++) {
		l->at = &l->all[i];
		wait_for(xdb_group_load(db, slice_of(l->at->dn)), list_loaded, l);
		if (l->by_mail == NULL && writes_mail(l->d))
			mail_look(l);
	}
	mail_judge(l);
}

void check_lists(struct doctor *d, struct result *r)
{
	struct lists l = { .d = d, .r = r };
	const char *why = NULL;
	struct xdb *db = wait_open(d->settings, &why);

	if (db == NULL) {
		result_say(r, VERDICT_FAULT, "[ldap]: %s", why);
		return;
	}
	lists_look(&l, db);
	wait_close(&db);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "%zu rooms follow %zu lists", l.room_n, l.n);
}
