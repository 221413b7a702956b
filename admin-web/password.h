/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/password.h — the form with which a person changes the password. */
#ifndef WEB_PASSWORD_H
#define WEB_PASSWORD_H

#include "admin-web/exchange.h"

/* `complaint` NULL: none; sets no status. */
void password_show(struct exchange *x, const char *complaint, struct slice name);

#endif
