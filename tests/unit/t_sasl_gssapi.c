/* SPDX-License-Identifier: Apache-2.0 */
/* GSSAPI: which first messages are worth a look into the keytab, and which
 * principals are people.  The exchange itself is in integ/, with a real KDC. */
#include "base/conf.h"
#include "net/sasl_gssapi.h"
#include "net/sasl_message.h"
#include "tests/tap.h"

#define KERBEROS "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"

static void tokens(void)
{
	static const struct { const char *name; struct slice token; bool is_good; } rows[] = {
		{ "an AP-REQ, as small as can be", SLICE_INIT("\x60\x10" KERBEROS "\x01\x00\x6e\x01" "x"), true },
		{ "nothing", SLICE_INIT(""), false },
		{ "one byte", SLICE_INIT("\x60"), false },
		{ "a name and a password", SLICE_INIT("\0lucia\0secreta"), false },
		{ "NTLM", SLICE_INIT("NTLMSSP\0\x01\0\0\0"), false },
		{ "SPNEGO", SLICE_INIT("\x60\x08\x06\x06\x2b\x06\x01\x05\x05\x02"), false },
		{ "another tag", SLICE_INIT("\x61\x10" KERBEROS "\x01\x00\x6e\x01" "x"), false },
		{ "an AP-REP", SLICE_INIT("\x60\x10" KERBEROS "\x02\x00\x6f\x01" "x"), false },
		{ "AP-REP inside", SLICE_INIT("\x60\x10" KERBEROS "\x01\x00\x6f\x01" "x"), false },
		{ "an error", SLICE_INIT("\x60\x10" KERBEROS "\x03\x00\x7e\x01" "x"), false },
		{ "too short", SLICE_INIT("\x60\x11" KERBEROS "\x01\x00\x6e\x01" "x"), false },
		{ "too long", SLICE_INIT("\x60\x10" KERBEROS "\x01\x00\x6e\x01" "xy"), false },
		{ "too long inside", SLICE_INIT("\x60\x11" KERBEROS "\x01\x00\x6e\x01" "xy"), false },
		{ "too short inside", SLICE_INIT("\x60\x10" KERBEROS "\x01\x00\x6e\x02" "x"), false },
		{ "empty inside", SLICE_INIT("\x60\x0f" KERBEROS "\x01\x00\x6e\x00"), false },
		{ "nothing inside", SLICE_INIT("\x60\x0d" KERBEROS "\x01\x00"), false },
		{ "half an OID", SLICE_INIT("\x60\x05\x06\x09\x2a\x86\x48"), false },
		{ "a length in more bytes than it takes", SLICE_INIT("\x60\x81\x10" KERBEROS "\x01\x00\x6e\x01" "x"), false },
		{ "a length of no end", SLICE_INIT("\x60\x80" KERBEROS "\x01\x00\x6e\x01" "x\0\0"), false },
		{ "a length of four bytes", SLICE_INIT("\x60\x84\0\0\0\x10" KERBEROS "\x01\x00\x6e\x01" "x"), false },
		{ "a length that is all there is", SLICE_INIT("\x60\x82\x10"), false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		okf(gssapi_first_read(rows[i].token) == rows[i].is_good, "SASL-06 %s", rows[i].name);
}

/* Of `n` bytes in all, lengths as DER wants them. */
static bool is_read(size_t n)
{
	struct buf token = { 0 };
	size_t inner = n - 4 - 13 - 4;
	bool is_good;

	buf_add(&token, SLICE("\x60\x82"));
	buf_addc(&token, (char)((n - 4) >> 8));
	buf_addc(&token, (char)(n - 4));
	buf_add(&token, SLICE(KERBEROS "\x01\x00\x6e\x82"));
	buf_addc(&token, (char)(inner >> 8));
	buf_addc(&token, (char)inner);
	while (token.n < n)
		buf_addc(&token, 'x');
	is_good = gssapi_first_read(buf_slice(&token));
	buf_fini(&token);
	return is_good;
}

static void sizes(void)
{
	ok(is_read(700) && is_read(5000) && is_read(SASL_TICKET_MOST), "SASL-06 tickets up to 48 KiB");
	ok(!is_read(SASL_TICKET_MOST + 1), "SASL-06 and none that is larger");
}

static void people(void)
{
	static const char *words[] = { "EXAMPLE.ORG", "LAB.EXAMPLE.ORG" };
	static const struct conf_list realms = { words, COUNT(words) }, none = { NULL, 0 };
	static const struct { struct slice principal; const char *user; } rows[] = {
		{ SLICE_INIT("lucia@EXAMPLE.ORG"), "lucia" },
		{ SLICE_INIT("Lucia@LAB.EXAMPLE.ORG"), "Lucia" },
		{ SLICE_INIT("lucia@example.org"), NULL },
		{ SLICE_INIT("lucia@EXAMPLE.ORG.EVIL"), NULL },
		{ SLICE_INIT("lucia@EVIL"), NULL },
		{ SLICE_INIT("lucia@"), NULL },
		{ SLICE_INIT("lucia"), NULL },
		{ SLICE_INIT(""), NULL },
		{ SLICE_INIT("@EXAMPLE.ORG"), NULL },
		{ SLICE_INIT("lucia/admin@EXAMPLE.ORG"), NULL },
		{ SLICE_INIT("xmpp/example.org@EXAMPLE.ORG"), NULL },
		{ SLICE_INIT("lucia\\@EXAMPLE.ORG@EXAMPLE.ORG"), NULL },
		{ SLICE_INIT("lucia@EXAMPLE.ORG@EXAMPLE.ORG"), NULL },
		{ SLICE_INIT("lucia@EXAMPLE.ORG@EVIL"), NULL },
		{ SLICE_INIT("lu\\cia@EXAMPLE.ORG"), NULL },
		{ SLICE_INIT("lucia\0@EXAMPLE.ORG"), NULL },
	};
	struct slice user;

	for (size_t i = 0; i < COUNT(rows); i++)
		okf(gssapi_user(rows[i].principal, &realms, &user) == (rows[i].user != NULL)
		    && (rows[i].user == NULL || slice_is(user, rows[i].user)),
		    "SASL-01 %s is %s", rows[i].principal.p, rows[i].user != NULL ? rows[i].user : "nobody");
	ok(!gssapi_user(SLICE("lucia@EXAMPLE.ORG"), &none, &user), "nobody, where no realm is ours");
}

int main(void)
{
	tokens();
	sizes();
	people();
	return done();
}
