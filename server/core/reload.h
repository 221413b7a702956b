/* SPDX-License-Identifier: Apache-2.0 */
/* core/reload.h — other settings, while people are online: whole, or not at all.
 *
 * Settings marked at_start (base/conf.h) keep the value they began with.  All
 * others are in force when the log says `reloaded`: those of the directory too,
 * for which another store takes the place of host.xdb, everybody in memory is
 * judged by it, and rosters, rooms and those let in follow it. */
#ifndef CORE_RELOAD_H
#define CORE_RELOAD_H

#include "base/settings.h"

/* `path`: the file to read again, borrowed for life.  Takes the settings that the
 * process begins with; they are valid until reload_fini, for they are borrowed
 * all over. */
void reload_start(const char *path, struct settings *first);
/* Returns at once.  Asked again before it is done, it begins anew. */
void reload(void);
/* Before loop_fini; host.xdb is the caller's. */
void reload_stop(void);
/* After everything that borrows settings has ended. */
void reload_fini(void);

#endif
