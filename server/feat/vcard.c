/* SPDX-License-Identifier: Apache-2.0 */
/* feat/vcard.c — XEP-0054: vcard-temp, read from the directory.
 *
 * Anybody here may read the vCard of anybody here: it is the university's
 * directory.  A person who does not exist and one who may not use the service, by
 * whatever rule, answer alike, item-not-found (RTE-09).  Everybody writes only their own: what
 * the directory does not hold, and of what it holds what [vcard] writable names,
 * as that person (vcard_merge.h). */
#include "base/log.h"
#include "core/admission.h"
#include "core/host.h"
#include "feat/avatar.h"
#include "feat/features.h"
#include "feat/vcard_merge.h"
#include "xml/ns.h"

enum { REMAINDER_BYTES_MOST = 128 * 1024 };     /* a photo, mostly */

/* The directory finds more spellings of a name than there are accounts
 * (LDAP-06), and people who are locked. */
static bool is_usable(struct arena *a, const struct xdb_vcard *v,
    struct slice local)
{
	const struct xdb_person *p = &v->person;
	struct slice name;

	if (!jid_prep_local(a, p->uid, &name) || !slice_eq(name, local)
	    || v->status != PROFILE_ACTIVE)
		return false;
	switch (p->refusal) {
	case XDB_REFUSAL_NONE:
	case XDB_WRONG_PASSWORD:
	case XDB_MUST_CHANGE:
		return true;
	case XDB_LOCKED:
	case XDB_EXPIRED:
	case XDB_SUSPENDED:
	case XDB_NO_RIGHT:
	case XDB_BAD_PASSWORD:
	case XDB_TOO_OFTEN:
		return false;
	}
	return false;
}

/* --- get ------------------------------------------------------------------------------------- */

/* A session outlives its name for a moment, and that may be somebody else's by then
 * (directory.md, rule 4). */
static bool is_of_sender(const struct job *j, const struct xdb_vcard *v)
{
	return j->session == NULL
	    || slice_eq(j->session->account->person_uuid, v->person.uuid);
}

static void vcard_loaded(struct job *j, const struct xdb_result *res);

static void own_get(struct job *j)
{
	job_await(j, xdb_vcard_load(host.xdb, jid_local(&j->from)),
	    vcard_loaded);
}

static void other_get(struct job *j)
{
	job_await(j, xdb_vcard_load(host.xdb, jid_local(&j->to)),
	    vcard_loaded);
}

static void vcard_loaded(struct job *j, const struct xdb_result *res)
{
	const struct jid *whose = jid_is_set(&j->to) ? &j->to : &j->from;
	enum xdb_status status;
	struct elem *card;

	if (res->status != XDB_OK) {
		job_fail_xdb(j, res->status);
		return;
	}
	status = is_usable(&j->arena, res->vcard, jid_local(whose))
	    ? admission_of(jid_local(whose), res->vcard->person.uuid) : XDB_ABSENT;
	if (whose == &j->from && !is_of_sender(j, res->vcard))
		status = XDB_ABSENT;
	if (status == XDB_ABSENT || (status != XDB_OK && whose == &j->to)) {
		job_fail_xdb(j, status);
		return;
	}
	card = vcard_merge(&j->arena, res->vcard);
	if (card == NULL) {             /* the directory's part is good (REL-24) */
		struct xdb_vcard rest = *res->vcard;

		log_event(LOG_WARN, "vcard-broken", whose->text,
		    "attribute=imVCard");
		rest.remainder = slice_make(NULL, 0);
		card = vcard_merge(&j->arena, &rest);
	}
	job_reply(j, card);
}

static void host_get(struct job *j)
{
	struct elem *card = elem_new(&j->arena, NS_VCARD, "vCard");
	const char *url = host.settings->web.url;

	elem_add_text_child(&j->arena, card, NS_VCARD, "FN", SLICE("Tertulia"));
	elem_add_text_child(&j->arena, card, NS_VCARD, "JABBERID",
	    jid_full(&host.jid));
	if (*url != '\0')
		elem_add_text_child(&j->arena, card, NS_VCARD, "URL",
		    slice_of(url));
	job_reply(j, card);
}

/* --- set ------------------------------------------------------------------------------------- */

struct set { struct vcard_plan plan; struct slice profile_dn, uuid; };

static void set_loaded(struct job *j, const struct xdb_result *res);
static void person_set(struct job *j, const struct xdb_result *res);
static void remainder_set(struct job *j);
static void set_stored(struct job *j, const struct xdb_result *res);

static void own_set(struct job *j)
{
	job_await(j, xdb_vcard_load(host.xdb, jid_local(&j->from)),
	    set_loaded);
}

