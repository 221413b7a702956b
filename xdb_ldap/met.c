/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/met.c — two halves: what is used is in the young one, and when that is
 * full it is the old one, and what was the old one is forgotten. */
#include "xdb_ldap/met.h"

#include <stdlib.h>

#include "base/map.h"
#include "xdb_ldap/store.h"
#include "xdb_ldap/watch.h"

/* The map's last growing is at half of it, and takes a quarter of a millisecond. */
enum { HALF_MOST = 24000, NAME_MOST = 1024 };

struct one {                            /* with its bytes behind it, in this order */
	struct since since;
	unsigned char uuid[SYNC_UUID_BYTES];
	uint16_t key_n, dn_n, uid_n, name_n;    /* dn_n 0: it is the name itself */
	uint8_t kind;
	char bytes[];
};

struct half { struct arena arena; struct map ones; };
struct met { struct half young, old; };

struct met *met_new(void)
{
	return NEW(struct met);
}

static void half_fini(struct half *h)
{
	map_fini(&h->ones);
	arena_fini(&h->arena);
}

void met_free(struct met **mp)
{
	struct met *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	half_fini(&m->young);
	half_fini(&m->old);
	free(m);
}

/* --- is it still so? -------------------------------------------------------------------- */

static const struct feed *feed_of(const struct xdb *db, enum xdb_watched kind)
{
	return &db->watch->feeds[kind];
}

static bool is_on(const struct xdb *db)
{
	const struct watch *w = db->watch;

	return w != NULL && !w->is_polling && !db->filter_asks_groups
	    && feed_is_up(feed_of(db, XDB_PERSON))
	    && feed_is_up(feed_of(db, XDB_GROUP))
	    && feed_is_up(feed_of(db, XDB_PEOPLE_BRANCH))
	    && feed_is_up(feed_of(db, XDB_GROUP_BRANCH))
	    && !feed_of(db, XDB_PERSON)->known.has_whose;
}

struct since met_now(const struct xdb *db)
{
	if (db->watch == NULL)
		return (struct since){ .people = 0 };
	return (struct since){ .people = feed_of(db, XDB_PERSON)->changes,
		.groups = feed_of(db, XDB_GROUP)->changes,
		.branches = feed_of(db, XDB_PEOPLE_BRANCH)->changes
		+ feed_of(db, XDB_GROUP_BRANCH)->changes };
}

static enum met_kind kind_now(const struct xdb *db, const struct one *o)
{
	struct since now = met_now(db);
	const struct known_row *row;

	if (o->since.branches != now.branches
	    || (o->kind != MET_PERSON && o->since.people != now.people))
		return MET_UNKNOWN;
	if (o->kind != MET_PERSON)
		return o->since.groups == now.groups ? (enum met_kind)o->kind
		    : MET_GROUP;
	row = known_find(&feed_of(db, XDB_PERSON)->known, o->uuid);
	/* As a distance: the count may go round. */
	return row != NULL && (int32_t)(row->changed - o->since.people) <= 0
	    ? MET_PERSON : MET_UNKNOWN;
}

/* --- keeping ------------------------------------------------------------------------------- */

struct key { char p[1 + NAME_MOST]; struct slice s; };

static bool key_make(struct key *k, char form, struct slice name)
{
	if (name.n == 0 || name.n > NAME_MOST)
		return false;
	k->p[0] = form;
	memcpy(k->p + 1, name.p, name.n);
	k->s = slice_make(k->p, 1 + name.n);
	return true;
}

static struct slice key_of(const struct one *o)
{
	return slice_make(o->bytes, o->key_n);
}

static size_t size_of(const struct one *o)
{
	return sizeof *o + o->key_n + o->dn_n + o->uid_n + o->name_n;
}

/* Into the young half; the caller writes the bytes. */
static struct one *one_new(struct met *m, const struct one *head)
{
	struct one *o;

	if (map_count(&m->young.ones) >= HALF_MOST) {
		half_fini(&m->old);
		m->old = m->young;
		m->young = (struct half){ .arena = { NULL } };
	}
	o = arena_raw(&m->young.arena, size_of(head));
	*o = *head;
	return o;
}

static char *append(char *at, struct slice s)
{
	if (s.n != 0)
		memcpy(at, s.p, s.n);
	return at + s.n;
}

static bool is_short(struct slice s)
{
	return s.n <= NAME_MOST;
}

void met_put(const struct xdb *db, char form, struct slice name,
    struct since since, const struct met_person *p)
{
	struct one head = { .since = since, .kind = MET_PERSON }, *o;
	struct slice dn = p->dn;
	struct key key;
	char *at;

	if (!is_on(db) || !sync_uuid_of(p->uuid, head.uuid)
	    || !key_make(&key, form, name) || !is_short(dn)
	    || !is_short(p->uid) || !is_short(p->name))
		return;
	if (slice_eq(dn, name))
		dn.n = 0;
	head.key_n = (uint16_t)key.s.n;
	head.dn_n = (uint16_t)dn.n;
	head.uid_n = (uint16_t)p->uid.n;
	head.name_n = (uint16_t)p->name.n;
	o = one_new(db->met, &head);
	at = append(append(o->bytes, key.s), dn);
	append(append(at, p->uid), p->name);
	map_put(&db->met->young.ones, key_of(o), o);
}

void met_put_nobody(const struct xdb *db, char form, struct slice name,
    struct since since, enum met_kind kind)
{
	struct one head = { .since = since, .kind = (uint8_t)kind }, *o;
	struct key key;

	if (!is_on(db) || !key_make(&key, form, name))
		return;
	head.key_n = (uint16_t)key.s.n;
	o = one_new(db->met, &head);
	append(o->bytes, key.s);
	map_put(&db->met->young.ones, key_of(o), o);
}

/* --- finding ---------------------------------------------------------------------------------- */

static const struct one *find(struct met *m, struct slice key)
{
	struct one *o = map_find(&m->young.ones, key), *copy, *kept;

	if (o != NULL)
		return o;
	o = map_take(&m->old.ones, key);
	if (o == NULL)
		return NULL;
	/* It is used: it stays.  This may end the old half it is copied from. */
	copy = mem_new(size_of(o));
	memcpy(copy, o, size_of(o));
	kept = one_new(m, copy);
	memcpy(kept, copy, size_of(copy));
	map_put(&m->young.ones, key_of(kept), kept);
	free(copy);
	return kept;
}

static struct met_person person_of(struct arena *a, const struct one *o)
{
	const char *p = o->bytes;
	struct slice all = slice_dup(a, slice_make(p + 1, size_of(o) - sizeof *o - 1));
	char uuid[SYNC_UUID_CHARS];
	struct met_person is;
	size_t at = o->key_n - 1u;

	sync_uuid_text(o->uuid, uuid);
	is.uuid = slice_dup(a, slice_make(uuid, sizeof uuid));
	is.dn = o->dn_n != 0 ? slice_make(all.p + at, o->dn_n)
	    : slice_make(all.p, at);
	at += o->dn_n;
	is.uid = slice_make(all.p + at, o->uid_n);
	is.name = slice_make(all.p + at + o->uid_n, o->name_n);
	return is;
}

enum met_kind met_find(const struct xdb *db, struct arena *a, char form,
    struct slice name, struct met_person *person_r)
{
	const struct one *o;
	enum met_kind kind;
	struct key key;

	if (!is_on(db) || !key_make(&key, form, name))
		return MET_UNKNOWN;
	o = find(db->met, key.s);
	kind = o != NULL ? kind_now(db, o) : MET_UNKNOWN;
	if (kind == MET_PERSON)
		*person_r = person_of(a, o);
	return kind;
}
