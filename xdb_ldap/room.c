/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/room.c — one entry per conference room. */
#include "xdb_ldap/room.h"

#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/option.h"
#include "xdb_ldap/sound.h"
#include "xdb_ldap/values.h"

enum { ROOMS_MOST = 10000 };

/* --- reading ------------------------------------------------------------------------------ */

static struct room_options options_of(struct xdb_op *op, const struct entry *e)
{
	size_t n;
	const struct slice *values = entry_all(e, ATTR_ROOM_OPTION, &n);

	return room_options_read(&op->arena, values, n,
	    entry_is_cut(e, ATTR_ROOM_OPTION));
}

static void options_read(struct xdb_op *op, const struct entry *e,
    struct xdb_room *room)
{
	struct room_options o = options_of(op, e);

	room->options = o.v;
	room->option_n = o.n;
	sound_say(op->db, e, ATTR_ROOM_OPTION, o.odd_n);
}

/* False: nobody can have this address, so nobody sees the room. */
static bool name_read(struct xdb_op *op, const struct entry *e,
    struct slice *name_r)
{
	bool is_good;

	*name_r = entry_one(e, ATTR_ROOM_NAME);
	is_good = sound_local(op->db, &op->arena, name_r);
	sound_say(op->db, e, ATTR_ROOM_NAME, !is_good);
	return is_good;
}

static void head_read(struct xdb_op *op, const struct entry *e,
    struct xdb_room *room)
{
	room->dn = e->dn;
	room->uuid = entry_one(e, ATTR_ENTRY_UUID);
	room->title = entry_one(e, ATTR_CN);
	room->description = entry_one(e, ATTR_DESCRIPTION);
	room->subject = entry_one(e, ATTR_SUBJECT);
	room->language = entry_one(e, ATTR_LANGUAGE);
	room->bound_to = entry_one(e, ATTR_BOUND_TO);
	bound_state_read(&op->arena, entry_one(e, ATTR_BOUND_STATE),
	    &room->bound_state);
	options_read(op, e, room);
}

/* --- load ----------------------------------------------------------------------------------- */

struct room_load {
	struct call *call;
	struct slice name;
	struct named_known known;
	struct xdb_room *room;
};

static void room_found(struct xdb_op *op);
static void room_peopled(struct xdb_op *op);

struct xdb_op *xdb_room_load(struct xdb *db, struct slice name)
{
	return xdb_room_load_again(db, name, NULL, 0);
}

struct xdb_op *xdb_room_load_again(struct xdb *db, struct slice name,
    const struct xdb_room_named *named, size_t n)
{
	struct xdb_op *op = op_new(db, sizeof (struct room_load));
	struct room_load *l = op->data;
	struct buf filter = { 0 };

	if (name.n == 0 || memchr(name.p, '\0', name.n) != NULL) {
		op_finish(op, XDB_ABSENT, "no name of a room");
		return op;
	}
	l->name = slice_dup(&op->arena, name);
	l->known = named_keep(&op->arena, named, n);
	filter_eq(&filter, op_name(op, ATTR_ROOM_NAME), name);
	l->call = call_search(op, &(struct search){ .base = db->rooms_base,
	    .scope = LDAP_SCOPE_ONELEVEL, .filter = op_take(op, &filter),
	    .set = SET_ROOM, .most = 2 });
	op_await(op, room_found);
	return op;
}

/* The directory finds more spellings than are one name (LDAP-06). */
static bool is_name(struct xdb_op *op, const struct entry *e, struct slice asked,
    struct slice name)
{
	struct slice value;

	return op->db->address != NULL ? slice_eq(name, asked)
	    : entry_name(e, ATTR_ROOM_NAME, asked, &value);
}

static void room_found(struct xdb_op *op)
{
	struct room_load *l = op->data;
	const struct entry *e = l->call->entries;

	if (op_search_failed(op, l->call))
		return;
	l->room = ARENA_NEW(&op->arena, struct xdb_room);
	if (l->call->entry_n > 1) {
		op_finish(op, XDB_BROKEN, "several rooms have this name");
	} else if (e == NULL || !name_read(op, e, &l->room->name)
	    || !is_name(op, e, l->name, l->room->name)) {
		op_finish(op, XDB_ABSENT, "no such room");
	} else {
		head_read(op, e, l->room);
		room_people_load(op, e, &l->known, l->room, room_peopled);
	}
}

static void room_peopled(struct xdb_op *op)
{
	struct room_load *l = op->data;

	op->res.room = l->room;
	op_finish(op, XDB_OK, NULL);
}

/* --- list ------------------------------------------------------------------------------------ */

static void rooms_found(struct xdb_op *op);

