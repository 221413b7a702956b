/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the account, each by a row; what the server says of itself; who
 * an entry is, and which server, by what is there. */
#include <stdio.h>

#include "tests/tap.h"
#include "xdb_ldap/preset.h"
#include "xdb_ldap/root.h"
#include "xdb_ldap/rules.h"
#include "xdb_ldap/sync.h"

/* 2026-11-22 12:00:00 UTC, a day that is 20779 days after 1970. */
enum { NOW_S = 1795348800, LOCKOUT_S = 900, DAY_S = 86400 };

/* --- rules -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum attr attr;
	const char *value;
	enum xdb_refusal want;
	int64_t turns_s;
} cases[] = {
	{ "nothing said", ATTR_CN, "Ana", XDB_REFUSAL_NONE, 0 },

	{ "ppolicy: locked for ever", ATTR_PASSWORD_LOCKED, "000001010000Z",
	  XDB_LOCKED, 0 },
	{ "ppolicy: locked a moment ago", ATTR_PASSWORD_LOCKED,
	  "20261122115959Z", XDB_LOCKED, NOW_S - 1 + LOCKOUT_S },
	{ "ppolicy: locked for the last second", ATTR_PASSWORD_LOCKED,
	  "20261122114501Z", XDB_LOCKED, NOW_S + 1 },
	{ "ppolicy: the lock is over", ATTR_PASSWORD_LOCKED, "20261122114500Z",
	  XDB_REFUSAL_NONE, 0 },
	{ "ppolicy: with a fraction", ATTR_PASSWORD_LOCKED,
	  "20261122115959.123456Z", XDB_LOCKED, NOW_S - 1 + LOCKOUT_S },
	{ "ppolicy: a lock of nonsense holds", ATTR_PASSWORD_LOCKED, "mañana",
	  XDB_LOCKED, 0 },
	{ "ppolicy: after a wrong password, still", ATTR_LOCKOUT_END,
	  "20261122120001Z", XDB_LOCKED, NOW_S + 1 },
	{ "ppolicy: after a wrong password, over", ATTR_LOCKOUT_END,
	  "20261122120000Z", XDB_REFUSAL_NONE, 0 },
	{ "ppolicy: must change", ATTR_PASSWORD_RESET, "TRUE", XDB_MUST_CHANGE, 0 },
	{ "ppolicy: need not", ATTR_PASSWORD_RESET, "FALSE", XDB_REFUSAL_NONE, 0 },
	{ "ppolicy: not begun", ATTR_PASSWORD_START, "20261122120010Z",
	  XDB_SUSPENDED, NOW_S + 10 },
	{ "ppolicy: begun", ATTR_PASSWORD_START, "20261122120000Z",
	  XDB_REFUSAL_NONE, 0 },
	{ "ppolicy: not ended", ATTR_PASSWORD_END, "20261122120010Z",
	  XDB_REFUSAL_NONE, NOW_S + 10 },
	{ "ppolicy: ended now", ATTR_PASSWORD_END, "20261122120000Z",
	  XDB_EXPIRED, 0 },
	{ "ppolicy: an end of nonsense", ATTR_PASSWORD_END, "2026-11-23",
	  XDB_EXPIRED, 0 },

	{ "shadow: that day has begun", ATTR_SHADOW_EXPIRE, "20779", XDB_EXPIRED, 0 },
	{ "shadow: tomorrow", ATTR_SHADOW_EXPIRE, "20780", XDB_REFUSAL_NONE,
	  (int64_t)20780 * DAY_S },
	{ "shadow: never", ATTR_SHADOW_EXPIRE, "-1", XDB_REFUSAL_NONE, 0 },
	{ "shadow: never, too", ATTR_SHADOW_EXPIRE, "0", XDB_REFUSAL_NONE, 0 },

	{ "389: locked", ATTR_NS_LOCK, "true", XDB_LOCKED, 0 },
	{ "389: not locked", ATTR_NS_LOCK, "FALSE", XDB_REFUSAL_NONE, 0 },
	{ "389: by a role", ATTR_ROLE_DN,
	  "CN=nsManagedDisabledRole,dc=example,dc=org", XDB_LOCKED, 0 },
	{ "389: another role", ATTR_ROLE_DN,
	  "cn=nsManagedDisabledRoleAdmins,dc=example,dc=org", XDB_REFUSAL_NONE, 0 },
	{ "389: until then", ATTR_UNLOCK_TIME, "20261122121500Z", XDB_LOCKED,
	  NOW_S + 900 },
	{ "389: until a moment ago", ATTR_UNLOCK_TIME, "20261122115959Z",
	  XDB_REFUSAL_NONE, 0 },
	{ "389: until somebody resets it", ATTR_UNLOCK_TIME, "19700101000000Z",
	  XDB_LOCKED, 0 },
	{ "389: password of 1970, must change", ATTR_PASSWORD_EXPIRES,
	  "19700101000000Z", XDB_MUST_CHANGE, 0 },
	{ "389: password good until then", ATTR_PASSWORD_EXPIRES,
	  "20261123120000Z", XDB_REFUSAL_NONE, NOW_S + DAY_S },

	{ "AD: an everyday account", ATTR_CONTROL, "512", XDB_REFUSAL_NONE, 0 },
	{ "AD: disabled", ATTR_CONTROL, "514", XDB_SUSPENDED, 0 },
	{ "AD: locked out, as old servers said", ATTR_CONTROL, "528", XDB_LOCKED, 0 },
	{ "AD: password never expires", ATTR_CONTROL, "66048", XDB_REFUSAL_NONE, 0 },
	{ "AD: locked out", ATTR_CONTROL_NOW, "16", XDB_LOCKED, 0 },
	{ "AD: not locked out any more", ATTR_CONTROL_NOW, "0", XDB_REFUSAL_NONE, 0 },
	{ "AD: password expired", ATTR_CONTROL_NOW, "8388608", XDB_MUST_CHANGE, 0 },
	{ "AD: bits of nonsense", ATTR_CONTROL, "NORMAL", XDB_SUSPENDED, 0 },
	{ "AD: account ends never", ATTR_ACCOUNT_EXPIRES, "0", XDB_REFUSAL_NONE, 0 },
	{ "AD: account ends never, too", ATTR_ACCOUNT_EXPIRES,
	  "9223372036854775807", XDB_REFUSAL_NONE, 0 },
	{ "AD: account ended", ATTR_ACCOUNT_EXPIRES, "134398224000000000",
	  XDB_EXPIRED, 0 },
	{ "AD: account ends in ten seconds", ATTR_ACCOUNT_EXPIRES,
	  "134398224100000000", XDB_REFUSAL_NONE, NOW_S + 10 },
	{ "AD: must change at next logon", ATTR_PASSWORD_EXPIRY, "0",
	  XDB_MUST_CHANGE, 0 },
	{ "AD: password ends in ten seconds", ATTR_PASSWORD_EXPIRY,
	  "134398224100000000", XDB_REFUSAL_NONE, NOW_S + 10 },
	{ "AD: password ends never", ATTR_PASSWORD_EXPIRY,
	  "9223372036854775807", XDB_REFUSAL_NONE, 0 },

	{ "FreeIPA: the account ended", ATTR_PRINCIPAL_EXPIRES,
	  "20261101000000Z", XDB_EXPIRED, 0 },
	{ "FreeIPA: the account ends", ATTR_PRINCIPAL_EXPIRES,
	  "20261122120010Z", XDB_REFUSAL_NONE, NOW_S + 10 },

	{ "schac: locked", ATTR_SCHAC_STATUS,
	  "urn:schac:userStatus:es:example.org:locked", XDB_SUSPENDED, 0 },
	{ "schac: active", ATTR_SCHAC_STATUS,
	  "urn:schac:userStatus:es:example.org:active", XDB_REFUSAL_NONE, 0 },
	{ "iPlanet: active", ATTR_INET_STATUS, "Active", XDB_REFUSAL_NONE, 0 },
	{ "iPlanet: inactive", ATTR_INET_STATUS, "inactive", XDB_SUSPENDED, 0 },
	{ "eDirectory: disabled", ATTR_LOGIN_DISABLED, "TRUE", XDB_SUSPENDED, 0 },
	{ "a shell that says no", ATTR_SHELL, "/bin/false", XDB_SUSPENDED, 0 },
	{ "a shell", ATTR_SHELL, "/bin/bash", XDB_REFUSAL_NONE, 0 },
};

static const char *const shells[] = { "/usr/sbin/nologin", "/bin/false" };
static const struct rules strict = { shells, COUNT(shells) };
static const struct rules lax;

static struct entry person_of(struct field *field, struct slice *value,
    enum attr attr, const char *text)
{
	*value = slice_of(text);
	*field = (struct field){ .attr = attr, .v = value, .n = 1 };
	return (struct entry){ .fields = field, .field_n = 1,
		.lockout_s = LOCKOUT_S };
}

static void test_rules(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct field field;
		struct slice value;
		struct entry e = person_of(&field, &value, cases[i].attr,
		    cases[i].value);
		struct judgement j = rules_judge(&strict, &e, NOW_S);

		is_int(j.refusal, cases[i].want, cases[i].name);
		is_int(j.turns_s, cases[i].turns_s, "and until when");
	}
}

static void test_more_than_one(void)
{
	struct slice locked = SLICE("20261122115959Z"), off = SLICE("514"),
	    shell = SLICE("/bin/false"), end = SLICE("20261122120005Z");
	struct field fields[] = { { .attr = ATTR_CONTROL, .v = &off, .n = 1 },
	    { .attr = ATTR_PASSWORD_LOCKED, .v = &locked, .n = 1 },
	    { .attr = ATTR_PASSWORD_END, .v = &end, .n = 1 } };
	struct entry e = { .fields = fields, .field_n = 3 };
	struct field cut = { .attr = ATTR_NS_LOCK, .is_cut = true };

	is_int(rules_judge(&lax, &e, NOW_S).refusal, XDB_LOCKED,
	    "the first of the table is told");
	is_int(rules_judge(&lax, &e, NOW_S).turns_s, NOW_S + 5,
	    "the earliest date counts; without a policy the lock has none");
	ok(rules_want_policy(&e), "a lock with a date asks for its policy");
	e = (struct entry){ .fields = &cut, .field_n = 1 };
	is_int(rules_judge(&lax, &e, NOW_S).refusal, XDB_LOCKED,
	    "LDAP-17 a value that was not taken is not a yes");
	e = person_of(&cut, &shell, ATTR_SHELL, "/bin/false");
	is_int(rules_judge(&lax, &e, NOW_S).refusal, XDB_REFUSAL_NONE,
	    "no shell says anything unless it is set to");
	e = person_of(&cut, &shell, ATTR_PASSWORD_LOCKED, "000001010000Z");
	ok(!rules_want_policy(&e), "a lock for ever needs no policy");
}

/* --- account usability ------------------------------------------------------------------------- */

