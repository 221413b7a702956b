/* SPDX-License-Identifier: Apache-2.0 */
/* feat/vcard_merge.h — one vCard from two sources, and back (XEP-0054).
 *
 * Read, a vCard is what the directory says about a person and, behind it, what the
 * directory has no place for (the remainder); the directory wins.  Written, each
 * field goes its way:
 *
 *   [vcard] writable names it   it is the person's to change: what was sent is what
 *                               the entry shall have, and nothing sent is nothing;
 *                               of a field that is shown once (photo, nickname, URL,
 *                               title) two different values are refused, and spaces
 *                               in a URL become %20, for a label would follow them
 *   else, the directory has it  unchanged or left out, it is passed over; a change
 *                               is refused by name, because keeping silent would show
 *                               the person a lie
 *   all others                  the remainder
 *
 * No I/O. */
#ifndef FEAT_VCARD_MERGE_H
#define FEAT_VCARD_MERGE_H

#include "base/conf.h"
#include "xdb_ldap/xdb.h"
#include "xml/elem.h"

/* <vCard/> of what is stored; NULL when the remainder does not parse. */
struct elem *vcard_merge(struct arena *a, const struct xdb_vcard *v);

struct vcard_policy { unsigned writable; size_t photo_bytes; };  /* 1u << field */
/* The fields that a list of the configuration names. */
unsigned vcard_fields(const struct conf_list *words);

struct vcard_plan {                     /* what a vCard that was sent changes */
	struct slice remainder;         /* to be stored; empty: nothing */
	struct xdb_vcard_change changes[XDB_VCARD_FIELDS];
	size_t change_n;
	const char *held;               /* a field that is the directory's, or NULL */
	const char *unfit;              /* why what was sent cannot be kept, or NULL */
};
/* Everything is the arena's, `v`'s or `sent`'s. */
void vcard_plan(struct arena *a, const struct xdb_vcard *v, const struct elem *sent,
    const struct vcard_policy *policy, struct vcard_plan *plan);
/* The element that shows a field: "PHOTO". */
const char *vcard_field_name(enum xdb_vcard_field field);

#endif
