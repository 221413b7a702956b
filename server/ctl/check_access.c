/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_access.c — what each of our identities must be able to write, and must not. */
#include "ctl/checks.h"
#include "ctl/look.h"
#include "ctl/scratch.h"
#include "ctl/try.h"
#include "xdb_ldap/values.h"

static const struct attempt profile_im_may[] = {
	{ ATTR_PENDING, LDAP_MOD_REPLACE, "tertulia-doctor@invalid",
	    "keep subscription requests" },
	{ ATTR_SCRAM, LDAP_MOD_REPLACE, "SCRAM-SHA-1$4096:YQ==$Yg==:Yw==",
	    "keep verifiers" },
	{ ATTR_SCRAM_SOURCE, LDAP_MOD_REPLACE, "-", "keep verifiers" },
	{ ATTR_VCARD, LDAP_MOD_REPLACE, "<x/>", "keep vCards" },
	{ ATTR_JID, LDAP_MOD_DELETE, TRY_NOBODYS, "give an account the address of "
	    "a person who was renamed" },
};
static const struct attempt profile_im_may_not[] = {
	{ ATTR_STATUS, LDAP_MOD_DELETE, TRY_NOBODYS, "lift a suspension" },
	{ ATTR_PERSON, LDAP_MOD_DELETE, "cn=tertulia-doctor",
	    "give a profile to somebody else" },
};
static const struct attempt profile_web_may[] = {
	{ ATTR_STATUS, LDAP_MOD_REPLACE, "suspended", "suspend an account" },
	{ ATTR_SCRAM, LDAP_MOD_REPLACE, NULL, "drop verifiers" },
};
static const struct attempt profile_web_may_not[] = {
	{ ATTR_ROSTER_ITEM, LDAP_MOD_DELETE, TRY_NOBODYS, "write rosters" },
	{ ATTR_VCARD, LDAP_MOD_DELETE, TRY_NOBODYS, "write vCards" },
};
static const struct attempt room_both_may[] = {
	{ ATTR_SUBJECT, LDAP_MOD_REPLACE, "tertulia-doctor", "change rooms" },
	{ ATTR_OWNER_JID, LDAP_MOD_ADD, "tertulia-doctor@invalid",
	    "change who owns a room" },
	{ ATTR_OWNER, LDAP_MOD_ADD, "cn=tertulia-doctor", "say who owns a room" },
	{ ATTR_OUTCAST, LDAP_MOD_ADD, "cn=tertulia-doctor", "ban people from a room" },
	{ ATTR_ROOM_OPTION, LDAP_MOD_ADD, "moderated=no", "change a room's settings" },
};
static const struct attempt room_im_may[] = {
	{ ATTR_BOUND_STATE, LDAP_MOD_REPLACE, "tertulia-doctor",
	    "note how far a room follows its list" },
};
static const struct attempt person_none_may[] = {
	{ ATTR_MAIL, LDAP_MOD_DELETE, TRY_NOBODYS, "write people's mail" },
	{ ATTR_CN, LDAP_MOD_DELETE, TRY_NOBODYS, "write people's names" },
	{ ATTR_N, LDAP_MOD_DELETE, TRY_NOBODYS, "set people's passwords" },
	{ ATTR_OBJECT_CLASS, LDAP_MOD_DELETE, "organizationalUnit",
	    "change people's classes" },
};

/* --- the beginning ------------------------------------------------------------------- */

void check_scratch(struct doctor *d, struct result *r)
{
	const char *dn;
	unsigned n;

	switch (scratch_begin(d, &n, &dn)) {
	case SCRATCH_READY:
		if (n != 0)
			result_say(r, VERDICT_OK, "removed %u that an earlier run "
			    "left", n);
		else
			result_say(r, VERDICT_OK, "none left");
		return;
	case SCRATCH_BUSY:
		result_say(r, VERDICT_SKIPPED, "another doctor is at work with "
		    "this configuration");
		r->is_unsure = true;
		return;
	case SCRATCH_STUCK:
		result_say(r, VERDICT_FAULT, "%s is left of an earlier run, and "
		    "our identities may not remove it", dn);
		result_next(r, "remove it by hand; %s", try_advice(d));
		return;
	}
}

/* --- the server's identity -------------------------------------------------------------- */

/* As xdb_ldap/roster.c changes a roster. */
static int roster_change(struct doctor *d)
{
	const char *version = doctor_attr(d, ATTR_ROSTER_VERSION);
	const struct change c[] = {
		{ LDAP_MOD_ADD, doctor_attr(d, ATTR_ROSTER_ITEM),
		    SLICE_INIT("tertulia-doctor@invalid none 0 0 -") },
		{ LDAP_MOD_DELETE, version, SLICE_INIT("0") },
		{ LDAP_MOD_ADD, version, SLICE_INIT("1") },
		{ 0 }
	};

	return wire_modify(d->im, d->scratch->dn[SCRATCH_PROFILE], c);
}

