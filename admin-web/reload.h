/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/reload.h — other settings while people are signed in: whole, or not at all. */
#ifndef WEB_RELOAD_H
#define WEB_RELOAD_H

#include "admin-web/web.h"

/* A store with the web's own identity; NULL and why when it cannot work. */
struct xdb *directory_open(const struct settings *s, const char **why_r);

/* `path`: the file to read again, borrowed for life; `first`: what the process began
 * with, whose at_start values (base/conf.h) hold for life. */
void reload_start(const char *path, struct settings *first);
/* Returns at once.  Asked again before it is done, it begins anew.  While the directory
 * in use answers and the one now named does not, nothing changes (xdb_succession). */
void reload(struct web *web);
/* Before loop_fini: web->db stays the caller's. */
void reload_stop(void);
/* Frees those in use, too, after everything that borrows settings has ended. */
void reload_fini(struct settings **used);

#endif