#define BYTES(text) { text, sizeof text - 1 }

static const struct {
	const char *name;
	struct slice value;
	bool is_good;
	enum xdb_refusal want;          /* of somebody whose attributes say nothing */
	int64_t turns_s;
} answers[] = {
	{ "usable, for ever", BYTES("\x80\x01\xff"), true, XDB_REFUSAL_NONE, 0 },
	{ "usable, for an hour", BYTES("\x80\x02\x0e\x10"), true,
	  XDB_REFUSAL_NONE, NOW_S + 3600 },
	{ "locked", BYTES("\xa1\x03\x80\x01\xff"), true, XDB_LOCKED, 0 },
	{ "locked for ten seconds", BYTES("\xa1\x06\x80\x01\xff\x84\x01\x0a"),
	  true, XDB_LOCKED, NOW_S + 10 },
	{ "must change", BYTES("\xa1\x03\x81\x01\xff"), true, XDB_MUST_CHANGE, 0 },
	{ "expired", BYTES("\xa1\x03\x82\x01\xff"), true, XDB_MUST_CHANGE, 0 },
	{ "expired, two logins left", BYTES("\xa1\x06\x82\x01\xff\x83\x01\x02"),
	  true, XDB_REFUSAL_NONE, 0 },
	{ "no, and nobody says why", BYTES("\xa1\x00"), true, XDB_MUST_CHANGE, 0 },
	{ "no for a while", BYTES("\xa1\x03\x84\x01\x0a"), true, XDB_LOCKED,
	  NOW_S + 10 },
	{ "too old, as OpenLDAP 2.5.13 says it", BYTES("\xa1\x0f\x80\x01\x00"
	  "\x81\x01\x00\x82\x01\x00\x83\x01\xff\x84\x01\xff"), true,
	  XDB_MUST_CHANGE, 0 },
	{ "nothing", BYTES(""), false, XDB_REFUSAL_NONE, 0 },
	{ "cut", BYTES("\x80\x02\x01"), false, XDB_REFUSAL_NONE, 0 },
	{ "cut inside", BYTES("\xa1\x03\x80\x02\xff"), false, XDB_REFUSAL_NONE, 0 },
	{ "another tag", BYTES("\x30\x00"), false, XDB_REFUSAL_NONE, 0 },
	{ "more than was to come", BYTES("\x80\x01\x00\x00"), false, XDB_REFUSAL_NONE, 0 },
	{ "a long length", BYTES("\x80\x81\x01\x00"), false, XDB_REFUSAL_NONE, 0 },
	{ "a number of nine octets", BYTES("\x80\x09\0\0\0\0\0\0\0\0\1"), false,
	  XDB_REFUSAL_NONE, 0 },
};

