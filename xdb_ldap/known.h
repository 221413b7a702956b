/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/known.h — what a watcher remembers of each entry: that it is there,
 * when it was last said to be, and what it looked like.
 *
 * A row is 40 bytes, 56 where each entry is somebody's (a profile is a
 * person's); the table is between 7/16 and 7/8 full.  So 100,000 people take
 * 5 MiB (52 bytes each; at worst 92), their profiles 7 MiB (73; at worst 128). */
#ifndef XDB_LDAP_KNOWN_H
#define XDB_LDAP_KNOWN_H

#include "base/str.h"
#include "xdb_ldap/sync.h"

struct known_row {
	unsigned char uuid[SYNC_UUID_BYTES];
	uint64_t print;                 /* of the contents; 0: not known */
	uint32_t seen;                  /* the refresh that mentioned it; 0: no row */
	uint32_t stamp;                 /* of all of it; 0: not known */
	uint32_t changed;               /* the watcher's change that was the last of it */
	uint32_t where;                 /* a mark of its DN (above.h) */
};

struct known {
	struct known_row *rows;
	unsigned char (*whose)[SYNC_UUID_BYTES];        /* NULL: nobody's */
	size_t room, n;
	size_t swept;                   /* where known_sweep goes on */
	bool has_whose;
};

/* {0} is empty; has_whose may be set then. */
void known_fini(struct known *k);

/* The row of this entry, made when there was none (seen is 0 then and is to be
 * set).  Borrowed until the next known_ call. */
struct known_row *known_get(struct known *k, const unsigned char *uuid);
struct known_row *known_find(const struct known *k, const unsigned char *uuid);
/* Whose the entry of this row is, to read and to set. */
unsigned char *known_whose(const struct known *k, const struct known_row *row);
void known_remove(struct known *k, struct known_row *row);

/* The next row that was last seen before `since`; NULL: none among the few
 * thousand rows that were looked at now.  k->swept is 0 to begin; it is through
 * when known_is_swept says so.  Other calls may come in between, the row is the
 * caller's to remove. */
struct known_row *known_sweep(struct known *k, uint32_t since);
bool known_is_swept(const struct known *k);
/* The row that known_sweep gave stays, and the next is looked at. */
void known_pass(struct known *k);

#endif
