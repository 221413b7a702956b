/* SPDX-License-Identifier: Apache-2.0 */
/* feat/disco.c — XEP-0030: what is here, and what it can do.
 *
 *             the service                   an account
 *   info      server/im, the features,      account/registered, its features
 *             whom to contact
 *   items     the rooms' and search's domains   its available resources
 *
 * An account answers its owner and those who see its presence; everybody else
 * gets the same service-unavailable as for an account that does not exist
 * (RTE-09, -10).  There are no nodes yet. */
#include "core/host.h"
#include "feat/contact.h"
#include "feat/features.h"
#include "xml/ns.h"

/* --- answers -------------------------------------------------------------------------- */

static struct elem *query_new(struct job *j)
{
	return elem_new_slice(&j->arena, job_payload(j)->ns, SLICE("query"));
}

static bool has_no_node_or_fail(struct job *j)
{
	if (elem_attr(job_payload(j), "node").n == 0)
		return true;
	job_fail(j, SE_ITEM_NOT_FOUND, NULL);
	return false;
}

static void identity_add(struct arena *a, struct elem *query,
    const char *category, const char *type, const char *name)
{
	struct elem *e = elem_add(a, query, NS_DISCO_INFO, "identity");

	elem_set_cstr(a, e, "category", category);
	elem_set_cstr(a, e, "type", type);
	if (name != NULL)
		elem_set_cstr(a, e, "name", name);
}

static void features_add(struct arena *a, struct elem *query,
    const char *namespaces)
{
	struct slice rest = slice_of(namespaces), word;

	while (slice_word(&rest, &word))
		elem_set(a, elem_add(a, query, NS_DISCO_INFO, "feature"),
		    "var", word);
}

static void item_add(struct arena *a, struct elem *query, struct slice jid,
    const char *name)
{
	struct elem *e = elem_add(a, query, NS_DISCO_ITEMS, "item");

	elem_set(a, e, "jid", jid);
	if (name != NULL)
		elem_set_cstr(a, e, "name", name);
}

/* --- the service ------------------------------------------------------------------------ */

static void host_info(struct job *j)
{
	struct elem *query = query_new(j);

	if (!has_no_node_or_fail(j))
		return;
	identity_add(&j->arena, query, "server", "im", "Tertulia");
	for (size_t i = 0; features[i] != NULL; i++)
		features_add(&j->arena, query, features[i]->disco);
	contact_add_form(&j->arena, query);
	job_reply(j, query);
}

static void host_items(struct job *j)
{
	struct elem *query = query_new(j);

	if (!has_no_node_or_fail(j))
		return;
	item_add(&j->arena, query, jid_full(&host.muc_jid), "Rooms");
	if (host.settings->search.is_on)
		item_add(&j->arena, query, jid_full(&host.search_jid),
		    "People search");
	job_reply(j, query);
}

/* --- an account --------------------------------------------------------------------------- */

static void account_reply_info(struct job *j)
{
	struct elem *query = query_new(j);

	if (!has_no_node_or_fail(j))
		return;
	identity_add(&j->arena, query, "account", "registered", NULL);
	for (size_t i = 0; features[i] != NULL; i++)
		features_add(&j->arena, query, features[i]->account_disco);
	job_reply(j, query);
}

static void account_reply_items(struct job *j, const struct account *a)
{
	struct elem *query = query_new(j);
	struct session *s;

	if (!has_no_node_or_fail(j))
		return;
	LIST_EACH(s, &a->sessions, struct session, account_link)
		if (session_is_available(s))
			item_add(&j->arena, query, jid_full(&s->jid), NULL);
	job_reply(j, query);
}

static void account_reply(struct job *j, const struct account *a)
{
	if (slice_is(job_payload(j)->ns, NS_DISCO_INFO))
		account_reply_info(j);
	else
		account_reply_items(j, a);
}

static void own_get(struct job *j)
{
	account_reply(j, j->session->account);
}

/* --- another's account ------------------------------------------------------------------- */

static void other_loaded(struct job *j, struct account *a, enum xdb_status status);

/* Their list decides; ours is asked first, so that nothing is looked up, and no
 * time is taken, for who could not be allowed. */
static void other_get(struct job *j)
{
	if (j->session != NULL && account_sees(j->session->account, &j->to))
		account_want(j, jid_local(&j->to), other_loaded);
	else
		job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);
}

static void other_loaded(struct job *j, struct account *a,
    enum xdb_status status)
{
	if (status != XDB_OK && status != XDB_ABSENT)
		job_fail_xdb(j, status);
	else if (a == NULL || !account_is_seen_by(a, &j->from))
		job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);
	else
		account_reply(j, a);
}

static const struct iq_route routes[] = {
	{ IQ_GET, NS_DISCO_INFO,  "query", TO_HOST,          host_info  },
	{ IQ_GET, NS_DISCO_ITEMS, "query", TO_HOST,          host_items },
	{ IQ_GET, NS_DISCO_INFO,  "query", TO_OWN_ACCOUNT,   own_get    },
	{ IQ_GET, NS_DISCO_ITEMS, "query", TO_OWN_ACCOUNT,   own_get    },
	{ IQ_GET, NS_DISCO_INFO,  "query", TO_OTHER_ACCOUNT, other_get  },
	{ IQ_GET, NS_DISCO_ITEMS, "query", TO_OTHER_ACCOUNT, other_get  },
	{ 0 }
};

const struct feature feature_disco = {
	.name = "disco",
	.spec = "XEP-0030",
	.disco = NS_DISCO_INFO " " NS_DISCO_ITEMS,
	.account_disco = NS_DISCO_INFO " " NS_DISCO_ITEMS,
	.routes = routes,
};
