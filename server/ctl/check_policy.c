/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_policy.c — the password policy, and what our limit of wrong passwords
 * ([ldap] wrong_binds) makes of it. */
#include "ctl/checks.h"
#include "ctl/look.h"

static uint64_t number_of(struct doctor *d, const char *dn, enum attr attr)
{
	struct slice *values;
	uint64_t n;

	return look_values(d, d->im, dn, doctor_attr(d, attr), &values) != 0
	    && slice_number(values[0], INT32_MAX, &n) ? n : 0;
}

static bool locks(struct doctor *d, const char *dn)
{
	struct slice *values;

	return look_values(d, d->im, dn, doctor_attr(d, ATTR_LOCKOUT), &values) != 0
	    && slice_eq_nocase(values[0], SLICE("TRUE"));
}

/* LDAP-15: fewer failures than lock come from our two processes together
 * (xdb_ldap/budget.h); with one or two there is nothing to divide. */
static void compare(struct result *r, uint64_t most, unsigned ours)
{
	uint64_t both = 2 * (uint64_t)ours;

	if (most == 1) {
		result_say(r, VERDICT_WARNING, "one wrong password locks "
		    "(pwdMaxFailure 1): whoever knows a name can lock its owner "
		    "out, through us too");
		result_next(r, "set pwdMaxFailure to 5 or more");
	} else if (most == 2 && ours <= 1) {
		result_say(r, VERDICT_WARNING, "two wrong passwords lock "
		    "(pwdMaxFailure 2): whoever knows a name can lock its owner "
		    "out, by one through XMPP and one through the web");
		result_next(r, "set pwdMaxFailure to 5 or more");
	} else if (most != 0 && both >= most) {
		result_say(r, VERDICT_WARNING, "%llu wrong passwords lock, and [ldap] "
		    "wrong_binds lets %u through from each of two processes: "
		    "anybody can lock a colleague out",
		    (unsigned long long)most, ours);
		result_next(r, "set wrong_binds = 0, which follows the policy, "
		    "or raise pwdMaxFailure");
	}
}

static void judge(struct doctor *d, struct result *r)
{
	const char *dn = d->settings->ldap.password_policy;
	unsigned ours = d->settings->ldap.wrong_binds;
	struct slice *values;

	if (*dn == '\0' || look_values(d, d->im, dn, "objectClass", &values) == 0) {
		if (ours == 0) {
			result_say(r, VERDICT_WARNING, "ppolicy is at work, and the "
			    "policy cannot be read: 2 wrong passwords of a person "
			    "are let through, whatever locks");
			result_next(r, "name the default policy in [ldap] "
			    "password_policy and let cn=im read it, or set "
			    "wrong_binds");
		}
		return;
	}
	if (locks(d, dn))
		compare(r, number_of(d, dn, ATTR_FAILURES_MOST), ours);
}

/* ppolicy answers a bind that carries its control; see check_bind_im. */
void check_policy(struct doctor *d, struct result *r)
{
	if (d->directory.root.preset != XDB_OPENLDAP) {
		result_say(r, VERDICT_OK, "no ppolicy is looked for, see "
		    "password-time");
	} else if (d->settings->ldap.sasl_external) {
		result_say(r, VERDICT_SKIPPED, "a bind by SASL EXTERNAL does not "
		    "show it");
	} else if (!d->has_policy) {
		result_say(r, VERDICT_WARNING, "no password policy answers: "
		    "guessing passwords locks nobody, and old SCRAM verifiers "
		    "outlive a changed password");
		result_next(r, "set the overlay ppolicy on the database, see "
		    "slapo-ppolicy(5)");
	} else {
		judge(d, r);
		if (r->verdict == VERDICT_OK)
			result_say(r, VERDICT_OK, "ppolicy is at work");
	}
}
