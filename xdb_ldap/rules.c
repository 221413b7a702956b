/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/rules.c — the rules of the account, as a table: an attribute, what
 * its values mean, what it is refused for.
 *
 * A value that cannot be understood closes the account: nobody knows that it
 * may be used.  Dates give the moment at which the judgement turns, so that
 * somebody who holds the account in memory looks again then. */
#include "xdb_ldap/rules.h"

#include "base/str.h"
#include "xdb_ldap/values.h"

enum { DAY_S = 24 * 60 * 60 };

/* Where a judgement is made: what is known besides the value. */
struct bench {
	const struct rules *rules;
	const struct entry *person;
	int64_t now_s;
	int64_t turns_s;
	uint64_t bits;                  /* of the rule */
};

typedef bool rule_fn(struct bench *b, struct slice value);

/* --- time ---------------------------------------------------------------------------- */

static void turns(struct bench *b, int64_t at_s)
{
	if (at_s > b->now_s && (b->turns_s == 0 || at_s < b->turns_s))
		b->turns_s = at_s;
}

static bool is_past(struct bench *b, int64_t at_s)
{
	turns(b, at_s);
	return at_s <= b->now_s;
}

static bool ended(struct bench *b, struct slice v)
{
	int64_t at_s;

	return !time_read(v, &at_s) || is_past(b, at_s);
}

static bool not_begun(struct bench *b, struct slice v)
{
	int64_t at_s;

	return !time_read(v, &at_s) || !is_past(b, at_s);
}

/* Locked until then; what is over counts no more. */
static bool locked_until(struct bench *b, struct slice v)
{
	return not_begun(b, v);
}

/* 389 Directory Server: 1970 is the time that never comes. */
static bool locked_until_or_for_ever(struct bench *b, struct slice v)
{
	int64_t at_s;

	return !time_read(v, &at_s) || at_s == 0 || !is_past(b, at_s);
}

/* slapo-ppolicy(5): "000001010000Z", which is no time, until somebody resets
 * it; else from then on for pwdLockoutDuration, where that is known. */
static bool locked_since(struct bench *b, struct slice v)
{
	int64_t at_s;

	return !time_read(v, &at_s) || b->person->lockout_s <= 0
	    || !is_past(b, at_s + b->person->lockout_s);
}

/* shadowExpire: days since 1970, -1 or 0: never (shadow(5)). */
static bool is_past_day(struct bench *b, struct slice v)
{
	uint64_t day;

	return slice_number(v, 1000000, &day) && day != 0
	    && is_past(b, (int64_t)day * DAY_S);
}

/* [MS-ADTS] §2.2: 100 ns since 1601. */
static bool filetime_read(struct slice v, int64_t *at_s_r)
{
	const uint64_t second = 10000000, to_1970_s = 11644473600;
	uint64_t ticks;

	if (!slice_number(v, INT64_MAX, &ticks))
		return false;
	*at_s_r = (int64_t)(ticks / second) - (int64_t)to_1970_s;
	return true;
}

/* [MS-ADA1] §2.3, accountExpires: 0 and the greatest number are "never". */
static bool filetime_ended(struct bench *b, struct slice v)
{
	int64_t at_s;

	return !slice_is(v, "0") && !slice_is(v, "9223372036854775807")
	    && (!filetime_read(v, &at_s) || is_past(b, at_s));
}

/* [MS-ADTS] §3.1.1.4.5.40: 0 is "must change at the next logon". */
static bool filetime_ended_or_zero(struct bench *b, struct slice v)
{
	return slice_is(v, "0") || filetime_ended(b, v);
}

/* --- words, bits, names ------------------------------------------------------------------ */

static bool is_true(struct bench *b, struct slice v)
{
	(void)b;
	return slice_eq_nocase(v, SLICE("true"));
}

static bool is_one_of(struct slice v, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_eq_nocase(v, slice_of(*words)))
			return true;
	return false;
}

/* urn:schac:userStatus:es:example.org:locked — the last part says it. */
static bool is_schac_closed(struct bench *b, struct slice v)
{
	static const char *const closed[] = { "inactive", "disabled", "locked",
	    "suspended", "expired", "revoked", "closed", "deleted", NULL };
	struct slice head, tail = v;

	(void)b;
	while (slice_cut(tail, ':', &head, &tail) && tail.n != 0)
		head = tail;
	return is_one_of(head, closed);
}

static bool is_not_active(struct bench *b, struct slice v)
{
	(void)b;
	return v.n != 0 && !slice_eq_nocase(v, SLICE("active"));
}

static bool has_bits(struct bench *b, struct slice v)
{
	uint64_t bits;

	return !slice_number(v, UINT32_MAX, &bits) || (bits & b->bits) != 0;
}

/* What `dsidm account lock` and ns-inactivate.pl gave people before they wrote
 * nsAccountLock: one role of a fixed name in the suffix. */
static bool is_disabled_role(struct bench *b, struct slice v)
{
	struct slice first, rest;

	(void)b;
	slice_cut(v, ',', &first, &rest);
	return slice_eq_nocase(first, SLICE("cn=nsManagedDisabledRole"));
}

static bool is_closed_shell(struct bench *b, struct slice v)
{
	for (size_t i = 0; i < b->rules->shell_n; i++)
		if (slice_is(v, b->rules->shells[i]))
			return true;
	return false;
}

/* --- the table ------------------------------------------------------------------------------ */

/* Bits of userAccountControl and msDS-User-Account-Control-Computed,
 * [MS-ADTS] §2.2.16. */
