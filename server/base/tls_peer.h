/* SPDX-License-Identifier: Apache-2.0 */
/* base/tls_peer.h — what names somebody in a certificate, as text.
 *
 * One line each, so that it can be handed on and kept as one short string when
 * the certificate itself has gone:
 *
 *   jid lucia@example.org          an id-on-xmppAddr (RFC 6120 §13.7.1.4)
 *   mail lucia@example.org         an rfc822Name (RFC 5280 §4.2.1.6)
 *   serial 4711                    decimal
 *   issuer CN=Some CA,O=Example    RFC 4514
 *   sha256 5bd7…                   of the whole certificate, hex
 *   until 1793000000               it, or an authority above it, expires: s since 1970
 *   chain MIIB…                    it and those above it, DER, base64
 *
 * Names are as the certificate has them, not prepared; they are read through
 * ASN.1 alone, never from the text of a subject, and one that is not what it
 * must be (a NUL, a line break, no UTF-8, another string type, too many) spoils
 * the whole certificate (security SASL-20). */
#ifndef BASE_TLS_PEER_H
#define BASE_TLS_PEER_H

#include "base/str.h"

enum { TLS_PEER_NAMES = 8, TLS_PEER_NAME_BYTES = 1023 };

struct x509_st;
struct stack_st_X509;
struct ssl_ctx_st;

/* `chain` is what the handshake verified, the certificate first.  False: it names
 * nobody, or says so in a way nobody should; `out` is then as it was. */
bool tls_peer_write(struct stack_st_X509 *chain, struct buf *out);
/* The last two lines of what was written; false: they are not there. */
bool tls_peer_read(struct slice text, int64_t *until_s_r, struct slice *chain_r);
/* Would the handshake take the same chain today, with these authorities and lists of
 * revoked certificates?  Lists that are missing or out of date say nothing, so they
 * end nothing. */
bool tls_peer_is_still_good(struct ssl_ctx_st *ctx, struct slice chain,
    const char **why_r);
/* Extended key usage (RFC 5280 §4.2.1.12) names TLS clients.  One that leaves
 * it out was made for we do not know what. */
bool tls_peer_is_client(struct x509_st *cert);

#endif
