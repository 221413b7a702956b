/* SPDX-License-Identifier: Apache-2.0 */
/* Connections without TLS: order, limits, deadlines, back-pressure and ends, with
 * the workers inside the core's loop and in threads of their own.  t_io_tls.c
 * has the rest. */
#include "tests/unit/iohost.h"

#define SAID(what) okf((what), "%s: %s", iohost.name, name)

static void talking(void)
{
	struct peer p = peer_connect(PORT_PLAIN);
	const char *name = "a connection is opened, with its address";

	SAID(strncmp(iohost_line(2000), "opened loopback tls=no direct=0 name=-", 38) == 0);
	name = "a header is heard and answered";
	peer_say(&p, HEADER);
	SAID(peer_hears(&p, "<header/>", 2000));
	name = "an element too";
	peer_say(&p, "<ping n='1'/>");
	SAID(peer_hears(&p, "<pong n='1'/>", 2000));
	name = "several in one segment, in order";
	peer_say(&p, "<ping n='2'/><ping n='3'/> <ping n='4'/>");
	SAID(peer_hears(&p, "<pong n='2'/><pong n='3'/><pong n='4'/>", 2000));
	name = "the footer ends it, politely";
	peer_say(&p, "</stream:stream>");
	SAID(peer_hears(&p, "</stream:stream>", 2000) && peer_ends(&p, 2000));
	peer_close(&p);
	name = "closed by us";
	SAID(iohost_says("closed by-us", 3000));

	p = peer_connect(PORT_PLAIN);
	peer_close(&p);
	name = "closed by the peer";
	SAID(iohost_says("closed by-peer", 2000));
}

static void piecemeal(void)
{
	static const char text[] = HEADER "<ping n='x>y'/><ping n='z'/>";
	struct peer p = peer_connect(PORT_PLAIN);
	const char *name = "one byte at a time";

	for (size_t i = 0; i + 1 < sizeof text; i++)
		send(p.fd, text + i, 1, MSG_NOSIGNAL);
	SAID(peer_hears(&p, "<pong n='x>y'/><pong n='z'/>", 2000));
	peer_close(&p);
}

static void lock_step(void)
{
	struct peer p = peer_connect(PORT_PLAIN);
	const char *name = "nothing is read behind an element without an answer";

	peer_say(&p, HEADER "<quiet/><ping n='1'/>");
	SAID(iohost_says("element quiet", 2000) && iohost_never("element", 200));
	name = "  not even in a second segment";
	peer_say(&p, "<ping n='2'/>");
	SAID(iohost_never("element", 200));
	peer_hears(&p, "<header/>", 2000);
	peer_close(&p);
	name = "  but that the peer leaves is seen, whatever it said before";
	SAID(iohost_says("closed by-peer", 500));
	name = "  or if it said nothing more";
	p = peer_connect(PORT_PLAIN);
	peer_say(&p, HEADER "<quiet/>");
	iohost_says("element quiet", 2000);
	peer_hears(&p, "<header/>", 2000);
	peer_close(&p);
	SAID(iohost_says("closed by-peer", 500));
	name = "what comes behind <auth/> is the new stream's";
	p = peer_in();
	SAID(p.fd >= 0);
	name = "an authenticated peer waits for nobody";
	peer_say(&p, "<quiet/><ping n='1'/>");
	SAID(peer_hears(&p, "<pong n='1'/>", 2000));
	peer_close(&p);
}

static void one_write(void)
{
	struct peer p = peer_in();
	const char *name = "ten answers of a turn leave in one write";

	peer_say(&p, "<ping n='0'/><ping n='1'/><ping n='2'/><ping n='3'/><ping n='4'/>"
	    "<ping n='5'/><ping n='6'/><ping n='7'/><ping n='8'/><ping n='9'/>");
	SAID(peer_read(&p, clock_ms() + 2000) == 10 * 13 && peer_has(&p, "<pong n='9'/>"));
	peer_close(&p);
}

static void pausing(void)
{
	struct peer p = peer_in();
	const char *name = "a paused connection is not read";
	int64_t start = clock_ms();

	peer_say(&p, "<pause/>");
	iohost_says("element pause", 2000);
	usleep(50 * 1000);
	peer_say(&p, "<ping n='1'/>");
	SAID(!peer_hears(&p, "<pong", 100));
	name = "  until it is resumed";
	SAID(peer_hears(&p, "<pong n='1'/>", 2000) && clock_ms() - start >= 790);
	peer_close(&p);
}