enum { UF_DISABLED = 0x2, UF_LOCKOUT = 0x10, UF_PASSWORD_EXPIRED = 0x800000 };

/* The first that is met is the one that is told.  `server_knows`: where the
 * server says by itself that they may in (usability.h), that counts instead: it
 * knows the policy, of which the attribute shows a part. */
static const struct rule {
	enum attr attr;
	rule_fn *is_met;
	enum xdb_refusal refusal;
	uint64_t bits;
	bool server_knows;
} rules_table[] = {
	{ ATTR_PASSWORD_LOCKED,   locked_since,     XDB_LOCKED,      0, true },
	{ ATTR_LOCKOUT_END,       locked_until,     XDB_LOCKED,      0, false },
	{ ATTR_UNLOCK_TIME,       locked_until_or_for_ever, XDB_LOCKED, 0, true },
	{ ATTR_NS_LOCK,           is_true,          XDB_LOCKED,      0, false },
	{ ATTR_ROLE_DN,           is_disabled_role, XDB_LOCKED,      0, false },
	{ ATTR_CONTROL,           has_bits,         XDB_SUSPENDED,   UF_DISABLED, false },
	{ ATTR_CONTROL,           has_bits,         XDB_LOCKED,      UF_LOCKOUT, false },
	{ ATTR_CONTROL_NOW,       has_bits,         XDB_LOCKED,      UF_LOCKOUT, false },
	{ ATTR_LOGIN_DISABLED,    is_true,          XDB_SUSPENDED,   0, false },
	{ ATTR_SCHAC_STATUS,      is_schac_closed,  XDB_SUSPENDED,   0, false },
	{ ATTR_INET_STATUS,       is_not_active,    XDB_SUSPENDED,   0, false },
	{ ATTR_SHELL,             is_closed_shell,  XDB_SUSPENDED,   0, false },
	{ ATTR_PASSWORD_START,    not_begun,        XDB_SUSPENDED,   0, false },
	{ ATTR_PASSWORD_END,      ended,            XDB_EXPIRED,     0, false },
	{ ATTR_SHADOW_EXPIRE,     is_past_day,      XDB_EXPIRED,     0, false },
	{ ATTR_ACCOUNT_EXPIRES,   filetime_ended,   XDB_EXPIRED,     0, false },
	{ ATTR_PRINCIPAL_EXPIRES, ended,            XDB_EXPIRED,     0, false },
	{ ATTR_PASSWORD_RESET,    is_true,          XDB_MUST_CHANGE, 0, false },
	{ ATTR_PASSWORD_EXPIRES,  ended,            XDB_MUST_CHANGE, 0, true },
	{ ATTR_PASSWORD_EXPIRY,   filetime_ended_or_zero, XDB_MUST_CHANGE, 0, false },
	{ ATTR_CONTROL,           has_bits,         XDB_MUST_CHANGE, UF_PASSWORD_EXPIRED, false },
	{ ATTR_CONTROL_NOW,       has_bits,         XDB_MUST_CHANGE, UF_PASSWORD_EXPIRED, false },
};

/* Every value is looked at: each may have a date of its own. */
static bool is_met(struct bench *b, const struct rule *rule)
{
	size_t n;
	struct slice *values = entry_all(b->person, rule->attr, &n);
	bool met = false;

	b->bits = rule->bits;
	for (size_t i = 0; i < n; i++)
		met = rule->is_met(b, values[i]) || met;
	/* A value that was not taken is one that was not understood. */
	return met || (n == 0 && entry_is_cut(b->person, rule->attr));
}

/* --- what the server says of itself --------------------------------------------------------- */

/* As a bind says of a password that is too old: while logins are left to change
 * it, it is good. */
static bool lets_in(const struct usability *u)
{
	return u->is_there && (u->is_usable
	    || (u->grace > 0 && !u->is_inactive && !u->must_change));
}

/* A no without a reason is what OpenLDAP 2.5 has for a password that is too old
 * (measured), and for a lock, which an attribute has shown before. */
static enum xdb_refusal server_says(struct bench *b, const struct usability *u)
{
	if (!u->is_there)
		return XDB_REFUSAL_NONE;
	if (u->seconds > 0)
		turns(b, b->now_s + u->seconds);
	if (lets_in(u))
		return XDB_REFUSAL_NONE;
	if (u->is_inactive || (u->seconds > 0 && !u->must_change
	    && !u->has_expired))
		return XDB_LOCKED;
	return XDB_MUST_CHANGE;
}

struct judgement rules_judge(const struct rules *rules,
    const struct entry *person, int64_t now_s)
{
	const struct usability *u = &person->usability;
	struct bench b = { .rules = rules, .person = person, .now_s = now_s };
	struct judgement j = { .refusal = XDB_REFUSAL_NONE };
	enum xdb_refusal said = server_says(&b, u);

	for (size_t i = 0; i < COUNT(rules_table); i++) {
		const struct rule *rule = &rules_table[i];

		if (!(rule->server_knows && lets_in(u)) && is_met(&b, rule)
		    && j.refusal == XDB_REFUSAL_NONE)
			j.refusal = rule->refusal;
	}
	if (j.refusal == XDB_REFUSAL_NONE)
		j.refusal = said;
	j.turns_s = b.turns_s;
	return j;
}

bool rules_want_policy(const struct entry *person)
{
	int64_t at_s;

	return !person->usability.is_there
	    && time_read(entry_one(person, ATTR_PASSWORD_LOCKED), &at_s);
}
