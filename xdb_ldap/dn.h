/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/dn.h — distinguished names: written with escapes, read by libldap.
 *
 * RFC 4514.  A name that comes from outside becomes part of a DN only through
 * dn_rdn (LDAP-03).  DNs are compared in a normal form: lower-case ASCII,
 * canonical escapes, the parts of an RDN in order. */
#ifndef XDB_LDAP_DN_H
#define XDB_LDAP_DN_H

#include "base/str.h"

enum { DN_BYTES_MOST = 8192 };

/* Appends "attribute=value", escaped. */
void dn_rdn(struct buf *out, const char *attribute, struct slice value);
/* Appends ",base". */
void dn_below(struct buf *out, const char *base);
/* "attribute=value,base" in the arena. */
const char *dn_make(struct arena *a, const char *attribute, struct slice value,
    const char *base);

/* Writes the normal form; false: this is no DN, or one beyond the limit. */
bool dn_normal(struct buf *out, struct slice dn);
bool dn_is_valid(struct slice dn);
bool dn_eq(struct slice a, struct slice b);
/* At or below `base`; both in normal form. */
bool dn_is_below(struct slice normal, struct slice base);
/* The value of the first RDN when it is of this one attribute; in the arena. */
bool dn_first(struct arena *a, struct slice dn, const char *attribute,
    struct slice *value_r);
/* Any part of the first RDN whose attribute is among `attributes` (NULL-ended):
 * which of them, and its value in the arena.  NULL: none. */
const char *dn_first_of(struct arena *a, struct slice dn, const char *const *attributes,
    struct slice *value_r);
/* All but the first RDN (a piece of `dn`); empty when there is no more. */
struct slice dn_parent(struct slice dn);

#endif
