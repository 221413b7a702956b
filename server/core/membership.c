/* SPDX-License-Identifier: Apache-2.0 */
/* core/membership.c — see core/membership.h.
 *
 * Being in none of the groups proves nothing: the account may have been read when the
 * person was in one, between two readings of it. */
#include "core/membership.h"

#include "base/loop.h"
#include "core/account.h"
#include "core/host.h"
#include "core/source.h"

enum { PATIENCE_MS = 300, GROUPS_MOST = 32 };

static struct follower groups[GROUPS_MOST];
static size_t group_n;
static bool is_asked_for, is_vague;     /* by the filter; in another way than by DN */
static bool was_known;
static bool is_of_all;                  /* the next look */
static struct timer patience;

static bool is_known(void)
{
	for (size_t i = 0; i < group_n; i++) {
		const struct source *s = groups[i].source;

		if (!s->has_roll || s->failed_ms != 0 || s->is_moved)
			return false;
	}
	return !is_vague;
}

uint32_t membership_of(struct slice local, struct slice person_uuid)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < group_n; i++) {
		const struct roll *l = &groups[i].source->roll;

		/* By the name alone it could be somebody who had that name before. */
		if ((roll_find(l, local) & GROUP_MEMBER) != 0
		    && roll_has_person(l, person_uuid))
			mask |= (uint32_t)1 << i;
	}
	return mask;
}

static bool is_concerned(const struct account *a)
{
	uint32_t mask = membership_of(jid_local(&a->jid), a->person_uuid);

	return mask == 0 || mask != a->membership;
}

static void look(void *ctx)
{
	bool all = is_of_all || !is_known();

	(void)ctx;
	is_of_all = false;
	accounts_look(all ? NULL : is_concerned);
}

static void look_soon(bool all)
{
	is_of_all |= all;
	if (!timer_is_on(&patience))
		timer_start(&patience, PATIENCE_MS);
}

void membership_news(void)
{
	if (is_asked_for && !is_known())
		look_soon(true);
}

/* --- which groups ----------------------------------------------------------------- */

static void unfollow_all(void)
{
	for (size_t i = 0; i < group_n; i++)
		source_unfollow(&groups[i]);
	group_n = 0;
}

/* Too large to be read: not each time again, for nothing.  As long as one is not known
 * each news of any group asks for a look. */
static void told(void *ctx, bool are_others)
{
	bool knows = is_known();

	(void)ctx;
	(void)are_others;
	for (size_t i = 0; i < group_n; i++)
		is_vague |= groups[i].source->failed_ms != 0
		    && groups[i].source->status == XDB_BROKEN;
	if (is_vague)
		unfollow_all();
	if (knows || was_known)
		look_soon(!knows || !was_known);
	was_known = knows;
}

static void follow(struct slice dn, void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < group_n; i++)
		if (slice_eq(groups[i].source->dn, dn))
			return;
	if (group_n == GROUPS_MOST) {
		is_vague = true;
		return;
	}
	groups[group_n] = (struct follower){ .told = told };
	source_follow(&groups[group_n++], dn, slice_make(NULL, 0));
}

static void follow_all(void)
{
	is_vague = false;
	if (!xdb_filter_groups(host.settings->ldap.people_filter, follow, NULL))
		is_vague = true;
	is_asked_for = is_vague || group_n != 0;
	was_known = false;
	if (is_vague)
		unfollow_all();
}

/* --- life ------------------------------------------------------------------------------ */

void membership_start(void)
{
	timer_init(&patience, look, NULL);
	follow_all();
}

/* Their bits stand for other groups now: whoever is in memory is read again anyway. */
void membership_renew(void)
{
	unfollow_all();
	follow_all();
}

void membership_stop(void)
{
	timer_stop(&patience);
	unfollow_all();
}
