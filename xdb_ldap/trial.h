/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/trial.h — what may be handed to libldap as a password. */
#ifndef XDB_LDAP_TRIAL_H
#define XDB_LDAP_TRIAL_H

#include "xdb_ldap/op.h"

/* LDAP-01: an empty password is an anonymous bind and succeeds on some servers
 * for any DN, and a NUL ends the password for some of them. */
bool trial_is_password(struct slice p);

/* False: no new password can be this, and the operation has ended with the reason. */
bool trial_may_be_new(struct xdb_op *op, struct slice p);

#endif
