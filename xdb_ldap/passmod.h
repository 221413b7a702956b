/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/passmod.h — the value of a request for another password (RFC 3062 §2).
 *
 * Written by ourselves: libldap's own would stand once more in memory that it frees
 * as it is, with both passwords. */
#ifndef XDB_LDAP_PASSMOD_H
#define XDB_LDAP_PASSMOD_H

#include "base/str.h"

/* `out` is empty; it takes one piece of memory, which the caller wipes.  `was` empty:
 * the request does not have the old one. */
void passmod_write(struct buf *out, struct slice who, struct slice was, struct slice is);

#endif
