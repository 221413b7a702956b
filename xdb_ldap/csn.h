/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/csn.h — how far a copy of the directory has come.
 *
 * OpenLDAP numbers changes: contextCSN holds, for each server that ever took a
 * write, the last of its changes that this server has.  Copies get the changes
 * of each server in order, so who has that number has everything before it. */
#ifndef XDB_LDAP_CSN_H
#define XDB_LDAP_CSN_H

#include "base/str.h"

/* 20261122135910.558576Z#000000#001#000000: time, count, server, part. */
enum { CSN_CHARS = 40, CSN_MOST = 32 };

struct csn_set {
	char v[CSN_MOST][CSN_CHARS];
	unsigned n;
};

/* What is no CSN is left out. */
void csn_take(struct csn_set *set, const struct slice *values, size_t n);
/* `have` has all that `need` has.  A server that `have` never heard of counts:
 * its changes are missing. */
bool csn_covers(const struct csn_set *have, const struct csn_set *need);

#endif
