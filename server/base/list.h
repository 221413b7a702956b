/* SPDX-License-Identifier: Apache-2.0 */
/* base/list.h — intrusive doubly linked list.
 *
 * A head is a struct list that points at itself; a member embeds a struct list.
 * list_remove() leaves the member pointing at itself, so removing twice is
 * harmless and list_is_linked() tells. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list { struct list *next, *prev; };

static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_is_empty(const struct list *l) { return l->next == l; }
static inline bool list_is_linked(const struct list *l) { return l->next != NULL && l->next != l; }
static inline void list_insert_before(struct list *at, struct list *l)
{
	l->prev = at->prev;
	l->next = at;
	at->prev->next = l;
	at->prev = l;
}
static inline void list_push(struct list *head, struct list *l) { list_insert_before(head, l); }
static inline void list_push_front(struct list *head, struct list *l) { list_insert_before(head->next, l); }
static inline void list_remove(struct list *l)
{
	if (l->next == NULL)
		return;
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

#define LIST_ITEM(l, type, member) \
	((type *)(void *)((char *)(l) - offsetof(type, member)))
#define LIST_FIRST(head, type, member) \
	(list_is_empty(head) ? NULL : LIST_ITEM((head)->next, type, member))
/* The body may remove `it` itself, and nothing else. */
#define LIST_EACH(it, head, type, member) \
	for (struct list *l_ = (head)->next, *n_ = l_->next; \
	    l_ != (head) && ((it) = LIST_ITEM(l_, type, member), true); \
	    l_ = n_, n_ = n_->next)

#endif
