/* SPDX-License-Identifier: Apache-2.0 */
/* feat/message.c — RFC 6121 §5, §8: messages to people.
 *
 *               to a resource     to a resource     to the account    to the account
 *               that is there     that is not       with resources    with none
 *  chat         it                as to the account all               refused
 *  normal       it                refused           all               refused
 *  headline     it                refused           all               dropped
 *  groupchat    it                refused           refused           refused
 *  error        it                dropped           dropped           dropped
 *
 * "All" are the available resources of non-negative priority.  For chat and
 * normal messages §8.5.2.1.1 leaves the choice between all of them and the most
 * available one: a person reads on whatever device is at hand, and until there
 * are carbons (XEP-0280) this is the only way to find the message on each.
 *
 * Refused is service-unavailable; there is no offline store yet.  A person who
 * is away and one who does not exist are refused alike (RTE-09): both have no
 * session, and nothing else is looked at. */
#include "core/host.h"
#include "core/route.h"
#include "feat/fanout.h"
#include "feat/features.h"
#include "feat/forged.h"

enum act { ACT_ALL, ACT_REFUSE, ACT_DROP };

struct row { enum act no_resource, account, away; };

static const struct row rules[] = {
	[MESSAGE_CHAT]      = { ACT_ALL,    ACT_ALL,    ACT_REFUSE },
	[MESSAGE_NORMAL]    = { ACT_REFUSE, ACT_ALL,    ACT_REFUSE },
	[MESSAGE_HEADLINE]  = { ACT_REFUSE, ACT_ALL,    ACT_DROP   },
	[MESSAGE_GROUPCHAT] = { ACT_REFUSE, ACT_REFUSE, ACT_REFUSE },
	[MESSAGE_ERROR]     = { ACT_DROP,   ACT_DROP,   ACT_DROP   },
};

/* To every resource that takes messages for the account; how many there are. */
static unsigned send_to_all(struct job *j, const struct account *a,
    struct slice to)
{
	struct write_as as = { .from = jid_full(&j->from) };
	struct session *s;
	struct fanout f;
	unsigned n = 0;

	fanout_init(&f, forged_removed(j), &as);
	LIST_EACH(s, &a->sessions, struct session, account_link)
		if (session_is_available(s) && s->priority >= 0) {
			fanout_send(&f, s, to);
			n++;
		}
	fanout_fini(&f);
	return n;
}

static void act(struct job *j, enum act what)
{
	if (what == ACT_REFUSE)
		job_fail(j, SE_SERVICE_UNAVAILABLE, NULL);
	else
		job_done(j);
}

static void to_account(struct job *j, const struct jid *to,
    const struct row *r)
{
	struct account *a = fanout_account(jid_bare(to));

	if (r->account != ACT_ALL)
		act(j, r->account);
	else if (a != NULL && send_to_all(j, a, jid_full(to)) != 0)
		job_done(j);
	else
		act(j, r->away);
}

static void to_resource(struct job *j, const struct row *r)
{
	struct write_as as = { .from = jid_full(&j->from) };
	struct session *s = session_find(&j->to);

	if (s != NULL) {
		session_send_as(s, forged_removed(j), &as);
		job_done(j);
	} else if (r->no_resource == ACT_ALL) {
		to_account(j, &j->to, r);
	} else {
		act(j, r->no_resource);
	}
}

static enum hook_result message_message(struct job *j)
{
	const struct row *r = &rules[stanza_message_type(j->stanza)];
	struct jid own;

	if (!jid_is_set(&j->to)) {
		/* RFC 6120 §10.3.1: to nobody is to one's own account. */
		own = jid_bare_dup(&j->arena, &j->from);
		to_account(j, &own, r);
	} else if (j->to.local_n == 0) {
		act(j, r->away);        /* the service itself reads nothing */
	} else if (j->to.resource_n != 0) {
		to_resource(j, r);
	} else {
		to_account(j, &j->to, r);
	}
	return HOOK_TAKEN;
}

static const struct hooks hooks = { .message = message_message };

const struct feature feature_message = {
	.name = "message",
	.spec = "RFC 6121 §5, §8.5",
	.hooks = &hooks,
};
