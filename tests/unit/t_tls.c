/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS policy, over socket pairs: what is spoken, what is refused, whom a
 * client believes, and the channel bindings of both ends.  The other end is
 * base/tls.h's own client or a bare OpenSSL one with settings of its own. */
#include <sys/socket.h>

#include <fcntl.h>
#include <signal.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/tls.h"
#include "tests/unit/certs.h"

struct pair { int fd[2]; };

static struct pair pair_new(void)
{
	struct pair p;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p.fd) != 0)
		abort();
	return p;
}

static void pair_close(struct pair *p)
{
	close(p->fd[0]);
	close(p->fd[1]);
}

static struct tls_context *server_of(const char *pem, const char *key,
    const char *alpn)
{
	const char *why = NULL;
	struct tls_context *c = tls_context_server(certs_path(pem),
	    certs_path(key), alpn, &why);

	if (c == NULL)
		printf("# %s: %s\n", pem, why);
	return c;
}

static bool is_waiting(enum tls_result r)
{
	return r == TLS_WANT_READ || r == TLS_WANT_WRITE;
}

/* --- against a bare client ---------------------------------------------------- */

struct bare {                           /* what the client asks for */
	const char *name;
	int least, most;
	const char *ciphers, *alpn, *sni;
	uint64_t options;
	bool is_good;
	const char *version;
};

static const struct bare bares[] = {
	{ "TLS 1.3 is spoken", TLS1_3_VERSION, TLS1_3_VERSION, NULL, NULL, NULL, 0, true, "TLSv1.3" },
	{ "TLS 1.2 is spoken", TLS1_2_VERSION, TLS1_2_VERSION, NULL, NULL, NULL, 0, true, "TLSv1.2" },
	{ "1.3 is preferred", TLS1_2_VERSION, TLS1_3_VERSION, NULL, NULL, NULL, 0, true, "TLSv1.3" },
	{ "TLS-03 TLS 1.1 is refused", TLS1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", NULL, NULL, 0, false, NULL },
	{ "TLS-03 CBC ciphers are refused", TLS1_2_VERSION, TLS1_2_VERSION,
	    "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384", NULL, NULL, 0, false, NULL },
	{ "TLS-03 key exchange without forward secrecy is refused", TLS1_2_VERSION, TLS1_2_VERSION,
	    "AES128-GCM-SHA256", NULL, NULL, 0, false, NULL },
	{ "ALPN xmpp-client is accepted", TLS1_2_VERSION, TLS1_3_VERSION, NULL, "\013xmpp-client", NULL, 0, true, "TLSv1.3" },
	{ "ALPN among others is accepted", TLS1_2_VERSION, TLS1_3_VERSION, NULL, "\002h2\013xmpp-client", NULL, 0, true, "TLSv1.3" },
	{ "TLS-06 other ALPN is refused", TLS1_2_VERSION, TLS1_3_VERSION, NULL, "\010http/1.1", NULL, 0, false, NULL },
	{ "the server's name is heard", TLS1_2_VERSION, TLS1_3_VERSION, NULL, NULL, "im.example.org", 0, true, "TLSv1.3" },
	{ "the server's name is heard in 1.2", TLS1_2_VERSION, TLS1_2_VERSION, NULL, NULL, "im.example.org", 0, true, "TLSv1.2" },
};

static SSL *bare_new(SSL_CTX **ctx_r, const struct bare *b, int fd)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	SSL_CTX_set_min_proto_version(ctx, b->least);
	SSL_CTX_set_max_proto_version(ctx, b->most);
	SSL_CTX_set_options(ctx, b->options);
	if (b->ciphers != NULL)
		SSL_CTX_set_cipher_list(ctx, b->ciphers);
	ssl = SSL_new(ctx);
	if (b->alpn != NULL)
		SSL_set_alpn_protos(ssl, (const unsigned char *)b->alpn,
		    (unsigned)strlen(b->alpn));
	if (b->sni != NULL) {
		char sni[64];

		snprintf(sni, sizeof sni, "%s", b->sni);
		SSL_set_tlsext_host_name(ssl, sni);
	}
	SSL_set_fd(ssl, fd);
	SSL_set_connect_state(ssl);
	*ctx_r = ctx;
	return ssl;
}

/* Both ends until one is done for good; true when both are. */
static bool shake(struct tls *server, SSL *client)
{
	enum tls_result r = TLS_WANT_READ;

	for (int i = 0; i < 20; i++) {
		int n = SSL_do_handshake(client);

		if (r != TLS_OK)
			r = tls_handshake(server);
		if (n == 1 && r == TLS_OK)
			return true;
		if ((n != 1 && SSL_get_error(client, n) != SSL_ERROR_WANT_READ)
		    || (r != TLS_OK && !is_waiting(r)))
			return false;
	}
	return false;
}

