/* SPDX-License-Identifier: Apache-2.0 */
/* Names that were looked up before: believed as long as nothing changed, and
 * never more of them than there is room for. */
#include "tests/tap.h"
#include "xdb_ldap/met.h"
#include "xdb_ldap/store.h"
#include "xdb_ldap/watch.h"

static const char ann[] = "11111111-1111-1111-1111-111111111111";
static const char bob[] = "22222222-2222-2222-2222-222222222222";

static struct xdb db;
static struct watch w;
static struct arena arena;

static struct feed *people(void)
{
	return &w.feeds[XDB_PERSON];
}

static void changed(const char *uuid)
{
	unsigned char bytes[SYNC_UUID_BYTES];
	struct known_row *row;

	sync_uuid_of(slice_of(uuid), bytes);
	row = known_get(&people()->known, bytes);
	row->seen = 1;
	row->changed = ++people()->changes;
}

static void gone(const char *uuid)
{
	unsigned char bytes[SYNC_UUID_BYTES];

	sync_uuid_of(slice_of(uuid), bytes);
	known_remove(&people()->known, known_find(&people()->known, bytes));
	people()->changes++;
}

static void begin(void)
{
	db.watch = &w;
	db.met = met_new();
	for (int i = 0; i < WATCHED; i++)
		w.feeds[i].state = FEED_LIVE;
	changed(ann);
	changed(bob);
}

static void end(void)
{
	known_fini(&people()->known);
	met_free(&db.met);
	arena_fini(&arena);
	w = (struct watch){ .db = NULL };
	db = (struct xdb){ .watch = NULL };
}

static void put(const char *name, const char *uuid, struct since since)
{
	met_put(&db, 'd', slice_of(name), since, &(struct met_person){
	    .uuid = slice_of(uuid), .dn = slice_of("uid=ann,dc=x"),
	    .uid = SLICE("ann"), .name = SLICE("Ann") });
}

static enum met_kind find(const char *name)
{
	struct met_person p;

	return met_find(&db, &arena, 'd', slice_of(name), &p);
}

static void test_people(void)
{
	struct met_person p = { .uuid.n = 0 };

	begin();
	put("uid=ann,dc=x", ann, met_now(&db));
	put("UID=Ann,dc=x", ann, met_now(&db));
	is_int(find("uid=bob,dc=x"), MET_UNKNOWN, "who was not met is not known");
	is_int(met_find(&db, &arena, 'm', SLICE("uid=ann,dc=x"), &p), MET_UNKNOWN,
	    "nor in another form");
	is_int(met_find(&db, &arena, 'd', SLICE("UID=Ann,dc=x"), &p), MET_PERSON,
	    "who was met is");
	is_slice(p.dn, SLICE("uid=ann,dc=x"), "with the DN");
	is_slice(p.uuid, slice_of(ann), "the UUID");
	is_slice(p.uid, SLICE("ann"), "the name");
	is_slice(p.name, SLICE("Ann"), "and what it is called");
	met_find(&db, &arena, 'd', SLICE("uid=ann,dc=x"), &p);
	is_slice(p.dn, SLICE("uid=ann,dc=x"), "a DN that is the name is kept once");
	changed(bob);
	is_int(find("uid=ann,dc=x"), MET_PERSON, "another changed: nothing follows");
	changed(ann);
	is_int(find("uid=ann,dc=x"), MET_UNKNOWN, "who changed is not known");
	put("uid=ann,dc=x", ann, met_now(&db));
	gone(ann);
	is_int(find("uid=ann,dc=x"), MET_UNKNOWN, "nor who is gone");
	put("uid=bob,dc=x", bob, met_now(&db));
	is_int(find("uid=bob,dc=x"), MET_PERSON, "bob is there");
	w.feeds[XDB_PEOPLE_BRANCH].changes++;
	is_int(find("uid=bob,dc=x"), MET_UNKNOWN,
	    "a branch was renamed: nobody is known");
	end();
}

static void test_meanwhile(void)
{
	struct since since;

	begin();
	since = met_now(&db);
	changed(ann);
	put("uid=ann,dc=x", ann, since);
	is_int(find("uid=ann,dc=x"), MET_UNKNOWN,
	    "who changed while the directory was asked may be either");
	end();
}

static void test_nobody(void)
{
	begin();
	met_put_nobody(&db, 'd', SLICE("uid=x"), met_now(&db), MET_NOBODY);
	met_put_nobody(&db, 'd', SLICE("cn=g"), met_now(&db), MET_GROUP);
	ok(find("uid=x") == MET_NOBODY && find("cn=g") == MET_GROUP,
	    "that a name is nobody's is known");
	w.feeds[XDB_GROUP].changes++;
	ok(find("uid=x") == MET_GROUP && find("cn=g") == MET_GROUP,
	    "a group changed: it may be a group's now");
	met_put_nobody(&db, 'd', SLICE("uid=x"), met_now(&db), MET_NOBODY);
	changed(bob);
	is_int(find("uid=x"), MET_UNKNOWN, "somebody changed: it may be theirs");
	end();
}

static void test_off(void)
{
	static const struct { const char *what; enum feed_state person, group;
	    bool is_polling, has_whose; } rows[] = {
		{ "people are being read", FEED_READING, FEED_LIVE, false, false },
		{ "no connection", FEED_OFF, FEED_OFF, false, false },
		{ "groups are not watched", FEED_LIVE, FEED_RESTING, false, false },
		{ "polling", FEED_LIVE, FEED_LIVE, true, false },
		{ "people are known by another name", FEED_LIVE, FEED_LIVE, false, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin();
		put("uid=ann,dc=x", ann, met_now(&db));
		w.feeds[XDB_PERSON].state = rows[i].person;
		w.feeds[XDB_GROUP].state = rows[i].group;
		w.is_polling = rows[i].is_polling;
		people()->known.has_whose = rows[i].has_whose;
		okf(find("uid=ann,dc=x") == MET_UNKNOWN, "%s: nobody is believed",
		    rows[i].what);
		people()->known.has_whose = false;
		end();
	}
	begin();
	put("uid=ann,dc=x", ann, met_now(&db));
	db.filter_asks_groups = true;
	is_int(find("uid=ann,dc=x"), MET_UNKNOWN,
	    "people_filter asks for memberOf: nobody is believed");
	end();
}

static void test_room(void)
{
	char name[32];
	unsigned known = 0;

	begin();
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "uid=%d", i);
		put(name, ann, met_now(&db));
		if (i % 1000 == 0)
			find("uid=0");
	}
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "uid=%d", i);
		known += find(name) == MET_PERSON;
	}
	okf(known > 20000 && known <= 48000, "of 100,000 some are kept (%u)", known);
	ok(find("uid=0") == MET_PERSON, "the ones that are used,");
	ok(find("uid=1") == MET_UNKNOWN, "not the oldest,");
	ok(find("uid=99999") == MET_PERSON, "but the last");
	end();
}

int main(void)
{
	test_people();
	test_meanwhile();
	test_nobody();
	test_off();
	test_room();
	return done();
}