static void refuse_change(struct job *j, const char *field)
{
	struct buf text = { 0 };

	buf_addf(&text, "%s comes from the directory and cannot be changed "
	    "here.", field);
	job_fail(j, SE_NOT_ALLOWED, slice_cstr(&j->arena, buf_slice(&text)));
	buf_fini(&text);
}

/* False: refused. */
static bool may_set(struct job *j, const struct xdb_vcard *v,
    const struct vcard_plan *plan)
{
	if (plan->held != NULL)
		refuse_change(j, plan->held);
	else if (plan->unfit != NULL)
		job_fail(j, SE_NOT_ACCEPTABLE, plan->unfit);
	else if (v->profile_dn.n == 0)
		job_fail(j, SE_NOT_ALLOWED, "This account has no IM profile.");
	else if (plan->remainder.n > REMAINDER_BYTES_MOST)
		job_fail(j, SE_POLICY_VIOLATION,
		    "The vCard is larger than 128 KiB.");
	else
		return true;
	return false;
}

/* The person's entry first: what the directory refuses there is told, and then
 * nothing is changed at all. */
static void set_loaded(struct job *j, const struct xdb_result *res)
{
	struct vcard_policy policy = {
		.writable = vcard_fields(&host.settings->vcard.writable),
		.photo_bytes = host.settings->vcard.photo_bytes };
	struct set *set = ARENA_NEW(&j->arena, struct set);

	if (res->status != XDB_OK) {
		job_fail_xdb(j, res->status);
		return;
	}
	vcard_plan(&j->arena, res->vcard, job_payload(j), &policy, &set->plan);
	if (!is_of_sender(j, res->vcard)) {
		job_fail_xdb(j, XDB_CONFLICT);
		return;
	}
	if (!may_set(j, res->vcard, &set->plan))
		return;
	set->profile_dn = slice_dup(&j->arena, res->vcard->profile_dn);
	set->uuid = slice_dup(&j->arena, res->vcard->person.uuid);
	j->data = set;
	job_detach(j);
	if (set->plan.change_n == 0)
		remainder_set(j);
	else
		job_await(j, xdb_vcard_write(host.xdb, &res->vcard->person,
		    set->plan.changes, set->plan.change_n), person_set);
}

static void remainder_set(struct job *j)
{
	struct set *set = j->data;

	job_await(j, xdb_vcard_store(host.xdb, set->profile_dn, set->uuid,
	    set->plan.remainder), set_stored);
}

/* The directory says no to the change, not to which part of it. */
static void refuse_person(struct job *j, const struct vcard_plan *plan)
{
	struct buf text = { 0 };

	buf_adds(&text, "The directory does not take this change of");
	for (size_t i = 0; i < plan->change_n; i++)
		buf_addf(&text, "%s %s", i != 0 ? "," : "",
		    vcard_field_name(plan->changes[i].field));
	buf_addc(&text, '.');
	job_fail(j, SE_NOT_ALLOWED, slice_cstr(&j->arena, buf_slice(&text)));
	buf_fini(&text);
}

static void person_set(struct job *j, const struct xdb_result *res)
{
	struct set *set = j->data;

	if (res->status == XDB_OK) {
		remainder_set(j);
		return;
	}
	log_event(LOG_INFO, "vcard-refused", j->from.text, "why=%s",
	    res->why != NULL ? res->why : xdb_status_text(res->status));
	if (res->status == XDB_REFUSED)
		refuse_person(j, &set->plan);
	else
		job_fail_xdb(j, res->status);
}

static void set_stored(struct job *j, const struct xdb_result *res)
{
	struct account *a = account_find(jid_local(&j->from));

	if (res->status != XDB_OK) {
		job_fail_xdb(j, res->status);
		return;
	}
	job_reply(j, NULL);
	if (a != NULL)
		avatar_touched(a);      /* the other clients' presence, too */
}

static void other_set(struct job *j)
{
	job_fail(j, SE_FORBIDDEN, NULL);
}

static const struct iq_route routes[] = {
	{ IQ_GET, NS_VCARD, "vCard", TO_OWN_ACCOUNT,             own_get   },
	{ IQ_GET, NS_VCARD, "vCard", TO_OTHER_ACCOUNT,           other_get },
	{ IQ_GET, NS_VCARD, "vCard", TO_HOST,                    host_get  },
	{ IQ_SET, NS_VCARD, "vCard", TO_OWN_ACCOUNT,             own_set   },
	{ IQ_SET, NS_VCARD, "vCard", TO_OTHER_ACCOUNT | TO_HOST, other_set },
	{ 0 }
};

const struct feature feature_vcard = {
	.name = "vcard",
	.spec = "XEP-0054",
	.disco = NS_VCARD,
	.account_disco = NS_VCARD,
	.routes = routes,
};
