/* SPDX-License-Identifier: Apache-2.0 */
/* core/live.h — the directory is the truth, and it is live: what was changed
 * there by any tool becomes true of what is in memory here. */
#ifndef CORE_LIVE_H
#define CORE_LIVE_H

/* Begins to watch host.xdb, for its life: at the start, and when it is another. */
void live_start(void);

#endif
