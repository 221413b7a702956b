/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_access.c — who may do what, by trying (directory.md rule 8).
 *
 * What must be allowed is done to scratch entries.  What must be refused is
 * tried so that nothing happens if it is let through: a value is deleted that
 * nobody has, or a value added that is there.  Servers look at the rights
 * first, so "no such value" and "value exists" mean that the right is there,
 * and insufficientAccess that it is not. */
#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/scratch.h"
#include "xdb_ldap/values.h"

static const char advice[] = "load the rules of schema/access.ldif (and its "
    "sisters), in front of your own";

static bool is_let_through(int code)
{
	return code == LDAP_SUCCESS || code == LDAP_NO_SUCH_ATTRIBUTE
	    || code == LDAP_TYPE_OR_VALUE_EXISTS || code == LDAP_X_NO_OPERATION;
}

static void must(struct result *r, const char *who, int code, const char *what)
{
	if (is_let_through(code))
		return;
	result_say(r, VERDICT_FAULT, "%s cannot %s: %s", who, what,
	    ldap_err2string(code));
	result_next(r, "%s", advice);
}

static void must_not(struct result *r, const char *who, int code,
    const char *what)
{
	if (!is_let_through(code))
		return;
	result_say(r, VERDICT_FAULT, "%s may %s", who, what);
	result_next(r, "%s; look for a rule that gives write to more than it "
	    "should", advice);
}

/* --- attempts as data ------------------------------------------------------------- */

static const char nobodys[] = "tertulia-doctor";

/* One change of one attribute; attr ATTR_N: userPassword, which the store has
 * no business with. */
struct attempt {
	enum attr attr;
	int op;
	const char *value, *what;
};

static int try(struct doctor *d, struct wire *w, const char *dn,
    const struct attempt *a)
{
	struct change c[] = {
		{ a->op, a->attr == ATTR_N ? "userPassword"
		    : doctor_attr(d, a->attr), slice_of(a->value) },
		{ 0 }
	};

	return wire_modify(w, dn, c, NULL);
}

static const struct attempt profile_im_may[] = {
	{ ATTR_PENDING, LDAP_MOD_REPLACE, "tertulia-doctor@invalid",
	    "keep subscription requests" },
	{ ATTR_SCRAM, LDAP_MOD_REPLACE, "SCRAM-SHA-1$4096:YQ==$Yg==:Yw==",
	    "keep verifiers" },
	{ ATTR_SCRAM_SOURCE, LDAP_MOD_REPLACE, "-", "keep verifiers" },
	{ ATTR_VCARD, LDAP_MOD_REPLACE, "<x/>", "keep vCards" },
};
static const struct attempt profile_im_may_not[] = {
	{ ATTR_STATUS, LDAP_MOD_DELETE, nobodys, "lift a suspension" },
	{ ATTR_JID, LDAP_MOD_DELETE, nobodys, "change an address" },
	{ ATTR_PERSON, LDAP_MOD_DELETE, "cn=tertulia-doctor",
	    "give a profile to somebody else" },
};
static const struct attempt profile_web_may[] = {
	{ ATTR_STATUS, LDAP_MOD_REPLACE, "suspended", "suspend an account" },
	{ ATTR_SCRAM, LDAP_MOD_REPLACE, NULL, "drop verifiers" },
};
static const struct attempt profile_web_may_not[] = {
	{ ATTR_ROSTER_ITEM, LDAP_MOD_DELETE, nobodys, "write rosters" },
	{ ATTR_VCARD, LDAP_MOD_DELETE, nobodys, "write vCards" },
};
static const struct attempt room_both_may[] = {
	{ ATTR_SUBJECT, LDAP_MOD_REPLACE, "tertulia-doctor", "change rooms" },
	{ ATTR_OWNER_JID, LDAP_MOD_ADD, "tertulia-doctor@invalid",
	    "change who owns a room" },
};
static const struct attempt person_none_may[] = {
	{ ATTR_MAIL, LDAP_MOD_DELETE, nobodys, "write people's mail" },
	{ ATTR_CN, LDAP_MOD_DELETE, nobodys, "write people's names" },
	{ ATTR_N, LDAP_MOD_DELETE, nobodys, "set people's passwords" },
	{ ATTR_OBJECT_CLASS, LDAP_MOD_DELETE, "organizationalUnit",
	    "change people's classes" },
};

#define EACH_MUST(d, r, w, who, dn, list) \
	for (size_t i_ = 0; i_ < COUNT(list); i_++) \
		must(r, who, try(d, w, dn, &(list)[i_]), (list)[i_].what)
#define EACH_MUST_NOT(d, r, w, who, dn, list) \
	for (size_t i_ = 0; i_ < COUNT(list); i_++) \
		must_not(r, who, try(d, w, dn, &(list)[i_]), (list)[i_].what)

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
		result_next(r, "remove it by hand; %s", advice);
		return;
	}
}

