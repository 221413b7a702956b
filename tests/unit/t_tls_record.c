/* SPDX-License-Identifier: Apache-2.0 */
/* TLS 1.3 after its handshake: what a lightened connection says and hears.
 * The other end is a bare OpenSSL client, which is the judge of what is right;
 * for what no client says, a forger who knows the keys and makes records with
 * OpenSSL's own key derivation and cipher. */
#include <sys/socket.h>

#include <errno.h>
#include <signal.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>

#include "base/tls_record.h"
#include "tests/unit/certs.h"

/* --- a client ---------------------------------------------------------------- */

struct link {
	int fd[2];
	struct tls *server;
	SSL_CTX *ctx;
	SSL *client;
	size_t longest;                 /* record that the client has seen */
	unsigned updates;               /* KeyUpdates that it has */
	bool is_good;
};

static const char *const ciphers[] = {
	"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
	"TLS_AES_128_GCM_SHA256",
};
static struct tls_context *server_context;

static void look(int is_sent, int version, int type, const void *p, size_t n,
    SSL *ssl, void *ctx)
{
	const unsigned char *at = p;
	struct link *l = ctx;

	(void)version, (void)ssl;
	if (is_sent || l->server == NULL)
		return;
	if (type == SSL3_RT_HEADER && n == 5) {
		size_t body = (size_t)at[3] << 8 | at[4];

		l->longest = body > l->longest ? body : l->longest;
	}
	l->updates += type == SSL3_RT_HANDSHAKE && at[0] == SSL3_MT_KEY_UPDATE;
}

struct how { const char *cipher; int version; uint8_t fragment; size_t padding; };

static bool shake(struct link *l)
{
	enum tls_result r = TLS_WANT_READ;
	bool is_first = true;

	for (int i = 0; i < 10 && (r != TLS_OK || is_first); i++) {
		/* The first data come on the heels of the client's last flight. */
		if (SSL_do_handshake(l->client) == 1 && is_first)
			is_first = SSL_write(l->client, "first", 5) != 5;
		if (r != TLS_OK)
			r = tls_handshake(l->server);
	}
	return r == TLS_OK && !is_first;
}

static bool hears(struct tls *t, const char *text)
{
	char in[20000];
	size_t n;

	return tls_read(t, in, sizeof in, &n) == TLS_OK && n == strlen(text)
	    && memcmp(in, text, n) == 0;
}

static void link_open(struct link *l, struct how how)
{
	*l = (struct link){ .fd = { -1, -1 } };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, l->fd) != 0)
		abort();
	l->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_max_proto_version(l->ctx, how.version != 0 ? how.version
	    : TLS1_3_VERSION);
	SSL_CTX_set_mode(l->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
	if (how.cipher != NULL)
		SSL_CTX_set_ciphersuites(l->ctx, how.cipher);
	if (how.fragment != 0)
		SSL_CTX_set_tlsext_max_fragment_length(l->ctx, how.fragment);
	if (how.padding != 0)
		SSL_CTX_set_block_padding(l->ctx, how.padding);
	l->client = SSL_new(l->ctx);
	SSL_set_fd(l->client, l->fd[1]);
	SSL_set_connect_state(l->client);
	l->server = tls_accept(server_context, l->fd[0]);
	l->is_good = shake(l);
	tls_lighten(l->server);
	l->is_good = l->is_good && hears(l->server, "first");
	SSL_set_msg_callback(l->client, look);
	SSL_set_msg_callback_arg(l->client, l);
}

static void link_close(struct link *l)
{
	SSL_free(l->client);
	SSL_CTX_free(l->ctx);
	tls_free(&l->server);
	close(l->fd[0]);
	close(l->fd[1]);
}

static bool client_hears(struct link *l, const char *text)
{
	char in[64];
	int n = SSL_read(l->client, in, sizeof in);

	return n == (int)strlen(text) && memcmp(in, text, (size_t)n) == 0;
}

static bool server_says(struct link *l, const char *text)
{
	size_t n;

	return tls_write(l->server, text, strlen(text), &n) == TLS_OK
	    && n == strlen(text);
}

