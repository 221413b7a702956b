/* SPDX-License-Identifier: Apache-2.0 */
/* tests/clients/xdb_probe.c — the store, driven by lines of JSON.
 *
 *   < {"id": 1, "do": "open", "uri": ["ldap://…"], …}
 *   < {"id": 2, "do": "account_load", "uid": "ann"}
 *   > {"id": 2, "status": "ok", "account": {…}, "ms": 3, "in_call": false}
 *   < {"id": 3, "do": "news"}             begins to watch; then what was heard
 *
 * Every string of a request is copied to the heap, overwritten and freed as
 * soon as the starting call has returned (promise 3); whether a callback runs
 * inside a starting call is told with each answer (promise 1), and each answer
 * counts how often it came (promise 2). */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/log.h"
#include "tests/clients/json_put.h"
#include "tests/clients/lent.h"
#include "tests/clients/probe_conf.h"
#include "tests/clients/turns.h"
#include "xdb_ldap/xdb.h"

static struct xdb *db;
static bool is_starting;

/* --- what was asked --------------------------------------------------------------------- */

static struct xdb_roster_item *item(const json_t *q, const char *key,
    struct xdb_roster_item *into)
{
	const json_t *j = json_object_get(q, key);

	if (j == NULL)
		return NULL;
	into->jid = text(j, "jid");
	into->name = text(j, "name");
	into->subscription = (enum xdb_subscription)number(j, "subscription");
	into->ask = number(j, "ask") != 0;
	into->approved = number(j, "approved") != 0;
	into->is_twice = json_is_true(json_object_get(j, "twice"));
	into->groups = texts(j, "groups", &into->group_n);
	return into;
}

static struct xdb_pending *pending(const json_t *q, const char *key,
    struct xdb_pending *into)
{
	const json_t *j = json_object_get(q, key);

	if (j == NULL)
		return NULL;
	into->jid = text(j, "jid");
	into->status = text(j, "status");
	return into;
}

static struct xdb_room_person room_person(const json_t *j)
{
	return (struct xdb_room_person){
		.jid = text(j, "jid"), .dn = text(j, "dn"),
		.nick = text(j, "nick"), .reason = text(j, "reason"),
		.affiliation = (enum xdb_affiliation)json_integer_value(
		    json_object_get(j, "affiliation")),
	};
}

static struct xdb_room room(const json_t *q, struct xdb_room_option *options,
    struct xdb_room_person *people)
{
	const json_t *o = json_object_get(q, "options");
	const json_t *p = json_object_get(q, "people");
	struct xdb_room r = {
		.dn = text(q, "dn"), .name = text(q, "name"),
		.title = text(q, "title"), .description = text(q, "description"),
		.subject = text(q, "subject"), .language = text(q, "language"),
		.bound_to = text(q, "bound_to"),
		.options = options, .option_n = json_array_size(o),
		.people = people, .person_n = json_array_size(p),
	};

	for (size_t i = 0; i < r.option_n; i++) {
		const json_t *pair = json_array_get(o, i);

		options[i].key = lend(json_array_get(pair, 0));
		options[i].value = lend(json_array_get(pair, 1));
	}
	for (size_t i = 0; i < r.person_n; i++)
		people[i] = room_person(json_array_get(p, i));
	return r;
}

/* --- starting ----------------------------------------------------------------------------- */

static struct xdb_op *account_load(const json_t *q)
{
	return xdb_account_load(db, text(q, "uid"));
}

static struct xdb_person whom(const json_t *q)
{
	return (struct xdb_person){ .dn = text(q, "dn"),
		.uuid = text(q, "uuid"), .uid = text(q, "uid") };
}

static struct xdb_op *profile_create(const json_t *q)
{
	struct xdb_person of = whom(q);

	return xdb_profile_create(db, &of, text(q, "jid"));
}

static struct xdb_op *password_check(const json_t *q)
{
	struct xdb_person who = whom(q);

	return xdb_password_check(db, &who, text(q, "password"),
	    json_is_true(json_object_get(q, "is_sure")));
}

static struct xdb_op *password_set(const json_t *q)
{
	return xdb_password_set(db, text(q, "dn"), text(q, "password"));
}

static struct xdb_op *password_change(const json_t *q)
{
	struct xdb_person who = whom(q);

	return xdb_password_change(db, &who, text(q, "was"),
	    text(q, "is"));
}

