/* SPDX-License-Identifier: Apache-2.0 */
/* The death march: one long conversation is played again and again, and at the
 * n-th answer of the directory something dies: the session, the directory, the
 * version it was asked under.  Whatever n is, nothing may leak, hang or be
 * answered twice.  Run under ASan this covers "dies midway" for every feature
 * without a case for each. */
#include "tests/tap.h"

#include "tests/fake/io.c"
#include "tests/fake/xdb.c"

#include <stdlib.h>
#include <unistd.h>

#include "base/loop.h"
#include "core/host.h"
#include "core/job.h"
#include "core/route.h"
#include "core/verifiers.h"
#include "net/sasl.h"

#define HEADER "<stream:stream to='uni.example' xmlns='jabber:client' " \
	"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
#define ANN_PLAIN "AGFubgBwdy1hbm4="
#define BOB_PLAIN "AGJvYgBwdy1ib2I="

enum death { NOBODY, SESSION, DIRECTORY, VERSION, DEATHS };
static const char *const deaths[] = { "nobody", "the session", "the directory", "the version" };

static conn_id ann, bob;
static int answers, die_at;
static enum death who_dies;
static struct timer turn;
static char dir[] = "/tmp/tertulia-march-XXXXXX";

static void turned(void *ctx)
{
	(void)ctx;
	loop_stop();
}

/* Lets deferred calls run. */
static void loop_turn(void)
{
	timer_start(&turn, 0);
	loop_run();
}

static void die(void)
{
	switch (who_dies) {
	case SESSION:
		fake_io_hang_up(ann);
		fake_xdb_answer();
		break;
	case DIRECTORY:
		fake_xdb_answer_with(XDB_DOWN);
		break;
	case VERSION:
		fake_xdb_answer_with(XDB_CONFLICT);
		break;
	case NOBODY:
	case DEATHS:
		fake_xdb_answer();
		break;
	}
}

/* Verifiers are made on the thread pool and stored at its own time: waiting for
 * them keeps the n-th answer the same answer in each play. */
static void settle(void)
{
	loop_turn();
	while (fake_xdb_waiting() != 0 || verifiers_count() != 0) {
		if (fake_xdb_waiting() == 0)
			timer_start(&turn, 1);
		else if (answers++ == die_at)
			die();
		else
			fake_xdb_answer();
		if (timer_is_on(&turn))
			loop_run();
		else
			loop_turn();
	}
}

static void say(conn_id *c, const char *xml)
{
	if (!conn_of(*c)->is_open)
		return;
	fake_io_say(*c, xml);
	settle();
}

