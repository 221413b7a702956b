/* SPDX-License-Identifier: Apache-2.0 */
/* feat/roster.c — RFC 6121 §2: the contact list: get, set, remove, push.
 *
 * The account is in memory while its owner has a session, so a get asks nobody;
 * a directory that is away is seen where it is written.  The version text (§2.6)
 * is the number that the directory keeps beside the items, and a mark of the
 * items.  What others change in the directory is pushed as well.  Removing a
 * contact ends both subscriptions (§2.5.2): the contact's side of that is
 * subscription.c's.
 *
 * Contacts that a group of the directory shows (core/shared.h) stand among the
 * others.  A name and groups of one's own are kept beside them in an item of
 * one's own; the rest is the directory's, and changing it is refused. */
#include "feat/roster.h"

#include <inttypes.h>

#include "core/host.h"
#include "core/shared.h"
#include "core/shared_follow.h"
#include "core/shared_tell.h"
#include "feat/fanout.h"
#include "feat/features.h"
#include "feat/subscription_again.h"
#include "xml/ns.h"

enum {
	NAME_BYTES_MOST = 256,          /* of an item or a group */
	GROUPS_MOST = 32,               /* of one item */
	TEXT_BYTES_MOST = 2048,         /* of both; a value of 16 KiB holds it,
	                                   each byte as three (xdb_ldap/map.c) */
};

bool roster_is_full(const struct account *a)
{
	return map_count(&a->contacts) >= host.settings->limits.roster_items;
}

/* --- items as XML ------------------------------------------------------------------ */

static const char *const subscription_words[] = {
	[SUB_NONE] = "none", [SUB_TO] = "to", [SUB_FROM] = "from",
	[SUB_BOTH] = "both",
};

static void item_add(struct arena *arena, struct elem *query,
    const struct xdb_roster_item *i)
{
	struct elem *e = elem_add(arena, query, NS_ROSTER, "item");

	elem_set(arena, e, "jid", i->jid);
	if (i->name.n != 0)
		elem_set(arena, e, "name", i->name);
	elem_set_cstr(arena, e, "subscription",
	    subscription_words[i->subscription]);
	if (i->ask)
		elem_set_cstr(arena, e, "ask", "subscribe");
	if (i->approved)
		elem_set_cstr(arena, e, "approved", "true");
	for (size_t g = 0; g < i->group_n; g++)
		elem_add_text_child(arena, e, NS_ROSTER, "group", i->groups[g]);
}

/* Others may change items and not the number beside them (ldapmodify does as it
 * is told), when we look and when we do not.  So the version says what the
 * roster is, too. */
static struct slice version_text(struct arena *arena, const struct account *a)
{
	uint64_t shared = shared_mark(jid_bare(&a->jid));
	struct buf b = { 0 };
	struct slice text;

	buf_addf(&b, "%" PRIu64 "-%" PRIx64, a->roster_version, a->roster_mark);
	if (shared != 0)
		buf_addf(&b, "-%" PRIx64, shared);
	text = slice_dup(arena, buf_slice(&b));
	buf_fini(&b);
	return text;
}

/* --- pushes -------------------------------------------------------------------------- */

static struct elem *push_new(struct arena *arena, const struct account *a,
    struct slice contact)
{
	static uint64_t pushed;
	struct elem *iq = elem_new(arena, NS_CLIENT, "iq"), *query, *item;
	struct xdb_roster_item is;
	struct buf id = { 0 };

	buf_addf(&id, "push%" PRIu64, ++pushed);
	elem_set(arena, iq, "id", slice_dup(arena, buf_slice(&id)));
	buf_fini(&id);
	elem_set_cstr(arena, iq, "type", "set");
	query = elem_add(arena, iq, NS_ROSTER, "query");
	/* Half told is no version: who comes back with this one gets all. */
	elem_set(arena, query, "ver", shared_is_telling()
	    ? SLICE("changing") : version_text(arena, a));
	if (account_item(a, contact, arena, &is)) {
		item_add(arena, query, &is);
	} else {
		item = elem_add(arena, query, NS_ROSTER, "item");
		elem_set(arena, item, "jid", contact);
		elem_set_cstr(arena, item, "subscription", "remove");
	}
	return iq;
}