/* --- the server's identity -------------------------------------------------------------- */

/* As xdb_ldap/roster.c changes a roster: one modify, under an assertion where the
 * server has such. */
static int roster_change(struct doctor *d)
{
	const char *version = doctor_attr(d, ATTR_ROSTER_VERSION);
	const struct root *root = &d->directory.root;
	bool asserts = root->has_assertion && root->has_increment;
	const struct change c[] = {
		{ LDAP_MOD_ADD, doctor_attr(d, ATTR_ROSTER_ITEM),
		    SLICE_INIT("tertulia-doctor@invalid none 0 0 -") },
		{ asserts ? LDAP_MOD_INCREMENT : LDAP_MOD_DELETE, version,
		    asserts ? SLICE("1") : SLICE("0") },
		{ LDAP_MOD_ADD, asserts ? NULL : version, SLICE("1") },
		{ 0 }
	};

	return wire_modify(d->im, d->scratch->dn[SCRATCH_PROFILE], c,
	    asserts ? "(imRosterVersion=0)" : NULL);
}

/* With profiles on people's entries there is no scratch entry to make: values that
 * nobody has are taken away from a person's. */
static const struct attempt inline_im_may[] = {
	{ ATTR_ROSTER_ITEM, LDAP_MOD_DELETE, nobodys, "change a roster" },
	{ ATTR_PENDING, LDAP_MOD_DELETE, nobodys, "keep subscription requests" },
	{ ATTR_SCRAM, LDAP_MOD_DELETE, nobodys, "keep verifiers" },
	{ ATTR_VCARD, LDAP_MOD_DELETE, nobodys, "keep vCards" },
};
static const struct attempt inline_im_may_not[] = {
	{ ATTR_STATUS, LDAP_MOD_DELETE, nobodys, "lift a suspension" },
	{ ATTR_JID, LDAP_MOD_DELETE, nobodys, "change an address" },
	{ ATTR_OBJECT_CLASS, LDAP_MOD_DELETE, CLASS_USER,
	    "take an account off a person" },
};
static const struct attempt inline_web_may[] = {
	{ ATTR_STATUS, LDAP_MOD_DELETE, nobodys, "suspend an account" },
	{ ATTR_SCRAM, LDAP_MOD_DELETE, nobodys, "drop verifiers" },
	{ ATTR_ROSTER_ITEM, LDAP_MOD_DELETE, nobodys, "remove an account" },
	{ ATTR_VCARD, LDAP_MOD_DELETE, nobodys, "remove an account" },
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
		must(r, "cn=im", code, "make a profile");
	if (code != LDAP_SUCCESS)
		return;
	must(r, "cn=im", roster_change(d), "change a roster");
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

	must(r, who, code, "make a room");
	if (code != LDAP_SUCCESS)
		return;
	if (w == d->im)
		room_look(d);
	EACH_MUST(d, r, w, who, d->scratch->dn[SCRATCH_ROOM], room_both_may);
	must(r, who, scratch_remove(d, w, SCRATCH_ROOM), "remove a room");
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

void check_unique(struct doctor *d, struct result *r)
{
	int code;

	if (d->directory.is_inline) {
		result_say(r, VERDICT_SKIPPED, "profiles are on people's entries");
		return;
	}
	if (!d->scratch->is_made[SCRATCH_PROFILE]) {
		result_say(r, VERDICT_SKIPPED, "there is no identity that could "
		    "remove a profile");
		return;
	}
	code = scratch_make_twin(d, d->im);
	if (code == LDAP_CONSTRAINT_VIOLATION) {
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

/* --- limits ------------------------------------------------------------------------------ */

/* Somebody the web process did not make itself: those it may write. */
static const char *a_person(struct doctor *d)
{
	static const char *const attrs[] = { "creatorsName", NULL };
	enum { LOOKED_AT = 20 };

	for (size_t i = 0; i < d->person_n && i < LOOKED_AT; i++) {
		struct question q = { .base = d->people[i].dn,
			.scope = LDAP_SCOPE_BASE, .attrs = attrs };
		struct slice by;
		LDAPMessage *found;

		if (wire_search(d->im, &q, &found) != LDAP_SUCCESS)
			continue;
		by = wire_value(d->im, &d->arena,
		    wire_first(d->im, found), attrs[0]);
		ldap_msgfree(found);
		if (!slice_eq_nocase(by, slice_of(d->settings->web.bind_dn)))
			return d->people[i].dn;
	}
	return NULL;
}

static void limits_of_im(struct doctor *d, struct result *r, const char *person)
{
	const char *dn = d->scratch->dn[SCRATCH_PROFILE];

	if (person != NULL)
		EACH_MUST_NOT(d, r, d->im, "cn=im", person, person_none_may);
	must_not(r, "cn=im", scratch_make(d, d->im, SCRATCH_PERSON, WIRE_NOOP),
	    "add people");
	if (!d->scratch->is_made[SCRATCH_PROFILE])
		return;
	EACH_MUST_NOT(d, r, d->im, "cn=im", dn, profile_im_may_not);
	must_not(r, "cn=im", scratch_remove(d, d->im, SCRATCH_PROFILE),
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

void check_access_limits(struct doctor *d, struct result *r)
{
	const char *person = a_person(d);
	static const struct attempt password = { ATTR_N, LDAP_MOD_DELETE,
		nobodys, "set the password of the web process" };

	limits_of_web(d, r, person);
	if (d->web != NULL)
		must_not(r, "cn=im", try(d, d->im, d->settings->web.bind_dn,
		    &password), password.what);
	limits_of_im(d, r, person);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, person != NULL
		    ? "no person, no address, no status, no removal"
		    : "no address, no status, no removal; nobody to try it on");
}

/* --- as the people themselves (RFC 4370) ------------------------------------------------ */

static int try_as(struct doctor *d, const char *as, const char *dn, const char *attr)
{
	const struct change c[] = {
		{ LDAP_MOD_DELETE, attr, slice_of(nobodys) }, { 0 }
	};
	int code = wire_modify_as(d->im, as, dn, c);

	/* Photos cannot be compared; that is said behind the rules. */
	return code == LDAP_INAPPROPRIATE_MATCHING ? LDAP_NO_SUCH_ATTRIBUTE : code;
}

/* The words of [vcard] writable. */
static const struct { const char *word; enum attr attr; } card_fields[] = {
	{ "photo", ATTR_PHOTO }, { "nickname", ATTR_NICKNAME },
	{ "url", ATTR_URL },     { "title", ATTR_TITLE },
	{ "mail", ATTR_MAIL },   { "phone", ATTR_PHONE },
	{ "mobile", ATTR_MOBILE }, { "fax", ATTR_FAX },
};

static bool is_wanted(const struct doctor *d, const char *word)
{
	const struct conf_list *l = &d->settings->vcard.writable;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], word) == 0)
			return true;
	return false;
}

/* False: it may not act for people at all. */
static bool acts(struct doctor *d, struct result *r, const char *person)
{
	int code = try_as(d, person, person, "userPassword");
	bool is_needed = d->settings->vcard.writable.n != 0;

	if (code == LDAP_PROXIED_AUTHORIZATION_DENIED) {
		if (is_needed) {
			result_say(r, VERDICT_FAULT, "cn=im cannot act for people, "
			    "so nobody can change a vCard");
			result_next(r, "load schema/act-vcard.ldif, set "
			    "olcAuthzPolicy: to, or empty [vcard] writable");
		}
		return false;
	}
	must_not(r, "cn=im", code, "set people's passwords in their name");
	if (!is_needed) {
		result_say(r, VERDICT_WARNING, "cn=im may act for people, and "
		    "[vcard] writable is empty");
		result_next(r, "take authzTo out of its entry");
	}
	return true;
}

static void card_of(struct doctor *d, struct result *r, const char *person)
{
	struct buf what = { 0 };

	for (size_t i = 0; i < COUNT(card_fields); i++) {
		if (!is_wanted(d, card_fields[i].word))
			continue;
		buf_clear(&what);
		buf_addf(&what, "write their %s ([vcard] writable)",
		    card_fields[i].word);
		must(r, "people", try_as(d, person, person,
		    doctor_attr(d, card_fields[i].attr)), buf_cstr(&what));
	}
	buf_fini(&what);
}

void check_acting(struct doctor *d, struct result *r)
{
	const char *person = a_person(d), *other = NULL;

	for (size_t i = 0; i < d->person_n && person != NULL; i++)
		if (strcmp(d->people[i].dn, person) != 0)
			other = d->people[i].dn;
	if (person == NULL) {
		result_say(r, VERDICT_SKIPPED, "there is nobody to try it on");
		return;
	}
	if (acts(d, r, person)) {
		card_of(d, r, person);
		if (other != NULL)
			must_not(r, "cn=im, acting for somebody,", try_as(d,
			    person, other, doctor_attr(d, ATTR_MOBILE)),
			    "write somebody else's entry");
	}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "what [vcard] writable says, and no more");
}

