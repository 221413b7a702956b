/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/account.h — what is done to accounts, by page or by API.
 *
 * Each act goes through the directory, then tells the im process, then goes on
 * with `then`; what cannot be done it answers itself.  All of them write, so
 * they detach the exchange.  (Deleting one is the other way round: removal.h.) */
#ifndef WEB_ACCOUNT_H
#define WEB_ACCOUNT_H

#include "admin-web/person.h"

enum { LINK_DAYS = 7 };

struct account_wish {
	struct slice uid, given_name, sn, mail;
	struct slice password;          /* p NULL: none; empty is one too short */
	bool is_for_known_person;       /* never make a person */
};

struct account_made {
	unsigned status;                /* 201, or 409, 422 with faults */
	enum text why;                  /* then */
	struct person *person;          /* 201 */
	const char *link;               /* 201, a new person without password */
};
typedef void account_made_fn(struct exchange *x, const struct account_made *made);

/* Makes the account, and the person where that is allowed and needed. */
void account_make(struct exchange *x, const struct account_wish *wish,
    account_made_fn *then);

/* Faults for fields that are there and cannot be taken. */
void account_wish_check(struct exchange *x, const struct account_wish *wish);

void account_set_status(struct exchange *x, struct person *p,
    enum xdb_profile_status status, exchange_fn *then);
void account_delete(struct exchange *x, struct person *p, exchange_fn *then);

/* Makes an activation link: 256 random bits of which the directory keeps the
 * SHA-256.  It is given here and never again. */
typedef void account_link_fn(struct exchange *x, const char *link);
void account_link(struct exchange *x, const struct person *p,
    account_link_fn *then);

/* Tells the im process to close the account's streams ("suspended");
 * goes on whether or not it could be reached. */
void account_close(struct exchange *x, const char *uid, const char *reason,
    exchange_fn *then);

/* Who signed in has just proved this password: whose account or verifiers are
 * missing has them soon; goes on whether or not the im process could be reached. */
void account_proved(struct exchange *x, struct slice password, exchange_fn *then);

/* A person has a new password, set just now: their browsers are signed out, and
 * the im process ends their streams and makes verifiers of it, which it alone can;
 * goes on whether or not it could be reached. */
void account_renewed(struct exchange *x, const char *uid, struct slice password,
    exchange_fn *then);

/* SHA-256 of a token, hex: under which its request is found. */
void account_token_hash(struct slice token, struct buf *out);

#endif
