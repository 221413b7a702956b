/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/wait.h — the store itself, waited for: what it answers is what the service
 * is answered.  For questions that are more than one search; the doctor's own
 * connections (wire.h) are for what the store would never ask. */
#ifndef CTL_WAIT_H
#define CTL_WAIT_H

#include "base/settings.h"
#include "xdb_ldap/xdb.h"

/* As the XMPP process; NULL and a reason when it cannot be opened.  Its log is not
 * for a terminal, and says nothing from here on. */
struct xdb *wait_open(const struct settings *s, const char **why_r);
/* Calls `fn` with the answer, which comes before [ldap] timeout is over. */
void wait_for(struct xdb_op *op, xdb_done_fn *fn, void *ctx);
void wait_close(struct xdb **dbp);

#endif
