/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/fresh.h — what was written a moment ago is read where it was written.
 *
 * With write_uri, writes go to a provider and reads to a replica, which follows
 * a moment later.  Entries that were written are remembered until the replica
 * has come as far as the provider was after the write (csn.h); a search that
 * could find one of them goes to the provider until then.  So nobody who was
 * told that a change is done reads what was before it. */
#ifndef XDB_LDAP_FRESH_H
#define XDB_LDAP_FRESH_H

#include "xdb_ldap/store.h"

struct fresh *fresh_new(struct xdb *db);
void fresh_free(struct fresh **fp);

/* The write of this entry was answered, or may have been done. */
void fresh_wrote(struct fresh *f, const char *dn);
/* Searches are sent to this server from now on. */
void fresh_reads_at(struct fresh *f, const struct server *s);
/* Must this search go to the provider? */
bool fresh_covers(const struct fresh *f, const char *base, int scope);

#endif
