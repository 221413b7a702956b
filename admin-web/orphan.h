/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/orphan.h — an account whose person is gone, as administrators see it.
 *
 * Giving it to somebody else is not done here: who may do that could hand anybody's
 * contact list to anybody, so neither of our identities may (schema/README, Whose an
 * address is); the page says what a directory's administrator has to write. */
#ifndef WEB_ORPHAN_H
#define WEB_ORPHAN_H

#include "admin-web/exchange.h"

/* A copy for the exchange. */
struct xdb_orphan *orphan_of(struct exchange *x, const struct xdb_orphan *o);

/* Loads the one of this entryUUID, or answers 404 (it is none, or its person is
 * there), 503, … itself. */
typedef void orphan_fn(struct exchange *x, struct xdb_orphan *o);
void orphan_find(struct exchange *x, struct slice uuid, orphan_fn *then);
void orphan_delete(struct exchange *x, const struct xdb_orphan *o, exchange_fn *then);

const char *orphan_path(struct exchange *x, const struct xdb_orphan *o);
json_t *orphan_json(const struct xdb_orphan *o);

#endif
