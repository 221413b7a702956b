/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_server.c — what the directory server can, and how it is set up. */
#include <stdlib.h>

#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/look.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/preset.h"
#include "xdb_ldap/dn.h"

/* --- root DSE ------------------------------------------------------------------------ */

void check_contexts(struct doctor *d, struct result *r)
{
	const struct { const char *key, *dn; } bases[] = {
		{ "people_base", d->settings->ldap.people_base },
		{ "im_base", d->settings->ldap.im_base },
	};
	struct slice *suffixes;
	size_t n = look_values(d, d->im, "", "namingContexts", &suffixes);

	for (size_t i = 0; i < COUNT(bases); i++)
		if (n != 0 && !look_is_below(suffixes, n, bases[i].dn)) {
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
	LDAPMessage *found = look_entry(d->im, "", names->sets[SET_ROOT]);
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
	    "let our identities read the root DSE, and load syncprov (schema/"
	    "modules.ldif, schema/overlays.ldif): until then changes are polled" },
	{ "supportedControl", "1.2.840.113556.1.4.319", "paged results "
	    "(RFC 2696)", VERDICT_WARNING,
	    "let our identities read the root DSE: long lists may be cut" },
	{ "supportedExtension", "1.3.6.1.4.1.4203.1.11.1", "password "
	    "modification (RFC 3062)", VERDICT_WARNING,
	    "let our identities read supportedExtension of the root DSE: without "
	    "it nobody can change a password through us" },
};

void check_extensions(struct doctor *d, struct result *r)
{
	for (size_t i = 0; i < COUNT(extensions); i++) {
		const struct extension *e = &extensions[i];
		struct slice *values;
		size_t n = look_values(d, d->im, "", e->attr, &values);

		if (look_has(values, n, e->oid))
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
	result_next(r, d->directory.root.preset == XDB_389DS
	    ? "turn on the Content Synchronization and Retro Changelog plug-ins "
	    "(schema/README); until then changes are seen late"
	    : "set syncprov on the database (schema/overlays.ldif); until then "
	    "changes are seen late");
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

enum { LAG_SECONDS = 10, LAG_FAULT_SECONDS = 300, DAY_SECONDS = 86400 };

static void compare(struct result *r, const struct wire *w, int64_t lag)
{
	if (lag < 0)
		result_say(r, VERDICT_WARNING, "%s has never heard of some "
		    "changes", w->server->uri);
	else if (lag > LAG_SECONDS)
		result_say(r, lag > LAG_FAULT_SECONDS ? VERDICT_FAULT
		    : VERDICT_WARNING, lag < DAY_SECONDS
		    ? "%s is %lld seconds behind" : "%s is %lld days behind",
		    w->server->uri, (long long)(lag < DAY_SECONDS ? lag
		    : lag / DAY_SECONDS));
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

	if (look_values(d, d->im, "", "namingContexts", &suffixes) != 0)
		dn = slice_cstr(&d->arena, suffixes[0]);
	for (unsigned i = 0; i < n; i++)
		if (d->dialled[i]->stage == WIRE_OPEN) {
			csn_n[i] = look_values(d, d->dialled[i], dn,
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
			    : VERDICT_WARNING, "%s takes no writes: it is a copy, or its "
			    "database is set read-only",
			    w->server->uri);
		else
			good++;
	}
	if (good == 0 && r->verdict == VERDICT_OK) {
		result_say(r, VERDICT_FAULT, "no server that takes writes can be "
		    "reached: nothing can be changed");
		result_next(r, "bring one back, see reach, or correct [ldap] "
		    "write_uri");
	}
	if (r->verdict != VERDICT_OK)
		result_next(r, "name the servers that take writes in [ldap] "
		    "write_uri, and only those; where there is no other, end the "
		    "read-only mode (olcReadOnly; 389 DS: nsslapd-readonly)");
	else
		result_say(r, VERDICT_OK, "%u of %u", good, n);
}
