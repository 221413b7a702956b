/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/address.h — one person, one address.
 *
 * Of several values of people_name it is the one in the entry's name (RDN) that makes
 * the address, and without one there the first that the server gives.  That needs
 * nothing but the entry: who reads a group, a room, a list or a certificate comes to
 * the same address as who logs in.  The other values are nobody's. */
#ifndef XDB_LDAP_ADDRESS_H
#define XDB_LDAP_ADDRESS_H

#include "xdb_ldap/store.h"

/* Puts the value that makes the address in front of the others.  What entry.h gives of
 * ATTR_NAME is in this order: entry_one() is the person's name. */
void address_first(struct arena *a, struct slice dn, const char *attribute,
    struct slice **values, size_t *n);

/* name@domain as XMPP writes it (RFC 8265); empty: the name is part of no address. */
struct slice address_of(const struct xdb *db, struct arena *a, struct slice name);

/* Is this made of that name, for sure? */
bool address_is_of(const struct xdb *db, struct arena *a, struct slice jid,
    struct slice name);

/* A store that was not told what XMPP makes of an address (xdb_conf.address, the web
 * pages) knows it of ASCII alone; what this is true of, others compare. */
bool address_is_unknown(const struct xdb *db, struct slice name);

#endif