static bool client_says(struct link *l, const char *text)
{
	return SSL_write(l->client, text, (int)strlen(text)) == (int)strlen(text);
}

static bool is_why(struct link *l, const char *word)
{
	bool is = strstr(tls_why(l->server), word) != NULL;

	if (!is)
		printf("# %s\n", tls_why(l->server));
	return is;
}

/* --- talk ----------------------------------------------------------------------- */

enum { MUCH = 3 * 1024 * 1024 };
static unsigned char said[MUCH], heard[MUCH];

/* What has come goes behind the first `from` bytes; how many these are now. */
static size_t server_drinks(struct link *l, size_t from)
{
	size_t got = from, n;

	while (got < MUCH && tls_read(l->server, heard + got, MUCH - got, &n) == TLS_OK)
		got += n;
	return got;
}

static size_t client_drinks(struct link *l, size_t from)
{
	size_t got = from, n;

	while (got < MUCH && SSL_read_ex(l->client, heard + got, MUCH - got, &n) == 1)
		got += n;
	return got;
}

static void sizes(struct link *l, const char *name)
{
	static const size_t all[] = { 1, 2, 255, 300, 16383, 16384, 16385, 40000 };
	bool to_server = true, to_client = true;

	for (size_t i = 0; i < COUNT(all); i++) {
		size_t n, sent = 0, got = 0;

		while (sent < all[i] && SSL_write_ex(l->client, said + sent,
		    all[i] - sent, &n) == 1) {
			sent += n;
			got = server_drinks(l, got);
		}
		to_server = to_server && got == all[i] && memcmp(said, heard, got) == 0;
		for (sent = got = 0; sent < all[i] && tls_write(l->server, said + sent,
		    all[i] - sent, &n) == TLS_OK; sent += n)
			got = client_drinks(l, got);
		got = client_drinks(l, got);
		to_client = to_client && got == all[i] && memcmp(said, heard, got) == 0;
	}
	okf(to_server, "every size arrives, %s", name);
	okf(to_client, "and from us, %s", name);
}

static void talk(void)
{
	struct link l;

	for (size_t i = 0; i < COUNT(ciphers); i++) {
		link_open(&l, (struct how){ .cipher = ciphers[i] });
		okf(l.is_good, "what came with the handshake is heard, %s", ciphers[i]);
		sizes(&l, ciphers[i]);
		link_close(&l);
	}
	link_open(&l, (struct how){ .padding = 512 });
	sizes(&l, "padded");
	link_close(&l);
	link_open(&l, (struct how){ .version = TLS1_2_VERSION });
	ok(l.is_good, "TLS 1.2 goes on as it was");
	sizes(&l, "TLS 1.2");
	link_close(&l);
}

static void small_room(void)
{
	struct link l;
	char one;
	size_t n;

	link_open(&l, (struct how){ 0 });
	ok(client_says(&l, "hola") && client_says(&l, "!"), "(five letters in two records)");
	for (int i = 0; i < 5; i++)
		ok(tls_read(l.server, &one, 1, &n) == TLS_OK && n == 1 && one == "hola!"[i]
		    && tls_has_pending(l.server) == (i != 4),
		    "read by a letter, and what waits inside is told");
	ok(tls_read(l.server, &one, 1, &n) == TLS_WANT_READ, "then nothing is left");
	link_close(&l);
}

/* In a socket that is full a record stays half; nothing is lost or doubled. */
static void full_socket(void)
{
	size_t sent = 0, got = 0, n;
	unsigned stuck = 0;
	struct link l;

	link_open(&l, (struct how){ 0 });
	while (sent < MUCH) {
		/* Moved to another place, as a queue of unsent bytes may. */
		size_t some = MUCH - sent < 50000 ? MUCH - sent : 50000;
		char *copy = mem_dup(said + sent, some);
		enum tls_result r = tls_write(l.server, copy, some, &n);

		free(copy);
		sent += n;
		if (r == TLS_OK && n != 0)
			continue;
		if (r != TLS_WANT_WRITE || n != 0)
			break;
		stuck++;
		ok(tls_write(l.server, said + sent, some, &n) == TLS_WANT_WRITE && n == 0,
		    "a full socket wants to write, again and again");
		got = client_drinks(&l, got);
	}
	got = client_drinks(&l, got);
	ok(stuck > 2 && sent == MUCH, "all is written at last");
	ok(got == MUCH && memcmp(said, heard, MUCH) == 0, "and arrives, in order");
	link_close(&l);
}

