/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/forged.h — what only a room may say, and occupants do not get
 * through (security RTE-02, RTE-03). */
#ifndef FEAT_MUC_FORGED_H
#define FEAT_MUC_FORGED_H

#include "xml/jid.h"
#include "xml/write.h"

/* Is this child of a stanza one that claims to be the room's? */
bool is_forged(const struct elem *child, const struct jid *room);
/* Writes the children of a client's stanza, without those. */
void write_honest_children(struct xml_writer *w, const struct elem *stanza,
    const struct jid *room);

#endif
