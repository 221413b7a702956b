/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that are followed: when they are read, what stays when they cannot be,
 * and that large ones keep nobody waiting.  The directory answers when the test
 * says so. */
#include "tests/tap.h"

#include "tests/fake/xdb.c"

#include "base/loop.h"
#include "base/log.h"
#include "core/host.h"
#include "core/source.h"

enum { MANY = 20000 };

static struct settings settings;
static struct timer turn;
static struct follower room;            /* who follows it */
static unsigned told, told_others;

static void turned(void *ctx)
{
	(void)ctx;
	loop_stop();
}

static void loop_turn(int64_t ms)
{
	timer_start(&turn, ms);
	loop_run();
}

static void hear(void *ctx, bool are_others)
{
	(void)ctx;
	told++;
	told_others += are_others;
}

/* Until the list that is being read was told; the turns of the loop it took. */
static unsigned until_told(void)
{
	unsigned turns = 0;

	for (; told == 0 && turns < 10000; turns++)
		loop_turn(1);
	return turns;
}

/* Is it asked for?  Soon, or not at all. */
static bool is_asked(bool soon)
{
	for (int i = 0; i < (soon ? 5000 : 250) && fake_xdb_waiting() == 0; i++)
		loop_turn(1);
	return fake_xdb_waiting() == 1;
}

static unsigned give(enum xdb_status status)
{
	told = told_others = 0;
	do {                            /* it may be looked for elsewhere, too */
		if (status == XDB_OK)
			fake_xdb_answer();
		else
			fake_xdb_answer_with(status);
	} while (told == 0 && fake_xdb_waiting() != 0);
	return until_told();
}

static unsigned is(const char *uid)
{
	return roll_find(&room.source->roll, slice_of(uid));
}

static void begin(const char *all, bool is_dynamic, size_t unresolved)
{
	fake_xdb_list(all, is_dynamic, unresolved);
	room = (struct follower){ .told = hear };
	source_follow(&room, SLICE("cn=lista"), SLICE(""));
	give(XDB_OK);
}

static void end(void)
{
	source_unfollow(&room);
	sources_fini();
}

/* --- reading --- */

static void roles(void)
{
	begin("ann:2 bob:1 cem:4 dora:8 eva:3 Flor:1", false, 0);
	ok(told_others == 1 && is("ann") == GROUP_OWNER, "an owner is owner");
	ok(is("cem") == GROUP_EDITOR && is("dora") == GROUP_MODERATOR,
	    "an editor is editor, a moderator is moderator");
	ok(is("bob") == GROUP_MEMBER && is("eva") == (GROUP_OWNER | GROUP_MEMBER),
	    "a subscriber is a member, and may be more as well");
	is_int(is("flor"), GROUP_MEMBER, "LDAP-06 names are prepared");
	ok(source_is_ready(room.source) && room.source->failed_ms == 0,
	    "and that is how it is");
	end();
}

static void many_people(struct buf *text)
{
	for (int i = 0; i < MANY; i++)
		buf_addf(text, "persona%d:1 ", i);
}

static void large(void)
{
	struct buf many = { 0 };
	unsigned turns;

	many_people(&many);
	fake_xdb_list(buf_cstr(&many), false, 0);
	room = (struct follower){ .told = hear };
	source_follow(&room, SLICE("cn=lista"), SLICE(""));
	told = 0;
	fake_xdb_answer();
	ok(room.source->roll.n == 0 && !source_is_ready(room.source),
	    "twenty thousand are not written down while the answer comes in");
	turns = until_told();
	okf(turns > 1 && room.source->roll.n == MANY && is("persona19999")
	    == GROUP_MEMBER, "but in pieces (%u turns)", turns);
	ok(room.source->kept == NULL, "and nothing is kept twice");
	buf_fini(&many);
	end();
}

/* --- weather --- */

static const struct { enum xdb_status status; bool again; const char *what; } fails[] = {
	{ XDB_DOWN, true, "no server" },
	{ XDB_BUSY, true, "a busy server" },
	{ XDB_ABSENT, false, "a list that is gone" },
	{ XDB_BROKEN, false, "a list that makes no sense" },
	{ XDB_REFUSED, false, "a list we may not read" },
};

static void last_copy_stays(void)
{
	for (size_t i = 0; i < COUNT(fails); i++) {
		int64_t since;

		begin("ann:2 bob:1", false, 0);
		sources_news(&(struct xdb_news){ .kind = XDB_GROUP,
		    .uuid = SLICE("the-list") });
		ok(is_asked(true), "news: it is read again");
		give(fails[i].status);
		since = room.source->failed_ms;
		okf(is("ann") == GROUP_OWNER && is("bob") == GROUP_MEMBER && since != 0
		    && told_others == 0, "%s: the last copy stays", fails[i].what);
		okf(timer_is_on(&room.source->again) == fails[i].again,
		    "%s: %s", fails[i].what, fails[i].again ? "asked again soon"
		    : "waits for news");
		sources_news(&(struct xdb_news){ .kind = XDB_GROUP,
		    .uuid = SLICE("another") });
		fake_xdb_list("ann:2", false, 0);
		is_asked(true);
		give(XDB_OK);
		okf(is("bob") == 0 && room.source->failed_ms == 0
		    && told_others == 1, "%s: and back", fails[i].what);
		end();
	}
}