static void fragments(void)
{
	struct link l;
	size_t n = 0;

	link_open(&l, (struct how){ .fragment = TLSEXT_max_fragment_length_1024 });
	ok(tls_write(l.server, said, 5000, &n) == TLS_OK && n == 1024
	    && client_drinks(&l, 0) == 1024 && l.longest <= 1024 + 1 + 16,
	    "RFC 6066 a client that wants short records gets them");
	link_close(&l);
}

/* --- keys and ends ----------------------------------------------------------------- */

static void key_updates(void)
{
	struct link l;

	for (size_t i = 0; i < COUNT(ciphers); i++) {
		link_open(&l, (struct how){ .cipher = ciphers[i] });
		for (int turn = 1; turn < 4; turn++) {
			SSL_key_update(l.client, SSL_KEY_UPDATE_REQUESTED);
			okf(client_says(&l, "new keys") && hears(l.server, "new keys"),
			    "RFC 8446 4.6.3 new keys of the client, %s", ciphers[i]);
			okf(server_says(&l, "mine too") && client_hears(&l, "mine too")
			    && l.updates == (unsigned)turn, "and ours when it asks, %s", ciphers[i]);
		}
		SSL_key_update(l.client, SSL_KEY_UPDATE_NOT_REQUESTED);
		ok(client_says(&l, "again") && hears(l.server, "again")
		    && server_says(&l, "no") && client_hears(&l, "no") && l.updates == 3,
		    "not when it does not");
		link_close(&l);
	}
}

static void goodbyes(void)
{
	struct link l;
	char in[20000];
	size_t n;

	link_open(&l, (struct how){ 0 });
	ok(client_says(&l, "last words") && SSL_shutdown(l.client) == 0, "(words, and a goodbye)");
	ok(hears(l.server, "last words") && tls_has_pending(l.server), "the words are heard first");
	ok(tls_read(l.server, in, sizeof in, &n) == TLS_CLOSED && n == 0
	    && is_why(&l, "closed by the peer"), "then the goodbye");
	tls_goodbye(l.server);
	ok(SSL_read(l.client, in, 1) == 0 && SSL_get_error(l.client, 0) == SSL_ERROR_ZERO_RETURN,
	    "and our own is");
	link_close(&l);

	link_open(&l, (struct how){ 0 });
	shutdown(l.fd[1], SHUT_RDWR);
	ok(tls_read(l.server, in, sizeof in, &n) == TLS_CLOSED, "so does the end of the socket");
	ok(tls_write(l.server, "x", 1, &n) == TLS_CLOSED,
	    "writing to it fails, and does not kill the process");
	link_close(&l);
}

/* --- a client's records, tampered with ----------------------------------------------- */

/* Takes one record of `text` from the client's side of the socket. */
static size_t catch(struct link *l, const char *text, unsigned char *out, size_t room)
{
	ssize_t n;

	client_says(l, text);
	n = recv(l->fd[0], out, room, 0);
	return n > 0 ? (size_t)n : 0;
}

static bool is_refused(struct link *l, int reason)
{
	char in[20000];
	size_t n;
	bool is = tls_read(l->server, in, sizeof in, &n) == TLS_FAILED && n == 0
	    && tls_read(l->server, in, sizeof in, &n) == TLS_FAILED
	    && tls_write(l->server, "x", 1, &n) == TLS_FAILED;

	ERR_clear_error();
	return is && SSL_read(l->client, in, sizeof in) <= 0
	    && ERR_GET_REASON(ERR_peek_error()) == reason;
}

