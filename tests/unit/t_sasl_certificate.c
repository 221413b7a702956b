/* SPDX-License-Identifier: Apache-2.0 */
/* SASL-20: who can log in by what a certificate says, and the exchange of
 * EXTERNAL.  What is read from certificates themselves is in integ/. */
#include "net/sasl_certificate.h"
#include "tests/unit/scram.h"

/* What names nobody is behind whom it names. */
#define REST "serial 4711\nissuer CN=Campus\nsha256 00ff\n"

static const char *xmpp_words[] = { "xmpp" }, *mail_words[] = { "mail", "xmpp" };
static const char *all_words[] = { "xmpp", "mail", "entry" }, *entry_words[] = { "entry" };
static const struct conf_list xmpp = { xmpp_words, 1 }, mail_first = { mail_words, 2 };
static const struct conf_list all_ways = { all_words, 3 }, entry = { entry_words, 1 };

static void ways(void)
{
	static const struct {
		const char *name, *text;
		const struct conf_list *ways;
		unsigned names, mails;
		bool is_search;
	} rows[] = {
		{ "one address", "jid lucia@example.org\n" REST, &xmpp, 1, 0, false },
		{ "two of ours", "jid lucia@example.org\njid eva@example.org\n", &xmpp, 2, 0, false },
		{ "one twice", "jid lucia@example.org\njid LUCIA@Example.ORG\n", &xmpp, 1, 0, false },
		{ "one of ours", "jid lucia@example.net\njid eva@example.org\n", &xmpp, 1, 0, false },
		{ "none of ours", "jid lucia@example.net\n" REST, &all_ways, 0, 0, false },
		{ "no address", "jid lu cia@example.org\njid @example.org\njid example.org\n", &xmpp, 0, 0, false },
		{ "a full one", "jid lucia@example.org/phone\n", &xmpp, 0, 0, false },
		{ "mail, which does not count", "mail lucia@example.org\n" REST, &xmpp, 0, 0, false },
		{ "mail, which does", "mail lucia@example.org\nmail l@example.org\n" REST, &all_ways, 0, 2, true },
		{ "mail before addresses", "jid eva@example.org\nmail lucia@example.org\n", &mail_first, 0, 1, true },
		{ "no mail", "jid eva@example.org\n" REST, &mail_first, 1, 0, false },
		{ "neither", REST, &all_ways, 0, 0, true },
		{ "the certificate, whatever it says", "jid eva@example.org\n" REST, &entry, 0, 0, true },
		{ "half of it", "serial 4711\nissuer CN=Campus\n", &entry, 0, 0, false },
		{ "none", "", &all_ways, 0, 0, false },
		{ "ways that are none", "jid lucia@example.org\n", NULL, 0, 0, false },
		{ "nine addresses, of which eight count", "jid a@example.org\njid b@example.org\njid c@example.org\n"
		    "jid d@example.org\njid e@example.org\njid f@example.org\njid g@example.org\njid h@example.org\n"
		    "jid i@example.org\n", &xmpp, 8, 0, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena a = { NULL };
		struct certificate c;
		bool is_somebody = certificate_read(&a, slice_of(rows[i].text), rows[i].ways, "example.org", &c);

		okf(c.name_n == rows[i].names && c.search.mail_n == rows[i].mails && c.is_search == rows[i].is_search
		    && is_somebody == (c.name_n != 0 || c.is_search), "%s", rows[i].name);
		arena_fini(&a);
	}
}

static struct sasl_binding shown(const char *certificate)
{
	return (struct sasl_binding){ .certificate = slice_of(certificate) };
}

static void exchanges(void)
{
	static const char one[] = "jid Lucia@Example.org\n" REST;
	static const char two[] = "jid lucia@example.org\njid eva@example.org\n" REST;
	static const struct {
		const char *certificate;
		struct slice message;
		enum sasl_result want;
		const char *who, *name;
	} rows[] = {
		{ one, SLICE_INIT(""), SASL_DONE, "lucia", "no authzid" },
		{ one, SLICE_INIT("lucia"), SASL_DONE, "lucia", "one's own" },
		{ one, SLICE_INIT("LUCIA@example.ORG"), SASL_DONE, "lucia", "one's own address" },
		{ one, SLICE_INIT("eva"), SASL_FAIL_AUTHZID, "", "SASL-01 somebody else's" },
		{ one, SLICE_INIT("lucia@example.org/phone"), SASL_FAIL_AUTHZID, "", "SASL-01 a full address" },
		{ one, SLICE_INIT("lucia\0"), SASL_FAIL_MALFORMED, "", "SASL-06 a NUL" },
		{ one, SLICE_INIT("luc\xe9"), SASL_FAIL_MALFORMED, "", "SASL-06 no UTF-8" },
		{ two, SLICE_INIT(""), SASL_FAIL_AUTHZID, "", "two, and no authzid" },
		{ two, SLICE_INIT("eva"), SASL_DONE, "eva", "the second of two" },
		{ two, SLICE_INIT("lucia@example.org"), SASL_DONE, "lucia", "the first of two" },
		{ two, SLICE_INIT("ana"), SASL_FAIL_AUTHZID, "", "neither of two" },
		{ "jid lucia@example.net\n" REST, SLICE_INIT("lucia"), SASL_FAIL_MECHANISM, "", "an address elsewhere" },
		{ "", SLICE_INIT("lucia"), SASL_FAIL_MECHANISM, "", "SASL-02 no certificate" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sasl_binding b = shown(rows[i].certificate);
		struct sasl *s, *later;
		enum sasl_result r = sasl_look(&s, &b, SLICE("EXTERNAL"), &rows[i].message);

		okf(r == rows[i].want && (s != NULL) == (r == SASL_DONE), "%s", rows[i].name);
		if (r == SASL_DONE) {
			is_slice(sasl_name(s), slice_of(rows[i].who), "  who it is");
			ok(sasl_search(s) == NULL && sasl_prove(s) == SASL_DONE, "  and in");
		}
		sasl_free(&s);
		if (rows[i].want == SASL_FAIL_MECHANISM)
			continue;
		ok(sasl_look(&later, &b, SLICE("EXTERNAL"), NULL) == SASL_MORE
		    && sasl_first(later, rows[i].message) == rows[i].want, "  the same as a response");
		sasl_free(&later);
	}
}

static void searches(void)
{
	static const struct { const char *message, *found; enum sasl_result want; } rows[] = {
		{ "", "lucia", SASL_DONE }, { "", "LUCIA", SASL_DONE }, { "lucia", "lucia", SASL_DONE },
		{ "eva", "lucia", SASL_FAIL_AUTHZID }, { "", "lu cia", SASL_FAIL_NOT_AUTHORIZED },
	};
	struct sasl_binding b = shown("mail l@example.org\n" REST);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice message = slice_of(rows[i].message);
		const struct sasl_search *what;
		enum sasl_result r;
		struct sasl *s;

		ok(sasl_look(&s, &b, SLICE("EXTERNAL"), &message) == SASL_DONE && sasl_name(s).n == 0,
		    "who it is has to be looked for");
		what = sasl_search(s);
		ok(what != NULL && what->mail_n == 1 && slice_is(what->mails[0], "l@example.org"), "  by mail address");
		r = sasl_found(s, slice_of(rows[i].found));
		okf(r == rows[i].want, "  found: %s, for \"%s\"", rows[i].found, rows[i].message);
		ok(r != SASL_DONE || (sasl_search(s) == NULL && sasl_prove(s) == SASL_DONE), "  and then");
		sasl_free(&s);
	}
}

static void offer(void)
{
	const struct sasl_binding good = shown("jid lucia@example.org\n" REST);
	const struct sasl_binding away = shown("jid lucia@example.net\n" REST);
	struct sasl_binding plain = good;
	const char *names[16];

	plain.is_plain_only = true;
	is_int(sasl_offer(&good, names, COUNT(names)), 5, "one more mechanism with a certificate");
	is_str(names[0], "EXTERNAL", "  in front of the others");
	is_int(sasl_offer(&away, names, COUNT(names)), 4, "none with somebody's of another domain");
	is_int(sasl_offer(&plain, names, COUNT(names)), 2, "and beside PLAIN alone");
}

int main(void)
{
	ways();
	if (!scram_start())
		return done();
	exchanges();
	searches();
	offer();
	return scram_done();
}
