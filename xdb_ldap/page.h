/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/page.h — page after page (RFC 2696): how a server is asked that gives
 * no more than so many entries at once.
 *
 * OpenLDAP keeps one cookie for a connection: whoever reads pages takes turns
 * with the others there (call.c, the store's pager; watch.c). */
#ifndef XDB_LDAP_PAGE_H
#define XDB_LDAP_PAGE_H

#include <ldap.h>

#include "base/str.h"

enum { PAGE_ENTRIES = 500 };            /* slapd's own limit; Active Directory's is 1,000 */

/* Fills the control: not critical, for a server without pages gives all at once.
 * `cookie`: where the page begins; empty: at the beginning.  ldap_memfree() frees
 * its value.  An LDAP code. */
int page_control(LDAP *ld, unsigned entries, struct slice cookie,
    LDAPControl *control_r);
/* Where the next page begins, by the controls of a result (may be NULL); empty:
 * there is none. */
void page_next(LDAP *ld, LDAPControl **controls, struct buf *cookie_r);

#endif
