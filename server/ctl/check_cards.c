/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_cards.c — can cn=im read what a vCard is made of, and show the photos?
 *
 * What may not be read looks like what is not there: empty vCards, and nobody says why.
 * Two questions tell them apart: an entry that neither has an attribute nor has it not
 * is one that may not be searched by it; and one that is found by it, and does not show
 * it, is one that may not be read. */
#include "ctl/checks.h"
#include "ctl/look.h"
#include "ctl/try.h"
#include "xdb_ldap/person.h"

/* Telephone numbers and the rest may be kept from us for a reason. */
static const struct { enum attr attr; const char *lost; } fields[] = {
	{ ATTR_CN, "names of people" },
	{ ATTR_DISPLAY_NAME, "names of people" },
	{ ATTR_GIVEN_NAME, "the people search" },
	{ ATTR_SN, "the people search" },
	{ ATTR_MAIL, "lists with mail addresses in them" },
	{ ATTR_TITLE, "titles" },
	{ ATTR_PHOTO, "photos" },
};

enum { FIELDS_OF = 10, PHOTOS_OF = 200 };

/* Somebody of these: the i-th of n that are spread over all people. */
static const char *one_of(const struct doctor *d, size_t i, size_t n)
{
	return d->people[i * d->person_n / n].dn;
}

static size_t at_most(const struct doctor *d, size_t n)
{
	return d->person_n < n ? d->person_n : n;
}

/* --- fields ----------------------------------------------------------------------- */

/* Is this person found so?  `is_shown_r`: with the attribute. */
static bool is_found(struct doctor *d, const char *dn, const char *filter,
    const char *attr, bool *is_shown_r)
{
	const char *attrs[] = { attr, NULL };
	struct question q = { .base = dn, .scope = LDAP_SCOPE_BASE, .attrs = attrs,
		.filter = filter };
	struct arena a = { NULL };
	LDAPMessage *found, *e;
	bool is_there;

	is_there = wire_search(d->im, &q, &found) == LDAP_SUCCESS
	    && (e = wire_first(d->im, found)) != NULL;
	*is_shown_r = is_there && wire_value(d->im, &a, e, attr).n != 0;
	ldap_msgfree(found);
	arena_fini(&a);
	return is_there;
}

static bool is_readable(struct doctor *d, const char *dn, const char *attr)
{
	struct buf has = { 0 }, either = { 0 };
	bool is_shown, may;

	buf_addf(&has, "(%s=*)", attr);
	buf_addf(&either, "(|(%s=*)(!(%s=*)))", attr, attr);
	may = is_found(d, dn, buf_cstr(&either), attr, &is_shown)
	    && (!is_found(d, dn, buf_cstr(&has), attr, &is_shown) || is_shown);
	buf_fini(&has);
	buf_fini(&either);
	return may;
}

void check_cards(struct doctor *d, struct result *r)
{
	size_t n = at_most(d, FIELDS_OF);

	for (size_t i = 0; i < COUNT(fields); i++) {
		const char *attr = doctor_attr(d, fields[i].attr);
		size_t hidden = 0;

		if (!look_is_known(d, slice_of(attr)))
			continue;
		for (size_t k = 0; k < n; k++)
			hidden += !is_readable(d, one_of(d, k, n), attr);
		if (hidden != 0)
			result_say(r, VERDICT_WARNING, "cn=im cannot read %s of %zu of %zu "
			    "people looked at (%s)", attr, hidden, n, fields[i].lost);
	}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "names, mail, titles and photos can be read");
	else
		result_next(r, "let cn=im read it of everybody: %s", try_advice(d));
}

/* --- photos ------------------------------------------------------------------------ */

/* There is one, and the service shows none (xdb_ldap/person.h). */
static bool is_photo_hidden(struct doctor *d, const char *dn)
{
	const struct names *names = &d->directory.names;
	const char *attrs[] = { doctor_attr(d, ATTR_PHOTO), NULL };
	struct question q = { .base = dn, .scope = LDAP_SCOPE_BASE, .attrs = attrs };
	struct arena a = { NULL };
	LDAPMessage *found, *msg = NULL;
	struct entry *e = NULL;
	bool is_hidden = false;

	if (wire_search(d->im, &q, &found) == LDAP_SUCCESS)
		msg = wire_first(d->im, found);
	if (msg != NULL)
		e = entry_read(&a, names, d->im->ld, msg);
	if (e != NULL)
		photo_read(e, &is_hidden);
	ldap_msgfree(found);
	arena_fini(&a);
	return is_hidden;
}

void check_photos(struct doctor *d, struct result *r)
{
	size_t n = at_most(d, PHOTOS_OF), hidden = 0;
	const char *first = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *dn = one_of(d, i, n);

		if (is_photo_hidden(d, dn) && hidden++ == 0)
			first = dn;
	}
	if (hidden == 0) {
		result_say(r, VERDICT_OK, "of %zu people looked at all photos are shown",
		    n);
		return;
	}
	result_say(r, VERDICT_WARNING, "of %zu people looked at %zu have a photo that is "
	    "not shown, such as %s: it has more than 64 KiB, or is no JPEG, PNG or GIF",
	    n, hidden, first);
	result_next(r, "put smaller ones into jpegPhoto: 256 pixels are 20 KiB");
}
