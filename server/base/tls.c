/* SPDX-License-Identifier: Apache-2.0 */
/* base/tls.c — the one TLS policy, on OpenSSL 3.0; see base/tls.h.
 *
 * What an idle connection costs decides the modes: RELEASE_BUFFERS gives the
 * 2 x 16 KiB of record buffers back between records, and without tickets and
 * session cache nothing is kept for a second connection (no resumption: each
 * credential is bound to a handshake of its own, security TLS-11).  A server's
 * TLS 1.3 connection leaves OpenSSL's object when its handshake is over, for
 * base/tls_record.h, which says why; a client's (the directory: a handful) and
 * one of TLS 1.2 stay.
 *
 * OpenSSL's error queue belongs to the thread, not to the connection, so it is
 * emptied before each call and read right behind it (security TLS-12). */
#include "base/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/crypto.h"
#include "base/enc.h"
#include "base/log.h"
#include "base/tls_peer.h"
#include "base/tls_record.h"

/* TLS 1.2 as RFC 7525 and its successor RFC 9325 §4.2 want it; in the order of
 * TLS_GNUTLS_PRIORITY. */
static const char ciphers_12[] =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
static const char ciphers_13[] =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
    "TLS_AES_128_GCM_SHA256";
static char groups[] = "X25519:P-256:P-384";

enum {
	EXPORTER_BYTES = 32, ALPN_MOST = 32, SECURITY_LEVEL = 2, PIN_BYTES = 32,
	/* Of a client's certificate: authorities above it, bytes in all. */
	CHAIN_MOST = 6, CHAIN_BYTES = 32 * 1024,
};

struct tls_context {
	SSL_CTX *ctx;
	atomic_uint uses;
	unsigned char alpn[1 + ALPN_MOST];      /* length, name: as on the wire */
	unsigned char pins[TLS_PINS_MOST][PIN_BYTES];
	unsigned pin_n;
};

struct tls {
	SSL *ssl;                       /* NULL: it has gone, see tls_lighten */
	struct tls_records *records;    /* a server's of 1.3: ready for that */
	int fd;
	const char *why;
	bool is_refused;                /* a host that no certificate can name */
	bool has_good_peer;             /* its certificate passed */
	/* borrowed, but counted */
	struct tls_context *context;
};

/* --- contexts ------------------------------------------------------------- */

static const char *why_of(unsigned long error)
{
	const char *why = ERR_SYSTEM_ERROR(error)
	    ? strerror(ERR_GET_REASON(error)) : ERR_reason_error_string(error);

	return why != NULL ? why : "OpenSSL gave no reason";
}

static const char *library_why(void)
{
	return why_of(ERR_peek_last_error());
}

/* The first error of several is the one nearest to the file. */
static const char *file_why(const char *what, const char *path)
{
	static _Thread_local char why[320];

	snprintf(why, sizeof why, "%s %s: %s", what, path,
	    why_of(ERR_peek_error()));
	return why;
}

/* An encrypted key would ask the terminal. */
static int no_passphrase(char *out, int room, int is_writing, void *ctx)
{
	(void)out, (void)room, (void)is_writing, (void)ctx;
	return 0;
}

static struct tls_context *context_new(const SSL_METHOD *method)
{
	struct tls_context *c = NEW(struct tls_context);