static struct xdb_op *scram_store(const json_t *q)
{
	size_t n;
	struct slice *v = texts(q, "verifiers", &n);

	return xdb_scram_store(db, text(q, "dn"), text(q, "uuid"), v, n,
	    text(q, "source"));
}

static struct xdb_op *roster_change(const json_t *q)
{
	struct xdb_roster_item was, is;
	struct xdb_pending gone, come;
	struct xdb_roster_change change = {
		.profile_dn = text(q, "dn"),
		.person_uuid = text(q, "uuid"), .version = number(q, "version"),
		.item_remove = item(q, "remove", &was),
		.item_add = item(q, "add", &is),
		.pending_remove = pending(q, "pending_remove", &gone),
		.pending_add = pending(q, "pending_add", &come),
	};

	return xdb_roster_change(db, &change);
}

static struct xdb_op *vcard_load(const json_t *q)
{
	return xdb_vcard_load(db, text(q, "uid"));
}

static struct xdb_op *vcard_store(const json_t *q)
{
	return xdb_vcard_store(db, text(q, "dn"), text(q, "uuid"),
	    text(q, "remainder"));
}

static struct xdb_op *room_load(const json_t *q)
{
	const json_t *known = json_object_get(q, "named");
	struct xdb_room_named named[32];
	size_t n = json_array_size(known);

	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(known, i);

		named[i] = (struct xdb_room_named){
			(enum xdb_affiliation)json_integer_value(
			    json_array_get(one, 0)),
			lend(json_array_get(one, 1)),
			lend(json_array_get(one, 2)) };
	}
	return known == NULL ? xdb_room_load(db, text(q, "name"))
	    : xdb_room_load_again(db, text(q, "name"), named, n);
}

static struct xdb_op *room_mend(const json_t *q)
{
	const json_t *all = json_object_get(q, "stale");
	struct xdb_room_stale stale[32];
	size_t n = json_array_size(all);

	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(all, i);

		stale[i] = (struct xdb_room_stale){
			(enum xdb_affiliation)json_integer_value(
			    json_array_get(one, 0)),
			lend(json_array_get(one, 1)),
			lend(json_array_get(one, 2)) };
	}
	return xdb_room_mend(db, text(q, "dn"), stale, n);
}

static struct xdb_op *room_list(const json_t *q)
{
	(void)q;
	return xdb_room_list(db);
}

static struct xdb_op *room_create(const json_t *q)
{
	struct xdb_room_option options[32];
	struct xdb_room_person people[32];
	struct xdb_room r = room(q, options, people);

	return xdb_room_create(db, &r);
}

static struct xdb_op *room_configure(const json_t *q)
{
	struct xdb_room_option options[32];
	struct xdb_room_person people[32];
	struct xdb_room r = room(q, options, people);

	return xdb_room_configure(db, NULL, &r);
}

static struct xdb_op *room_delete(const json_t *q)
{
	return xdb_room_delete(db, text(q, "dn"));
}

static struct xdb_op *room_set_subject(const json_t *q)
{
	return xdb_room_set_subject(db, text(q, "dn"), text(q, "subject"));
}

static struct xdb_op *room_set_affiliation(const json_t *q)
{
	struct xdb_room_person was = room_person(json_object_get(q, "was"));
	struct xdb_room_person is = room_person(json_object_get(q, "is"));

	return xdb_room_set_affiliation(db, text(q, "dn"), &was, &is);
}

static struct xdb_op *group_has(const json_t *q)
{
	return xdb_group_has(db, text(q, "group"), text(q, "dn"), text(q, "uid"));
}

static struct xdb_op *group_load(const json_t *q)
{
	return xdb_group_load(db, text(q, "dn"));
}

static struct xdb_op *group_search(const json_t *q)
{
	return xdb_group_search(db, text(q, "text"), (unsigned)number(q, "most"));
}

static struct xdb_op *group_list(const json_t *q)
{
	return xdb_group_list(db, json_string_value(json_object_get(q, "filter")));
}

static struct xdb_op *people_search(const json_t *q)
{
	return xdb_people_search(db, text(q, "text"), (unsigned)number(q, "most"));
}

static struct xdb_person_change person(const json_t *q)
{
	return (struct xdb_person_change){ .given_name = text(q, "given_name"),
		.sn = text(q, "sn"), .mail = text(q, "mail") };
}

static struct xdb_op *person_create(const json_t *q)
{
	struct xdb_person_change p = person(q);

