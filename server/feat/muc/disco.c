/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/disco.c — the service, its public rooms, and one room. */
#include "feat/muc/disco.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/host.h"
#include "feat/muc/affiliation.h"
#include "feat/form.h"
#include "feat/muc/list.h"
#include "feat/muc/occupant.h"
#include "xml/ns.h"

#define NS_ROOMINFO "http://jabber.org/protocol/muc#roominfo"
#define NS_STABLE_ID "http://jabber.org/protocol/muc#stable_id"
#define NS_SELF_PING "http://jabber.org/protocol/muc#self-ping-optimization"
/* XEP-0068 §3.3: ours, in Clark's notation; the schema's own number. */
#define FIELD_AS_OF "{urn:oid:2.25.255969423091096436495843567251405540014}" \
	"ldapgroup_as_of"
#define NODE_TRAFFIC "http://jabber.org/protocol/muc#traffic"
#define NODE_NICK "x-roomuser-item"

static void rooms_listed(struct job *j, const struct xdb_result *res);

/* --- pieces --- */

static struct elem *info_new(struct arena *a, struct slice name)
{
	struct elem *query = elem_new(a, NS_DISCO_INFO, "query");
	struct elem *identity = elem_add(a, query, NS_DISCO_INFO, "identity");

	elem_set_cstr(a, identity, "category", "conference");
	elem_set_cstr(a, identity, "type", "text");
	elem_set(a, identity, "name", name);
	return query;
}

static void feature_add(struct arena *a, struct elem *query, const char *var)
{
	elem_set_cstr(a, elem_add(a, query, NS_DISCO_INFO, "feature"), "var", var);
}

static struct slice node_of(const struct job *j)
{
	return elem_attr(job_payload(j), "node");
}

/* --- the service (§6.2, 6.3) --- */

void disco_service_info(struct job *j)
{
	static const char *const names[] = { NS_DISCO_INFO, NS_DISCO_ITEMS,
		NS_MUC, NS_STABLE_ID, NS_SID, NS_PING, NS_RSM };
	struct elem *query;

	if (node_of(j).n != 0) {
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
		return;
	}
	query = info_new(&j->arena, SLICE("Rooms"));
	for (size_t i = 0; i < COUNT(names); i++)
		feature_add(&j->arena, query, names[i]);
	job_reply(j, query);
}

void disco_service_items(struct job *j)
{
	if (node_of(j).n != 0)
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
	else
		job_await(j, xdb_room_list(host.xdb), rooms_listed);
}

static void rooms_listed(struct job *j, const struct xdb_result *res)
{
	struct elem *query;

	if (res->status != XDB_OK) {
		job_fail_xdb(j, res->status);
		return;
	}
	query = list_rooms(&j->arena, res->rooms, res->n, job_payload(j));
	if (query != NULL)
		job_reply(j, query);
	else
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
}

/* --- a room (§6.4) --- */

static void room_features(struct arena *a, struct elem *query,
    const struct room *r)
{
	const struct room_config *c = &r->config;
	const char *const names[] = {
		NS_DISCO_INFO, NS_DISCO_ITEMS, NS_MUC, NS_STABLE_ID, NS_SID,
		NS_PING, NS_SELF_PING,
		c->is_public ? "muc_public" : "muc_hidden",
		c->is_persistent ? "muc_persistent" : "muc_temporary",
		c->is_members_only ? "muc_membersonly" : "muc_open",
		c->is_moderated ? "muc_moderated" : "muc_unmoderated",
		c->asks_password ? "muc_passwordprotected" : "muc_unsecured",
		c->whois == WHOIS_ANYONE ? "muc_nonanonymous"
		    : "muc_semianonymous",
	};

	for (size_t i = 0; i < COUNT(names); i++)
		feature_add(a, query, names[i]);
}

/* What is talked about in a closed room is for those who may be there. */
static bool may_know_subject(const struct room *r, const struct jid *who)
{
	return seat_find(r, who) != NULL
	    || affiliation_of(r, who) >= (r->config.is_members_only
	    || r->config.asks_password || !r->config.is_public
	    ? AFF_MEMBER : AFF_NONE);
}

