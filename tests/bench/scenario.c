/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/scenario.c — logins, messages, rooms, presence, silence.
 *
 * Each does a known number of things and reports how long it took and what
 * processor time the server's processes used for one of them. */
#include "tests/bench/scenario.h"

#include <stdio.h>

enum { LOGINS_AT_ONCE = 16, JOINS_AT_ONCE = 16, SETTLE_MS = 1000 };

struct plan plan = { .users = 100, .window = 1, .messages = 20000,
	.per_second = 2000, .seconds = 5, .rooms = 1, .occupants = 100,
	.friends = 20, .stride = 1, .muc = "conference.localhost", .label = "" };

/* --- what was used ---------------------------------------------------------------- */

struct mark { double wall, server, slapd, core, io; };

static struct mark mark(void)
{
	return (struct mark){ now(), cpu_of(&plan.server), cpu_of(&plan.slapd),
		plan.im != 0 ? cpu_of_main_thread(plan.im) : 0,
		plan.im != 0 ? cpu_of_threads(plan.im, "io-") : 0 };
}

static void report(const char *what, struct mark from, double count)
{
	struct mark to = mark();
	double each = 1e6 / count;

	printf("{\"server\": \"%s\", \"what\": \"%s\", \"count\": %.0f, "
	    "\"seconds\": %.3f, \"cpu_us\": %.3f, \"slapd_us\": %.3f, "
	    "\"core_us\": %.3f, \"io_us\": %.3f", plan.label, what, count,
	    to.wall - from.wall, (to.server - from.server) * each,
	    (to.slapd - from.slapd) * each, (to.core - from.core) * each,
	    (to.io - from.io) * each);
	if (latencies.n != 0)
		printf(", \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f",
		    latency_ms(0.5), latency_ms(0.99), latency_ms(0.999));
	printf("}\n");
	fflush(stdout);
	latencies.n = 0;
	latencies.is_on = false;
}

static void settle(void)
{
	for (double end = now() + SETTLE_MS / 1e3; now() < end; )
		turn(50);
}

/* --- logins ------------------------------------------------------------------------- */

static void login(void)
{
	struct mark from = mark();

	latencies.is_on = true;
	for (size_t i = 0; i < plan.users; i++) {
		until(&counts.ready,
		    i >= LOGINS_AT_ONCE ? i - LOGINS_AT_ONCE + 1 : 0, 60);
		client_begin(i);
	}
	until(&counts.ready, plan.users, 60);
	report(conf.is_raw ? "handshake" : conf.mechanism, from,
	    (double)plan.users);
}

/* Logs in, and tells what a session costs that does nothing. */
static void idle(void)
{
	uint64_t before, after;
	struct mark from;

	before = pss_of(&plan.server);
	login();
	settle();
	from = mark();
	for (double end = now() + (double)plan.seconds; now() < end; )
		turn(50);
	after = pss_of(&plan.server);
	printf("{\"server\": \"%s\", \"what\": \"idle session\", \"count\": %llu, "
	    "\"pss_kib\": %.2f, \"pss_all_kib\": %.2f, \"cpu_percent\": %.3f}\n",
	    plan.label, (unsigned long long)plan.users,
	    ((double)after - (double)before) / (double)plan.users,
	    (double)after / (double)plan.users, (cpu_of(&plan.server) - from.server)
	    / (now() - from.wall) * 100);
	fflush(stdout);
}

/* --- one to one ---------------------------------------------------------------------- */

/* About 300 bytes, as the other end gets it; the same for the relay. */
static void add_message(struct client *c, const struct client *to)
{
	buf_addf(&c->out, "<message from='%s%u@%s/%s' to='%s%u@%s/%s' "
	    "type='chat' id='m%08zx'><body>t=%.7f Buenas tardes: la reunión del "
	    "grupo de trabajo pasa al jueves a las cinco, en la sala de juntas del "
	    "segundo piso; quien no pueda venir, que avise antes del miércoles."
	    "</body></message>", conf.stem, c->number, conf.domain, conf.resource,
	    conf.stem, to->number, conf.domain, conf.resource, c->sent, now());
	c->sent++;
}

static size_t talkers(void)
{
	return (plan.talkers != 0 ? plan.talkers : plan.users) & ~(size_t)1;
}

static void forget_talk(void)
{
	for (size_t i = 0; i < talkers(); i++)
		client_at(i)->sent = client_at(i)->received = 0;
	counts.messages = 0;
}

/* Closed loop: each is at most `window` messages ahead of what it was sent. */
static void talk(void)
{
	size_t n = talkers(), each = plan.messages / n;
	struct mark from;

	forget_talk();
	settle();
	from = mark();
	latencies.is_on = true;
	while (counts.messages < n * each) {
		for (size_t i = 0; i < n; i++) {
			struct client *c = client_at(i), *peer = client_at(i ^ 1);
			bool has_more = false;

			for (; c->sent < each
			    && c->sent < c->received + plan.window; has_more = true)
				add_message(c, peer);
			if (has_more)
				client_flush(c);
		}
		turn(1);
	}
	report("talk", from, (double)(n * each));
}