static void tampered(void)
{
	/* Of a record of 30 bytes: header, text, type, tag. */
	static const size_t places[] = { 5, 10, 13, 14, 29 };
	unsigned char record[64];
	struct link l;
	size_t n;

	for (size_t i = 0; i < COUNT(places); i++) {
		link_open(&l, (struct how){ .cipher = ciphers[i % COUNT(ciphers)] });
		n = catch(&l, "hablamos", record, sizeof record);
		record[places[i]] ^= 1;
		okf(n == 30 && send(l.fd[1], record, n, 0) == 30
		    && is_refused(&l, SSL_R_SSLV3_ALERT_BAD_RECORD_MAC),
		    "byte %zu changed: refused, with an alert", places[i]);
		link_close(&l);
	}
	link_open(&l, (struct how){ 0 });
	n = catch(&l, "hablamos", record, sizeof record);
	ok(send(l.fd[1], record, n, 0) == 30 && hears(l.server, "hablamos"), "unchanged: heard");
	ok(send(l.fd[1], record, n, 0) == 30
	    && is_refused(&l, SSL_R_SSLV3_ALERT_BAD_RECORD_MAC), "twice: refused");
	link_close(&l);
	link_open(&l, (struct how){ 0 });
	catch(&l, "perdido", record, sizeof record);
	ok(client_says(&l, "hablamos") && is_refused(&l, SSL_R_SSLV3_ALERT_BAD_RECORD_MAC),
	    "one is missing: refused");
	link_close(&l);
}

static void trickle(void)
{
	unsigned char record[64];
	bool is_quiet = true;
	struct link l;
	char in[20000];
	size_t n, got;

	link_open(&l, (struct how){ 0 });
	n = catch(&l, "gota a gota", record, sizeof record);
	for (size_t i = 0; i + 1 < n; i++)
		is_quiet = is_quiet && send(l.fd[1], record + i, 1, 0) == 1
		    && tls_read(l.server, in, sizeof in, &got) == TLS_WANT_READ
		    && got == 0 && !tls_has_pending(l.server);
	ok(is_quiet, "a record that comes by the byte is waited for");
	ok(send(l.fd[1], record + n - 1, 1, 0) == 1 && hears(l.server, "gota a gota"),
	    "and heard when it is whole");
	ok(client_says(&l, "y otra") && hears(l.server, "y otra"), "as is the next");
	link_close(&l);
}

/* --- what no client says ---------------------------------------------------------------- */

struct forger {
	int fd[2];
	struct tls_records *r;
	unsigned char key[16], iv[12];
	uint64_t number;
};

static const unsigned char secret[32] = "a secret that both of them know";

/* OpenSSL's derivation (RFC 8446 §7.1): not the one that is tested. */
static void derive(const char *name, unsigned char *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
	EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	char hash[] = "SHA256", prefix[] = "tls13 ";
	unsigned char key[sizeof secret];
	char label[16];
	OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, sizeof hash - 1),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, key, sizeof key),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PREFIX, prefix, sizeof prefix - 1),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_LABEL, label, strlen(name)),
		OSSL_PARAM_END,
	};

	memcpy(key, secret, sizeof key);
	snprintf(label, sizeof label, "%s", name);
	if (EVP_KDF_derive(c, out, n, params) != 1)
		abort();
	EVP_KDF_CTX_free(c);
	EVP_KDF_free(kdf);
}

static void forger_open(struct forger *f)
{
	*f = (struct forger){ .number = 0 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, f->fd) != 0)
		abort();
	derive("key", f->key, sizeof f->key);
	derive("iv", f->iv, sizeof f->iv);
	f->r = tls_records_new(f->fd[0]);
	tls_records_secret(f->r, true, slice_make(secret, sizeof secret));
	tls_records_secret(f->r, false, slice_make(secret, sizeof secret));
	if (!tls_records_begin(f->r, "TLS_AES_128_GCM_SHA256", 16384))
		abort();
}