	ERR_clear_error();
	c->ctx = SSL_CTX_new(method);
	atomic_init(&c->uses, 1);
	if (c->ctx == NULL)
		return c;
	SSL_CTX_set_options(c->ctx, SSL_OP_NO_RENEGOTIATION
	    | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET
	    | SSL_OP_CIPHER_SERVER_PREFERENCE
	    | SSL_OP_CLEANSE_PLAINTEXT
	    | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(c->ctx, SSL_MODE_RELEASE_BUFFERS
	    | SSL_MODE_ENABLE_PARTIAL_WRITE
	    | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_security_level(c->ctx, SECURITY_LEVEL);
	/* Header and body of a record in one read(2). */
	SSL_CTX_set_read_ahead(c->ctx, 1);
	SSL_CTX_set_default_passwd_cb(c->ctx, no_passphrase);
	return c;
}

static bool context_has_policy(const struct tls_context *c)
{
	return c->ctx != NULL
	    && SSL_CTX_set_min_proto_version(c->ctx, TLS1_2_VERSION) == 1
	    && SSL_CTX_set_cipher_list(c->ctx, ciphers_12) == 1
	    && SSL_CTX_set_ciphersuites(c->ctx, ciphers_13) == 1
	    && SSL_CTX_set1_groups_list(c->ctx, groups) == 1
	    && SSL_CTX_set_num_tickets(c->ctx, 0) == 1;
}

static bool load_identity(SSL_CTX *ctx, const char *certificate,
    const char *key, const char **why_r)
{
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1) {
		*why_r = file_why("certificate", certificate);
		return false;
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1
	    || SSL_CTX_check_private_key(ctx) != 1) {
		*why_r = file_why("key", key);
		return false;
	}
	return true;
}

/* RFC 7301 §3.2: nothing in common ends the handshake, so that no other
 * protocol's client can be led here (security TLS-06). */
static int alpn_select(SSL *ssl, const unsigned char **out_r,
    unsigned char *n_r, const unsigned char *in, unsigned n, void *ctx)
{
	const struct tls_context *c = ctx;
	unsigned char *chosen;

	(void)ssl;
	if (SSL_select_next_proto(&chosen, n_r, c->alpn, 1u + c->alpn[0], in,
	    n) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out_r = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* OpenSSL tells a handshake's secrets by this callback alone, as lines of the
 * NSS key log: label, client's random, secret.  They go to the connection they
 * belong to and nowhere else; no file, no variable (security TLS-13). */
static void hear_secret(const SSL *ssl, const char *line)
{
	struct tls *t = SSL_get_app_data(ssl);
	struct slice label, rest, random, hex;
	struct buf secret = { 0 };
	bool is_ours;

	slice_cut(slice_of(line), ' ', &label, &rest);
	slice_cut(rest, ' ', &random, &hex);
	is_ours = slice_is(label, "SERVER_TRAFFIC_SECRET_0");
	if (!is_ours && !slice_is(label, "CLIENT_TRAFFIC_SECRET_0"))
		return;
	if (t->records == NULL)
		t->records = tls_records_new(t->fd);
	buf_reserve(&secret, TLS_SECRET_MOST);  /* it does not move */
	if (hex.n > 2 * TLS_SECRET_MOST || !dec_hex(&secret, hex)
	    || !tls_records_secret(t->records, is_ours, buf_slice(&secret)))
		tls_records_free(&t->records);
	buf_wipe(&secret);
}

struct tls_context *tls_context_server(const char *certificate,
    const char *key, const char *alpn, const char **why_r)
{
	struct tls_context *c = context_new(TLS_server_method());

	if (!context_has_policy(c))
		*why_r = library_why();
	else if (load_identity(c->ctx, certificate, key, why_r)) {
		SSL_CTX_set_keylog_callback(c->ctx, hear_secret);
		if (alpn != NULL) {
			size_t n = strlen(alpn);

			assert(n != 0 && n <= ALPN_MOST);
			c->alpn[0] = (unsigned char)n;
			memcpy(c->alpn + 1, alpn, n);
			SSL_CTX_set_alpn_select_cb(c->ctx, alpn_select, c);
		}
		return c;
	}
	tls_context_free(&c);
	return NULL;
}

/* A certificate that does not pass ends nothing: its owner may have a password. */
static int check_client(X509_STORE_CTX *store, void *ctx)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = SSL_get_app_data(ssl);

	(void)ctx;
	t->has_good_peer = X509_verify_cert(store) == 1
	    && tls_peer_is_client(X509_STORE_CTX_get0_cert(store));
	if (!t->has_good_peer)
		log_event(LOG_INFO, "certificate-refused", "-", "why=\"%s\"",
		    X509_STORE_CTX_get_error(store) == X509_V_OK
		    ? "not made for TLS clients (extended key usage)"
		    : X509_verify_cert_error_string(
		    X509_STORE_CTX_get_error(store)));
	ERR_clear_error();
	return 1;
}

/* With lists of revoked certificates, each authority of a chain needs one. */
static bool load_revoked(SSL_CTX *ctx, const char *crl_file, const char **why_r)
{
	X509_LOOKUP *lookup;

	if (crl_file == NULL || *crl_file == '\0')
		return true;
	/* By this call a certificate in the file is not trusted. */
	lookup = X509_STORE_add_lookup(SSL_CTX_get_cert_store(ctx),
	    X509_LOOKUP_file());
	if (lookup == NULL
	    || X509_load_crl_file(lookup, crl_file, X509_FILETYPE_PEM) < 1) {
		*why_r = file_why("revoked certificates", crl_file);
		return false;
	}
	return X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx),
	    X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1;
}

bool tls_context_ask(struct tls_context *c, const char *ca_file,
    const char *crl_file, const char **why_r)
{
	STACK_OF(X509_NAME) *names;

	ERR_clear_error();
	names = SSL_load_client_CA_file(ca_file);
	if (names == NULL || SSL_CTX_load_verify_file(c->ctx, ca_file) != 1) {
		*why_r = file_why("certificates", ca_file);
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return false;
	}
	SSL_CTX_set_client_CA_list(c->ctx, names);
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(c->ctx, check_client, NULL);
	SSL_CTX_set_verify_depth(c->ctx, CHAIN_MOST);
	SSL_CTX_set_max_cert_list(c->ctx, CHAIN_BYTES);
	/* Those authorities are no part of our own chain. */
	SSL_CTX_set_mode(c->ctx, SSL_MODE_NO_AUTO_CHAIN);
	return load_revoked(c->ctx, crl_file, why_r);
}

static bool load_trust(SSL_CTX *ctx, const char *ca_file, const char **why_r)
{
	bool is_default = ca_file == NULL || *ca_file == '\0';

	if (is_default ? SSL_CTX_set_default_verify_paths(ctx) == 1
	    : SSL_CTX_load_verify_file(ctx, ca_file) == 1)
		return true;
	*why_r = file_why("certificates", is_default ? "of the system" : ca_file);
	return false;
}

struct tls_context *tls_context_client(const char *ca_file, const char **why_r)
{
	struct tls_context *c = context_new(TLS_client_method());