/* With profiles on people's entries there is no scratch entry to make: values that
 * nobody has are taken away from a person's. */
static const struct attempt inline_im_may[] = {
	{ ATTR_ROSTER_ITEM, LDAP_MOD_DELETE, TRY_NOBODYS, "change a roster" },
	{ ATTR_PENDING, LDAP_MOD_DELETE, TRY_NOBODYS, "keep subscription requests" },
	{ ATTR_SCRAM, LDAP_MOD_DELETE, TRY_NOBODYS, "keep verifiers" },
	{ ATTR_VCARD, LDAP_MOD_DELETE, TRY_NOBODYS, "keep vCards" },
	{ ATTR_JID, LDAP_MOD_DELETE, TRY_NOBODYS, "give an account the address of "
	    "a person who was renamed" },
};
static const struct attempt inline_im_may_not[] = {
	{ ATTR_STATUS, LDAP_MOD_DELETE, TRY_NOBODYS, "lift a suspension" },
	{ ATTR_OBJECT_CLASS, LDAP_MOD_DELETE, CLASS_USER,
	    "take an account off a person" },
};
static const struct attempt inline_web_may[] = {
	{ ATTR_STATUS, LDAP_MOD_DELETE, TRY_NOBODYS, "suspend an account" },
	{ ATTR_SCRAM, LDAP_MOD_DELETE, TRY_NOBODYS, "drop verifiers" },
	{ ATTR_ROSTER_ITEM, LDAP_MOD_DELETE, TRY_NOBODYS, "remove an account" },
	{ ATTR_VCARD, LDAP_MOD_DELETE, TRY_NOBODYS, "remove an account" },
};

/* Somebody without an account: taking that off would be more than trying. */
static const char *without_account(struct doctor *d)
{
	static const char *const attrs[] = { "1.1", NULL };

	for (size_t i = 0; i < d->person_n; i++) {
		struct question q = { .base = d->people[i].dn,
			.scope = LDAP_SCOPE_BASE, .attrs = attrs,
			.filter = "(!(objectClass=" CLASS_USER "))" };
		LDAPMessage *found;
		bool has_none = wire_search(d->im, &q, &found) == LDAP_SUCCESS
		    && wire_first(d->im, found) != NULL;

		ldap_msgfree(found);
		if (has_none)
			return d->people[i].dn;
	}
	return NULL;
}

static void inline_of_im(struct doctor *d, struct result *r)
{
	const char *person = without_account(d);

	if (person == NULL)
		return;
	EACH_MUST(d, r, d->im, "cn=im", person, inline_im_may);
	EACH_MUST_NOT(d, r, d->im, "cn=im", person, inline_im_may_not);
}

static void profile_of_im(struct doctor *d, struct result *r)
{
	const char *dn = d->scratch->dn[SCRATCH_PROFILE];
	/* Only the web process may remove one: without it, nothing is made. */
	int flags = d->web != NULL ? 0 : WIRE_NOOP;
	int code = scratch_make(d, d->im, SCRATCH_PROFILE, flags);

	if (code != LDAP_UNAVAILABLE_CRITICAL_EXTENSION)
		try_must(d, r, "cn=im", code, "make a profile");
	if (code != LDAP_SUCCESS)
		return;
	try_must(d, r, "cn=im", roster_change(d), "change a roster");
	EACH_MUST(d, r, d->im, "cn=im", dn, profile_im_may);
}

/* When the directory says the room was made. */
static void room_look(struct doctor *d)
{
	static const char *const attrs[] = { "createTimestamp", NULL };
	struct question q = { .base = d->scratch->dn[SCRATCH_ROOM],
		.scope = LDAP_SCOPE_BASE, .attrs = attrs };
	LDAPMessage *found;

	if (wire_search(d->im, &q, &found) != LDAP_SUCCESS
	    || !time_read(wire_value(d->im, &d->arena,
	    wire_first(d->im, found), attrs[0]),
	    &d->scratch->server_made_at))
		d->scratch->server_made_at = 0;
	ldap_msgfree(found);
}

