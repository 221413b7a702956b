/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_entries.c — entries that settings name and the rest does without: a typo in
 * one of them hides no other fault, so nothing hangs on this check. */
#include "ctl/checks.h"
#include "ctl/look.h"
#include "xdb_ldap/filter.h"

struct named {
	const char *key, *dn;
	struct wire *w;                 /* of who asks for it */
	const char *next;
	bool is_group;
};

/* Is there anything by which it has members, as xdb_group_has would ask?  A person, or a
 * list by mail addresses, has none, and then nobody is in it. */
static bool has_members(struct doctor *d, const struct named *n)
{
	static const char *const none[] = { "1.1", NULL };
	static const enum attr members[] = { ATTR_GROUP_MEMBER,
		ATTR_GROUP_UNIQUE_MEMBER, ATTR_GROUP_MEMBER_UID, ATTR_GROUP_URL };
	struct question q = { .base = n->dn, .scope = LDAP_SCOPE_BASE, .attrs = none };
	struct buf filter = { 0 };
	LDAPMessage *found;
	bool has;

	filter_open(&filter, '|');
	for (size_t i = 0; i < COUNT(members); i++)
		filter_present(&filter, doctor_attr(d, members[i]));
	filter_close(&filter);
	q.filter = buf_cstr(&filter);
	has = wire_search(n->w, &q, &found) == LDAP_SUCCESS
	    && wire_first(n->w, found) != NULL;
	ldap_msgfree(found);
	buf_fini(&filter);
	return has;
}

static void look(struct doctor *d, struct result *r, const struct named *n)
{
	static const char *const none[] = { "1.1", NULL };
	LDAPMessage *found;

	if (n->w == NULL || strchr(n->dn, '=') == NULL)
		return;                 /* not set, or a word */
	found = look_entry(n->w, n->dn, none);
	if (found == NULL) {
		result_say(r, VERDICT_FAULT, "%s: %s is not there, or cannot be "
		    "read", n->key, n->dn);
		result_next(r, "%s", n->next);
	} else if (n->is_group && !has_members(d, n)) {
		result_say(r, VERDICT_FAULT, "%s: %s is no group with members (member, "
		    "uniqueMember, memberUid, memberURL), or they may not be searched "
		    "by", n->key, n->dn);
		result_next(r, "%s", n->next);
	}
	ldap_msgfree(found);
}

void check_entries(struct doctor *d, struct result *r)
{
	const struct settings *s = d->settings;
	const struct named all[] = {
		{ "[web] admin_group", s->web.admin_group, d->web, "make the group, "
		    "or correct [web] admin_group: nobody can administer", true },
		{ "[rooms] create", s->rooms.create, d->im, "make the group, or "
		    "correct [rooms] create: nobody can make a room", true },
		{ "[ldap] groups_base", s->ldap.groups_base, d->im, "correct [ldap] "
		    "groups_base, or let cn=im read it: no group is found",
		    false },
		{ "[ldap] password_policy", d->directory.root.preset
		    == XDB_OPENLDAP ? s->ldap.password_policy : "", d->im, "correct "
		    "[ldap] password_policy, or let cn=im read it: how long a lock "
		    "holds and how many wrong passwords lock is guessed", false },
	};

	for (size_t i = 0; i < COUNT(all); i++)
		look(d, r, &all[i]);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "all are there");
}
