/* SPDX-License-Identifier: Apache-2.0 */
/* feat/forged.c — what only a server may say, taken out of clients' messages. */
#include "feat/forged.h"

#include "core/host.h"
#include "core/route.h"
#include "xml/ns.h"

/* Speaks `j` for this service: an address of ours, or of the one the stanza is
 * for, that is not the sender's own? */
static bool is_ours(struct job *j, struct slice address)
{
	struct jid jid;

	if (address.p == NULL || !jid_parse(&j->arena, address, &jid))
		return false;
	if (jid_eq_bare(&jid, &j->from))
		return false;
	return host_is_local(&jid) || route_is_claimed(&jid)
	    || (jid_is_set(&j->to) && jid_eq_bare(&jid, &j->to));
}

/* An id is the server's word even in the name of the sender's own account. */
static bool is_our_id(struct job *j, struct slice by)
{
	struct jid jid;

	return is_ours(j, by) || (jid_parse(&j->arena, by, &jid)
	    && jid_eq_bare(&jid, &j->from));
}

static bool is_forged(struct job *j, const struct elem *e)
{
	if (elem_is(e, NS_SID, "stanza-id"))
		return is_our_id(j, elem_attr(e, "by"));
	if (elem_is(e, NS_DELAY, "delay")
	    || elem_is(e, "jabber:x:delay", "x"))       /* XEP-0203, -0091 */
		return is_ours(j, elem_attr(e, "from"));
	if (elem_is(e, NS_CARBONS, "received")
	    || elem_is(e, NS_CARBONS, "sent"))
		return true;
	/* XEP-0313, whatever its version */
	return slice_starts(e->ns, SLICE("urn:xmpp:mam:"))
	    && slice_is(e->name, "result");
}

static bool has_forged(struct job *j)
{
	const struct elem *e = elem_child(j->stanza, NULL, NULL);

	for (; e != NULL; e = elem_next(e, NULL, NULL))
		if (is_forged(j, e))
			return true;
	return false;
}

const struct elem *forged_removed(struct job *j)
{
	const struct elem *e = elem_child(j->stanza, NULL, NULL);
	struct elem *copy;

	if (j->session_id == 0 || !has_forged(j))
		return j->stanza;
	copy = elem_new_slice(&j->arena, j->stanza->ns, j->stanza->name);
	copy->attrs = j->stanza->attrs;         /* read by both, changed by none */
	for (; e != NULL; e = elem_next(e, NULL, NULL))
		if (!is_forged(j, e))
			elem_add_elem(&j->arena, copy, elem_copy(&j->arena, e));
	return copy;
}
