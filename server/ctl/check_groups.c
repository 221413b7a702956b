/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_groups.c — groups of the directory in contact lists ([roster]), read as
 * the service reads them. */
#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/look.h"
#include "ctl/wait.h"

/* More would take minutes, and say the same again. */
enum { GROUPS_READ = 100 };

/* What one contact is of a roster, in bytes. */
enum { CONTACT_BYTES = 250 };

struct groups {
	struct doctor *d;
	struct result *r;
	struct xdb *db;
	const char *key;                /* of [roster] */
	struct slice dns[GROUPS_READ], dn;      /* dn: the one that is read */
	size_t dn_n, group_n, member_n, unresolved_n;
	bool is_down;                   /* no server answers the store */
};

static void dn_keep(struct groups *g, struct slice dn)
{
	if (g->dn_n < GROUPS_READ)
		g->dns[g->dn_n++] = slice_dup(&g->d->arena, dn);
	g->group_n++;
}

/* --- which groups there are --------------------------------------------------------- */

static void listed(const struct xdb_result *res, void *ctx)
{
	struct groups *g = ctx;

	if (res->status != XDB_OK || res->is_cut) {
		g->is_down = res->status == XDB_DOWN;
		result_say(g->r, VERDICT_FAULT, "[roster] %s: %s", g->key,
		    res->is_cut ? "it finds too many groups"
		    : res->why != NULL ? res->why : xdb_status_text(res->status));
		result_next(g->r, res->is_cut ? "ask for fewer: what is found must "
		    "be read whole" : "correct the filter, or let cn=im search "
		    "for groups");
		return;
	}
	for (size_t i = 0; i < res->n; i++)
		dn_keep(g, res->groups[i].dn);
	if (res->n == 0) {
		result_say(g->r, VERDICT_WARNING, "[roster] %s finds no group",
		    g->key);
		result_next(g->r, "correct the filter or [ldap] groups_base, or let "
		    "cn=im read groups and search by what it names");
	}
}

static void take_dns(struct groups *g, const char *text)
{
	struct slice rest = slice_of(text), dn;

	while (conf_dn_next(&rest, &dn))
		dn_keep(g, dn);
}

/* --- one of them ---------------------------------------------------------------------- */

/* Its owners are read too, and need not be members. */
static size_t count_members(const struct xdb_group *group)
{
	size_t n = 0;

	for (size_t i = 0; i < group->member_n; i++)
		n += (group->members[i].roles & GROUP_MEMBER) != 0;
	return n;
}

/* Everybody in it is told of all others when they log in; what a client has not
 * taken yet waits in its queue. */
static void judge_size(struct groups *g, size_t member_n)
{
	size_t bytes = member_n * CONTACT_BYTES;

	if (bytes <= g->d->settings->limits.queue_bytes)
		return;
	result_say(g->r, VERDICT_WARNING, SLICE_FMT " has %zu members: a roster "
	    "with them is more than [limits] queue_size, and a slow client is cut",
	    SLICE_ARG(g->dn), member_n);
	result_next(g->r, "set queue_size to %zuk or more, or show smaller groups",
	    bytes / 1024 + 1);
}

static void read_one(const struct xdb_result *res, void *ctx)
{
	struct groups *g = ctx;
	const struct xdb_group *group = res->group;
	size_t member_n = group != NULL ? count_members(group) : 0;

	if (res->status == XDB_ABSENT) {
		result_say(g->r, VERDICT_FAULT, "[roster] %s: there is no group "
		    SLICE_FMT, g->key, SLICE_ARG(g->dn));
		result_next(g->r, "correct the DN, or let cn=im read the group");
		return;
	}
	if (res->status != XDB_OK) {
		g->is_down = res->status == XDB_DOWN;
		result_say(g->r, VERDICT_FAULT, SLICE_FMT ": %s", SLICE_ARG(g->dn),
		    res->why != NULL ? res->why : xdb_status_text(res->status));
		result_next(g->r, "a group is shown whole or not at all: make it "
		    "smaller, or mend what keeps it from being read");
		return;
	}
	judge_group(g->r, slice_cstr(&g->d->arena, g->dn), group);
	if (member_n == 0) {
		result_say(g->r, VERDICT_WARNING, SLICE_FMT " shows nobody (%zu "
		    "of its members are none of our people)", SLICE_ARG(g->dn),
		    group->unresolved_n);
		result_next(g->r, "let cn=im read its members, or look whether they "
		    "are below people_base and match people_filter");
	} else {
		g->member_n += member_n;
		g->unresolved_n += group->unresolved_n;
		judge_size(g, member_n);
	}
}

/* --- all of them ------------------------------------------------------------------------ */

static void source_look(struct groups *g, const char *key, const char *text)
{
	g->key = key;
	g->dn_n = 0;
	if (*text == '(')
		wait_for(xdb_group_list(g->db, text), listed, g);
	else
		take_dns(g, text);
	for (size_t i = 0; i < g->dn_n && !g->is_down; i++) {
		g->dn = g->dns[i];
		wait_for(xdb_group_load(g->db, g->dn), read_one, g);
	}
}

static void title_look(struct doctor *d, struct result *r)
{
	const char *title = d->settings->roster.groups_title;

	if (look_is_known(d, slice_of(title)))
		return;
	result_say(r, VERDICT_WARNING, "[roster] groups_title: the directory has no "
	    "attribute %s", title);
	result_next(r, "correct its name: until then groups are shown by their cn");
}

void check_groups(struct doctor *d, struct result *r)
{
	const struct settings *s = d->settings;
	struct groups g = { .d = d, .r = r };
	const char *why = NULL;

	if (*s->roster.groups == '\0' && *s->roster.groups_public == '\0') {
		result_say(r, VERDICT_OK, "none are shown");
		return;
	}
	g.db = wait_open(s, &why);
	if (g.db == NULL) {
		result_say(r, VERDICT_FAULT, "[ldap]: %s", why);
		return;
	}
	source_look(&g, "groups", s->roster.groups);
	if (!g.is_down)
		source_look(&g, "groups_public", s->roster.groups_public);
	wait_close(&g.db);
	title_look(d, r);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "%zu groups, %zu members, %zu names in "
		    "them are none of our people", g.group_n, g.member_n,
		    g.unresolved_n);
}
