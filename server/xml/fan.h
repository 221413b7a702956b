/* SPDX-License-Identifier: Apache-2.0 */
/* xml/fan.h — one stanza to many: serialised once, only `to` differs.
 *
 * The stanza stands in its buffer without `to` and with a gap in front:
 *
 *      [ gap          |<presence| from='…'>…</presence> ]
 *
 * For each recipient "<presence to='…'" is written so that it ends where the
 * rest begins, and the whole leaves as one piece: what a recipient costs is a
 * copy of some fifty bytes, and no allocation. */
#ifndef XML_FAN_H
#define XML_FAN_H

#include "xml/write.h"

struct fan {
	struct buf bytes;
	size_t rest;                    /* where what is the same for all begins */
	struct slice name;              /* of the stanza; outlives the fan */
};

/* An address as it stands in an attribute, in the arena. */
struct slice fan_address(struct arena *a, struct slice jid);

/* Begins a stanza ("message", "presence"); attributes and children follow
 * through `w`, `to` not among them, then fan_close().  {0} is an empty fan. */
void fan_open(struct fan *f, struct xml_writer *w, const char *name);
void fan_close(struct xml_writer *w);
/* The same from a tree, into an empty fan; `as` changes what it holds, its `to`
 * apart.  The tree's name is borrowed. */
void fan_stanza(struct fan *f, const struct elem *stanza, const struct write_as *as);
void fan_fini(struct fan *f);
static inline bool fan_is_empty(const struct fan *f) { return f->bytes.n == 0; }
static inline size_t fan_size(const struct fan *f) { return f->bytes.n - f->rest; }
bool fan_eq(const struct fan *a, const struct fan *b);

/* The stanza to one recipient, `to` being made by fan_address(), or empty: without
 * the attribute.  Valid until the next call for the same fan. */
struct slice fan_to(struct fan *f, struct slice to);

#endif