	if (!context_has_policy(c))
		*why_r = library_why();
	else if (load_trust(c->ctx, ca_file, why_r)) {
		SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
		return c;
	}
	tls_context_free(&c);
	return NULL;
}

bool tls_context_identify(struct tls_context *c, const char *certificate,
    const char *key, const char **why_r)
{
	ERR_clear_error();
	return load_identity(c->ctx, certificate, key, why_r);
}

bool tls_context_pin(struct tls_context *c, const char *pin)
{
	struct buf bytes = { 0 };
	bool is_good = c->pin_n < TLS_PINS_MOST
	    && dec_base64(&bytes, slice_of(pin)) && bytes.n == PIN_BYTES;

	if (is_good)
		memcpy(c->pins[c->pin_n++], bytes.p, PIN_BYTES);
	buf_fini(&bytes);
	return is_good;
}

struct tls_context *tls_context_ref(struct tls_context *c)
{
	atomic_fetch_add(&c->uses, 1);
	return c;
}

void tls_context_free(struct tls_context **ctxp)
{
	struct tls_context *c = *ctxp;

	*ctxp = NULL;
	if (c == NULL || atomic_fetch_sub(&c->uses, 1) != 1)
		return;
	SSL_CTX_free(c->ctx);
	free(c);
}

/* --- connections ---------------------------------------------------------- */

static struct tls *tls_new(struct tls_context *ctx, int fd)
{
	struct tls *t = NEW(struct tls);

	ERR_clear_error();
	t->context = tls_context_ref(ctx);
	t->fd = fd;
	t->ssl = SSL_new(ctx->ctx);
	if (t->ssl == NULL || SSL_set_fd(t->ssl, fd) != 1)
		panic("no TLS connection: %s", library_why());
	return t;
}

struct tls *tls_accept(struct tls_context *ctx, int fd)
{
	struct tls *t = tls_new(ctx, fd);

