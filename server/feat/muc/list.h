/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/list.h — the public rooms of the service, in pages (XEP-0045 §6.3,
 * XEP-0059). */
#ifndef FEAT_MUC_LIST_H
#define FEAT_MUC_LIST_H

#include "feat/muc/room.h"

/* <query/> of disco#items for the rooms of the directory and those in memory,
 * the page that <set/> in `asked` wants; NULL: there is no such page. */
struct elem *list_rooms(struct arena *a, const struct xdb_room *stored,
    size_t n, const struct elem *asked);

#endif
