/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/removal.h — a profile is taken away, of somebody or of nobody any more. */
#ifndef WEB_REMOVAL_H
#define WEB_REMOVAL_H

#include "admin-web/exchange.h"

struct removal_of {
	const char *action;             /* for the log, with `target` */
	struct slice target;
	struct slice uuid;              /* of the person that is, or was */
	struct slice profile_dn;
};

/* Marks it as deleted, has its contacts told by the im process, removes it, and goes on
 * with `then`; x->act is as before.  What cannot be done it answers itself: then the
 * profile is there, nobody can use it, and it can be removed again.  Detaches. */
void removal_start(struct exchange *x, const struct removal_of *of, exchange_fn *then);

#endif
