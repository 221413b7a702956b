/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/rules.h — may this account be used, and until when is that so?
 *
 * SCRAM does not pass the server's own checks, so we make them (directory.md
 * rule 14).  The table in rules.c judges the attributes that are there; which
 * ones a server has is the preset's (preset.c). */
#ifndef XDB_LDAP_RULES_H
#define XDB_LDAP_RULES_H

#include "xdb_ldap/entry.h"
#include "xdb_ldap/xdb.h"

struct rules {                          /* of the configuration */
	const char *const *shells;      /* [ldap] closed_shells */
	size_t shell_n;
};

struct judgement {
	enum xdb_refusal refusal;
	int64_t turns_s;        /* when time alone may change it; 0: never */
};
struct judgement rules_judge(const struct rules *rules, const struct entry *person,
    int64_t now_s);

/* It is locked for a time that only the policy tells, and the server has not
 * said more by itself: the policy's pwdLockoutDuration is worth a search. */
bool rules_want_policy(const struct entry *person);

#endif
