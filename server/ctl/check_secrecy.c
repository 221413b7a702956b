/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_secrecy.c — what must not be read: hashes, verifiers, profiles. */
#include "ctl/checks.h"
#include "ctl/scratch.h"
#include "ctl/try.h"

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
		    try_advice(d));
}

void check_access_nobody(struct doctor *d, struct result *r)
{
	static const char *const none[] = { "1.1", NULL };
	struct question q = { .base = d->directory.profiles_base,
		.scope = LDAP_SCOPE_SUBTREE, .attrs = none, .most = 1,
		/* One that may be searched by is enough to see it. */
		.filter = d->directory.is_inline
		    ? "(|(imStatus=*)(imRosterVersion=*))"
		    : "(|(objectClass=" CLASS_PROFILE ")(jid=*)(imPerson=*)"
		    "(imPersonUUID=*)(imStatus=*)(imRosterVersion=*))" };
	LDAPMessage *found = NULL;
	int code = d->nobody != NULL ? wire_search(d->nobody, &q, &found)
	    : LDAP_SERVER_DOWN;

	if (code == LDAP_SERVER_DOWN || code == LDAP_TIMEOUT) {
		result_say(r, VERDICT_SKIPPED, "no connection for it");
		r->is_unsure = true;
	} else if (wire_first(d->nobody, found) != NULL) {
		result_say(r, VERDICT_FAULT, "profiles can be seen without "
		    "logging in");
		result_next(r, "%s", try_advice(d));
	} else {
		result_say(r, VERDICT_OK, "without logging in nothing is seen");
	}
	ldap_msgfree(found);
}
