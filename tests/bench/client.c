/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/client.c — many XMPP clients in one epoll loop. */
#include "tests/bench/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/enc.h"

enum { READ_BYTES = 65536 };

struct client_conf conf = { .domain = "localhost", .stem = "u",
	.password = "x", .mechanism = "PLAIN", .resource = "r", .port = 5223 };
struct counts counts;
struct latencies latencies;

static struct tls_context *tls_context;
static struct client *clients;
static size_t clients_n;
static int epoll_fd = -1;

void die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- how long things took ---------------------------------------------------------- */

void latency_add(double s)
{
	if (!latencies.is_on)
		return;
	if (latencies.n == latencies.room) {
		latencies.room = latencies.room != 0 ? latencies.room * 2 : 4096;
		latencies.s = mem_grow(latencies.s,
		    latencies.room * sizeof *latencies.s);
	}
	latencies.s[latencies.n++] = s;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double latency_ms(double share)
{
	if (latencies.n == 0)
		return 0;
	qsort(latencies.s, latencies.n, sizeof *latencies.s, compare);
	return latencies.s[(size_t)((double)(latencies.n - 1) * share)] * 1e3;
}

/* --- bytes in and out ------------------------------------------------------------ */

static void watch(struct client *c, bool wants_write)
{
	struct epoll_event ev = { .events = EPOLLIN
	    | (wants_write ? EPOLLOUT : 0u), .data.ptr = c };

	if (c->wants_write == wants_write)
		return;
	c->wants_write = wants_write;
	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

void client_flush(struct client *c)
{
	enum tls_result r = TLS_OK;
	size_t n;

	while (c->out.n != 0 && r == TLS_OK) {
		r = tls_write(c->tls, c->out.p, c->out.n, &n);
		if (r == TLS_OK)
			buf_drop(&c->out, n);
	}
	if (r == TLS_CLOSED || r == TLS_FAILED)
		die("a connection failed while writing");
	watch(c, c->out.n != 0);
}

static void send_text(struct client *c, const char *text)
{
	buf_adds(&c->out, text);
}

static void send_base64(struct client *c, struct slice data)
{
	enc_base64(&c->out, data);
}

/* --- logging in -------------------------------------------------------------------- */

static bool has(struct client *c, const char *word)
{
	return c->in.n != 0 && memmem(c->in.p, c->in.n, word, strlen(word)) != NULL;
}

static void send_header(struct client *c)
{
	buf_addf(&c->out, "<?xml version='1.0'?><stream:stream to='%s' "
	    "xmlns='jabber:client' version='1.0' "
	    "xmlns:stream='http://etherx.jabber.org/streams'>", conf.domain);
}

static void send_auth(struct client *c)
{
	struct buf first = { 0 };

	if (strcmp(conf.mechanism, "PLAIN") == 0) {
		buf_addc(&first, '\0');
		buf_addf(&first, "%s%u", conf.stem, c->number);
		buf_addc(&first, '\0');
		buf_adds(&first, conf.password);
	} else {
		buf_clear(&c->bare);
		buf_addf(&c->bare, "n=%s%u,r=", conf.stem, c->number);
		crypto_token(&c->bare, 12);
		buf_adds(&first, "n,,");
		buf_add(&first, buf_slice(&c->bare));
	}
	buf_addf(&c->out, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
	    "mechanism='%s'>", conf.mechanism);
	send_base64(c, buf_slice(&first));
	send_text(c, "</auth>");
	buf_fini(&first);
}

static struct slice field(struct slice message, char name)
{
	struct slice part, rest = message;

	do {
		slice_cut(rest, ',', &part, &rest);
		if (part.n > 2 && part.p[0] == name)
			return slice_make(part.p + 2, part.n - 2);
	} while (rest.n != 0);
	die("a SCRAM message lacks a field");
	return part;
}

/* RFC 5802 §3, SHA-256. */
static void add_proof(struct client *c, struct slice server_first,
    struct buf *final)
{
	unsigned char salted[32], key[32], stored[32], signature[32];
	struct buf salt = { 0 }, message = { 0 };
	uint64_t rounds = 0;

	if (!dec_base64(&salt, field(server_first, 's'))
	    || !slice_number(field(server_first, 'i'), 10000000, &rounds))
		die("a SCRAM challenge makes no sense");
	buf_add(&message, buf_slice(&c->bare));
	buf_addc(&message, ',');
	buf_add(&message, server_first);
	buf_addc(&message, ',');
	buf_add(&message, buf_slice(final));
	crypto_pbkdf2(HASH_SHA256, slice_of(conf.password), buf_slice(&salt),
	    (unsigned)rounds, salted);
	crypto_hmac(HASH_SHA256, slice_make(salted, 32), SLICE("Client Key"), key);
	crypto_digest(HASH_SHA256, slice_make(key, 32), stored);
	crypto_hmac(HASH_SHA256, slice_make(stored, 32), buf_slice(&message),
	    signature);
	for (size_t i = 0; i < 32; i++)
		key[i] ^= signature[i];
	buf_adds(final, ",p=");
	enc_base64(final, slice_make(key, 32));
	buf_fini(&salt);
	buf_fini(&message);
}

static void send_final(struct client *c)
{
	const char *begin = memmem(c->in.p, c->in.n, "<challenge", 10), *end;
	struct buf challenge = { 0 }, final = { 0 };

	begin = memchr(begin, '>', c->in.n - (size_t)(begin - c->in.p));
	end = begin != NULL ? strchr(++begin, '<') : NULL;
	if (end == NULL || !dec_base64(&challenge,
	    slice_make(begin, (size_t)(end - begin))))
		die("a challenge makes no sense");
	buf_adds(&final, "c=biws,r=");
	buf_add(&final, field(buf_slice(&challenge), 'r'));
	add_proof(c, buf_slice(&challenge), &final);
	send_text(c, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>");
	send_base64(c, buf_slice(&final));
	send_text(c, "</response>");
	buf_fini(&challenge);
	buf_fini(&final);
}

static void send_bind(struct client *c)
{
	buf_addf(&c->out, "<iq type='set' id='b'><bind "
	    "xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
	    "<resource>%s</resource></bind></iq>", conf.resource);
}

/* What ordinary clients do first: roster and presence. */
static void send_arrival(struct client *c)
{
	send_text(c, "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/>"
	    "</iq><presence/>");
}

static void is_ready(struct client *c)
{
	latency_add(now() - c->began);
	counts.ready++;
}

/* What to wait for in each step, and what to do then. */
static const struct {
	enum step step;
	const char *word;
	void (*then)(struct client *c);
	enum step next;
} story[] = {
	{ OFFERED,    "</stream:features>", send_auth,    CHALLENGED },
	{ CHALLENGED, "</challenge>",       send_final,   PROVED     },
	{ PROVED,     "<success",           send_header,  RESTARTED  },
	{ RESTARTED,  "</stream:features>", send_bind,    BOUND      },
	{ BOUND,      "</jid>",             send_arrival, READY      },
	{ READY,      "id='r'",             is_ready,     IDLE       },
};

static void step(struct client *c, size_t i)
{
	if (conf.stops_at_sasl && c->step == PROVED) {
		is_ready(c);
		c->step = IDLE;
		return;
	}
	buf_cstr(&c->in);
	story[i].then(c);
	c->step = story[i].next;
}

static void go_on(struct client *c)
{
	if (has(c, "<failure") || has(c, "<stream:error"))
		die("a login failed");
	if (c->step == CHALLENGED && has(c, "<success"))
		c->step = PROVED;               /* PLAIN */
	for (size_t i = 0; i < COUNT(story); i++)
		if (story[i].step == c->step && has(c, story[i].word)) {
			step(c, i);
			buf_clear(&c->in);
			return;
		}
}

/* --- counting what comes ------------------------------------------------------------- */

static size_t count(struct buf *b, const char *word)
{
	size_t n = strlen(word), found = 0;
	const char *p = b->p, *end = b->p + b->n;

	while ((p = memmem(p, (size_t)(end - p), word, n)) != NULL) {
		found++;
		p += n;
	}
	return found;
}

/* "<body>t=SECONDS": when a message left, by our own clock. */
static void clock_messages(struct buf *b)
{
	const char *p = buf_cstr(b), *end = b->p + b->n;
	double at = now();

	while ((p = memmem(p, (size_t)(end - p), "<body>t=", 8)) != NULL) {
		latency_add(at - strtod(p + 8, NULL));
		p += 8;
	}
}

/* Its own presence with the status that says so (XEP-0045 §7.2.2); from the relay,
 * which knows no XMPP, the presence that it sent. */
static bool sees_itself(struct client *c)
{
	char own[32];

	snprintf(own, sizeof own, "/n%u'", c->number);
	return conf.is_raw ? has(c, own) : has(c, "'110'") || has(c, "\"110\"");
}

/* Counts and forgets, unless a tag is cut: then there is more to come. */
static void take(struct client *c)
{
	size_t messages;

	if (c->in.p[c->in.n - 1] != '>')
		return;
	messages = count(&c->in, "</body>");
	c->received += messages;
	counts.messages += messages;
	if (c->room != NULL)
		c->room->received += messages;
	if (messages != 0 && latencies.is_on)
		clock_messages(&c->in);
	counts.presences += count(&c->in, "<presence");
	counts.answers += count(&c->in, "<iq");
	if (c->room != NULL && !c->is_joined && sees_itself(c)) {
		c->is_joined = true;
		counts.joined++;
	}
	buf_clear(&c->in);
}

static void readable(struct client *c)
{
	enum tls_result r;
	size_t n;

	do {
		buf_reserve(&c->in, READ_BYTES);
		r = tls_read(c->tls, c->in.p + c->in.n, READ_BYTES, &n);
		if (r == TLS_OK)
			c->in.n += n;
	} while (r == TLS_OK);
	if (r == TLS_CLOSED || r == TLS_FAILED)
		die("the server closed a connection");
	if (c->step != IDLE)
		go_on(c);
	else if (c->in.n != 0)
		take(c);
}

static void shake(struct client *c)
{
	enum tls_result r = tls_handshake(c->tls);

	if (r == TLS_OK && conf.is_raw) {
		c->step = IDLE;
		is_ready(c);
	} else if (r == TLS_OK) {
		c->step = OFFERED;
		send_header(c);
	} else if (r == TLS_WANT_WRITE) {
		watch(c, true);
	} else if (r != TLS_WANT_READ) {
		die(tls_why(c->tls));
	}
}

void turn(int ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(epoll_fd, events, (int)COUNT(events), ms);

	for (int i = 0; i < n; i++) {
		struct client *c = events[i].data.ptr;

		if (c->step == HANDSHAKE)
			shake(c);
		else
			readable(c);
		if (c->step != HANDSHAKE)
			client_flush(c);
	}
}

void until(const size_t *what, size_t is, double seconds)
{
	double end = now() + seconds;

	while (*what < is) {
		turn(100);
		if (now() > end)
			die("the server is too slow, or lost something");
	}
}

/* --- coming and going -------------------------------------------------------------------- */

void clients_begin(size_t n)
{
	const char *why;

	tls_context = tls_context_client(conf.ca, &why);
	if (tls_context == NULL)
		die(why);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	clients = mem_new(n * sizeof *clients);
	clients_n = n;
	for (size_t i = 0; i < n; i++)
		clients[i].fd = -1;
}

size_t clients_count(void)
{
	return clients_n;
}

struct client *client_at(size_t i)
{
	if (i >= clients_n)
		die("a scenario wants more clients than there are users");
	return &clients[i];
}

static int dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)conf.port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("cannot connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

void client_begin(size_t i)
{
	struct client *c = client_at(i);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	c->number = (unsigned)i;
	c->began = now();
	c->fd = dial();
	c->tls = tls_connect(tls_context, c->fd, conf.domain);
	c->step = HANDSHAKE;
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &ev);
	shake(c);
	if (c->step != HANDSHAKE)
		client_flush(c);
}

void client_cut(size_t i)
{
	struct client *c = client_at(i);

	if (c->fd < 0)
		return;
	tls_free(&c->tls);
	close(c->fd);
	c->fd = -1;
	c->wants_write = false;
	buf_clear(&c->in);
	buf_clear(&c->out);
	counts.ready--;
}
