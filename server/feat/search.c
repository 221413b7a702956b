/* SPDX-License-Identifier: Apache-2.0 */
/* feat/search.c — XEP-0055: people found by people, in the directory.
 *
 * A service at a domain of its own, which clients find among the host's items
 * (Gajim and Psi by its feature, Pidgin by its identity, directory/user).  The
 * form is asked for and answered in both of the XEP's ways, by its four fields
 * and as a data form, which has one more, for any name; long answers come in
 * pages (XEP-0059, whose own example this is).
 *
 * Who is found is decided by the directory: people_filter, and [search] filter
 * for those who do not want to be.  How much somebody can read off is bounded by
 * the least length of what is typed, by how many one search shows, and by how
 * often one person may search. */
#include "base/loop.h"
#include "base/throttle.h"
#include "core/admission.h"
#include "core/host.h"
#include "core/route.h"
#include "feat/features.h"
#include "feat/form.h"
#include "feat/rsm.h"
#include "xml/ns.h"

enum { PIECE_BYTES_MOST = 128, WORDS_MOST = 4 };

static struct throttle *throttle;
static unsigned throttle_often;         /* the setting it was made by */

/* --- fields --------------------------------------------------------------------------- */

static const struct {
	const char *var, *label;
	size_t asked, shown;            /* offsets; shown 0: not in results */
	bool is_form_only;              /* no element of the XEP's own */
} fields[] = {
	{ "first", "Given name", offsetof(struct xdb_find, given_name),
	    offsetof(struct xdb_person, given_name), false },
	{ "last", "Family name", offsetof(struct xdb_find, sn),
	    offsetof(struct xdb_person, sn), false },
	{ "nick", "User name", offsetof(struct xdb_find, name),
	    offsetof(struct xdb_person, uid), false },
	{ "email", "Mail address", offsetof(struct xdb_find, mail),
	    offsetof(struct xdb_person, mail), false },
	{ "x-name", "Any part of the name", offsetof(struct xdb_find, any),
	    offsetof(struct xdb_person, cn), true },
};

static struct slice *asked_of(struct xdb_find *f, size_t i)
{
	return (struct slice *)((char *)f + fields[i].asked);
}

static struct slice shown_of(const struct xdb_person *p, size_t i)
{
	return *(const struct slice *)((const char *)p + fields[i].shown);
}

/* --- the form ---------------------------------------------------------------------------- */

static void ask(struct job *j)
{
	const struct slice help = SLICE("Fill in one field or several. A piece "
	    "of a name is enough, with or without accents.");
	struct elem *query = elem_new(&j->arena, NS_SEARCH, "query"), *x;

	elem_add_text_child(&j->arena, query, NS_SEARCH, "instructions", help);
	x = form_new(&j->arena, "form", SLICE("People search"), NS_SEARCH);
	elem_add_text_child(&j->arena, x, NS_DATA, "instructions", help);
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (!fields[i].is_form_only)
			elem_add(&j->arena, query, NS_SEARCH, fields[i].var);
		form_add(&j->arena, x, fields[i].var, "text-single",
		    fields[i].label);
	}
	elem_add_elem(&j->arena, query, x);
	job_reply(j, query);
}

/* --- what is asked ------------------------------------------------------------------------- */

static size_t characters(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* COMPAT: people write "gar*", as other services taught them. */
static struct slice without_stars(struct slice s)
{
	s = slice_trim(s);
	while (s.n != 0 && s.p[0] == '*')
		s = slice_make(s.p + 1, s.n - 1);
	while (s.n != 0 && s.p[s.n - 1] == '*')
		s.n--;
	return slice_trim(s);
}

static bool is_long_enough(struct slice piece)
{
	return characters(piece) >= host.settings->search.least
	    && piece.n <= PIECE_BYTES_MOST;
}

/* Of several words each is looked for by itself. */
static bool is_any_good(struct slice text)
{
	struct slice rest = text, word;
	unsigned n = 0;

	while (slice_word(&rest, &word))
		if (!is_long_enough(word) || ++n > WORDS_MOST)
			return false;
	return n != 0;
}

static struct slice typed(struct job *j, const struct elem *form, size_t i)
{
	const struct elem *e;
	struct slice text;

	if (form != NULL)
		return form_value(&j->arena, form, fields[i].var, &text) ? text
		    : slice_make(NULL, 0);
	e = elem_child(job_payload(j), NS_SEARCH, fields[i].var);
	return e != NULL ? elem_text(&j->arena, e) : slice_make(NULL, 0);
}

/* Short words of the field for any name are particles: "de la". */
static struct slice long_words(struct job *j, struct slice text)
{
	struct slice rest = text, word, kept;
	struct buf b = { 0 };

	while (slice_word(&rest, &word))
		if (characters(word) >= host.settings->search.least)
			buf_addf(&b, SLICE_FMT " ", SLICE_ARG(word));
	kept = slice_trim(slice_dup(&j->arena, buf_slice(&b)));
	buf_fini(&b);
	return kept;
}

static bool question_read(struct job *j, const struct elem *form,
    struct xdb_find *f)
{
	unsigned asked = 0;

	*f = (struct xdb_find){ .filter = host.settings->search.filter,
		.most = host.settings->search.most };
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct slice text = without_stars(typed(j, form, i));
		bool is_any = asked_of(f, i) == &f->any;

		if (text.n == 0)
			continue;
		if (is_any)
			text = long_words(j, text);
		if (is_any ? !is_any_good(text) : !is_long_enough(text))
			return false;
		*asked_of(f, i) = text;
		asked++;
	}
	return asked != 0;
}

