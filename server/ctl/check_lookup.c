/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_lookup.c — are people found by their names?  That is what every login
 * begins with, and the store's own question is the one that is asked here: who may
 * read people and not search by the name reads all of them, and finds nobody. */
#include "ctl/checks.h"
#include "ctl/try.h"
#include "ctl/wait.h"
#include "xdb_ldap/address.h"
#include "xdb_ldap/filter.h"

enum { LOOKED_UP = 3 };

struct lookup {
	struct doctor *d;
	struct result *r;
	const struct doctor_person *who;
	unsigned tried_n, missing_n, web_missing_n;
};

/* A name that the service would ask for as it stands. */
static bool is_fit(struct doctor *d, const struct doctor_person *p)
{
	struct slice jid;

	if (p->name_n == 0)
		return false;
	jid = address_of(&d->directory, &d->arena, p->names[0]);
	return jid.n > p->names[0].n
	    && slice_eq_nocase(slice_make(jid.p, p->names[0].n), p->names[0]);
}

static void looked_up(const struct xdb_result *res, void *ctx)
{
	struct lookup *l = ctx;
	const char *attr = doctor_attr(l->d, ATTR_NAME);

	l->tried_n++;
	if (res->status == XDB_ABSENT) {
		if (l->missing_n++ != 0)
			return;
		result_say(l->r, VERDICT_FAULT, "%s can be read, and is not found by "
		    "(%s=%s): such people cannot log in", l->who->dn, attr,
		    log_text(l->who->names[0]));
		result_next(l->r, "let cn=im search by %s, not only read it "
		    "(schema/access.ldif)", attr);
	} else if (res->status == XDB_DOWN || res->status == XDB_BUSY) {
		result_say(l->r, VERDICT_WARNING, "%s could not be looked up: %s",
		    l->who->dn, xdb_status_text(res->status));
	}
}

/* The web process finds people so, too, and knows them by who they are. */
static void look_up_for_web(struct lookup *l)
{
	struct doctor *d = l->d;
	const char *attr = doctor_attr(d, ATTR_UUID), *attrs[] = { attr, NULL };
	struct question q = { .base = d->settings->ldap.people_base,
		.scope = LDAP_SCOPE_SUBTREE, .attrs = attrs };
	struct buf filter = { 0 };
	LDAPMessage *found;

	filter_open(&filter, '&');
	filter_raw(&filter, d->settings->ldap.people_filter);
	filter_eq(&filter, doctor_attr(d, ATTR_NAME), l->who->names[0]);
	filter_close(&filter);
	q.filter = buf_cstr(&filter);
	if (wire_search(d->web, &q, &found) == LDAP_SUCCESS
	    && wire_value(d->web, &d->arena, wire_first(d->web, found), attr).n == 0
	    && l->web_missing_n++ == 0) {
		result_say(l->r, VERDICT_FAULT, "cn=im-web finds nobody by (%s=%s), or "
		    "not with their %s: such people cannot sign in at the web page",
		    doctor_attr(d, ATTR_NAME), log_text(l->who->names[0]), attr);
		result_next(l->r, "let cn=im-web search by %s and read %s: %s",
		    doctor_attr(d, ATTR_NAME), attr, try_advice(d));
	}
	ldap_msgfree(found);
	buf_fini(&filter);
}

void check_lookup(struct doctor *d, struct result *r)
{
	struct lookup l = { .d = d, .r = r };
	const char *why = NULL;
	struct xdb *db = wait_open(d->settings, &why);

	if (db == NULL) {
		result_say(r, VERDICT_FAULT, "[ldap]: %s", why);
		return;
	}
	for (size_t i = 0; i < d->person_n && l.tried_n < LOOKED_UP; i++) {
		l.who = &d->people[i];
		if (!is_fit(d, l.who))
			continue;
		if (d->web != NULL)
			look_up_for_web(&l);
		/* The search that a login makes, and no more: it would
		 * put the address of a profile right, too. */
		wait_for(xdb_vcard_load(db, l.who->names[0]), looked_up, &l);
	}
	wait_close(&db);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "%u people, each by their name", l.tried_n);
}
