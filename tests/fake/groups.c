/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fake/groups.c — the one list of the fake directory; included by xdb.c. */

static struct fake_list {
	struct buf people;              /* "ann:2 bob:1": uid and roles */
	bool is_there, is_dynamic;
	size_t unresolved;
} fake_list;

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
	static struct slice part = SLICE_INIT("the-list");
	uint64_t bits;

	if (!fake_list.is_there) {
		res->status = XDB_ABSENT;
		res->why = "no such entry";
		return;
	}
	*g = (struct xdb_group){ .dn = op->a, .uuid = part, .parts = &part,
		.part_n = 1, .is_dynamic = fake_list.is_dynamic,
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
