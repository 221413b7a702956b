/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4533 as bytes: what OpenLDAP sends is read, what is odd is refused whole,
 * whatever its lengths claim; requests are what the RFC says. */
#include "tests/tap.h"
#include "xdb_ldap/sync.h"

#define UUID "0123456789abcdef"         /* 16 bytes like any others */
#define OCTETS_16 "\x04\x10" UUID

/* --- states: beside each entry --------------------------------------------------------- */

static const struct {
	const char *name;
	struct slice in;
	bool is_good;
	enum sync_state state;
	const char *cookie;
} states[] = {
	{ "present", SLICE_INIT("\x30\x15\x0a\x01\x00" OCTETS_16), true,
	  SYNC_PRESENT, NULL },
	{ "add with a cookie", SLICE_INIT("\x30\x1b\x0a\x01\x01" OCTETS_16
	  "\x04\x04" "rid="), true, SYNC_ADD, "rid=" },
	{ "modify", SLICE_INIT("\x30\x15\x0a\x01\x02" OCTETS_16), true,
	  SYNC_MODIFY, NULL },
	{ "delete", SLICE_INIT("\x30\x15\x0a\x01\x03" OCTETS_16), true,
	  SYNC_DELETE, NULL },
	{ "an empty cookie is one", SLICE_INIT("\x30\x17\x0a\x01\x03" OCTETS_16
	  "\x04\x00"), true, SYNC_DELETE, "" },
	{ "long lengths", SLICE_INIT("\x30\x84\x00\x00\x00\x16\x0a\x01\x02"
	  "\x04\x81\x10" UUID), true, SYNC_MODIFY, NULL },
	{ "no such state", SLICE_INIT("\x30\x15\x0a\x01\x04" OCTETS_16), false,
	  0, NULL },
	{ "a state of two octets", SLICE_INIT("\x30\x16\x0a\x02\x00\x01"
	  OCTETS_16), false, 0, NULL },
	{ "a state of none", SLICE_INIT("\x30\x14\x0a\x00" OCTETS_16), false, 0,
	  NULL },
	{ "a short UUID", SLICE_INIT("\x30\x14\x0a\x01\x00\x04\x0f"
	  "0123456789abcde"), false, 0, NULL },
	{ "a long UUID", SLICE_INIT("\x30\x16\x0a\x01\x00\x04\x11" UUID "x"),
	  false, 0, NULL },
	{ "no UUID", SLICE_INIT("\x30\x03\x0a\x01\x00"), false, 0, NULL },
	{ "something behind", SLICE_INIT("\x30\x15\x0a\x01\x00" OCTETS_16 "x"),
	  false, 0, NULL },
	{ "something more inside", SLICE_INIT("\x30\x18\x0a\x01\x00" OCTETS_16
	  "\x01\x01\xff"), false, 0, NULL },
	{ "a cookie beyond the end", SLICE_INIT("\x30\x1b\x0a\x01\x01" OCTETS_16
	  "\x04\x7f" "rid="), false, 0, NULL },
	{ "a length of 4 GiB", SLICE_INIT("\x30\x84\xff\xff\xff\xff\x0a"), false,
	  0, NULL },
	{ "a length of five octets", SLICE_INIT("\x30\x85\x00\x00\x00\x00\x15"
	  "\x0a\x01\x00" OCTETS_16), false, 0, NULL },
	{ "an indefinite length", SLICE_INIT("\x30\x80\x0a\x01\x00" OCTETS_16
	  "\x00\x00"), false, 0, NULL },
	{ "a length cut off", SLICE_INIT("\x30\x82\x00"), false, 0, NULL },
	{ "a tag alone", SLICE_INIT("\x30"), false, 0, NULL },
	{ "nothing", SLICE_INIT(""), false, 0, NULL },
};

