/* SPDX-License-Identifier: Apache-2.0 */
/* core/host.c — the one host of this process. */
#include "core/host.h"

struct host host;

struct jid host_account_jid(struct arena *a, struct slice local)
{
	return jid_join(a, local, jid_domain(&host.jid), slice_make(NULL, 0));
}

bool host_is_local(const struct jid *j)
{
	return slice_eq(jid_domain(j), jid_domain(&host.jid));
}
