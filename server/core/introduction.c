/* SPDX-License-Identifier: Apache-2.0 */
/* core/introduction.c — one account load, and not much patience for it. */
#include "core/introduction.h"

#include <stdlib.h>

#include "base/loop.h"
#include "core/host.h"
#include "net/sasl.h"

enum { PATIENCE_MS = 500 };

struct introduction {
	struct jid who;
	struct arena arena;
	struct xdb_op *op;
	struct timer patience;
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
	timer_stop(&i->patience);
	arena_fini(&i->arena);
	free(i);
}

static void out_of_patience(void *ctx)
{
	struct introduction *i = ctx;

	i->done(i->ctx, &i->who, false);
}

static void looked_up(const struct xdb_result *res, void *ctx)
{
	struct introduction *i = ctx;
	bool is_plain_only = false;

	i->op = NULL;
	if (res->status == XDB_OK)
		is_plain_only = res->account->profile.scram_n == 0;
	else if (res->status == XDB_ABSENT)
		is_plain_only = sasl_coin(jid_local(&i->who));
	i->done(i->ctx, &i->who, is_plain_only);
}

struct introduction *introduction_new(const struct jid *who,
    introduced_fn *done, void *ctx)
{
	struct introduction *i = NEW(struct introduction);

	i->who = jid_dup(&i->arena, who);
	i->done = done;
	i->ctx = ctx;
	timer_init(&i->patience, out_of_patience, i);
	timer_start(&i->patience, PATIENCE_MS);
	i->op = xdb_account_load(host.xdb, jid_local(&i->who));
	xdb_then(i->op, looked_up, i);
	return i;
}
