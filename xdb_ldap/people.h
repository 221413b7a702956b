/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/people.h — what the two searches for people share. */
#ifndef XDB_LDAP_PEOPLE_H
#define XDB_LDAP_PEOPLE_H

#include "xdb_ldap/op.h"

/* By name, as people expect of Spanish and its neighbours: case and accents do
 * not matter. */
void people_sort(struct xdb_op *op, struct xdb_account *accounts, size_t n);

#endif
