/* SPDX-License-Identifier: Apache-2.0 */
/* SASL as a server: the published vectors, every mechanism with every binding,
 * and that nobody learns who exists.  What has to be refused on sight is in
 * t_sasl_table.c. */
#include <sys/stat.h>

#include <sasl/sasl.h>

#include "tests/unit/scram.h"

static void vectors(void)
{
	static const struct {
		const char *name;
		enum crypto_hash hash;
		const char *nonce, *challenge, *final, *server_final;
	} rows[] = {
		{ "RFC 5802 §5, SCRAM-SHA-1", HASH_SHA1, "fyko+d2lbbFgONRv9qkxdawL",
		    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
		    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
		{ "RFC 7677 §3, SCRAM-SHA-256", HASH_SHA256, "rOprNGfwEbeRWgbNEkqO",
		    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client c = { .hash = rows[i].hash, .gs2 = "n,,", .name = "user",
			.nonce = rows[i].nonce, .password = "pencil" };

		client_first(&c);
		client_final(&c, slice_of(rows[i].challenge));
		is_slice(buf_slice(&c.final), slice_of(rows[i].final), rows[i].name);
		is_slice(buf_slice(&c.server_final), slice_of(rows[i].server_final), "  and the server's answer");
		client_fini(&c);
	}
}

static const struct scram { const char *name; enum crypto_hash hash; } scrams[] = {
	{ "SCRAM-SHA-1", HASH_SHA1 }, { "SCRAM-SHA-256", HASH_SHA256 }, { "SCRAM-SHA-512", HASH_SHA512 },
};

/* --- whole exchanges ----------------------------------------------------------- */

static void good_and_bad(void)
{
	for (size_t i = 0; i < COUNT(scrams); i++) {
		struct client c = { .hash = scrams[i].hash, .gs2 = "n,,", .name = "user",
			.nonce = "fyko+d2lbbFgONRv9qkxdawL", .password = "pencil" };

		okf(run(&c, scrams[i].name, &unbound, true) == SASL_DONE, "%s logs in", scrams[i].name);
		c.name = "USER";
		okf(run(&c, scrams[i].name, &unbound, true) == SASL_DONE, "%s, the name in capitals", scrams[i].name);
		c.password = "pencils";
		okf(run(&c, scrams[i].name, &unbound, true) == SASL_FAIL_NOT_AUTHORIZED,
		    "%s, wrong password", scrams[i].name);
		c.password = "pencil";
		okf(run(&c, scrams[i].name, &unbound, false) == SASL_FAIL_NOT_AUTHORIZED,
		    "SASL-07 %s, nobody of this name: the same answer", scrams[i].name);
		client_fini(&c);
	}
}

static void published_verifier(void)
{
	/* Keys computed from the salt, rounds and password of RFC 5802 §5. */
	static const struct slice v[] = {
		SLICE_INIT("SCRAM-SHA-256$4096:bad"),
		SLICE_INIT("SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE="),
	};
	struct client c = { .hash = HASH_SHA1, .gs2 = "n,,", .name = "user",
		.nonce = "fyko+d2lbbFgONRv9qkxdawL", .password = "pencil" };
	struct buf out = { 0 };
	struct slice first;
	struct sasl *s;

	client_first(&c);
	first = buf_slice(&c.first);
	ok(sasl_look(&s, &unbound, SLICE("SCRAM-SHA-1"), &first) == SASL_DONE
	    && sasl_begin(s, v, COUNT(v), &out) == SASL_MORE, "a verifier of the RFC's example is taken");
	is_slice(field(buf_slice(&out), 's'), SLICE("QSXCR+Q6sek8bf92"), "  its salt is sent");
	ok(slice_starts(field(buf_slice(&out), 'r'), slice_of(c.nonce)), "  the nonce goes on from the client's");
	client_final(&c, buf_slice(&out));
	buf_clear(&out);
	ok(sasl_step(s, buf_slice(&c.final), &out) == SASL_DONE, "  and its password fits");
	is_slice(buf_slice(&out), buf_slice(&c.server_final), "  proved by the server as well");
	ok(sasl_step(s, buf_slice(&c.final), &out) == SASL_FAIL_MALFORMED, "SASL-14 a replayed final message fails");
	sasl_free(&s);
	buf_fini(&out);
	client_fini(&c);
}

static void without_initial(void)
{
	struct sasl *s;

	ok(sasl_look(&s, &unbound, SLICE("PLAIN"), NULL) == SASL_MORE && s != NULL, "no initial response: an empty challenge");
	ok(sasl_first(s, SLICE("\0lucia\0secreta")) == SASL_DONE, "  and the response is looked at");
	is_slice(sasl_name(s), SLICE("lucia"), "  the name is known");
	is_slice(sasl_password(s), SLICE("secreta"), "  the password too");
	ok(sasl_kind(s) == SASL_PLAIN, "  the mechanism is");
	ok(sasl_first(s, SLICE("\0eva\0secreta")) == SASL_FAIL_MALFORMED, "SASL-19 no second look");
	sasl_free(&s);
	ok(s == NULL, "a freed exchange is gone");
}

static void bindings(void)
{
	static const struct {
		const char *name, *mechanism, *gs2;
		const struct sasl_binding *has;
		struct slice data;
		enum sasl_result want;
	} rows[] = {
		{ "exporter", "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &tls13, SLICE_INIT("exported\0keying"), SASL_DONE },
		{ "unique", "SCRAM-SHA-256-PLUS", "p=tls-unique,,", &tls13, SLICE_INIT("finished-13"), SASL_DONE },
		{ "end point", "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,", &tls12_old, SLICE_INIT("certificate-hash"), SASL_DONE },
		{ "with an authzid", "SCRAM-SHA-256-PLUS", "p=tls-exporter,a=user,", &tls13, SLICE_INIT("exported\0keying"), SASL_DONE },
		{ "none, and none on offer", "SCRAM-SHA-256", "y,,", &unbound, { NULL, 0 }, SASL_DONE },
		{ "none wanted", "SCRAM-SHA-256", "n,,", &tls13, { NULL, 0 }, SASL_DONE },
		{ "wrong data", "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &tls13, SLICE_INIT("exported\0Keying"), SASL_FAIL_NOT_AUTHORIZED },
		{ "data of another type", "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &tls13, SLICE_INIT("finished-13"), SASL_FAIL_NOT_AUTHORIZED },
		{ "shorter data", "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &tls13, SLICE_INIT("exported"), SASL_FAIL_NOT_AUTHORIZED },
		{ "no data", "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &tls13, { NULL, 0 }, SASL_FAIL_NOT_AUTHORIZED },
		{ "data without flag", "SCRAM-SHA-256", "n,,", &tls13, SLICE_INIT("x"), SASL_FAIL_NOT_AUTHORIZED },
		{ "y while -PLUS is offered", "SCRAM-SHA-256", "y,,", &tls13, { NULL, 0 }, SASL_FAIL_DOWNGRADE },
		{ "y with -PLUS", "SCRAM-SHA-256-PLUS", "y,,", &tls13, { NULL, 0 }, SASL_FAIL_NOT_AUTHORIZED },
		{ "n with -PLUS", "SCRAM-SHA-256-PLUS", "n,,", &tls13, { NULL, 0 }, SASL_FAIL_NOT_AUTHORIZED },
		{ "p without -PLUS", "SCRAM-SHA-256", "p=tls-exporter,,", &tls13, SLICE_INIT("exported\0keying"), SASL_FAIL_NOT_AUTHORIZED },
		{ "a type nobody knows", "SCRAM-SHA-256-PLUS", "p=tls-unknown,,", &tls13, SLICE_INIT("x"), SASL_FAIL_NOT_AUTHORIZED },
		{ "a type this connection lacks", "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &tls12_old, SLICE_INIT("x"), SASL_FAIL_NOT_AUTHORIZED },
		{ "-PLUS where nothing can be bound", "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", &unbound, SLICE_INIT("x"), SASL_FAIL_MECHANISM },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client c = { .hash = HASH_SHA256, .gs2 = rows[i].gs2, .name = "user",
			.nonce = "rOprNGfwEbeRWgbNEkqO", .password = "pencil", .binding = rows[i].data };

		okf(run(&c, rows[i].mechanism, rows[i].has, true) == rows[i].want, "SASL-11 %s", rows[i].name);
		client_fini(&c);
	}
}

/* --- who exists ------------------------------------------------------------------------ */

/* The challenge for `name`, without its nonce. */
static struct buf challenge(const char *mechanism, const char *name, bool is_known)
{
	struct buf first = { 0 }, out = { 0 };
	struct slice in;
	struct sasl *s;

	buf_addf(&first, "n,,n=%s,r=fyko", name);
	in = buf_slice(&first);
	if (sasl_look(&s, &unbound, slice_of(mechanism), &in) == SASL_DONE)
		sasl_begin(s, verifiers, is_known ? verifiers_n : 0, &out);
	sasl_free(&s);
	buf_fini(&first);
	if (out.n != 0)
		buf_drop(&out, 2 + field(buf_slice(&out), 'r').n);
	return out;
}

static void enumeration(void)
{
	for (size_t i = 0; i < COUNT(scrams); i++) {
		const char *m = scrams[i].name;
		struct buf first = challenge(m, "nadie", false), again = challenge(m, "Nadie", false);
		struct buf other = challenge(m, "nadia", false), real = challenge(m, "user", true), later;

		okf(first.n != 0 && slice_eq(buf_slice(&first), buf_slice(&again)), "SASL-07 %s: the same salt at each try", m);
		okf(first.n == real.n && slice_eq(field(buf_slice(&first), 'i'), field(buf_slice(&real), 'i')),
		    "SASL-07 %s: shaped like a real one", m);
		okf(!slice_eq(buf_slice(&first), buf_slice(&other)), "SASL-07 %s: another name, another salt", m);
		sasl_stop();
		ok(sasl_is_on(), "(restart)");
		later = challenge(m, "nadie", false);
		okf(slice_eq(buf_slice(&first), buf_slice(&later)), "SASL-07 %s: the same after a restart", m);
		buf_fini(&first);
		buf_fini(&again);
		buf_fini(&other);
		buf_fini(&real);
		buf_fini(&later);
	}
}

static void secret_file(void)
{
	struct sasl_conf conf = { .domain = "example.org", .mechanisms = &all, .iterations = 4096 };
	const char *why = NULL;
	char path[128];
	struct stat st;

	snprintf(path, sizeof path, "%s/sasl.secret", state_dir);
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_size == 32, "the secret is for us alone");
	sasl_stop();
	chmod(path, 0644);
	ok(!sasl_start(&conf, state_dir, &why) && why != NULL, "a secret others can read is refused");
	chmod(path, 0600);
	ok(truncate(path, 7) == 0 && !sasl_start(&conf, state_dir, &why), "so is half of one");
	unlink(path);
	ok(!sasl_start(&conf, "/nonexistent", &why), "and a state directory that is not there");
	ok(sasl_is_on(), "a new one is made");
}

/* --- offer ------------------------------------------------------------------------------- */

static void offer(void)
{
	static const char *const want[] = { "SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS",
		"SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN" };
	const char *names[16];

	is_int(sasl_offer(&tls13, names, COUNT(names)), COUNT(want), "all on offer with a binding");
	for (size_t i = 0; i < COUNT(want); i++)
		is_str(names[i], want[i], "  in order");
	is_int(sasl_offer(&unbound, names, COUNT(names)), 4, "no -PLUS without");
	is_str(names[0], "SCRAM-SHA-512", "  but the rest");
	is_int(sasl_offer(&tls13, names, 2), 2, "not more than there is room for");
}

static void exact_names(void)
{
	static const struct slice names[] = {
		SLICE_INIT("plain"), SLICE_INIT("PLAIN\0"), SLICE_INIT("PLAIN "), SLICE_INIT(""), SLICE_INIT("PLAI"),
		SLICE_INIT("scram-sha-1"), SLICE_INIT("SCRAM-SHA-1\0"), SLICE_INIT("SCRAM-SHA-224"),
		SLICE_INIT("SCRAM-SHA-384"), SLICE_INIT("ANONYMOUS"), SLICE_INIT("LOGIN"), SLICE_INIT("EXTERNAL"),
		SLICE_INIT("DIGEST-MD5"), SLICE_INIT("CRAM-MD5"), SLICE_INIT("NTLM"), SLICE_INIT("GSSAPI"),
		SLICE_INIT("GS2-KRB5"), SLICE_INIT("OTP"), SLICE_INIT("SRP"), SLICE_INIT("SKEY"), SLICE_INIT("OAUTHBEARER"),
		SLICE_INIT("XOAUTH2"), SLICE_INIT("KERBEROS_V4"), SLICE_INIT("SECURID"), SLICE_INIT("PLAIN SCRAM-SHA-1"),
	};
	const char **loaded = sasl_global_listmech();
	struct slice first = SLICE("\0lucia\0s");
	struct sasl *s;

	for (size_t i = 0; i < COUNT(names); i++)
		okf(sasl_look(&s, &unbound, names[i], &first) == SASL_FAIL_MECHANISM && s == NULL,
		    "SASL-02 %s (%zu bytes) is not offered", names[i].p, names[i].n);
	for (; *loaded != NULL; loaded++)
		okf(strncmp(*loaded, "SCRAM-SHA-", 10) == 0 || strcmp(*loaded, "EXTERNAL") == 0,
		    "SASL-03 nothing but SCRAM was loaded: %s", *loaded);
}

static void conditions(void)
{
	is_str(sasl_failure_name(SASL_FAIL_ABORTED), "aborted", "condition of an abort");
	is_str(sasl_failure_name(SASL_FAIL_NOT_AUTHORIZED), "not-authorized", "condition of a refusal");
	is_str(sasl_failure_name(SASL_FAIL_DOWNGRADE), "not-authorized", "the client is not told of a downgrade");
	is_str(sasl_failure_name(SASL_FAIL_DISABLED), "account-disabled", "condition of the last");
}

/* --- verifiers and nonces ------------------------------------------------------------------ */

static void making(void)
{
	struct buf out[SASL_VERIFIERS] = { { 0 } }, again[SASL_VERIFIERS] = { { 0 } };

	is_int(sasl_make_verifiers(SLICE("pencil"), 4096, out), 3, "a verifier for each hash");
	ok(slice_starts(buf_slice(&out[1]), SLICE("SCRAM-SHA-256$4096:")), "  in the form of RFC 5803");
	sasl_make_verifiers(SLICE("pencil"), 4096, again);
	ok(!slice_eq(buf_slice(&out[1]), buf_slice(&again[1])), "  salted anew each time");
	is_int(sasl_make_verifiers(SLICE("a\x01" "b"), 4096, again), 0, "none for what cannot be prepared");
	is_int(sasl_make_verifiers(SLICE(""), 4096, again), 0, "none for an empty password");
	for (size_t i = 0; i < SASL_VERIFIERS; i++) {
		buf_wipe(&out[i]);
		buf_wipe(&again[i]);
	}
	is_int(sasl_make_verifiers(SLICE("n\xcc\x83"), 4096, out), 3, "a decomposed password is composed first");
	for (size_t i = 0; i < 3; i++)
		verifiers[i] = buf_slice(&out[i]);
	struct client c = { .hash = HASH_SHA256, .gs2 = "n,,", .name = "user", .nonce = "x", .password = "\xc3\xb1" };
	ok(run(&c, "SCRAM-SHA-256", &unbound, true) == SASL_DONE, "  as clients do");
	client_fini(&c);
	for (size_t i = 0; i < SASL_VERIFIERS; i++) {
		buf_wipe(&out[i]);
		verifiers[i] = buf_slice(&pencil[i]);
	}
}

static void nonces(void)
{
	static char seen[256][33];
	unsigned same = 0, bits = 0;

	for (size_t i = 0; i < COUNT(seen); i++) {
		struct slice first = SLICE("n,,n=user,r=x"), nonce;
		struct buf out = { 0 }, raw = { 0 };
		struct sasl *s;

		sasl_look(&s, &unbound, SLICE("SCRAM-SHA-1"), &first);
		sasl_begin(s, verifiers, verifiers_n, &out);
		nonce = field(buf_slice(&out), 'r');
		snprintf(seen[i], sizeof *seen, "%.*s", (int)nonce.n - 1, nonce.p + 1);
		for (size_t j = 0; j < i; j++)
			same += strcmp(seen[i], seen[j]) == 0;
		dec_base64(&raw, slice_make(nonce.p + 1, nonce.n - 1));
		for (size_t j = 0; j < raw.n * 8; j++)
			bits += ((unsigned char)raw.p[j / 8] >> j % 8) & 1u;
		if (i == 0)
			ok(raw.n * 8 >= 128, "TLS-08 a nonce has 128 bits or more");
		sasl_free(&s);
		buf_fini(&out);
		buf_fini(&raw);
	}
	is_int(same, 0, "TLS-08 no nonce comes twice");
	okf(bits > 256 * 24 * 4 - 700 && bits < 256 * 24 * 4 + 700, "TLS-08 their bits are even (%u)", bits);
}

int main(void)
{
	vectors();
	if (!scram_start())
		return done();
	good_and_bad();
	published_verifier();
	without_initial();
	bindings();
	enumeration();
	secret_file();
	offer();
	exact_names();
	conditions();
	making();
	nonces();
	return scram_done();
}
