/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/pager.h — one search of a store reads pages at a time, for OpenLDAP
 * keeps one cookie for a connection; the others stand in line. */
#ifndef XDB_LDAP_PAGER_H
#define XDB_LDAP_PAGER_H

#include "xdb_ldap/call.h"

/* Submits the call, now or when its turn comes. */
void pager_wait(struct call *c);
/* The call is answered or dropped; also of one that reads no pages. */
void pager_over(struct call *c);

#endif