void roster_push(struct account *a, struct slice contact)
{
	struct arena arena = { NULL };
	struct fanout f;
	struct session *s;

	fanout_init(&f, push_new(&arena, a, contact), &(struct write_as){ 0 });
	LIST_EACH(s, &a->sessions, struct session, account_link)
		if (s->is_interested)
			fanout_send(&f, s, jid_full(&s->jid));
	fanout_fini(&f);
	arena_fini(&arena);
}

/* --- get ------------------------------------------------------------------------------ */

static void roster_give(struct job *j);

static void roster_get(struct job *j)
{
	shared_want(j, roster_give);
}

struct listing { struct arena *arena; const struct account *a; struct elem *query; };

static void list_shared(const struct shared_person *p, void *ctx)
{
	const struct listing *l = ctx;
	struct xdb_roster_item item;

	/* Those of the person's own list stand there already. */
	if (map_find(&l->a->contacts, p->jid) == NULL
	    && account_item(l->a, p->jid, l->arena, &item))
		item_add(l->arena, l->query, &item);
}

static void roster_give(struct job *j)
{
	struct account *a = j->session->account;
	struct slice known = elem_attr(job_payload(j), "ver");
	struct slice version = version_text(&j->arena, a);
	struct xdb_roster_item item;
	struct elem *query;
	struct contact *c;
	size_t at = 0;

	j->session->is_interested = true;
	if (slice_eq(known, version)) {
		job_reply(j, NULL);     /* §2.6.3: what the client has is right */
		return;
	}
	query = elem_new(&j->arena, NS_ROSTER, "query");
	if (known.p != NULL)
		elem_set(&j->arena, query, "ver", version);
	while ((c = map_next(&a->contacts, &at)) != NULL)
		if (account_item(a, c->item.jid, &j->arena, &item))
			item_add(&j->arena, query, &item);
	shared_each(jid_bare(&a->jid), list_shared, &(struct listing){
	    &j->arena, a, query });
	job_reply(j, query);
}

/* --- set: reading the item ------------------------------------------------------------- */

struct roster_set {
	struct account *account;        /* held by the job */
	struct jid contact;             /* bare */
	struct slice name;
	struct slice groups[GROUPS_MOST];
	size_t group_n;
	bool is_removal;
	/* found by the plan */
	struct slice own[GROUPS_MOST];  /* those of them that no directory has */
	size_t own_n;
	struct xdb_roster_item was, is;
	bool is_absent, is_full;
	const char *refused;            /* what a group of the directory says */
};

static bool has_group(const struct roster_set *r, struct slice name)
{
	for (size_t i = 0; i < r->group_n; i++)
		if (slice_eq(r->groups[i], name))
			return true;
	return false;
}

/* §2.3.3: the errors of a set. */
static bool read_groups(struct job *j, struct roster_set *r,
    const struct elem *item, size_t *text)
{
	const struct elem *e = elem_child(item, NS_ROSTER, "group");

	for (; e != NULL; e = elem_next(e, NS_ROSTER, "group")) {
		struct slice name = elem_text(&j->arena, e);

		if (has_group(r, name)) {
			job_fail(j, SE_BAD_REQUEST, "A group is named twice.");
			return false;
		}
		if (name.n == 0 || name.n > NAME_BYTES_MOST
		    || r->group_n == GROUPS_MOST) {
			job_fail(j, SE_NOT_ACCEPTABLE, "A contact may be in at "
			    "most 32 groups with names of 1 to 256 bytes.");
			return false;
		}
		r->groups[r->group_n++] = name;
		*text += name.n;
	}
	return true;
}

static bool read_jid(struct job *j, struct roster_set *r,
    const struct elem *item)
{
	struct slice text = elem_attr(item, "jid");
	struct jid jid;

	if (text.p == NULL) {
		job_fail(j, SE_BAD_REQUEST, "The item has no address.");
		return false;
	}
	if (!jid_parse(&j->arena, text, &jid)) {
		job_fail(j, SE_JID_MALFORMED, NULL);
		return false;
	}
	if (jid_eq_bare(&jid, &j->from)) {
		job_fail(j, SE_NOT_ALLOWED, "Nobody is their own contact.");
		return false;
	}
	r->contact = jid_bare_dup(&j->arena, &jid);
	return true;
}

