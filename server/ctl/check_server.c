/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_server.c — what the directory server can, and how it is set up. */
#include <stdlib.h>

#include "base/map.h"
#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/schema.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/preset.h"
#include "xdb_ldap/dn.h"

/* One entry; NULL when it is not there or cannot be seen. */
static LDAPMessage *read_entry(struct wire *w, const char *dn,
    const char *const *attrs)
{
	struct question q = { .base = dn, .scope = LDAP_SCOPE_BASE,
		.attrs = attrs };
	LDAPMessage *found;

	if (wire_search(w, &q, &found) != LDAP_SUCCESS
	    || wire_first(w, found) == NULL) {
		ldap_msgfree(found);
		return NULL;
	}
	return found;
}

static size_t read_values(struct doctor *d, struct wire *w, const char *dn,
    const char *attr, struct slice **values_r)
{
	const char *attrs[] = { attr, NULL };
	LDAPMessage *found = read_entry(w, dn, attrs);
	size_t n = 0;

	if (found != NULL)
		n = wire_values(w, &d->arena, wire_first(w, found),
		    attr, values_r);
	ldap_msgfree(found);
	return n;
}

static bool has_value(const struct slice *values, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(values[i], slice_of(text)))
			return true;
	return false;
}

/* --- root DSE ------------------------------------------------------------------------ */

static bool is_below_any(const struct slice *suffixes, size_t n, const char *dn)
{
	struct buf own = { 0 }, suffix = { 0 };
	bool is_below = false;

	if (dn_normal(&own, slice_of(dn)))
		for (size_t i = 0; i < n && !is_below; i++) {
			buf_clear(&suffix);
			is_below = dn_normal(&suffix, suffixes[i])
			    && dn_is_below(buf_slice(&own), buf_slice(&suffix));
		}
	buf_fini(&own);
	buf_fini(&suffix);
	return is_below;
}

void check_contexts(struct doctor *d, struct result *r)
{
	const struct { const char *key, *dn; } bases[] = {
		{ "people_base", d->settings->ldap.people_base },
		{ "im_base", d->settings->ldap.im_base },
	};
	struct slice *suffixes;
	size_t n = read_values(d, d->im, "", "namingContexts", &suffixes);

	for (size_t i = 0; i < COUNT(bases); i++)
		if (n != 0 && !is_below_any(suffixes, n, bases[i].dn)) {
			result_say(r, VERDICT_FAULT, "[ldap] %s: this server has "
			    "nothing at %s", bases[i].key, bases[i].dn);
			result_next(r, "it has " SLICE_FMT ": write a DN below "
			    "that", SLICE_ARG(suffixes[0]));
		}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, n != 0 ? "they hold our bases"
		    : "the server names none");
}

/* --- what kind of server ---------------------------------------------------------------- */

/* The names of all that is read hang on it; from here on they are that kind's. */
void check_preset(struct doctor *d, struct result *r)
{
	const struct names *names = &d->directory.names;
	const struct root *root = &d->directory.root;
	LDAPMessage *found = read_entry(d->im, "", names->sets[SET_ROOT]);
	struct entry *e = found != NULL ? entry_read(&d->directory.arena, names,
	    d->im->ld, wire_first(d->im, found)) : NULL;

	ldap_msgfree(found);
	root_learn(&d->directory, e);
	if (root->looks_like == XDB_AUTO) {
		result_say(r, VERDICT_WARNING, "the root DSE shows nothing: it is "
		    "taken for %s", preset_texts[root->preset]);
		result_next(r, "let our identities read the root DSE, and set "
		    "[ldap] preset if it is another kind of server");
	} else if (root->looks_like != root->preset) {
		result_say(r, VERDICT_WARNING, "[ldap] preset is %s, and the server "
		    "looks like %s", preset_texts[root->preset],
		    preset_texts[root->looks_like]);
		result_next(r, "set preset = auto, unless a proxy stands in front "
		    "of the server that is meant");
	} else {
		result_say(r, VERDICT_OK, "%s", preset_texts[root->preset]);
	}
}

/* --- what it can ---------------------------------------------------------------------------- */

