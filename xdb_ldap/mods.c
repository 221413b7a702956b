/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/mods.c — lists of changes as libldap takes them, in the memory of their
 * operation; call.h says what they promise. */
#include "xdb_ldap/call.h"
#include "xdb_ldap/op.h"

static void mods_grow(struct mods *m, struct xdb_op *op)
{
	LDAPMod **more;

	if (m->n + 1 < m->room)
		return;
	m->room = m->room != 0 ? m->room * 2 : 8;
	more = arena_alloc(&op->arena, m->room * sizeof (LDAPMod *));
	if (m->n != 0)
		memcpy(more, m->v, m->n * sizeof (LDAPMod *));
	m->v = more;
}

static struct berval *berval_dup(struct xdb_op *op, struct slice s)
{
	struct berval *bv = ARENA_NEW(&op->arena, struct berval);

	bv->bv_len = s.n;
	bv->bv_val = arena_dup(&op->arena, s.p, s.n);
	return bv;
}

void mods_put(struct mods *m, struct xdb_op *op, int operation, enum attr attr,
    const struct slice *values, size_t n)
{
	const char *name = op_name(op, attr);
	LDAPMod *mod = ARENA_NEW(&op->arena, LDAPMod);

	mod->mod_op = operation | LDAP_MOD_BVALUES;
	mod->mod_type = arena_dup(&op->arena, name, strlen(name));
	if (n != 0) {
		mod->mod_bvalues = arena_alloc(&op->arena,
		    (n + 1) * sizeof (struct berval *));
		for (size_t i = 0; i < n; i++)
			mod->mod_bvalues[i] = berval_dup(op, values[i]);
	}
	mods_grow(m, op);
	m->v[m->n++] = mod;
}

void mods_put_one(struct mods *m, struct xdb_op *op, int operation,
    enum attr attr, struct slice value)
{
	mods_put(m, op, operation, attr, &value, 1);
}

void mods_set(struct mods *m, struct xdb_op *op, enum attr attr, struct slice value)
{
	mods_put(m, op, LDAP_MOD_REPLACE, attr, &value, value.n != 0 ? 1 : 0);
}

/* The first value is the one that is shown, so the new one must stand there: where
 * there are more they go and come again behind it, in the same modify. */
void mods_change(struct mods *m, struct xdb_op *op, const struct entry *e,
    enum attr attr, struct slice value)
{
	size_t n, kept = 0;
	struct slice *was = entry_all(e, attr, &n);
	struct slice *is = arena_alloc(&op->arena, (n + 1) * sizeof *is);

	if (slice_eq(n != 0 ? was[0] : slice_make("", 0), value))
		return;
	if (value.n == 0) {
		mods_put_one(m, op, LDAP_MOD_DELETE, attr, was[0]);
		return;
	}
	is[kept++] = value;
	for (size_t i = 1; i < n; i++)
		if (!slice_eq_nocase(was[i], value))
			is[kept++] = was[i];
	if (n != 0)
		mods_put(m, op, LDAP_MOD_DELETE, attr, was, n);
	mods_put(m, op, LDAP_MOD_ADD, attr, is, kept);
}
