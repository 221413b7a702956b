/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_private.c — what of profiles and rooms is nobody else's to read
 * (schema/README, the table of attributes): rosters, vCards, the passwords of rooms.
 *
 * It is written to scratch entries and then looked for by our other identity, by
 * somebody who did not log in, and as an ordinary person, for whom one of ours acts
 * (RFC 4370): a rule that says "users" is seen by none of the others. */
#include "ctl/checks.h"
#include "ctl/scratch.h"
#include "ctl/try.h"

/* A name of somebody who is not there. */
#define NOBODY "cn=tertulia-doctor"

static const struct secret {
	enum scratch_kind kind;
	enum attr attr;
	const char *value;
	bool is_of_web;                 /* cn=im-web reads it, too */
} secrets[] = {
	{ SCRATCH_PROFILE, ATTR_ROSTER_ITEM, "tertulia-doctor@invalid none 0 0 -", false },
	{ SCRATCH_PROFILE, ATTR_PENDING, "tertulia-doctor@invalid", false },
	{ SCRATCH_PROFILE, ATTR_BLOCKED, "tertulia-doctor@invalid", false },
	{ SCRATCH_PROFILE, ATTR_PRIVATE, "<x/>", false },
	{ SCRATCH_PROFILE, ATTR_VCARD, "<x/>", false },
	{ SCRATCH_PROFILE, ATTR_SCRAM_SOURCE, "-", false },
	{ SCRATCH_ROOM, ATTR_ROOM_OPTION, "password=tertulia-doctor", true },
	{ SCRATCH_ROOM, ATTR_SUBJECT, "tertulia-doctor", true },
	{ SCRATCH_ROOM, ATTR_OWNER, NOBODY, true },
	{ SCRATCH_ROOM, ATTR_ADMIN, NOBODY, true },
	{ SCRATCH_ROOM, ATTR_MEMBER, NOBODY, true },
	{ SCRATCH_ROOM, ATTR_OUTCAST, NOBODY, true },
	{ SCRATCH_ROOM, ATTR_OWNER_JID, "tertulia-doctor@invalid", true },
	{ SCRATCH_ROOM, ATTR_ADMIN_JID, "tertulia-doctor@invalid", true },
	{ SCRATCH_ROOM, ATTR_MEMBER_JID, "tertulia-doctor@invalid", true },
	{ SCRATCH_ROOM, ATTR_OUTCAST_JID, "tertulia-doctor@invalid", true },
	{ SCRATCH_ROOM, ATTR_BOUND_TO, NOBODY, true },
	{ SCRATCH_ROOM, ATTR_BOUND_STATE, "- 0 0 - -", true },
};

/* Of those who may ask, the one whose connection it is, or for whom that acts. */
struct reader { struct wire *w; const char *as, *who; bool is_web; };

static bool is_shown(const struct reader *by, const char *dn, const char *attr)
{
	const char *attrs[] = { attr, NULL };
	struct question q = { .base = dn, .scope = LDAP_SCOPE_BASE, .attrs = attrs };
	struct arena a = { NULL };
	struct buf filter = { 0 };
	LDAPMessage *found, *e;
	int code;
	bool is_there;

	/* Who may not search by objectClass may do so by what is to be hidden. */
	buf_addf(&filter, "(|(objectClass=*)(%s=*))", attr);
	q.filter = buf_cstr(&filter);
	code = by->as != NULL ? wire_search_as(by->w, by->as, &q, &found)
	    : wire_search(by->w, &q, &found);
	e = wire_first(by->w, found);
	is_there = code == LDAP_SUCCESS && e != NULL
	    && wire_value(by->w, &a, e, attr).n != 0;
	ldap_msgfree(found);
	buf_fini(&filter);
	arena_fini(&a);
	return is_there;
}

/* OpenLDAP says it to whatever is asked.  389 Directory Server asks for a right of
 * its own on each entry, and nobody has it on profiles. */
static bool may_act(const struct doctor *d, struct wire *w, const char *person)
{
	static const char *const none[] = { "1.1", NULL };
	struct question q = { .base = "", .scope = LDAP_SCOPE_BASE, .attrs = none };
	LDAPMessage *found = NULL;
	int code = w != NULL && person != NULL
	    && d->directory.root.preset == XDB_OPENLDAP
	    ? wire_search_as(w, person, &q, &found) : LDAP_INSUFFICIENT_ACCESS;

	ldap_msgfree(found);
	return code == LDAP_SUCCESS;
}

static void write_all(struct doctor *d)
{
	for (size_t i = 0; i < COUNT(secrets); i++) {
		const struct secret *s = &secrets[i];
		const struct attempt a = { s->attr, LDAP_MOD_REPLACE, s->value, "" };

		if (d->scratch->is_made[s->kind])
			try_attempt(d, d->im, d->scratch->dn[s->kind], &a);
	}
}

static void read_all(struct doctor *d, struct result *r, const struct reader *by)
{
	for (size_t i = 0; by->w != NULL && i < COUNT(secrets); i++) {
		const struct secret *s = &secrets[i];
		const char *attr = doctor_attr(d, s->attr);

		if (!d->scratch->is_made[s->kind] || (by->is_web && s->is_of_web)
		    || !is_shown(by, d->scratch->dn[s->kind], attr))
			continue;
		result_say(r, VERDICT_FAULT, "%s can read %s of others", by->who, attr);
		result_next(r, "%s; look for a rule that lets more read it (schema/"
		    "README, the table of attributes)", try_advice(d));
	}
}

void check_private(struct doctor *d, struct result *r)
{
	const char *person = try_person(d);
	struct wire *actor = may_act(d, d->web, person) ? d->web
	    : may_act(d, d->im, person) ? d->im : NULL;
	const struct reader readers[] = {
		{ d->web, NULL, "cn=im-web", true }, { d->nobody, NULL, "anybody", false },
		{ actor, person, "whoever is logged in", false },
	};

	/* The profile is there since access-im, and stays until access-web. */
	scratch_make(d, d->im, SCRATCH_ROOM, 0);
	write_all(d);
	for (size_t i = 0; i < COUNT(readers); i++)
		read_all(d, r, &readers[i]);
	if (d->scratch->is_made[SCRATCH_ROOM])
		scratch_remove(d, NULL, SCRATCH_ROOM);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, actor != NULL ? "rosters, vCards and rooms "
		    "are shown to nobody else" : "not shown; as an ordinary person it "
		    "could not be tried, for whom neither identity may act");
}
