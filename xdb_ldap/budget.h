/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/budget.h — how many wrong passwords of one person reach the directory.
 *
 * A directory locks whoever is guessed at too often (slapo-ppolicy(5),
 * pwdMaxFailure), for every service of the institution: nobody who talks to us
 * may do that to a colleague (LDAP-15, SASL-17).  So of the failures that lock,
 * fewer than half come from this process, from wherever they came to it, for there
 * are two of us (the web interface), and both together must not lock; after that no
 * bind is
 * tried until the directory has forgotten (pwdFailureCountInterval).  What is
 * under way counts, so that many at once are not more than one after the other;
 * and what was sent and never answered, for the directory may have counted it.
 *
 * By the name that was given, whether somebody has it or not: what is refused, and
 * when, tells nothing (SASL-07).  In memory: a process that starts anew knows
 * nothing. */
#ifndef XDB_LDAP_BUDGET_H
#define XDB_LDAP_BUDGET_H

#include "base/list.h"
#include "base/str.h"

struct budget;
struct entry;

struct budget_limit { unsigned most; int64_t keep_ms; };

/* What this policy allows (slapo-ppolicy(5)); one at least, or nobody could log in
 * for the first time: with a pwdMaxFailure of 1 or 2 that may lock. */
struct budget_limit budget_limit_of(const struct entry *policy);
/* Nobody says how the directory counts; 0: half of the least that is usual. */
struct budget_limit budget_limit_assumed(unsigned most);
struct budget_limit budget_limit_none(void);            /* it locks nobody */

struct budget *budget_new(void);
/* One more owner: what stores of the same process count is one. */
struct budget *budget_share(struct budget *b);
/* The last owner's frees it. */
void budget_free(struct budget **bp);

enum budget_says {
	BUDGET_GO,
	BUDGET_HOLD,                    /* budget_wait: one under way may end well */
	BUDGET_SPENT,
};
/* `as`: which password they have, as a number; 0: not known.  With another one
 * the directory has forgotten, too. */
enum budget_says budget_ask(struct budget *b, struct slice name, uint64_t as);
/* May one more be sent for the try that has begun?  It may be another failure. */
bool budget_has_room(struct budget *b, struct slice name);
/* Failures that are remembered, and tries under way. */
unsigned budget_count(struct budget *b, struct slice name);

/* A try begins; each ends once.  `unknown`: requests of it that may have been
 * failures, for nobody heard how they ended. */
void budget_begin(struct budget *b, struct slice name, uint64_t as);
void budget_end(struct budget *b, struct slice name, unsigned unknown);
/* How it ended, when that is known: a right one forgives. */
void budget_wrong(struct budget *b, struct slice name, uint64_t as,
    struct budget_limit limit);
void budget_right(struct budget *b, struct slice name);

/* `fn` is called, once and from within another's budget_end, when a try of `name`
 * has ended; the caller owns `w` and what `name` points to until then. */
struct budget_wait {
	struct list link;
	struct slice name;
	void (*fn)(void *ctx);
	void *ctx;
};
void budget_wait(struct budget *b, struct budget_wait *w);
void budget_wait_over(struct budget_wait *w);   /* not waiting: nothing */

#endif
