/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/login.h — browsers that are signed in.
 *
 * The cookie holds 256 random bits; kept is their SHA-256, so that nobody who
 * reads this process's memory or a core file can take a session over.  Logins
 * live in memory: a restart of the web process signs everybody out (WEB-03). */
#ifndef WEB_LOGIN_H
#define WEB_LOGIN_H

#include "admin-web/exchange.h"

#define LOGIN_COOKIE "__Host-tertulia"
#define LANGUAGE_COOKIE "__Host-language"

enum {
	LOGIN_IDLE_MS = 15 * 60000,
	LOGIN_WHOLE_MS = 8 * 3600000,
	LOGINS_MOST = 1000,             /* the longest silent one makes room */
};

/* `exchanges` is web.h's: when a login ends, whoever is at work for it is told. */
struct logins *logins_new(struct list *exchanges);
void logins_free(struct logins **lp);
/* Everybody is looked at anew at the next request. */
void logins_doubt(struct logins *l);
/* The account is suspended or gone, or has a new password, by us: where the
 * directory does not say when passwords change nothing else tells. */
void logins_end_person(struct logins *l, const char *uid);

/* Finds x->login and x->who by the cookie and goes on; without a good cookie
 * x->login is NULL.  Whether the person still stands is asked first (auth_again),
 * each second at most: whoever does not is signed out; when the directory does
 * not answer the exchange is answered 503. */
void login_recognise(struct exchange *x, exchange_fn *then);
/* Signs x->who in: a new login and its cookie.  An old one of this browser ends. */
void login_begin(struct exchange *x);
/* Signs out, and takes the cookie back. */
void login_end(struct exchange *x);

/* What each form of this login carries; hex. */
const char *login_token(const struct exchange *x);
bool login_token_is(const struct exchange *x, struct slice token);

/* A sentence for the next page: what was just done.  Taking forgets it. */
void login_notice(struct exchange *x, enum text notice);
enum text login_notice_take(struct exchange *x);

/* The value of a cookie; empty when it is not there, or there twice. */
struct slice login_cookie(const struct exchange *x, const char *name);

#endif
