/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fake/xdb.h — a directory of a few people in memory, that answers only
 * when it is told to: the test turns the crank, and may make the next answer
 * fail.  Linked instead of the real store, for tests of order and lifetime;
 * what LDAP really does is tested against slapd. */
#ifndef TESTS_FAKE_XDB_H
#define TESTS_FAKE_XDB_H

#include "xdb_ldap/xdb.h"

/* Something to point host.xdb at. */
struct xdb { int nothing; };
extern struct xdb fake_xdb;

/* People ann, bob, cem; password "pw-<uid>"; profiles as told. */
void fake_xdb_reset(bool with_profiles);
/* How many answers are owed. */
unsigned fake_xdb_waiting(void);
/* Gives one answer: the true one, or this status instead.  False: none owed. */
bool fake_xdb_answer(void);
bool fake_xdb_answer_with(enum xdb_status status);
/* What a change has left: the roster values of a person, as "jid:sub …". */
const char *fake_xdb_roster(const char *uid);
/* How often verifiers were stored, which happens some time after a login. */
unsigned fake_xdb_verifiers(void);
/* The list that there is under any DN: "ann:2 bob:1", uids and roles; NULL: none.
 * Its only part is "the-list", and entryUUIDs are uids. */
void fake_xdb_list(const char *who, bool is_dynamic, size_t unresolved);
/* It is there, and under no other DN; NULL: under any. */
void fake_xdb_list_is_at(const char *dn);
/* The entry of a room, or NULL. */
const struct xdb_room *fake_xdb_room(const char *name);

#endif
