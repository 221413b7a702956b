/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/roster.c — one change of a roster is one modify.
 *
 * Delete the old value, add the new, and the same with the version: that fails as
 * a whole when the version the change was decided at is not there any more.  Every
 * server can do that.  An assertion (RFC 4528) would say it too, and must not: under
 * one, slapd (2.5.13) does not write its contextCSN, for it checks the assertion on
 * the entry that holds it; a provider that dies then comes back not knowing what it
 * had, copies from the others what it has already, and loses changes over it.
 *
 * What is missed (16) may be the version, or a value that some other tool wrote in a
 * spelling of its own: that is looked up by its JID and the modify sent once more; at
 * once where several values are of that JID. */
#include <stdio.h>

#include "xdb_ldap/filter.h"
#include "xdb_ldap/op.h"
#include "xdb_ldap/sound.h"
#include "xdb_ldap/values.h"
#include "xdb_ldap/owner.h"

struct change {
	struct owner owner;
	const char *dn;
	uint64_t version;
	/* One of each for either attribute; empty: nothing to do. */
	struct slice item_remove, item_add, pending_remove, pending_add;
	struct call *call;
	bool is_twice;                  /* several values are of that JID */
	bool was_looked_up;
	struct slice found_version;     /* as was seen when looking it up */
};

/* --- the modify ------------------------------------------------------------------------------- */

static void filter_not(struct buf *filter, const char *name, const char *least)
{
	filter_open(filter, '!');
	if (least == NULL)
		filter_present(filter, name);
	else
		filter_least(filter, name, slice_of(least));
	filter_close(filter);
}

/* A profile that has no version yet is at 0, and so is one with a number that is
 * none of ours: the change puts it right, and of two that try one is too late. */
static const char *at_version(struct xdb_op *op, uint64_t version)
{
	const char *name = op_name(op, ATTR_ROSTER_VERSION);
	struct buf filter = { 0 };
	char text[24];

	if (version == 0) {
		filter_open(&filter, '|');
		filter_not(&filter, name, NULL);
		filter_not(&filter, name, "0");
		snprintf(text, sizeof text, "%d", ROSTER_VERSION_MOST + 1);
		filter_least(&filter, name, slice_of(text));
	}
	snprintf(text, sizeof text, "%llu", (unsigned long long)version);
	filter_eq(&filter, name, slice_of(text));
	if (version == 0)
		filter_close(&filter);
	return op_take(op, &filter);
}

static void put_number(struct mods *m, struct xdb_op *op, int operation,
    uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	mods_put_one(m, op, operation, ATTR_ROSTER_VERSION, slice_of(text));
}

static void put_version(struct mods *m, struct xdb_op *op)
{
	const struct change *ch = op->data;

	if (!ch->was_looked_up)
		put_number(m, op, LDAP_MOD_DELETE, ch->version);
	else if (ch->found_version.n != 0)
		mods_put_one(m, op, LDAP_MOD_DELETE, ATTR_ROSTER_VERSION,
		    ch->found_version);
	put_number(m, op, LDAP_MOD_ADD, ch->version + 1);
}

static void put_if(struct mods *m, struct xdb_op *op, int operation,
    enum attr attr, struct slice value)
{
	if (value.n != 0)
		mods_put_one(m, op, operation, attr, value);
}

static void change_sent(struct xdb_op *op);
static void look_up(struct xdb_op *op);

static void change_send(struct xdb_op *op, struct mods *m)
{
	struct change *ch = op->data;

	put_if(m, op, LDAP_MOD_ADD, ATTR_ROSTER_ITEM, ch->item_add);
	put_if(m, op, LDAP_MOD_ADD, ATTR_PENDING, ch->pending_add);
	put_version(m, op);
	ch->call = call_modify(op, ch->dn, m);
	op_await(op, change_sent);
}

static struct slice item_text(struct xdb_op *op, const struct xdb_roster_item *item)
{
	struct buf value = { 0 };

	if (item == NULL)
		return slice_make(NULL, 0);
	roster_item_write(&value, item);
	return slice_of(op_take(op, &value));
}

static struct slice pending_text(struct xdb_op *op, const struct xdb_pending *pending)
{
	struct buf value = { 0 };

	if (pending == NULL)
		return slice_make(NULL, 0);
	pending_write(&value, pending);
	return slice_of(op_take(op, &value));
}

static void change_begin(struct xdb_op *op)
{
	struct change *ch = op->data;
	struct mods m = { 0 };

	if (ch->is_twice) {
		look_up(op);
		return;
	}
	put_if(&m, op, LDAP_MOD_DELETE, ATTR_ROSTER_ITEM, ch->item_remove);
	put_if(&m, op, LDAP_MOD_DELETE, ATTR_PENDING, ch->pending_remove);
	change_send(op, &m);
}

struct xdb_op *xdb_roster_change(struct xdb *db, const struct xdb_roster_change *change)
{
	struct xdb_op *op = op_new(db, sizeof (struct change));
	struct change *ch = op->data;

	if (!op_owns(op, change->profile_dn, db->profiles_base))
		return op;
	ch->dn = op_text(op, change->profile_dn);
	ch->version = change->version;
	ch->item_remove = item_text(op, change->item_remove);
	ch->item_add = item_text(op, change->item_add);
	ch->pending_remove = pending_text(op, change->pending_remove);
	ch->pending_add = pending_text(op, change->pending_add);
	ch->is_twice = change->item_remove != NULL && change->item_remove->is_twice;
	owner_look(op, ch->dn, change->person_uuid, change_begin);
	return op;
}

static void change_sent(struct xdb_op *op)
{
	struct change *ch = op->data;

	if (ch->call->code == LDAP_NO_SUCH_ATTRIBUTE && !ch->was_looked_up) {
		look_up(op);
		return;
	}
	if (op_failed(op, ch->call))
		return;
	op->res.version = ch->version + 1;
	op_finish(op, XDB_OK, NULL);
}

/* --- values in a spelling that is not ours ---------------------------------------------------------- */

static void looked_up(struct xdb_op *op);

static void look_up(struct xdb_op *op)
{
	struct change *ch = op->data;

	ch->was_looked_up = true;
	ch->call = call_search(op, &(struct search){ .base = ch->dn,
	    .scope = LDAP_SCOPE_BASE, .filter = at_version(op, ch->version),
	    .set = SET_ROSTER });
	op_await(op, looked_up);
}

/* Deletes every value with the JID of `like`; false: there is none. */
static bool put_alike(struct mods *m, struct xdb_op *op, const struct entry *e,
    enum attr attr, struct slice like)
{
	struct slice jid = sound_value_jid(op->db, &op->arena, like);
	size_t n, was = m->n;
	struct slice *values = entry_all(e, attr, &n);

	if (like.n == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (slice_eq(sound_value_jid(op->db, &op->arena, values[i]), jid))
			mods_put_one(m, op, LDAP_MOD_DELETE, attr, values[i]);
	return m->n != was;
}

static void looked_up(struct xdb_op *op)
{
	struct change *ch = op->data;
	struct call *c = ch->call;
	struct mods m = { 0 };

	if (op_failed(op, c))
		return;
	if (c->entries == NULL
	    || !put_alike(&m, op, c->entries, ATTR_ROSTER_ITEM, ch->item_remove)
	    || !put_alike(&m, op, c->entries, ATTR_PENDING, ch->pending_remove)) {
		op_finish(op, XDB_CONFLICT, "the value to be replaced is gone");
		return;
	}
	ch->found_version = entry_one(c->entries, ATTR_ROSTER_VERSION);
	change_send(op, &m);
}
