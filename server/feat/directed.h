/* SPDX-License-Identifier: Apache-2.0 */
/* feat/directed.h — to whom a session has shown itself by name (RFC 6121 §4.6):
 * a bounded set of addresses.  They hear of its end, whatever way it ends. */
#ifndef FEAT_DIRECTED_H
#define FEAT_DIRECTED_H

#include "base/map.h"

enum { DIRECTED_MOST = 500 };           /* rooms joined, strangers greeted */

struct directed { struct map addresses; };

/* False: there is no room for one more. */
bool directed_add(struct directed *d, struct slice address);
void directed_remove(struct directed *d, struct slice address);
/* Start with 0; p NULL at the end.  The address given may be removed. */
struct slice directed_next(const struct directed *d, size_t *at);
void directed_fini(struct directed *d);

#endif