	return xdb_person_create(db,
	    json_string_value(json_object_get(q, "base")), text(q, "uid"), &p);
}

static struct xdb_op *person_change(const json_t *q)
{
	struct xdb_person_change p = person(q);

	return xdb_person_change(db, text(q, "dn"), &p);
}

static struct xdb_op *profile_set_status(const json_t *q)
{
	return xdb_profile_set_status(db, text(q, "dn"),
	    (enum xdb_profile_status)number(q, "to"));
}

static struct xdb_op *profile_load(const json_t *q)
{
	return xdb_profile_load(db, text(q, "uuid"));
}

static struct xdb_op *profile_delete(const json_t *q)
{
	return xdb_profile_delete(db, text(q, "dn"));
}

static struct xdb_op *request_create(const json_t *q)
{
	struct xdb_request r = { .token_hash = text(q, "hash"),
		.person_dn = text(q, "dn"), .uid = text(q, "uid"),
		.expires_s = (int64_t)number(q, "expires") };

	return xdb_request_create(db, &r);
}

static struct xdb_op *request_load(const json_t *q)
{
	return xdb_request_load(db, text(q, "hash"));
}

static struct xdb_op *request_delete(const json_t *q)
{
	return xdb_request_delete(db, text(q, "dn"));
}

#define ENTRY(name) { #name, name }

static const struct { const char *name; struct xdb_op *(*start)(const json_t *q); }
starters[] = {
	ENTRY(account_load), ENTRY(profile_create), ENTRY(password_check),
	ENTRY(password_set), ENTRY(password_change), ENTRY(scram_store),
	ENTRY(roster_change),
	ENTRY(vcard_load), ENTRY(vcard_store), ENTRY(room_load), ENTRY(room_mend),
	ENTRY(room_list), ENTRY(room_create), ENTRY(room_configure),
	ENTRY(room_delete), ENTRY(room_set_subject),
	ENTRY(room_set_affiliation), ENTRY(group_has), ENTRY(group_load),
	ENTRY(group_search), ENTRY(group_list), ENTRY(people_search), ENTRY(person_create),
	ENTRY(person_change), ENTRY(profile_set_status), ENTRY(profile_delete),
	ENTRY(profile_load),
	ENTRY(request_create), ENTRY(request_load), ENTRY(request_delete),
};

/* --- what was answered ------------------------------------------------------------------------ */

static json_t *of_person(const struct xdb_person *p)
{
	json_t *o = json_object();

	put(o, "dn", p->dn);
	put(o, "uuid", p->uuid);
	put(o, "uid", p->uid);
	put(o, "cn", p->cn);
	put(o, "display_name", p->display_name);
	put(o, "given_name", p->given_name);
	put(o, "sn", p->sn);
	put(o, "mail", p->mail);
	put(o, "title", p->title);
	put(o, "department", p->department);
	put(o, "password_changed", p->password_changed);
	json_object_set_new(o, "refusal", json_integer(p->refusal));
	json_object_set_new(o, "turns_s", json_integer(p->turns_s));
	return o;
}

