/* SPDX-License-Identifier: Apache-2.0 */
/* core/account_look.c — many accounts in memory, looked at together.
 *
 * Something happened that may concern any of them and names none: what people_filter
 * asks of groups, a branch of people with another name.  Reading each costs two searches;
 * forty names in one filter tell of nearly all that they are who they were, where they
 * were.  Whoever is not plainly that is read again, and that decides.
 *
 * Who waits for it is not believed meanwhile (account_away.c). */
#include "base/log.h"
#include "base/loop.h"
#include "core/account_own.h"
#include "core/host.h"
#include "core/membership.h"

enum { AGAIN_MS = 2000 };               /* after weather */

static struct list waiting = { &waiting, &waiting };
static struct list asked = { &asked, &asked };
static struct xdb_op *op;
static struct timer again;

static void look(void *ctx);

void accounts_look(account_concerned_fn *is_concerned)
{
	struct account *a;
	size_t at = 0;

	account_news_of_all();
	while ((a = account_next(&at)) != NULL)
		if (a->person_uuid.n != 0 && (is_concerned == NULL
		    || is_concerned(a))) {
			list_remove(&a->look);
			list_push(&waiting, &a->look);
			a->is_asked = false;
		}
	if (op == NULL && (again.fn == NULL || !timer_is_on(&again)))
		loop_defer(look, &waiting);
}

bool account_is_looked_at(const struct account *a)
{
	return list_is_linked(&a->look);
}

/* Those that were asked for are not the same: or nobody can say. */
static size_t read_the_rest(void)
{
	struct account *a;
	size_t n = 0;

	for (; (a = LIST_FIRST(&asked, struct account, look)) != NULL; n++) {
		list_remove(&a->look);
		account_stale(a);
	}
	return n;
}

static void wait_again(void)
{
	struct account *a;

	while ((a = LIST_FIRST(&asked, struct account, look)) != NULL) {
		list_remove(&a->look);
		list_push(&waiting, &a->look);
		a->is_asked = false;
	}
	if (again.fn == NULL)
		timer_init(&again, look, NULL);
	timer_start(&again, AGAIN_MS);
}

/* Whoever was put in line again meanwhile is asked for again. */
static void take_one(const struct xdb_person *p)
{
	struct account *a = account_of_uuid(p->uuid);

	if (a == NULL || !list_is_linked(&a->look) || !a->is_asked
	    || !slice_eq(a->person_dn, p->dn)
	    || !account_is_named(p, jid_local(&a->jid)))
		return;
	list_remove(&a->look);
	a->membership = membership_of(jid_local(&a->jid), a->person_uuid);
}

static void looked(const struct xdb_result *res, void *ctx)
{
	size_t others;

	(void)ctx;
	op = NULL;
	if (res->status != XDB_OK && res->status != XDB_BROKEN) {
		wait_again();
		return;
	}
	for (size_t i = 0; i < res->n; i++)
		take_one(&res->accounts[i].person);
	others = read_the_rest();
	log_event(LOG_DEBUG, "accounts-looked-at", "-", "people=%zu others=%zu",
	    res->n, others);
	look(NULL);
}

static void look(void *ctx)
{
	struct slice names[XDB_LOOK_MOST];
	struct account *a;
	size_t n = 0;

	(void)ctx;
	if (op != NULL)
		return;
	while (n < XDB_LOOK_MOST
	    && (a = LIST_FIRST(&waiting, struct account, look)) != NULL) {
		list_remove(&a->look);
		list_push(&asked, &a->look);
		a->is_asked = true;
		names[n++] = jid_local(&a->jid);
	}
	if (n == 0)
		return;
	op = xdb_people_look(host.xdb, names, n);
	xdb_then(op, looked, NULL);
}

void accounts_look_stop(void)
{
	xdb_cancel(&op);
	loop_undefer(&waiting);
	if (again.fn != NULL)
		timer_stop(&again);
}
