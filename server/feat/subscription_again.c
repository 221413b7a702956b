/* SPDX-License-Identifier: Apache-2.0 */
/* feat/subscription_again.c — the second half of a subscription, until it is done.
 *
 * A stanza of RFC 6121 section 3 changes two entries, and no server of LDAP changes two at
 * once.  When the directory goes away between them one side would have asked for ever,
 * and the other never heard of it: the sender was not refused, for their own roster has
 * it.  One is tried at a time, for while the directory is away the others would fail,
 * too; who arrives twice is told apart by appendix A's tables. */
#include "feat/subscription_again.h"

#include "base/log.h"
#include "base/loop.h"
#include "core/job.h"
#include "xml/ns.h"

enum { KEPT_MOST = 4096, AGAIN_MS = 1000 };

struct again {
	struct list link;
	struct arena arena;
	struct subscription_sent sent;
	struct slice status;            /* of a request */
};

static struct list kept = { &kept, &kept };
static unsigned kept_n;
static struct again *tried;             /* the one under way; not in `kept` */
static bool is_forgotten;               /* … and not to be tried again */
static struct timer timer;

static void again_free(struct again *g)
{
	struct arena arena = g->arena;

	list_remove(&g->link);
	kept_n--;
	arena_fini(&arena);
}

static bool is_weather(enum xdb_status status)
{
	return status == XDB_BUSY || status == XDB_DOWN;
}

static void arrived(struct job *j, enum xdb_status status)
{
	struct again *g = tried;
	bool is_again = is_weather(status) && !is_forgotten;

	job_done(j);
	if (g == NULL)
		return;                 /* it is the end */
	tried = NULL;
	list_push(&kept, &g->link);
	if (!is_again)
		again_free(g);
	if (!list_is_empty(&kept))
		timer_start(&timer, is_again ? AGAIN_MS : 0);
}

static struct elem *stanza_of(struct arena *a, const struct again *g)
{
	struct elem *e = elem_new(a, NS_CLIENT, "presence");

	if (g->status.n == 0)
		return e;
	elem_set_cstr(a, e, "type", "subscribe");       /* the sender's own words */
	elem_add_text_child(a, e, NS_CLIENT, "status", g->status);
	return e;
}

static void try(void *ctx)
{
	struct again *g = LIST_FIRST(&kept, struct again, link);
	struct arena arena = { NULL };
	struct elem *stanza;
	struct job *j;

	(void)ctx;
	if (tried != NULL || g == NULL)
		return;
	list_remove(&g->link);
	tried = g;
	is_forgotten = false;
	stanza = stanza_of(&arena, g);
	j = job_new(NULL, &arena, stanza, &g->sent.from, &g->sent.to);
	subscription_arrive(j, &g->sent, arrived);
}

bool subscription_again(const struct subscription_sent *sent,
    const struct elem *stanza, enum xdb_status status)
{
	const struct elem *text = stanza != NULL
	    ? elem_child(stanza, NS_CLIENT, "status") : NULL;
	struct arena arena = { NULL };
	struct again *g;

	if (!is_weather(status) || kept_n >= KEPT_MOST)
		return false;
	g = ARENA_NEW(&arena, struct again);
	*g = (struct again){ .sent = *sent };
	g->sent.from = jid_bare_dup(&arena, &sent->from);
	g->sent.to = jid_bare_dup(&arena, &sent->to);
	if (text != NULL)
		g->status = slice_dup(&arena, elem_text(&arena, text));
	g->arena = arena;
	list_push(&kept, &g->link);
	kept_n++;
	log_event(LOG_INFO, "subscription-waits", "-", "from=%s to=%s for the directory",
	    log_text(jid_bare(&sent->from)), log_text(jid_bare(&sent->to)));
	if (timer.fn == NULL)
		timer_init(&timer, try, NULL);
	if (tried == NULL && !timer_is_on(&timer))
		timer_start(&timer, AGAIN_MS);
	return true;
}

static bool is_of(const struct again *g, const struct jid *from, const struct jid *to)
{
	return jid_eq_bare(&g->sent.from, from) && jid_eq_bare(&g->sent.to, to);
}

void subscription_again_forget(const struct jid *from, const struct jid *to)
{
	struct again *g;

	is_forgotten |= tried != NULL && is_of(tried, from, to);
	LIST_EACH(g, &kept, struct again, link)
		if (is_of(g, from, to))
			again_free(g);
}

void subscription_again_stop(void)
{
	struct again *g;

	if (timer.fn != NULL)
		timer_stop(&timer);
	if (tried != NULL)
		list_push(&kept, &tried->link);
	tried = NULL;
	while ((g = LIST_FIRST(&kept, struct again, link)) != NULL) {
		log_event(LOG_WARN, "subscription-lost", "-", "from=%s to=%s the "
		    "directory did not come back in time",
		    log_text(jid_bare(&g->sent.from)),
		    log_text(jid_bare(&g->sent.to)));
		again_free(g);
	}
}
