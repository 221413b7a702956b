/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fake/groups.c — the one list of the fake directory; included by xdb.c. */

static struct fake_list {
	struct buf people;              /* "ann:2 bob:1": uid and roles */
	bool is_there, is_dynamic;
	size_t unresolved;
	const char *place;
} fake_list;
static struct slice fake_list_uuid = SLICE_INIT("the-list");

void fake_xdb_list(const char *who, bool is_dynamic, size_t unresolved)
{
	buf_clear(&fake_list.people);
	fake_list.is_there = who != NULL;
	fake_list.is_dynamic = is_dynamic;
	fake_list.unresolved = unresolved;
	if (who != NULL)
		buf_adds(&fake_list.people, who);
	else
		buf_fini(&fake_list.people);
}

void fake_xdb_list_is_at(const char *dn)
{
	fake_list.place = dn;
}

static size_t words_of(struct slice rest)
{
	struct slice word;
	size_t n = 0;

	while (slice_word(&rest, &word))
		n++;
	return n;
}

static void run_group_load(struct xdb_op *op, struct xdb_result *res)
{
	struct slice rest = buf_slice(&fake_list.people), word, roles;
	struct xdb_group *g = ARENA_NEW(&op->arena, struct xdb_group);
	uint64_t bits;

	if (!fake_list.is_there || (fake_list.place != NULL
	    && !slice_is(op->a, fake_list.place))) {
		res->status = XDB_ABSENT;
		res->why = "no such entry";
		return;
	}
	*g = (struct xdb_group){ .dn = op->a, .uuid = fake_list_uuid,
		.parts = &fake_list_uuid, .part_n = 1, .is_dynamic = fake_list.is_dynamic,
		.unresolved_n = fake_list.unresolved };
	g->members = arena_alloc(&op->arena,
	    (words_of(rest) + 1) * sizeof *g->members);
	while (slice_word(&rest, &word)) {
		struct xdb_member *m = &g->members[g->member_n++];

		slice_cut(word, ':', &m->uid, &roles);
		m->uuid = m->uid;
		slice_number(roles, 15, &bits);
		m->roles = (unsigned)bits;
	}
	res->group = g;
}

struct xdb_op *xdb_group_load(struct xdb *db, struct slice dn)
{
	(void)db;
	return op_new(run_group_load, dn, dn);
}

static void run_group_find(struct xdb_op *op, struct xdb_result *res)
{
	struct xdb_group *g = ARENA_NEW(&op->arena, struct xdb_group);

	if (!fake_list.is_there || fake_list.place == NULL
	    || !slice_eq(op->a, fake_list_uuid)) {
		res->status = XDB_ABSENT;
		return;
	}
	*g = (struct xdb_group){ .dn = slice_of(fake_list.place),
		.uuid = fake_list_uuid };
	res->groups = g;
	res->n = 1;
}

struct xdb_op *xdb_group_find(struct xdb *db, struct slice uuid)
{
	(void)db;
	return op_new(run_group_find, uuid, uuid);
}
