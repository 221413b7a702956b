/* SPDX-License-Identifier: Apache-2.0 */
/* What names a member of a group or list, and in which form. */
#include "tests/tap.h"
#include "xdb_ldap/seek.h"

static const struct {
	enum form stated;
	const char *value;
	enum form form;
	const char *name;
} cases[] = {
	{ FORM_DN, "uid=ann,dc=x", FORM_DN, "uid=ann,dc=x" },
	{ FORM_DN, "uid=ann,dc=x#'01'B", FORM_DN, "uid=ann,dc=x" },
	{ FORM_DN, "uid=a#b,dc=x", FORM_DN, "uid=a#b,dc=x" },
	{ FORM_UID, " ann ", FORM_UID, "ann" },
	{ FORM_UID, "", FORM_NONE, "" },
	{ FORM_URL, "ldap:///dc=x??sub?(a=b)", FORM_URL, "ldap:///dc=x??sub?(a=b)" },
	{ FORM_MAIL, "ann@x.org", FORM_MAIL, "ann@x.org" },
	{ FORM_MAIL, "mailto:ann@x.org", FORM_MAIL, "ann@x.org" },
	{ FORM_MAIL, "MAILTO:ann@x.org?subject=no", FORM_MAIL, "ann@x.org" },
	{ FORM_MAIL, "ann", FORM_WORD, "ann" },
	{ FORM_MAIL, "\\ann", FORM_WORD, "ann" },
	{ FORM_MAIL, "\\", FORM_NONE, "\\" },
	{ FORM_MAIL, "|/bin/sh", FORM_NONE, "|/bin/sh" },
	{ FORM_MAIL, "/var/mail/ann", FORM_NONE, "/var/mail/ann" },
	{ FORM_MAIL, ":include:/etc/x", FORM_NONE, ":include:/etc/x" },
	{ FORM_MAIL, "ann bob", FORM_NONE, "ann bob" },
	{ FORM_MAIL, "uid=ann,dc=x", FORM_NONE, "uid=ann,dc=x" },
	{ FORM_MAIL, "mailto:", FORM_NONE, "mailto:" },
	{ FORM_ANY, "uid=ann,dc=x", FORM_DN, "uid=ann,dc=x" },
	{ FORM_ANY, "ldap:///dc=x??sub?(a=b)", FORM_URL, "ldap:///dc=x??sub?(a=b)" },
	{ FORM_ANY, "LDAP:///dc=x", FORM_URL, "LDAP:///dc=x" },
	{ FORM_ANY, "mailto:a=b@x.org", FORM_MAIL, "a=b@x.org" },
	{ FORM_ANY, "ann", FORM_WORD, "ann" },
};

int main(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice value = slice_of(cases[i].value);

		is_int(form_of(cases[i].stated, &value), cases[i].form,
		    cases[i].value);
		is_slice(value, slice_of(cases[i].name), "… and what is its name");
	}
	return done();
}
