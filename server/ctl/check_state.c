/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_state.c — does the directory let us see whether an account is closed?
 *
 * What cannot be read looks like what is not there, and so like an open account.  A
 * compare tells the two apart: slapd looks at the rights first (insufficientAccess),
 * then whether there is such a value.  Other servers do not say it so. */
#include "ctl/checks.h"
#include "ctl/look.h"

/* Each with a value of its syntax. */
static const struct { enum attr attr; const char *value; } states[] = {
	{ ATTR_PASSWORD_CHANGED, "20000101000000Z" },
	{ ATTR_PASSWORD_LOCKED, "20000101000000Z" },
	{ ATTR_PASSWORD_RESET, "TRUE" },
	{ ATTR_PASSWORD_START, "20000101000000Z" },
	{ ATTR_PASSWORD_END, "20000101000000Z" },
	{ ATTR_SHADOW_EXPIRE, "0" },
	{ ATTR_NS_LOCK, "TRUE" },
	{ ATTR_LOGIN_DISABLED, "TRUE" },
	{ ATTR_SCHAC_STATUS, "urn:schac:userStatus:tertulia-doctor" },
	{ ATTR_INET_STATUS, "inactive" },
	{ ATTR_SHELL, "/tertulia-doctor" },
};

static bool is_asked_for(const struct doctor *d, enum attr attr)
{
	const char *name = doctor_attr(d, attr);

	if (attr == ATTR_SHELL && d->settings->ldap.closed_shells.n == 0)
		return false;
	return name != NULL && look_is_known(d, slice_of(name));
}

/* Who may compare it is told by the account usability control whether somebody is
 * locked, by the server's own count. */
static void usability_look(struct doctor *d, struct result *r)
{
	if (!d->has_policy || wire_compare(d->im, d->people[0].dn, "userPassword",
	    "tertulia-doctor") != LDAP_INSUFFICIENT_ACCESS)
		return;
	result_say(r, VERDICT_WARNING, "cn=im may not compare userPassword, so the server "
	    "does not tell it who is locked");
	result_next(r, "let cn=im compare it, not read it (schema/access.ldif, rule 2)");
}

void check_account_state(struct doctor *d, struct result *r)
{
	unsigned n = 0;

	if (d->directory.root.preset != XDB_OPENLDAP) {
		result_say(r, VERDICT_SKIPPED, "this kind of server does not say");
		return;
	}
	for (size_t i = 0; i < COUNT(states); i++) {
		const char *name = doctor_attr(d, states[i].attr);

		if (!is_asked_for(d, states[i].attr))
			continue;
		n++;
		if (wire_compare(d->im, d->people[0].dn, name, states[i].value)
		    == LDAP_INSUFFICIENT_ACCESS)
			result_say(r, VERDICT_FAULT, "cn=im cannot read %s: %s", name,
			    states[i].attr == ATTR_PASSWORD_CHANGED
			    ? "old SCRAM verifiers outlive a changed password"
			    : "who is closed by it can log in all the same");
	}
	if (r->verdict == VERDICT_OK)
		usability_look(d, r);
	if (r->verdict != VERDICT_OK)
		result_next(r, "let cn=im read it (schema/access.ldif, the last rule, "
		    "in front of your own)");
	else
		result_say(r, VERDICT_OK, "%u attributes can be read", n);
}
