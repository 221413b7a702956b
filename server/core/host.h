/* SPDX-License-Identifier: Apache-2.0 */
/* core/host.h — what the whole im process shares: settings, store, names.
 *
 * Set once at start (settings again at a reload), read by everybody. */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include "base/settings.h"
#include "xdb_ldap/xdb.h"
#include "xml/jid.h"

struct host {
	const struct settings *settings;
	struct xdb *xdb;
	struct jid jid;                 /* the domain */
	struct jid muc_jid, search_jid;
	int64_t started_ms;             /* wall clock */
};

extern struct host host;

/* Bare JID of a local part, in the arena. */
struct jid host_account_jid(struct arena *a, struct slice local);
bool host_is_local(const struct jid *j);        /* its domain is ours */

#endif
