/* SPDX-License-Identifier: Apache-2.0 */
/* core/verifiers.h — SCRAM verifiers, made when a password was just proved. */
#ifndef CORE_VERIFIERS_H
#define CORE_VERIFIERS_H

#include "base/str.h"

/* Derives verifiers on the thread pool and stores them; `source` is the
 * pwdChangedTime of the password.  Everything is copied; the password's copy
 * is wiped.  Failure is logged: the next PLAIN login tries again. */
void verifiers_make(struct slice profile_dn, struct slice password, struct slice source);

/* A password was just changed through us: the account is read again, the password
 * tried (it may be somebody else's change that was read), and verifiers are made
 * of it.  Old ones that pwdChangedTime does not tell from new ones (it counts
 * seconds, where there is one) go first; what is being made of an older password
 * is not stored. */
void verifiers_renew(struct slice local, struct slice password);

unsigned verifiers_count(void);                 /* being made or stored */

/* At the end, behind the store's and the loop's: forgets what was not stored. */
void verifiers_stop(void);

#endif
