/* SPDX-License-Identifier: Apache-2.0 */
/* core/verifiers.h — SCRAM verifiers, made when a password was just proved. */
#ifndef CORE_VERIFIERS_H
#define CORE_VERIFIERS_H

#include "base/str.h"

struct xdb_person;

/* The person (dn, uuid, password_changed and password_is_young count) has just proved
 * this password: derives verifiers on the thread pool and stores them.  Where the
 * password may be of the same second as another, it is tried again two seconds later;
 * if it is none any more the person's streams end.  Everything is copied; the
 * password's copy is wiped.  Failure is logged: the next PLAIN login tries again. */
void verifiers_make(struct slice local, const struct xdb_person *is,
    struct slice profile_dn, struct slice password);

/* A password was just proved, and nobody may have told that it is a new one (no
 * pwdChangedTime, or a userPassword that stands for one elsewhere): when the verifiers
 * (n, not 0) are of another, all are made anew.  Of the person uuid and
 * password_changed count.  Looks once, on the thread pool, as long as it can remember. */
void verifiers_compare(const struct xdb_person *is, struct slice profile_dn,
    const struct slice *verifiers, size_t n, struct slice password);

/* The directory has refused the password that they are of. */
void verifiers_drop(const struct xdb_person *is, struct slice profile_dn);

/* A password was just changed through us: the account is read again, the password
 * tried (it may be somebody else's change that was read; when its second is over, as
 * above), and verifiers are made of it.  Old ones that pwdChangedTime does not tell
 * from new ones (it counts seconds, where there is one) go first; what is being made
 * of an older password is not stored. */
void verifiers_renew(struct slice local, struct slice password);

/* A password was just proved elsewhere (on the web page): the same for who has no
 * account or no verifiers yet, so that a client that speaks nothing but SCRAM can
 * be the first.  Whoever has some keeps them. */
void verifiers_begin(struct slice local, struct slice password);

unsigned verifiers_count(void);                 /* being made or stored; who waits for
                                                   the second to end is not */

/* At the end, behind the store's and the loop's: forgets what was not stored. */
void verifiers_stop(void);

#endif