static void forger_close(struct forger *f)
{
	tls_records_free(&f->r);
	close(f->fd[0]);
	close(f->fd[1]);
}

/* One record whose inner text is these bytes: data, type, padding. */
static bool forge(struct forger *f, const void *inner, size_t n)
{
	static unsigned char record[5 + 20000 + 16];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	unsigned char nonce[12];
	int done;

	memcpy(nonce, f->iv, sizeof nonce);
	for (int i = 0; i < 8; i++)
		nonce[11 - i] ^= (unsigned char)(f->number >> 8 * i);
	f->number++;
	memcpy(record, "\027\003\003", 3);
	record[3] = (unsigned char)((n + 16) >> 8);
	record[4] = (unsigned char)(n + 16);
	EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, f->key, nonce);
	EVP_EncryptUpdate(c, NULL, &done, record, 5);
	EVP_EncryptUpdate(c, record + 5, &done, inner, (int)n);
	EVP_EncryptFinal_ex(c, record + 5 + n, &done);
	EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, record + 5 + n);
	EVP_CIPHER_CTX_free(c);
	return send(f->fd[1], record, n + 21, 0) == (ssize_t)n + 21;
}

static enum tls_result listen_to(struct forger *f, size_t *n_r)
{
	static char in[65536];

	return tls_records_read(f->r, in, sizeof in, n_r);
}

/* An alert is 2 bytes, its type, and a tag. */
static bool has_alert(struct forger *f)
{
	unsigned char in[64];

	return recv(f->fd[1], in, sizeof in, 0) == 5 + 2 + 1 + 16 && in[0] == 23;
}

struct inner { const char *bytes; size_t n; const char *name; };
#define INNER(bytes) "" bytes, sizeof bytes - 1

static void forged(void)
{
	static const struct inner bad[] = {
		{ INNER("\0\0\0\0"), "padding and no type" },
		{ INNER("x\024"), "a type that is none" },
		{ INNER("\001\025"), "an alert that is cut" },
		{ INNER("\030\0\0\001\002\026"), "a key update of no kind" },
		{ INNER("\030\0\0\001\026"), "a key update that is cut" },
		{ INNER("\030\0\0\001\0\030\0\0\001\0\026"), "two key updates in a record" },
		{ INNER("\004\0\0\0\026"), "a ticket from a client" },
		{ INNER("\013\0\0\0\026"), "a certificate that nobody asked for" },
		{ INNER("\001\0\0\0\026"), "TLS-03 a new handshake" },
		{ INNER("\026"), "a handshake that says nothing" },
	};
	static const struct inner heard_alerts[] = {
		{ INNER("\002\050\025"), "handshake_failure" },
		{ INNER("\001\050\025"), "the same as a warning" },
	};
	struct forger f;
	size_t n;

	for (size_t i = 0; i < COUNT(bad); i++) {
		forger_open(&f);
		okf(forge(&f, bad[i].bytes, bad[i].n) && listen_to(&f, &n) == TLS_FAILED
		    && n == 0 && has_alert(&f), "refused with an alert: %s", bad[i].name);
		forger_close(&f);
	}
	for (size_t i = 0; i < COUNT(heard_alerts); i++) {
		forger_open(&f);
		okf(forge(&f, heard_alerts[i].bytes, heard_alerts[i].n)
		    && listen_to(&f, &n) == TLS_FAILED && !has_alert(&f),
		    "an alert ends it, and is not answered: %s", heard_alerts[i].name);
		forger_close(&f);
	}
	forger_open(&f);
	ok(forge(&f, "\001\132\025", 3) && listen_to(&f, &n) == TLS_WANT_READ
	    && forge(&f, "\001\0\025", 3) && listen_to(&f, &n) == TLS_CLOSED,
	    "user_canceled is not the end, close_notify is");
	forger_close(&f);
}

