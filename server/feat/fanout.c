/* SPDX-License-Identifier: Apache-2.0 */
/* feat/fanout.c — one stanza to many: serialised once, `to` set for each. */
#include "feat/fanout.h"

#include "core/host.h"

void fanout_init(struct fanout *f, const struct elem *stanza,
    const struct write_as *as)
{
	struct write_as without_to = *as;

	*f = (struct fanout){ .name_n = 1 + stanza->name.n };
	without_to.to = SLICE("");
	write_stanza(&f->xml, stanza, &without_to);
}

void fanout_fini(struct fanout *f)
{
	buf_fini(&f->xml);
	buf_fini(&f->copy);
}

void fanout_send(struct fanout *f, struct session *s, struct slice to)
{
	struct slice xml = buf_slice(&f->xml);

	if (to.n == 0) {
		session_send_bytes(s, xml);
		return;
	}
	buf_clear(&f->copy);
	buf_add(&f->copy, slice_make(xml.p, f->name_n));
	buf_adds(&f->copy, " to='");
	write_escaped(&f->copy, to);
	buf_addc(&f->copy, '\'');
	buf_add(&f->copy, slice_make(xml.p + f->name_n, xml.n - f->name_n));
	session_send_bytes(s, buf_slice(&f->copy));
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