/* --- searching ------------------------------------------------------------------------------- */

struct results {
	struct slice *jids;
	const struct xdb_person **people;
	size_t n;
	bool is_form;
};

static void searched(struct job *j, const struct xdb_result *res);

static bool may_search(const struct job *j)
{
	static const struct throttle_limit none = { UINT32_MAX, UINT32_MAX };
	int64_t now = loop_now_ms();

	if (throttle_often != host.settings->search.often)
		throttle_free(&throttle);
	throttle_often = host.settings->search.often;
	if (throttle == NULL)
		throttle = throttle_new(&(struct throttle_limits){
			.away = { host.settings->search.often, UINT32_MAX },
			.loopback = none });
	if (throttle_wait_ms(throttle, "search", jid_bare(&j->from), now) != 0)
		return false;
	throttle_failed(throttle, "search", jid_bare(&j->from), now);
	return true;
}

static void search(struct job *j)
{
	const struct elem *form = elem_child(job_payload(j), NS_DATA, "x");
	struct results *r = ARENA_NEW(&j->arena, struct results);
	struct buf text = { 0 };
	struct xdb_find find;

	if (form != NULL && (!slice_is(elem_attr(form, "type"), "submit")
	    || !form_is(&j->arena, form, NS_SEARCH))) {
		job_fail(j, SE_BAD_REQUEST, "This is another form.");
	} else if (!question_read(j, form, &find)) {
		buf_addf(&text, "Fill in one of the fields: %u letters or more, "
		    "four words at most.", host.settings->search.least);
		job_fail(j, SE_NOT_ACCEPTABLE,
		    slice_cstr(&j->arena, buf_slice(&text)));
	} else if (!may_search(j)) {
		job_fail(j, SE_RESOURCE_CONSTRAINT,
		    "So many searches are too many: try again later.");
	} else {
		r->is_form = form != NULL;
		j->data = r;
		job_await(j, xdb_people_find(host.xdb, &find), searched);
	}
	buf_fini(&text);
}

/* --- results ------------------------------------------------------------------------------------ */

static bool is_usable(const struct xdb_account *a)
{
	enum xdb_refusal refusal = a->person.refusal;

	return (refusal == XDB_REFUSAL_NONE || refusal == XDB_MUST_CHANGE)
	    && (!a->profile.exists || a->profile.status == PROFILE_ACTIVE);
}

/* Who cannot be written to is not shown: locked, suspended, not of the groups that may
 * use the service, or of a name that is none. */
static void results_take(struct job *j, struct results *r,
    const struct xdb_result *res)
{
	struct slice local;

	r->jids = arena_alloc(&j->arena, (res->n + 1) * sizeof *r->jids);
	r->people = arena_alloc(&j->arena, (res->n + 1) * sizeof *r->people);
	for (size_t i = 0; i < res->n; i++) {
		const struct xdb_person *p = &res->accounts[i].person;
		struct jid jid;

		if (!is_usable(&res->accounts[i])
		    || !jid_prep_local(&j->arena, p->uid, &local)
		    || admission_of(local, p->uuid) == XDB_ABSENT)
			continue;
		jid = host_account_jid(&j->arena, local);
		r->people[r->n] = p;
		r->jids[r->n++] = jid_bare(&jid);
	}
}

static bool find_jid(struct arena *a, const void *items, size_t n,
    struct slice name, size_t *at_r)
{
	const struct results *r = items;

	(void)a;
	for (*at_r = 0; *at_r < n; ++*at_r)
		if (slice_eq(r->jids[*at_r], name))
			return true;
	return false;
}

static void write_item(struct arena *a, struct elem *query,
    const struct results *r, size_t at)
{
	struct elem *item = elem_add(a, query, NS_SEARCH, "item");

	elem_set(a, item, "jid", r->jids[at]);
	for (size_t i = 0; i < COUNT(fields); i++)
		if (!fields[i].is_form_only)
			elem_add_text_child(a, item, NS_SEARCH, fields[i].var,
			    shown_of(r->people[at], i));
}

static void write_row(struct arena *a, struct elem *x, const struct results *r,
    size_t at)
{
	struct elem *item = elem_add(a, x, NS_DATA, "item");

	form_add_fact(a, item, "jid", r->jids[at]);
	for (size_t i = 0; i < COUNT(fields); i++)
		form_add_fact(a, item, fields[i].var,
		    shown_of(r->people[at], i));
}

