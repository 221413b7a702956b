/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/auth.h — is this the person's password, and is this person an
 * administrator?  The one door for forms and for HTTP Basic. */
#ifndef WEB_AUTH_H
#define WEB_AUTH_H

#include "admin-web/exchange.h"

enum auth_outcome {
	AUTH_GOOD,              /* x->who is filled in */
	AUTH_MUST_CHANGE,       /* right, x->who is filled in, and good for one thing:
	                         * a new password */
	AUTH_WRONG,             /* whatever it was: name, password, locked, … */
	AUTH_WAIT,              /* too many guesses */
	AUTH_DOWN,              /* the directory did not say: nothing is known */
};

/* Every wrong answer takes as long, known name or not. */
enum { AUTH_SLOW_MS = 600 };

typedef void auth_fn(struct exchange *x, enum auth_outcome outcome);

/* Both strings are copied; the copy of the password is wiped. */
void auth_check(struct exchange *x, struct slice name, struct slice password,
    auth_fn *then);

/* Asks the directory again whether x->who is an administrator.  False in
 * `is_known` when it did not answer. */
typedef void auth_admin_fn(struct exchange *x, bool is_known);
void auth_admin(struct exchange *x, auth_admin_fn *then);

/* Is x->who, who proved it before, still somebody who could?  The account is looked
 * at anew, by the rules of signing in: it is there, the same person's, open, and
 * its password is the one that was shown (where the directory says when it was
 * changed); and so is its membership of the administrators.  An error is neither
 * yes nor no. */
enum auth_standing { AUTH_STANDS, AUTH_FALLEN, AUTH_UNKNOWN };
enum { AUTH_FRESH_MS = 1000 };  /* how long the answer is believed */
typedef void auth_again_fn(struct exchange *x, enum auth_standing standing);
void auth_again(struct exchange *x, auth_again_fn *then);

/* HTTP Basic (RFC 7617), for administrators' scripts: answers 401, 403, 429 or
 * 503 itself, or goes on with `then` and x->who filled in.  A password that was
 * good is good for BASIC_MS more without another bind, as long as the person
 * stands (auth_again). */
enum { BASIC_MS = 60000, BASIC_ENTRIES = 64 };
struct basic;
struct basic *basic_new(void);
void basic_free(struct basic **bp);
void basic_forget(struct basic *b);                     /* all */
/* The password or the rights of this person changed. */
void basic_forget_person(struct basic *b, const char *uid);
void basic_check(struct exchange *x, exchange_fn *then);

#endif
