/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fake/rooms.c — the rooms of the fake directory; included by xdb.c. */

enum { ROOMS = 4, ROOM_PEOPLE = 16 };

static struct fake_room {
	struct arena arena;             /* empty: no room stands here */
	struct xdb_room room;
	struct xdb_room_person people[ROOM_PEOPLE];
} fake_rooms[ROOMS];

static void fake_rooms_reset(void)
{
	for (int i = 0; i < ROOMS; i++) {
		arena_fini(&fake_rooms[i].arena);
		fake_rooms[i] = (struct fake_room){ .arena = { NULL } };
	}
}

static struct fake_room *fake_room_of(struct slice name, struct slice dn)
{
	for (int i = 0; i < ROOMS; i++) {
		struct fake_room *f = &fake_rooms[i];

		if (f->room.dn.n != 0 && (slice_eq(f->room.name, name)
		    || slice_eq(f->room.dn, dn)))
			return f;
	}
	return NULL;
}

static struct xdb_room_option *options_copy(struct arena *a,
    const struct xdb_room *room)
{
	struct xdb_room_option *all = arena_alloc(a,
	    (room->option_n + 1) * sizeof *all);

	for (size_t i = 0; i < room->option_n; i++)
		all[i] = (struct xdb_room_option){
			slice_dup(a, room->options[i].key),
			slice_dup(a, room->options[i].value) };
	return all;
}

static struct xdb_room_person person_copy(struct arena *a,
    const struct xdb_room_person *p)
{
	return (struct xdb_room_person){ .jid = slice_dup(a, p->jid),
		.dn = slice_dup(a, p->dn), .nick = slice_dup(a, p->nick),
		.reason = slice_dup(a, p->reason),
		.affiliation = p->affiliation };
}

/* Everything but name, DN and people. */
static void settings_copy(struct arena *a, struct xdb_room *to,
    const struct xdb_room *from)
{
	to->title = slice_dup(a, from->title);
	to->description = slice_dup(a, from->description);
	to->subject = slice_dup(a, from->subject);
	to->language = slice_dup(a, from->language);
	to->bound_to = slice_dup(a, from->bound_to);
	to->options = options_copy(a, from);
	to->option_n = from->option_n;
}

static void run_room_load(struct xdb_op *op, struct xdb_result *res)
{
	const struct fake_room *f = fake_room_of(op->a, SLICE(""));

	res->status = f != NULL ? XDB_OK : XDB_ABSENT;
	res->room = f != NULL ? &f->room : NULL;
}

struct xdb_op *xdb_room_load(struct xdb *db, struct slice name)
{
	(void)db;
	return op_new(run_room_load, name, name);
}

struct xdb_op *xdb_room_load_again(struct xdb *db, struct slice name,
    const struct xdb_room_named *named, size_t n)
{
	(void)named;
	(void)n;                        /* nobody moves in the fake */
	return xdb_room_load(db, name);
}

static void run_room_mend(struct xdb_op *op, struct xdb_result *res)
{
	(void)op;
	res->status = XDB_OK;
}

struct xdb_op *xdb_room_mend(struct xdb *db, struct slice dn,
    const struct xdb_room_stale *stale, size_t n)
{
	(void)db;
	(void)stale;
	assert(n == 0);
	return op_new(run_room_mend, dn, dn);
}

static void run_room_list(struct xdb_op *op, struct xdb_result *res)
{
	struct xdb_room *all = arena_alloc(&op->arena, ROOMS * sizeof *all);

	for (int i = 0; i < ROOMS; i++)
		if (fake_rooms[i].room.dn.n != 0)
			all[res->n++] = fake_rooms[i].room;
	res->rooms = all;
}

struct xdb_op *xdb_room_list(struct xdb *db)
{
	(void)db;
	return op_new(run_room_list, SLICE(""), SLICE(""));
}

static void run_room_create(struct xdb_op *op, struct xdb_result *res)
{
	const struct xdb_room *room = op->room;
	struct fake_room *f = fake_rooms;

	if (fake_room_of(room->name, SLICE("")) != NULL) {
		res->status = XDB_CONFLICT;
		return;
	}
	while (f->room.dn.n != 0)
		assert(++f < fake_rooms + ROOMS);
	settings_copy(&f->arena, &f->room, room);
	f->room.name = slice_dup(&f->arena, room->name);
	f->room.dn = slice_dup(&f->arena, op->a);
	f->room.people = f->people;
	f->room.person_n = room->person_n;
	for (size_t i = 0; i < room->person_n; i++)
		f->people[i] = person_copy(&f->arena, &room->people[i]);
	res->room = &f->room;
}

/* Promise 3: what is asked for is copied at once. */
static struct xdb_room *room_copy(struct arena *a, const struct xdb_room *from)
{
	struct xdb_room *to = ARENA_NEW(a, struct xdb_room);