/* --- limits ------------------------------------------------------------------- */

static char *repeat(const char *before, const char *s, size_t n, const char *after)
{
	struct buf b = { 0 };

	buf_adds(&b, before);
	while (n-- != 0)
		buf_adds(&b, s);
	buf_adds(&b, after);
	buf_addc(&b, '\0');
	return b.p;
}

static const struct limit {
	const char *name;
	bool is_in;                     /* authenticated */
	const char *before, *part;
	size_t times;
	const char *after;
	int error;                      /* PARSE_OK: it is an element like others */
} limits[] = {
	{ "XML-10 an element of 8000 bytes before login", false, "<quie n='", "x", 7985, "'/>", PARSE_OK },
	{ "XML-10 one of 8300 bytes", false, "<quie n='", "x", 8300, "'/>", PARSE_TOO_LARGE },
	{ "XML-10 one that never ends", false, "<quie n='", "x", 30000, "", PARSE_TOO_LARGE },
	{ "XML-10 depth 8", false, "", "<a>", 8, "</a></a></a></a></a></a></a></a>", PARSE_OK },
	{ "XML-10 depth 9", false, "", "<a>", 9, "", PARSE_TOO_LARGE },
	{ "XML-10 32 elements in one", false, "<a>", "<b/>", 31, "</a>", PARSE_OK },
	{ "XML-10 33 elements in one", false, "<a>", "<b/>", 32, "</a>", PARSE_TOO_LARGE },
	{ "XML-13 1000 spaces", false, "", " ", 1000, "<a/>", PARSE_OK },
	{ "XML-13 1100 spaces", false, "", " ", 1100, "", PARSE_TOO_LARGE },
	{ "XML-01 a document type", false, "<!DOCTYPE x>", "", 0, "", PARSE_RESTRICTED },
	{ "XML-09 a stanza of 60 kB", true, "<quiet n='", "x", 60000, "'/>", PARSE_OK },
	{ "XML-09 one of 66 kB", true, "<quiet n='", "x", 66000, "'/>", PARSE_TOO_LARGE },
	{ "XML-09 one that never ends", true, "<quiet>", "xxxxxxxxxx", 50000, "", PARSE_TOO_LARGE },
	{ "XML-11 depth 65", true, "", "<a>", 65, "", PARSE_TOO_LARGE },
	{ "XML-11 2000 elements", true, "<a>", "<b/>", 1999, "</a>", PARSE_OK },
	{ "XML-11 2001 elements", true, "<a>", "<b/>", 2000, "</a>", PARSE_TOO_LARGE },
	{ "XML-13 spaces of somebody logged in", true, "", " ", 50000, "", PARSE_OK },
};

static void limited(const struct limit *l)
{
	struct peer p = l->is_in ? peer_in() : peer_connect(PORT_PLAIN);
	char *text = repeat(l->before, l->part, l->times, l->after);
	const char *name = l->name;
	char line[32];

	if (!l->is_in)
		peer_say(&p, HEADER);
	iohost_says("header", 2000);
	peer_say(&p, text);
	if (l->is_in)
		peer_say(&p, "<ping n='1'/>");
	snprintf(line, sizeof line, "malformed %d", l->error);
	if (l->error != PARSE_OK) {
		SAID(iohost_says(line, 2000));
		name = "  and the peer is told, whatever it still sends";
		SAID(peer_hears(&p, "<malformed/>", 2000));
		name = "  then it is over";
		SAID(peer_ends(&p, 3000));
	} else {
		SAID(l->is_in ? peer_hears(&p, "<pong n='1'/>", 2000) : iohost_says("element", 2000));
	}
	peer_close(&p);
	free(text);
}

static void many_elements(void)
{
	struct peer p = peer_connect(PORT_PLAIN);
	const char *name = "XML-10 the 32nd element before login";
	char *text = repeat(HEADER, "<ping n='1'/>", 31, "");

	peer_say(&p, text);
	for (int i = 0; i < 31; i++)
		if (!peer_hears(&p, "<pong", 2000))
			printf("# no answer to ping %d\n", i);
	SAID(!peer_has(&p, "malformed"));
	name = "XML-10 the 33rd is one too many";
	peer_say(&p, "<ping n='2'/>");
	SAID(peer_hears(&p, "<malformed/>", 2000));
	peer_close(&p);
	free(text);
}

