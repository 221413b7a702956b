/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/met.h — names of members that were looked up before, and whose they
 * are, so that one more in a list of ten thousand is one look-up and not ten
 * thousand.
 *
 * Nothing here has an age: it is believed while the watchers hear of every change
 * (RFC 4533), and only of somebody in whom nothing changed since the directory
 * was asked.  That a name is nobody's is believed while nothing changed in anybody,
 * that it is no group's either while nothing changed in any group, and none of it
 * when a branch was renamed or is gone.  By polling, where people are not known by
 * entryUUID (FreeIPA), and where people_filter asks for memberOf, whose changes nobody
 * tells, nothing is kept.
 *
 * At most 48,000 names, about 12 MB; those not used for longest go first. */
#ifndef XDB_LDAP_MET_H
#define XDB_LDAP_MET_H

#include "base/str.h"

struct met;
struct xdb;

/* How many changes of people, of groups, and of the branches they are in there
 * were: slapd tells of a branch that was renamed, and not of who is in it. */
struct since { uint32_t people, groups, branches; };
struct since met_now(const struct xdb *db);

struct met *met_new(void);
void met_free(struct met **mp);

struct met_person { struct slice uuid, dn, uid, name; };
enum met_kind {
	MET_UNKNOWN, MET_PERSON,
	MET_GROUP,                      /* nobody's, perhaps a group's */
	MET_NOBODY,                     /* nor a group's */
};

/* `name` as a group has it, `form` as seek.h has it.  What *person_r has is
 * copied into the arena. */
enum met_kind met_find(const struct xdb *db, struct arena *a, char form,
    struct slice name, struct met_person *person_r);
/* What the directory said when it was asked after `since`. */
void met_put(const struct xdb *db, char form, struct slice name,
    struct since since, const struct met_person *person);
void met_put_nobody(const struct xdb *db, char form, struct slice name,
    struct since since, enum met_kind kind);

#endif