/* The server knows its policy: "usable" means that a lock is over.  What it said
 * that made no sense it did not say. */
static void test_usability(void)
{
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct field field;
		struct slice value;
		struct entry e = person_of(&field, &value, ATTR_PASSWORD_LOCKED,
		    "20261122110000Z");
		struct judgement j;
		bool lets_in = answers[i].is_good
		    && answers[i].want == XDB_REFUSAL_NONE;

		e.lockout_s = 0;
		okf(usability_read(answers[i].value, &e.usability)
		    == answers[i].is_good, "understood or not: %s",
		    answers[i].name);
		j = rules_judge(&strict, &e, NOW_S);
		is_int(j.refusal, lets_in ? XDB_REFUSAL_NONE : XDB_LOCKED,
		    "of somebody with a lock");
		ok(rules_want_policy(&e) != answers[i].is_good,
		    "the policy is asked for when the server did not say");
		field.attr = ATTR_CN;
		j = rules_judge(&strict, &e, NOW_S);
		is_int(j.refusal, answers[i].want, answers[i].name);
		is_int(j.turns_s, answers[i].turns_s, "and until when");
	}
}

/* What the server cannot know, and what it says of passwords alone, stay. */
static void test_usable_is_not_all(void)
{
	struct field field;
	struct slice value;
	struct entry e = person_of(&field, &value, ATTR_SCHAC_STATUS,
	    "urn:schac:userStatus:es:example.org:locked");

	e.usability = (struct usability){ .is_there = true, .is_usable = true };
	is_int(rules_judge(&strict, &e, NOW_S).refusal, XDB_SUSPENDED,
	    "a status that slapd knows nothing of");
	e = person_of(&field, &value, ATTR_PASSWORD_END, "20200101000000Z");
	e.usability = (struct usability){ .is_there = true, .is_usable = true };
	is_int(rules_judge(&strict, &e, NOW_S).refusal, XDB_EXPIRED,
	    "a date that is plain");
}