static void deaf(void)
{
	struct peer p = peer_in();
	const char *name = "XML-14 nothing counts behind the footer";

	while (*iohost_line(100) != '\0')
		continue;
	peer_say(&p, "</stream:stream><ping n='1'/>");
	SAID(peer_ends(&p, 3000) && iohost_says("footer", 100) && iohost_is("closed by-us", 3000));
	peer_close(&p);
}

/* --- time ------------------------------------------------------------------------- */

static void deadlines(void)
{
	struct peer p = peer_connect(PORT_PLAIN);
	const char *name = "DOS-03 no login in time: closed, however busy";
	int64_t start = clock_ms(), took;
	bool is_open = true;

	peer_say(&p, HEADER);
	while (is_open && clock_ms() - start < 8000) {
		is_open = peer_say(&p, " ");
		usleep(20 * 1000);
		is_open = is_open && peer_read(&p, clock_ms()) != 0;
	}
	took = clock_ms() - start;
	SAID(!is_open && took >= 1400 && took < 7000);
	name = "  and the core knows why";
	SAID(iohost_says("closed timed-out", 2000));
	peer_close(&p);
}

static void idleness(void)
{
	struct peer p = peer_in();
	const char *name = "a silent peer is asked after the idle time";
	int64_t start = clock_ms();

	for (int i = 0; i < 8; i++) {
		peer_say(&p, " ");
		usleep(100 * 1000);
	}
	SAID(!peer_has(&p, "<idle/>") && peer_hears(&p, "<idle/>", 5000)
	    && clock_ms() - start >= 700 + 1000);
	name = "  and again";
	SAID(peer_hears(&p, "<idle/>", 5000));
	peer_close(&p);
}

/* --- slow readers, and ends ----------------------------------------------------------- */

static void slow(void)
{
	struct peer p = peer_in();
	const char *name = "DOS-06 who reads nothing is cut";
	int room = 32 * 1024;

	setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	peer_say(&p, "<flood kb='20000'/>");
	SAID(iohost_says("closed too-slow", 3000));
	peer_close(&p);

	p = peer_in();
	name = "what fits the queue arrives whole, slowly";
	setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	peer_say(&p, "<flood kb='250'/><ping n='1'/>");
	usleep(100 * 1000);
	SAID(peer_hears(&p, "<end/>", 5000) && peer_hears(&p, "<pong n='1'/>", 2000));
	peer_close(&p);
}

/* 15 kB of requests that ask for 270 MB, all in one turn. */
static void amplified(void)
{
	struct peer p = peer_in(), q;
	char *text = repeat("", "<flood kb='300'/>", 900, "");
	const char *name = "DOS-06 answers to one read are not gathered without bound", *line;
	uint64_t peak = 9999;

	peer_say(&p, text);
	iohost_says("closed too-slow", 5000);
	q = peer_in();
	peer_say(&q, "<counts/>");
	if (iohost_says("counts", 2000) && (line = strstr(iohost_last, "peak=")) != NULL)
		slice_number(slice_of(line + 5), 100000, &peak);
	SAID(peak < 220);
	printf("# peak %u MiB\n", (unsigned)peak);
	peer_close(&p);
	peer_close(&q);
	free(text);
}

static void farewell(void)
{
	struct peer p = peer_in();
	const char *name = "a close sends what is queued, nothing later, and ends";
	int64_t start = clock_ms();

	peer_say(&p, "<bye kb='250'/>");
	usleep(100 * 1000);
	SAID(peer_ends(&p, 3000) && p.got.n == 250 * 1024 + 6 && !peer_has(&p, "late"));
	name = "  even if the peer goes on writing";
	SAID(peer_say(&p, "<ping n='1'/>") && iohost_says("element bye", 1000));
	name = "  which is waited for, two seconds";
	SAID(iohost_says("closed by-us", 5000) && clock_ms() - start >= 1900);
	peer_close(&p);
}

