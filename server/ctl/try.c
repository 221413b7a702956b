/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/try.c — one attempt, and what its result code says of the rules. */
#include "ctl/try.h"

const char *try_advice(const struct doctor *d)
{
	if (d->directory.root.preset == XDB_389DS)
		return "load the acis of schema/access-389.ldif";
	return d->directory.is_inline
	    ? "load the rules of schema/access.ldif and schema/access-inline.ldif, "
	    "in front of your own"
	    : "load the rules of schema/access.ldif (and its sisters), in front of "
	    "your own";
}

static bool is_let_through(int code)
{
	return code == LDAP_SUCCESS || code == LDAP_NO_SUCH_ATTRIBUTE
	    || code == LDAP_TYPE_OR_VALUE_EXISTS || code == LDAP_X_NO_OPERATION;
}

void try_must(const struct doctor *d, struct result *r, const char *who, int code,
    const char *what)
{
	if (is_let_through(code))
		return;
	result_say(r, VERDICT_FAULT, "%s cannot %s: %s", who, what,
	    ldap_err2string(code));
	result_next(r, "%s", try_advice(d));
}

void try_must_not(const struct doctor *d, struct result *r, const char *who,
    int code, const char *what)
{
	if (!is_let_through(code))
		return;
	result_say(r, VERDICT_FAULT, "%s may %s", who, what);
	result_next(r, "%s; look for a rule that gives write to more than it "
	    "should", try_advice(d));
}

int try_attempt(struct doctor *d, struct wire *w, const char *dn,
    const struct attempt *a)
{
	struct change c[] = {
		{ a->op, a->attr == ATTR_N ? "userPassword"
		    : doctor_attr(d, a->attr), slice_of(a->value) },
		{ 0 }
	};

	return wire_modify(w, dn, c);
}

const char *try_person(struct doctor *d)
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
