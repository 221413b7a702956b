/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/seek.h — many names at once: entries by DN, uid or mail address, in a
 * few searches.
 *
 * Groups name their members in all these ways, by the thousand.  Up to forty
 * names go into one filter (asking for each costs twenty times as much), some
 * such searches make a round, and what comes back is told from what was asked by
 * a key: the form's letter and the name in normal form.
 *
 * A filter that a server will not do as a whole (adminLimitExceeded,
 * unwillingToPerform, sizeLimitExceeded) is asked again in halves, down to one
 * name each, and smaller ones are made from then on.  What fails otherwise fails
 * as a whole: nobody is missing because of an error. */
#ifndef XDB_LDAP_SEEK_H
#define XDB_LDAP_SEEK_H

#include "base/map.h"
#include "xdb_ldap/met.h"
#include "xdb_ldap/op.h"

enum form {
	FORM_NONE,      /* nothing that an entry here could be found by */
	FORM_DN, FORM_UID,
	FORM_UUID,      /* entryUUID as text */
	FORM_WORD,      /* of a mail alias: a uid, or another alias */
	FORM_MAIL, FORM_URL,
	FORM_ANY,       /* look and say: one of those above */
};

struct sought {
	struct slice value, key;
	enum form form;
	unsigned roles, level;          /* the caller's */
	bool is_no_person;              /* known before: not to be asked for among them */
	const struct entry *person;     /* the caller's: who was found … */
	bool is_several;                /* … one of several */
	bool is_found;
	struct sought *same;            /* the same name, asked for twice */
};

enum {
	SEEK_MOST = 320,                /* names of one round */
	/* slapd compares each entry it finds with each name: at 80 it needs half
	 * as much again for a list of 10,000 as at 40, at 20 twice the requests. */
	SEEK_FILTER_NAMES = 40, SEEK_FILTER_BYTES = 6000,
	SEEK_CALLS_MOST = 64,           /* under way, of one round */
};

struct among;

/* Calls `fn` for each name that was asked for and is this entry's; for some of
 * them more than once. */
typedef void seek_hit_fn(struct xdb_op *op, struct sought *hit, const struct entry *e);

struct seek {                           /* op->data begins with it */
	struct sought asked[SEEK_MOST];
	size_t asked_n;
	struct map by_key;              /* to be freed: seek_fini */
	struct since since;             /* when the round began (met.h) */
	/* While a round is made. */
	const struct among *among;
	seek_hit_fn *hit;
	op_step_fn *next;
	size_t at;                      /* who is asked for next */
	struct asking { struct call *call; size_t from, to; }
	    askings[SEEK_CALLS_MOST];
	unsigned asking_n, taken;
	const struct entry *entry;      /* goes on with this answer … */
	size_t again;                   /* … and then with this name */
};

void seek_fini(struct seek *s);
/* A new round. */
void seek_begin(struct xdb_op *op, struct seek *s);

/* What kind of name is this?  Also cuts off what is not part of it. */
enum form form_of(enum form stated, struct slice *value);
/* False: the round is full.  The value is borrowed; form is DN, UID, UUID, WORD or MAIL. */
bool seek_add(struct xdb_op *op, struct seek *s, const struct sought *one);

/* Asks for all that is not found: among people (by people_filter), or among
 * groups.  `next` is the step when all was answered and `hit` called; the
 * operation is finished when something failed, or when `hit` finished it.  What
 * it costs is done in pieces (base/chore.h). */
void seek_people(struct xdb_op *op, seek_hit_fn *hit, op_step_fn *next);
void seek_groups(struct xdb_op *op, seek_hit_fn *hit, op_step_fn *next);
/* Among all below people_base, whatever people_filter says. */
void seek_anybody(struct xdb_op *op, seek_hit_fn *hit, op_step_fn *next);

#endif
