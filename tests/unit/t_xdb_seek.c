/* SPDX-License-Identifier: Apache-2.0 */
/* What names a member of a group or list, and in which form; many of them in a
 * few searches, which this test answers as servers do. */
#include "base/chore.h"
#include "base/log.h"
#include "tests/tap.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/pool.h"
#include "xdb_ldap/seek.h"

static const struct {
	enum form stated;
	const char *value;
	enum form form;
	const char *name;
} cases[] = {
	{ FORM_DN, "uid=ann,dc=x", FORM_DN, "uid=ann,dc=x" },
	{ FORM_DN, "uid=ann,dc=x#'01'B", FORM_DN, "uid=ann,dc=x" },
	{ FORM_DN, "uid=a#b,dc=x", FORM_DN, "uid=a#b,dc=x" },
	{ FORM_UID, " ann ", FORM_UID, "ann" },
	{ FORM_UID, "", FORM_NONE, "" },
	{ FORM_URL, "ldap:///dc=x??sub?(a=b)", FORM_URL, "ldap:///dc=x??sub?(a=b)" },
	{ FORM_MAIL, "ann@x.org", FORM_MAIL, "ann@x.org" },
	{ FORM_MAIL, "mailto:ann@x.org", FORM_MAIL, "ann@x.org" },
	{ FORM_MAIL, "MAILTO:ann@x.org?subject=no", FORM_MAIL, "ann@x.org" },
	{ FORM_MAIL, "ann", FORM_WORD, "ann" },
	{ FORM_MAIL, "\\ann", FORM_WORD, "ann" },
	{ FORM_MAIL, "\\", FORM_NONE, "\\" },
	{ FORM_MAIL, "|/bin/sh", FORM_NONE, "|/bin/sh" },
	{ FORM_MAIL, "/var/mail/ann", FORM_NONE, "/var/mail/ann" },
	{ FORM_MAIL, ":include:/etc/x", FORM_NONE, ":include:/etc/x" },
	{ FORM_MAIL, "ann bob", FORM_NONE, "ann bob" },
	{ FORM_MAIL, "uid=ann,dc=x", FORM_NONE, "uid=ann,dc=x" },
	{ FORM_MAIL, "mailto:", FORM_NONE, "mailto:" },
	{ FORM_ANY, "uid=ann,dc=x", FORM_DN, "uid=ann,dc=x" },
	{ FORM_ANY, "ldap:///dc=x??sub?(a=b)", FORM_URL, "ldap:///dc=x??sub?(a=b)" },
	{ FORM_ANY, "LDAP:///dc=x", FORM_URL, "LDAP:///dc=x" },
	{ FORM_ANY, "mailto:a=b@x.org", FORM_MAIL, "a=b@x.org" },
	{ FORM_ANY, "ann", FORM_WORD, "ann" },
};

static void forms(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice value = slice_of(cases[i].value);

		is_int(form_of(cases[i].stated, &value), cases[i].form,
		    cases[i].value);
		is_slice(value, slice_of(cases[i].name), "… and what is its name");
	}
}

/* --- a store without a server ----------------------------------------------------------- */

static struct xdb db;
static struct xdb_op *op;
static struct timer turn;
static unsigned hits, ended;

static void turned(void *ctx)
{
	(void)ctx;
	loop_stop();
}

/* All that is to be done before the next answer. */
static void settle(void)
{
	for (int i = 0; i < 5; i++) {
		timer_start(&turn, 1);
		loop_run();
	}
}

static void begin(void)
{
	db = (struct xdb){ .people_base = "dc=x", .groups_base = "dc=x",
		.people_filter = "(objectClass=person)", .timeout_ms = 60000,
		.root.is_known = true };
	list_init(&db.ops);
	list_init(&db.pagers);
	map_init(&db.names, &db.arena, "uid", NULL);
	pool_init(&db.search, &db, POOL_SEARCH, 0);
	hits = ended = 0;
}

static void seeker_over(struct xdb_op *o)
{
	seek_fini(o->data);
}

