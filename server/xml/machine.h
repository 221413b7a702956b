/* SPDX-License-Identifier: Apache-2.0 */
/* xml/machine.h — an expat parser that turns bytes into trees.
 *
 * It stands either at the beginning of a document, or inside a root element
 * that we made up and that declares what a stream's header declared: then it
 * can take any number of whole children, one run each.  After a run with an
 * error it is good for nothing but machine_free. */
#ifndef XML_MACHINE_H
#define XML_MACHINE_H

#include "xml/tree.h"

struct machine;

/* The namespaces that a header declares. */
struct scope {
	struct buf attrs;               /* " xmlns='…' xmlns:stream='…'"; the caller's to free */
	struct slice content;           /* default namespace, in the tree's arena; or p NULL */
	unsigned declared;
	bool has_client, has_stream;    /* the usual two */
};

struct machine *machine_new(void);
/* declarations: as scope.attrs, or empty. */
struct machine *machine_inside(struct slice declarations);
void machine_free(struct machine **mp);

/* Makes the tree `t` (its arena set, the rest is initialised here) of `bytes`,
 * notes declarations in `scope` when that is not NULL, and takes at most `heap`
 * bytes for itself and as many for the tree.  t->error says how it went. */
void machine_run(struct machine *m, struct slice bytes, size_t heap,
    struct tree *t, struct scope *scope);

/* What expat has allocated, for ever growing with new names. */
size_t machine_heap(const struct machine *m);

#endif