static void test_states(void)
{
	for (size_t i = 0; i < COUNT(states); i++) {
		struct sync_entry e = { .state = SYNC_PRESENT };

		okf(sync_entry_read(states[i].in, &e) == states[i].is_good,
		    "state: %s", states[i].name);
		if (!states[i].is_good)
			continue;
		is_int(e.state, states[i].state, states[i].name);
		is_slice(e.cookie, slice_of(states[i].cookie), states[i].name);
		is_slice(e.uuid, SLICE(UUID), states[i].name);
	}
}

/* --- messages in between ---------------------------------------------------------------- */

static const struct {
	const char *name;
	struct slice in;
	bool is_good;
	enum sync_kind kind;
	const char *cookie;
	bool is_done, is_of_deletes;
	unsigned uuid_n;
} infos[] = {
	{ "a new cookie", SLICE_INIT("\x80\x04" "csn="), true, SYNC_NEW_COOKIE,
	  "csn=", false, false, 0 },
	{ "refreshDelete, done by default", SLICE_INIT("\xa1\x00"), true,
	  SYNC_REFRESH_DELETE, NULL, true, false, 0 },
	{ "refreshDelete with a cookie", SLICE_INIT("\xa1\x03\x04\x01" "c"),
	  true, SYNC_REFRESH_DELETE, "c", true, false, 0 },
	{ "refreshPresent, more to come", SLICE_INIT("\xa2\x03\x01\x01\x00"),
	  true, SYNC_REFRESH_PRESENT, NULL, false, false, 0 },
	{ "refreshPresent, done", SLICE_INIT("\xa2\x06\x04\x01" "c"
	  "\x01\x01\xff"), true, SYNC_REFRESH_PRESENT, "c", true, false, 0 },
	{ "syncIdSet of one present", SLICE_INIT("\xa3\x14\x31\x12" OCTETS_16),
	  true, SYNC_ID_SET, NULL, false, false, 1 },
	{ "syncIdSet of two gone", SLICE_INIT("\xa3\x2c\x04\x01" "c"
	  "\x01\x01\xff\x31\x24" OCTETS_16 OCTETS_16), true, SYNC_ID_SET, "c",
	  false, true, 2 },
	{ "syncIdSet of nobody", SLICE_INIT("\xa3\x02\x31\x00"), true,
	  SYNC_ID_SET, NULL, false, false, 0 },
	{ "syncIdSet with half a UUID at its end", SLICE_INIT("\xa3\x1e\x31\x1c"
	  OCTETS_16 "\x04\x08" "01234567"), false, 0, NULL, false, false, 0 },
	{ "syncIdSet without a set", SLICE_INIT("\xa3\x03\x01\x01\xff"), false,
	  0, NULL, false, false, 0 },
	{ "a flag of two octets", SLICE_INIT("\xa1\x04\x01\x02\x00\x00"), false,
	  0, NULL, false, false, 0 },
	{ "refreshPresent with more inside", SLICE_INIT("\xa2\x03\x02\x01\x00"),
	  false, 0, NULL, false, false, 0 },
	{ "a choice that is none", SLICE_INIT("\xa4\x00"), false, 0, NULL,
	  false, false, 0 },
	{ "two at once", SLICE_INIT("\xa1\x00\xa2\x00"), false, 0, NULL, false,
	  false, 0 },
	{ "nothing", SLICE_INIT(""), false, 0, NULL, false, false, 0 },
};

static void test_infos(void)
{
	for (size_t i = 0; i < COUNT(infos); i++) {
		struct sync_info info;
		struct slice uuid;
		unsigned n = 0;

		okf(sync_info_read(infos[i].in, &info) == infos[i].is_good,
		    "message: %s", infos[i].name);
		if (!infos[i].is_good)
			continue;
		while (sync_uuid_next(&info.uuids, &uuid))
			n += slice_eq(uuid, SLICE(UUID));
		is_int(n, infos[i].uuid_n, infos[i].name);
		is_int(info.kind, infos[i].kind, infos[i].name);
		is_slice(info.cookie, slice_of(infos[i].cookie), infos[i].name);
		okf(info.is_done == infos[i].is_done && info.is_of_deletes
		    == infos[i].is_of_deletes, "flags: %s", infos[i].name);
	}
}