static const struct extension {
	const char *attr, *oid, *name;
	enum verdict verdict;           /* when it is missing */
	const char *next;
} extensions[] = {
	{ "supportedControl", "1.3.6.1.4.1.4203.1.9.1.1", "content "
	    "synchronisation (RFC 4533)", VERDICT_WARNING,
	    "load syncprov (schema/modules.ldif, schema/overlays.ldif)" },
	{ "supportedControl", "1.2.840.113556.1.4.319", "paged results "
	    "(RFC 2696)", VERDICT_WARNING, "long lists may be cut without it" },
	{ "supportedExtension", "1.3.6.1.4.1.4203.1.11.1", "password "
	    "modification (RFC 3062)", VERDICT_WARNING,
	    "people cannot set a password through us without it" },
};

void check_extensions(struct doctor *d, struct result *r)
{
	for (size_t i = 0; i < COUNT(extensions); i++) {
		const struct extension *e = &extensions[i];
		struct slice *values;
		size_t n = read_values(d, d->im, "", e->attr, &values);

		if (has_value(values, n, e->oid))
			continue;
		result_say(r, e->verdict, "the server has no %s", e->name);
		result_next(r, "%s", e->next);
	}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "all %zu that are used",
		    COUNT(extensions));
}

/* Announced is not the same as at work for this database: asked, it says. */
void check_sync(struct doctor *d, struct result *r)
{
	/* syncRequestValue { mode refreshOnly }, RFC 4533 §2.2 */
	static char value[] = { 0x30, 0x03, 0x0a, 0x01, 0x01 };
	LDAPControl sync = { .ldctl_oid = (char[]){ LDAP_CONTROL_SYNC },
		.ldctl_value = { sizeof value, value }, .ldctl_iscritical = 1 };
	static const char *const none[] = { "1.1", NULL };
	struct question q = { .base = d->directory.profiles_base,
		.scope = LDAP_SCOPE_BASE, .attrs = none, .control = &sync };
	LDAPMessage *found;
	int code = wire_search(d->im, &q, &found);

	ldap_msgfree(found);
	d->has_sync = code == LDAP_SUCCESS;
	if (d->has_sync) {
		result_say(r, VERDICT_OK, "the server tells of changes");
		return;
	}
	result_say(r, VERDICT_WARNING, "the server does not tell of changes: %s",
	    ldap_err2string(code));
	result_next(r, "set syncprov on the database (schema/overlays.ldif); "
	    "until then changes are seen late");
}

/* ppolicy answers a bind that carries its control; see check_bind_im. */
void check_policy(struct doctor *d, struct result *r)
{
	if (d->directory.root.preset != XDB_OPENLDAP) {
		result_say(r, VERDICT_OK, "no ppolicy is looked for, see "
		    "password-time");
	} else if (d->settings->ldap.sasl_external) {
		result_say(r, VERDICT_SKIPPED, "a bind by SASL EXTERNAL does not "
		    "show it");
	} else if (d->has_policy) {
		result_say(r, VERDICT_OK, "ppolicy is at work");
	} else {
		result_say(r, VERDICT_WARNING, "no password policy answers: "
		    "guessing passwords locks nobody, and old SCRAM verifiers "
		    "outlive a changed password");
		result_next(r, "set the overlay ppolicy on the database, see "
		    "slapo-ppolicy(5)");
	}
}

/* --- schema ------------------------------------------------------------------------------ */

/* The names of all definitions of one kind, as the server has them. */
static void known_names(struct doctor *d, struct map *known, const char *dn,
    const char *attr)
{
	struct slice *values;
	size_t n = read_values(d, d->im, dn, attr, &values);

	for (size_t i = 0; i < n; i++) {
		struct slice rest = values[i], word;

		/* Every quoted word before DESC is a name; more is no harm. */
		while (slice_cut(rest, '\'', &word, &rest)
		    && slice_cut(rest, '\'', &word, &rest))
			map_put(known, word, (void *)(uintptr_t)values[i].p);
	}
}

static void missing(struct result *r, const struct map *known,
    const struct slice *names, size_t n, const char *kind)
{
	for (size_t i = 0; i < n; i++)
		if (map_find(known, names[i]) == NULL)
			result_say(r, VERDICT_FAULT, "no %s " SLICE_FMT, kind,
			    SLICE_ARG(names[i]));
}

void check_schema(struct doctor *d, struct result *r)
{
	struct map known = { 0 };
	struct judge_schema ours;
	struct slice *where;
	const char *dn;

	if (read_values(d, d->im, "", "subschemaSubentry", &where) == 0) {
		result_say(r, VERDICT_SKIPPED, "the server does not show its "
		    "schema");
		r->is_unsure = true;
		return;
	}
	dn = slice_cstr(&d->arena, where[0]);
	known_names(d, &known, dn, "attributeTypes");
	known_names(d, &known, dn, "objectClasses");
	judge_schema(&d->arena, schema_ldif(), &ours);
	missing(r, &known, ours.attrs, ours.attr_n, "attribute");
	missing(r, &known, ours.classes, ours.class_n, "class");
	map_fini(&known);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "%zu attributes and %zu classes",
		    ours.attr_n, ours.class_n);
	else
		result_next(r, "load what `tertuliactl doctor --schema` prints, "
		    "with ldapadd as the directory's administrator");
}

