/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of rooms as any tool may write them: every usual spelling is read, and
 * what cannot be understood keeps the room shut. */
#include "tests/tap.h"
#include "xdb_ldap/option.h"

#define NONE OPTION_NONE
#define ODD OPTION_ODD
#define READ OPTION_READ

static const struct {
	const char *text;
	enum option_reading reading;
	const char *key, *value;
} spellings[] = {
	{ "membersonly=yes", READ, "membersonly", "yes" },
	{ "membersonly=1", READ, "membersonly", "yes" },
	{ "membersonly=true", READ, "membersonly", "yes" },
	{ "membersonly=TRUE", READ, "membersonly", "yes" },
	{ "membersonly=On", READ, "membersonly", "yes" },
	{ "membersonly= 1", READ, "membersonly", "yes" },
	{ "MembersOnly=1", READ, "membersonly", "yes" },
	{ "membersonly = yes", READ, "membersonly", "yes" },
	{ "membersonly=FALSE", READ, "membersonly", "no" },
	{ "membersonly=off", READ, "membersonly", "no" },
	{ "membersonly=0", READ, "membersonly", "no" },
	{ "membersonly=maybe", ODD, "membersonly", "yes" },
	{ "membersonly=", ODD, "membersonly", "yes" },
	{ "membersonly", ODD, "membersonly", "yes" },
	{ "membersonly=%zz", ODD, "membersonly", "yes" },
	{ "moderated=perhaps", ODD, "moderated", "yes" },
	{ "moderated=Yes", READ, "moderated", "yes" },
	{ "passwordprotected=x", ODD, "passwordprotected", "yes" },
	{ "public=FALSE", READ, "public", "no" },
	{ "public=whatever", ODD, "public", "no" },
	{ "allowinvites=?", ODD, "allowinvites", "no" },
	{ "changesubject=?", ODD, "changesubject", "no" },
	{ "whois=Anyone", READ, "whois", "anyone" },
	{ "whois=everybody", ODD, "whois", "moderators" },
	{ "allowpm=Participants", READ, "allowpm", "participants" },
	{ "allowpm=some", ODD, "allowpm", "none" },
	{ "maxusers=20", READ, "maxusers", "20" },
	{ "maxusers=NONE", READ, "maxusers", "none" },
	{ "maxusers=-5", NONE, "maxusers", "" },
	{ "maxusers=10001", NONE, "maxusers", "" },
	{ "persistent=eh", NONE, "persistent", "" },
	{ "password= a%20b ", READ, "password", " a b " },
	{ "password=%zz", ODD, "password", "" },
	{ "Other=TRUE", READ, "Other", "TRUE" },
	{ "title=by hand", READ, "title", "by hand" },
	{ "nothing", NONE, "nothing", "" },
	{ "=1", NONE, "", "" },
};

static void test_spellings(void)
{
	struct arena a = { NULL };

	for (size_t i = 0; i < COUNT(spellings); i++) {
		struct xdb_room_option o;
		enum option_reading r = room_option_read(&a,
		    slice_of(spellings[i].text), &o);

		okf(r == spellings[i].reading && slice_is(o.key, spellings[i].key)
		    && slice_is(o.value, spellings[i].value), "%s",
		    spellings[i].text);
	}
	arena_fini(&a);
}

static void test_written(void)
{
	static const struct { struct xdb_room_option o; const char *text; } cases[] = {
		{ { SLICE_INIT("members"), SLICE_INIT("1") }, "members=1" },
		{ { SLICE_INIT("secret"), SLICE_INIT(" a=b %\n") },
		  "secret=%20a=b%20%25%0a" },
		{ { SLICE_INIT("a=b"), SLICE_INIT("") }, "a%3db=" },
		{ { SLICE_INIT("password"), SLICE_INIT(" ") }, "password=%20" },
	};
	struct arena a = { NULL };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct xdb_room_option back;
		struct buf out = { 0 };

		room_option_write(&out, &cases[i].o);
		is_str(buf_cstr(&out), cases[i].text, "option is written");
		ok(room_option_read(&a, buf_slice(&out), &back) == OPTION_READ
		    && slice_eq(back.key, cases[i].o.key)
		    && slice_eq(back.value, cases[i].o.value),
		    "option is read again");
		buf_fini(&out);
	}
	arena_fini(&a);
}

/* All that an entry has, as "key=value" in one text; what is odd of it. */
static const struct {
	const char *values[4];
	bool is_cut;
	const char *all;
	size_t odd_n;
} entries[] = {
	{ { "membersonly=1", "membersonly=0" }, false, "membersonly=yes", 1 },
	{ { "membersonly=no", "MEMBERSONLY=off" }, false, "membersonly=no", 0 },
	{ { "public=yes", "public=no" }, false, "public=no", 1 },
	{ { "password=a" }, false, "password=a passwordprotected=yes", 0 },
	{ { "password=a", "passwordprotected=no" }, false,
	    "password=a passwordprotected=no", 0 },
	{ { "password=a", "password=b" }, false, "password= passwordprotected=yes", 1 },
	{ { "password=%zz" }, false, "password= passwordprotected=yes", 1 },
	{ { "password=" }, false, "password=", 0 },
	{ { "other=1", "other=2", "nothing" }, false, "other=1 other=2", 1 },
	{ { "other=1" }, true, "other=1 membersonly=yes", 1 },
	{ { "membersonly=no" }, true, "membersonly=no", 1 },
	{ { "maxusers=x", "maxusers=5" }, false, "maxusers=5", 1 },
	{ { NULL }, false, "", 0 },
};

static void test_entries(void)
{
	struct arena a = { NULL };

	for (size_t i = 0; i < COUNT(entries); i++) {
		struct slice values[4];
		struct room_options o;
		struct buf out = { 0 };
		size_t n = 0;

		for (; n < 4 && entries[i].values[n] != NULL; n++)
			values[n] = slice_of(entries[i].values[n]);
		o = room_options_read(&a, values, n, entries[i].is_cut);
		for (size_t k = 0; k < o.n; k++) {
			if (k != 0)
				buf_addc(&out, ' ');
			room_option_write(&out, &o.v[k]);
		}
		is_str(buf_cstr(&out), entries[i].all, "options of an entry");
		okf(o.odd_n == entries[i].odd_n, "entry %zu: %zu odd", i, o.odd_n);
		buf_fini(&out);
	}
	arena_fini(&a);
}

int main(void)
{
	test_spellings();
	test_written();
	test_entries();
	return done();
}
