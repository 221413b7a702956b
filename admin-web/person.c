/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/person.c — a person and their account, as administrators see them. */
#include "admin-web/person.h"

#include "admin-web/api.h"
#include "admin-web/web.h"

static const struct status {
	const char *word, *badge;
	enum text text;
} statuses[] = {
	[PROFILE_ACTIVE]    = { "active",    "badge good", T_STATUS_ACTIVE },
	[PROFILE_SUSPENDED] = { "suspended", "badge bad",  T_STATUS_SUSPENDED },
	[PROFILE_PENDING]   = { "pending",   "badge",      T_STATUS_PENDING },
	[PROFILE_EXPIRED]   = { "expired",   "badge bad",  T_STATUS_EXPIRED },
	[PROFILE_DELETED]   = { "deleted",   "badge bad",  T_STATUS_DELETED },
};

static struct slice first_of(struct slice a, struct slice b, struct slice c)
{
	return a.n != 0 ? a : b.n != 0 ? b : c;
}

struct person *person_of(struct exchange *x, const struct xdb_account *a)
{
	struct person *p = ARENA_NEW(&x->arena, struct person);
	const struct xdb_person *from = &a->person;

	p->uid = slice_cstr(&x->arena, from->uid);
	p->local = input_local_part(&x->arena, from->uid);
	p->name = slice_dup(&x->arena, first_of(from->display_name, from->cn,
	    from->uid));
	p->given_name = slice_dup(&x->arena, from->given_name);
	p->sn = slice_dup(&x->arena, from->sn);
	p->mail = slice_dup(&x->arena, from->mail);
	p->title = slice_dup(&x->arena, from->title);
	p->department = slice_dup(&x->arena, from->department);
	p->dn = slice_dup(&x->arena, from->dn);
	p->uuid = slice_dup(&x->arena, from->uuid);
	p->refusal = from->refusal;
	p->has_account = a->profile.exists;
	p->status = a->profile.status;
	p->profile_dn = slice_dup(&x->arena, a->profile.dn);
	if (p->has_account && a->profile.jid.n != 0)
		p->jid = slice_cstr(&x->arena, a->profile.jid);
	else if (p->local != NULL)
		p->jid = exchange_printf(x, "%s@%s", p->local,
		    x->web->settings->server.domain);
	return p;
}

struct finding { person_fn *then; };

static void person_loaded(struct exchange *x, const struct xdb_result *res)
{
	struct finding *find = x->act;

	if (res->status == XDB_OK)
		find->then(x, person_of(x, res->account));
	else if (res->status == XDB_ABSENT)
		exchange_fail(x, 404, T_NO_SUCH_PERSON);
	else
		exchange_fail_xdb(x, res->status);
}

void person_find(struct exchange *x, struct slice uid, person_fn *then)
{
	struct finding *find = ARENA_NEW(&x->arena, struct finding);

	find->then = then;
	x->act = find;
	exchange_await(x, xdb_account_load(x->web->db, uid), person_loaded);
}

const char *person_path(struct exchange *x, const struct person *p)
{
	return exchange_path(x, "/people/", slice_of(p->uid));
}

const char *person_status_name(enum xdb_profile_status status)
{
	return statuses[status].word;
}

const char *person_status_word(const struct person *p)
{
	return person_status_name(p->status);
}

enum text person_status_text(const struct person *p, const char **badge_r)
{
	if (!p->has_account) {
		*badge_r = "badge none";
		return T_STATUS_NONE;
	}
	if (p->status == PROFILE_ACTIVE && p->refusal != XDB_REFUSAL_NONE) {
		*badge_r = "badge bad";
		return p->refusal == XDB_EXPIRED ? T_STATUS_EXPIRED : T_STATUS_LOCKED;
	}
	*badge_r = statuses[p->status].badge;
	return statuses[p->status].text;
}

static void set(json_t *o, const char *name, struct slice value)
{
	json_object_set_new(o, name, value.n != 0 ? api_text(value) : json_null());
}

json_t *person_json(const struct person *p)
{
	json_t *o = json_object();

	set(o, "uid", slice_of(p->uid));
	set(o, "jid", slice_of(p->jid));
	set(o, "name", p->name);
	set(o, "givenName", p->given_name);
	set(o, "sn", p->sn);
	set(o, "mail", p->mail);
	set(o, "status", slice_of(person_status_word(p)));
	/* May they log in as far as the person's own entry is concerned? */
	json_object_set_new(o, "locked", json_boolean(p->refusal != XDB_REFUSAL_NONE));
	return o;
}
