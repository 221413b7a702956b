/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/home.h — one profile in its two homes: an entry below ou=profiles, or the
 * class imUser on the person's entry. */
#ifndef CTL_HOME_H
#define CTL_HOME_H

#include "base/settings.h"
#include "ctl/wire.h"

struct home {
	struct xdb db;                  /* names of attributes, what the server can */
	struct wire *wire;              /* bound as who may write in both */
	const char *people_base, *profiles_base;
};

/* After the connection stands and the server's kind is known. */
void home_init(struct home *h, const struct settings *s);

/* MOVED: it is in the other home, and nowhere else (or would be, when not meant).
 * LEFT: both homes are as they were, or it is in both, and `why` says it: it has what is
 * not carried, for one, or the directory said no.  BROKEN: the directory did not answer,
 * or answers nobody now; it may be in both homes. */
enum home_result { HOME_MOVED, HOME_LEFT, HOME_BROKEN };
enum home_result home_move(struct home *h, const char *dn, enum profiles to,
    bool is_meant, struct buf *why);

#endif