static bool read_item(struct job *j, struct roster_set *r)
{
	const struct elem *query = job_payload(j);
	const struct elem *item = elem_child(query, NS_ROSTER, "item");
	size_t text;

	if (item == NULL || elem_children(query) != 1) {
		job_fail(j, SE_BAD_REQUEST, "One item at a time.");
		return false;
	}
	if (!read_jid(j, r, item))
		return false;
	/* §2.1.2.5: other values are the server's to set, and ignored. */
	r->is_removal = slice_is(elem_attr(item, "subscription"), "remove");
	if (r->is_removal)
		return true;
	r->name = elem_attr(item, "name");
	if (r->name.n > NAME_BYTES_MOST) {
		job_fail(j, SE_NOT_ACCEPTABLE,
		    "The name is longer than 256 bytes.");
		return false;
	}
	text = r->name.n;
	if (!read_groups(j, r, item, &text))
		return false;
	if (text > TEXT_BYTES_MOST)
		job_fail(j, SE_NOT_ACCEPTABLE, "The name of a contact and its "
		    "groups may have 2048 bytes together.");
	return text <= TEXT_BYTES_MOST;
}

/* --- set: making the change ------------------------------------------------------------ */

static bool roster_set_plan(struct job *j, struct account *a, struct account_edit *edit_r);
static void roster_set_stored(struct job *j, enum xdb_status status);
static void roster_removed_told(struct job *j, enum xdb_status status);

static void roster_set(struct job *j)
{
	struct roster_set *r = ARENA_NEW(&j->arena, struct roster_set);

	if (!read_item(j, r))
		return;
	j->data = r;
	r->account = j->session->account;
	account_edit(j, r->account, jid_bare(&r->contact), roster_set_plan,
	    roster_set_stored);
}

/* --- set: contacts of roster groups ------------------------------------------------------ */

/* A client that sends groups sends those it was told of, or moves the contact out
 * of one; one that sends none may be giving it a name. */
static bool shared_is_respected(struct roster_set *r,
    const struct xdb_roster_item *shared)
{
	r->refused = NULL;
	if (r->is_removal)
		r->refused = "The directory shows this contact to you by a "
		    "group; it can only be changed there.";
	for (size_t i = 0; r->group_n != 0 && i < shared->group_n; i++)
		if (!has_group(r, shared->groups[i]))
			r->refused = "This contact is in a group of the "
			    "directory and stays in it; it can be in others, "
			    "too.";
	return r->refused == NULL;
}

static void own_groups(struct roster_set *r, const struct xdb_roster_item *shared)
{
	r->own_n = 0;
	for (size_t i = 0; i < r->group_n; i++) {
		bool is_own = true;

		for (size_t k = 0; k < shared->group_n; k++)
			is_own = is_own && !slice_eq(r->groups[i],
			    shared->groups[k]);
		if (is_own)
			r->own[r->own_n++] = r->groups[i];
	}
}

/* True: what is the person's own of it is all that the edit is about; false:
 * refused, or nothing of one's own is left to keep. */
static bool shared_plan(struct roster_set *r, const struct xdb_roster_item *shared,
    struct account_edit *edit_r)
{
	bool is_plain;

	if (!shared_is_respected(r, shared))
		return false;
	is_plain = r->own_n == 0 && (r->name.n == 0
	    || slice_eq(r->name, shared->name)) && !r->was.ask
	    && !r->was.approved && r->was.subscription == SUB_NONE;
	edit_r->changes_item = is_plain && !r->is_absent;
	return !is_plain;
}

static bool roster_set_plan(struct job *j, struct account *a,
    struct account_edit *edit_r)
{
	struct roster_set *r = j->data;
	struct xdb_roster_item shared = { .jid = jid_bare(&r->contact) };
	bool is_shared;
	const struct xdb_roster_item *was = account_contact(a, &r->contact);

