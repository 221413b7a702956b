/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/files.h — the fixed files that are part of the program (WEB-19):
 * nothing is read from disk while serving. */
#ifndef WEB_FILES_H
#define WEB_FILES_H

#include "admin-web/exchange.h"

/* GET of a file: the whole of it, by x->guard.path. */
void file_get(struct exchange *x);

/* The path with a version that changes with the contents, so that browsers may
 * keep it.  Valid for the life of the process. */
const char *file_path(const char *path);

#endif
