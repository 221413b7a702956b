/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/ldif.h — lines for ldapmodify(1), RFC 2849. */
#ifndef CTL_LDIF_H
#define CTL_LDIF_H

#include "base/str.h"

/* "name: value" and the end of the line; in base64 where the value could be taken for
 * something else. */
void ldif_line(struct buf *out, const char *name, struct slice value);

#endif
