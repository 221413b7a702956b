/* SPDX-License-Identifier: Apache-2.0 */
/* Connections with TLS: STARTTLS and direct, what may not come before it,
 * handshakes that stall, one record per turn, reload; with the workers inside
 * the core's loop and in threads of their own.  The client is a bare OpenSSL. */
#include <netinet/tcp.h>

#include <openssl/ssl.h>

#include "tests/unit/iohost.h"

#define SAID(what) okf((what), "%s: %s", iohost.name, name)

struct secure { struct peer p; SSL_CTX *ctx; SSL *ssl; };

/* Blocking, with a time limit on each read. */
static bool secure_shake(struct secure *s, const char *alpn, int version)
{
	struct timeval limit = { 3, 0 };
	char host[] = "im.example.org";

	s->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_load_verify_file(s->ctx, certs_path("ca.pem"));
	SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_max_proto_version(s->ctx, version);
	s->ssl = SSL_new(s->ctx);
	SSL_set_tlsext_host_name(s->ssl, host);
	SSL_set1_host(s->ssl, host);
	if (alpn != NULL)
		SSL_set_alpn_protos(s->ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
	setsockopt(s->p.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	SSL_set_fd(s->ssl, s->p.fd);
	return SSL_connect(s->ssl) == 1;
}

static bool secure_say(struct secure *s, const char *text)
{
	return SSL_write(s->ssl, text, (int)strlen(text)) > 0;
}

/* One record; 0: the end. */
static int secure_read(struct secure *s)
{
	int n;

	buf_reserve(&s->p.got, 65536);
	n = SSL_read(s->ssl, s->p.got.p + s->p.got.n, 65536);
	if (n > 0)
		s->p.got.n += (size_t)n;
	return n > 0 ? n : 0;
}

static bool secure_hears(struct secure *s, const char *text)
{
	int64_t until = clock_ms() + 6000;
	const char *at;

	while (!peer_has(&s->p, text))
		if (clock_ms() > until || secure_read(s) == 0)
			return false;
	at = memmem(s->p.got.p, s->p.got.n, text, strlen(text));
	buf_drop(&s->p.got, (size_t)(at - s->p.got.p) + strlen(text));
	return true;
}

static void secure_close(struct secure *s)
{
	SSL_free(s->ssl);
	SSL_CTX_free(s->ctx);
	peer_close(&s->p);
}

static struct secure secure_direct(int version)
{
	struct secure s = { .p = peer_connect(PORT_TLS) };

	if (!secure_shake(&s, "\013xmpp-client", version))
		printf("# no handshake\n");
	return s;
}

static struct secure secure_in(void)
{
	struct secure s = secure_direct(TLS1_3_VERSION);

	secure_say(&s, HEADER "<auth/>" HEADER);
	if (!secure_hears(&s, "<success/><header/>"))
		printf("# could not log in\n");
	return s;
}

/* "bind=<exporter>/" of the host's line, by the client's own reckoning. */
static void bind_text(struct secure *s, char *out, size_t room)
{
	unsigned char key[32];
	struct buf hex = { 0 };

	SSL_export_keying_material(s->ssl, key, sizeof key, "EXPORTER-Channel-Binding", 24,
	    (const unsigned char *)"", 0, 1);
	enc_hex(&hex, slice_make(key, sizeof key));
	snprintf(out, room, "bind=" SLICE_FMT "/", SLICE_ARG(buf_slice(&hex)));
	buf_fini(&hex);
}

/* --- the ways to TLS ------------------------------------------------------------ */

static void starttls(int version, const char *text)
{
	struct secure s = { .p = peer_connect(PORT_PLAIN) };
	char bind[100], want[100];
	const char *name = "STARTTLS", *line;

	peer_say(&s.p, HEADER "<starttls/>");
	SAID(peer_hears(&s.p, "<header/><proceed/>", 2000) && s.p.got.n == 0);
	name = "  a handshake follows";
	SAID(secure_shake(&s, NULL, version));
	secure_say(&s, HEADER);
	name = "  and a new stream";
	SAID(secure_hears(&s, "<header/>"));
	iohost_says("element starttls", 2000);
	line = iohost_line(2000);
	snprintf(want, sizeof want, "secured loopback tls=%s direct=0 name=im.example.org", text);
	bind_text(&s, bind, sizeof bind);
	name = "  the core knows version and name";
	SAID(strncmp(line, want, strlen(want)) == 0);
	name = "  and what to bind to";
	SAID(strstr(line, bind) != NULL && strlen(line) > strlen(want) + strlen(bind) + 60);
	secure_say(&s, "<starttls/>");
	name = "  a second STARTTLS ends it";
	SAID(!secure_hears(&s, "<proceed/>") && iohost_says("closed tls-failed", 2000));
	secure_close(&s);
}

static void direct(void)
{
	struct secure s = secure_direct(TLS1_3_VERSION);
	const char *name = "direct TLS is opened when it is secured";

	SAID(strncmp(iohost_line(2000), "opened loopback tls=TLSv1.3 direct=1 name=im.example.org",
	    55) == 0);
	secure_say(&s, HEADER "<ping n='1'/>");
	name = "  and talks";
	SAID(secure_hears(&s, "<header/><pong n='1'/>"));
	secure_say(&s, "</stream:stream>");
	name = "  its end is a TLS goodbye";
	SAID(secure_hears(&s, "</stream:stream>") && secure_read(&s) == 0
	    && (SSL_get_shutdown(s.ssl) & SSL_RECEIVED_SHUTDOWN) != 0);
	secure_close(&s);
	iohost_says("closed by-us", 3000);

	s = (struct secure){ .p = peer_connect(PORT_TLS) };
	name = "TLS-06 another ALPN gets no connection";
	SAID(!secure_shake(&s, "\010http/1.1", TLS1_3_VERSION));
	secure_close(&s);
	s = (struct secure){ .p = peer_connect(PORT_TLS) };
	name = "what is not TLS gets none either";
	peer_say(&s.p, HEADER "<ping n='1'/>                                        ");
	SAID(peer_ends(&s.p, 2000) && !peer_has(&s.p, "<header/>"));
	peer_close(&s.p);
	name = "the core never hears of them";
	SAID(iohost_never("opened", 100));
}

/* --- TLS-01 -------------------------------------------------------------------------- */

static const struct { const char *name, *text; } injections[] = {
	{ "an element", "<auth/>" },
	{ "a header", HEADER "<auth/>" },
	{ "half an element", "<au" },
	{ "a space", " " },
	{ "text", "x" },
	{ "what looks like a handshake", "\x16\x03\x01\x02" },
};

static void injection(const char *what, const char *text)
{
	struct peer p = peer_connect(PORT_PLAIN);
	struct buf segment = { 0 };

	buf_adds(&segment, HEADER "<starttls/>");
	buf_adds(&segment, text);
	peer_say(&p, buf_cstr(&segment));
	buf_fini(&segment);
	okf(peer_ends(&p, 2000) && !peer_has(&p, "<proceed/>"),
	    "%s: TLS-01 %s behind <starttls/> closes the connection", iohost.name, what);
	okf(iohost_says("element starttls", 1000) && iohost_is("closed tls-failed", 1000),
	    "%s:   and the core hears nothing of it", iohost.name);
	peer_close(&p);
}

/* --- time ------------------------------------------------------------------------------- */

static void stall(void)
{
	struct peer p = peer_connect(PORT_TLS);
	const char *name = "TLS-05 a handshake that never comes";
	int64_t start = clock_ms(), took;
	bool is_open = true;

	SAID(peer_ends(&p, 7000) && clock_ms() - start >= 650);
	peer_close(&p);

	p = peer_connect(PORT_TLS);
	name = "TLS-05 one that comes byte by byte";
	start = clock_ms();
	send(p.fd, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11, MSG_NOSIGNAL);
	while (is_open && clock_ms() - start < 8000) {
		is_open = peer_say(&p, "x");
		usleep(20 * 1000);
		is_open = is_open && peer_read(&p, clock_ms()) != 0;
	}
	took = clock_ms() - start;
	SAID(!is_open && took >= 650 && took < 7000);
	peer_close(&p);

	p = peer_connect(PORT_PLAIN);
	name = "TLS-05 one that never comes behind <proceed/>";
	peer_say(&p, HEADER "<starttls/>");
	start = clock_ms();
	SAID(peer_ends(&p, 7000) && clock_ms() - start >= 650 && iohost_says("closed timed-out", 1000));
	peer_close(&p);
}

/* --- records ------------------------------------------------------------------------------ */

static void one_record(void)
{
	struct secure s = secure_in();
	const char *name = "ten answers of a turn leave in one record";

	secure_say(&s, "<ping n='0'/><ping n='1'/><ping n='2'/><ping n='3'/><ping n='4'/>"
	    "<ping n='5'/><ping n='6'/><ping n='7'/><ping n='8'/><ping n='9'/>");
	SAID(secure_read(&s) == 10 * 13 && peer_has(&s.p, "<pong n='9'/>"));
	secure_close(&s);
}

/* More than one read takes, so that bytes wait inside TLS when a turn ends. */
static void much(void)
{
	struct secure s = secure_in();
	const char *name = "300 kB of stanzas through TLS, none lost";
	char stanza[1024];
	unsigned heard = 0;

	for (unsigned i = 0; i < 300; i++) {
		int n = snprintf(stanza, sizeof stanza, "<ping n='%03u'/>", i);

		memset(stanza + n, ' ', sizeof stanza - (size_t)n);
		if (SSL_write(s.ssl, stanza, sizeof stanza) != (int)sizeof stanza)
			break;
	}
	for (; heard < 300; heard++) {
		snprintf(stanza, sizeof stanza, "<pong n='%03u'/>", heard);
		if (!secure_hears(&s, stanza))
			break;
	}
	is_int(heard, 300, name);
	secure_close(&s);
}

static void slow_reader(void)
{
	struct secure s = secure_in();
	const char *name = "a queue that the socket does not take at once arrives whole";
	size_t got = 0;
	int n;

	secure_say(&s, "<bye kb='250'/>");
	usleep(200 * 1000);
	while ((n = secure_read(&s)) > 0)
		got += (size_t)n;
	SAID(got == 250 * 1024 + 6 && !peer_has(&s.p, "late"));
	secure_close(&s);
	s = secure_in();
	name = "DOS-06 who reads nothing through TLS is cut";
	secure_say(&s, "<flood kb='20000'/>");
	SAID(iohost_says("closed too-slow", 3000));
	secure_close(&s);
}

/* Forty records in one segment: the first pauses, some are read before that
 * counts, and the rest is in OpenSSL's hands, where poll does not see it. */
static void paused_inside(void)
{
	struct secure s = secure_in();
	const char *name = "what waits inside TLS while paused is read when resumed";
	int cork = 1, no = 0;

	setsockopt(s.p.fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof cork);
	secure_say(&s, "<pause/>");
	for (int i = 0; i < 38; i++)
		secure_say(&s, "<ping n='1'/>");
	secure_say(&s, "<ping n='last'/>");
	setsockopt(s.p.fd, IPPROTO_TCP, TCP_CORK, &no, sizeof no);
	SAID(secure_hears(&s, "<pong n='last'/>"));
	secure_close(&s);
}

/* --- reload ---------------------------------------------------------------------------------- */

static void reload(void)
{
	struct secure old = secure_in(), new;
	const char *name = "TLS-09 a connection outlives the certificate it came with";

	secure_say(&old, "<reload/>");
	secure_hears(&old, "<reloaded/>");
	secure_say(&old, "<ping n='1'/>");
	SAID(secure_hears(&old, "<pong n='1'/>"));
	name = "TLS-09 the next one sees the new";
	new = secure_direct(TLS1_3_VERSION);
	SAID(EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_get0_peer_certificate(new.ssl))) == EVP_PKEY_RSA);
	name = "  and meets the new limits";
	secure_say(&new, HEADER "<quie n='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'>"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</quie>");
	SAID(secure_hears(&new, "<malformed/>"));
	secure_close(&new);
	secure_close(&old);
}

/* Ends with connections in every phase, which the host has to free. */
static void ending(void)
{
	struct secure in = secure_in();
	struct peer plain = peer_connect(PORT_PLAIN), half = peer_connect(PORT_TLS), proceeding;
	const char *name = "a stop leaves nothing behind, whatever the phase";

	proceeding = peer_connect(PORT_PLAIN);
	peer_say(&proceeding, HEADER "<starttls/>");
	peer_hears(&proceeding, "<proceed/>", 2000);
	peer_say(&plain, HEADER "<ping n='");
	secure_say(&in, "<flood kb='200'/>");
	secure_read(&in);
	SAID(iohost_end());
	peer_close(&plain);
	peer_close(&half);
	peer_close(&proceeding);
	secure_close(&in);
}

int main(void)
{
	static const unsigned threads[] = { 0, 2 };

	signal(SIGPIPE, SIG_IGN);
	if (!ok(certs_init() && certs_key("new.key", "RSA", "rsa_keygen_bits:2048")
	    && certs_sign("new", "-sha256", "DNS:im.example.org"), "certificates are made"))
		return done();
	for (size_t t = 0; t < COUNT(threads); t++) {
		iohost_settings();
		iohost_start(threads[t]);
		starttls(TLS1_3_VERSION, "TLSv1.3");
		starttls(TLS1_2_VERSION, "TLSv1.2");
		direct();
		for (size_t i = 0; i < COUNT(injections); i++)
			injection(injections[i].name, injections[i].text);
		stall();
		one_record();
		much();
		slow_reader();
		paused_inside();
		reload();
		ending();
	}
	certs_fini();
	return done();
}