/* Open loop: so many a second, whatever comes back. */
static void rate(void)
{
	size_t n = talkers(), all = plan.per_second * plan.seconds, sent = 0;
	struct mark from;
	double begin;

	forget_talk();
	settle();
	from = mark();
	latencies.is_on = true;
	for (begin = now(); sent < all; turn(sent < all ? 1 : 0))
		for (; sent < all
		    && (double)sent < (now() - begin) * (double)plan.per_second; sent++) {
			struct client *c = client_at(sent % n);

			add_message(c, client_at(sent % n ^ 1));
			client_flush(c);
		}
	until(&counts.messages, all, 30);
	report("rate", from, (double)all);
}

/* Asks (disco#info) about as many contacts who are not here: their rosters say who may
 * be told, so each is an account to load, and then an answer. */
static void away(void)
{
	struct client *c = client_at(0);
	struct mark from;

	settle();
	counts.answers = 0;
	from = mark();
	for (uint64_t i = 0; i < plan.messages; i++) {
		until(&counts.answers, i >= plan.window ? i - plan.window + 1 : 0, 60);
		buf_addf(&c->out, "<iq type='get' id='a' to='%s%llu@%s'><query "
		    "xmlns='http://jabber.org/protocol/disco#info'/></iq>", conf.stem,
		    (unsigned long long)(plan.first + i * plan.stride), conf.domain);
		client_flush(c);
	}
	until(&counts.answers, plan.messages, 60);
	report("away", from, (double)plan.messages);
}

/* --- rooms ------------------------------------------------------------------------------ */

static struct room *rooms;
static unsigned rooms_made;

static void new_rooms(void)
{
	rooms = mem_new(plan.rooms * sizeof *rooms);
	rooms_made++;
	for (size_t i = 0; i < plan.rooms; i++) {
		struct buf name = { 0 };

		buf_addf(&name, "carga%ux%zu@%s", rooms_made, i, plan.muc);
		rooms[i].jid = slice_new(buf_slice(&name));
		buf_fini(&name);
	}
	for (size_t i = 0; i < clients_count(); i++)
		client_at(i)->room = NULL;
	for (size_t i = 0; i < plan.rooms * plan.occupants; i++) {
		client_at(i)->room = &rooms[i / plan.occupants];
		client_at(i)->is_joined = false;
	}
	counts.joined = counts.presences = 0;
}

/* From the relay comes what was sent, so the raw one looks like the answer. */
static void send_join(struct client *c)
{
	if (conf.is_raw)
		buf_addf(&c->out, "<presence from='%s/n%u' to='%s%u@%s/%s'><x "
		    "xmlns='http://jabber.org/protocol/muc#user'><item "
		    "affiliation='none' role='participant'/></x></presence>",
		    c->room->jid, c->number, conf.stem, c->number, conf.domain,
		    conf.resource);
	else
		buf_addf(&c->out, "<presence to='%s/n%u'><x "
		    "xmlns='http://jabber.org/protocol/muc'><history "
		    "maxstanzas='0'/></x></presence>", c->room->jid, c->number);
	client_flush(c);
}

/* A new room is locked until its owner says what it is (XEP-0045 §10.1). */
static void unlock_room(struct client *c)
{
	if (conf.is_raw)
		return;
	buf_addf(&c->out, "<iq type='set' id='own' to='%s'><query "
	    "xmlns='http://jabber.org/protocol/muc#owner'><x "
	    "xmlns='jabber:x:data' type='submit'/></query></iq>", c->room->jid);
	client_flush(c);
	for (double end = now() + 0.2; now() < end; )
		turn(20);
}

/* The first of each room makes it; then all others come, some at a time. */
static void join(void)
{
	size_t n = plan.rooms * plan.occupants, begun = 0;
	struct mark from;

	new_rooms();
	for (size_t i = 0; i < n; i += plan.occupants) {
		send_join(client_at(i));
		until(&counts.joined, ++begun, 10);
		unlock_room(client_at(i));
	}
	settle();
	counts.presences = 0;
	from = mark();
	for (size_t i = 0; i < n; i++) {
		if (i % plan.occupants == 0)
			continue;
		until(&counts.joined,
		    begun >= JOINS_AT_ONCE ? begun - JOINS_AT_ONCE + 1 : 0, 600);
		send_join(client_at(i));
		begun++;
	}
	/* Everybody sees everybody, and the first was there already. */
	until(&counts.presences,
	    plan.rooms * (plan.occupants * plan.occupants - 1), 600);
	report("join", from,
	    (double)(plan.rooms * (plan.occupants * plan.occupants - 1)));
}

static void say_to_room(struct client *c)
{
	buf_addf(&c->out, "<message %s='%s%s' type='groupchat' id='g%08zx'><body>"
	    "Buenas tardes a toda la sala: el orden del día de hoy tiene cuatro "
	    "puntos, y el acta de la última reunión está donde siempre; si nadie "
	    "tiene nada que añadir, empezamos.</body></message>",
	    conf.is_raw ? "from" : "to", c->room->jid,
	    conf.is_raw ? "/n' to='somebody@localhost/r" : "", c->room->sent);
	c->room->sent++;
	client_flush(c);
}

