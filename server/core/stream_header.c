/* SPDX-License-Identifier: Apache-2.0 */
/* core/stream_header.c — stream headers and features (RFC 6120 §4.2, §4.3, §4.7). */
#include "base/crypto.h"
#include "core/feature.h"
#include "core/host.h"
#include "core/stream_own.h"
#include "xml/ns.h"

enum { STREAM_ID_BYTES = 16 };          /* 128 bits, TLS-08 */

const char *stream_keep_who(struct stream *st)
{
	if (st->who == NULL)
		st->who = slice_cstr(&st->early, slice_of(stream_who(st)));
	return st->who;
}

void stream_send_header(struct stream *st, const struct jid *from)
{
	struct buf out = { 0 };

	buf_adds(&out, "<?xml version='1.0'?><stream:stream xmlns='" NS_CLIENT
	    "' xmlns:stream='" NS_STREAM "' id='");
	crypto_token(&out, STREAM_ID_BYTES);
	buf_adds(&out, "' from='");
	write_escaped(&out, jid_full(&host.jid));
	/* §4.7.2: who introduced itself is answered by name, once TLS hides it. */
	if (from != NULL && jid_is_set(from) && st->peer.is_secured) {
		buf_adds(&out, "' to='");
		write_escaped(&out, jid_full(from));
	}
	buf_adds(&out, "' version='1.0' xml:lang='en'>");
	st->has_sent_header = true;
	stream_send(st, buf_slice(&out));
	buf_fini(&out);
}

struct sasl_binding stream_binding(const struct stream *st)
{
	return (struct sasl_binding){ .unique = st->peer.unique,
		.exporter = st->peer.exporter, .end_point = st->peer.end_point,
		.is_tls13 = st->peer.is_tls13,
		.certificate = st->peer.certificate,
		.is_plain_only = st->is_plain_only };
}

static void offer_mechanisms(struct stream *st, struct xml_writer *w)
{
	struct sasl_binding binding = stream_binding(st);
	const char *names[16];
	size_t n = sasl_offer(&binding, names, COUNT(names));

	write_open(w, NS_SASL, "mechanisms");
	for (size_t i = 0; i < n; i++)
		write_leaf(w, NS_SASL, "mechanism", slice_of(names[i]));
	write_close(w);
}

/* XEP-0440: which channel bindings this connection can check. */
static void offer_bindings(struct stream *st, struct xml_writer *w)
{
	const struct { struct slice data; const char *type; } kinds[] = {
		{ st->peer.exporter,  "tls-exporter"         },
		{ st->peer.end_point, "tls-server-end-point" },
		{ st->peer.is_tls13 ? slice_make(NULL, 0) : st->peer.unique,
		    "tls-unique" },
	};

	if (st->peer.exporter.n + st->peer.end_point.n + st->peer.unique.n == 0)
		return;
	write_open(w, NS_SASL_CB, "sasl-channel-binding");
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i].data.n != 0) {
			write_open(w, NS_SASL_CB, "channel-binding");
			write_attr_cstr(w, "type", kinds[i].type);
			write_close(w);
		}
	write_close(w);
}

static enum stream_state offer(struct stream *st, struct xml_writer *w)
{
	if (!st->peer.is_secured) {
		write_open(w, NS_TLS, "starttls");
		write_leaf(w, NS_TLS, "required", slice_make(NULL, 0));
		write_close(w);
		return STREAM_TLS_WANTED;
	}
	if (st->account == NULL) {
		offer_mechanisms(st, w);
		offer_bindings(st, w);
		return STREAM_AUTH_WANTED;
	}
	write_leaf(w, NS_BIND, "bind", slice_make(NULL, 0));
	hook_stream_features(w);
	return STREAM_BIND_WANTED;
}

static void send_features(struct stream *st)
{
	struct buf out = { 0 };
	struct xml_writer w;
	enum stream_state next;

	buf_adds(&out, "<stream:features>");
	write_init(&w, &out, NS_CLIENT);
	next = offer(st, &w);
	buf_adds(&out, "</stream:features>");
	stream_send(st, buf_slice(&out));
	buf_fini(&out);
	st->state = next;
}

/* The stream error a header deserves, or NULL.  §4.7.5: no version is 0.9. */
static const char *fault_of(const struct elem *h, const struct jid *to)
{
	struct slice version = elem_attr(h, "version"), major, minor;
	struct slice content = elem_attr(h, "xmlns");
	uint64_t n;

	if (!elem_is(h, NS_STREAM, "stream"))
		return "invalid-namespace";
	if (content.p != NULL && !slice_is(content, NS_CLIENT))
		return "invalid-namespace";
	if (!slice_cut(version, '.', &major, &minor)
	    || !slice_number(major, 1000, &n) || n < 1)
		return "unsupported-version";
	if (!jid_is_set(to) || to->local_n != 0 || to->resource_n != 0
	    || !host_is_local(to))
		return "host-unknown";
	return NULL;
}

static void introduced(void *ctx, const struct jid *who, bool is_plain_only)
{
	struct stream *st = ctx;

	st->is_plain_only = is_plain_only;
	stream_send_header(st, who);
	introduction_free(&st->introduction);
	send_features(st);
}

/* Is it worth asking who this is before mechanisms are offered? */
static bool introduces_itself(const struct stream *st, const struct jid *from)
{
	return st->peer.is_secured && st->account == NULL && jid_is_set(from)
	    && from->local_n != 0 && host_is_local(from);
}

void stream_header(struct stream *st, const struct elem *header)
{
	struct arena a = { NULL };
	struct jid to = { NULL, 0, 0, 0 }, from = { NULL, 0, 0, 0 };
	const char *fault;

	if (!jid_parse(&a, elem_attr(header, "to"), &to))
		to.text = NULL;
	if (!jid_parse(&a, elem_attr(header, "from"), &from))
		from.text = NULL;
	fault = fault_of(header, &to);
	if (fault == NULL && introduces_itself(st, &from)) {
		st->introduction = introduction_new(&from, introduced, st);
	} else {
		stream_send_header(st, &from);
		if (fault != NULL)
			stream_fail(st, fault, NULL);
		else
			send_features(st);
	}
	arena_fini(&a);
}
