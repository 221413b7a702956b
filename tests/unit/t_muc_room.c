/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms when things happen at the same moment: the directory answers when the
 * test says so, and what it says is up to the test.  What one client and one
 * room do step by step is played against the real service (tests/script,
 * tests/integ/test_muc.py). */
#include "tests/tap.h"

#include "tests/fake/io.c"
#include "tests/fake/xdb.c"

#include <stdlib.h>
#include <unistd.h>

#include "base/loop.h"
#include "core/host.h"
#include "core/job.h"
#include "core/route.h"
#include "feat/muc/muc.h"
#include "net/sasl.h"

#define HEADER "<stream:stream to='uni.example' xmlns='jabber:client' " \
	"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
#define ROOM "patio@conference.uni.example"
#define X_MUC "<x xmlns='http://jabber.org/protocol/muc'/>"
#define OWNER(inner) "<query xmlns='http://jabber.org/protocol/muc#owner'>" \
	inner "</query>"
#define ADMIN(inner) "<query xmlns='http://jabber.org/protocol/muc#admin'>" \
	inner "</query>"
#define FORM(fields) OWNER("<x xmlns='jabber:x:data' type='submit'>" \
	"<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig" \
	"</value></field>" fields "</x>")
#define FIELD(name, value) "<field var='muc#roomconfig_" name "'><value>" \
	value "</value></field>"

static struct timer turn;
static char dir[] = "/tmp/tertulia-rooms-XXXXXX";
static struct settings settings;

/* --- turning the world --- */

static void turned(void *ctx)
{
	(void)ctx;
	loop_stop();
}

static void loop_turn(void)
{
	timer_start(&turn, 0);
	loop_run();
}

static void settle(void)
{
	loop_turn();
	while (fake_xdb_answer())
		loop_turn();
}

/* Says it, and lets the directory wait. */
static void whisper_to_core(conn_id c, const char *xml)
{
	fake_io_say(c, xml);
	loop_turn();
}

static void say(conn_id c, const char *xml)
{
	fake_io_say(c, xml);
	settle();
}

static const char *const passwords[] = { "AGFubgBwdy1hbm4=", "AGJvYgBwdy1ib2I=",
	"AGNlbQBwdy1jZW0=" };
enum who { ANN, BOB, CEM };

/* Verifiers are made on the thread pool; they must not come in between later. */
static void wait_for_verifiers(unsigned stored)
{
	while (fake_xdb_verifiers() == stored) {
		timer_start(&turn, 1);
		loop_run();
	}
	settle();
}

static conn_id log_in(enum who who, const char *resource)
{
	unsigned stored = fake_xdb_verifiers();
	conn_id c = fake_io_open();
	struct buf xml = { 0 };

	say(c, HEADER);
	buf_addf(&xml, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
	    "mechanism='PLAIN'>%s</auth>", passwords[who]);
	say(c, buf_cstr(&xml));
	say(c, HEADER);
	buf_clear(&xml);
	buf_addf(&xml, "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:"
	    "ns:xmpp-bind'><resource>%s</resource></bind></iq>", resource);
	say(c, buf_cstr(&xml));
	buf_fini(&xml);
	wait_for_verifiers(stored);
	fake_io_heard(c);
	return c;
}

static bool has(const char *text, const char *what)
{
	return strstr(text, what) != NULL;
}

