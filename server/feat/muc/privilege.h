/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/privilege.h — who may do what to whom in a room (XEP-0045 §5).
 *
 * Pure rules, no rooms: the whole matrix of role, affiliation and action can be
 * read here and in one test (security RTE-03). */
#ifndef FEAT_MUC_PRIVILEGE_H
#define FEAT_MUC_PRIVILEGE_H

#include "xdb_ldap/xdb.h"

enum role { ROLE_NONE, ROLE_VISITOR, ROLE_PARTICIPANT, ROLE_MODERATOR };

const char *role_name(enum role r);
bool role_parse(struct slice word, enum role *role_r);
const char *affiliation_name(enum xdb_affiliation a);
bool affiliation_parse(struct slice word, enum xdb_affiliation *affiliation_r);

/* The role one enters with (§5.1.2); ROLE_NONE: an outcast does not enter. */
enum role role_on_entry(enum xdb_affiliation a, bool is_moderated);
/* The role one has after the affiliation changed while in the room. */
enum role role_after(enum role was, enum xdb_affiliation from,
    enum xdb_affiliation to, bool is_moderated);

enum verdict {
	VERDICT_ALLOWED,
	VERDICT_FORBIDDEN,              /* nobody like the actor may do this */
	VERDICT_NOT_ALLOWED,            /* not to somebody like the target */
};

struct standing { enum xdb_affiliation affiliation; enum role role; };

/* May the actor give the target, an occupant, another role? */
enum verdict role_change(struct standing actor, struct standing target,
    enum role to);
/* May one with the affiliation `actor` change somebody's from `from` to `to`?
 * That owners remain is the caller's to see to. */
enum verdict affiliation_change(enum xdb_affiliation actor,
    enum xdb_affiliation from, enum xdb_affiliation to);
/* May one read the list of all who have the affiliation `list`?  `is_known`:
 * the room is members-only and shows its occupants' addresses anyway. */
bool affiliation_may_list(enum xdb_affiliation actor,
    enum xdb_affiliation list, bool is_known);

/* Who may send private messages (muc#roomconfig_allowpm). */
enum private_rule { PRIVATE_ANYONE, PRIVATE_PARTICIPANTS, PRIVATE_MODERATORS,
	PRIVATE_NOBODY };
bool role_may_whisper(enum role r, enum private_rule rule);

#endif