static void matrix(struct tls_context *ctx)
{
	for (size_t i = 0; i < COUNT(bares); i++) {
		const struct bare *b = &bares[i];
		struct pair p = pair_new();
		struct tls *t = tls_accept(ctx, p.fd[0]);
		SSL_CTX *client_ctx;
		SSL *client = bare_new(&client_ctx, b, p.fd[1]);
		bool is_done = shake(t, client);

		ok(is_done == b->is_good, b->name);
		if (!is_done)
			printf("# %s\n", tls_why(t));
		if (is_done)
			is_str(tls_version(t), b->version, "  and its version known");
		if (b->sni != NULL)
			is_str(tls_server_name(t), b->sni, "  and its text given");
		SSL_free(client);
		SSL_CTX_free(client_ctx);
		tls_free(&t);
		pair_close(&p);
	}
}

static void no_leftovers(struct tls_context *ctx)
{
	static const struct bare b = { "", TLS1_2_VERSION, TLS1_2_VERSION, NULL, NULL, NULL, 0, true, NULL };
	struct pair p = pair_new();
	struct tls *t = tls_accept(ctx, p.fd[0]);
	SSL_CTX *client_ctx;
	SSL *client = bare_new(&client_ctx, &b, p.fd[1]);
	char in[8];
	size_t n;

	ok(shake(t, client), "TLS 1.2 for the following");
	ok(!SSL_SESSION_has_ticket(SSL_get_session(client)), "TLS-11 no ticket is given");
	ok(SSL_get_current_compression(client) == NULL, "TLS-03 nothing is compressed");
	ok(SSL_renegotiate(client) == 1 && SSL_do_handshake(client) != 1,
	    "(a renegotiation is asked for)");
	ok(is_waiting(tls_read(t, in, sizeof in, &n)) && n == 0,
	    "TLS-03 the server does not take part in it");
	ok(SSL_read(client, in, sizeof in) <= 0
	    && ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_RENEGOTIATION,
	    "TLS-03 and says no");
	SSL_free(client);
	SSL_CTX_free(client_ctx);
	tls_free(&t);
	pair_close(&p);
}

/* --- against our own client ----------------------------------------------------- */

struct both { struct pair p; struct tls *server, *client; enum tls_result s, c; };

static void both_start(struct both *b, struct tls_context *server,
    struct tls_context *client, const char *host)
{
	*b = (struct both){ .p = pair_new(), .s = TLS_WANT_READ, .c = TLS_WANT_READ };
	b->server = tls_accept(server, b->p.fd[0]);
	b->client = tls_connect(client, b->p.fd[1], host);
	for (int i = 0; i < 20; i++) {
		if (is_waiting(b->c))
			b->c = tls_handshake(b->client);
		if (is_waiting(b->s))
			b->s = tls_handshake(b->server);
	}
}

static void both_end(struct both *b)
{
	tls_free(&b->client);
	tls_free(&b->server);
	pair_close(&b->p);
}

static void whom_to_believe(struct tls_context *server, struct tls_context *client,
    struct tls_context *stranger)
{
	static const struct { const char *host; bool is_good; const char *name; } hosts[] = {
		{ "im.example.org", true, "a DNS name of the certificate" },
		{ "127.0.0.1", true, "an address of the certificate" },
		{ "IM.example.org", true, "names are compared without case" },
		{ "example.org", false, "TLS: another name is refused" },
		{ "tertulia test", false, "TLS: the subject's CN is no name" },
		{ "127.0.0.2", false, "TLS: another address is refused" },
		{ "::1", false, "TLS: an IPv6 address not in it is refused" },
		{ "", false, "TLS: an empty name is not any name" },
	};
	struct both b;

	for (size_t i = 0; i < COUNT(hosts); i++) {
		both_start(&b, server, client, hosts[i].host);
		ok((b.c == TLS_OK) == hosts[i].is_good, hosts[i].name);
		ok(b.c == TLS_OK || b.c == TLS_FAILED, "  with a clear end");
		if (b.c == TLS_FAILED)
			printf("# %s\n", tls_why(b.client));
		both_end(&b);
	}
	both_start(&b, server, stranger, "im.example.org");
	ok(b.c == TLS_FAILED, "TLS: an unknown authority is refused");
	ok(strstr(tls_why(b.client), "local issuer") != NULL
	    || strstr(tls_why(b.client), "signed") != NULL, "  and the reason says so");
	both_end(&b);
}

