/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/presence.h — telling a room who is there (XEP-0045 §7.2, 7.6, 7.7,
 * 7.14, 8.2, 9.1).
 *
 * An occupant's presence is written at most three times, for those who see real
 * addresses, for those who do not, and for its own sessions; each is then sent
 * to all it concerns. */
#ifndef FEAT_MUC_PRESENCE_H
#define FEAT_MUC_PRESENCE_H

#include "feat/muc/affiliation.h"
#include "feat/muc/occupant.h"

enum { PRESENCE_BYTES_MOST = 8 * 1024, NOTICE_CODES = 3 };

/* What a presence says besides the occupant's own. */
struct notice {
	bool is_unavailable;
	bool is_leaving;                        /* role='none' */
	unsigned codes[NOTICE_CODES];           /* to everybody, ended by 0 */
	unsigned own_codes[NOTICE_CODES];       /* to themselves; 110 goes without saying */
	struct slice new_nick;
	struct cause cause;
	const struct elem *shown;               /* stanza whose children go along,
	                                         * NULL: the last presence */
};

/* To every seat of the room but `except` (which may be NULL). */
void presence_tell(struct occupant *o, const struct notice *n,
    const struct seat *except);
/* Appends the presences of all other occupants, as this seat may see them. */
void presence_list(struct seat *s, struct buf *out);
/* Appends the seat's own presence. */
void presence_own(struct seat *s, const struct notice *n, struct buf *out);

/* One seat leaves: by its own wish (`stanza` may hold parting words), or with
 * a code.  The occupant leaves with its last seat; the room may be gone after. */
void presence_leave(struct seat *s, const struct elem *stanza, unsigned code);
/* The occupant leaves with all seats. */
void presence_remove(struct occupant *o, const struct notice *n);

/* The occupant's standing changed: everybody is told, and a new moderator gets
 * the addresses that only moderators see. */
void presence_promoted(struct occupant *o, enum role was,
    const struct cause *why);
void presence_rename(struct occupant *o, struct slice nick, bool is_cleaned);
/* The occupant becomes one with another of the same person. */
void presence_merge(struct occupant *from, struct occupant *into);

/* Everybody gets one last presence with this element (<destroy/>, or NULL) and
 * code (or 0), and is no more in the room (§10.9). */
void presence_dissolve(struct room *r, const struct elem *destroy, unsigned code);

#endif
