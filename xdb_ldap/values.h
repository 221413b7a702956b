/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/values.h — what one value of our own attributes says, as text.
 *
 *   imRosterItem   jid none|to|from|both ask approved name [group …]
 *   imPending      jid [status]
 *   imOwnerJid …   jid [nick [reason]]
 *   imBoundState   time|- matched unresolved [time|- why [entryUUID DN]]
 *
 * Words one space apart, each percent-encoded; "-" stands for an empty word and
 * a word that is "-" is written %2D.  The canonical JID comes first, so people
 * can read, sort and find the values with any LDAP tool.  Writing what was read
 * gives the same bytes again, for values that we wrote.
 *
 * Readers put their slices in the arena; false: the value is not of this form,
 * and nothing was understood. */
#ifndef XDB_LDAP_VALUES_H
#define XDB_LDAP_VALUES_H

#include "xdb_ldap/xdb.h"

enum {
	ROSTER_GROUPS_MOST = 64,
	ROSTER_VERSION_MOST = 2000000000,       /* slapd counts up in an int */
};

void roster_item_write(struct buf *out, const struct xdb_roster_item *item);
bool roster_item_read(struct arena *a, struct slice value,
    struct xdb_roster_item *item_r);

void pending_write(struct buf *out, const struct xdb_pending *pending);
bool pending_read(struct arena *a, struct slice value, struct xdb_pending *pending_r);

void room_person_write(struct buf *out, const struct xdb_room_person *person);
bool room_person_read(struct arena *a, struct slice value,
    struct xdb_room_person *person_r);
/* A value of somebody who stands as a DN is a note and says no affiliation: behind
 * its address is the entryUUID, "lucia@example.org/<uuid>".  False: it is none. */
bool room_note_read(struct slice jid, struct slice *uuid_r);

void bound_state_write(struct buf *out, const struct xdb_bound_state *state);
bool bound_state_read(struct arena *a, struct slice value,
    struct xdb_bound_state *state_r);

/* The JID that a value begins with, of those above that do; empty: none. */
struct slice value_jid(struct arena *a, struct slice value);

/* GeneralizedTime (RFC 4517 §3.3.13), UTC, to seconds since 1970 and back. */
bool time_read(struct slice value, int64_t *seconds_r);
void time_write(struct buf *out, int64_t seconds);

#endif
