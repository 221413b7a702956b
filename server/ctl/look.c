/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/look.c — one entry, and what it has. */
#include "ctl/look.h"

#include "xdb_ldap/dn.h"

LDAPMessage *look_entry(struct wire *w, const char *dn,
    const char *const *attrs)
{
	struct question q = { .base = dn, .scope = LDAP_SCOPE_BASE,
		.attrs = attrs };
	LDAPMessage *found;

	if (wire_search(w, &q, &found) != LDAP_SUCCESS
	    || wire_first(w, found) == NULL) {
		ldap_msgfree(found);
		return NULL;
	}
	return found;
}

size_t look_values(struct doctor *d, struct wire *w, const char *dn,
    const char *attr, struct slice **values_r)
{
	const char *attrs[] = { attr, NULL };
	LDAPMessage *found = look_entry(w, dn, attrs);
	size_t n = 0;

	if (found != NULL)
		n = wire_values(w, &d->arena, wire_first(w, found),
		    attr, values_r);
	ldap_msgfree(found);
	return n;
}

bool look_has(const struct slice *values, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(values[i], slice_of(text)))
			return true;
	return false;
}

bool look_is_below(const struct slice *suffixes, size_t n, const char *dn)
{
	struct buf own = { 0 }, suffix = { 0 };
	bool is_below = false;

	if (dn_normal(&own, slice_of(dn)))
		for (size_t i = 0; i < n && !is_below; i++) {
			buf_clear(&suffix);
			is_below = dn_normal(&suffix, suffixes[i])
			    && dn_is_below(buf_slice(&own), buf_slice(&suffix));
		}
	buf_fini(&own);
	buf_fini(&suffix);
	return is_below;
}

/* --- the schema ------------------------------------------------------------------------ */

/* Names of attributes and classes have no case (RFC 4512 §1.4). */
static struct slice lower(struct arena *a, struct slice text)
{
	char *copy = arena_dup(a, text.p, text.n);

	for (size_t i = 0; i < text.n; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	return slice_make(copy, text.n);
}

void look_keep_known(struct doctor *d, const char *dn, const char *attr)
{
	struct slice *values;
	size_t n = look_values(d, d->im, dn, attr, &values);

	for (size_t i = 0; i < n; i++) {
		struct slice rest = values[i], word;

		/* Every quoted word before DESC is a name; more is no harm. */
		while (slice_cut(rest, '\'', &word, &rest)
		    && slice_cut(rest, '\'', &word, &rest))
			map_put(&d->known, lower(&d->arena, word),
			    (void *)(uintptr_t)values[i].p);
	}
}

bool look_is_known(const struct doctor *d, struct slice name)
{
	struct arena a = { NULL };
	bool is_known = map_count(&d->known) == 0
	    || map_find(&d->known, lower(&a, name)) != NULL;

	arena_fini(&a);
	return is_known;
}
