/* SPDX-License-Identifier: Apache-2.0 */
/* SASL from strangers, through the real path into Cyrus (SASL-04, SASL-06).
 *
 * The first byte chooses mechanism (bits 0-3), binding (4-5), whether the first
 * message comes as initial response (6) and whether the person has verifiers
 * (7).  Then the first message, 0xFE 0xFE, and the second, in which each 0xFD
 * becomes the nonce of the server.  Whoever has no password never gets in. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/conf.h"
#include "net/sasl_certificate.h"
#include "net/sasl_message.h"
#include "xml/jid.h"

static char state_dir[] = "/tmp/tertulia-fuzz-XXXXXX";

static const char *const mechanisms[16] = {
	"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512",
	"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS",
	"EXTERNAL", "ANONYMOUS", "DIGEST-MD5", "scram-sha-1", "", "PLAIN ",
	"SCRAM-SHA-224", "LOGIN", "SCRAM-SHA-1",
};
static const struct sasl_binding bindings[4] = {
	{ .certificate = SLICE_INIT("jid user@example.org\njid eva@example.org\n") },
	{ .certificate = SLICE_INIT("mail user@example.org\n"),
	    .exporter = SLICE_INIT("exported"), .is_tls13 = true },
	{ .unique = SLICE_INIT("finished"), .end_point = SLICE_INIT("hash") },
	{ .end_point = SLICE_INIT("hash") },
};
/* Of the password "pencil", RFC 5802 §5. */
static const struct slice verifier = SLICE_INIT(
    "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:"
    "D+CSWLOshSulAsxiupA+qs2/fTE=");

static void clean_up(void)
{
	char path[64];

	sasl_stop();
	snprintf(path, sizeof path, "%s/sasl.secret", state_dir);
	unlink(path);
	rmdir(state_dir);
}

static void start_once(void)
{
	static const char *words[] = { "SCRAM-SHA-512", "SCRAM-SHA-256",
		"SCRAM-SHA-1", "PLAIN" };
	static const struct conf_list list = { words, COUNT(words) };
	static const char *way_words[] = { "xmpp", "mail", "entry" };
	static const struct conf_list ways = { way_words, COUNT(way_words) };
	struct sasl_conf conf = { .domain = "example.org",
		.mechanisms = &list, .iterations = 4096,
		.certificate_names = &ways };
	const char *why = "no directory";
	static bool is_on;

	if (is_on)
		return;
	is_on = true;
	if (mkdtemp(state_dir) == NULL || !sasl_start(&conf, state_dir, &why)) {
		fprintf(stderr, "%s\n", why);
		exit(2);
	}
	atexit(clean_up);
}

/* What was read is all there was. */
static void check_reading(struct slice in)
{
	struct scram_first first;
	struct plain_message plain;
	struct scram_final final;
	struct buf again = { 0 };

	if (scram_first_read(in, &first)) {
		buf_addf(&again, SLICE_FMT "n=" SLICE_FMT ",r=" SLICE_FMT,
		    SLICE_ARG(first.gs2), SLICE_ARG(first.name),
		    SLICE_ARG(first.nonce));
		assert(slice_eq(buf_slice(&again), in));
	}
	buf_clear(&again);
	if (scram_final_read(in, &final)) {
		buf_addf(&again, "c=" SLICE_FMT ",r=" SLICE_FMT ",p=" SLICE_FMT,
		    SLICE_ARG(final.binding), SLICE_ARG(final.nonce),
		    SLICE_ARG(final.proof));
		assert(slice_eq(buf_slice(&again), in));
	}
	/* Tag, one byte of length or more, OID, TOK_ID, tag, length, a byte. */
	if (gssapi_first_read(in))
		assert(in.n >= 18 && in.n <= SASL_TICKET_MOST);
	if (plain_read(in, &plain))
		assert(plain.name.n != 0 && plain.password.n != 0
		    && plain.authzid.n + plain.name.n + plain.password.n + 2
		    == in.n);
	buf_fini(&again);
}

/* Whatever a certificate says, names are prepared and few. */
static void check_certificate(struct slice text)
{
	static const char *words[] = { "xmpp", "mail", "entry" };
	struct conf_list ways = { words + text.n % 2, 2 };
	struct arena a = { NULL };
	struct certificate c;

	if (certificate_read(&a, text, &ways, "example.org", &c))
		assert(c.name_n <= TLS_PEER_NAMES
		    && c.search.mail_n <= TLS_PEER_NAMES);
	for (size_t i = 0; i < c.name_n; i++) {
		struct slice again;

		assert(jid_prep_local(&a, c.names[i], &again)
		    && slice_eq(again, c.names[i]));
	}
	arena_fini(&a);
}

/* By the certificate, and as nobody but whom it names. */
static void prove(struct sasl *s)
{
	if (sasl_search(s) != NULL
	    && sasl_found(s, SLICE("User")) != SASL_DONE)
		return;
	assert(slice_is(sasl_name(s), "user") || slice_is(sasl_name(s), "eva"));
	assert(sasl_prove(s) == SASL_DONE);
}

static void finish(struct sasl *s, struct slice challenge, struct slice text)
{
	struct buf final = { 0 }, out = { 0 };
	struct slice nonce, rest;

	slice_cut(challenge, ',', &nonce, &rest);
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] == 0xfd && final.n < 8192)
			buf_add(&final, slice_make(nonce.p + 2, nonce.n - 2));
		else
			buf_addc(&final, text.p[i]);
	check_reading(buf_slice(&final));
	assert(sasl_step(s, buf_slice(&final), &out) > SASL_MORE);
	assert(sasl_step(s, buf_slice(&final), &out) > SASL_MORE);
	assert(out.n == 0);
	buf_fini(&final);
	buf_fini(&out);
}

static void exchange(unsigned choice, struct slice first, struct slice second)
{
	struct slice mechanism = slice_of(mechanisms[choice & 15]);
	struct buf challenge = { 0 };
	struct sasl *s;
	enum sasl_result r;

	r = sasl_look(&s, &bindings[choice >> 4 & 3], mechanism,
	    (choice & 64) != 0 ? &first : NULL);
	if (r == SASL_MORE)
		r = sasl_first(s, first);
	if (r == SASL_DONE) {
		assert(sasl_name(s).n != 0 || sasl_search(s) != NULL);
		if (sasl_kind(s) == SASL_EXTERNAL)
			prove(s);
		if (sasl_kind(s) == SASL_SCRAM && sasl_begin(s, &verifier,
		    choice >> 7, &challenge) == SASL_MORE)
			finish(s, buf_slice(&challenge), second);
	}
	sasl_free(&s);
	buf_fini(&challenge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice first, second = { NULL, 0 };

	start_once();
	if (size == 0)
		return 0;
	first = slice_make(data + 1, size - 1);
	for (size_t i = 0; i + 1 < first.n; i++)
		if (memcmp(first.p + i, "\xfe\xfe", 2) == 0) {
			second = slice_make(first.p + i + 2, first.n - i - 2);
			first.n = i;
		}
	check_reading(first);
	check_certificate(first);
	exchange(data[0], first, second);
	return 0;
}
