/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/try.h — may this identity do that?  By trying (directory.md rule 8).
 *
 * What must be allowed is done to scratch entries.  What must be refused is
 * tried so that nothing happens if it is let through: a value is deleted that
 * nobody has, or a value added that is there.  Servers look at the rights
 * first, so "no such value" and "value exists" mean that the right is there,
 * and insufficientAccess that it is not. */
#ifndef CTL_TRY_H
#define CTL_TRY_H

#include "ctl/doctor.h"

#define TRY_NOBODYS "tertulia-doctor"   /* a value that nobody has */

/* One change of one attribute; attr ATTR_N: userPassword, which the store has
 * no business with. */
struct attempt {
	enum attr attr;
	int op;
	const char *value, *what;
};

/* Its LDAP result code. */
int try_attempt(struct doctor *d, struct wire *w, const char *dn,
    const struct attempt *a);

/* Findings by the code: "<who> cannot <what>", "<who> may <what>". */
void try_must(const struct doctor *d, struct result *r, const char *who, int code,
    const char *what);
void try_must_not(const struct doctor *d, struct result *r, const char *who,
    int code, const char *what);
/* Which rules to load, by the kind of server and the home of profiles. */
const char *try_advice(const struct doctor *d);

/* Somebody the web process did not make itself: those it may write.  NULL:
 * there is nobody. */
const char *try_person(struct doctor *d);

#define EACH_MUST(d, r, w, who, dn, list) \
	for (size_t i_ = 0; i_ < COUNT(list); i_++) \
		try_must(d, r, who, try_attempt(d, w, dn, &(list)[i_]), (list)[i_].what)
#define EACH_MUST_NOT(d, r, w, who, dn, list) \
	for (size_t i_ = 0; i_ < COUNT(list); i_++) \
		try_must_not(d, r, who, try_attempt(d, w, dn, &(list)[i_]), (list)[i_].what)

#endif
