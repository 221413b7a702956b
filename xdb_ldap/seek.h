/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/seek.h — many names at once: entries by DN, uid or mail address, in a
 * few searches.
 *
 * Groups name their members in all these ways, by the thousand.  Twenty names go
 * into one filter (a twentieth of the cost of asking for each), a few such
 * searches make a round, and what comes back is told from what was asked by a
 * key: the form's letter and the name in normal form. */
#ifndef XDB_LDAP_SEEK_H
#define XDB_LDAP_SEEK_H

#include "base/map.h"
#include "xdb_ldap/op.h"

enum form {
	FORM_NONE,      /* nothing that an entry here could be found by */
	FORM_DN, FORM_UID,
	FORM_WORD,      /* of a mail alias: a uid, or another alias */
	FORM_MAIL, FORM_URL,
	FORM_ANY,       /* look and say: one of those above */
};

struct sought {
	struct slice value, key;
	enum form form;
	unsigned roles, level;          /* the caller's */
	bool is_found;
	struct sought *same;            /* the same name, asked for twice */
};

enum { SEEK_MOST = 160 };               /* of one round: under a millisecond */

struct seek {
	struct sought asked[SEEK_MOST];
	size_t asked_n;
	struct map by_key;              /* to be freed: seek_fini */
	struct call *calls[SEEK_MOST];
	unsigned call_n;
	/* While a round is made. */
	struct buf filter;
	unsigned in_filter;
};

void seek_fini(struct seek *s);
void seek_begin(struct seek *s);

/* What kind of name is this?  Also cuts off what is not part of it. */
enum form form_of(enum form stated, struct slice *value);
/* False: the round is full.  The value is borrowed; form is DN, UID, WORD or MAIL. */
bool seek_add(struct xdb_op *op, struct seek *s, const struct sought *one);

/* Sends the searches for all that was asked and not found: among people (by
 * people_filter), or among groups.  False: there is nothing to ask. */
bool seek_people(struct xdb_op *op, struct seek *s);
bool seek_groups(struct xdb_op *op, struct seek *s);
/* True, and the operation is finished, when one of them failed. */
bool seek_failed(struct xdb_op *op, const struct seek *s);

/* Calls `fn` for each name that was asked for and is this entry's; for some of
 * them more than once. */
typedef void seek_hit_fn(struct xdb_op *op, struct sought *hit, const struct entry *e);
void seek_match(struct xdb_op *op, struct seek *s, const struct entry *e, seek_hit_fn *fn);

#endif
