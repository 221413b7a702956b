/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/load.c — what one thing costs the server, in processor time.
 *
 *   load port=5223 domain=localhost ca=ca.pem users=200 [stem=u] [password=x]
 *        [mechanism=PLAIN|SCRAM-SHA-256] [messages=100000] [room=name@muc]
 *        [occupants=100] [room_messages=2000] im=PID [slapd=PID] [all=PID,PID…]
 *
 * Logs in users u0 … uN by direct TLS, lets them sit, lets pairs talk, lets
 * some talk in a room.  After each stage it prints one line of JSON: how many,
 * how long, and how much processor time /proc says the server's processes used,
 * in microseconds for each login, message or delivery.  Its own cost does not
 * count, as long as it leaves the server a core.
 *
 * One epoll loop; a client is a step in a fixed order and two buffers.  What
 * the server says is not parsed but searched for the few words that matter. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/enc.h"
#include "base/tls.h"
#include "tests/bench/usage.h"

enum step { IDLE, HANDSHAKE, OFFERED, CHALLENGED, PROVED, RESTARTED, BOUND,
	READY };
enum { AT_ONCE = 16, PIDS_MOST = 16, READ_BYTES = 65536, WINDOW = 4 };

struct client {
	int fd;
	unsigned number;
	enum step step;
	bool wants_write;
	struct tls *tls;
	struct buf in, out;
	struct buf bare;                /* SCRAM: client-first-message-bare */
	double began;
	size_t sent, received, joined;
};

static struct {
	const char *domain, *stem, *password, *mechanism, *ca, *room;
	uint64_t port, users, messages, occupants, room_messages;
	uint64_t im, slapd, all[PIDS_MOST];
	size_t all_n;
} conf = { .domain = "localhost", .stem = "u", .password = "x",
	.mechanism = "PLAIN", .users = 100, .messages = 100000,
	.occupants = 100, .room_messages = 2000, .port = 5223 };

static struct tls_context *tls_context;
static struct client *clients;
static int epoll_fd;
static size_t ready_n, received_n, joined_n;
static double *login_s;

static void die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- what the server used ------------------------------------------------------ */

static double cpu_all(void)
{
	double sum = 0;

	for (size_t i = 0; i < conf.all_n; i++)
		sum += cpu_of(conf.all[i]);
	return sum;
}

struct mark { double wall, server, directory; };

static struct mark mark(void)
{
	return (struct mark){ now(), cpu_all(), cpu_of(conf.slapd) };
}

static void report(const char *what, struct mark from, double count)
{
	struct mark to = mark();

	printf("{\"what\": \"%s\", \"count\": %.0f, \"seconds\": %.3f, "
	    "\"per_second\": %.0f, \"server_us_each\": %.2f, "
	    "\"slapd_us_each\": %.2f}\n", what, count, to.wall - from.wall,
	    count / (to.wall - from.wall),
	    (to.server - from.server) * 1e6 / count,
	    (to.directory - from.directory) * 1e6 / count);
	fflush(stdout);
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

static void flush(struct client *c)
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
	send_text(c, "<iq type='set' id='b'><bind "
	    "xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
	    "<resource>r</resource></bind></iq>");
}

/* What ordinary clients do first: roster and presence. */
static void send_arrival(struct client *c)
{
	send_text(c, "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/>"
	    "</iq><presence/>");
}

static void is_ready(struct client *c)
{
	login_s[ready_n++] = now() - c->began;
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

static void go_on(struct client *c)
{
	if (has(c, "<failure") || has(c, "<stream:error"))
		die("a login failed");
	if (c->step == CHALLENGED && has(c, "<success"))
		c->step = PROVED;               /* PLAIN */
	for (size_t i = 0; i < COUNT(story); i++)
		if (story[i].step == c->step && has(c, story[i].word)) {
			buf_cstr(&c->in);
			story[i].then(c);
			buf_clear(&c->in);
			c->step = story[i].next;
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

/* Counts and forgets, unless a tag is cut: then there is more to come. */
static void take(struct client *c)
{
	size_t bodies, joins;

	if (c->in.p[c->in.n - 1] != '>')
		return;
	bodies = count(&c->in, "</body>");
	joins = count(&c->in, "code='110'");
	c->received += bodies;
	received_n += bodies;
	c->joined += joins;
	joined_n += joins;
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

	if (r == TLS_OK) {
		c->step = OFFERED;
		send_header(c);
	} else if (r == TLS_WANT_WRITE) {
		watch(c, true);
	} else if (r != TLS_WANT_READ) {
		die(tls_why(c->tls));
	}
}

static void turn(int ms)
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
			flush(c);
	}
}

static void until(const size_t *what, size_t is, double seconds)
{
	double end = now() + seconds;

	while (*what < is) {
		turn(100);
		if (now() > end)
			die("the server is too slow, or lost something");
	}
}

/* --- the stages ------------------------------------------------------------------------ */

static void begin(struct client *c, unsigned number)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)conf.port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	c->number = number;
	c->began = now();
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("cannot connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->tls = tls_connect(tls_context, c->fd, conf.domain);
	c->step = HANDSHAKE;
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &ev);
	shake(c);
	if (c->step != HANDSHAKE)
		flush(c);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void stage_login(void)
{
	struct mark from = mark();
	uint64_t pss = pss_of(conf.im);

	for (unsigned i = 0; i < conf.users; i++) {
		until(&ready_n, i >= AT_ONCE ? i - AT_ONCE + 1 : 0, 60);
		begin(&clients[i], i);
	}
	until(&ready_n, conf.users, 60);
	report(conf.mechanism, from, (double)conf.users);
	qsort(login_s, ready_n, sizeof *login_s, compare);
	printf("{\"what\": \"login latency\", \"at_once\": %d, \"p50_ms\": %.1f, "
	    "\"p99_ms\": %.1f}\n", AT_ONCE, login_s[ready_n / 2] * 1e3,
	    login_s[ready_n * 99 / 100] * 1e3);
	for (int i = 0; i < 10; i++)
		turn(100);
	printf("{\"what\": \"idle session\", \"count\": %llu, "
	    "\"pss_kib_each\": %.2f, \"pss_kib_before\": %llu}\n",
	    (unsigned long long)conf.users,
	    ((double)pss_of(conf.im) - (double)pss) / (double)conf.users,
	    (unsigned long long)pss);
	fflush(stdout);
}