static void talk(struct tls_context *server, struct tls_context *client)
{
	static char out[1024 * 1024], in[sizeof out];
	size_t sent = 0, got = 0, n;
	enum tls_result r = TLS_OK;
	bool was_stuck = false;
	struct both b;

	for (size_t i = 0; i < sizeof out; i++)
		out[i] = (char)(i * 7 + i / 256);
	both_start(&b, server, client, "im.example.org");
	is_str(tls_server_name(b.server), "im.example.org", "our client names the host");
	for (int turns = 0; sent < sizeof out && turns < 1000; turns++) {
		r = tls_write(b.client, out + sent, sizeof out - sent, &n);
		sent += n;
		if (r != TLS_WANT_WRITE)
			continue;
		was_stuck = true;
		while (tls_read(b.server, in + got, sizeof in - got, &n) == TLS_OK)
			got += n;
	}
	while (got < sizeof in && tls_read(b.server, in + got, sizeof in - got, &n) == TLS_OK)
		got += n;
	ok(was_stuck, "a full socket wants to write");
	ok(got == sizeof out && memcmp(in, out, got) == 0, "every byte arrives, in order");
	ok(is_waiting(tls_read(b.server, in, sizeof in, &n)), "then it wants to read");
	tls_goodbye(b.client);
	ok(tls_read(b.server, in, sizeof in, &n) == TLS_CLOSED, "a goodbye closes");
	both_end(&b);

	both_start(&b, server, client, "im.example.org");
	shutdown(b.p.fd[1], SHUT_RDWR);
	ok(tls_read(b.server, in, sizeof in, &n) == TLS_CLOSED, "so does the end of the socket");
	ok(tls_write(b.server, "x", 1, &n) != TLS_OK,
	    "writing to it fails, and does not kill the process");
	both_end(&b);
}

static void mixed_up_errors(struct tls_context *server, struct tls_context *client)
{
	struct pair p = pair_new();
	struct tls *t = tls_accept(server, p.fd[0]);
	struct both b;
	char in[8];
	size_t n;

	both_start(&b, server, client, "im.example.org");
	ok(write(p.fd[1], "GET / HTTP/1.0\r\n\r\n", 18) == 18 && tls_handshake(t) == TLS_FAILED,
	    "what is not TLS fails the handshake");
	ok(b.s == TLS_OK && is_waiting(tls_read(b.server, in, sizeof in, &n)),
	    "TLS-12 and no other connection");
	tls_free(&t);
	t = tls_accept(server, p.fd[0]);
	close(p.fd[1]);
	ok(tls_handshake(t) == TLS_FAILED, "an end in the handshake fails it");
	ok(tls_write(b.server, "hola", 4, &n) == TLS_OK && n == 4, "TLS-12 nothing spills over");
	ok(tls_read(b.client, in, sizeof in, &n) == TLS_OK && n == 4, "(the other end reads it)");
	tls_free(&t);
	close(p.fd[0]);
	both_end(&b);
}

static void survival(struct tls_context *client)
{
	struct tls_context *server = server_of("ec.pem", "ec.key", NULL);
	struct both b;
	char in[8];
	size_t n;

	both_start(&b, server, client, "im.example.org");
	tls_context_free(&server);
	ok(server == NULL && tls_write(b.server, "hola", 4, &n) == TLS_OK
	    && tls_read(b.client, in, sizeof in, &n) == TLS_OK,
	    "TLS-09 a connection outlives the context it came from");
	both_end(&b);
}

/* --- channel bindings -------------------------------------------------------------- */

static struct buf binding(struct tls *t, enum tls_binding kind)
{
	struct buf b = { 0 };

	if (!tls_channel_binding(t, kind, &b))
		buf_clear(&b);
	return b;
}

static struct buf digest_of(const char *pem, const EVP_MD *md)
{
	FILE *f = fopen(certs_path(pem), "r");
	X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
	unsigned char out[EVP_MAX_MD_SIZE];
	struct buf b = { 0 };
	unsigned n;

	fclose(f);
	X509_digest(x, md, out, &n);
	buf_add(&b, slice_make(out, n));
	X509_free(x);
	return b;
}

static void end_point(struct tls_context *client, const char *name, const EVP_MD *md)
{
	char pem[40], key[40];
	struct tls_context *server;
	struct buf want = { 0 }, got, peer;
	struct both b;

	snprintf(pem, sizeof pem, "%s.pem", name);
	snprintf(key, sizeof key, "%s.key", name);
	server = server_of(pem, key, NULL);
	both_start(&b, server, client, "im.example.org");
	if (md != NULL)
		want = digest_of(pem, md);
	got = binding(b.server, TLS_SERVER_END_POINT);
	peer = binding(b.client, TLS_SERVER_END_POINT);
	okf(slice_eq(buf_slice(&got), buf_slice(&want)), "SASL-12 end point of a certificate, %s", name);
	ok(slice_eq(buf_slice(&got), buf_slice(&peer)), "  the same at the client");
	buf_fini(&want);
	buf_fini(&got);
	buf_fini(&peer);
	both_end(&b);
	tls_context_free(&server);
}

