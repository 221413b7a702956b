/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_private.c — who reads what of profiles and rooms (schema/README, the table of
 * attributes): our identities what is theirs, and nobody else rosters, vCards, the
 * passwords of rooms.
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

/* What each of ours reads besides, of what every scratch entry has. */
static const struct { enum scratch_kind kind; enum attr attr; bool is_sought; } heads[] = {
	{ SCRATCH_PROFILE, ATTR_PERSON_UUID, true },
	{ SCRATCH_PROFILE, ATTR_JID, true },
	{ SCRATCH_PROFILE, ATTR_PERSON, false },
	{ SCRATCH_PROFILE, ATTR_STATUS, false },
	{ SCRATCH_ROOM, ATTR_ROOM_NAME, true },
	{ SCRATCH_ROOM, ATTR_CN, false },
};

/* Of those who may ask, the one whose connection it is, or for whom that acts. */
struct reader { struct wire *w; const char *as, *who; bool is_web; };

static bool is_shown(const struct reader *by, const char *dn, const char *attr,
    bool is_sought)
{
	const char *attrs[] = { attr, NULL };
	struct question q = { .base = dn, .scope = LDAP_SCOPE_BASE, .attrs = attrs };
	struct arena a = { NULL };
	struct buf filter = { 0 };
	LDAPMessage *found, *e;
	int code;
	bool is_there;

	/* Who may not search by objectClass may do so by what is to be hidden. */
	buf_addf(&filter, is_sought ? "(%s=*)" : "(|(objectClass=*)(%s=*))", attr);
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
		    || !is_shown(by, d->scratch->dn[s->kind], attr, false))
			continue;
		result_say(r, VERDICT_FAULT, "%s can read %s of others", by->who, attr);
		result_next(r, "%s; look for a rule that lets more read it (schema/"
		    "README, the table of attributes)", try_advice(d));
	}
}

static void end(struct doctor *d)
{
	if (d->scratch->is_made[SCRATCH_ROOM])
		scratch_remove(d, NULL, SCRATCH_ROOM);
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
	end(d);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, actor != NULL ? "rosters, vCards and rooms "
		    "are shown to nobody else" : "not shown; as an ordinary person it "
		    "could not be tried, for whom neither identity may act");
}

/* --- our own ------------------------------------------------------------------------- */

static void must_show(struct doctor *d, struct result *r, const struct reader *by,
    enum scratch_kind kind, const char *attr, bool is_sought)
{
	if (!d->scratch->is_made[kind]
	    || is_shown(by, d->scratch->dn[kind], attr, is_sought))
		return;
	result_say(r, VERDICT_FAULT, is_sought ? "%s cannot read %s, or not search by it"
	    : "%s cannot read %s", by->who, attr);
	result_next(r, "%s: what cannot be read looks like what is not there",
	    try_advice(d));
}

/* A value that could not be written either is access-im's to name. */
static void own_look(struct doctor *d, struct result *r, const struct secret *s)
{
	const struct reader im = { d->im, NULL, "cn=im", false },
		web = { d->web, NULL, "cn=im-web", true };
	const struct attempt a = { s->attr, LDAP_MOD_REPLACE, s->value, "" };
	const char *attr = doctor_attr(d, s->attr);

	if (!d->scratch->is_made[s->kind] || try_attempt(d, d->im,
	    d->scratch->dn[s->kind], &a) != LDAP_SUCCESS)
		return;
	must_show(d, r, &im, s->kind, attr, false);
	if (d->web != NULL && s->is_of_web)
		must_show(d, r, &web, s->kind, attr, false);
}

/* That others do not read this is the check `passwords`. */
static const struct secret verifier = { SCRATCH_PROFILE, ATTR_SCRAM,
	"SCRAM-SHA-1$4096:YQ==$Yg==:Yw==", false };

void check_reading(struct doctor *d, struct result *r)
{
	const struct reader im = { d->im, NULL, "cn=im", false },
		web = { d->web, NULL, "cn=im-web", true };

	scratch_make(d, d->im, SCRATCH_ROOM, 0);
	for (size_t i = 0; i < COUNT(secrets); i++)
		own_look(d, r, &secrets[i]);
	own_look(d, r, &verifier);
	for (size_t i = 0; i < COUNT(heads); i++) {
		const char *attr = doctor_attr(d, heads[i].attr);

		must_show(d, r, &im, heads[i].kind, attr, heads[i].is_sought);
		if (d->web != NULL)
			must_show(d, r, &web, heads[i].kind, attr,
			    heads[i].is_sought);
	}
	end(d);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "profiles and rooms, whole");
}