static void log_in(conn_id *c, const char *plain, const char *resource)
{
	struct buf xml = { 0 };

	*c = fake_io_open();
	say(c, HEADER);
	buf_addf(&xml, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>", plain);
	say(c, buf_cstr(&xml));
	say(c, HEADER);
	buf_clear(&xml);
	buf_addf(&xml, "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
	    "<resource>%s</resource></bind></iq>", resource);
	say(c, buf_cstr(&xml));
	buf_fini(&xml);
}

static const struct { bool is_ann; const char *xml; } conversation[] = {
	{ true,  "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>" },
	{ true,  "<presence/>" },
	{ false, "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>" },
	{ false, "<presence><show>away</show></presence>" },
	{ true,  "<iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='bob@uni.example' name='Bob'/></query></iq>" },
	{ true,  "<presence to='bob@uni.example' type='subscribe'/>" },
	{ false, "<presence to='ann@uni.example' type='subscribed'/>" },
	{ false, "<presence to='ann@uni.example' type='subscribe'/>" },
	{ true,  "<presence to='bob@uni.example' type='subscribed'/>" },
	{ true,  "<presence to='cem@uni.example' type='subscribe'/>" },
	{ true,  "<presence to='nobody@uni.example' type='subscribe'/>" },
	{ true,  "<message to='bob@uni.example' type='chat'><body>hola</body></message>" },
	{ true,  "<message to='cem@uni.example' type='chat' id='m'><body>hola</body></message>" },
	{ true,  "<iq type='get' id='3'><vCard xmlns='vcard-temp'/></iq>" },
	{ true,  "<iq type='get' id='4' to='bob@uni.example'><vCard xmlns='vcard-temp'/></iq>" },
	{ true,  "<iq type='set' id='5'><vCard xmlns='vcard-temp'><NICKNAME>Anita</NICKNAME></vCard></iq>" },
	{ true,  "<iq type='set' id='5b'><query xmlns='jabber:iq:register'><username>ann</username><password>x</password></query></iq>" },
	{ true,  "<iq type='set' id='5c'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>"
	         "<field var='username'><value>ann</value></field><field var='old_password'><value>pw-ann</value></field>"
	         "<field var='password'><value>weak</value></field></x></query></iq>" },
	{ true,  "<iq type='set' id='5d'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>"
	         "<field var='username'><value>ann</value></field><field var='old_password'><value>pw-ann</value></field>"
	         "<field var='password'><value>pw-ann</value></field></x></query></iq>" },
	{ true,  "<iq type='set' id='5e' to='users.uni.example'><query xmlns='jabber:iq:search'><nick>ann</nick>"
	         "<set xmlns='http://jabber.org/protocol/rsm'><max>2</max></set></query></iq>" },
	{ true,  "<iq type='get' id='6' to='uni.example'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>" },
	{ true,  "<iq type='get' id='6b' to='conference.uni.example'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>" },
	{ true,  "<presence to='patio@conference.uni.example/ann'><x xmlns='http://jabber.org/protocol/muc'/></presence>" },
	{ false, "<presence to='patio@conference.uni.example/bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>" },
	{ true,  "<iq type='set' id='7' to='patio@conference.uni.example'><query xmlns='http://jabber.org/protocol/muc#owner'>"
	         "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
	         "<field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query></iq>" },
	{ false, "<presence to='patio@conference.uni.example/bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>" },
	{ true,  "<message to='patio@conference.uni.example' type='groupchat'><body>hola a todos</body></message>" },
	{ true,  "<message to='patio@conference.uni.example' type='groupchat'><subject>siesta</subject></message>" },
	{ true,  "<iq type='set' id='8' to='patio@conference.uni.example'><query xmlns='http://jabber.org/protocol/muc#admin'>"
	         "<item jid='bob@uni.example' affiliation='member'/></query></iq>" },
	{ true,  "<iq type='set' id='9'><query xmlns='jabber:iq:roster'><item jid='bob@uni.example' subscription='remove'/></query></iq>" },
	{ true,  "<iq type='set' id='10' to='patio@conference.uni.example'><query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></iq>" },
	{ true,  "<presence type='unavailable'/>" },
};

static void play(enum death who, int at)
{
	fake_xdb_reset(false);
	who_dies = who;
	die_at = at;
	answers = 0;
	log_in(&ann, ANN_PLAIN, "phone");
	log_in(&bob, BOB_PLAIN, "desk");
	for (size_t i = 0; i < COUNT(conversation); i++)
		say(conversation[i].is_ann ? &ann : &bob, conversation[i].xml);
}

static bool is_clean(void)
{
	fake_io_reset();
	settle();
	loop_turn();
	return stream_count() == 0 && session_count() == 0 && account_count() == 0
	    && job_detached_count() == 0 && fake_xdb_waiting() == 0;
}

static unsigned count_of(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static void test_untouched(void)
{
	struct buf heard = { 0 };
	static const char *const ids[] = { "id='1'", "id='2'", "id='3'", "id='4'", "id='5'", "id='5b'", "id='5c'", "id='5d'", "id='5e'", "id='6'",
		"id='6b'", "id='7'", "id='8'", "id='9'", "id='10'" };

	play(NOBODY, -1);
	buf_adds(&heard, fake_io_heard(ann));
	for (size_t i = 0; i < COUNT(ids); i++)
		okf(count_of(buf_cstr(&heard), ids[i]) == 1, "RTE-08 IQ %s is answered exactly once", ids[i]);
	ok(strstr(buf_cstr(&heard), "type='error'") != NULL && strstr(buf_cstr(&heard), "id='m'") != NULL,
	    "a message to someone away comes back");
	ok(strstr(buf_cstr(&heard), "hola a todos") != NULL && strstr(buf_cstr(&heard), "code='110'") != NULL,
	    "ann was in the room and heard herself");
	ok(strstr(fake_io_heard(bob), "hola a todos") != NULL, "and bob heard her");
	is_str(fake_xdb_roster("ann"), "cem@uni.example:none+ask nobody@uni.example:none+ask",
	    "the directory has ann's roster");
	is_str(fake_xdb_roster("bob"), "ann@uni.example:none", "and bob's");
	ok(is_clean(), "nothing is left when all are gone");
	buf_fini(&heard);
}

static void test_marches(void)
{
	for (int who = SESSION; who < DEATHS; who++) {
		int n = 0, bad = 0;

		for (;; n++) {
			play(who, n);
			if (!is_clean() && bad++ == 0)
				printf("# not clean when %s dies at answer %d\n", deaths[who], n);
			if (answers <= n)
				break;
		}
		okf(bad == 0, "%s dies at each of %d answers", deaths[who], n);
	}
}

static void build(struct settings *s)
{
	static const char *mechanisms[] = { "PLAIN" };
	const char *why = NULL;

	s->server.domain = "uni.example";
	s->server.muc_domain = "conference.uni.example";
	s->server.state_dir = dir;
	s->web.url = "https://uni.example";
	s->ldap.im_base = "ou=im";
	s->ldap.provision = PROVISION_LOGIN;
	s->sasl.mechanisms = (struct conf_list){ mechanisms, 1 };
	s->sasl.scram_iterations = 4096;
	s->rooms.create = "everyone";
	s->rooms.history = 20;
	s->rooms.occupants = 100;
	s->search.is_on = true;
	s->search.domain = "users.uni.example";
	s->search.filter = "";
	s->search.least = 3;
	s->search.most = 10;
	s->search.often = 1000000;
	s->limits.sessions = 10;
	s->limits.roster_items = 100;
	s->limits.stanza_bytes = 262144;
	host.settings = s;
	host.xdb = &fake_xdb;
	jid_parse(&s->arena, slice_of(s->server.domain), &host.jid);
	jid_parse(&s->arena, slice_of(s->server.muc_domain), &host.muc_jid);
	jid_parse(&s->arena, slice_of(s->search.domain), &host.search_jid);
	ok(sasl_start(&(struct sasl_conf){ .domain = s->server.domain,
	    .mechanisms = &s->sasl.mechanisms, .iterations = 4096 }, dir, &why)
	    && features_start(&why) && dispatch_build(&why), "the world is built");
	if (why != NULL)
		printf("# %s\n", why);
}

int main(void)
{
	static struct settings s;
	const char *why;
	struct buf secret = { 0 };

	if (mkdtemp(dir) == NULL)
		return 1;
	log_open("/dev/null", LOG_ERROR, &why);
	timer_init(&turn, turned, NULL);
	build(&s);
	test_untouched();
	test_marches();
	features_stop();
	dispatch_fini();
	sasl_stop();
	parse_thread_fini();
	loop_fini();
	arena_fini(&s.arena);
	buf_addf(&secret, "%s/sasl.secret", dir);
	unlink(buf_cstr(&secret));
	buf_fini(&secret);
	rmdir(dir);
	return done();
}
