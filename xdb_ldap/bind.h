/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/bind.h — answers to the steps of CALL_BIND and CALL_CHANGE, for call.c;
 * code and policy control were taken before.
 *
 *   bind ──► who am I? ──► (CALL_CHANGE: the new password) ──► done */
#ifndef XDB_LDAP_BIND_H
#define XDB_LDAP_BIND_H

#include "xdb_ldap/call.h"

enum call_turn bind_take(struct call *c);
enum call_turn bind_who_take(struct call *c, LDAP *ld, LDAPMessage *msg);
enum call_turn bind_set_take(struct call *c);

#endif
