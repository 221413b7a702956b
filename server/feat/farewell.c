/* SPDX-License-Identifier: Apache-2.0 */
/* feat/farewell.c — an account is removed, and its contacts hear of it: as if its person
 * had taken each of them out of the list (XEP-0077 §3.2, RFC 6121 §2.5.2).
 *
 *   asked ─► read ─┬─ not marked as deleted: nothing, the next who asks has it read again
 *                  └─ its streams end ─► each contact here, some at a time ─► done
 *
 * Who removes it (the web process: no identity of ours but that one may) marks it first,
 * so that nobody logs in and finds new contacts; asks here until all are told; and takes
 * it away last.  Whatever fails on the way, it is there to be asked for again: its own
 * list stays as it is, and who was told is not told twice, for appendix A has nothing
 * left to end.  Contacts that know the account by an older address are not reached. */
#include "base/log.h"
#include "base/loop.h"
#include "core/account.h"
#include "core/host.h"
#include "feat/features.h"
#include "feat/subscription_again.h"
#include "xml/ns.h"

enum {
	FAREWELLS_MOST = 16,            /* others wait until they ask again */
	AT_ONCE = 8,                    /* contacts of one */
};

struct farewell {
	struct list link;
	struct arena arena;             /* this is in it */
	struct slice uuid;              /* of the person that is, or was */
	struct jid from;
	struct jid *contacts;
	size_t n, at;
	unsigned telling;               /* jobs under way */
	bool is_failed, is_over;        /* over: kept until somebody asks */
	struct xdb_op *op;
};

static struct list farewells = { &farewells, &farewells };
static unsigned farewell_n;

static void profile_read(const struct xdb_result *res, void *ctx);
static void pump(void *ctx);
static void told(struct job *j, enum xdb_status status);

static void farewell_free(struct farewell *f)
{
	struct arena arena = f->arena;

	xdb_cancel(&f->op);
	loop_undefer(f);
	list_remove(&f->link);
	farewell_n--;
	arena_fini(&arena);
}

static void farewell_over(struct farewell *f)
{
	f->is_over = true;
	log_event(f->is_failed ? LOG_WARN : LOG_INFO, "farewell",
	    f->from.text != NULL ? f->from.text : "-", "contacts=%zu told=%zu%s",
	    f->n, f->at, f->is_failed ? " failed=yes" : "");
}

/* --- asked ------------------------------------------------------------------------------ */

static struct farewell *farewell_find(struct slice uuid)
{
	struct farewell *f;

	LIST_EACH(f, &farewells, struct farewell, link)
		if (slice_eq(f->uuid, uuid))
			return f;
	return NULL;
}

/* Whoever asked for it has gone. */
static void forget_one(void)
{
	struct farewell *f;

	LIST_EACH(f, &farewells, struct farewell, link)
		if (f->is_over) {
			farewell_free(f);
			return;
		}
}

static void begin(struct slice uuid)
{
	struct arena arena = { NULL };
	struct farewell *f;

	if (farewell_n == FAREWELLS_MOST)
		forget_one();
	if (farewell_n == FAREWELLS_MOST)
		return;
	f = ARENA_NEW(&arena, struct farewell);
	f->uuid = slice_dup(&arena, uuid);
	f->arena = arena;
	list_push(&farewells, &f->link);
	farewell_n++;
	f->op = xdb_profile_load(host.xdb, f->uuid);
	xdb_then(f->op, profile_read, f);
}

static enum farewell_state farewell_account_ends(struct slice uuid)
{
	struct farewell *f = farewell_find(uuid);
	enum farewell_state state;

	if (f == NULL)
		begin(uuid);
	if (f == NULL || !f->is_over)
		return FAREWELL_TELLING;
	state = f->is_failed ? FAREWELL_FAILED : FAREWELL_DONE;
	farewell_free(f);
	return state;
}

/* --- read ------------------------------------------------------------------------------- */