static void room_of(struct doctor *d, struct result *r, struct wire *w,
    const char *who)
{
	int code = scratch_make(d, w, SCRATCH_ROOM, 0);

	/* Ours, which the one before could not remove: that was said of it. */
	if (code == LDAP_ALREADY_EXISTS && d->scratch->is_made[SCRATCH_ROOM])
		code = LDAP_SUCCESS;
	try_must(d, r, who, code, "make a room");
	if (code != LDAP_SUCCESS)
		return;
	if (w == d->im)
		room_look(d);
	EACH_MUST(d, r, w, who, d->scratch->dn[SCRATCH_ROOM], room_both_may);
	if (w == d->im)
		EACH_MUST(d, r, w, who, d->scratch->dn[SCRATCH_ROOM], room_im_may);
	try_must(d, r, who, scratch_remove(d, w, SCRATCH_ROOM), "remove a room");
}

void check_access_im(struct doctor *d, struct result *r)
{
	if (d->directory.is_inline)
		inline_of_im(d, r);
	else
		profile_of_im(d, r);
	room_of(d, r, d->im, "cn=im");
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, d->web != NULL
		    ? "profiles, rosters, verifiers, vCards, rooms"
		    : "profiles may be made; rooms");
}

/* A right to write jid is one to add another: the overlay constraint refuses that.
 * With 389 Directory Server nothing does. */
static void second_address(struct doctor *d, struct result *r)
{
	struct attempt a = { ATTR_JID, LDAP_MOD_ADD, NULL, "" };
	struct buf jid = { 0 };
	const char *dn = d->scratch->dn[SCRATCH_PROFILE];
	int code;

	if (d->directory.root.preset != XDB_OPENLDAP)
		return;
	buf_addf(&jid, "%s.second", d->scratch->jid);
	a.value = buf_cstr(&jid);
	code = try_attempt(d, d->im, dn, &a);
	if (code == LDAP_SUCCESS) {
		a.op = LDAP_MOD_DELETE;
		try_attempt(d, d->im, dn, &a);
		result_say(r, VERDICT_FAULT, "one profile may have two addresses");
		result_next(r, "set the overlay constraint on the database "
		    "(schema/overlays.ldif)");
	}
	buf_fini(&jid);
}

void check_unique(struct doctor *d, struct result *r)
{
	int code;

	if (d->directory.is_inline) {
		result_say(r, VERDICT_SKIPPED, "profiles are on people's entries");
		return;
	}
	if (!d->scratch->is_made[SCRATCH_PROFILE]) {
		result_say(r, VERDICT_SKIPPED, "no profile could be made that "
		    "could be removed again");
		return;
	}
	code = scratch_make_twin(d, d->im);
	if (code == LDAP_CONSTRAINT_VIOLATION) {
		second_address(d, r);
		if (r->verdict == VERDICT_OK)
			result_say(r, VERDICT_OK, "the directory refuses a second one");
	} else if (code == LDAP_SUCCESS) {
		result_say(r, VERDICT_FAULT, "two profiles may have one address");
		result_next(r, "set the overlay unique on the database "
		    "(schema/overlays.ldif)");
	} else {
		result_say(r, VERDICT_WARNING, "could not be tried: %s",
		    ldap_err2string(code));
	}
}

static const struct attempt group_none_may[] = {
	{ ATTR_GROUP_MEMBER, LDAP_MOD_DELETE, "cn=tertulia-doctor",
	    "put people into groups" },
	{ ATTR_DESCRIPTION, LDAP_MOD_DELETE, TRY_NOBODYS, "write groups" },
};

/* --- limits ------------------------------------------------------------------------------ */

/* slapd does not look at what is in a new entry, unless it is told to: then who may
 * add may add anything (schema/README). */
static void contents_of_im(struct doctor *d, struct result *r)
{
	int code;

	if (d->directory.is_inline || d->directory.root.preset != XDB_OPENLDAP)
		return;
	code = scratch_try_more(d, d->im);
	if (code == LDAP_SUCCESS || code == LDAP_X_NO_OPERATION) {
		result_say(r, VERDICT_FAULT, "cn=im may add entries with anything in "
		    "them");
		result_next(r, "set olcAddContentAcl: TRUE on the database "
		    "(schema/access.ldif)");
	}
}

static void limits_of_im(struct doctor *d, struct result *r, const char *person)
{
	const char *dn = d->scratch->dn[SCRATCH_PROFILE];

	if (person != NULL)
		EACH_MUST_NOT(d, r, d->im, "cn=im", person, person_none_may);
	try_must_not(d, r, "cn=im", scratch_make(d, d->im, SCRATCH_PERSON, WIRE_NOOP),
	    "add people");
	contents_of_im(d, r);
	if (!d->scratch->is_made[SCRATCH_PROFILE])
		return;
	EACH_MUST_NOT(d, r, d->im, "cn=im", dn, profile_im_may_not);
	try_must_not(d, r, "cn=im", scratch_remove(d, d->im, SCRATCH_PROFILE),
	    "remove profiles");
}

