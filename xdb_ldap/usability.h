/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/usability.h — the account usability control, which OpenLDAP's
 * slapo-ppolicy and 389 Directory Server have from Sun's: asked with a search,
 * the server says of each entry whether it would let that person in. */
#ifndef XDB_LDAP_USABILITY_H
#define XDB_LDAP_USABILITY_H

#include "base/str.h"

#define USABILITY_OID "1.3.6.1.4.1.42.2.27.9.5.8"

struct usability {
	bool is_there;                  /* the server said something */
	bool is_usable;
	bool is_inactive, must_change, has_expired;
	int64_t grace;                  /* logins left with an expired password */
	int64_t seconds;                /* until that changes; <= 0: nobody said */
};

/* false: not of this form, and nothing was understood (is_there stays false). */
bool usability_read(struct slice value, struct usability *u_r);

#endif
