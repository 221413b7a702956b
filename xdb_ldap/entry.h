/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/entry.h — one entry of an answer, copied out within bounds.
 *
 * What the directory says is not trusted more than what a client says
 * (LDAP-17): values that are too long, too many or not UTF-8 are left out, and
 * control characters that XML cannot carry never reach the callers; those that it
 * can are left in text of several lines only. */
#ifndef XDB_LDAP_ENTRY_H
#define XDB_LDAP_ENTRY_H

#include <ldap.h>

#include "base/str.h"
#include "xdb_ldap/map.h"
#include "xdb_ldap/usability.h"

struct field {
	enum attr attr;
	struct slice *v;
	unsigned n;
	bool is_cut;                    /* values were left out */
	bool is_altered;                /* one is not as it stands in the entry */
	/* The server gave some of them: the values of these numbers, or from the first
	 * number to the last value (`is_rest`). */
	bool is_part, is_rest;
	uint64_t from, to;              /* to < from: it makes no sense */
};

struct entry {
	struct entry *next;
	struct slice dn;
	struct field *fields;
	unsigned field_n;
	/* beside it, of a person: */
	struct usability usability;     /* what the server says, when asked */
	int64_t lockout_s;              /* how long a lock holds; 0: not known */
};

/* Reading one in pieces: a group of ten thousand is one entry with one message.
 * It may be copied elsewhere between two steps. */
struct entry_reader {
	struct arena *arena;
	const struct names *names;
	struct entry *entry;
	BerElement *ber;                /* borrows from the message */
	bool is_bad;
	struct field fields[ATTR_N];
	unsigned room[ATTR_N];          /* of values, in each of them */
	unsigned field_n;
	/* the attribute at hand: all fields from this one on are made of it */
	unsigned first;
	char *end;                      /* NULL: none */
};

/* What the map knows is copied into the arena.  False: it cannot be decoded, and
 * there is nothing to end. */
bool entry_begin(struct entry_reader *r, struct arena *a,
    const struct names *names, LDAP *ld, LDAPMessage *msg);
/* Some values more (some ten microseconds).  False: that was all. */
bool entry_step(struct entry_reader *r);
/* The entry, when all was read; NULL: it could not be decoded, or not to the
 * end.  Once for each entry_begin. */
struct entry *entry_end(struct entry_reader *r);
/* All of that at once. */
struct entry *entry_read(struct arena *a, const struct names *names, LDAP *ld,
    LDAPMessage *msg);

/* Of an attribute that is there whole and in part, the part: what is whole is empty
 * then (Active Directory, [MS-ADTS] §3.1.1.3.1.3.3). */
const struct field *entry_find(const struct entry *e, enum attr attr);
/* The first value, or the empty slice; of ATTR_NAME the one that makes the address
 * (address.h). */
struct slice entry_one(const struct entry *e, enum attr attr);
/* All values (never NULL with n != 0). */
struct slice *entry_all(const struct entry *e, enum attr attr, size_t *n_r);
/* The value that is `asked` for.  The directory matches more spellings than one
 * account may have (" alice ", full-width letters: LDAP-06).  ASCII is judged
 * here, by case folding; a value beyond ASCII is handed over, for the caller to
 * prepare and compare. */
bool entry_name(const struct entry *e, enum attr attr, struct slice asked,
    struct slice *name_r);
/* Is this one of the values, whatever its case? */
bool entry_is_of(const struct entry *e, enum attr attr, struct slice value);
bool entry_is_cut(const struct entry *e, enum attr attr);
bool entry_is_altered(const struct entry *e, enum attr attr);

/* Well-formed UTF-8 without surrogates, U+FFFE and U+FFFF. */
bool text_is_utf8(struct slice s);
/* UTF-8 and no control characters. */
bool text_is_clean(struct slice s);
/* The same, but lines, tabs and DEL: what XML can carry, and so what clients
 * send.  What was acknowledged to one must be read again (directory.md rule 3). */
bool text_is_lines(struct slice s);

#endif
