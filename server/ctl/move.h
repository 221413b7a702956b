/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/move.h — `tertuliactl profiles move`: from ou=profiles onto the people's own
 * entries, or back ([ldap] profiles = inline | tree).
 *
 * Each profile is written where it is to be, as a whole, in one change; read there and
 * compared with what is still where it was; and only then taken away.  So at whatever
 * moment it ends, a profile is in one home or, the same, in both, and the next run goes
 * on.  What differs in the two homes is left in both, and said.
 *
 * Nobody may write meanwhile: it refuses while the service of this configuration
 * answers, and what was changed after it was read is not taken away (an assertion of
 * RFC 4528 on entryCSN, or the values themselves). */
#ifndef CTL_MOVE_H
#define CTL_MOVE_H

#include <stdio.h>

#include "base/settings.h"

struct move_order {
	const char *path;               /* of the configuration */
	const char *admin_dn, *admin_password_file;     /* who may write in both homes */
	enum profiles to;
	bool is_meant;                  /* false: only says what would be done */
};

/* Exit code: 0 all are there, 1 some were left, 2 refused or broken off, 3 not begun. */
int move_run(const struct move_order *order, FILE *out);

#endif
