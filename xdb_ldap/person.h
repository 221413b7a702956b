/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/person.h — a person and their profile: found together, read from
 * entries.  Shared by account.c, vcard.c and people.c. */
#ifndef XDB_LDAP_PERSON_H
#define XDB_LDAP_PERSON_H

#include "xdb_ldap/op.h"

/* What the search for a person found; the first member of the kind's data. */
struct found {
	struct slice uid;               /* as it was asked for */
	struct slice known;             /* whose it was when last read; empty: not known */
	enum map_set person_set, profile_set;
	struct call *person_call, *profile_call, *policy_call;
	op_step_fn *next;
	const struct entry *person;     /* never NULL when `next` runs */
	struct slice name;              /* what the person is called */
	struct slice jid;               /* made of it: the address (address.h) */
	const struct entry *profile;    /* NULL: there is none */
	bool jid_is_old;                /* the profile's is another */
};

/* The search for who has this name, which may find several; `in` a pool, or NULL. */
struct call *person_search(struct xdb_op *op, struct slice name, enum map_set set,
    struct pool *in);

/* Starts the search; op->data begins with a struct found whose uid, sets and
 * next are set.  The operation ends by itself when there is no such person, or
 * more than one (LDAP-05). */
void found_start(struct xdb_op *op);

/* Is there a profile on the entry of this person? (is_inline) */
bool person_is_user(const struct entry *e);
/* Is the jid of this entry the account's?  On people's entries (is_inline) it may be
 * the institution's own, of RFC 8284: that is never written, added to or removed. */
bool jid_is_ours(const struct xdb *db, const struct entry *e);
/* Has somebody taken away the jid of this profile? */
bool jid_is_missing(const struct xdb *db, const struct entry *e);

/* Entries to results; slices point into the operation's arena. */
void person_read(const struct xdb *db, const struct entry *e, struct xdb_person *p);
/* The first photo of a kind that is known; hidden: there is one, and none to show. */
struct slice photo_read(const struct entry *e, bool *is_hidden_r);
/* `source` is the person's pwdChangedTime: older verifiers are left out. */
void profile_read(struct xdb_op *op, const struct entry *e, struct slice source,
    struct xdb_profile *p);

/* A word we do not know is not "active". */
enum xdb_profile_status profile_status_read(struct xdb_op *op, const struct entry *e);

extern const char *const profile_status_texts[];        /* by xdb_profile_status */

#endif