/* --- indexes -------------------------------------------------------------------------------- */

/* Every filter that the service sends is on one of these (schema/indexes.ldif).
 * `test`: a search that finds nobody, which an index knows at once and without
 * one is known when every entry was read. */
static const struct index {
	enum attr attr;
	const char *kind, *test;
	bool in_people;                 /* below people_base, else below im_base */
} indexed[] = {
	{ ATTR_NAME, "eq", "(%s=7e57d0c7)", true },
	{ ATTR_UUID, "eq", "(%s=7e57d0c7-0000-4000-8000-000000000000)", true },
	{ ATTR_CSN, "eq", "(%s=19700101000000.000000Z#000000#000#000000)", true },
	{ ATTR_MODIFIED, "eq", "(%s>=99991231000000Z)", true },
	{ ATTR_MAIL, "sub", "(%s=*7e57d0c7*)", true },
	{ ATTR_MAIL, "eq", "(%s=7e57d0c7)", true },
	{ ATTR_CERTIFICATE, "eq", "(%s={ serialNumber 1, "
	    "issuer rdnSequence:\"cn=7e57d0c7\" })", true },
	{ ATTR_CN, "sub", "(%s=*7e57d0c7*)", true },
	{ ATTR_GROUP_MEMBER, "eq", "(%s=cn=7e57d0c7)", true },
	{ ATTR_OBJECT_CLASS, "eq", "(%s=simpleSecurityObject)", true },
	{ ATTR_JID, "eq", "(%s=7e57d0c7)", false },
	{ ATTR_PERSON_UUID, "eq", "(%s=7e57d0c7-0000-4000-8000-000000000000)",
	    false },
	{ ATTR_PERSON, "eq", "(%s=cn=7e57d0c7)", false },
	{ ATTR_ROOM_NAME, "eq", "(%s=7e57d0c7)", false },
	{ ATTR_OWNER, "eq", "(%s=cn=7e57d0c7)", false },
	{ ATTR_TOKEN_HASH, "eq", "(%s=7e57d0c7)", false },
};

/* Are the owners of certificates looked for like this? */
static bool is_way(const struct doctor *d, const char *way)
{
	const struct conf_list *l = &d->settings->sasl.certificate_names;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], way) == 0)
			return *d->settings->tls.client_ca_file != '\0';
	return false;
}

/* modifyTimestamp is asked for where the server tells of no changes; syncprov
 * wants the indexes that RFC 4533 needs in OpenLDAP. */
static bool is_used(const struct doctor *d, const struct index *i)
{
	if (i->attr == ATTR_CERTIFICATE)
		return is_way(d, "entry");
	if (i->attr == ATTR_MAIL && strcmp(i->kind, "eq") == 0)
		return is_way(d, "mail");
	if (d->directory.root.preset != XDB_OPENLDAP
	    && (i->attr == ATTR_UUID || i->attr == ATTR_CSN))
		return false;
	return i->attr != ATTR_MODIFIED || !d->has_sync;
}

/* Over what a look at one entry takes.  With an index it is below one; a
 * directory of some ten thousand entries read from end to end is above. */
enum { SLOW_MS = 25, TIMED = 5 };

/* The DN of the database that holds `base`, by cn=config; NULL: not found. */
static const char *database_of(struct doctor *d, const char *base)
{
	static const char *const attrs[] = { "olcSuffix", NULL };
	struct question q = { .base = "cn=config", .scope = LDAP_SCOPE_SUBTREE,
		.filter = "(olcSuffix=*)", .attrs = attrs };
	const char *dn = NULL;
	LDAPMessage *found;

	if (wire_search(d->admin, &q, &found) == LDAP_SUCCESS)
		for (LDAPMessage *e = wire_first(d->admin, found);
		    e != NULL; e = ldap_next_entry(d->admin->ld, e)) {
			struct slice *suffixes;
			size_t n = wire_values(d->admin, &d->arena, e,
			    "olcSuffix", &suffixes);

			if (is_below_any(suffixes, n, base))
				dn = wire_dn(d->admin, &d->arena, e);
		}
	ldap_msgfree(found);
	return dn;
}

