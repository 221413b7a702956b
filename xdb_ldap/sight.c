/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/sight.c — entries as bytes, without a copy of them. */
#include "xdb_ldap/sight.h"

#include "base/map.h"
#include "xdb_ldap/conn.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/watch.h"

static bool is_attr(const struct feed *f, struct slice described, enum attr attr)
{
	const char *name = f->watch->db->names.rows[attr].name;

	return name != NULL && slice_eq_nocase(described, slice_of(name));
}

/* Values in any order are the same contents: sums. */
static void look_at(const struct feed *f, struct slice described,
    const struct berval *values, struct look *l)
{
	struct slice first = slice_make(values[0].bv_val, values[0].bv_len);
	uint64_t of_name = map_hash(described) | 1;

	if (values[0].bv_val == NULL)
		return;
	if (is_attr(f, described, ATTR_ENTRY_UUID))
		l->uuid = first;
	if (is_attr(f, described, f->named_by))
		l->name = first;
	if (is_attr(f, described, ATTR_CSN)) {
		l->has_stamp = true;
		l->stamp = (uint32_t)map_hash(first) | 1;
	}
	if (is_attr(f, described, ATTR_MODIFIED)) {
		l->modified = first;
		if (!l->has_stamp)
			l->stamp = (uint32_t)map_hash(first) | 1;
	}
	if (is_attr(f, described, ATTR_MODIFIED)
	    || (f->kind == XDB_PERSON && is_attr(f, described, ATTR_CSN)))
		return;                 /* changes with what is not watched, too */
	for (; values->bv_val != NULL; values++)
		l->print += of_name * map_hash(slice_make(values->bv_val,
		    values->bv_len));
}

bool look_read(const struct feed *f, LDAPMessage *msg, struct look *l)
{
	LDAP *ld = f->watch->conn->ld;
	struct berval dn, name, *values;
	BerElement *ber = NULL;

	*l = (struct look){ .print = 0 };
	if (ldap_get_dn_ber(ld, msg, &ber, &dn) != LDAP_SUCCESS)
		return false;
	l->dn = slice_make(dn.bv_val, dn.bv_len);
	/* Elsewhere is another name, in groups as in binds. */
	if (f->kind == XDB_PERSON)
		l->print = map_hash(l->dn);
	while (ldap_get_attribute_ber(ld, msg, ber, &name, &values)
	    == LDAP_SUCCESS && name.bv_val != NULL) {
		if (values != NULL)
			look_at(f, slice_make(name.bv_val, name.bv_len), values,
			    l);
		ldap_memfree(values);
	}
	ber_free(ber, 0);
	if (!text_is_clean(l->name))
		l->name = SLICE("");
	/* People are watched by all that matters of them, and where they are, which
	 * is all that matters of branches; the others by a stamp alone, and
	 * without one nobody can tell what is new. */
	if (f->kind == XDB_PERSON)
		l->print += map_hash(l->dn) | 1;
	else if (f->kind == XDB_PEOPLE_BRANCH || f->kind == XDB_GROUP_BRANCH)
		l->print = map_hash(l->dn) | 1;
	else if (!l->has_stamp)
		l->print = 0;
	return true;
}
