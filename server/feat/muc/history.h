/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/history.h — the last messages of a room, for those who join
 * (XEP-0045 §7.2.13–14). */
#ifndef FEAT_MUC_HISTORY_H
#define FEAT_MUC_HISTORY_H

#include "xml/fan.h"

enum { HISTORY_BYTES_MOST = 128 * 1024 };       /* of one room, whatever its number */

struct past;
struct history {                        /* {0} is empty */
	struct past *ring;
	size_t room, first, n, bytes;
};

/* The next place, for a message said at wall_ms, of at most `most` in all; the
 * oldest go.  The caller writes the fan (with its delay) and then calls
 * history_kept(), which lets go of what is too much in bytes. */
struct fan *history_place(struct history *h, size_t most, int64_t wall_ms);
void history_kept(struct history *h);
void history_fini(struct history *h);

/* How much one wants; the least of all that is said counts. */
struct history_wish { uint64_t characters, stanzas; int64_t since_ms; };
/* From <history/>, or NULL when there is none; nonsense counts as not said. */
struct history_wish history_wish(const struct elem *e, int64_t now_ms);

/* Appends the newest messages that fit the wish to `out`, oldest first. */
void history_tell(struct history *h, const struct history_wish *wish,
    struct slice to, struct buf *out);

#endif
