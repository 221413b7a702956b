/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/sight.h — what a watched entry looks like, as far as that matters to its
 * feed: one number for all of it, to be compared with the one of last time. */
#ifndef XDB_LDAP_SIGHT_H
#define XDB_LDAP_SIGHT_H

#include "xdb_ldap/feed.h"

struct look {                           /* what an entry looks like */
	uint64_t print;
	struct slice dn, uuid, name, modified;
	bool has_stamp;                 /* a value that changes with every change … */
	uint32_t stamp;                 /* … or one that counts seconds; 0: neither */
};

/* Of a message with an entry; the slices are the message's.  False: it makes no
 * sense. */
bool look_read(const struct feed *f, LDAPMessage *msg, struct look *l);

#endif
