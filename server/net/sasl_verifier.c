/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_verifier.c — see net/sasl_verifier.h. */
#include "net/sasl_verifier.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/enc.h"

const struct verifier_hash verifier_hashes[] = {
	{ "SCRAM-SHA-512", HASH_SHA512 },
	{ "SCRAM-SHA-256", HASH_SHA256 },
	{ "SCRAM-SHA-1",   HASH_SHA1 },
	{ NULL, 0 }
};

/* What Cyrus can hold: the iterations in ten digits, the keys of their hash. */
enum { ITERATIONS_MOST = 10 * 1000 * 1000, SALT_MOST = 64 };

/* --- the secret ------------------------------------------------------------- */

static bool write_all(int fd, const void *p, size_t n)
{
	return write(fd, p, n) == (ssize_t)n && fsync(fd) == 0;
}

/* Under another name first, then linked: nobody ever reads half of it, and of
 * two that make it at once both go on with the same. */
static bool secret_create(const char *path)
{
	unsigned char secret[VERIFIER_SECRET];
	struct buf name = { 0 };
	bool is_there = false;
	int fd;

	buf_addf(&name, "%s.XXXXXX", path);
	buf_addc(&name, '\0');
	fd = mkostemp(name.p, O_CLOEXEC);       /* mode 0600 */
	if (fd >= 0) {
		crypto_random(secret, sizeof secret);
		is_there = write_all(fd, secret, sizeof secret)
		    && (link(name.p, path) == 0 || errno == EEXIST);
		close(fd);
		unlink(name.p);
		explicit_bzero(secret, sizeof secret);
	}
	buf_fini(&name);
	return is_there;
}

static const char *secret_read(const char *path, unsigned char *secret_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	const char *why = NULL;
	struct stat st;

	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)
	    || (st.st_mode & 077) != 0)
		why = "can be read by others, or is no file";
	else if (st.st_size != VERIFIER_SECRET
	    || read(fd, secret_r, VERIFIER_SECRET) != VERIFIER_SECRET)
		why = "is not 32 bytes long";
	close(fd);
	return why;
}

bool verifier_secret_load(const char *state_dir,
    unsigned char secret_r[VERIFIER_SECRET], const char **why_r)
{
	static char told[320];
	struct buf path = { 0 };
	const char *why;

	buf_addf(&path, "%s/sasl.secret", state_dir);
	if (access(buf_cstr(&path), F_OK) == 0 || secret_create(buf_cstr(&path)))
		why = secret_read(buf_cstr(&path), secret_r);
	else
		why = "cannot be made";
	if (why != NULL) {
		snprintf(told, sizeof told, "%s: %s", buf_cstr(&path), why);
		*why_r = told;
	}
	buf_fini(&path);
	return why == NULL;
}

/* --- reading ------------------------------------------------------------------ */

static bool is_base64_of(struct slice s, size_t least, size_t most)
{
	struct buf raw = { 0 };
	bool is_good = dec_base64(&raw, s) && raw.n >= least && raw.n <= most;

	buf_wipe(&raw);
	return is_good;
}

struct parts { struct slice salt, stored, server; uint64_t iterations; };

static bool cut(struct slice text, const struct verifier_hash *h, struct parts *p)
{
	size_t size = crypto_hash_size(h->hash);
	struct slice scheme, rest, info, keys, iterations;

	return text.n <= VERIFIER_MOST
	    && slice_cut(text, '$', &scheme, &rest)
	    && slice_is(scheme, h->scheme)
	    && slice_cut(rest, '$', &info, &keys)
	    && slice_cut(info, ':', &iterations, &p->salt)
	    && slice_cut(keys, ':', &p->stored, &p->server)
	    && slice_number(iterations, ITERATIONS_MOST, &p->iterations)
	    && p->iterations != 0
	    && is_base64_of(p->salt, 1, SALT_MOST)
	    && is_base64_of(p->stored, size, size)
	    && is_base64_of(p->server, size, size);
}

