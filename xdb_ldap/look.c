/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/look.c — many people at once: are they still there, and where?
 *
 * Forty names go into one filter (seek.h).  What is found is a hint for who would
 * otherwise read them one by one: somebody who comes twice, or by another attribute than
 * the one that names accounts, is left out, and so looked at closely. */
#include "xdb_ldap/seek.h"

struct look {
	struct seek seek;               /* first: seek.h */
	const struct slice *names;
	size_t n;
};

static void look_begin(struct xdb_op *op);
static void look_hit(struct xdb_op *op, struct sought *one, const struct entry *e);
static void look_end(struct xdb_op *op);

static void look_over(struct xdb_op *op)
{
	struct look *l = op->data;

	seek_fini(&l->seek);
}

struct xdb_op *xdb_people_look(struct xdb *db, const struct slice *names, size_t n)
{
	struct xdb_op *op = op_new(db, sizeof (struct look));
	struct look *l = op->data;
	struct slice *copies = arena_alloc(&op->arena, (n + 1) * sizeof *copies);

	op->over = look_over;
	for (size_t i = 0; i < n; i++)
		copies[i] = slice_dup(&op->arena, names[i]);
	l->names = copies;
	l->n = n;
	if (n > XDB_LOOK_MOST)
		op_finish(op, XDB_BROKEN, "too many at once");
	else
		op_yield(op, look_begin);
	return op;
}

static void look_begin(struct xdb_op *op)
{
	struct look *l = op->data;

	seek_begin(op, &l->seek);
	for (size_t i = 0; i < l->n; i++)
		seek_add(op, &l->seek, &(struct sought){ .form = FORM_UID,
		    .value = l->names[i] });
	seek_people(op, look_hit, look_end);
}

static void look_hit(struct xdb_op *op, struct sought *one, const struct entry *e)
{
	(void)op;
	one->is_several |= one->person != NULL && one->person != e;
	one->person = e;
}

static void look_end(struct xdb_op *op)
{
	struct look *l = op->data;
	struct xdb_account *found = arena_alloc(&op->arena,
	    (l->n + 1) * sizeof *found);

	for (size_t i = 0; i < l->seek.asked_n; i++) {
		const struct sought *one = &l->seek.asked[i];
		struct xdb_person *p = &found[op->res.n].person;

		if (one->person == NULL || one->is_several
		    || !entry_name(one->person, ATTR_NAME, one->value, &p->uid))
			continue;
		p->dn = one->person->dn;
		p->uuid = entry_one(one->person, ATTR_UUID);
		op->res.n++;
	}
	op->res.accounts = found;
	op_finish(op, XDB_OK, NULL);
}