static void contact_take(struct farewell *f, struct slice text)
{
	struct jid *to = &f->contacts[f->n];

	if (jid_parse(&f->arena, text, to) && host_is_local(to)
	    && to->local_n != 0 && !jid_eq_bare(to, &f->from))
		f->n++;
}

/* Those who asked and were not answered, too. */
static void contacts_take(struct farewell *f, const struct xdb_profile *p)
{
	f->contacts = arena_alloc(&f->arena,
	    (p->roster_n + p->pending_n + 1) * sizeof *f->contacts);
	for (size_t i = 0; i < p->roster_n; i++)
		contact_take(f, p->roster[i].jid);
	for (size_t i = 0; i < p->pending_n; i++)
		contact_take(f, p->pending[i].jid);
}

/* Memory may not have heard yet that it is deleted. */
static void streams_end(const struct farewell *f)
{
	struct account *a;

	account_news(f->uuid);
	a = account_find(jid_local(&f->from));
	if (a != NULL && slice_eq(a->person_uuid, f->uuid))
		account_close_sessions(a, "not-authorized",
		    "This account was deleted.");
}

static void profile_read(const struct xdb_result *res, void *ctx)
{
	struct farewell *f = ctx;
	const struct xdb_profile *p = res->status == XDB_OK
	    ? &res->account->profile : NULL;

	f->op = NULL;
	if (p != NULL && p->status != PROFILE_DELETED) {
		farewell_free(f);       /* or a replica has not heard of it yet */
		return;
	}
	f->is_failed = p == NULL && res->status != XDB_ABSENT;
	if (p != NULL && jid_parse(&f->arena, p->jid, &f->from)
	    && host_is_local(&f->from)) {
		contacts_take(f, p);
		streams_end(f);
	}
	pump(f);
}

/* --- told ------------------------------------------------------------------------------- */

static void tell(struct farewell *f, const struct jid *to)
{
	struct arena arena = { NULL };
	struct elem *e = elem_new(&arena, NS_CLIENT, "presence");
	struct job *j = job_new(NULL, &arena, e, &f->from, to);

	j->data = f;
	f->telling++;
	subscription_again_forget(&f->from, to);
	subscription_arrive(j, &(struct subscription_sent){ .from = f->from,
	    .to = *to, .types = { PRESENCE_UNSUBSCRIBE, PRESENCE_UNSUBSCRIBED },
	    .n = 2, .held = SUB_BOTH, .is_end = true }, told);
}

static void pump(void *ctx)
{
	struct farewell *f = ctx;

	while (!f->is_failed && f->telling < AT_ONCE && f->at < f->n)
		tell(f, &f->contacts[f->at++]);
	if (f->telling == 0 && !f->is_over)
		farewell_over(f);
}

/* Whose account cannot be read is not to keep this one for ever; nothing is shown by
 * one list alone (presence.c). */
static void told(struct job *j, enum xdb_status status)
{
	struct farewell *f = j->data;

	if (status == XDB_BUSY || status == XDB_DOWN || status == XDB_CONFLICT)
		f->is_failed = true;
	else if (status != XDB_OK)
		log_event(LOG_WARN, "farewell-unheard", f->from.text,
		    "contact=%s why=%s", log_text(jid_bare(&j->to)),
		    xdb_status_text(status));
	f->telling--;
	loop_defer(pump, f);            /* not from within the loop there */
	job_done(j);
}

/* ---------------------------------------------------------------------------------------- */

/* The jobs are gone by now. */
static void farewell_stop(void)
{
	struct farewell *f;

	while ((f = LIST_FIRST(&farewells, struct farewell, link)) != NULL)
		farewell_free(f);
}

static const struct hooks hooks = {
	.account_ends = farewell_account_ends,
};

const struct feature feature_farewell = {
	.name = "farewell",
	.spec = "XEP-0077 §3.2",
	.hooks = &hooks,
	.stop = farewell_stop,
};
