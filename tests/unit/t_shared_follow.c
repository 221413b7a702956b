/* SPDX-License-Identifier: Apache-2.0 */
/* Roster groups follow the directory: no news is lost while a group is read, and
 * news that is none of its business does not have it read again.  The directory
 * answers when the test says so. */
#include "tests/tap.h"

#include "tests/fake/xdb.c"

#include "base/log.h"
#include "base/loop.h"
#include "core/host.h"
#include "core/shared_follow.h"

enum { NOT_READ_MS = 1500 };            /* more than the patience of one who waits */

static struct settings settings;
static struct timer turn;

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

/* Is the group asked for?  Soon, or not at all. */
static bool is_asked(bool soon)
{
	for (int i = 0; i < (soon ? 30000 : NOT_READ_MS) && fake_xdb_waiting() == 0; i++)
		loop_turn(1);
	return fake_xdb_waiting() == 1;
}

/* --- news while it is read, the first time and later --- */

static const struct row {
	const char *what;
	bool is_dynamic, is_slight;
	const char *uuid;
	bool is_read;
} rows[] = {
	{ "somebody, and it is found by searching", true, false, "eva", true },
	{ "somebody slightly, and it is found by searching", true, true, "eva", true },
	{ "somebody slightly, and it names its members", false, true, "ann", false },
	{ "somebody, and it names its members", false, false, "eva", true },
};

static void read_with_news(const struct row *row)
{
	ok(is_asked(true), "it is being read");
	shared_news(&(struct xdb_news){ .kind = XDB_PERSON,
	    .uuid = slice_of(row->uuid), .is_slight = row->is_slight });
	fake_xdb_answer();
	okf(is_asked(row->is_read) == row->is_read, "%s: it is%s read again", row->what,
	    row->is_read ? "" : " not");
	while (fake_xdb_waiting() != 0) {
		fake_xdb_answer();
		loop_turn(1);
	}
}

static void news_while_reading(const struct row *row)
{
	fake_xdb_list("ann:1 bob:1", row->is_dynamic, 0);
	shared_start();
	read_with_news(row);
	shared_news(&(struct xdb_news){ .kind = XDB_GROUP, .uuid = SLICE("the-list") });
	read_with_news(row);
	shared_stop();
}

int main(void)
{
	const char *why;

	log_open("/dev/null", LOG_ERROR, &why);
	timer_init(&turn, turned, NULL);
	settings.server.domain = "uni.example";
	settings.roster.groups = "cn=lista,dc=uni";
	settings.roster.groups_public = "";
	settings.ldap.timeout_ms = 3000;
	host.settings = &settings;
	host.xdb = &fake_xdb;
	jid_parse(&settings.arena, SLICE("uni.example"), &host.jid);
	for (size_t i = 0; i < COUNT(rows); i++)
		news_while_reading(&rows[i]);
	fake_xdb_list(NULL, false, 0);
	loop_fini();
	arena_fini(&settings.arena);
	return done();
}
