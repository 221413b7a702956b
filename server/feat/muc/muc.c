/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/muc.c — the service of rooms: which handler a stanza gets.
 *
 *                to:  service        room              room/nick
 *  presence           -              jid-malformed     join.c, leave.c
 *  message            -              message.c         message.c
 *  iq get, set        disco, ping    the table below   proxy.c
 *  iq result, error   -              -                 proxy.c
 */
#include "feat/muc/muc.h"

#include "core/host.h"
#include "core/route.h"
#include "feat/features.h"
#include "feat/muc/admin.h"
#include "feat/muc/affiliated.h"
#include "feat/muc/affiliation.h"
#include "feat/muc/disco.h"
#include "feat/muc/join.h"
#include "feat/muc/message.h"
#include "feat/muc/owner.h"
#include "feat/muc/proxy.h"
#include "xml/ns.h"

/* --- IQs to a room --- */

static void ping(struct job *j, struct room *r)
{
	(void)r;
	job_reply(j, NULL);
}

static const struct {
	enum iq_type type;
	const char *ns, *element;
	room_fn *handler;
} room_routes[] = {
	{ IQ_GET, NS_DISCO_INFO,  "query", disco_room_info  },
	{ IQ_GET, NS_DISCO_ITEMS, "query", disco_room_items },
	{ IQ_GET, NS_PING,        "ping",  ping             },
	{ IQ_GET, NS_MUC_ADMIN,   "query", admin_get        },
	{ IQ_SET, NS_MUC_ADMIN,   "query", admin_set        },
	{ IQ_GET, NS_MUC_OWNER,   "query", owner_get        },
	{ IQ_SET, NS_MUC_OWNER,   "query", owner_set        },
};

static void iq_to_room(struct job *j, struct room *r)
{
	const struct elem *payload = job_payload(j);

	if (r == NULL) {
		job_fail(j, SE_ITEM_NOT_FOUND, "There is no such room.");
		return;
	}
	for (size_t i = 0; i < COUNT(room_routes); i++)
		if (stanza_iq_type(j->stanza) == room_routes[i].type
		    && elem_is(payload, room_routes[i].ns,
		    room_routes[i].element)) {
			room_routes[i].handler(j, r);
			return;
		}
	job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);
}

/* --- by kind and address --- */

/* A room whose owner has not said yet what it shall be is there for its owner
 * and nobody else (§10.1.1). */
static struct room *if_open(const struct job *j, struct room *r)
{
	return r != NULL && r->is_locked
	    && affiliation_of(r, &j->from) != AFF_OWNER ? NULL : r;
}

static void iq_arrived(struct job *j, struct room *r)
{
	if (j->to.resource_n != 0)
		proxy_ask(j, if_open(j, r));
	else
		iq_to_room(j, if_open(j, r));
}

static void message_arrived(struct job *j, struct room *r)
{
	if (j->to.resource_n != 0)
		message_to_occupant(j, if_open(j, r));
	else
		message_to_room(j, if_open(j, r));
}

static void presence(struct job *j)
{
	switch (stanza_presence_type(j->stanza)) {
	case PRESENCE_AVAILABLE:
		if (j->to.resource_n == 0)
			job_fail(j, SE_JID_MALFORMED,
			    "To enter a room, a nick is needed.");
		else
			room_want(j, join_or_update);
		return;
	case PRESENCE_UNAVAILABLE:
	case PRESENCE_ERROR:
		leave(j);
		return;
	case PRESENCE_SUBSCRIBE:
	case PRESENCE_SUBSCRIBED:
	case PRESENCE_UNSUBSCRIBE:
	case PRESENCE_UNSUBSCRIBED:
	case PRESENCE_PROBE:
	case PRESENCE_BAD:
		job_done(j);            /* §17.3: neither entering nor leaving */
		return;
	}
}

static void iq(struct job *j)
{
	enum iq_type type = stanza_iq_type(j->stanza);

	if (type == IQ_GET || type == IQ_SET)
		room_want(j, iq_arrived);
	else
		proxy_answer(j);
}

static void to_service(struct job *j)
{
	if (j->kind == STANZA_PRESENCE)
		job_done(j);
	else if (j->kind == STANZA_MESSAGE)
		job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);
	else if (stanza_iq_type(j->stanza) == IQ_GET
	    || stanza_iq_type(j->stanza) == IQ_SET)
		dispatch_iq(j, TO_MUC_HOST);
	else
		job_done(j);
}

static void muc_stanza(struct job *j)
{
	if (j->to.local_n == 0)
		to_service(j);
	else if (j->kind == STANZA_PRESENCE)
		presence(j);
	else if (j->kind == STANZA_MESSAGE)
		room_want(j, message_arrived);
	else
		iq(j);
}

/* --- the descriptor --- */

static bool start(const char **why_r)
{
	(void)why_r;
	route_claim(&host.muc_jid, muc_stanza);
	return true;
}

static void stop(void)
{
	proxy_fini();
	rooms_fini();
}

void muc_room_changed(struct slice name)
{
	struct arena a = { NULL };

	if (jid_prep_local(&a, name, &name))
		room_reread_name(name);
	arena_fini(&a);
}

/* Under another name it may be in memory yet, and then is no more. */
static void room_news(const struct xdb_news *news)
{
	if (news->is_all)
		rooms_verify();
	else
		room_reread_uuid(news->uuid);
	if (news->name.n != 0)
		muc_room_changed(news->name);
}

/* Who is in a group is the list's business (bound.h); this is of those whom entries name. */
static void person_news(const struct xdb_news *news)
{
	if (news->is_all)
		rooms_verify_people();
	else if (!news->is_slight)
		affiliated_each(news->uuid, room_reread);
}

/* One that is being made permanent is temporary until its entry stands. */
static bool is_temporary(struct slice name)
{
	const struct room *r = room_find(name);

	return r != NULL && !room_is_stored(r);
}

static void service_ping(struct job *j)
{
	job_reply(j, NULL);
}

static const struct iq_route routes[] = {
	{ IQ_GET, NS_DISCO_INFO,  "query", TO_MUC_HOST, disco_service_info  },
	{ IQ_GET, NS_DISCO_ITEMS, "query", TO_MUC_HOST, disco_service_items },
	{ IQ_GET, NS_PING,        "ping",  TO_MUC_HOST, service_ping        },
	{ 0 }
};

static const struct hooks hooks = {
	.session_gone = leave_all,
	.room_changed = muc_room_changed,
	.room_news = room_news,
	.person_news = person_news,
	.room_is_temporary = is_temporary,
};

const struct feature feature_muc = {
	.name = "muc",
	.spec = "XEP-0045",
	.routes = routes,
	.hooks = &hooks,
	.start = start,
	.stop = stop,
};