/* XEP-0004 §3.4 */
static struct elem *table_new(struct arena *a)
{
	struct elem *x = form_new(a, "result", slice_make(NULL, 0), NS_SEARCH);
	struct elem *reported = elem_add(a, x, NS_DATA, "reported");

	form_add(a, reported, "jid", "jid-single", "Address");
	for (size_t i = 0; i < COUNT(fields); i++)
		form_add(a, reported, fields[i].var, "text-single",
		    fields[i].is_form_only ? "Name" : fields[i].label);
	return x;
}

static struct elem *write_page(struct arena *a, const struct results *r,
    const struct rsm_page *page)
{
	struct elem *query = elem_new(a, NS_SEARCH, "query"), *x;

	if (!r->is_form) {
		for (size_t i = 0; i < page->n; i++)
			write_item(a, query, r, page->first + i);
		return query;
	}
	x = table_new(a);
	for (size_t i = 0; i < page->n; i++)
		write_row(a, x, r, page->first + i);
	elem_add_elem(a, query, x);
	return query;
}

static void searched(struct job *j, const struct xdb_result *res)
{
	const struct elem *set = elem_child(job_payload(j), NS_RSM, "set");
	struct results *r = j->data;
	struct rsm_page page;
	struct elem *query;

	if (res->status != XDB_OK) {
		job_fail_xdb(j, res->status);
		return;
	}
	results_take(j, r, res);
	if (!rsm_choose(&j->arena, set, &(struct rsm_list){ r->n, r->n, find_jid,
	    r }, &page)) {
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
		return;
	}
	query = write_page(&j->arena, r, &page);
	if (set != NULL) {
		rsm_say(&j->arena, query, &page, r->jids[page.first],
		    r->jids[page.first + page.n - (page.n != 0)]);
		/* XEP-0059 §2.6: no number rather than a wrong one. */
		if (!res->is_cut)
			rsm_say_count(&j->arena, query, r->n);
	}
	job_reply(j, query);
}

/* --- the service ---------------------------------------------------------------------------------- */

static void info(struct job *j)
{
	static const char *const names[] = { NS_DISCO_INFO, NS_DISCO_ITEMS,
		NS_SEARCH, NS_DATA, NS_RSM, NS_PING };
	struct elem *query = elem_new(&j->arena, NS_DISCO_INFO, "query"), *e;

	if (elem_attr(job_payload(j), "node").n != 0) {
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
		return;
	}
	e = elem_add(&j->arena, query, NS_DISCO_INFO, "identity");
	elem_set_cstr(&j->arena, e, "category", "directory");
	elem_set_cstr(&j->arena, e, "type", "user");
	elem_set_cstr(&j->arena, e, "name", "People search");
	for (size_t i = 0; i < COUNT(names); i++) {
		e = elem_add(&j->arena, query, NS_DISCO_INFO, "feature");
		elem_set_cstr(&j->arena, e, "var", names[i]);
	}
	job_reply(j, query);
}

static void items(struct job *j)
{
	job_reply(j, elem_new(&j->arena, NS_DISCO_ITEMS, "query"));
}

static void ping(struct job *j)
{
	job_reply(j, NULL);
}

/* The service itself, and nobody below it; only people of ours reach it. */
static void stanza(struct job *j)
{
	enum iq_type type = j->kind == STANZA_IQ ? stanza_iq_type(j->stanza)
	    : IQ_RESULT;

	if (j->kind == STANZA_PRESENCE)
		job_done(j);
	else if (!host.settings->search.is_on)
		job_fail(j, SE_REMOTE_SERVER_NOT_FOUND,
		    "There is no people search here.");
	else if (j->kind == STANZA_MESSAGE)
		job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);
	else if (type != IQ_GET && type != IQ_SET)
		job_done(j);
	else if (j->to.local_n != 0 || j->to.resource_n != 0)
		job_fail(j, SE_ITEM_NOT_FOUND, NULL);
	else if (j->session == NULL)
		job_fail(j, SE_FORBIDDEN, NULL);
	else
		dispatch_iq(j, TO_SEARCH_HOST);
}

static bool start(const char **why_r)
{
	route_claim(&host.search_jid, stanza);
	return xdb_filter_is_good(host.settings->search.filter, why_r);
}

static void stop(void)
{
	throttle_free(&throttle);
}

static const struct iq_route routes[] = {
	{ IQ_GET, NS_SEARCH,      "query", TO_SEARCH_HOST, ask      },
	{ IQ_SET, NS_SEARCH,      "query", TO_SEARCH_HOST, search   },
	{ IQ_GET, NS_DISCO_INFO,  "query", TO_SEARCH_HOST, info     },
	{ IQ_GET, NS_DISCO_ITEMS, "query", TO_SEARCH_HOST, items    },
	{ IQ_GET, NS_PING,        "ping",  TO_SEARCH_HOST, ping     },
	{ 0 }
};

const struct feature feature_search = {
	.name = "search",
	.spec = "XEP-0055",
	.routes = routes,
	.start = start,
	.stop = stop,
};
