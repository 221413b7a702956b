/* SPDX-License-Identifier: Apache-2.0 */
/* core/stream_bind.c — resource binding (RFC 6120 §7).
 *
 * When the resource asked for is in use, the older session ends with
 * <conflict/>: it is nearly always the same client that lost its connection
 * and came back before we noticed (§7.7.2.2, second choice). */
#include "base/crypto.h"
#include "core/host.h"
#include "core/stream_own.h"
#include "xml/ns.h"

enum { RESOURCE_BYTES = 8 };

static void answer(struct stream *st, const struct elem *stanza)
{
	struct buf out = { 0 };
	struct write_as as = { .from = { NULL, 0 } };

	write_stanza(&out, stanza, &as);
	stream_send(st, buf_slice(&out));
	buf_fini(&out);
}

static void refuse(struct stream *st, struct arena *a, const struct elem *iq,
    enum stanza_error error, const char *text)
{
	answer(st, stanza_error(a, iq, error, text));
}

static bool resource_of(struct stream *st, struct arena *a,
    const struct elem *bind, struct jid *full_r)
{
	const struct elem *child = elem_child(bind, NS_BIND, "resource");
	struct slice wanted = child != NULL ? elem_text(a, child)
	    : slice_make(NULL, 0);
	struct buf made = { 0 };
	bool is_good;

	if (wanted.n == 0) {
		crypto_token(&made, RESOURCE_BYTES);
		wanted = buf_slice(&made);
	}
	is_good = jid_with_resource(a, &st->account->jid, wanted, full_r);
	buf_fini(&made);
	return is_good;
}

static void make_room(const struct jid *full)
{
	struct session *old = session_find(full);

	if (old == NULL)
		return;
	if (old->stream != NULL)
		stream_fail(old->stream, "conflict",
		    "The same resource was bound again.");
	else
		session_close(&old);
}

static void bind_to(struct stream *st, struct arena *a, const struct elem *iq,
    const struct jid *full)
{
	struct elem *result = stanza_result(a, iq);
	struct elem *bind = elem_add(a, result, NS_BIND, "bind");

	elem_add_text_child(a, bind, NS_BIND, "jid", jid_full(full));
	answer(st, result);
	st->state = STREAM_BOUND;
	list_remove(&st->entrant.link);
	st->session = session_open(st, st->account, full);
	log_event(LOG_INFO, "session-bound", stream_who(st), "sessions=%u",
	    st->account->session_n);
}

void stream_bind(struct stream *st, struct arena *a, struct elem *iq)
{
	const struct elem *bind = elem_child(iq, NS_BIND, "bind");
	struct jid full;

	if (stanza_iq_type(iq) != IQ_SET || bind == NULL) {
		/* §7.1: nothing else is heard before a resource is bound. */
		stream_fail(st, "not-authorized", NULL);
		return;
	}
	if (elem_attr(iq, "id").p == NULL || elem_children(iq) != 1
	    || !resource_of(st, a, bind, &full)) {
		refuse(st, a, iq, SE_BAD_REQUEST, NULL);
		return;
	}
	if (st->account->barred != NULL) {
		/* Since the password was proved the directory has said no. */
		stream_fail(st, "not-authorized", st->account->barred);
		return;
	}
	make_room(&full);
	if (st->account->session_n >= host.settings->limits.sessions) {
		refuse(st, a, iq, SE_RESOURCE_CONSTRAINT,
		    "This account has as many sessions as it may have.");
		return;
	}
	bind_to(st, a, iq, &full);
}
