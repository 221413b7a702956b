/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/have.h — asks a server how far it has come (csn.h). */
#ifndef XDB_LDAP_HAVE_H
#define XDB_LDAP_HAVE_H

#include "xdb_ldap/csn.h"
#include "xdb_ldap/op.h"

struct conn;

/* Over this one connection, which is ready.  XDB_OK: `set` was filled; nothing
 * in it where the server shows no such thing (it is no OpenLDAP, or copies
 * nothing).  `set` stays until the answer or the end of the operation. */
struct xdb_op *have_load(struct xdb *db, struct conn *conn, struct csn_set *set);

#endif