/* Pairs talk, WINDOW messages ahead of what came back at most. */
static void stage_talk(void)
{
	size_t pairs = conf.users / 2, each = conf.messages / (2 * pairs);
	struct mark from = mark();
	bool is_done = false;

	received_n = 0;
	while (!is_done) {
		is_done = true;
		for (size_t i = 0; i < pairs * 2; i++) {
			struct client *c = &clients[i], *peer = &clients[i ^ 1];

			for (; c->sent < each && c->sent < peer->received + WINDOW;
			    c->sent++)
				buf_addf(&c->out, "<message to='%s%u@%s/r' "
				    "type='chat' id='m%zu'><body>buenas tardes, "
				    "esto es un mensaje</body></message>",
				    conf.stem, peer->number, conf.domain, c->sent);
			flush(c);
			is_done = is_done && c->received >= each;
		}
		turn(is_done ? 0 : 1);
	}
	report("message", from, (double)(pairs * 2 * each));
}

/* A new room is locked until its owner says what it is (XEP-0045 §10.1). */
static void unlock_room(struct client *c)
{
	buf_addf(&c->out, "<iq type='set' id='own' to='%s'><query "
	    "xmlns='http://jabber.org/protocol/muc#owner'><x "
	    "xmlns='jabber:x:data' type='submit'/></query></iq>", conf.room);
	flush(c);
	for (int i = 0; i < 5; i++)
		turn(20);
}

static void stage_room(void)
{
	size_t in_room = conf.occupants < conf.users ? conf.occupants : conf.users;
	struct mark from = mark();
	size_t want = 0;

	for (size_t i = 0; i < in_room; i++) {
		buf_addf(&clients[i].out, "<presence to='%s/n%zu'><x "
		    "xmlns='http://jabber.org/protocol/muc'><history "
		    "maxstanzas='0'/></x></presence>", conf.room, i);
		flush(&clients[i]);
		until(&joined_n, i + 1, 10);
		if (i == 0)
			unlock_room(&clients[0]);
	}
	report("room join", from, (double)in_room);
	for (int i = 0; i < 3; i++)
		turn(100);
	from = mark();
	received_n = 0;
	for (size_t i = 0; i < conf.room_messages; i++) {
		struct client *c = &clients[i % in_room];

		buf_addf(&c->out, "<message to='%s' type='groupchat' id='g%zu'>"
		    "<body>buenas tardes a toda la sala</body></message>",
		    conf.room, i);
		flush(c);
		want += in_room;
		until(&received_n, want > 4 * in_room ? want - 4 * in_room : 0, 30);
	}
	until(&received_n, want, 30);
	report("room delivery", from, (double)want);
}

/* --- arguments --------------------------------------------------------------------------- */

static void set_pids(struct slice list)
{
	struct slice one, rest = list;

	while (rest.n != 0 && conf.all_n < PIDS_MOST) {
		slice_cut(rest, ',', &one, &rest);
		slice_number(one, UINT32_MAX, &conf.all[conf.all_n++]);
	}
}

static void set(const char *argument)
{
	const struct { const char *name; const char **text; uint64_t *number; }
	    names[] = {
		{ "domain", &conf.domain, NULL }, { "stem", &conf.stem, NULL },
		{ "password", &conf.password, NULL }, { "ca", &conf.ca, NULL },
		{ "mechanism", &conf.mechanism, NULL }, { "room", &conf.room, NULL },
		{ "port", NULL, &conf.port }, { "users", NULL, &conf.users },
		{ "messages", NULL, &conf.messages }, { "im", NULL, &conf.im },
		{ "occupants", NULL, &conf.occupants },
		{ "room_messages", NULL, &conf.room_messages },
		{ "slapd", NULL, &conf.slapd },
	};
	struct slice name, value;

	slice_cut(slice_of(argument), '=', &name, &value);
	for (size_t i = 0; i < COUNT(names); i++)
		if (slice_is(name, names[i].name)) {
			if (names[i].text != NULL)
				*names[i].text = value.p;
			else if (!slice_number(value, UINT32_MAX, names[i].number))
				die(argument);
			return;
		}
	if (!slice_is(name, "all"))
		die(argument);
	set_pids(value);
}

int main(int argc, char **argv)
{
	const char *why;

	for (int i = 1; i < argc; i++)
		set(argv[i]);
	signal(SIGPIPE, SIG_IGN);
	tls_context = tls_context_client(conf.ca, &why);
	if (tls_context == NULL)
		die(why);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	clients = mem_new(conf.users * sizeof *clients);
	login_s = mem_new(conf.users * sizeof *login_s);
	stage_login();
	stage_talk();
	if (conf.room != NULL)
		stage_room();
	return 0;
}