static void room_speaks(size_t r)
{
	struct room *room = &rooms[r];

	while (room->sent < plan.messages
	    && room->sent * plan.occupants
	    < room->received + plan.window * plan.occupants)
		say_to_room(client_at(r * plan.occupants
		    + room->sent % plan.occupants));
}

/* `window` messages on their way in each room, by its occupants in turn. */
static void room(void)
{
	size_t all;
	struct mark from;

	if (rooms == NULL)
		die("room: join first");
	all = plan.rooms * plan.occupants * plan.messages;
	for (size_t r = 0; r < plan.rooms; r++)
		rooms[r].sent = rooms[r].received = 0;
	counts.messages = 0;
	settle();
	from = mark();
	while (counts.messages < all) {
		for (size_t r = 0; r < plan.rooms; r++)
			room_speaks(r);
		turn(1);
	}
	report("room", from, (double)all);
}

/* --- presence ------------------------------------------------------------------------------ */

/* Everyone gets `friends` contacts: those that follow, and those before. */
static void befriend(void)
{
	static const char *const steps[] = { "subscribe", "subscribed" };
	size_t half = plan.friends / 2, n = plan.users;
	struct mark from = mark();

	for (size_t step = 0; step < 4; step++) {
		for (size_t i = 0; i < n; i++)
			for (size_t k = 1; k <= half; k++) {
				size_t other = (i + k) % n;
				bool is_back = step == 1 || step == 2;
				struct client *c = client_at(is_back ? other : i);

				buf_addf(&c->out, "<presence to='%s%zu@%s' "
				    "type='%s'/>", conf.stem, is_back ? i : other,
				    conf.domain, steps[step % 2]);
				client_flush(c);
				turn(0);
			}
		settle();
		settle();
	}
	report("befriend", from, (double)(n * half * 4));
}

/* All change their show at once, as after a lecture.  Their own comes back to them,
 * too, from servers that heed RFC 6121 §4.4.2: what comes is counted. */
static void storm(void)
{
	size_t each = plan.users * (plan.friends / 2 * 2), all = 0;
	struct mark from;

	settle();
	from = mark();
	for (size_t r = 0; r < plan.messages; r++) {
		counts.presences = 0;
		for (size_t i = 0; i < plan.users; i++) {
			buf_addf(&client_at(i)->out, "<presence><show>%s</show>"
			    "</presence>", r % 2 != 0 ? "away" : "dnd");
			client_flush(client_at(i));
		}
		until(&counts.presences, each, 60);
		all += counts.presences;
	}
	counts.presences = 0;
	settle();
	report("storm", from, (double)(all + counts.presences));
}

/* --- a day ------------------------------------------------------------------------------------ */

/* Knuth's linear congruential generator; its high bits are good enough. */
static uint64_t roll(uint64_t *dice)
{
	*dice = *dice * 6364136223846793005u + 1442695040888963407u;
	return *dice >> 33;
}

/* In every hundred things: 60 messages between two, 4 to a room, 15 changes of
 * presence, 20 questions, one person who goes and comes back. */
static void day(void)
{
	size_t n = plan.users, all = plan.per_second * plan.seconds;
	uint64_t dice = 1;              /* the same day for everybody */
	struct mark from;
	double begin;

	settle();
	from = mark();
	latencies.is_on = true;
	begin = now();
	for (size_t done = 0; done < all; turn(1))
		for (; done < all
		    && (double)done < (now() - begin) * (double)plan.per_second; done++) {
			size_t kind = roll(&dice) % 100;
			size_t who = kind >= 60 && kind < 64
			    ? roll(&dice) % (plan.rooms * plan.occupants)
			    : roll(&dice) % n;
			struct client *c = client_at(who);

			if (c->step != IDLE)
				continue;       /* is logging in just now */
			if (kind == 99 && c->room == NULL) {
				client_cut(who);
				client_begin(who);
				continue;
			}
			if (kind < 60)
				add_message(c, client_at(who ^ 1));
			else if (kind < 64 && c->room != NULL)
				say_to_room(c);
			else if (kind < 79)
				buf_addf(&c->out, "<presence><show>%s</show></presence>",
				    done % 2 != 0 ? "away" : "chat");
			else
				buf_addf(&c->out, "<iq type='get' id='q' to='%s'><query "
				    "xmlns='http://jabber.org/protocol/disco#info'/></iq>",
				    conf.domain);
			client_flush(c);
		}
	settle();
	report("day", from, (double)all);
}

const struct scenario scenarios[] = {
	{ "login", login }, { "idle", idle }, { "talk", talk }, { "rate", rate }, { "away", away },
	{ "join", join }, { "room", room }, { "befriend", befriend },
	{ "storm", storm }, { "day", day },
};
const size_t scenarios_n = COUNT(scenarios);