static void limits_of_web(struct doctor *d, struct result *r, const char *person)
{
	const char *dn = d->scratch->dn[SCRATCH_PROFILE];

	if (d->web == NULL)
		return;
	if (person != NULL)
		EACH_MUST_NOT(d, r, d->web, "cn=im-web", person,
		    person_none_may);
	if (d->scratch->is_made[SCRATCH_PROFILE])
		EACH_MUST_NOT(d, r, d->web, "cn=im-web", dn,
		    profile_web_may_not);
}

/* Any one; NULL: there is none, or it cannot be seen. */
static const char *a_group(struct doctor *d)
{
	static const char *const none[] = { "1.1", NULL };
	struct slice *suffixes;
	struct question q = { .base = d->settings->ldap.groups_base,
		.scope = LDAP_SCOPE_SUBTREE, .attrs = none, .most = 1,
		.filter = "(objectClass=groupOfNames)" };
	const char *dn = NULL;
	LDAPMessage *found, *e;

	if (*q.base == '\0' && look_values(d, d->im, "", "namingContexts",
	    &suffixes) != 0)
		q.base = slice_cstr(&d->arena, suffixes[0]);
	wire_search(d->im, &q, &found);         /* sizeLimitExceeded: one is enough */
	e = wire_first(d->im, found);
	if (e != NULL)
		dn = wire_dn(d->im, &d->arena, e);
	ldap_msgfree(found);
	return dn;
}

static void limits_of_groups(struct doctor *d, struct result *r)
{
	const char *dn = a_group(d);

	if (dn == NULL)
		return;
	EACH_MUST_NOT(d, r, d->im, "cn=im", dn, group_none_may);
	if (d->web != NULL)
		EACH_MUST_NOT(d, r, d->web, "cn=im-web", dn, group_none_may);
}

void check_access_limits(struct doctor *d, struct result *r)
{
	const char *person = try_person(d);
	static const struct attempt password = { ATTR_N, LDAP_MOD_DELETE,
		TRY_NOBODYS, "set the password of the web process" };

	limits_of_web(d, r, person);
	if (d->web != NULL)
		try_must_not(d, r, "cn=im", try_attempt(d, d->im, d->settings->web.bind_dn,
		    &password), password.what);
	limits_of_im(d, r, person);
	limits_of_groups(d, r);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, person != NULL
		    ? "no person, no address, no status, no removal"
		    : "no address, no status, no removal; nobody to try it on");
}

/* --- the web process ------------------------------------------------------------------------- */

static void profile_of_web(struct doctor *d, struct result *r)
{
	int code = LDAP_SUCCESS;

	/* The web process makes one too, for an account it opens. */
	if (!d->scratch->is_made[SCRATCH_PROFILE])
		code = scratch_make(d, d->web, SCRATCH_PROFILE, 0);
	try_must(d, r, "cn=im-web", code, "make a profile");
	if (code != LDAP_SUCCESS)
		return;
	EACH_MUST(d, r, d->web, "cn=im-web", d->scratch->dn[SCRATCH_PROFILE],
	    profile_web_may);
	try_must(d, r, "cn=im-web", scratch_remove(d, d->web, SCRATCH_PROFILE),
	    "remove a profile");
}

static void inline_of_web(struct doctor *d, struct result *r)
{
	const char *person = without_account(d);

	if (person != NULL)
		EACH_MUST(d, r, d->web, "cn=im-web", person, inline_web_may);
}

static void people_of_web(struct doctor *d, struct result *r)
{
	int code = scratch_make(d, d->web, SCRATCH_PERSON, WIRE_NOOP);

	if (code == LDAP_INSUFFICIENT_ACCESS)
		result_next(r, "load schema/access-people.ldif, or set [web] "
		    "people_create = no");
	if (code != LDAP_UNAVAILABLE_CRITICAL_EXTENSION)
		try_must(d, r, "cn=im-web", code, "add people");
}

void check_access_web(struct doctor *d, struct result *r)
{
	int code;

	if (d->directory.is_inline)
		inline_of_web(d, r);
	else
		profile_of_web(d, r);
	room_of(d, r, d->web, "cn=im-web");
	code = scratch_make(d, d->web, SCRATCH_REQUEST, 0);
	try_must(d, r, "cn=im-web", code, "make a request");
	if (code == LDAP_SUCCESS)
		try_must(d, r, "cn=im-web", scratch_remove(d, d->web,
		    SCRATCH_REQUEST), "remove a request");
	if (d->settings->web.people_create)
		people_of_web(d, r);
	code = scratch_make(d, d->im, SCRATCH_REQUEST, WIRE_NOOP);
	try_must_not(d, r, "cn=im", code, "make requests");
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "profiles, rooms, requests");
}