static void done_with(const struct xdb_result *res, void *ctx)
{
	(void)ctx;
	ended = res->status == XDB_OK ? 1 : 2 + (unsigned)res->status;
	op = NULL;
}

static void end(void)
{
	xdb_cancel(&op);
	pool_fini(&db.search);
	arena_fini(&db.arena);
}

static void hit(struct xdb_op *o, struct sought *one, const struct entry *e)
{
	(void)o;
	(void)one;
	(void)e;
	hits++;
}

static void all_sought(struct xdb_op *o)
{
	op_finish(o, XDB_OK, NULL);
}

/* Asks for p0, p1, … by name, or by DN. */
static void seek(unsigned n, enum form form, const char *head, const char *tail)
{
	struct seek *s;

	op = op_new(&db, sizeof *s);
	op->over = seeker_over;
	xdb_then(op, done_with, NULL);
	s = op->data;
	seek_begin(op, s);
	for (unsigned i = 0; i < n; i++) {
		struct buf b = { 0 };

		buf_addf(&b, "%s%u%s", head, i, tail);
		seek_add(op, s, &(struct sought){ .form = form,
		    .value = slice_of(op_take(op, &b)) });
	}
	seek_people(op, hit, all_sought);
	settle();
}

static struct call *first_call(void)
{
	return LIST_FIRST(&db.search.queue, struct call, place_link);
}

/* "(uid=p1)(uid=p2)…": calls fn for each; how many they are. */
static unsigned each_name(const struct call *c,
    void (*fn)(struct call *c, struct slice name), struct call *into)
{
	const char *at = c->filter;
	unsigned n = 0;

	while ((at = strstr(at, "(uid=")) != NULL) {
		const char *close = strchr(at, ')');

		if (fn != NULL)
			fn(into, slice_make(at + 5, (size_t)(close - at) - 5));
		at = close;
		n++;
	}
	return n;
}

static void entry_put(struct call *c, struct slice name)
{
	struct arena *a = &c->op->arena;
	struct entry *e = ARENA_NEW(a, struct entry);
	struct buf dn = { 0 };

	buf_adds(&dn, "uid=");
	buf_add(&dn, name);
	buf_adds(&dn, ",dc=x");
	e->dn = slice_dup(a, buf_slice(&dn));
	e->fields = ARENA_NEW(a, struct field);
	e->field_n = 1;
	e->fields[0] = (struct field){ .attr = ATTR_UID, .n = 1,
		.v = ARENA_NEW(a, struct slice) };
	e->fields[0].v[0] = slice_dup(a, name);
	*c->entry_end = e;
	c->entry_end = &e->next;
	c->entry_n++;
	buf_fini(&dn);
}

static unsigned most_names, asked;

/* One answer, or none owed: a server that takes so many names and no more. */
static bool answer(unsigned takes, int code)
{
	struct call *c = first_call();
	unsigned n = c != NULL ? each_name(c, NULL, NULL) : 0;
	const char *why;

	if (c == NULL)
		return false;
	if (!filter_is_valid(slice_of(c->filter), &why))
		okf(false, "not a filter: %s", c->filter);
	asked++;
	if (n > most_names)
		most_names = n;
	pool_withdraw(&db.search, c);
	if (n <= takes || code == LDAP_SIZELIMIT_EXCEEDED)
		each_name(c, entry_put, c);
	if (n > takes)
		c->code = code;
	c->is_cut = n > takes && code == LDAP_SIZELIMIT_EXCEEDED;
	call_finish(c, n <= takes || c->is_cut ? XDB_OK : call_status_of(code),
	    NULL);
	return true;
}

static void answer_all(unsigned takes, int code)
{
	most_names = asked = 0;
	do {
		while (answer(takes, code))
			;
		settle();
	} while (first_call() != NULL);
}

/* --- what is asked ---------------------------------------------------------------------- */

