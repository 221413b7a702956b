/* SPDX-License-Identifier: Apache-2.0 */
/* core/admission.h — who may use the service at all: the members of
 * [ldap] people_groups, when it names any.
 *
 *   in one of them, by what was read last       XDB_OK
 *   in none of them                             XDB_ABSENT: nobody of ours
 *   one could not be read, or is gone           XDB_DOWN, for all but members of
 *                                               the others: nothing is known
 *
 * The groups are followed (core/source.h), so asking costs the directory nothing.
 * What was read before a failure admits nobody anew and puts nobody out. */
#ifndef CORE_ADMISSION_H
#define CORE_ADMISSION_H

#include "base/list.h"
#include "xdb_ldap/xdb.h"

/* After live_start.  Those in memory hear of changes by
 * accounts_readmit() (core/account.h). */
void admission_start(void);
/* Settings or store are others: those groups are followed from now on. */
void admission_renew(void);
void admission_stop(void);

enum xdb_status admission_of(struct slice local, struct slice person_uuid);
/* The same, and no change of it could be still on its way. */
bool admission_is_certain(struct slice local, struct slice person_uuid);

/* Calls `fn` when no group is just being read: from within when that is so
 * already, else from the loop, and after [ldap] timeout in any case.  Whoever was
 * put into a group may log in at once, and must not hear no because the group is
 * being read for that very reason. */
struct admission_wait {
	struct list link;
	/* borrowed */
	void (*fn)(void *ctx);
	void *ctx;
};
void admission_wait(struct admission_wait *w, void (*fn)(void *ctx), void *ctx);
void admission_wait_over(struct admission_wait *w);     /* also of one that never began */

#endif