static void read_indexes(struct doctor *d, struct result *r, bool in_people)
{
	const char *dn = database_of(d, in_people
	    ? d->settings->ldap.people_base : d->settings->ldap.im_base);
	struct slice *values = NULL;
	size_t n = dn != NULL ? read_values(d, d->admin, dn, "olcDbIndex",
	    &values) : 0;

	if (dn == NULL) {
		result_say(r, VERDICT_SKIPPED, "%s does not see the database in "
		    "cn=config", d->admin_dn);
		r->is_unsure = true;
		return;
	}
	for (size_t i = 0; i < COUNT(indexed); i++) {
		const char *attr = doctor_attr(d, indexed[i].attr);

		if (indexed[i].in_people == in_people
		    && is_used(d, &indexed[i]) && !judge_has_index(values, n, attr, indexed[i].kind))
			result_say(r, VERDICT_WARNING, "%s has no index (%s)",
			    attr, indexed[i].kind);
	}
}

/* The best of a few: what the search costs, not what else the machine did. */
static int64_t time_search(struct doctor *d, const struct question *q)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < TIMED && best > SLOW_MS; i++) {
		int64_t began = wire_now_ms(), ms;
		LDAPMessage *found;

		wire_search(d->im, q, &found);
		ldap_msgfree(found);
		ms = wire_now_ms() - began;
		best = ms < best ? ms : best;
	}
	return best;
}

/* The test's only argument is an attribute of the table above it. */
static void test_of(struct buf *filter, const struct index *i, const char *attr)
{
	struct slice head, tail;

	slice_cut(slice_of(i->test), '%', &head, &tail);
	buf_add(filter, head);
	buf_adds(filter, attr);
	buf_add(filter, slice_make(tail.p + 1, tail.n - 1));
}

static void time_indexes(struct doctor *d, struct result *r)
{
	static const char *const none[] = { "1.1", NULL };
	struct question base = { .base = d->settings->ldap.people_base,
		.scope = LDAP_SCOPE_BASE, .attrs = none };
	int64_t least = time_search(d, &base);

	for (size_t i = 0; i < COUNT(indexed); i++) {
		const char *attr = doctor_attr(d, indexed[i].attr);
		struct question q = { .base = indexed[i].in_people
		    ? d->settings->ldap.people_base : d->settings->ldap.im_base,
		    .scope = LDAP_SCOPE_SUBTREE, .attrs = none, .most = 1 };
		struct buf filter = { 0 };
		int64_t ms;

		test_of(&filter, &indexed[i], attr);
		q.filter = buf_cstr(&filter);
		ms = is_used(d, &indexed[i]) ? time_search(d, &q) - least : 0;
		buf_fini(&filter);
		if (ms > SLOW_MS)
			result_say(r, VERDICT_WARNING, "a search by %s takes "
			    "%lld ms: it has no index", attr, (long long)ms);
	}
}

void check_indexes(struct doctor *d, struct result *r)
{
	if (d->admin != NULL) {
		read_indexes(d, r, true);
		read_indexes(d, r, false);
	} else {
		time_indexes(d, r);
	}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, d->admin != NULL
		    ? "all that are needed" : "no search is slow");
	else
		result_next(r, "add it as schema/indexes.ldif has it, and run "
		    "slapindex or wait for slapd to do so");
}

/* --- passwords -------------------------------------------------------------------------------- */

enum { COSTLY_MS = 100, HASHES_LOOKED_AT = 20 };

/* What the administrator's identity sees of people's hashes; never shown. */
static unsigned costly_hashes(struct doctor *d)
{
	static const char *const attrs[] = { "userPassword", NULL };
	struct question q = { .base = d->settings->ldap.people_base,
		.scope = LDAP_SCOPE_SUBTREE, .attrs = attrs,
		.filter = "(userPassword=*)", .most = HASHES_LOOKED_AT };
	struct arena a = { NULL };
	unsigned n = 0;
	LDAPMessage *found;

	/* sizeLimitExceeded: the first ones are what was asked for. */
	wire_search(d->admin, &q, &found);
	for (LDAPMessage *e = wire_first(d->admin, found); e != NULL;
	    e = ldap_next_entry(d->admin->ld, e))
		n += judge_is_costly(wire_value(d->admin, &a, e,
		    "userPassword"));
	ldap_msgfree(found);
	arena_fini(&a);
	return n;
}

