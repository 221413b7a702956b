/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/forged.c — the table of what is stripped, every instance of it. */
#include "feat/muc/forged.h"

#include "xml/ns.h"

#define NS_OCCUPANT_ID "urn:xmpp:occupant-id:0"         /* XEP-0421 */
#define NS_MAM "urn:xmpp:mam:2"                         /* XEP-0313 */
#define NS_OLD_DELAY "jabber:x:delay"                   /* XEP-0091 */

static const struct {
	const char *ns, *name;          /* name NULL: any element */
	const char *claim;              /* NULL: always forged; else when this
	                                 * attribute names the room's domain */
} table[] = {
	{ NS_MUC,         NULL,        NULL },
	{ NS_MUC_USER,    NULL,        NULL },
	{ NS_MUC_ADMIN,   NULL,        NULL },
	{ NS_MUC_OWNER,   NULL,        NULL },
	{ NS_OCCUPANT_ID, NULL,        NULL },
	{ NS_CARBONS,     "received",  NULL },
	{ NS_CARBONS,     "sent",      NULL },
	{ NS_MAM,         "result",    NULL },
	{ NS_SID,         "stanza-id", "by" },
	{ NS_DELAY,       "delay",     "from" },
	{ NS_OLD_DELAY,   "x",         "from" },
};

static bool names_our_domain(struct slice address, const struct jid *room)
{
	struct arena a = { NULL };
	struct jid jid;
	bool is_ours;

	/* What is no address may be read as one by somebody else. */
	is_ours = !jid_parse(&a, address, &jid)
	    || slice_eq(jid_domain(&jid), jid_domain(room));
	arena_fini(&a);
	return is_ours;
}

bool is_forged(const struct elem *child, const struct jid *room)
{
	for (size_t i = 0; i < COUNT(table); i++)
		if (elem_is(child, table[i].ns, table[i].name))
			return table[i].claim == NULL || names_our_domain(
			    elem_attr(child, table[i].claim), room);
	return false;
}

void write_honest_children(struct xml_writer *w, const struct elem *stanza,
    const struct jid *room)
{
	for (const struct node *n = stanza->first; n != NULL; n = n->next)
		if (n->elem != NULL && !is_forged(n->elem, room))
			write_elem(w, n->elem);
}
