/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/look.h — small questions to the directory: one entry, and what it has. */
#ifndef CTL_LOOK_H
#define CTL_LOOK_H

#include "ctl/doctor.h"

/* One entry, for ldap_msgfree; NULL when it is not there or cannot be seen. */
LDAPMessage *look_entry(struct wire *w, const char *dn, const char *const *attrs);
/* Values of one attribute of it, in the doctor's arena; 0: none are shown. */
size_t look_values(struct doctor *d, struct wire *w, const char *dn,
    const char *attr, struct slice **values_r);
bool look_has(const struct slice *values, size_t n, const char *text);
/* Is `dn` one of these, or below one? */
bool look_is_below(const struct slice *suffixes, size_t n, const char *dn);

/* The names of what the server's schema defines, kept for look_is_known. */
void look_keep_known(struct doctor *d, const char *dn, const char *attr);
/* Is this an attribute or a class of it?  A server that shows no schema is thought
 * to know all. */
bool look_is_known(const struct doctor *d, struct slice name);

#endif