	settings_copy(a, to, from);
	to->dn = slice_dup(a, from->dn);
	to->name = slice_dup(a, from->name);
	to->people = arena_alloc(a, (from->person_n + 1) * sizeof *to->people);
	to->person_n = from->person_n;
	for (size_t i = 0; i < from->person_n; i++)
		to->people[i] = person_copy(a, &from->people[i]);
	return to;
}

struct xdb_op *xdb_room_create(struct xdb *db, const struct xdb_room *room)
{
	struct buf dn = { 0 };
	struct xdb_op *op;

	(void)db;
	assert(room->person_n <= ROOM_PEOPLE);
	buf_adds(&dn, "room=");
	buf_add(&dn, room->name);
	op = op_new(run_room_create, buf_slice(&dn), room->name);
	op->room = room_copy(&op->arena, room);
	buf_fini(&dn);
	return op;
}

static void run_room_delete(struct xdb_op *op, struct xdb_result *res)
{
	struct fake_room *f = fake_room_of(SLICE(""), op->a);

	if (f == NULL) {
		res->status = XDB_ABSENT;
		return;
	}
	arena_fini(&f->arena);
	*f = (struct fake_room){ .arena = { NULL } };
}

struct xdb_op *xdb_room_delete(struct xdb *db, struct slice dn)
{
	(void)db;
	return op_new(run_room_delete, dn, dn);
}

static void run_room_configure(struct xdb_op *op, struct xdb_result *res)
{
	struct fake_room *f = fake_room_of(SLICE(""), op->a);

	if (f == NULL)
		res->status = XDB_ABSENT;
	else
		settings_copy(&f->arena, &f->room, op->room);
}

struct xdb_op *xdb_room_configure(struct xdb *db, const struct xdb_room *was,
    const struct xdb_room *is)
{
	struct xdb_op *op = op_new(run_room_configure, is->dn, is->name);

	(void)db;
	(void)was;                      /* nobody else writes the fake's rooms */
	op->room = room_copy(&op->arena, is);
	return op;
}

static void run_room_subject(struct xdb_op *op, struct xdb_result *res)
{
	struct fake_room *f = fake_room_of(SLICE(""), op->a);

	if (f == NULL)
		res->status = XDB_ABSENT;
	else
		f->room.subject = slice_dup(&f->arena, op->b);
}

struct xdb_op *xdb_room_set_subject(struct xdb *db, struct slice dn,
    struct slice subject)
{
	(void)db;
	return op_new(run_room_subject, dn, subject);
}

static void run_room_bound_state(struct xdb_op *op, struct xdb_result *res)
{
	struct fake_room *f = fake_room_of(SLICE(""), op->a);

	if (f == NULL) {
		res->status = XDB_ABSENT;
		return;
	}
	f->room.bound_state = op->room->bound_state;
	f->room.bound_state.why = slice_dup(&f->arena, op->b);
}

struct xdb_op *xdb_room_set_bound_state(struct xdb *db, struct slice dn,
    const struct xdb_bound_state *state, struct slice was, struct slice bound_to)
{
	struct xdb_op *op = op_new(run_room_bound_state, dn, state->why);

	(void)db;
	(void)was;
	(void)bound_to;                 /* the fake's list is never renamed */
	op->room = ARENA_NEW(&op->arena, struct xdb_room);
	op->room->bound_state = *state;
	return op;
}

static void run_room_affiliation(struct xdb_op *op, struct xdb_result *res)
{
	struct fake_room *f = fake_room_of(SLICE(""), op->a);
	const struct xdb_room_person *was = &op->room->people[0], *is = was + 1;
	enum xdb_affiliation found = AFF_NONE;
	size_t at;

	if (f == NULL) {
		res->status = XDB_ABSENT;
		return;
	}
	for (at = 0; at < f->room.person_n; at++)
		if (slice_eq(f->people[at].jid, is->jid))
			break;
	if (at < f->room.person_n)
		found = f->people[at].affiliation;
	if (found != was->affiliation) {
		res->status = XDB_CONFLICT;
		return;
	}
	if (at < f->room.person_n)
		f->people[at] = f->people[--f->room.person_n];
	if (is->affiliation != AFF_NONE) {
		assert(f->room.person_n < ROOM_PEOPLE);
		f->people[f->room.person_n++] = person_copy(&f->arena, is);
	}
}

struct xdb_op *xdb_room_set_affiliation(struct xdb *db, struct slice dn,
    const struct xdb_room_person *was, const struct xdb_room_person *is)
{
	struct xdb_op *op = op_new(run_room_affiliation, dn, is->jid);
	struct xdb_room_person both[] = { *was, *is };

	(void)db;
	op->room = room_copy(&op->arena,
	    &(struct xdb_room){ .people = both, .person_n = 2 });
	return op;
}

const struct xdb_room *fake_xdb_room(const char *name)
{
	const struct fake_room *f = fake_room_of(slice_of(name), SLICE(""));

	return f != NULL ? &f->room : NULL;
}