static unsigned count_of(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

/* Another directory, and no room of the one before in memory. */
static void new_directory(void)
{
	fake_xdb_reset(true);
	muc_room_changed(SLICE("patio"));
	settle();
}

/* Ann and Bob in a room of Ann's that has an entry. */
static void stored_room(conn_id *ann, conn_id *bob)
{
	new_directory();
	*ann = log_in(ANN, "a");
	*bob = log_in(BOB, "b");
	say(*ann, "<presence to='" ROOM "/ann'>" X_MUC "</presence>");
	say(*ann, "<iq type='set' id='o' to='" ROOM "'>"
	    FORM(FIELD("persistentroom", "1")) "</iq>");
	say(*bob, "<presence to='" ROOM "/bob'>" X_MUC "</presence>");
	fake_io_heard(*ann);
	fake_io_heard(*bob);
}

/* What the web process would do. */
static void make_entry(struct xdb_room_person *who, size_t n)
{
	struct xdb_op *op = xdb_room_create(NULL, &(struct xdb_room){
	    .name = SLICE("patio"), .title = SLICE("Patio"),
	    .people = who, .person_n = n });
	struct xdb_result res = { .status = XDB_OK };

	op->run(op, &res);
	xdb_cancel(&op);
}

static void all_leave(void)
{
	fake_io_reset();
	settle();
	loop_turn();
}

/* --- RTE-04: one name, one room, one creator --- */

static const char *const spellings[] = { "patio", "PATIO", "pAtIo" };

static void two_creators_race(void)
{
	unsigned wrong = 0;
	struct buf xml = { 0 };
	conn_id ann, bob;

	new_directory();
	ann = log_in(ANN, "a");
	bob = log_in(BOB, "b");
	for (unsigned i = 0; i < 10000; i++) {
		conn_id first = i % 2 != 0 ? ann : bob, second = i % 2 != 0 ? bob : ann;
		const char *a, *b;

		buf_clear(&xml);
		buf_addf(&xml, "<presence to='%s@conference.uni.example/x'>" X_MUC
		    "</presence>", spellings[i % 3]);
		fake_io_say(first, buf_cstr(&xml));
		buf_clear(&xml);
		buf_addf(&xml, "<presence to='%s@Conference.Uni.Example/y'>" X_MUC
		    "</presence>", spellings[i / 3 % 3]);
		fake_io_say(second, buf_cstr(&xml));
		settle();
		a = fake_io_heard(first);
		b = fake_io_heard(second);
		wrong += count_of(a, "code='201'") != 1 || count_of(b, "code='201'") != 0
		    || !has(b, "item-not-found");
		say(first, "<presence type='unavailable' to='" ROOM "/x'/>");
		fake_io_heard(first);
	}
	is_int(wrong, 0, "RTE-04 of two who make a room at once one does, 10000 times");
	buf_fini(&xml);
	all_leave();
}

static void entry_appears_while_asking_the_group(void)
{
	conn_id ann;

	new_directory();
	settings.rooms.create = "cn=makers,ou=groups";
	ann = log_in(ANN, "a");
	whisper_to_core(ann, "<presence to='" ROOM "/ann'>" X_MUC "</presence>");
	fake_xdb_answer();              /* there is none */
	loop_turn();
	fake_xdb_answer();              /* she is in the group */
	make_entry(NULL, 0);
	settle();
	ok(has(fake_io_heard(ann), "affiliation='none'"),
	    "RTE-04 a room made meanwhile is entered, not made again");
	settings.rooms.create = "everyone";
	all_leave();
}

static void who_may_create(void)
{
	conn_id ann;

	new_directory();
	ann = log_in(ANN, "a");
	settings.rooms.create = "nobody";
	say(ann, "<presence to='" ROOM "/ann'>" X_MUC "</presence>");
	ok(has(fake_io_heard(ann), "not-allowed"), "create = nobody: refused");
	settings.rooms.create = "cn=makers,ou=groups";
	whisper_to_core(ann, "<presence to='" ROOM "/ann'>" X_MUC "</presence>");
	fake_xdb_answer();
	loop_turn();
	fake_xdb_answer_with(XDB_ABSENT);
	loop_turn();
	ok(has(fake_io_heard(ann), "not-allowed"), "not in the group: refused");
	whisper_to_core(ann, "<presence to='" ROOM "/ann'>" X_MUC "</presence>");
	fake_xdb_answer();
	loop_turn();
	fake_xdb_answer_with(XDB_DOWN);
	loop_turn();
	ok(has(fake_io_heard(ann), "type='wait'"), "the group cannot be asked: wait");
	say(ann, "<presence to='" ROOM "/ann'>" X_MUC "</presence>");
	ok(has(fake_io_heard(ann), "code='201'"), "in the group: made");
	settings.rooms.create = "everyone";
	all_leave();
}

/* --- one reading for many --- */

static void many_wait_for_one_reading(void)
{
	conn_id ann, bob;
	unsigned asked;

	stored_room(&ann, &bob);
	all_leave();
	ann = log_in(ANN, "a");
	bob = log_in(BOB, "b");
	muc_room_changed(SLICE("patio"));       /* empty: read again before use */
	loop_turn();
	whisper_to_core(ann, "<presence to='" ROOM "/ann'>" X_MUC "</presence>");
	whisper_to_core(bob, "<presence to='" ROOM "/bob'>" X_MUC "</presence>");
	asked = fake_xdb_waiting();
	is_int(asked, 1, "two who enter wait for one reading");
	settle();
	ok(has(fake_io_heard(ann), "code='110'") && has(fake_io_heard(bob), "code='110'"),
	    "and both are in");
	all_leave();
}

/* --- never acknowledged before it is stored --- */

static const struct { const char *name, *xml, *told; } writes[] = {
	{ "a subject", "<message type='groupchat' id='w' to='" ROOM "'>"
	    "<subject>siesta</subject></message>", "siesta" },
	{ "a setting", "<iq type='set' id='w' to='" ROOM "'>"
	    FORM(FIELD("roomname", "Patio")) "</iq>", "code='104'" },
	{ "a ban", "<iq type='set' id='w' to='" ROOM "'>" ADMIN("<item "
	    "affiliation='outcast' jid='bob@uni.example'/>") "</iq>", "code='301'" },
	{ "a member", "<iq type='set' id='w' to='" ROOM "'>" ADMIN("<item "
	    "affiliation='member' jid='bob@uni.example'/>") "</iq>",
	    "affiliation='member'" },
	{ "the end", "<iq type='set' id='w' to='" ROOM "'>" OWNER("<destroy/>")
	    "</iq>", "<destroy" },
};

static void stored_before_told(void)
{
	for (size_t i = 0; i < COUNT(writes); i++) {
		conn_id ann, bob;
		const char *heard;

		stored_room(&ann, &bob);
		whisper_to_core(ann, writes[i].xml);
		okf(fake_xdb_waiting() == 1 && !has(fake_io_heard(bob), writes[i].told)
		    && !has(fake_io_heard(ann), "id='w'"),
		    "%s waits for the directory", writes[i].name);
		fake_xdb_answer_with(XDB_DOWN);
		loop_turn();
		heard = fake_io_heard(ann);
		okf(has(heard, "id='w'") && has(heard, "type='wait'")
		    && !has(fake_io_heard(bob), writes[i].told),
		    "%s that could not be stored did not happen", writes[i].name);
		say(ann, writes[i].xml);
		okf(has(fake_io_heard(bob), writes[i].told), "%s that was stored is told",
		    writes[i].name);
		all_leave();
	}
}

/* --- turns --- */

static const char *owners_of_patio(void)
{
	static char text[64];
	const struct xdb_room *r = fake_xdb_room("patio");
	size_t n = 0;

	for (size_t i = 0; i < r->person_n; i++)
		if (r->people[i].affiliation == AFF_OWNER)
			text[n++] = r->people[i].jid.p[0];
	text[n] = '\0';
	return text;
}

static void owners_remove_each_other(void)
{
	conn_id ann, bob;

	stored_room(&ann, &bob);
	say(ann, "<iq type='set' id='1' to='" ROOM "'>" ADMIN("<item "
	    "affiliation='owner' jid='bob@uni.example'/>") "</iq>");
	fake_io_heard(ann);
	fake_io_heard(bob);
	fake_io_say(ann, "<iq type='set' id='2' to='" ROOM "'>" ADMIN("<item "
	    "affiliation='none' jid='bob@uni.example'/>") "</iq>");
	fake_io_say(bob, "<iq type='set' id='3' to='" ROOM "'>" ADMIN("<item "
	    "affiliation='none' jid='ann@uni.example'/>") "</iq>");
	settle();
	ok(has(fake_io_heard(ann), "id='2'"), "the first of two owners is answered");
	ok(has(fake_io_heard(bob), "forbidden"), "RTE-03 the second is owner no more");
	is_str(owners_of_patio(), "a", "RTE-03 a room keeps an owner");
	all_leave();
}

static void the_last_owner_stays(void)
{
	conn_id ann, bob;

	stored_room(&ann, &bob);
	say(ann, "<iq type='set' id='1' to='" ROOM "'>" ADMIN("<item "
	    "affiliation='admin' jid='ann@uni.example'/>") "</iq>");
	ok(has(fake_io_heard(ann), "conflict"), "RTE-03 the last owner cannot step down");
	say(ann, "<iq type='set' id='2' to='" ROOM "'>" ADMIN(
	    "<item affiliation='owner' jid='bob@uni.example'/>"
	    "<item affiliation='none' jid='ann@uni.example'/>") "</iq>");
	is_str(owners_of_patio(), "b", "but can hand the room over");
	all_leave();
}

static void room_ends_while_others_wait(void)
{
	conn_id ann, bob;
	const char *heard;

	stored_room(&ann, &bob);
	say(ann, "<iq type='set' id='1' to='" ROOM "'>" ADMIN("<item "
	    "affiliation='owner' jid='bob@uni.example'/>") "</iq>");
	fake_io_heard(bob);
	fake_io_say(ann, "<iq type='set' id='2' to='" ROOM "'>" OWNER("<destroy/>") "</iq>");
	fake_io_say(bob, "<iq type='set' id='3' to='" ROOM "'>" ADMIN("<item "
	    "affiliation='member' jid='cem@uni.example'/>") "</iq>");
	settle();
	heard = fake_io_heard(bob);
	ok(has(heard, "<destroy") && has(heard, "id='3'") && has(heard, "item-not-found"),
	    "a change that waited for a destroyed room is refused");
	ok(fake_xdb_room("patio") == NULL, "and the entry is gone");
	all_leave();
}

/* --- what another process does --- */

static void store(void (*change)(struct fake_room *f))
{
	change(fake_room_of(SLICE("patio"), SLICE("")));
	muc_room_changed(SLICE("PATIO"));
	settle();
}

static void members_only(struct fake_room *f)
{
	static struct xdb_room_option option = { SLICE_INIT("membersonly"), SLICE_INIT("yes") };

	f->room.options = &option;
	f->room.option_n = 1;
	f->room.subject = SLICE("exámenes");
}

static void without_bob(struct fake_room *f)
{
	for (size_t i = 0; i < f->room.person_n; i++)
		if (f->people[i].jid.p[0] == 'b')
			f->people[i] = f->people[--f->room.person_n];
}

static void removed(struct fake_room *f)
{
	f->room.dn = SLICE("");
}

static void changed_from_outside(void)
{
	conn_id ann, bob;
	const char *heard;

	stored_room(&ann, &bob);
	say(ann, "<iq type='set' id='1' to='" ROOM "'>" ADMIN("<item "
	    "affiliation='member' jid='bob@uni.example'/>") "</iq>");
	fake_io_heard(ann);
	store(members_only);
	heard = fake_io_heard(ann);
	ok(has(heard, "code='104'") && has(heard, "<subject>exámenes</subject>"),
	    "settings and subject changed outside are told");
	fake_io_heard(bob);
	store(without_bob);
	heard = fake_io_heard(bob);
	ok(has(heard, "unavailable") && has(heard, "code='321'"),
	    "a member removed outside leaves with 321");
	ok(has(fake_io_heard(ann), "code='321'"), "and the others see why");
	store(removed);
	ok(has(fake_io_heard(ann), "<destroy"), "an entry deleted outside ends the room");
	all_leave();
}

static void temporary_becomes_stored(void)
{
	struct xdb_room_person owner = { .jid = SLICE("ann@uni.example"),
		.affiliation = AFF_OWNER };
	conn_id ann;

	new_directory();
	ann = log_in(ANN, "a");
	say(ann, "<presence to='" ROOM "/ann'>" X_MUC "</presence>");
	make_entry(&owner, 1);
	muc_room_changed(SLICE("patio"));
	settle();
	fake_io_heard(ann);
	say(ann, "<iq type='get' id='i' to='" ROOM "'><query "
	    "xmlns='http://jabber.org/protocol/disco#info'/></iq>");
	ok(has(fake_io_heard(ann), "muc_persistent"),
	    "a temporary room whose entry is made outside is that room");
	all_leave();
}

/* --- the world --- */

static void build(void)
{
	static const char *mechanisms[] = { "PLAIN" };
	struct settings *s = &settings;
	const char *why = NULL;

	s->server.domain = "uni.example";
	s->server.muc_domain = "conference.uni.example";
	s->server.state_dir = dir;
	s->ldap.im_base = "ou=im";
	s->ldap.provision = PROVISION_LOGIN;
	s->sasl.mechanisms = (struct conf_list){ mechanisms, 1 };
	s->sasl.scram_iterations = 4096;
	s->rooms.create = "everyone";
	s->rooms.history = 20;
	s->rooms.occupants = 100;
	s->limits.sessions = 10;
	s->limits.roster_items = 100;
	s->limits.stanza_bytes = 262144;
	host.settings = s;
	host.xdb = &fake_xdb;
	jid_parse(&s->arena, slice_of(s->server.domain), &host.jid);
	jid_parse(&s->arena, slice_of(s->server.muc_domain), &host.muc_jid);
	ok(sasl_start(&(struct sasl_conf){ .domain = s->server.domain,
	    .mechanisms = &s->sasl.mechanisms, .iterations = 4096 }, dir, &why) && features_start(&why) && dispatch_build(&why),
	    "the world is built");
}

static void tear_down(void)
{
	struct buf secret = { 0 };

	features_stop();
	dispatch_fini();
	sasl_stop();
	parse_thread_fini();
	loop_fini();
	arena_fini(&settings.arena);
	buf_addf(&secret, "%s/sasl.secret", dir);
	unlink(buf_cstr(&secret));
	buf_fini(&secret);
	rmdir(dir);
}

int main(void)
{
	const char *why;

	if (mkdtemp(dir) == NULL)
		return 1;
	log_open("/dev/null", LOG_ERROR, &why);
	timer_init(&turn, turned, NULL);
	build();
	two_creators_race();
	who_may_create();
	entry_appears_while_asking_the_group();
	many_wait_for_one_reading();
	stored_before_told();
	owners_remove_each_other();
	the_last_owner_stays();
	room_ends_while_others_wait();
	changed_from_outside();
	temporary_becomes_stored();
	tear_down();
	return done();
}
