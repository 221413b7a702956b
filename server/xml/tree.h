/* SPDX-License-Identifier: Apache-2.0 */
/* xml/tree.h — puts an element tree together as parse.c hears it from expat.
 *
 * Names come as "namespace U+0001 local"; what a peer can make large is
 * bounded here: names, namespaces and the memory of the whole tree (XML-12).
 * After an error every further call does nothing. */
#ifndef XML_TREE_H
#define XML_TREE_H

#include "xml/parse.h"

enum { TREE_SEPARATOR = 1, TREE_RECENT = 8 };

struct tree {
	struct arena *arena;            /* borrowed: where the tree stands */
	struct buf *text;               /* borrowed: gathers adjacent text, empty at first */
	struct elem *top, *at;          /* at: the open element; NULL: none */
	size_t room;                    /* bytes it may still take */
	struct slice recent[TREE_RECENT];       /* namespaces, to be shared */
	unsigned next_recent;
	enum parse_error error;         /* the first */
};

void tree_init(struct tree *t, struct arena *a, struct buf *text, size_t room);
/* attrs: name, value, name, value, …, NULL. */
void tree_open(struct tree *t, const char *name, const char *const *attrs);
void tree_text(struct tree *t, struct slice piece);
void tree_close(struct tree *t);
void tree_fail(struct tree *t, enum parse_error error);

#endif
