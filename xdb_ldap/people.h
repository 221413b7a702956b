/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/people.h — what the two searches for people share: their end. */
#ifndef XDB_LDAP_PEOPLE_H
#define XDB_LDAP_PEOPLE_H

#include "xdb_ldap/op.h"

enum { PROFILES_PER_FILTER = 50, PEOPLE_MOST = 2000 };

/* The data of the operation. */
struct people {
	struct call *call;              /* a search for SET_PERSON, or SET_INLINE_STATUS */
	struct xdb_account *accounts;
	size_t n;
	struct call *profile_calls[PEOPLE_MOST / PROFILES_PER_FILTER + 1];
	unsigned profile_call_n;
};

/* The step after `call`: those it found, with address and status of their profiles,
 * sorted by name; then the operation ends. */
void people_found(struct xdb_op *op);

#endif