void check_hashes(struct doctor *d, struct result *r)
{
	unsigned n = d->admin != NULL ? costly_hashes(d) : 0;

	if (n != 0)
		result_say(r, VERDICT_WARNING, "%u of the first %d people have "
		    "passwords that are costly to check", n, HASHES_LOOKED_AT);
	else if (d->bind_ms > COSTLY_MS)
		result_say(r, VERDICT_WARNING, "a bind takes %d ms",
		    (int)d->bind_ms);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "a bind takes %d ms", (int)d->bind_ms);
	else
		result_next(r, "that is well for passwords; keep [ldap] "
		    "bind_connections at the number of slapd's cores, and let "
		    "clients use SCRAM");
}

/* --- replicas ----------------------------------------------------------------------------------- */

enum { LAG_SECONDS = 10, LAG_FAULT_SECONDS = 300 };

static void compare(struct result *r, const struct wire *w, int64_t lag)
{
	if (lag < 0)
		result_say(r, VERDICT_WARNING, "%s has never heard of some "
		    "changes", w->server->uri);
	else if (lag > LAG_SECONDS)
		result_say(r, lag > LAG_FAULT_SECONDS ? VERDICT_FAULT
		    : VERDICT_WARNING, "%s is %lld seconds behind",
		    w->server->uri, (long long)lag);
}

/* Each against each: the one that is behind is told. */
void check_replicas(struct doctor *d, struct result *r)
{
	unsigned n = d->directory.server_n;
	const char *dn = d->settings->ldap.people_base;
	struct slice **csn = arena_alloc(&d->arena, n * sizeof *csn);
	size_t *csn_n = arena_alloc(&d->arena, n * sizeof *csn_n);
	struct slice *suffixes;
	unsigned seen = 0, open = 0;

	if (read_values(d, d->im, "", "namingContexts", &suffixes) != 0)
		dn = slice_cstr(&d->arena, suffixes[0]);
	for (unsigned i = 0; i < n; i++)
		if (d->dialled[i]->stage == WIRE_OPEN) {
			csn_n[i] = read_values(d, d->dialled[i], dn,
			    "contextCSN", &csn[i]);
			seen += csn_n[i] != 0;
			open++;
		}
	for (unsigned i = 0; i < n && seen > 1; i++)
		for (unsigned k = 0; k < n; k++)
			if (i != k && csn_n[i] != 0 && csn_n[k] != 0)
				compare(r, d->dialled[k], judge_lag(csn[i],
				    csn_n[i], csn[k], csn_n[k]));
	for (unsigned i = 0; i < n && seen != 0; i++)
		if (d->dialled[i]->stage == WIRE_OPEN && csn_n[i] == 0)
			result_say(r, VERDICT_WARNING, "%s shows no contextCSN",
			    d->dialled[i]->server->uri);
	if (open < 2 || seen == 0)
		result_say(r, VERDICT_SKIPPED, open < 2 ? "there is one server"
		    : "no server shows a contextCSN");
	else if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "%u servers say the same", seen);
	else
		result_next(r, "look at syncrepl on that server: its log says "
		    "why it does not follow");
}

/* --- who takes writes ----------------------------------------------------------------------------- */

/* A read-only copy says so before it looks whether there is such an entry. */
static bool is_replica(struct doctor *d, struct wire *w)
{
	const char *nobody = dn_make(&d->arena, doctor_attr(d,
	    ATTR_PERSON_UUID), SLICE("7e57d0c7-0000-4000-8000-000000000000"),
	    d->directory.profiles_base);
	int code = wire_delete(w, nobody);

	return code == LDAP_REFERRAL || code == LDAP_UNWILLING_TO_PERFORM;
}

void check_writes(struct doctor *d, struct result *r)
{
	const struct xdb *db = &d->directory;
	unsigned n = db->writer_n != 0 ? db->writer_n : db->server_n;
	unsigned good = 0;

	for (unsigned i = 0; i < n; i++) {
		struct wire *w = d->dialled[i];

		if (w->stage != WIRE_OPEN)
			continue;
		if (is_replica(d, w))
			result_say(r, w == d->im ? VERDICT_FAULT
			    : VERDICT_WARNING, "%s is a copy that takes no writes",
			    w->server->uri);
		else
			good++;
	}
	if (r->verdict != VERDICT_OK)
		result_next(r, "name the servers that take writes in [ldap] "
		    "write_uri, and only those");
	else
		result_say(r, VERDICT_OK, "%u of %u", good, n);
}