/* --- secrets ------------------------------------------------------------------------------- */

static bool can_read(struct doctor *d, struct wire *w, const char *dn,
    const char *attr)
{
	const char *attrs[] = { attr, NULL };
	struct question q = { .base = dn, .scope = LDAP_SCOPE_BASE,
		.attrs = attrs };
	struct arena a = { NULL };
	LDAPMessage *found;
	bool is_shown = false;

	(void)d;
	if (wire_search(w, &q, &found) == LDAP_SUCCESS
	    && wire_first(w, found) != NULL)
		is_shown = wire_value(w, &a, wire_first(w, found),
		    attr).n != 0;
	ldap_msgfree(found);
	arena_fini(&a);
	return is_shown;
}

void check_passwords(struct doctor *d, struct result *r)
{
	const struct { struct wire *w; const char *who; } all[] = {
		{ d->im, "cn=im" }, { d->web, "cn=im-web" },
		{ d->nobody, "anybody" },
	};
	const char *scram = doctor_attr(d, ATTR_SCRAM);
	enum { LOOKED_AT = 5 };

	for (size_t i = 0; i < COUNT(all); i++) {
		bool is_shown = false;

		for (size_t k = 0; all[i].w != NULL && k < d->person_n
		    && k < LOOKED_AT; k++)
			is_shown = is_shown || can_read(d, all[i].w,
			    d->people[k].dn, "userPassword");
		if (is_shown)
			result_say(r, VERDICT_FAULT, "%s can read people's "
			    "password hashes", all[i].who);
		if (all[i].w != NULL && all[i].w != d->im
		    && can_read(d, all[i].w, d->scratch->dn[SCRATCH_PROFILE],
		    scram))
			result_say(r, VERDICT_FAULT, "%s can read SCRAM "
			    "verifiers", all[i].who);
	}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "no hash and no verifier is shown");
	else
		result_next(r, "%s, and let userPassword only be compared",
		    advice);
}

