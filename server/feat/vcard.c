/* SPDX-License-Identifier: Apache-2.0 */
/* feat/vcard.c — XEP-0054: vcard-temp, read from the directory.
 *
 * Anybody here may read the vCard of anybody here: it is the university's
 * directory.  A person who does not exist and one who may not use the service
 * answer alike, item-not-found (RTE-09).  Everybody writes only their own, and
 * of it only what the directory does not hold (vcard_merge.h). */
#include "base/log.h"
#include "core/host.h"
#include "feat/features.h"
#include "feat/vcard_merge.h"
#include "xml/ns.h"

enum { REMAINDER_BYTES_MOST = 128 * 1024 };     /* a photo, mostly */

/* The directory finds more spellings of a name than there are accounts
 * (LDAP-06), and people who are locked. */
static bool is_usable(struct arena *a, const struct xdb_person *p,
    struct slice local)
{
	struct slice name;

	if (!jid_prep_local(a, p->uid, &name) || !slice_eq(name, local))
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
		return false;
	}
	return false;
}

/* --- get ------------------------------------------------------------------------------------- */

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
	struct elem *card;

	if (res->status != XDB_OK) {
		job_fail_xdb(j, res->status);
		return;
	}
	if (!is_usable(&j->arena, &res->vcard->person, jid_local(whose))) {
		job_fail_xdb(j, XDB_ABSENT);
		return;
	}
	card = vcard_merge(&j->arena, res->vcard);
	if (card == NULL) {
		log_event(LOG_WARN, "vcard-broken", whose->text,
		    "attribute=imVCard");
		job_fail_xdb(j, XDB_BROKEN);
		return;
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

static void set_loaded(struct job *j, const struct xdb_result *res);
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

static void set_loaded(struct job *j, const struct xdb_result *res)
{
	struct slice remainder;
	const char *changed;

	if (res->status != XDB_OK) {
		job_fail_xdb(j, res->status);
		return;
	}
	changed = vcard_remainder(&j->arena, res->vcard, job_payload(j),
	    &remainder);
	if (changed != NULL) {
		refuse_change(j, changed);
	} else if (res->vcard->profile_dn.n == 0) {
		job_fail(j, SE_NOT_ALLOWED, "This account has no IM profile.");
	} else if (remainder.n > REMAINDER_BYTES_MOST) {
		job_fail(j, SE_POLICY_VIOLATION,
		    "The vCard is larger than 128 KiB.");
	} else {
		job_detach(j);
		job_await(j, xdb_vcard_store(host.xdb, res->vcard->profile_dn,
		    remainder), set_stored);
	}
}

static void set_stored(struct job *j, const struct xdb_result *res)
{
	if (res->status == XDB_OK)
		job_reply(j, NULL);
	else
		job_fail_xdb(j, res->status);
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
