/* SPDX-License-Identifier: Apache-2.0 */
/* base/tls.h — one TLS policy for all that Tertulia connects (OpenSSL).
 *
 * TLS 1.2 with ECDHE and AEAD, and 1.3; no renegotiation, no compression, no
 * early data, stateless tickets off for servers that bind credentials to the
 * channel (RFC 7590, security TLS-03).  Used by the client streams (net/) and
 * by the LDAP transport (xdb_ldap/), both non-blocking over a socket that the
 * caller owns and polls; the process ignores SIGPIPE.  <openssl/ssl.h> is
 * included by tls.c alone. */
#ifndef BASE_TLS_H
#define BASE_TLS_H

#include "base/str.h"

struct tls_context;
struct tls;

/* What GnuTLS (libmicrohttpd) is told to give the same floor. */
#define TLS_GNUTLS_PRIORITY \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:%NO_TICKETS"

/* Loads chain and key and checks that they fit; NULL and a reason on failure.
 * `alpn` is the one protocol accepted when the client sends ALPN (NULL: any). */
struct tls_context *tls_context_server(const char *certificate,
    const char *key, const char *alpn, const char **why_r);
/* Asks clients for a certificate, which they need not have, and checks it: the
 * chain up to `ca_file`, dates, extended key usage, and `crl_file` ("" or NULL:
 * nothing is looked up there).  One that does not pass is as good as none.
 * False and a reason, and the context is of no use any more. */
bool tls_context_ask(struct tls_context *ctx, const char *ca_file,
    const char *crl_file, const char **why_r);
/* Verifies against `ca_file` ("" or NULL: the system's). */
struct tls_context *tls_context_client(const char *ca_file, const char **why_r);
/* For a client context, before its first connection.  Shows this identity to
 * servers that ask for one. */
bool tls_context_identify(struct tls_context *ctx, const char *certificate,
    const char *key, const char **why_r);
/* Besides being verified, the peer's certificate must have one of the keys that
 * were pinned: base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 7469
 * §2.4).  False: that is none, or there are too many. */
enum { TLS_PINS_MOST = 8 };
bool tls_context_pin(struct tls_context *ctx, const char *pin);
/* Contexts are counted: connections keep theirs alive after a reload.  Counting
 * is safe between threads. */
struct tls_context *tls_context_ref(struct tls_context *ctx);
void tls_context_free(struct tls_context **ctxp);

enum tls_result {
	TLS_OK = 0,
	TLS_WANT_READ, TLS_WANT_WRITE,
	TLS_CLOSED,             /* the peer said goodbye, or the socket ended   */
	TLS_FAILED,             /* *why_r of tls_why()                           */
};

/* The socket stays the caller's; tls_free does not close it. */
struct tls *tls_accept(struct tls_context *ctx, int fd);
/* `host` is checked against the certificate (DNS or IP subjectAltName). */
struct tls *tls_connect(struct tls_context *ctx, int fd, const char *host);
void tls_free(struct tls **tp);

enum tls_result tls_handshake(struct tls *t);
/* Bytes may wait inside, where poll does not see them: read until it wants, or
 * until tls_has_pending says no (which saves a read that would give nothing). */
enum tls_result tls_read(struct tls *t, void *p, size_t room, size_t *n_r);
bool tls_has_pending(const struct tls *t);
/* May write less than n; call again with the rest when it wants. */
enum tls_result tls_write(struct tls *t, const void *p, size_t n, size_t *n_r);
void tls_goodbye(struct tls *t);                /* close_notify, never blocks */
const char *tls_why(const struct tls *t);       /* static text, for the log   */

/* To be called when all has been asked that the handshake settled: what only
 * it needed is given back, some 14 KiB of a TLS 1.3 connection.  From now on it
 * is read, written, closed and freed, and nothing else.  With TLS 1.2, or when
 * bytes have been read ahead, all stays as it is. */
void tls_lighten(struct tls *t);
/* What is kept for the connections of a thread; at the end of a thread. */
void tls_thread_fini(void);

bool tls_is_13(const struct tls *t);
const char *tls_version(const struct tls *t);   /* "TLSv1.3"; static text     */
const char *tls_cipher(const struct tls *t);    /* static text                */
const char *tls_server_name(const struct tls *t);       /* SNI or NULL        */
/* Whom the client's certificate names (base/tls_peer.h); false: it showed none
 * that passed, or one that names nobody.  Before tls_lighten. */
bool tls_peer_names(struct tls *t, struct buf *out);
/* A client's chain of certificates (base/tls_peer.h) that was good once: is it still,
 * by the authorities and lists of this context?  `why_r` is static. */
bool tls_context_takes(const struct tls_context *c, struct slice chain,
    const char **why_r);

/* Channel binding data (RFC 5929, RFC 9266); false when this connection cannot
 * give it.  TLS_UNIQUE on 1.3 is COMPAT: slixmpp 1.8 (2021) asks for it. */
enum tls_binding { TLS_UNIQUE, TLS_EXPORTER, TLS_SERVER_END_POINT };
bool tls_channel_binding(struct tls *t, enum tls_binding kind, struct buf *out);

#endif
