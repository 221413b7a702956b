/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/address.c — one person, one address. */
#include "xdb_ldap/address.h"

#include "xdb_ldap/dn.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/sound.h"

void address_first(struct arena *a, struct slice dn, const char *attribute,
    struct slice **values, size_t *n)
{
	const char *const names[] = { attribute, NULL };
	struct slice first, *ordered;
	size_t k = 1;

	if (dn_first_of(a, dn, names, &first) == NULL || first.n == 0
	    || !text_is_clean(first))
		return;
	ordered = arena_alloc(a, (*n + 1) * sizeof *ordered);
	ordered[0] = first;
	for (size_t i = 0; i < *n; i++)
		if (!slice_eq_nocase((*values)[i], first))
			ordered[k++] = (*values)[i];
	*values = ordered;
	*n = k;
}

static struct slice lower(struct arena *a, struct slice name)
{
	char *copy = arena_dup(a, name.p, name.n);

	for (size_t i = 0; i < name.n; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	return slice_make(copy, name.n);
}

struct slice address_of(const struct xdb *db, struct arena *a, struct slice name)
{
	struct buf jid = { 0 };
	struct slice made = { NULL, 0 };

	if (db->address == NULL)
		name = lower(a, name);
	else if (!sound_local(db, a, &name))
		return made;
	if (name.n != 0) {
		buf_add(&jid, name);
		buf_addf(&jid, "@%s", db->domain);
		made = slice_dup(a, buf_slice(&jid));
	}
	buf_fini(&jid);
	return made;
}

bool address_is_of(const struct xdb *db, struct arena *a, struct slice jid,
    struct slice name)
{
	struct slice made = address_of(db, a, name);

	return made.n != 0 && sound_jid(db, a, &jid) && slice_eq_nocase(jid, made);
}

/* RFC 7622 §3.3.1, and all that is not ASCII. */
bool address_is_unknown(const struct xdb *db, struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"&'/:<>@", c) != NULL)
			return db->address == NULL;
	}
	return false;
}
