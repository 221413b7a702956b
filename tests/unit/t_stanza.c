/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds and types of stanzas, results, errors, time stamps. */
#include "tests/tap.h"
#include "xml/ns.h"
#include "xml/stanza.h"
#include "xml/write.h"

static struct elem *make(struct arena *a, const char *ns, const char *name,
    const char *type)
{
	struct elem *e = elem_new(a, ns, name);

	elem_set_cstr(a, e, "type", type);
	return e;
}

static void kinds(struct arena *a)
{
	ok(stanza_kind(make(a, NS_CLIENT, "message", NULL)) == STANZA_MESSAGE, "message");
	ok(stanza_kind(make(a, NS_CLIENT, "presence", NULL)) == STANZA_PRESENCE, "presence");
	ok(stanza_kind(make(a, NS_CLIENT, "iq", NULL)) == STANZA_IQ, "iq");
	ok(stanza_kind(make(a, NS_CLIENT, "IQ", NULL)) == STANZA_NONE, "names have case");
	ok(stanza_kind(make(a, NS_SERVER, "iq", NULL)) == STANZA_NONE,
	    "XML-17 jabber:server is no stanza of a client");
	ok(stanza_kind(make(a, "", "iq", NULL)) == STANZA_NONE,
	    "XML-17 no namespace is no stanza");
}

static void types(struct arena *a)
{
	static const char *const iq[] = { "get", "set", "result", "error" };
	static const char *const message[] =
	    { "normal", "chat", "groupchat", "headline", "error" };
	static const char *const presence[] = { NULL, "unavailable", "subscribe",
	    "subscribed", "unsubscribe", "unsubscribed", "probe", "error" };

	for (unsigned i = 0; i < COUNT(iq); i++)
		okf(stanza_iq_type(make(a, NS_CLIENT, "iq", iq[i])) == (enum iq_type)i,
		    "iq type %s", iq[i]);
	ok(stanza_iq_type(make(a, NS_CLIENT, "iq", NULL)) == IQ_BAD, "iq without type is bad");
	ok(stanza_iq_type(make(a, NS_CLIENT, "iq", "GET")) == IQ_BAD, "iq of unknown type is bad");
	for (unsigned i = 0; i < COUNT(message); i++)
		okf(stanza_message_type(make(a, NS_CLIENT, "message", message[i])) ==
		    (enum message_type)i, "message type %s", message[i]);
	ok(stanza_message_type(make(a, NS_CLIENT, "message", NULL)) == MESSAGE_NORMAL,
	    "message without type is normal");
	ok(stanza_message_type(make(a, NS_CLIENT, "message", "x")) == MESSAGE_NORMAL,
	    "message of unknown type is normal");
	for (unsigned i = 0; i < COUNT(presence); i++)
		okf(stanza_presence_type(make(a, NS_CLIENT, "presence", presence[i])) ==
		    (enum presence_type)i, "presence type %s",
		    presence[i] != NULL ? presence[i] : "(none)");
	ok(stanza_presence_type(make(a, NS_CLIENT, "presence", "")) == PRESENCE_BAD,
	    "presence of empty type is bad");
	ok(stanza_presence_type(make(a, NS_CLIENT, "presence", "available")) ==
	    PRESENCE_BAD, "presence of type available is bad");
}

static void is_written(const struct elem *e, const char *want, const char *name)
{
	struct buf out = { 0 };

	write_stanza(&out, e, NULL);
	is_slice(buf_slice(&out), slice_of(want), name);
	buf_fini(&out);
}

static void answers(struct arena *a)
{
	struct elem *iq = make(a, NS_CLIENT, "iq", "get"), *big;
	char *text = arena_alloc(a, 5000);

	elem_set_cstr(a, iq, "id", "'/><x");
	elem_set_cstr(a, iq, "from", "ann@example.org/a");
	elem_set_cstr(a, iq, "to", "example.org");
	elem_add(a, iq, NS_PING, "ping");
	is_written(stanza_result(a, iq),
	    "<iq from='example.org' to='ann@example.org/a' id='&apos;/&gt;&lt;x' type='result'/>",
	    "XML-07 a result goes back with the id, escaped");
	is_written(stanza_error(a, iq, SE_SERVICE_UNAVAILABLE, NULL),
	    "<iq from='example.org' to='ann@example.org/a' id='&apos;/&gt;&lt;x' type='error'>"
	    "<ping xmlns='urn:xmpp:ping'/><error type='cancel'><service-unavailable "
	    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
	    "an error has the payload and the condition");
	is_written(iq, "<iq type='get' id='&apos;/&gt;&lt;x' from='ann@example.org/a' "
	    "to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>",
	    "the request is not changed");
	big = make(a, NS_CLIENT, "message", NULL);
	memset(text, 'x', 5000);
	elem_add_text_child(a, big, NS_CLIENT, "body", slice_make(text, 5000));
	is_written(stanza_error(a, big, SE_POLICY_VIOLATION, "Too large & too much"),
	    "<message type='error'><error type='modify'><policy-violation "
	    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
	    "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>"
	    "Too large &amp; too much</text></error></message>",
	    "XML-18 a large payload is left out");
	for (int e = SE_BAD_REQUEST; e <= SE_UNEXPECTED_REQUEST; e++)
		okf(stanza_error_name((enum stanza_error)e) != NULL &&
		    stanza_error_type((enum stanza_error)e) != NULL,
		    "condition %s", stanza_error_name((enum stanza_error)e));
}

static void times(struct arena *a)
{
	static const struct { int64_t ms; const char *want; } cases[] = {
		{ 0,                "1970-01-01T00:00:00.000Z" },
		{ 1795332240123,    "2026-11-22T07:24:00.123Z" },
		{ 951825599999,     "2000-02-29T11:59:59.999Z" },
		{ -1,               "1969-12-31T23:59:59.999Z" },
	};
	struct elem *m = make(a, NS_CLIENT, "message", NULL);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = { 0 };

		stanza_time(&out, cases[i].ms);
		is_slice(buf_slice(&out), slice_of(cases[i].want), cases[i].want);
		buf_fini(&out);
	}
	stanza_add_delay(a, m, SLICE("example.org"), 1000);
	is_written(m, "<message><delay xmlns='urn:xmpp:delay' from='example.org' "
	    "stamp='1970-01-01T00:00:01.000Z'/></message>", "XEP-0203 delay");
}

int main(void)
{
	struct arena a = { NULL };

	kinds(&a);
	types(&a);
	answers(&a);
	times(&a);
	arena_fini(&a);
	return done();
}