struct xdb_op *xdb_room_list(struct xdb *db)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct buf filter = { 0 };

	filter_eq(&filter, op_name(op, ATTR_OBJECT_CLASS), SLICE(CLASS_ROOM));
	*(struct call **)op->data = call_search(op, &(struct search){
	    .base = db->rooms_base, .scope = LDAP_SCOPE_ONELEVEL,
	    .filter = op_take(op, &filter), .set = SET_ROOM_HEAD,
	    .most = ROOMS_MOST });
	op_await(op, rooms_found);
	return op;
}

static void rooms_found(struct xdb_op *op)
{
	struct call *c = *(struct call **)op->data;
	struct xdb_room *rooms;

	if (op_search_failed(op, c))
		return;
	rooms = arena_alloc(&op->arena, (c->entry_n + 1) * sizeof *rooms);
	for (const struct entry *e = c->entries; e != NULL; e = e->next)
		if (name_read(op, e, &rooms[op->res.n].name))
			head_read(op, e, &rooms[op->res.n++]);
	op->res.rooms = rooms;
	op->res.is_cut = c->is_cut;
	op_finish(op, XDB_OK, NULL);
}

/* --- writing ---------------------------------------------------------------------------------- */

#define FIELD(attr, member) { attr, offsetof(struct xdb_room, member) }

static const struct { enum attr attr; size_t offset; } fields[] = {
	FIELD(ATTR_CN, title),
	FIELD(ATTR_DESCRIPTION, description),
	FIELD(ATTR_SUBJECT, subject),
	FIELD(ATTR_LANGUAGE, language),
	FIELD(ATTR_BOUND_TO, bound_to),
};

static struct slice field_of(const struct xdb_room *room, size_t i)
{
	const void *at = (const char *)room + fields[i].offset;

	return *(const struct slice *)at;
}

static struct slice *field_at(struct xdb_room *room, size_t i)
{
	void *at = (char *)room + fields[i].offset;

	return at;
}

static struct slice *option_texts(struct xdb_op *op, const struct xdb_room *room)
{
	struct slice *texts = arena_alloc(&op->arena,
	    (room->option_n + 1) * sizeof *texts);

	for (size_t i = 0; i < room->option_n; i++) {
		struct buf value = { 0 };

		room_option_write(&value, &room->options[i]);
		texts[i] = slice_of(op_take(op, &value));
	}
	return texts;
}

struct xdb_op *xdb_room_create(struct xdb *db, const struct xdb_room *room)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct xdb_room *made = ARENA_NEW(&op->arena, struct xdb_room);
	struct mods m = { 0 };
	const char *dn;

	if (room->name.n == 0) {
		op_finish(op, XDB_BROKEN, "a room needs a name");
		return op;
	}
	dn = dn_make(&op->arena, op_name(op, ATTR_ROOM_NAME), room->name,
	    db->rooms_base);
	*made = (struct xdb_room){ .dn = slice_of(dn),
		.name = slice_dup(&op->arena, room->name) };
	op->res.room = made;
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_OBJECT_CLASS, SLICE(CLASS_ROOM));
	mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_ROOM_NAME, room->name);
	for (size_t i = 0; i < COUNT(fields); i++)
		if (field_of(room, i).n != 0)
			mods_put_one(&m, op, LDAP_MOD_ADD, fields[i].attr,
			    field_of(room, i));
	if (room->option_n != 0)
		mods_put(&m, op, LDAP_MOD_ADD, ATTR_ROOM_OPTION,
		    option_texts(op, room), room->option_n);
	room_people_put(op, &m, room);
	op_await_one(op, call_add(op, dn, &m));
	return op;
}

/* --- changing ------------------------------------------------------------------------------------ */

/* The entry is read once more: only values that say something else now are taken away,
 * one by one, so that those that nobody could show to the caller stay.  What the caller
 * did not change is not meant: it may have been another for a moment already. */
struct configure {
	struct call *call;
	const char *dn;
	struct xdb_room was, is;        /* fields and options */
	bool is_all;                    /* it is all meant */
};

static void configure_read(struct xdb_op *op);

static void head_keep(struct xdb_op *op, const struct xdb_room *room,
    struct xdb_room *to)
{
	for (size_t i = 0; i < COUNT(fields); i++)
		*field_at(to, i) = slice_dup(&op->arena, field_of(room, i));
	to->option_n = room->option_n;
	to->options = arena_alloc(&op->arena,
	    (room->option_n + 1) * sizeof *to->options);
	for (size_t i = 0; i < room->option_n; i++)
		to->options[i] = (struct xdb_room_option){
			slice_dup(&op->arena, room->options[i].key),
			slice_dup(&op->arena, room->options[i].value) };
}