static void lengths(void)
{
	static char inner[20000];
	struct forger f;
	size_t n;

	memset(inner, 'x', sizeof inner);
	inner[16384] = 23;
	forger_open(&f);
	ok(forge(&f, inner, 16385) && listen_to(&f, &n) == TLS_OK && n == 16384,
	    "16384 bytes are not too many");
	memset(inner + 16384, 0, 300);
	inner[1] = 23;
	memset(inner + 2, 0, 16384);
	ok(forge(&f, inner, 16384 + 240) && listen_to(&f, &n) == TLS_OK && n == 1,
	    "nor is padding up to the record's limit");
	memset(inner, 'x', sizeof inner);
	inner[16385] = 23;
	ok(forge(&f, inner, 16386) && listen_to(&f, &n) == TLS_FAILED && has_alert(&f),
	    "16385 are");
	forger_close(&f);
	forger_open(&f);
	inner[16640] = 23;
	ok(forge(&f, inner, 16641) && listen_to(&f, &n) == TLS_FAILED && has_alert(&f),
	    "and so is a longer record");
	forger_close(&f);
}

/* Records that say nothing cost us a decryption each. */
static void emptiness(void)
{
	struct forger f;
	size_t n;

	forger_open(&f);
	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < 32; i++)
			forge(&f, "\027", 1);
		ok(listen_to(&f, &n) == TLS_WANT_READ && n == 0
		    && forge(&f, "x\027", 2) && listen_to(&f, &n) == TLS_OK && n == 1,
		    "records without data are not the end");
	}
	for (int i = 0; i < 33; i++)
		forge(&f, "\027", 1);
	ok(listen_to(&f, &n) == TLS_FAILED && has_alert(&f), "too many of them are");
	forger_close(&f);
}

static void no_records(void)
{
	static const struct inner bad[] = {
		{ INNER("\025\003\003\0\002\001\0"), "an alert in the clear" },
		{ INNER("\024\003\003\0\001\001"), "a change of ciphers" },
		{ INNER("\027\003\001\0\100"), "another version" },
		{ INNER("\027\003\003\0\020"), "a tag and nothing else" },
		{ INNER("\027\003\003\377\377"), "a record that is too long, at its header" },
		{ INNER("GET / HTTP/1.1\r\n"), "another protocol" },
	};
	struct forger f;
	size_t n;

	for (size_t i = 0; i < COUNT(bad); i++) {
		forger_open(&f);
		okf(send(f.fd[1], bad[i].bytes, bad[i].n, 0) == (ssize_t)bad[i].n
		    && listen_to(&f, &n) == TLS_FAILED && n == 0 && has_alert(&f),
		    "refused with an alert: %s", bad[i].name);
		forger_close(&f);
	}
}

static void beginnings(void)
{
	struct tls_records *r = tls_records_new(-1);

	ok(!tls_records_begin(r, "TLS_AES_128_GCM_SHA256", 16384), "no keys without secrets");
	ok(!tls_records_secret(r, true, slice_make(said, 49))
	    && tls_records_secret(r, true, slice_make(said, 48))
	    && tls_records_secret(r, false, slice_make(said, 48)), "a secret is no longer than a hash");
	ok(!tls_records_begin(r, "TLS_AES_128_GCM_SHA256", 16384), "nor of another length");
	ok(!tls_records_begin(r, "TLS_AES_128_CCM_SHA256", 16384), "nor for a cipher that we do not know");
	ok(tls_records_begin(r, "TLS_AES_256_GCM_SHA384", 16384), "but for ours");
	tls_records_free(&r);
}

int main(void)
{
	const char *why = NULL;

	signal(SIGPIPE, SIG_IGN);
	if (!ok(certs_init(), "certificates are made"))
		return done();
	server_context = tls_context_server(certs_path("ec.pem"), certs_path("ec.key"), NULL, &why);
	for (size_t i = 0; i < sizeof said; i++)
		said[i] = (unsigned char)(i * 7 + i / 256);
	talk();
	small_room();
	full_socket();
	fragments();
	key_updates();
	goodbyes();
	tampered();
	trickle();
	forged();
	lengths();
	emptiness();
	no_records();
	beginnings();
	tls_thread_fini();
	tls_context_free(&server_context);
	certs_fini();
	return done();
}
