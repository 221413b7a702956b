/* SPDX-License-Identifier: Apache-2.0 */
/* core/live.c — news from the directory, to those whose memory it concerns:
 *
 *   person, profile  the account is read again; whoever may not use it any
 *                    more is out, rosters are pushed, presence follows
 *                                                         (core/account_live.c)
 *                    and the vCard, for its photo       (feat/avatar.c)
 *                    and the rooms that name them   (feat/muc/affiliated.c)
 *   room             its entry is read again, those in it are told
 *                                                            (feat/muc/room.c)
 *   branch           people and groups may be elsewhere: all that is remembered
 *                    of them is read again
 *   policy           of passwords: every account is read again
 *   group            and people, who may be in one: rosters that show it are
 *                    pushed (core/shared_follow.c), rooms and whoever else
 *                    follows it have it read again (core/source.c); where
 *                    people_filter asks for memberOf, accounts are looked at
 *                                                       (core/membership.c)
 *
 * News is a hint: what is read then decides (xdb.h, xdb_watch), so news that
 * comes twice, or of our own changes, does nothing twice. */
#include "core/live.h"

#include "core/feature.h"
#include "core/host.h"
#include "core/membership.h"
#include "core/shared_follow.h"
#include "core/source.h"

/* --- news --------------------------------------------------------------------------------- */

/* Whose members, or which itself, may be elsewhere by now. */
static void all_groups(void)
{
	static const struct xdb_news news = { .kind = XDB_GROUP, .is_all = true };

	sources_news(&news);
	shared_news(&news);
}

static void heard(const struct xdb_news *news, void *ctx)
{
	(void)ctx;
	switch (news->kind) {
	case XDB_PERSON:
		if (news->is_all)
			accounts_verify();
		else
			account_news(news->uuid);       /* slight or not: xdb.h */
		if (!news->is_all && !news->is_gone)
			account_touched(news->uuid);
		sources_news(news);
		shared_news(news);
		hook_person_news(news);
		return;
	case XDB_PROFILE:
		if (!news->is_all)
			account_news(news->uuid);
		return;
	case XDB_ROOM:
		hook_room_news(news);
		return;
	case XDB_GROUP:
		membership_news();
		sources_news(news);
		shared_news(news);
		return;
	/* That all were read says nothing of any: one that moved or went meanwhile
	 * made news of its own. */
	case XDB_PEOPLE_BRANCH:
		if (news->is_all)
			return;
		accounts_look(NULL);
		all_groups();
		return;
	case XDB_GROUP_BRANCH:
		if (!news->is_all)
			all_groups();
		return;
	/* Whose it is says no entry but the person's, or the server's configuration. */
	case XDB_POLICY:
		if (!news->is_all)
			accounts_news();
		return;
	}
}

void live_start(void)
{
	xdb_watch(host.xdb, heard, NULL);
}
