/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_entries.c — entries that settings name and the rest does without: a typo in
 * one of them hides no other fault, so nothing hangs on this check. */
#include "ctl/checks.h"
#include "ctl/look.h"

struct named { const char *key, *dn; struct wire *w; const char *next; };

static void look(struct result *r, const struct named *n)
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
	}
	ldap_msgfree(found);
}

void check_entries(struct doctor *d, struct result *r)
{
	const struct settings *s = d->settings;
	const struct named all[] = {
		{ "[web] admin_group", s->web.admin_group, d->web, "make the group, "
		    "or correct [web] admin_group: nobody can administer" },
		{ "[rooms] create", s->rooms.create, d->im, "make the group, or "
		    "correct [rooms] create: nobody can make a room" },
		{ "[ldap] groups_base", s->ldap.groups_base, d->im, "correct [ldap] "
		    "groups_base, or let cn=im read it: no group is found" },
		{ "[ldap] password_policy", d->directory.root.preset
		    == XDB_OPENLDAP ? s->ldap.password_policy : "", d->im, "correct "
		    "[ldap] password_policy, or let cn=im read it: how long a lock "
		    "holds and how many wrong passwords lock is guessed" },
	};

	for (size_t i = 0; i < COUNT(all); i++)
		look(r, &all[i]);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "all are there");
}