bool verifier_fits(struct slice text, const struct verifier_hash *h)
{
	struct parts p;

	return cut(text, h, &p);
}

/* --- writing ------------------------------------------------------------------- */

struct keys {
	unsigned char salt[VERIFIER_SALT];
	unsigned char stored[CRYPTO_HASH_MOST], server[CRYPTO_HASH_MOST];
};

static void write_verifier(const struct verifier_hash *h, const struct keys *k,
    unsigned iterations, struct buf *out)
{
	size_t size = crypto_hash_size(h->hash);

	buf_addf(out, "%s$%u:", h->scheme, iterations);
	enc_base64(out, slice_make(k->salt, sizeof k->salt));
	buf_addc(out, '$');
	enc_base64(out, slice_make(k->stored, size));
	buf_addc(out, ':');
	enc_base64(out, slice_make(k->server, size));
}

/* RFC 5802 §3: StoredKey and ServerKey. */
static void keys_make(const struct verifier_hash *h, struct slice password,
    struct slice salt, unsigned iterations, struct keys *k)
{
	unsigned char salted[CRYPTO_HASH_MOST], client[CRYPTO_HASH_MOST];
	size_t size = crypto_hash_size(h->hash);

	crypto_pbkdf2(h->hash, password, salt, iterations, salted);
	crypto_hmac(h->hash, slice_make(salted, size), SLICE("Client Key"), client);
	crypto_digest(h->hash, slice_make(client, size), k->stored);
	crypto_hmac(h->hash, slice_make(salted, size), SLICE("Server Key"), k->server);
	explicit_bzero(salted, sizeof salted);
	explicit_bzero(client, sizeof client);
}

void verifier_make(const struct verifier_hash *h, struct slice password,
    unsigned iterations, struct buf *out)
{
	struct keys k;

	crypto_random(k.salt, sizeof k.salt);
	keys_make(h, password, slice_make(k.salt, sizeof k.salt), iterations, &k);
	write_verifier(h, &k, iterations, out);
	explicit_bzero(&k, sizeof k);
}

bool verifier_is_of(struct slice text, const struct verifier_hash *h,
    struct slice password)
{
	struct buf salt = { 0 }, stored = { 0 };
	struct parts p;
	struct keys k;
	bool is_of;

	if (!cut(text, h, &p) || !dec_base64(&salt, p.salt))
		return false;
	keys_make(h, password, buf_slice(&salt), (unsigned)p.iterations, &k);
	is_of = dec_base64(&stored, p.stored)
	    && slice_eq_secret(buf_slice(&stored),
	    slice_make(k.stored, crypto_hash_size(h->hash)));
	explicit_bzero(&k, sizeof k);
	buf_fini(&salt);
	buf_wipe(&stored);
	return is_of;
}

/* HMAC(secret, purpose | scheme | NUL | name): one value per person and use. */
static void derive(const struct verifier_hash *h, const unsigned char *secret,
    char purpose, struct slice name, unsigned char *out)
{
	struct buf text = { 0 };

	buf_addc(&text, purpose);
	buf_adds(&text, h->scheme);
	buf_addc(&text, '\0');
	buf_add(&text, name);
	crypto_hmac(h->hash, slice_make(secret, VERIFIER_SECRET),
	    buf_slice(&text), out);
	buf_fini(&text);
}

void verifier_make_up(const struct verifier_hash *h,
    const unsigned char secret[VERIFIER_SECRET], struct slice name,
    unsigned iterations, struct buf *out)
{
	unsigned char salt[CRYPTO_HASH_MOST];
	struct keys k;

	derive(h, secret, 's', name, salt);
	memcpy(k.salt, salt, sizeof k.salt);
	derive(h, secret, 'c', name, k.stored);
	derive(h, secret, 'v', name, k.server);
	write_verifier(h, &k, iterations, out);
}