static void batches(void)
{
	begin();
	seek(100, FORM_UID, "p", "");
	answer_all(1000, 0);
	ok(ended == 1 && hits == 100, "a hundred names are found,");
	okf(asked == 3 && most_names == SEEK_FILTER_NAMES,
	    "by three searches (%u of %u names at most)", asked, most_names);
	end();
	begin();
	seek(100, FORM_UID, "a-name-that-is-longer-than-those-that-people-have-"
	    "who-must-type-it-every-day-and-so-are-not-very-patient-with-them-"
	    "and-have-been-asking-for-years-whether-there-might-be-a-shorter-"
	    "one-or-at-least-a-way-to-have-it-typed-by-somebody-else-like-",
	    "");
	answer_all(1000, 0);
	okf(ended == 1 && most_names < SEEK_FILTER_NAMES && most_names > 20,
	    "long names: fewer in a filter (%u)", most_names);
	end();
}

static void escaped(void)
{
	const char *filter;

	begin();
	seek(1, FORM_UID, "*)(uid=\\", "");
	filter = first_call()->filter;
	is_str(filter, "(&(objectClass=person)(|(uid=\\2a\\29\\28uid=\\5c0)))",
	    "LDAP-02 RFC 4515 §3: what is special is escaped");
	end();
	begin();
	seek(1, FORM_DN, "uid=a\\2cb\\2a", ",dc=x");
	is_str(first_call()->filter, "(&(objectClass=person)(|(uid=a,b\\2a0)))",
	    "also in what a DN says");
	end();
	begin();
	seek(3, FORM_DN, "l=", ",dc=x");
	ok(first_call()->scope == LDAP_SCOPE_BASE, "a DN without an index is read");
	for (int i = 0; i < 3; i++) {
		struct call *c = first_call();

		pool_withdraw(&db.search, c);
		call_finish(c, XDB_ABSENT, NULL);
	}
	settle();
	ok(ended == 1 && hits == 0, "and it may be gone");
	end();
}

/* --- what is too much for a server --------------------------------------------------------- */

static const struct { int code; unsigned takes; unsigned ended; const char *what; }
servers[] = {
	{ LDAP_ADMINLIMIT_EXCEEDED, 10, 1, "adminLimitExceeded above 10 names" },
	{ LDAP_UNWILLING_TO_PERFORM, 1, 1, "unwillingToPerform above one" },
	{ LDAP_SIZELIMIT_EXCEEDED, 15, 1, "sizeLimitExceeded above 15" },
	{ LDAP_ADMINLIMIT_EXCEEDED, 0, 2 + XDB_DOWN, "adminLimitExceeded, always" },
	{ LDAP_UNWILLING_TO_PERFORM, 0, 2 + XDB_REFUSED, "unwilling, always" },
	{ LDAP_SIZELIMIT_EXCEEDED, 0, 2 + XDB_BROKEN, "sizeLimitExceeded, always" },
	{ LDAP_BUSY, 10, 2 + XDB_BUSY, "busy: that is no matter of size" },
	{ LDAP_NO_SUCH_OBJECT, 10, 2 + XDB_BROKEN, "the base is not there" },
	{ LDAP_TIMELIMIT_EXCEEDED, 10, 2 + XDB_DOWN, "no time" },
};

static void too_much(void)
{
	for (size_t i = 0; i < COUNT(servers); i++) {
		unsigned first;

		begin();
		seek(100, FORM_UID, "p", "");
		answer_all(servers[i].takes, servers[i].code);
		first = asked;
		okf(ended == servers[i].ended, "%s: %s", servers[i].what,
		    servers[i].ended == 1 ? "all is asked in smaller pieces"
		    : "LDAP-13 an error, and not 'nobody'");
		if (ended != 1) {
			end();
			continue;
		}
		is_int(hits, 100, "and each is found once");
		seek(100, FORM_UID, "p", "");
		answer_all(servers[i].takes, servers[i].code);
		okf(asked < first && most_names <= servers[i].takes,
		    "the next time nothing is refused (%u, %u)", first, asked);
		end();
	}
}

int main(void)
{
	const char *why;

	log_open("/dev/null", LOG_ERROR, &why);
	timer_init(&turn, turned, NULL);
	forms();
	batches();
	escaped();
	too_much();
	loop_fini();
	return done();
}
