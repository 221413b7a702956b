/* SPDX-License-Identifier: Apache-2.0 */
/* core/introduction.c — one account load, and not much patience for it.
 *
 * What was loaded stays in memory for the login that follows, which then asks no
 * more; and who is in memory already is not asked for.  The answer takes as long all
 * the same, or it would tell who was here a moment ago (security SASL-08). */
#include "core/introduction.h"

#include <stdlib.h>

#include "base/loop.h"
#include "core/account.h"
#include "core/admission.h"
#include "core/host.h"
#include "core/pace.h"
#include "net/sasl.h"

enum { PATIENCE_MS = 500 };

struct introduction {
	struct jid who;
	struct arena arena;
	struct xdb_op *op;
	uint64_t as_of;                 /* account_news_count() when it was asked */
	int64_t began_ms;
	bool is_plain_only;
	struct timer wait;              /* for the answer, then until it may be told */
	introduced_fn *done;
	void *ctx;
};

void introduction_free(struct introduction **ip)
{
	struct introduction *i = *ip;

	*ip = NULL;
	if (i == NULL)
		return;
	xdb_cancel(&i->op);
	timer_stop(&i->wait);
	arena_fini(&i->arena);
	free(i);
}

static void waited(void *ctx)
{
	struct introduction *i = ctx;

	i->done(i->ctx, &i->who, i->is_plain_only);
}

static void at_its_pace(struct introduction *i)
{
	int64_t left = i->began_ms + pace_ms() - loop_now_ms();

	if (left > 0 && xdb_watch_is_live(host.xdb))
		timer_start(&i->wait, left);
	else
		waited(i);
}

static void keep(const struct introduction *i, const struct xdb_account *found)
{
	struct slice local = jid_local(&i->who);
	struct account *a;

	if (!account_is_named(&found->person, local) || !found->profile.exists
	    || admission_of(local, found->person.uuid) != XDB_OK)
		return;
	a = account_enter(local, found, i->as_of);
	account_release(&a);
}

static void looked_up(const struct xdb_result *res, void *ctx)
{
	struct introduction *i = ctx;

	i->op = NULL;
	if (res->status == XDB_OK) {
		i->is_plain_only = res->account->profile.scram_n == 0;
		keep(i, res->account);
	} else if (res->status == XDB_ABSENT) {
		i->is_plain_only = sasl_coin(jid_local(&i->who));
	}
	at_its_pace(i);
}

static bool recall(struct introduction *i)
{
	struct account *a = account_known(jid_local(&i->who));

	if (a == NULL)
		return false;
	i->is_plain_only = a->scram_n == 0;
	account_release(&a);
	timer_start(&i->wait, pace_ms());
	return true;
}

struct introduction *introduction_new(const struct jid *who,
    introduced_fn *done, void *ctx)
{
	struct introduction *i = NEW(struct introduction);

	i->who = jid_dup(&i->arena, who);
	i->done = done;
	i->ctx = ctx;
	i->began_ms = loop_now_ms();
	timer_init(&i->wait, waited, i);
	if (recall(i))
		return i;
	timer_start(&i->wait, PATIENCE_MS);
	i->as_of = account_news_count();
	i->op = xdb_account_load_photo(host.xdb, jid_local(&i->who),
	    slice_make(NULL, 0));
	xdb_then(i->op, looked_up, i);
	return i;
}
