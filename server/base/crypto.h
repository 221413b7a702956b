/* SPDX-License-Identifier: Apache-2.0 */
/* base/crypto.h — random bytes, hashes and key derivation, on OpenSSL.
 *
 * Every identifier that must not be guessed comes from crypto_random or
 * crypto_token (security TLS-08). */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "base/str.h"

enum crypto_hash { HASH_SHA1, HASH_SHA256, HASH_SHA512 };
enum { CRYPTO_HASH_MOST = 64 };

size_t crypto_hash_size(enum crypto_hash h);
/* Fills p; ends the process when the kernel gives no randomness. */
void crypto_random(void *p, size_t n);
/* `bytes` random bytes as lower-case hex. */
void crypto_token(struct buf *out, size_t bytes);

/* Each writes crypto_hash_size(h) bytes. */
void crypto_digest(enum crypto_hash h, struct slice data, unsigned char *out);
void crypto_hmac(enum crypto_hash h, struct slice key, struct slice data, unsigned char *out);
/* PBKDF2-HMAC (RFC 8018); slow by purpose: call it on the thread pool. */
void crypto_pbkdf2(enum crypto_hash h, struct slice password, struct slice salt,
    unsigned iterations, unsigned char *out);

#endif
