/* SPDX-License-Identifier: Apache-2.0 */
/* feat/fanout.c — one stanza to many sessions, by who they are. */
#include "feat/fanout.h"

#include "core/host.h"

void fanout_init(struct fanout *f, const struct elem *stanza,
    const struct write_as *as)
{
	*f = (struct fanout){ .fan.rest = 0 };
	fan_stanza(&f->fan, stanza, as);
}

void fanout_fini(struct fanout *f)
{
	fan_fini(&f->fan);
	buf_fini(&f->to);
}

void fanout_send(struct fanout *f, struct session *s, struct slice to)
{
	buf_clear(&f->to);
	write_escaped(&f->to, to);
	session_send_bytes(s, fan_to(&f->fan, buf_slice(&f->to)));
}

void fanout_available(struct fanout *f, const struct account *a,
    struct slice to, const struct session *except)
{
	struct session *s;

	LIST_EACH(s, &a->sessions, struct session, account_link)
		if (s != except && session_is_available(s))
			fanout_send(f, s, to);
}

void fanout_concerned(struct fanout *f, const struct account *a,
    struct slice to)
{
	struct session *s;

	LIST_EACH(s, &a->sessions, struct session, account_link)
		if (s->is_interested || session_is_available(s))
			fanout_send(f, s, to);
}

struct account *fanout_account(struct slice bare)
{
	struct slice local, domain;

	if (!slice_cut(bare, '@', &local, &domain)
	    || !slice_eq(domain, jid_domain(&host.jid)))
		return NULL;
	return account_find(local);
}
