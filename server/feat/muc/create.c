/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/create.c — who may make a room by entering it: [rooms] create.
 *
 * There is one core thread and one registry, so "is there none, then make it"
 * cannot be interrupted; where the directory was asked in between, it is asked
 * for anew (security RTE-04). */
#include "feat/muc/create.h"

#include "base/log.h"
#include "core/account.h"
#include "core/host.h"
#include "feat/muc/affiliation.h"

enum { NAME_BYTES_MOST = 256 };         /* security DOS-11 */

struct creation { room_fn *made, *found; };

static void group_asked(struct job *j, const struct xdb_result *res);
static void make_or_find(struct job *j, struct room *r);

static void refuse(struct job *j)
{
	room_refuse(j, SE_NOT_ALLOWED, NULL, "There is no such room, and rooms "
	    "are not made by entering them here: they are made in the web "
	    "interface.");
}

static struct room *make(const struct job *j)
{
	struct room *r = room_make(&j->to);
	const struct account *owner = account_find(jid_local(&j->from));
	struct xdb_room_person p = { .jid = jid_bare(&j->from),
		.affiliation = AFF_OWNER };

	if (owner != NULL && host_is_local(&j->from)) {
		p.dn = owner->person_dn;
		p.uuid = owner->person_uuid;
	}
	affiliate_put(r, &p);
	log_event(LOG_INFO, "room-created", "-", "room=%s by=%s",
	    log_text(jid_full(&r->jid)), log_text(jid_bare(&j->from)));
	return r;
}

static void ask_group(struct job *j, const char *group)
{
	const struct account *a = host_is_local(&j->from)
	    ? account_find(jid_local(&j->from)) : NULL;

	if (a == NULL)
		refuse(j);
	else
		job_await(j, xdb_group_has(host.xdb, slice_of(group),
		    a->person_dn, a->uid), group_asked);
}

void create_wanted(struct job *j, room_fn *made, room_fn *found)
{
	const char *create = host.settings->rooms.create;
	struct creation *c = ARENA_NEW(&j->arena, struct creation);

	*c = (struct creation){ made, found };
	visit_of(j)->notes = c;
	if (strcmp(create, "nobody") == 0)
		refuse(j);
	else if (jid_local(&j->to).n > NAME_BYTES_MOST)
		room_refuse(j, SE_NOT_ACCEPTABLE, NULL,
		    "This name of a room is too long.");
	else if (strcmp(create, "everyone") == 0)
		made(j, make(j));
	else
		ask_group(j, create);
}

static void group_asked(struct job *j, const struct xdb_result *res)
{
	if (res->status == XDB_OK)
		room_want(j, make_or_find);
	else if (res->status == XDB_ABSENT)
		refuse(j);
	else
		job_fail_xdb(j, res->status);
}

static void make_or_find(struct job *j, struct room *r)
{
	const struct creation *c = visit_of(j)->notes;

	if (r != NULL)
		c->found(j, r);
	else
		c->made(j, make(j));
}
