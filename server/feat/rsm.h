/* SPDX-License-Identifier: Apache-2.0 */
/* feat/rsm.h — a long list, a page at a time (XEP-0059). */
#ifndef FEAT_RSM_H
#define FEAT_RSM_H

#include "xml/elem.h"

/* The list to be cut: `find` tells where the item is that <first/> or <last/>
 * named, false when it is not there any more. */
struct rsm_list {
	size_t n;
	size_t most;                    /* of one page */
	bool (*find)(struct arena *a, const void *items, size_t n, struct slice name,
	    size_t *at_r);
	const void *items;
};
struct rsm_page { size_t first, n; };

/* The page that `set` (NULL: none) wants; false: it names what is not there. */
bool rsm_choose(struct arena *a, const struct elem *set, const struct rsm_list *l,
    struct rsm_page *page_r);
/* <set/> of an answer; names of the page's first and last item. */
void rsm_say(struct arena *a, struct elem *query, const struct rsm_page *page,
    struct slice first, struct slice last);
/* How many there are, where that is known: behind rsm_say. */
void rsm_say_count(struct arena *a, struct elem *query, size_t n);

#endif