	SSL_set_app_data(t->ssl, t);
	/* Not a byte beyond the handshake: tls_lighten could not have it. */
	SSL_set_read_ahead(t->ssl, 0);
	SSL_set_accept_state(t->ssl);
	return t;
}

static bool is_address(const char *host)
{
	unsigned char bytes[sizeof (struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1
	    || inet_pton(AF_INET6, host, bytes) == 1;
}

/* RFC 6125 §6.4: a name is checked against dNSName, an address against
 * iPAddress, never the one against the other; SNI carries names alone. */
static bool expect_host(SSL *ssl, const char *host)
{
	struct buf name = { 0 };
	bool is_set;

	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
		    host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
	    | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	buf_adds(&name, host);
	buf_addc(&name, '\0');
	/* An empty name would be any name. */
	is_set = *host != '\0' && SSL_set1_host(ssl, host) == 1
	    && SSL_set_tlsext_host_name(ssl, name.p) == 1;
	buf_fini(&name);
	return is_set;
}

struct tls *tls_connect(struct tls_context *ctx, int fd, const char *host)
{
	struct tls *t = tls_new(ctx, fd);

	t->is_refused = !expect_host(t->ssl, host);
	SSL_set_connect_state(t->ssl);
	return t;
}

void tls_free(struct tls **tp)
{
	struct tls *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	tls_records_free(&t->records);
	tls_context_free(&t->context);
	free(t);
}

static enum tls_result fail(struct tls *t, const char *why)
{
	t->why = why;
	return TLS_FAILED;
}

static const char *verify_why(const struct tls *t)
{
	long result = SSL_get_verify_result(t->ssl);

	return result == X509_V_OK ? NULL
	    : X509_verify_cert_error_string(result);
}

/* What the last call on t->ssl, which gave `ret`, means. */
static enum tls_result result_of(struct tls *t, int ret)
{
	int cause = errno;
	const char *why;

	switch (SSL_get_error(t->ssl, ret)) {
	case SSL_ERROR_NONE:
		return TLS_OK;
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		t->why = "closed by the peer";
		return TLS_CLOSED;
	case SSL_ERROR_SYSCALL:
		t->why = cause == 0 ? "connection ended" : strerror(cause);
		return TLS_CLOSED;
	default:
		why = verify_why(t);
		return fail(t, why != NULL ? why : library_why());
	}
}

/* RFC 7469 §2.4: of the whole SubjectPublicKeyInfo, so that a new certificate
 * for the same key needs no new pin. */
static bool has_pinned_key(const struct tls *t)
{
	const struct tls_context *c = t->context;
	X509 *peer = c->pin_n != 0 ? SSL_get0_peer_certificate(t->ssl) : NULL;
	unsigned char digest[PIN_BYTES], *der = NULL;
	int n = peer != NULL
	    ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(peer), &der) : 0;
	bool is_pinned = c->pin_n == 0;

	if (n > 0)
		crypto_digest(HASH_SHA256, slice_make((char *)der, (size_t)n),
		    digest);
	for (unsigned i = 0; i < c->pin_n && n > 0; i++)
		is_pinned |= memcmp(c->pins[i], digest, PIN_BYTES) == 0;
	OPENSSL_free(der);
	return is_pinned;
}

enum tls_result tls_handshake(struct tls *t)
{
	enum tls_result r;

	if (t->is_refused)
		return fail(t, "not a host name that can be verified");
	ERR_clear_error();
	errno = 0;
	r = result_of(t, SSL_do_handshake(t->ssl));
	if (r == TLS_OK && !has_pinned_key(t))
		return fail(t, "the certificate's key is not the one that is pinned");
	/* A peer that leaves in the middle has not said goodbye to anything. */
	return r == TLS_CLOSED ? TLS_FAILED : r;
}

/* The most that one record of ours may say (RFC 6066 §4, if the client asked). */
static size_t fragment_most(const SSL *ssl)
{
	const SSL_SESSION *s = SSL_get_session(ssl);
	unsigned code = s != NULL ? SSL_SESSION_get_max_fragment_length(s) : 0;

	return code == TLSEXT_max_fragment_length_DISABLED
	    ? SSL3_RT_MAX_PLAIN_LENGTH : 256u << code;
}

/* Is the next record of either side the first under its keys?  A ticket would
 * have been ours. */
static bool is_at_beginning(const struct tls *t)
{
	return SSL_is_init_finished(t->ssl) && tls_is_13(t)
	    && SSL_has_pending(t->ssl) == 0 && SSL_get_num_tickets(t->ssl) == 0;
}

void tls_lighten(struct tls *t)
{
	if (t->records != NULL && is_at_beginning(t)
	    && tls_records_begin(t->records, tls_cipher(t),
	    fragment_most(t->ssl))) {
		SSL_free(t->ssl);
		t->ssl = NULL;
		tls_context_free(&t->context);
	} else {
		tls_records_free(&t->records);
		SSL_set_read_ahead(t->ssl, 1);
	}
}

void tls_thread_fini(void)
{
	tls_records_thread_fini();
}

enum tls_result tls_read(struct tls *t, void *p, size_t room, size_t *n_r)
{
	if (t->ssl == NULL)
		return tls_records_read(t->records, p, room, n_r);
	*n_r = 0;
	ERR_clear_error();
	errno = 0;
	return result_of(t, SSL_read_ex(t->ssl, p, room, n_r));
}

bool tls_has_pending(const struct tls *t)
{
	return t->ssl == NULL ? tls_records_pending(t->records)
	    : SSL_has_pending(t->ssl) == 1;
}

enum tls_result tls_write(struct tls *t, const void *p, size_t n, size_t *n_r)
{
	*n_r = 0;
	if (n == 0)
		return TLS_OK;
	if (t->ssl == NULL)
		return tls_records_write(t->records, p, n, n_r);
	ERR_clear_error();
	errno = 0;
	return result_of(t, SSL_write_ex(t->ssl, p, n, n_r));
}

void tls_goodbye(struct tls *t)
{
	if (t->ssl == NULL) {
		tls_records_goodbye(t->records);
		return;
	}
	if (SSL_in_init(t->ssl))
		return;
	ERR_clear_error();
	SSL_shutdown(t->ssl);           /* one try: the socket may be full or gone */
	ERR_clear_error();
}

const char *tls_why(const struct tls *t)
{
	const char *why = t->ssl == NULL ? tls_records_why(t->records) : t->why;

	return why != NULL ? why : "nothing failed";
}

bool tls_is_13(const struct tls *t)
{
	return SSL_version(t->ssl) == TLS1_3_VERSION;
}

const char *tls_version(const struct tls *t)
{
	return SSL_get_version(t->ssl);
}

const char *tls_cipher(const struct tls *t)
{
	return SSL_get_cipher_name(t->ssl);
}

const char *tls_server_name(const struct tls *t)
{
	return SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);
}

bool tls_peer_names(struct tls *t, struct buf *out)
{
	STACK_OF(X509) *chain = t->has_good_peer
	    ? SSL_get0_verified_chain(t->ssl) : NULL;

	return sk_X509_num(chain) > 0 && tls_peer_write(chain, out);
}

bool tls_context_takes(const struct tls_context *c, struct slice chain,
    const char **why_r)
{
	return tls_peer_is_still_good(c->ctx, chain, why_r);
}

/* --- channel bindings ----------------------------------------------------- */

/* RFC 5929 §3.1: the first Finished message of the handshake; on 1.2 only with
 * an extended master secret (RFC 7627), without which it binds nothing.  On 1.3
 * the RFC defines none: COMPAT slixmpp 1.8 (2021) takes the client's. */
static bool bind_unique(struct tls *t, struct buf *out)
{
	bool is_client_first = tls_is_13(t) || !SSL_session_reused(t->ssl);
	bool is_own = is_client_first == !SSL_is_server(t->ssl);
	char finished[EVP_MAX_MD_SIZE];
	size_t n;

	if (!tls_is_13(t) && SSL_get_extms_support(t->ssl) != 1)
		return false;
	n = is_own ? SSL_get_finished(t->ssl, finished, sizeof finished)
	    : SSL_get_peer_finished(t->ssl, finished, sizeof finished);
	if (n == 0 || n > sizeof finished)
		return false;
	buf_add(out, slice_make(finished, n));
	return true;
}

/* RFC 9266 §2; below 1.3 it too needs the extended master secret (§3). */
static bool bind_exporter(struct tls *t, struct buf *out)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char key[EXPORTER_BYTES];

