/* SPDX-License-Identifier: Apache-2.0 */
/* core/certified.c — see core/certified.h.
 *
 * A chain is kept as it came, some 2 KiB, and verified anew after each reload: that is
 * some 0.2 ms of the core's thread each, so few are looked at in a turn. */
#include "core/certified.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/tls.h"
#include "base/tls_peer.h"
#include "core/stream.h"

enum {
	WAIT_MOST_MS = 60 * 60 * 1000,  /* the wall clock may be set meanwhile */
	A_TURN = 4,
};

struct certified {
	struct list link;               /* in `all`, or in `doubted` */
	int64_t until_s;
	struct timer date;
	struct buf chain;
	/* borrowed: it owns this */
	struct stream *stream;
};

static struct list all = { &all, &all };
static struct list doubted = { &doubted, &doubted };    /* by `tls` */
static struct tls_context *tls;
static struct timer checking;

static void end(struct certified *c, const char *why, const char *text)
{
	log_event(LOG_INFO, "certificate-ended", stream_who(c->stream),
	    "why=\"%s\"", why);
	/* §4.9.3.16 names just this: what established its security has expired or
	 * was revoked. */
	stream_fail(c->stream, "reset", text);
}

/* --- by the date --------------------------------------------------------------- */

static void look_at_date(void *ctx)
{
	struct certified *c = ctx;
	int64_t ms = c->until_s * 1000 - wall_now_ms();

	if (ms <= 0)
		end(c, "expired", "The certificate has expired.");
	else
		timer_start(&c->date, ms < WAIT_MOST_MS ? ms : WAIT_MOST_MS);
}

/* --- by what is known of it -------------------------------------------------------- */

static void check(void *ctx)
{
	struct certified *c;
	const char *why;

	(void)ctx;
	for (int i = 0; i < A_TURN
	    && (c = LIST_FIRST(&doubted, struct certified, link)) != NULL; i++) {
		list_remove(&c->link);
		list_push(&all, &c->link);
		if (!tls_context_takes(tls, buf_slice(&c->chain), &why))
			end(c, why, "The certificate is not valid any more.");
	}
	if (!list_is_empty(&doubted))
		timer_start(&checking, 1);
	else
		tls_context_free(&tls);
}

void certified_recheck(struct tls_context *fresh)
{
	struct certified *c;

	tls_context_free(&tls);
	tls = tls_context_ref(fresh);
	while ((c = LIST_FIRST(&all, struct certified, link)) != NULL) {
		list_remove(&c->link);
		list_push(&doubted, &c->link);
	}
	if (checking.fn == NULL)
		timer_init(&checking, check, NULL);
	timer_start(&checking, 0);
}

/* --- life -------------------------------------------------------------------------- */

struct certified *certified_new(struct stream *st, struct slice text)
{
	struct certified *c = NEW(struct certified);
	struct slice chain;

	/* What cannot be read is over now: no certificate is for ever. */
	if (!tls_peer_read(text, &c->until_s, &chain))
		c->until_s = 0;
	buf_add(&c->chain, chain);
	c->stream = st;
	list_push(&all, &c->link);
	timer_init(&c->date, look_at_date, c);
	timer_start(&c->date, 0);
	return c;
}

void certified_free(struct certified **cp)
{
	struct certified *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	timer_stop(&c->date);
	list_remove(&c->link);
	buf_fini(&c->chain);
	free(c);
}

void certified_stop(void)
{
	if (checking.fn != NULL)
		timer_stop(&checking);
	tls_context_free(&tls);
}