static json_t *of_roster(const struct xdb_profile *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->roster_n; i++) {
		const struct xdb_roster_item *it = &p->roster[i];
		json_t *o = json_object();

		put(o, "jid", it->jid);
		put(o, "name", it->name);
		put_all(o, "groups", it->groups, it->group_n);
		json_object_set_new(o, "subscription",
		    json_integer(it->subscription));
		json_object_set_new(o, "ask", json_integer(it->ask));
		json_object_set_new(o, "approved", json_integer(it->approved));
		if (it->is_twice)
			json_object_set_new(o, "twice", json_true());
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *of_profile(const struct xdb_profile *p)
{
	json_t *o = json_object(), *list = json_array();

	json_object_set_new(o, "exists", json_boolean(p->exists));
	json_object_set_new(o, "status", json_integer(p->status));
	json_object_set_new(o, "version", json_integer((json_int_t)p->roster_version));
	put(o, "dn", p->dn);
	put(o, "jid", p->jid);
	put_all(o, "scram", p->scram, p->scram_n);
	for (size_t i = 0; i < p->pending_n; i++) {
		json_t *one = json_object();

		put(one, "jid", p->pending[i].jid);
		put(one, "status", p->pending[i].status);
		json_array_append_new(list, one);
	}
	json_object_set_new(o, "pending", list);
	json_object_set_new(o, "roster", of_roster(p));
	return o;
}

static json_t *of_account(const struct xdb_account *a)
{
	return json_pack("{s:o, s:o}", "person", of_person(&a->person),
	    "profile", of_profile(&a->profile));
}

static json_t *of_vcard(const struct xdb_vcard *v)
{
	json_t *o = json_object();

	json_object_set_new(o, "person", of_person(&v->person));
	put(o, "nickname", v->nickname);
	put(o, "url", v->url);
	put(o, "organisation", v->organisation);
	put(o, "role", v->role);
	put(o, "note", v->note);
	put_all(o, "mails", v->mails, v->mail_n);
	put_all(o, "phones", v->phones, v->phone_n);
	put_all(o, "mobiles", v->mobiles, v->mobile_n);
	put_all(o, "faxes", v->faxes, v->fax_n);
	put_all(o, "units", v->units, v->unit_n);
	put(o, "street", v->street);
	put(o, "locality", v->locality);
	put(o, "postal_code", v->postal_code);
	put(o, "country", v->country);
	json_object_set_new(o, "photo_bytes", json_integer((json_int_t)v->photo.n));
	put(o, "photo_type", slice_of(v->photo_type));
	put(o, "remainder", v->remainder);
	put(o, "profile_dn", v->profile_dn);
	return o;
}

static json_t *of_room(const struct xdb_room *r)
{
	json_t *o = json_object(), *options = json_array(), *people = json_array();
	json_t *named = json_array(), *stale = json_array();

	put(o, "dn", r->dn);
	put(o, "name", r->name);
	put(o, "title", r->title);
	put(o, "description", r->description);
	put(o, "subject", r->subject);
	put(o, "language", r->language);
	put(o, "bound_to", r->bound_to);
	for (size_t i = 0; i < r->option_n; i++)
		json_array_append_new(options, json_pack("[o, o]",
		    bytes(r->options[i].key), bytes(r->options[i].value)));
	for (size_t i = 0; i < r->person_n; i++) {
		json_t *p = json_object();

		put(p, "jid", r->people[i].jid);
		put(p, "dn", r->people[i].dn);
		put(p, "nick", r->people[i].nick);
		put(p, "reason", r->people[i].reason);
		json_object_set_new(p, "affiliation",
		    json_integer(r->people[i].affiliation));
		json_array_append_new(people, p);
	}
	json_object_set_new(o, "options", options);
	json_object_set_new(o, "people", people);
	for (size_t i = 0; i < r->named_n; i++)
		json_array_append_new(named, json_pack("[i, o, o]",
		    r->named[i].affiliation, bytes(r->named[i].dn),
		    bytes(r->named[i].uuid)));
	for (size_t i = 0; i < r->stale_n; i++)
		json_array_append_new(stale, json_pack("[i, o, o]",
		    r->stale[i].affiliation, bytes(r->stale[i].was),
		    bytes(r->stale[i].is)));
	json_object_set_new(o, "named", named);
	json_object_set_new(o, "stale", stale);
	json_object_set_new(o, "lost", json_integer((json_int_t)r->lost_n));
	json_object_set_new(o, "unresolved", json_integer((json_int_t)r->unresolved_n));
	return o;
}

static json_t *of_group(const struct xdb_group *g)
{
	json_t *o = json_object();

	put(o, "dn", g->dn);
	put(o, "name", g->name);
	put(o, "description", g->description);
	put(o, "mail", g->mail);
	put(o, "uuid", g->uuid);
	put(o, "title", g->title);
	return o;
}

static json_t *of_members(const struct xdb_group *g)
{
	json_t *o = of_group(g), *members = json_array();

	for (size_t i = 0; i < g->member_n; i++) {
		const struct xdb_member *m = &g->members[i];
		json_t *one = json_object();

		put(one, "uuid", m->uuid);
		put(one, "dn", m->dn);
		put(one, "uid", m->uid);
		put(one, "name", m->name);
		json_object_set_new(one, "roles", json_integer(m->roles));
		json_array_append_new(members, one);
	}
	json_object_set_new(o, "members", members);
	put_all(o, "parts", g->parts, g->part_n);
	json_object_set_new(o, "unresolved",
	    json_integer((json_int_t)g->unresolved_n));
	json_object_set_new(o, "is_dynamic", json_boolean(g->is_dynamic));
	return o;
}

static json_t *of_request(const struct xdb_request *r)
{
	json_t *o = json_object();

	put(o, "dn", r->dn);
	put(o, "hash", r->token_hash);
	put(o, "person_dn", r->person_dn);
	put(o, "uid", r->uid);
	json_object_set_new(o, "expires", json_integer(r->expires_s));
	return o;
}

static void say(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}

static void put_lists(json_t *o, const struct xdb_result *res)
{
	json_t *list = json_array();

	for (size_t i = 0; i < res->n; i++)
		json_array_append_new(list, res->accounts != NULL
		    ? of_account(&res->accounts[i]) : res->rooms != NULL
		    ? of_room(&res->rooms[i]) : of_group(&res->groups[i]));
	json_object_set_new(o, "list", list);
	json_object_set_new(o, "is_cut", json_boolean(res->is_cut));
}

struct asked {
	json_int_t id;
	int64_t at_ms;
	unsigned answers;
	bool is_brief;                  /* of a group: how many are in it */
	struct xdb_op *op;
	struct asked *next;
};
static struct asked *all_asked;

static int64_t clock_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

static void answered(const struct xdb_result *res, void *ctx)
{
	struct asked *a = ctx;
	json_t *o = json_pack("{s:I, s:s, s:b, s:i, s:I}", "id", a->id,
	    "status", xdb_status_text(res->status), "in_call", is_starting,
	    "answers", (int)++a->answers, "ms", (json_int_t)(clock_ms() - a->at_ms));

	a->op = NULL;
	put(o, "why", slice_of(res->why));
	if (res->refusal != XDB_REFUSAL_NONE)
		json_object_set_new(o, "refusal", json_integer(res->refusal));
	if (res->says != NULL)
		json_object_set_new(o, "says", json_string(res->says));
	if (res->version != 0)
		json_object_set_new(o, "version", json_integer((json_int_t)res->version));
	if (res->account != NULL)
		json_object_set_new(o, "account", of_account(res->account));
	if (res->vcard != NULL)
		json_object_set_new(o, "vcard", of_vcard(res->vcard));
	if (res->room != NULL)
		json_object_set_new(o, "room", of_room(res->room));
	if (res->group != NULL && a->is_brief)
		json_object_set_new(o, "members",
		    json_integer((json_int_t)res->group->member_n));
	else if (res->group != NULL)
		json_object_set_new(o, "group", of_members(res->group));
	if (res->request != NULL)
		json_object_set_new(o, "request", of_request(res->request));
	if (res->accounts != NULL || res->rooms != NULL || res->groups != NULL
	    || res->n != 0)
		put_lists(o, res);
	say(o);
}

static json_t *news;                    /* kept until it is asked for */

static void heard(const struct xdb_news *n, void *ctx)
{
	static const char *const kinds[] = { "person", "profile", "room", "group",
		"people-branch", "group-branch", "policy" };

	json_array_append_new(news, json_pack("[s, s, s%, b]", kinds[n->kind],
	    n->is_all ? "all" : n->is_gone ? "gone" : n->is_slight ? "slight"
	    : "is", n->is_all ? "" : n->uuid.p, n->uuid.n, is_starting));
	(void)ctx;
}

static void news_take(const json_t *q)
{
	is_starting = true;
	if (news == NULL)
		xdb_watch(db, heard, NULL);
	is_starting = false;
	say(json_pack("{s:I, s:o*}", "id", (json_int_t)number(q, "id"), "news", news));
	news = json_array();
}

/* --- commands ------------------------------------------------------------------------------------ */

static void store_open(const json_t *q)
{
	const char *uri[8], *write_uri[8], *why = NULL;
	const char *pin = word(q, "pin", NULL), *shell = word(q, "closed_shell", "");
	struct xdb_conf conf = conf_read(q, uri, COUNT(uri), &shell);

	conf_write_read(q, &conf, write_uri, COUNT(write_uri), &pin);
	xdb_close(&db);
	db = xdb_open(&conf, &why);
	say(json_pack("{s:I, s:s, s:s?}", "id", (json_int_t)number(q, "id"),
	    "status", db != NULL ? "ok" : "failed", "why", db != NULL ? NULL : why));
}

static void store_state(const json_t *q)
{
	struct xdb_state s;

	xdb_state_get(db, &s);
	say(json_pack("{s:I, s:b, s:b, s:I, s:s?, s:s?, s:s?, s:I, s:I, s:i, s:I}",
	    "id", (json_int_t)number(q, "id"), "is_up", s.is_up,
	    "is_watching", s.is_watching, "watched", (json_int_t)s.watched,
	    "server", s.server, "writer", s.writer, "why", s.why,
	    "operations", (json_int_t)s.operations,
	    "failures", (json_int_t)s.failures, "waiting", (int)s.waiting,
	    "requests", (json_int_t)s.requests));
}

/* What the turns since the last time were like, this one not counted. */
static void turns_say(const json_t *q)
{
	say(json_pack("{s:I, s:I, s:I, s:I}", "id", (json_int_t)number(q, "id"),
	    "busiest_us", (json_int_t)busiest_turn_us, "cpu_us",
	    (json_int_t)turns_us, "turns", (json_int_t)turns_n));
	turns_reset();
}

static void op_cancel(const json_t *q)
{
	for (struct asked *a = all_asked; a != NULL; a = a->next)
		if (a->id == (json_int_t)number(q, "which"))
			xdb_cancel(&a->op);
}

static void forget_ops(void)
{
	for (struct asked *a = all_asked; a != NULL; a = a->next)
		a->op = NULL;
}

static bool starter_run(const json_t *q, const char *name)
{
	for (size_t i = 0; i < COUNT(starters); i++) {
		struct asked *a;

		if (strcmp(starters[i].name, name) != 0)
			continue;
		a = NEW(struct asked);
		a->id = (json_int_t)number(q, "id");
		a->at_ms = clock_ms();
		a->is_brief = number(q, "brief") != 0;
		a->next = all_asked;
		all_asked = a;
		is_starting = true;
		a->op = starters[i].start(q);
		take_back();
		xdb_then(a->op, answered, a);
		is_starting = false;
		return true;
	}
	return false;
}

static void command(const json_t *q)
{
	const char *name = word(q, "do", "");

	if (strcmp(name, "open") == 0)
		store_open(q);
	else if (strcmp(name, "state") == 0)
		store_state(q);
	else if (strcmp(name, "turns") == 0)
		turns_say(q);
	else if (strcmp(name, "news") == 0)
		news_take(q);
	else if (strcmp(name, "cancel") == 0)
		op_cancel(q);
	else if (strcmp(name, "close") == 0) {
		forget_ops();
		xdb_close(&db);
		say(json_pack("{s:I}", "id", (json_int_t)number(q, "id")));
	} else if (strcmp(name, "quit") == 0)
		loop_stop();
	else if (!starter_run(q, name))
		say(json_pack("{s:s}", "unknown", name));
	take_back();
}

static struct buf input;

static void lines_take(void)
{
	struct slice line, rest = buf_slice(&input);
	size_t used = 0;

	while (slice_cut(slice_make(input.p + used, input.n - used), '\n',
	    &line, &rest)) {
		json_t *q = json_loadb(line.p, line.n, JSON_ALLOW_NUL, NULL);

		if (q != NULL)
			command(q);
		json_decref(q);
		used += line.n + 1;
	}
	buf_drop(&input, used);
}

static void input_ready(uv_poll_t *poll, int status, int events)
{
	char p[65536];
	ssize_t n = read(STDIN_FILENO, p, sizeof p);

	(void)poll;
	(void)status;
	(void)events;
	if (n <= 0) {
		loop_stop();
		return;
	}
	buf_add(&input, slice_make(p, (size_t)n));
	lines_take();
}

int main(void)
{
	uv_poll_t poll;

	signal(SIGPIPE, SIG_IGN);
	log_open(NULL, getenv("PROBE_DEBUG") != NULL ? LOG_DEBUG : LOG_INFO,
	    &(const char *){ NULL });
	uv_poll_init(loop_main(), &poll, STDIN_FILENO);
	uv_poll_start(&poll, UV_READABLE, input_ready);
	turns_start();
	loop_run();
	forget_ops();
	xdb_close(&db);
	turns_stop();
	say(json_pack("{s:I,s:I}", "busiest_turn_us", (json_int_t)busiest_turn_us,
	    "longest_wait_ms", (json_int_t)longest_wait_ms));
	loop_fini();
	json_decref(news);
	buf_fini(&input);
	while (all_asked != NULL) {
		struct asked *a = all_asked;

		all_asked = a->next;
		free(a);
	}
	return 0;
}