void check_access_nobody(struct doctor *d, struct result *r)
{
	static const char *const none[] = { "1.1", NULL };
	struct question q = { .base = d->directory.profiles_base,
		.scope = LDAP_SCOPE_SUBTREE, .attrs = none, .most = 1,
		.filter = d->directory.is_inline ? "(imStatus=*)"
		    : "(objectClass=" CLASS_PROFILE ")" };
	LDAPMessage *found = NULL;
	int code = d->nobody != NULL ? wire_search(d->nobody, &q, &found)
	    : LDAP_SERVER_DOWN;

	if (code == LDAP_SERVER_DOWN || code == LDAP_TIMEOUT) {
		result_say(r, VERDICT_SKIPPED, "no connection for it");
		r->is_unsure = true;
	} else if (wire_first(d->nobody, found) != NULL) {
		result_say(r, VERDICT_FAULT, "profiles can be seen without "
		    "logging in");
		result_next(r, "%s", advice);
	} else {
		result_say(r, VERDICT_OK, "without logging in nothing is seen");
	}
	ldap_msgfree(found);
}

/* --- clock --------------------------------------------------------------------------------- */

void check_clock(struct doctor *d, struct result *r)
{
	int64_t off = d->scratch->made_at - d->scratch->server_made_at;
	enum verdict v = judge_clock(off);

	if (d->scratch->server_made_at == 0) {
		result_say(r, VERDICT_SKIPPED, "the directory shows no "
		    "createTimestamp");
		return;
	}
	if (v == VERDICT_OK)
		result_say(r, v, "they agree");
	else
		result_say(r, v, "this machine is %lld seconds %s the directory",
		    (long long)(off < 0 ? -off : off), off < 0 ? "behind"
		    : "ahead of");
	if (v != VERDICT_OK)
		result_next(r, "set both by NTP: verifiers and links are judged "
		    "by their times");
}

/* --- the web process ------------------------------------------------------------------------- */

static void profile_of_web(struct doctor *d, struct result *r)
{
	int code = LDAP_SUCCESS;

	/* The web process makes one too, for an account it opens. */
	if (!d->scratch->is_made[SCRATCH_PROFILE])
		code = scratch_make(d, d->web, SCRATCH_PROFILE, 0);
	must(r, "cn=im-web", code, "make a profile");
	if (code != LDAP_SUCCESS)
		return;
	EACH_MUST(d, r, d->web, "cn=im-web", d->scratch->dn[SCRATCH_PROFILE],
	    profile_web_may);
	must(r, "cn=im-web", scratch_remove(d, d->web, SCRATCH_PROFILE),
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
		must(r, "cn=im-web", code, "add people");
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
	must(r, "cn=im-web", code, "make a request");
	if (code == LDAP_SUCCESS)
		must(r, "cn=im-web", scratch_remove(d, d->web,
		    SCRATCH_REQUEST), "remove a request");
	if (d->settings->web.people_create)
		people_of_web(d, r);
	code = scratch_make(d, d->im, SCRATCH_REQUEST, WIRE_NOOP);
	must_not(r, "cn=im", code, "make requests");
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "profiles, rooms, requests");
}
