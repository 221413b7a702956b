/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/page.c — the control of RFC 2696, written and read. */
#include "xdb_ldap/page.h"

int page_control(LDAP *ld, unsigned entries, struct slice cookie,
    LDAPControl *control_r)
{
	static char oid[] = LDAP_CONTROL_PAGEDRESULTS;
	struct berval from = { cookie.n, (char *)(uintptr_t)cookie.p };

	*control_r = (LDAPControl){ .ldctl_oid = oid };
	return ldap_create_page_control_value(ld, (ber_int_t)entries, &from,
	    &control_r->ldctl_value);
}

void page_next(LDAP *ld, LDAPControl **controls, struct buf *cookie_r)
{
	LDAPControl *found = controls != NULL ? ldap_control_find(
	    LDAP_CONTROL_PAGEDRESULTS, controls, NULL) : NULL;
	struct berval cookie = { 0, NULL };
	ber_int_t estimate;

	buf_clear(cookie_r);
	if (found != NULL && ldap_parse_pageresponse_control(ld, found,
	    &estimate, &cookie) == LDAP_SUCCESS)
		buf_add(cookie_r, slice_make(cookie.bv_val, cookie.bv_len));
	ldap_memfree(cookie.bv_val);
}