struct xdb_op *xdb_room_configure(struct xdb *db, const struct xdb_room *was,
    const struct xdb_room *is)
{
	struct xdb_op *op = op_new(db, sizeof (struct configure));
	struct configure *c = op->data;

	if (!op_owns(op, is->dn, db->rooms_base))
		return op;
	c->dn = op_text(op, is->dn);
	c->is_all = was == NULL;
	if (was != NULL)
		head_keep(op, was, &c->was);
	head_keep(op, is, &c->is);
	c->call = call_search(op, &(struct search){ .base = c->dn,
	    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=" CLASS_ROOM ")",
	    .set = SET_ROOM_HEAD });
	op_await(op, configure_read);
	return op;
}

/* Is this pair among them? */
static bool has(const struct xdb_room_option *options, size_t n,
    const struct xdb_room_option *one)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(options[i].key, one->key)
		    && slice_eq(options[i].value, one->value))
			return true;
	return false;
}

static bool is_meant(const struct configure *c, struct slice key)
{
	return c->is_all
	    || !slice_eq(room_option_of(c->was.options, c->was.option_n, key),
	    room_option_of(c->is.options, c->is.option_n, key));
}

/* What a key of ours says stays as it is written while it says the same. */
static bool says_the_same(const struct configure *c, const struct room_options *was,
    struct slice key)
{
	return slice_eq(room_option_of(was->v, was->n, key),
	    room_option_of(c->is.options, c->is.option_n, key));
}

static void put_options(struct xdb_op *op, struct mods *m, const struct entry *e)
{
	const struct configure *c = op->data;
	struct room_options was = options_of(op, e);
	struct slice *texts = option_texts(op, &c->is), *values;
	size_t n;

	values = entry_all(e, ATTR_ROOM_OPTION, &n);
	for (size_t i = 0; i < n; i++) {
		struct xdb_room_option one;

		(void)room_option_read(&op->arena, values[i], &one);
		if (room_option_is_known(one.key) && is_meant(c, one.key)
		    && !says_the_same(c, &was, one.key))
			mods_put_one(m, op, LDAP_MOD_DELETE, ATTR_ROOM_OPTION,
			    values[i]);
	}
	for (size_t i = 0; i < c->is.option_n; i++)
		if (is_meant(c, c->is.options[i].key)
		    && !has(was.v, was.n, &c->is.options[i]))
			mods_put_one(m, op, LDAP_MOD_ADD, ATTR_ROOM_OPTION,
			    texts[i]);
}

static void configure_read(struct xdb_op *op)
{
	const struct configure *c = op->data;
	const struct entry *e = c->call->entries;
	struct mods m = { 0 };

	if (op_failed(op, c->call))
		return;
	if (e == NULL) {
		op_finish(op, XDB_ABSENT, "no such room");
		return;
	}
	for (size_t i = 0; i < COUNT(fields); i++)
		if (c->is_all || !slice_eq(field_of(&c->was, i),
		    field_of(&c->is, i)))
			mods_change(&m, op, e, fields[i].attr,
			    field_of(&c->is, i));
	put_options(op, &m, e);
	if (m.n == 0)
		op_finish(op, XDB_OK, NULL);
	else
		op_await_one(op, call_modify(op, c->dn, &m));
}

struct xdb_op *xdb_room_set_subject(struct xdb *db, struct slice dn,
    struct slice subject)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct mods m = { 0 };

	if (!op_owns(op, dn, db->rooms_base))
		return op;
	mods_set(&m, op, ATTR_SUBJECT, subject);
	op_await_one(op, call_modify(op, op_text(op, dn), &m));
	return op;
}

struct xdb_op *xdb_room_set_bound_state(struct xdb *db, struct slice dn,
    const struct xdb_bound_state *state, struct slice was, struct slice bound_to)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct buf value = { 0 };
	struct mods m = { 0 };

	if (!op_owns(op, dn, db->rooms_base))
		return op;
	if (state->read_s != 0 || state->failed_s != 0)
		bound_state_write(&value, state);
	mods_set(&m, op, ATTR_BOUND_STATE, slice_of(op_take(op, &value)));
	if (bound_to.n != 0) {
		/* This very value, or nothing: somebody may have written another. */
		mods_put_one(&m, op, LDAP_MOD_DELETE, ATTR_BOUND_TO, was);
		mods_put_one(&m, op, LDAP_MOD_ADD, ATTR_BOUND_TO, bound_to);
	}
	op_await_one(op, call_modify(op, op_text(op, dn), &m));
	return op;
}

struct xdb_op *xdb_room_delete(struct xdb *db, struct slice dn)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));

	if (op_owns(op, dn, db->rooms_base))
		op_await_one(op, call_delete(op, op_text(op, dn)));
	return op;
}
