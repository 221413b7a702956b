/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_acting.c — what our identity may write as the people themselves (RFC 4370). */
#include "ctl/checks.h"
#include "ctl/try.h"

static int try_as(struct doctor *d, const char *as, const char *dn, const char *attr)
{
	const struct change c[] = {
		{ LDAP_MOD_DELETE, attr, SLICE(TRY_NOBODYS) }, { 0 }
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

	/* 389 Directory Server has one word for this and for what the person may not
	 * do either; what [vcard] writable needs is tried below. */
	if (d->directory.root.preset == XDB_389DS && !is_needed
	    && code == LDAP_INSUFFICIENT_ACCESS)
		return false;
	if (code == LDAP_PROXIED_AUTHORIZATION_DENIED) {
		if (is_needed) {
			result_say(r, VERDICT_FAULT, "cn=im cannot act for people, "
			    "so nobody can change a vCard");
			result_next(r, "load schema/act-vcard.ldif, set "
			    "olcAuthzPolicy: to, or empty [vcard] writable");
		}
		return false;
	}
	try_must_not(d, r, "cn=im", code, "set people's passwords in their name");
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
	int code;

	for (size_t i = 0; i < COUNT(card_fields); i++) {
		if (!is_wanted(d, card_fields[i].word))
			continue;
		buf_clear(&what);
		buf_addf(&what, "write their %s ([vcard] writable)",
		    card_fields[i].word);
		code = try_as(d, person, person, doctor_attr(d,
		    card_fields[i].attr));
		if (code == LDAP_INSUFFICIENT_ACCESS)
			result_next(r, "let people write it themselves (schema/"
			    "access-vcard.ldif), or take %s out of [vcard] "
			    "writable", card_fields[i].word);
		try_must(d, r, "people", code, buf_cstr(&what));
	}
	buf_fini(&what);
}

void check_acting(struct doctor *d, struct result *r)
{
	const char *person = try_person(d), *other = NULL;

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
			try_must_not(d, r, "cn=im, acting for somebody,", try_as(d,
			    person, other, doctor_attr(d, ATTR_MOBILE)),
			    "write somebody else's entry");
	}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "what [vcard] writable says, and no more");
}