static void never_read(void)
{
	fake_xdb_list(NULL, false, 0);
	room = (struct follower){ .told = hear };
	source_follow(&room, SLICE("cn=lista"), SLICE(""));
	give(XDB_OK);
	ok(room.source->status == XDB_ABSENT && !room.source->has_roll
	    && is("ann") == 0 && room.source->read_ms == 0,
	    "a list that never was there has nobody");
	end();
}

static void nobody_follows(void)
{
	const struct source *s;

	begin("ann:2", false, 0);
	s = room.source;
	source_unfollow(&room);
	loop_turn(1);
	sources_news(&(struct xdb_news){ .kind = XDB_GROUP,
	    .uuid = SLICE("the-list") });
	ok(!is_asked(false), "a list that nobody follows is not read");
	source_follow(&room, SLICE("cn=lista"), SLICE(""));
	ok(room.source == s && is("ann") == GROUP_OWNER
	    && !source_is_ready(room.source) && fake_xdb_waiting() == 1,
	    "but kept, and read before it is used again");
	give(XDB_DOWN);
	is_int(is("ann"), GROUP_OWNER, "when it cannot be, it is what it was");
	end();
}

/* --- what is read again for what news --- */

static const struct news_row {
	const char *what;
	bool is_dynamic;
	size_t unresolved;
	struct xdb_news news;
	bool is_read;
} news_rows[] = {
	{ "its entry", false, 0,
	  { .kind = XDB_GROUP, .uuid = SLICE_INIT("the-list") }, true },
	{ "its entry gone", false, 0,
	  { .kind = XDB_GROUP, .uuid = SLICE_INIT("the-list"), .is_gone = true }, true },
	{ "another group", false, 0,
	  { .kind = XDB_GROUP, .uuid = SLICE_INIT("other") }, false },
	{ "another group, when something is unresolved", false, 1,
	  { .kind = XDB_GROUP, .uuid = SLICE_INIT("other") }, true },
	{ "all groups were read", false, 0, { .kind = XDB_GROUP, .is_all = true }, true },
	{ "somebody on it", false, 0,
	  { .kind = XDB_PERSON, .uuid = SLICE_INIT("ann") }, true },
	{ "a slight change of somebody on it", false, 0,
	  { .kind = XDB_PERSON, .uuid = SLICE_INIT("ann"), .is_slight = true }, false },
	{ "somebody else", false, 0,
	  { .kind = XDB_PERSON, .uuid = SLICE_INIT("eva") }, false },
	{ "somebody else, when something is unresolved", false, 1,
	  { .kind = XDB_PERSON, .uuid = SLICE_INIT("eva") }, true },
	{ "somebody, when it is found by searching", true, 0,
	  { .kind = XDB_PERSON, .uuid = SLICE_INIT("eva"), .is_slight = true }, true },
};

static void news(void)
{
	for (size_t i = 0; i < COUNT(news_rows); i++) {
		const struct news_row *row = &news_rows[i];

		begin("ann:2 bob:1", row->is_dynamic, row->unresolved);
		sources_news(&(struct xdb_news){ .kind = XDB_PERSON,
		    .uuid = SLICE("ann") });
		okf(!is_asked(false), "%s: nothing before people are known",
		    row->what);
		sources_news(&(struct xdb_news){ .kind = XDB_PERSON, .is_all = true });
		is_asked(true);
		give(XDB_OK);
		sources_news(&row->news);
		okf(is_asked(row->is_read) == row->is_read, "%s: it is%s read again",
		    row->what, row->is_read ? "" : " not");
		if (fake_xdb_waiting() != 0)
			give(XDB_OK);
		is_int(told_others, 0, "the same people: nobody is told of others");
		end();
	}
}

static void much_news(void)
{
	unsigned read = 0;

	begin("ann:2 bob:1", false, 0);
	for (int i = 0; i < 100; i++) {
		sources_news(&(struct xdb_news){ .kind = XDB_GROUP,
		    .uuid = SLICE("the-list") });
		loop_turn(2);
		if (fake_xdb_answer())
			read++;
	}
	okf(read >= 1 && read <= 60, "a hundred changes in a row: read %u times", read);
	sources_news(&(struct xdb_news){ .kind = XDB_GROUP, .uuid = SLICE("the-list") });
	fake_xdb_list("bob:1", false, 0);
	is_asked(true);
	give(XDB_OK);
	is_int(is("ann"), 0, "and the last of them is not lost");
	end();
}