static struct slice number(struct arena *a, size_t n)
{
	char digits[24];

	return slice_dup(a, slice_make(digits,
	    (size_t)snprintf(digits, sizeof digits, "%zu", n)));
}

static struct slice yes_or_no(bool flag)
{
	return flag ? SLICE("1") : SLICE("0");
}

/* The list that decides who belongs here; when it cannot be read, of when that
 * is (directory.md, rule 10): a time, or "never". */
static void add_list(struct arena *a, struct elem *x, const struct room *r)
{
	struct buf text = { NULL, 0, 0 };
	int64_t read_ms;

	form_add_fact(a, x, "muc#roominfo_ldapgroup", r->config.bound_to);
	if (!bound_is_old(r, &read_ms))
		return;
	if (read_ms != 0)
		stanza_time(&text, read_ms);
	else
		buf_adds(&text, "never");
	form_add_fact(a, x, FIELD_AS_OF, slice_dup(a, buf_slice(&text)));
	buf_fini(&text);
}

static struct elem *room_facts(struct arena *a, const struct room *r,
    const struct jid *asker)
{
	struct elem *x = form_new(a, "result", SLICE(""), NS_ROOMINFO);
	const struct room_config *c = &r->config;

	form_add_fact(a, x, "muc#roomconfig_roomname", c->title);
	form_add_fact(a, x, "muc#roominfo_description", c->description);
	if (may_know_subject(r, asker))
		form_add_fact(a, x, "muc#roominfo_subject",
		    buf_slice(&r->subject.text));
	form_add_fact(a, x, "muc#roominfo_occupants",
	    number(a, occupants_count(r)));
	if (c->language.n != 0)
		form_add_fact(a, x, "muc#roominfo_lang", c->language);
	if (c->bound_to.n != 0)
		add_list(a, x, r);
	form_add_fact(a, x, "muc#maxhistoryfetch",
	    number(a, host.settings->rooms.history));
	form_add_fact(a, x, "muc#roomconfig_changesubject",
	    yes_or_no(c->may_all_set_subject));
	form_add_fact(a, x, "muc#roomconfig_allowinvites",
	    yes_or_no(!c->is_members_only || c->may_members_invite));
	return x;
}

static void room_info(struct job *j, const struct room *r)
{
	struct elem *query = info_new(&j->arena, r->config.title.n != 0
	    ? r->config.title : jid_local(&r->jid));

	room_features(&j->arena, query, r);
	elem_add_elem(&j->arena, query, room_facts(&j->arena, r, &j->from));
	job_reply(j, query);
}

/* §7.12: the nick that is kept for the asker. */
static void reserved_nick(struct job *j, const struct room *r)
{
	const struct affiliate *x = affiliate_of(r, jid_bare(&j->from));
	struct elem *query = x != NULL && x->person.nick.n != 0
	    ? info_new(&j->arena, x->person.nick)
	    : elem_new(&j->arena, NS_DISCO_INFO, "query");

	elem_set_cstr(&j->arena, query, "node", NODE_NICK);
	job_reply(j, query);
}

void disco_room_info(struct job *j, struct room *r)
{
	struct slice node = node_of(j);

	if (node.n == 0)
		room_info(j, r);
	else if (slice_is(node, NODE_NICK))
		reserved_nick(j, r);
	else if (slice_is(node, NODE_TRAFFIC))
		job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);      /* §18.1.1 */
	else
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
}

/* §6.5: who is there is for those who are. */
void disco_room_items(struct job *j, struct room *r)
{
	struct elem *query = elem_new(&j->arena, NS_DISCO_ITEMS, "query"), *item;
	const struct occupant *o;

	if (node_of(j).n != 0) {
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
		return;
	}
	if (seat_find(r, &j->from) != NULL)
		LIST_EACH(o, &r->occupants, struct occupant, link) {
			item = elem_add(&j->arena, query, NS_DISCO_ITEMS, "item");
			elem_set(&j->arena, item, "jid", jid_full(&o->jid));
		}
	job_reply(j, query);
}