static void test_cookie_without_end(void)
{
	char big[SYNC_COOKIE_MOST + 16] = "\x80\x82\x20\x01";
	struct sync_info info;

	ok(!sync_info_read(slice_make(big, 4 + SYNC_COOKIE_MOST + 1), &info),
	    "a cookie of more than 8 KiB is refused");
	big[3] = 0;
	ok(sync_info_read(slice_make(big, 4 + SYNC_COOKIE_MOST), &info),
	    "one of 8 KiB is not");
}

/* --- the end of a search --------------------------------------------------------------------- */

static void test_done(void)
{
	struct sync_done d;

	ok(sync_done_read(SLICE("\x30\x00"), &d) && !d.is_of_deletes
	    && d.cookie.p == NULL, "done: nothing said");
	ok(sync_done_read(SLICE("\x30\x06\x04\x01" "c" "\x01\x01\x01"), &d)
	    && d.is_of_deletes && slice_is(d.cookie, "c"), "done: all said");
	ok(!sync_done_read(SLICE("\x31\x00"), &d), "done: a set is none");
	ok(!sync_done_read(SLICE("\x30\x02\x05\x00"), &d),
	    "done: nothing strange inside");
}

/* --- writing ------------------------------------------------------------------------------------ */

static void test_request(void)
{
	static const size_t sizes[] = { 1, 60, 120, 123, 127, 128, 250, 300, 4000 };
	char cookie[4000];
	struct buf out = { 0 };

	sync_request_write(&out, slice_make(NULL, 0));
	is_slice(buf_slice(&out), SLICE("\x30\x03\x0a\x01\x03"),
	    "request: everything, and then changes");
	buf_clear(&out);
	sync_request_write(&out, SLICE("rid=000,csn=x"));
	is_slice(buf_slice(&out), SLICE("\x30\x12\x0a\x01\x03\x04\x0d"
	    "rid=000,csn=x"), "request: from a cookie on");
	memset(cookie, 'c', sizeof cookie);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t head = sizes[i] < 0x80 ? 2 : sizes[i] < 0x100 ? 3 : 4;
		size_t all = 3 + head + sizes[i];
		size_t outer = all < 0x80 ? 2 : all < 0x100 ? 3 : 4;

		buf_clear(&out);
		sync_request_write(&out, slice_make(cookie, sizes[i]));
		okf(out.n == outer + all && memcmp(out.p + outer, "\x0a\x01\x03\x04",
		    4) == 0 && memcmp(out.p + out.n - sizes[i], cookie, sizes[i])
		    == 0, "request: a cookie of %zu bytes", sizes[i]);
	}
	buf_fini(&out);
}

/* --- UUIDs ----------------------------------------------------------------------------------------- */

static void test_uuids(void)
{
	static const char good[] = "597ae2f6-16a6-1027-98f4-d28b5365dc14";
	static const char *const bad[] = { "", "597ae2f6",
		"597ae2f6-16a6-1027-98f4-d28b5365dc1",
		"597ae2f6-16a6-1027-98f4-d28b5365dc144",
		"597ae2f6-16a6-1027-98f4_d28b5365dc14",
		"597ae2f6-16a6-1027-98f4-d28b5365dcg4",
		"597ae2f616a6-1027-98f4-d28b5365-dc14" };
	unsigned char uuid[SYNC_UUID_BYTES];
	char text[SYNC_UUID_CHARS];

	ok(sync_uuid_of(slice_of(good), uuid), "a UUID is read");
	sync_uuid_text(uuid, text);
	is_slice(slice_make(text, sizeof text), slice_of(good),
	    "and written again");
	ok(sync_uuid_of(SLICE("597AE2F6-16A6-1027-98F4-D28B5365DC14"), uuid),
	    "in capitals too");
	for (size_t i = 0; i < COUNT(bad); i++)
		okf(!sync_uuid_of(slice_of(bad[i]), uuid), "no UUID: %s", bad[i]);
}

int main(void)
{
	test_states();
	test_infos();
	test_cookie_without_end();
	test_done();
	test_request();
	test_uuids();
	return done();
}
