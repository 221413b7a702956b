/* SPDX-License-Identifier: Apache-2.0 */
/* base/crypto.c — the one home of OpenSSL's hashes; see base/tls.c for TLS. */
#include "base/crypto.h"

#include <sys/random.h>

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/enc.h"
#include "base/log.h"

static const EVP_MD *md_of(enum crypto_hash h)
{
	switch (h) {
	case HASH_SHA1:
		return EVP_sha1();
	case HASH_SHA256:
		return EVP_sha256();
	case HASH_SHA512:
		return EVP_sha512();
	}
	panic("hash %d does not exist", (int)h);
}

size_t crypto_hash_size(enum crypto_hash h)
{
	return (size_t)EVP_MD_get_size(md_of(h));
}

void crypto_random(void *p, size_t n)
{
	char *at = p;

	while (n != 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			panic("no randomness from the kernel");
		at += got;
		n -= (size_t)got;
	}
}

void crypto_token(struct buf *out, size_t bytes)
{
	char raw[64];

	if (bytes > sizeof raw)
		panic("token of %zu bytes", bytes);
	crypto_random(raw, bytes);
	enc_hex(out, slice_make(raw, bytes));
}

void crypto_digest(enum crypto_hash h, struct slice data, unsigned char *out)
{
	if (EVP_Digest(data.p, data.n, out, NULL, md_of(h), NULL) != 1)
		panic("digest failed");
}

void crypto_hmac(enum crypto_hash h, struct slice key, struct slice data,
    unsigned char *out)
{
	unsigned n = 0;

	if (HMAC(md_of(h), key.n != 0 ? key.p : "", (int)key.n,
	    (const unsigned char *)data.p, data.n, out, &n) == NULL)
		panic("hmac failed");
}

void crypto_pbkdf2(enum crypto_hash h, struct slice password,
    struct slice salt, unsigned iterations, unsigned char *out)
{
	if (password.n > INT_MAX || salt.n > INT_MAX || iterations > INT_MAX
	    || PKCS5_PBKDF2_HMAC(password.p, (int)password.n,
	    (const unsigned char *)salt.p, (int)salt.n, (int)iterations,
	    md_of(h), (int)crypto_hash_size(h), out) != 1)
		panic("pbkdf2 failed");
}
