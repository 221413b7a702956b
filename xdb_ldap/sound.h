/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/sound.h — values of ours that some other tool wrote, as they may be.
 *
 * A value that nobody can understand is left out, and never takes those beside it
 * along (REL-24); nor is it removed or written over.  An entry may be read a
 * hundred times a day: what is wrong with it is said once, and again when that
 * changes. */
#ifndef XDB_LDAP_SOUND_H
#define XDB_LDAP_SOUND_H

#include "xdb_ldap/entry.h"
#include "xdb_ldap/store.h"

/* Makes of an address what XMPP makes of it; false: it is none.  Where the store was
 * not told how (xdb_conf.address) any is taken as it is. */
bool sound_jid(const struct xdb *db, struct arena *a, struct slice *jid);

/* The address that a value begins with (values.h); empty: none. */
struct slice sound_value_jid(const struct xdb *db, struct arena *a, struct slice value);
/* The same as sound_jid of a part before the @, such as a room's name. */
bool sound_local(const struct xdb *db, struct arena *a, struct slice *name);

/* Logs that `n` values of this attribute were left out; 0: all was well. */
void sound_say(struct xdb *db, const struct entry *e, enum attr attr, size_t n);

/* The same of anything else that values of an entry are, by its own event. */
void sound_tell(struct xdb *db, const char *event, struct slice dn, enum attr attr,
    size_t n);

/* What has been said already; NULL is allowed. */
void sound_free(struct sound **sp);

#endif
