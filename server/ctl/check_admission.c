/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_admission.c — the groups whose members may use the service
 * ([ldap] people_groups), read by the store itself: what it makes of a group in
 * groups, or of one by search, nobody else should say. */
#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/wait.h"

struct reading {
	struct result *result;
	const char *dn;
	size_t others_n;                /* groups besides this one */
};

static size_t members_of(const struct xdb_group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->member_n; i++)
		n += (g->members[i].roles & GROUP_MEMBER) != 0;
	return n;
}

static void say_members(const struct reading *is, const struct xdb_group *g)
{
	size_t n = members_of(g);

	result_say(is->result, n != 0 || is->others_n != 0 ? VERDICT_OK
	    : VERDICT_FAULT, "%s has %zu people, %zu of its values name nobody "
	    "here", is->dn, n, g->unresolved_n);
	if (n == 0 && is->others_n == 0)
		result_next(is->result, "nobody can log in: put people in, and "
		    "let cn=im read its members");
}

static void group_loaded(const struct xdb_result *res, void *ctx)
{
	struct reading *is = ctx;

	if (res->status == XDB_OK) {
		say_members(is, res->group);
		judge_group(is->result, is->dn, res->group);
	} else {
		result_say(is->result, VERDICT_FAULT, "%s: %s", is->dn,
		    res->why != NULL ? res->why : xdb_status_text(res->status));
		result_next(is->result, res->status == XDB_ABSENT
		    ? "make the group, let cn=im read it, or correct [ldap] "
		    "people_groups: only members of the others can log in"
		    : "only members of the others can log in; for more people than "
		    "can be read use [ldap] people_filter");
	}
}

static size_t dns_of(struct arena *a, const char *text, const char **dns)
{
	struct slice rest = slice_of(text), dn;
	size_t n = 0;

	while (conf_dn_next(&rest, &dn))
		dns[n++] = slice_cstr(a, dn);
	return n;
}

void check_people_groups(struct doctor *d, struct result *r)
{
	const char *text = d->settings->ldap.people_groups, *why = NULL;
	const char **dns = arena_alloc(&d->arena,
	    (strlen(text) + 1) * sizeof *dns);
	size_t n = dns_of(&d->arena, text, dns);
	struct xdb *db;

	if (n == 0) {
		result_say(r, VERDICT_OK, "none: everybody whom people_filter "
		    "finds");
		return;
	}
	db = wait_open(d->settings, &why);
	if (db == NULL) {
		result_say(r, VERDICT_FAULT, "[ldap]: %s", why);
		return;
	}
	for (size_t i = 0; i < n; i++)
		wait_for(xdb_group_load(db, slice_of(dns[i])), group_loaded,
		    &(struct reading){ .result = r, .dn = dns[i],
		    .others_n = n - 1 });
	wait_close(&db);
}