/* What it is made of is not known yet, so the news may be of it. */
static void news_while_first_reading(void)
{
	fake_xdb_list("ann:2 bob:1", false, 0);
	room = (struct follower){ .told = hear };
	source_follow(&room, SLICE("cn=lista"), SLICE(""));
	sources_news(&(struct xdb_news){ .kind = XDB_GROUP, .uuid = SLICE("the-list") });
	give(XDB_OK);
	fake_xdb_list("ann:2", false, 0);
	ok(is_asked(true), "news while it is read for the first time: read again");
	give(XDB_OK);
	is_int(is("bob"), 0, "and who was taken off meanwhile is off");
	end();
}

/* Nor that it is made by searching: then somebody may be on it who was changed in what
 * nobody watches. */
static void slight_news_while_first_reading(bool is_dynamic)
{
	sources_news(&(struct xdb_news){ .kind = XDB_PERSON, .is_all = true });
	fake_xdb_list("ann:2 bob:1", is_dynamic, 0);
	room = (struct follower){ .told = hear };
	source_follow(&room, SLICE("cn=lista"), SLICE(""));
	sources_news(&(struct xdb_news){ .kind = XDB_PERSON, .uuid = SLICE("eva"),
	    .is_slight = true });
	give(XDB_OK);
	okf(is_asked(is_dynamic) == is_dynamic, "a slight change of somebody while it is "
	    "read for the first time: read%s again", is_dynamic ? "" : " not");
	end();
}

static void news_while_reading(void)
{
	begin("ann:2", false, 0);
	sources_news(&(struct xdb_news){ .kind = XDB_GROUP, .uuid = SLICE("the-list") });
	ok(is_asked(true), "it is being read");
	sources_news(&(struct xdb_news){ .kind = XDB_GROUP, .uuid = SLICE("the-list") });
	give(XDB_OK);
	ok(is_asked(true), "news meanwhile: and once more after that");
	give(XDB_OK);
	sources_news(&(struct xdb_news){ .kind = XDB_PERSON, .is_all = true });
	ok(is_asked(true), "people are known: it is being read");
	sources_news(&(struct xdb_news){ .kind = XDB_PERSON, .uuid = SLICE("eva") });
	fake_xdb_list("ann:2 eva:1", false, 0);
	give(XDB_OK);
	ok(is_asked(true), "news of somebody who is not on it, and was while it was "
	    "read: and once more after that");
	give(XDB_OK);
	end();
}

/* --- renamed while nobody looked --- */

static struct follower other;

static void renamed_before(void)
{
	fake_xdb_list("ann:2", false, 0);
	fake_xdb_list_is_at("cn=nueva");
	room = (struct follower){ .told = hear };
	source_follow(&room, SLICE("cn=lista"), SLICE("the-list"));
	give(XDB_OK);
	ok(is("ann") == GROUP_OWNER && room.source->is_moved
	    && slice_is(buf_slice(&room.source->place), "cn=nueva"),
	    "a list that is known by its entryUUID is found where it is now");
	other = (struct follower){ .told = hear };
	source_follow(&other, SLICE("cn=lista"), SLICE(""));
	ok(other.source != room.source, "who means what has its name now follows another");
	give(XDB_OK);
	ok(other.source->status == XDB_ABSENT && roll_find(&other.source->roll,
	    SLICE("ann")) == 0, "which there is none of");
	source_unfollow(&other);
	end();
	fake_xdb_list_is_at(NULL);
}

static void nobody_knows_where(void)
{
	fake_xdb_list("ann:2", false, 0);
	fake_xdb_list_is_at("cn=nueva");
	room = (struct follower){ .told = hear };
	source_follow(&room, SLICE("cn=lista"), SLICE("the-list"));
	fake_xdb_answer();
	told = 0;
	fake_xdb_answer_with(XDB_DOWN);
	ok(told == 1 && room.source->status == XDB_DOWN
	    && timer_is_on(&room.source->again),
	    "weather while it is looked for: nothing is known, and soon again");
	is_asked(true);
	give(XDB_OK);
	is_int(is("ann"), GROUP_OWNER, "and then it is found");
	end();
	fake_xdb_list_is_at(NULL);
}

int main(void)
{
	const char *why;

	log_open("/dev/null", LOG_ERROR, &why);
	timer_init(&turn, turned, NULL);
	settings.server.domain = "uni.example";
	host.settings = &settings;
	host.xdb = &fake_xdb;
	jid_parse(&settings.arena, SLICE("uni.example"), &host.jid);
	roles();
	large();
	last_copy_stays();
	never_read();
	nobody_follows();
	news();
	much_news();
	news_while_reading();
	news_while_first_reading();
	slight_news_while_first_reading(true);
	slight_news_while_first_reading(false);
	renamed_before();
	nobody_knows_where();
	fake_xdb_list(NULL, false, 0);
	loop_fini();
	arena_fini(&settings.arena);
	return done();
}
