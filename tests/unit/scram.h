/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/scram.h — the client's half of SCRAM (RFC 5802), written apart from
 * the server's code, and a person with a password for it: user, pencil. */
#ifndef TESTS_SCRAM_H
#define TESTS_SCRAM_H

#include <stdlib.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/crypto.h"
#include "base/enc.h"
#include "net/sasl.h"
#include "tests/tap.h"

static const char *state_dir;
static const char *words[] = { "SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN" };
static const struct conf_list all = { words, COUNT(words) };
static const char *way_words[] = { "xmpp", "mail" };
static const struct conf_list way_list = { way_words, COUNT(way_words) };

static const struct sasl_binding unbound;
static const struct sasl_binding tls13 = {
	.unique = SLICE_INIT("finished-13"), .exporter = SLICE_INIT("exported\0keying"),
	.end_point = SLICE_INIT("certificate-hash"), .is_tls13 = true,
};
static const struct sasl_binding tls12_old = { .end_point = SLICE_INIT("certificate-hash") };

static inline bool sasl_is_on(void)
{
	struct sasl_conf conf = { .domain = "example.org", .mechanisms = &all, .iterations = 4096,
		.certificate_names = &way_list };
	const char *why = NULL;
	bool is_on = sasl_start(&conf, state_dir, &why);

	if (!is_on)
		printf("# %s\n", why);
	return is_on;
}

struct client {
	enum crypto_hash hash;
	const char *gs2, *name, *nonce, *password;
	struct slice binding;
	/* Given away by one side, checked by the other. */
	struct buf first, final, server_final;
};

static inline void base64(struct buf *out, const void *p, size_t n)
{
	enc_base64(out, slice_make(p, n));
}

/* Value of `key=` in a server message. */
static inline struct slice field(struct slice message, char key)
{
	struct slice head;

	while (message.n != 0) {
		slice_cut(message, ',', &head, &message);
		if (head.n >= 2 && head.p[0] == key && head.p[1] == '=')
			return slice_make(head.p + 2, head.n - 2);
	}
	return slice_make(NULL, 0);
}

static inline void client_first(struct client *c)
{
	buf_clear(&c->first);
	buf_addf(&c->first, "%sn=%s,r=%s", c->gs2, c->name, c->nonce);
}

/* RFC 5802 §3, from the challenge to the final message and what must follow. */
static inline void client_final(struct client *c, struct slice challenge)
{
	unsigned char salted[64], key[64], stored[64], sign[64], server[64];
	struct slice bare = slice_make(c->first.p + strlen(c->gs2), c->first.n - strlen(c->gs2));
	size_t size = crypto_hash_size(c->hash);
	struct buf salt = { 0 }, text = { 0 };
	uint64_t iterations = 0;

	buf_clear(&c->final);
	buf_clear(&c->server_final);
	dec_base64(&salt, field(challenge, 's'));
	slice_number(field(challenge, 'i'), 1000000, &iterations);
	crypto_pbkdf2(c->hash, slice_of(c->password), buf_slice(&salt), (unsigned)iterations, salted);
	crypto_hmac(c->hash, slice_make(salted, size), SLICE("Client Key"), key);
	crypto_digest(c->hash, slice_make(key, size), stored);

	buf_adds(&text, c->gs2);
	buf_add(&text, c->binding);
	buf_adds(&c->final, "c=");
	base64(&c->final, text.p, text.n);
	buf_addf(&c->final, ",r=" SLICE_FMT, SLICE_ARG(field(challenge, 'r')));

	buf_clear(&text);
	buf_addf(&text, SLICE_FMT "," SLICE_FMT "," SLICE_FMT, SLICE_ARG(bare), SLICE_ARG(challenge),
	    SLICE_ARG(buf_slice(&c->final)));
	crypto_hmac(c->hash, slice_make(stored, size), buf_slice(&text), sign);
	for (size_t i = 0; i < size; i++)
		key[i] ^= sign[i];
	buf_adds(&c->final, ",p=");
	base64(&c->final, key, size);
	crypto_hmac(c->hash, slice_make(salted, size), SLICE("Server Key"), server);
	crypto_hmac(c->hash, slice_make(server, size), buf_slice(&text), sign);
	buf_adds(&c->server_final, "v=");
	base64(&c->server_final, sign, size);
	buf_fini(&salt);
	buf_fini(&text);
}

static inline void client_fini(struct client *c)
{
	buf_fini(&c->first);
	buf_fini(&c->final);
	buf_fini(&c->server_final);
}

/* As the directory would hold them: those of the RFCs' vectors, and SHA-512. */
static struct buf pencil[SASL_VERIFIERS];
static struct slice verifiers[SASL_VERIFIERS];
static size_t verifiers_n;

/* Runs all moves with an initial response; the result of the last one. */
static inline enum sasl_result run(struct client *c, const char *mechanism,
    const struct sasl_binding *b, bool is_known)
{
	struct buf out = { 0 };
	struct slice first;
	enum sasl_result r;
	struct sasl *s;

	client_first(c);
	first = buf_slice(&c->first);
	r = sasl_look(&s, b, slice_of(mechanism), &first);
	if (r == SASL_DONE)
		r = sasl_begin(s, verifiers, is_known ? verifiers_n : 0, &out);
	if (r == SASL_MORE) {
		client_final(c, buf_slice(&out));
		buf_clear(&out);
		r = sasl_step(s, buf_slice(&c->final), &out);
		if (r == SASL_DONE && !slice_eq(buf_slice(&out), buf_slice(&c->server_final)))
			r = SASL_FAIL_TEMPORARY;
	}
	buf_fini(&out);
	sasl_free(&s);
	return r;
}

/* A state directory of its own, and the service started in it.  The environment
 * would, if it were heeded, hide every mechanism (SASL-03). */
static inline bool scram_start(void)
{
	static char dir[] = "/tmp/tertulia-sasl-XXXXXX";

	state_dir = mkdtemp(dir);
	setenv("SASL_PATH", state_dir, 1);
	setenv("SASL_CONF_PATH", state_dir, 1);
	if (!ok(sasl_is_on(), "SASL-03 starts, whatever the environment says"))
		return false;
	verifiers_n = sasl_make_verifiers(SLICE("pencil"), 4096, pencil);
	for (size_t i = 0; i < verifiers_n; i++)
		verifiers[i] = buf_slice(&pencil[i]);
	return true;
}

static inline int scram_done(void)
{
	char path[128];

	sasl_stop();
	for (size_t i = 0; i < SASL_VERIFIERS; i++)
		buf_wipe(&pencil[i]);
	snprintf(path, sizeof path, "%s/sasl.secret", state_dir);
	unlink(path);
	rmdir(state_dir);
	return done();
}

#endif