	if (!tls_is_13(t) && SSL_get_extms_support(t->ssl) != 1)
		return false;
	if (SSL_export_keying_material(t->ssl, key, sizeof key, label,
	    sizeof label - 1, (const unsigned char *)"", 0, 1) != 1)
		return false;
	buf_add(out, slice_make(key, sizeof key));
	return true;
}

/* RFC 5929 §4.1: hashed as the certificate was signed, MD5 and SHA-1 replaced;
 * not defined for signatures without one hash (Ed25519). */
static bool bind_end_point(struct tls *t, struct buf *out)
{
	X509 *cert = SSL_is_server(t->ssl) ? SSL_get_certificate(t->ssl)
	    : SSL_get0_peer_certificate(t->ssl);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int md;

	if (cert == NULL
	    || X509_get_signature_info(cert, &md, NULL, NULL, NULL) != 1
	    || md == NID_undef)
		return false;
	if (md == NID_md5 || md == NID_sha1 || md == NID_md5_sha1)
		md = NID_sha256;
	if (EVP_get_digestbynid(md) == NULL
	    || X509_digest(cert, EVP_get_digestbynid(md), digest, &n) != 1)
		return false;
	buf_add(out, slice_make(digest, n));
	return true;
}

bool tls_channel_binding(struct tls *t, enum tls_binding kind, struct buf *out)
{
	bool is_given = false;

	ERR_clear_error();
	if (!SSL_is_init_finished(t->ssl))
		return false;
	switch (kind) {
	case TLS_UNIQUE:
		is_given = bind_unique(t, out);
		break;
	case TLS_EXPORTER:
		is_given = bind_exporter(t, out);
		break;
	case TLS_SERVER_END_POINT:
		is_given = bind_end_point(t, out);
		break;
	}
	ERR_clear_error();
	return is_given;
}
