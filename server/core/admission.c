/* SPDX-License-Identifier: Apache-2.0 */
/* core/admission.c — the groups of [ldap] people_groups, and who waits for them. */
#include "core/admission.h"

#include <stdlib.h>

#include "base/loop.h"
#include "core/account.h"
#include "core/host.h"
#include "core/source.h"

static struct follower *groups;
static size_t group_n;
static struct list waiting = { &waiting, &waiting };
static struct timer patience;

/* --- is somebody in? ---------------------------------------------------------------- */

static bool is_member(const struct source *s, struct slice local,
    struct slice uuid)
{
	/* By the name alone it could be somebody who had that name before. */
	return s->has_roll && (roll_find(&s->roll, local) & GROUP_MEMBER) != 0
	    && roll_has_person(&s->roll, uuid);
}

static bool is_known(const struct source *s)
{
	return s->has_roll && s->failed_ms == 0;
}

enum xdb_status admission_of(struct slice local, struct slice person_uuid)
{
	enum xdb_status status = group_n == 0 ? XDB_OK : XDB_ABSENT;

	for (size_t i = 0; i < group_n; i++) {
		const struct source *s = groups[i].source;

		if (!is_known(s))
			status = XDB_DOWN;
		else if (is_member(s, local, person_uuid))
			return XDB_OK;
	}
	return status;
}

/* Of one that fails nothing is to come that would be worth waiting for. */
static bool is_settled(void)
{
	for (size_t i = 0; i < group_n; i++)
		if (groups[i].source->failed_ms == 0
		    && !source_is_ready(groups[i].source))
			return false;
	return true;
}

bool admission_is_certain(struct slice local, struct slice person_uuid)
{
	return group_n == 0 || (is_settled()
	    && xdb_watch_hears(host.xdb, XDB_GROUP)
	    && admission_of(local, person_uuid) == XDB_OK);
}

/* --- those who wait ------------------------------------------------------------------ */

static void wake(void *ctx)
{
	struct admission_wait *w;

	(void)ctx;
	timer_stop(&patience);
	while ((w = LIST_FIRST(&waiting, struct admission_wait, link)) != NULL) {
		list_remove(&w->link);
		w->fn(w->ctx);
	}
}

void admission_wait(struct admission_wait *w, void (*fn)(void *ctx), void *ctx)
{
	w->fn = fn;
	w->ctx = ctx;
	if (is_settled()) {
		fn(ctx);
		return;
	}
	list_push(&waiting, &w->link);
	if (!timer_is_on(&patience))
		timer_start(&patience, host.settings->ldap.timeout_ms);
}

void admission_wait_over(struct admission_wait *w)
{
	if (w->fn != NULL)
		list_remove(&w->link);
}

/* Who is out of it hears that first: a login that waits comes after. */
static void told(void *ctx, bool are_others)
{
	(void)ctx;
	if (are_others)
		accounts_readmit();
	if (!list_is_empty(&waiting) && is_settled())
		wake(NULL);
}

/* --- life ------------------------------------------------------------------------------ */

static void follow_all(void)
{
	const char *text = host.settings->ldap.people_groups;
	struct slice rest = slice_of(text), dn;

	group_n = 0;
	while (conf_dn_next(&rest, &dn))
		group_n++;
	groups = mem_new((group_n + 1) * sizeof *groups);
	rest = slice_of(text);
	for (size_t i = 0; conf_dn_next(&rest, &dn); i++) {
		groups[i] = (struct follower){ .told = told };
		source_follow(&groups[i], dn, slice_make(NULL, 0));
	}
}

static void unfollow_all(struct follower *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		source_unfollow(&all[i]);
	free(all);
}

void admission_start(void)
{
	timer_init(&patience, wake, NULL);
	follow_all();
}

/* The new first: a group that is in both keeps what was read of it. */
void admission_renew(void)
{
	struct follower *was = groups;
	size_t was_n = group_n;

	follow_all();
	unfollow_all(was, was_n);
	if (!list_is_empty(&waiting) && is_settled())
		wake(NULL);
}

void admission_stop(void)
{
	timer_stop(&patience);
	unfollow_all(groups, group_n);
	groups = NULL;
	group_n = 0;
}
