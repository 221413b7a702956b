/* SPDX-License-Identifier: Apache-2.0 */
/* Many clients at once that come, say anything, stop in the middle, and leave at
 * any moment, for some seconds.  Nothing is checked but that the host survives,
 * still serves, forgets every one of them and leaks nothing (DOS-07); a
 * sanitizer sees the rest.  TERTULIA_STORM=<seconds> makes it longer. */
#include <openssl/ssl.h>

#include "tests/unit/iohost.h"

enum { CLIENTS = 40 };

static uint64_t seed = 88172645463325252u;

/* xorshift64: the same storm each time, as far as the scheduler lets it. */
static unsigned pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static const char *const words[] = {
	HEADER, HEADER "<auth/>" HEADER, "<ping n='1'/>", "<ping n='1'/><ping n='2'/><quiet/>",
	"<starttls/>", "<starttls/><auth/>", "<auth/>", "<pause/>", "<flood kb='300'/>", "<flood kb='20'/>",
	"<bye kb='5'/>", "<bye kb='200'/>", "</stream:stream>", "<!DOCTYPE x>", "<a><b>", "</b></a>", " ", "<",
	"\x16\x03\x01\x02", "\xff", "<message><body>hola</body></message>", "<stale/>",
};

struct guest { struct peer p; SSL *ssl; };

static void leave(struct guest *g)
{
	struct linger hard = { 1, 0 };

	if (pick(3) == 0)               /* a reset */
		setsockopt(g->p.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	SSL_free(g->ssl);
	g->ssl = NULL;
	peer_close(&g->p);
}

static void come(struct guest *g, SSL_CTX *ctx)
{
	int port = pick(2) != 0 ? PORT_TLS : PORT_PLAIN;

	g->p = peer_connect(port);
	fcntl(g->p.fd, F_SETFL, O_NONBLOCK);
	if (port == PORT_PLAIN || pick(4) == 0)
		return;
	g->ssl = SSL_new(ctx);
	SSL_set_fd(g->ssl, g->p.fd);
	SSL_set_connect_state(g->ssl);
}

static void act(struct guest *g)
{
	const char *word = words[pick(COUNT(words))];
	size_t n = pick(4) == 0 ? pick((unsigned)strlen(word)) + 1 : strlen(word);
	char in[4096];

	if (g->ssl == NULL) {
		if (send(g->p.fd, word, n, MSG_NOSIGNAL) > 0 && pick(2) != 0)
			n = (size_t)recv(g->p.fd, in, sizeof in, 0);
	} else if (SSL_do_handshake(g->ssl) == 1) {
		SSL_write(g->ssl, word, (int)n);
		if (pick(2) != 0)
			SSL_read(g->ssl, in, sizeof in);
	}
}

static void drain_lines(void)
{
	while (*iohost_line(0) != '\0')
		continue;
}

static void storm(int64_t ms)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	static struct guest guests[CLIENTS];
	int64_t end = clock_ms() + ms;
	unsigned came = 0;

	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	for (size_t i = 0; i < CLIENTS; i++)
		come(&guests[i], ctx);
	while (clock_ms() < end) {
		struct guest *g = &guests[pick(CLIENTS)];

		if (pick(12) == 0) {
			leave(g);
			come(g, ctx);
			came++;
		} else {
			act(g);
		}
		drain_lines();
	}
	for (size_t i = 0; i < CLIENTS; i++)
		leave(&guests[i]);
	SSL_CTX_free(ctx);
	printf("# %u connections\n", came + CLIENTS);
}

static void after_it(void)
{
	struct peer p;
	const char *line = "";

	usleep(2600 * 1000);            /* auth_timeout, and the longest close */
	drain_lines();
	p = peer_in();
	okf(peer_say(&p, "<ping n='1'/>") && peer_hears(&p, "<pong n='1'/>", 2000),
	    "%s: still serves after the storm", iohost.name);
	drain_lines();
	peer_say(&p, "<counts/>");
	for (int i = 0; i < 50 && strncmp(line, "counts", 6) != 0; i++)
		line = iohost_line(100);
	okf(strncmp(line, "counts 1 ", 9) == 0, "%s: DOS-07 and has forgotten everybody else (%s)",
	    iohost.name, line);
	peer_close(&p);
	okf(iohost_end(), "%s: nothing was left behind", iohost.name);
}

int main(void)
{
	static const unsigned threads[] = { 0, 2 };
	const char *seconds = getenv("TERTULIA_STORM");
	uint64_t s = 2;

	signal(SIGPIPE, SIG_IGN);
	if (!ok(certs_init(), "certificates are made"))
		return done();
	if (seconds != NULL)
		slice_number(slice_of(seconds), 3600, &s);
	for (size_t t = 0; t < COUNT(threads); t++) {
		iohost_settings();
		host_settings.limits.unauthenticated_per_ip = 100;
		log_open(certs_path("log"), LOG_ERROR, &(const char *){ NULL });
		iohost_start(threads[t]);
		storm((int64_t)s * 1000);
		after_it();
	}
	certs_fini();
	return done();
}
