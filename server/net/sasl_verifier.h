/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_verifier.h — what is kept of a password for SCRAM (RFC 5803), and
 * what is shown in its place when there is none.
 *
 *   SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>     (base64)
 *
 * For a person who does not exist, or has no verifier, one is made up from the
 * name and a secret of this service: it looks like any other, is the same at
 * every try and after a restart, and fits no password (security SASL-07). */
#ifndef NET_SASL_VERIFIER_H
#define NET_SASL_VERIFIER_H

#include "base/crypto.h"

enum { VERIFIER_SECRET = 32, VERIFIER_SALT = 16, VERIFIER_MOST = 512 };

struct verifier_hash { const char *scheme; enum crypto_hash hash; };

/* The hashes that Tertulia speaks, strongest first; ends with scheme NULL. */
extern const struct verifier_hash verifier_hashes[];

/* Reads <state_dir>/sasl.secret, or makes it (0600, whole or not at all). */
bool verifier_secret_load(const char *state_dir,
    unsigned char secret_r[VERIFIER_SECRET], const char **why_r);

/* Is `text` a verifier of this scheme, good in every part? */
bool verifier_fits(struct slice text, const struct verifier_hash *h);

void verifier_make_up(const struct verifier_hash *h,
    const unsigned char secret[VERIFIER_SECRET], struct slice name,
    unsigned iterations, struct buf *out);

/* From a password; slow by purpose. */
void verifier_make(const struct verifier_hash *h, struct slice password,
    unsigned iterations, struct buf *out);

/* Is it the verifier of this password?  As slow as making one. */
bool verifier_is_of(struct slice text, const struct verifier_hash *h,
    struct slice password);

#endif
