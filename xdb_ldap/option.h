/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/option.h — imRoomOption: settings of a room, as any tool may write them.
 *
 * Keys that mean something to us are read whatever their case, and their values in
 * any usual spelling (yes, TRUE, 1, on); they are handed over as we write them.
 * What cannot be understood of a key that keeps somebody out is taken for the value
 * that does: an error is never "yes" (directory.md rule 1).  All other keys are
 * somebody else's, and stay as they are. */
#ifndef XDB_LDAP_OPTION_H
#define XDB_LDAP_OPTION_H

#include "xdb_ldap/xdb.h"

enum option_reading {
	OPTION_NONE,                    /* says nothing; may have a key of ours */
	OPTION_ODD,                     /* the safe value stands for what is there */
	OPTION_READ,
};

/* key=value, both percent-encoded where need be.  The key is set, and the value
 * empty, where a key of ours has a value that is none and none is safer. */
enum option_reading room_option_read(struct arena *a, struct slice value,
    struct xdb_room_option *option_r);
void room_option_write(struct buf *out, const struct xdb_room_option *option);

/* Does this key, as it was read, mean something to us? */
bool room_option_is_known(struct slice key);

/* All options of an entry.  Several values of a key of ours that say different things
 * are its safe one; a password is asked for where there is one and no word whether;
 * where values were left out (`is_cut`), membersonly may have been one of them. */
struct room_options { struct xdb_room_option *v; size_t n, odd_n; };
struct room_options room_options_read(struct arena *a, const struct slice *values,
    size_t n, bool is_cut);
/* Its value, or the empty slice. */
struct slice room_option_of(const struct xdb_room_option *options, size_t n,
    struct slice key);

#endif
