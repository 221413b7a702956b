/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/whose.c — an entry's UUID, compared where it stands. */
#include "xdb_ldap/whose.h"

#include "base/log.h"
#include "xdb_ldap/sync.h"

/* As the server has it: octets, or text of one form or another (sync.h). */
static struct slice value_of(struct xdb_op *op, struct slice uuid)
{
	struct buf id = { 0 };
	struct slice value;

	if (!sync_id_of_uuid(op_name(op, ATTR_UUID), uuid, &id))
		return uuid;
	value = slice_dup(&op->arena, buf_slice(&id));
	buf_fini(&id);
	return value;
}

struct call *whose_ask(struct xdb_op *op, struct slice dn, struct slice uuid,
    struct pool *in)
{
	if (!op->db->compares_nothing)
		return call_compare(op, op_text(op, dn), ATTR_UUID,
		    value_of(op, uuid), in);
	return call_search(op, &(struct search){ .base = op_text(op, dn),
	    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
	    .set = SET_NAME, .in = in });
}

/* The UUID was read once, so this is no word about the entry (slapd says
 * insufficientAccess, others what they like). */
static enum whose not_compared(const struct call *c)
{
	if (!c->op->db->compares_nothing)
		log_event(LOG_WARN, "ldap-compare", "-", "code=%d meaning=%s it is "
		    "read instead: let the service compare %s of people", c->code,
		    log_text(slice_of(ldap_err2string(c->code))), c->attribute);
	c->op->db->compares_nothing = true;
	return WHOSE_ASK_AGAIN;
}

static enum whose read_says(const struct call *c, struct slice uuid)
{
	struct slice is = c->entries != NULL ? entry_one(c->entries, ATTR_UUID)
	    : slice_make(NULL, 0);

	if (c->entries == NULL)
		return WHOSE_OTHER;
	return is.n == 0 ? WHOSE_UNKNOWN
	    : slice_eq_nocase(is, uuid) ? WHOSE_SAME : WHOSE_OTHER;
}

enum whose whose_says(const struct call *c, struct slice uuid)
{
	if (c->status == XDB_ABSENT || c->status == XDB_CONFLICT)
		return WHOSE_OTHER;
	if (c->kind == CALL_SEARCH)
		return c->status == XDB_OK ? read_says(c, uuid) : WHOSE_UNKNOWN;
	return c->status == XDB_OK ? WHOSE_SAME
	    : c->status == XDB_REFUSED ? not_compared(c) : WHOSE_UNKNOWN;
}