/* --- who an entry is --------------------------------------------------------------------------------- */

static const struct { const char *name; struct slice id; const char *want; } ids[] = {
	{ "entryUUID", BYTES("597AE2F6-16a6-1027-98f4-d28b5365dc14"),
	  "597ae2f6-16a6-1027-98f4-d28b5365dc14" },
	{ "nsUniqueId", BYTES("66446001-1dd211b2-80b5c5b0-20f8a11b"),
	  "66446001-1dd2-11b2-80b5-c5b020f8a11b" },
	{ "objectGUID", BYTES("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"
	  "\x0d\x0e\x0f\x10"), "04030201-0605-0807-090a-0b0c0d0e0f10" },
	{ "no digit", BYTES("66446001-1dd211b2-80b5c5b0-20f8a11x"), NULL },
	{ "no dash", BYTES("66446001-1dd211b2.80b5c5b0-20f8a11b"), NULL },
	{ "17 octets", BYTES("12345678901234567"), NULL },
	{ "nothing", BYTES(""), NULL },
};

static void test_ids(void)
{
	for (size_t i = 0; i < COUNT(ids); i++) {
		unsigned char uuid[SYNC_UUID_BYTES];
		char text[SYNC_UUID_CHARS + 1] = "";
		bool is_one = sync_uuid_of_id(ids[i].id, uuid);

		if (is_one)
			sync_uuid_text(uuid, text);
		is_str(is_one ? text : NULL, ids[i].want, ids[i].name);
	}
}

/* --- which server -------------------------------------------------------------------------------------- */

static const struct { enum attr attr; const char *value; enum xdb_preset want; } roots[] = {
	{ ATTR_OBJECT_CLASS, "OpenLDAProotDSE", XDB_OPENLDAP },
	{ ATTR_CAPABILITY, "1.2.840.113556.1.4.800", XDB_AD },
	{ ATTR_VENDOR_VERSION, "389-Directory/2.3.1 B2023.012.1200", XDB_389DS },
	{ ATTR_IPA_LEVEL, "1", XDB_FREEIPA },
	{ ATTR_IPA_TOPOLOGY, "1.0", XDB_FREEIPA },
	{ ATTR_VENDOR_VERSION, "OpenDJ 4", XDB_OPENLDAP },
};

static void test_roots(void)
{
	struct slice v[] = { SLICE("389-Directory/2.3.1"), SLICE("1") };
	struct field both[] = { { .attr = ATTR_VENDOR_VERSION, .v = &v[0], .n = 1 },
	    { .attr = ATTR_IPA_LEVEL, .v = &v[1], .n = 1 } };
	struct entry ipa = { .fields = both, .field_n = 2 };

	for (size_t i = 0; i < COUNT(roots); i++) {
		struct field field;
		struct slice value;
		struct entry e = person_of(&field, &value, roots[i].attr,
		    roots[i].value);

		is_str(preset_texts[preset_of_root(&e)],
		    preset_texts[roots[i].want], roots[i].value);
	}
	is_str(preset_texts[preset_of_root(&ipa)], "freeipa",
	    "FreeIPA is a 389 Directory Server, and more");
}

int main(void)
{
	test_rules();
	test_more_than_one();
	test_usability();
	test_usable_is_not_all();
	test_ids();
	test_roots();
	return done();
}
