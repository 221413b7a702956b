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

/* False: it names nobody, or says so in a way nobody should; `out` is then as
 * it was. */
bool tls_peer_write(struct x509_st *cert, struct buf *out);
/* Extended key usage (RFC 5280 §4.2.1.12) names TLS clients.  One that leaves
 * it out was made for we do not know what. */
bool tls_peer_is_client(struct x509_st *cert);

#endif
