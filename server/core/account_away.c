/* SPDX-License-Identifier: Apache-2.0 */
/* core/account_away.c — accounts that nobody holds are kept for a while.
 *
 * Who comes back, and who is written to while away, costs the directory
 * nothing then.  What is kept is as true as the directory, or it is not used:
 *
 *   - something is new about it      it is thrown away at once;
 *   - changes would not reach us     nothing kept is believed: only where the
 *     at once (no connection, a      directory tells (RFC 4533) is anything
 *     refresh going on, polling)     kept at all;
 *   - it may not be used anyway      it is not kept.
 *
 * Whoever was held least recently makes room when [limits] accounts_away are
 * kept. */
#include "base/loop.h"
#include "core/account_own.h"
#include "core/admission.h"
#include "core/host.h"

static struct list away = { &away, &away };     /* the oldest first */
static size_t away_n;

size_t account_away_count(void)
{
	return away_n;
}

bool account_is_away(const struct account *a)
{
	return list_is_linked(&a->away);
}

bool account_is_believed(const struct account *a)
{
	return a->state == ACCOUNT_READY && !a->is_stale && a->op == NULL
	    && !account_is_looked_at(a)
	    && a->barred == NULL && a->refusal == XDB_REFUSAL_NONE
	    && (a->turns_s == 0 || a->turns_s > wall_now_ms() / 1000)
	    && a->profile_dn.n != 0 && a->status == PROFILE_ACTIVE
	    && xdb_watch_is_live(host.xdb)
	    && admission_is_certain(jid_local(&a->jid), a->person_uuid);
}

bool account_away_keep(struct account *a)
{
	size_t most = host.settings->limits.accounts_away;

	if (most == 0 || !account_is_believed(a))
		return false;
	while (away_n >= most)
		account_drop(LIST_FIRST(&away, struct account, away));
	list_push(&away, &a->away);
	away_n++;
	return true;
}

void account_away_leave(struct account *a)
{
	if (!account_is_away(a))
		return;
	list_remove(&a->away);
	away_n--;
}

void accounts_forget_away(void)
{
	while (away_n != 0)
		account_drop(LIST_FIRST(&away, struct account, away));
}