	r->is_absent = was == NULL;
	r->is_full = was == NULL && roster_is_full(a);
	r->was = was != NULL ? *was : (struct xdb_roster_item){ 0 };
	is_shared = shared_merge(&j->arena, jid_bare(&a->jid), &shared);
	own_groups(r, &shared);
	if (is_shared && !shared_plan(r, &shared, edit_r))
		return edit_r->changes_item;
	if (r->is_removal) {
		edit_r->changes_item = !r->is_absent;
		return !r->is_absent;
	}
	if (r->is_full)
		return false;
	r->is = r->was;
	r->is.jid = jid_bare(&r->contact);
	r->is.name = r->name;
	r->is.groups = r->own;
	r->is.group_n = r->own_n;
	edit_r->changes_item = true;
	edit_r->item = &r->is;
	return true;
}

/* §2.5.2: what the contact is told when it is removed. */
static struct subscription_sent removal_sent(const struct roster_set *r)
{
	struct subscription_sent s = { .from = r->account->jid,
		.to = r->contact, .held = SUB_BOTH };

	if ((r->was.subscription & SUB_TO) != 0 || r->was.ask)
		s.types[s.n++] = PRESENCE_UNSUBSCRIBE;
	if ((r->was.subscription & SUB_FROM) != 0)
		s.types[s.n++] = PRESENCE_UNSUBSCRIBED;
	return s;
}

static void roster_removal_tell(struct job *j, const struct roster_set *r)
{
	struct subscription_sent s = removal_sent(r);

	if (s.n != 0 && host_is_local(&r->contact)) {
		subscription_again_forget(&r->account->jid, &r->contact);
		subscription_arrive(j, &s, roster_removed_told);
	} else {
		job_reply(j, NULL);
	}
}

static void roster_set_stored(struct job *j, enum xdb_status status)
{
	struct roster_set *r = j->data;

	if (status != XDB_OK) {
		job_fail_xdb(j, status);
	} else if (r->refused != NULL) {
		job_fail(j, r->is_removal ? SE_NOT_ALLOWED : SE_NOT_ACCEPTABLE,
		    r->refused);
	} else if (r->is_removal && r->is_absent) {
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
	} else if (!r->is_removal && r->is_full) {
		job_fail(j, SE_POLICY_VIOLATION, "The contact list is full.");
	} else {
		roster_push(r->account, jid_bare(&r->contact));
		if (r->is_removal)
			roster_removal_tell(j, r);
		else
			job_reply(j, NULL);
	}
}

/* The contact is out of our list whatever became of the contact's side. */
static void roster_removed_told(struct job *j, enum xdb_status status)
{
	const struct roster_set *r = j->data;
	struct subscription_sent s = removal_sent(r);

	subscription_again(&s, NULL, status);
	job_reply(j, NULL);
}

/* --- others' rosters -------------------------------------------------------------------- */

static void roster_of_other(struct job *j)
{
	job_fail(j, SE_FORBIDDEN, NULL);        /* §2.3.3; RTE-06 */
}

static void roster_stream_features(struct xml_writer *w)
{
	write_leaf(w, NS_ROSTER_VER, "ver", SLICE(""));
}

static const struct iq_route routes[] = {
	{ IQ_GET, NS_ROSTER, "query", TO_OWN_ACCOUNT,   roster_get      },
	{ IQ_SET, NS_ROSTER, "query", TO_OWN_ACCOUNT,   roster_set      },
	{ IQ_GET, NS_ROSTER, "query", TO_OTHER_ACCOUNT, roster_of_other },
	{ IQ_SET, NS_ROSTER, "query", TO_OTHER_ACCOUNT, roster_of_other },
	{ 0 }
};

static void roster_contact_changed(struct account *a, struct slice contact,
    enum xdb_subscription was)
{
	(void)was;
	roster_push(a, contact);
}

static const struct hooks hooks = {
	.contact_changed = roster_contact_changed,
	.stream_features = roster_stream_features,
};

const struct feature feature_roster = {
	.name = "roster",
	.spec = "RFC 6121 §2",
	.disco = NS_ROSTER,
	.routes = routes,
	.hooks = &hooks,
};
