/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/group.h — a group from its entry; shared by group.c and members.c. */
#ifndef XDB_LDAP_GROUP_H
#define XDB_LDAP_GROUP_H

#include "xdb_ldap/op.h"

/* What a group is called, of a set that has it (SET_GROUP). */
void group_head_read(const struct entry *e, struct xdb_group *group);

#endif
