/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/password.h — the form with which a person changes the password, and the
 * two fields of any form in which a new one is chosen. */
#ifndef WEB_PASSWORD_H
#define WEB_PASSWORD_H

#include "admin-web/exchange.h"

struct page;

/* `complaint` NULL: none; sets no status. */
void password_show(struct exchange *x, const char *complaint, struct slice name);

/* A new password, typed twice: the fields `password` and `again`. */
void password_fields(struct exchange *x, struct page *p, bool is_focused);
/* Of the form that came: can it be taken?  Faults say why not. */
bool password_is_chosen(struct exchange *x);

#endif