/* What the bare client computes for itself, after the text of each RFC. */
static struct buf bare_binding(SSL *ssl, enum tls_binding kind)
{
	unsigned char out[64];
	struct buf b = { 0 };
	size_t n = 32;

	if (kind == TLS_UNIQUE)
		n = SSL_get_finished(ssl, out, sizeof out);
	else if (SSL_export_keying_material(ssl, out, n, "EXPORTER-Channel-Binding", 24,
	    (const unsigned char *)"", 0, 1) != 1)
		n = 0;
	buf_add(&b, slice_make(out, n));
	return b;
}

static void bindings(struct tls_context *server)
{
	static const struct { struct bare b; bool has_unique, has_exporter; } rows[] = {
		{ { "1.3", TLS1_3_VERSION, TLS1_3_VERSION, NULL, NULL, NULL, 0, true, NULL }, true, true },
		{ { "1.2", TLS1_2_VERSION, TLS1_2_VERSION, NULL, NULL, NULL, 0, true, NULL }, true, true },
		{ { "1.2 without extended master secret", TLS1_2_VERSION, TLS1_2_VERSION, NULL, NULL, NULL,
		    SSL_OP_NO_EXTENDED_MASTER_SECRET, true, NULL }, false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pair p = pair_new();
		struct tls *t = tls_accept(server, p.fd[0]);
		SSL_CTX *ctx;
		SSL *client = bare_new(&ctx, &rows[i].b, p.fd[1]);
		struct buf none = binding(t, TLS_EXPORTER);

		okf(none.n == 0, "nothing to bind to before the handshake, %s", rows[i].b.name);
		shake(t, client);
		for (int kind = TLS_UNIQUE; kind <= TLS_EXPORTER; kind++) {
			bool has = kind == TLS_UNIQUE ? rows[i].has_unique : rows[i].has_exporter;
			struct buf got = binding(t, kind), want = bare_binding(client, kind);

			okf(has ? got.n != 0 && slice_eq(buf_slice(&got), buf_slice(&want)) : got.n == 0,
			    "SASL-12 %s, %s", kind == TLS_UNIQUE ? "unique" : "exporter", rows[i].b.name);
			buf_fini(&got);
			buf_fini(&want);
		}
		buf_fini(&none);
		SSL_free(client);
		SSL_CTX_free(ctx);
		tls_free(&t);
		pair_close(&p);
	}
}

/* --- files ----------------------------------------------------------------------------- */

static void bad_files(void)
{
	const char *const lock[] = { "openssl", "pkey", "-aes256", "-passout",
		"pass:secreto", "-in", certs_path("ec.key"), "-out", certs_path("locked.key"), NULL };
	static const struct { const char *pem, *key, *name; } rows[] = {
		{ "ec.pem", "ca.key", "TLS-09 a key of another certificate" },
		{ "none.pem", "ec.key", "a certificate that is not there" },
		{ "ec.pem", "none.key", "a key that is not there" },
		{ "ec.key", "ec.key", "a file without a certificate" },
		{ "ec.pem", "locked.key", "a key with a passphrase, without asking" },
	};
	const char *why;

	ok(certs_run(lock), "(a key is locked)");
	for (size_t i = 0; i < COUNT(rows); i++) {
		why = NULL;
		ok(tls_context_server(certs_path(rows[i].pem), certs_path(rows[i].key), NULL, &why)
		    == NULL && why != NULL, rows[i].name);
		printf("# %s\n", why);
	}
	why = NULL;
	ok(tls_context_client(certs_path("none.pem"), &why) == NULL && why != NULL,
	    "authorities that are not there");
}

int main(void)
{
	struct tls_context *server, *client, *stranger;
	const char *why = NULL;

	signal(SIGPIPE, SIG_IGN);
	if (!ok(certs_init() && certs_key("rsa.key", "RSA", "rsa_keygen_bits:2048")
	    && certs_sign("rsa", "-sha384", "DNS:im.example.org")
	    && certs_key("ed.key", "ED25519", NULL) && certs_sign("ed", "-sha512", "DNS:im.example.org"),
	    "certificates are made"))
		return done();
	server = server_of("ec.pem", "ec.key", "xmpp-client");
	client = tls_context_client(certs_path("ca.pem"), &why);
	stranger = tls_context_client(certs_path("rsa.pem"), &why);
	matrix(server);
	no_leftovers(server);
	whom_to_believe(server, client, stranger);
	talk(server, client);
	mixed_up_errors(server, client);
	survival(client);
	bindings(server);
	end_point(client, "ec", EVP_sha256());
	end_point(client, "rsa", EVP_sha384());
	bad_files();
	tls_context_free(&server);
	tls_context_free(&client);
	tls_context_free(&stranger);
	certs_fini();
	return done();
}