static void stale_numbers(void)
{
	struct peer p = peer_in(), q;
	const char *name = "a number that is gone reaches nobody";

	peer_close(&p);
	iohost_says("closed", 2000);
	p = peer_in();
	q = peer_in();
	peer_say(&p, "<stale/>");
	SAID(peer_hears(&p, "<done/>", 2000) && !peer_has(&q, "else") && peer_read(&q, clock_ms() + 50) < 0);
	peer_close(&p);
	peer_close(&q);
}

/* --- how many --------------------------------------------------------------------------- */

static void crowd(void)
{
	struct peer in = peer_in(), p[8], one_more;
	const char *name = "DOS-01 as many unauthenticated as allowed";

	for (size_t i = 0; i < COUNT(p); i++) {
		p[i] = peer_connect(PORT_PLAIN);
		iohost_says("opened", 2000);
	}
	SAID(peer_say(&p[7], HEADER) && peer_hears(&p[7], "<header/>", 2000));
	one_more = peer_connect(PORT_PLAIN);
	name = "DOS-01 one more is closed at once";
	SAID(peer_ends(&one_more, 1000));
	peer_close(&one_more);
	name = "DOS-01 and has room when another has logged in";
	peer_say(&p[0], HEADER "<auth/>");
	peer_hears(&p[0], "<success/>", 2000);
	/* A worker in a thread of its own tells it a moment later. */
	for (int tries = 0; tries < 20; tries++) {
		one_more = peer_connect(PORT_PLAIN);
		peer_say(&one_more, HEADER);
		if (peer_hears(&one_more, "<header/>", 2000))
			break;
		peer_close(&one_more);
		usleep(50 * 1000);
	}
	SAID(one_more.fd >= 0);
	name = "DOS-01 all are counted";
	while (*iohost_line(100) != '\0')
		continue;
	peer_say(&in, "<counts/>");
	iohost_says("element counts", 2000);
	SAID(strncmp(iohost_line(2000), "counts 10 ", 10) == 0);
	for (size_t i = 0; i < COUNT(p); i++)
		peer_close(&p[i]);
	peer_close(&one_more);
	for (int i = 0; i < 9; i++)
		iohost_says("closed", 2000);
	peer_say(&in, "<counts/>");
	iohost_says("element counts", 2000);
	name = "DOS-01 and given back";
	SAID(strncmp(iohost_line(2000), "counts 1 ", 9) == 0);
	peer_close(&in);
}

static void exhausted(void)
{
	struct peer in = peer_in(), p;
	const char *name = "DOS-04 without descriptors a connection is refused, not left";

	peer_say(&in, "<exhaust/>");
	peer_hears(&in, "<exhausted/>", 2000);
	p = peer_connect(PORT_PLAIN);
	SAID(peer_ends(&p, 1000));
	peer_close(&p);
	name = "DOS-04 the others go on";
	peer_say(&in, "<ping n='1'/>");
	SAID(peer_hears(&in, "<pong n='1'/>", 1000));
	usleep(1600 * 1000);
	name = "DOS-04 and it recovers";
	p = peer_in();
	SAID(peer_say(&p, "<ping n='2'/>") && peer_hears(&p, "<pong n='2'/>", 2000));
	peer_close(&p);
	peer_close(&in);
}

static void stopping(void)
{
	struct peer p = peer_in();
	const char *name = "a stop still sends what is queued";

	peer_say(&p, "<stop kb='250'/>");
	usleep(100 * 1000);
	SAID(peer_ends(&p, 3000) && p.got.n == 250 * 1024 + 6);
	peer_close(&p);
	name = "and leaves nothing behind";
	SAID(iohost_end());
}

int main(void)
{
	static const unsigned threads[] = { 0, 2 };

	signal(SIGPIPE, SIG_IGN);
	if (!ok(certs_init(), "certificates are made"))
		return done();
	for (size_t t = 0; t < COUNT(threads); t++) {
		iohost_settings();
		iohost_start(threads[t]);
		talking();
		piecemeal();
		lock_step();
		one_write();
		pausing();
		for (size_t i = 0; i < COUNT(limits); i++)
			limited(&limits[i]);
		many_elements();
		deaf();
		deadlines();
		idleness();
		slow();
		if (threads[t] == 0)    /* others drain beside it, at their own pace */
			amplified();
		farewell();
		stale_numbers();
		crowd();
		exhausted();
		stopping();
	}
	certs_fini();
	return done();
}
