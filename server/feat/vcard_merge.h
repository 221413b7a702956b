/* SPDX-License-Identifier: Apache-2.0 */
/* feat/vcard_merge.h — one vCard from two sources, and back (XEP-0054).
 *
 * What the directory says about a person is the directory's; everything else a
 * person puts into a vCard is the remainder, kept beside it.  Read together
 * they are one vCard, in which the directory wins.  Written, the directory's
 * fields are taken out again if they are unchanged; a change of one of them is
 * refused by name, because keeping silent would show the person a lie.  No I/O. */
#ifndef FEAT_VCARD_MERGE_H
#define FEAT_VCARD_MERGE_H

#include "xdb_ldap/xdb.h"
#include "xml/elem.h"

/* <vCard/> of what is stored; NULL when the remainder does not parse. */
struct elem *vcard_merge(struct arena *a, const struct xdb_vcard *v);

/* What of `sent` is to be stored: empty, nothing.  NULL when that is allowed,
 * else the name of a field that the directory holds and `sent` has otherwise.
 * A field that `sent` does not have at all is no change: many clients write
 * only what they know. */
const char *vcard_remainder(struct arena *a, const struct xdb_vcard *v,
    const struct elem *sent, struct slice *remainder_r);

#endif
