/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/root.c — the root DSE: asked for, and what it means. */
#include "xdb_ldap/root.h"

#include "base/log.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/op.h"
#include "xdb_ldap/pool.h"
#include "xdb_ldap/preset.h"
#include "xdb_ldap/sync.h"
#include "xdb_ldap/usability.h"

#define ASSERTION_OID "1.3.6.1.1.12"
#define POLICY_OID    "1.3.6.1.4.1.42.2.27.8.5.1"     /* draft-behera-ldap-password-policy */

static bool has(const struct entry *e, enum attr attr, const char *oid)
{
	size_t n;
	struct slice *values = e != NULL ? entry_all(e, attr, &n) : NULL;

	for (size_t i = 0; values != NULL && i < n; i++)
		if (slice_is(values[i], oid))
			return true;
	return false;
}

/* Password policies are anywhere in the tree that people are in (RFC 4512 §5.1,
 * namingContexts): its root, the nearest one, or what is known without. */
static const char *tree_of_people(struct xdb *db, const struct entry *found)
{
	const char *tree = db->password_policy != NULL
	    && *db->password_policy != '\0' ? db->password_policy : db->people_base;
	struct buf normal = { 0 };
	size_t n = 0, longest = 0;
	struct slice *values = found != NULL
	    ? entry_all(found, ATTR_NAMING_CONTEXT, &n) : NULL;

	for (size_t i = 0; i < n; i++) {
		buf_clear(&normal);
		if (!dn_normal(&normal, values[i]) || normal.n <= longest
		    || !dn_is_below(buf_slice(&db->people_normal),
		    buf_slice(&normal)))
			continue;
		longest = normal.n;
		tree = slice_cstr(&db->arena, values[i]);
	}
	buf_fini(&normal);
	return tree;
}

/* A root DSE that we may not read tells nothing: then it is taken for
 * OpenLDAP's, whose people show an entryUUID; those who show none stay out. */
void root_learn(struct xdb *db, const struct entry *found)
{
	struct root *r = &db->root;
	bool is_readable = found != NULL
	    && entry_find(found, ATTR_SUPPORTED_CONTROL) != NULL;
	enum xdb_preset is = found != NULL ? preset_of_root(found)
	    : XDB_OPENLDAP;

	r->is_known = true;
	r->has_usability = has(found, ATTR_SUPPORTED_CONTROL, USABILITY_OID);
	/* One that says nothing is asked, and says no itself. */
	r->has_assertion = !is_readable
	    || has(found, ATTR_SUPPORTED_CONTROL, ASSERTION_OID);
	r->has_policy = !is_readable
	    || has(found, ATTR_SUPPORTED_CONTROL, POLICY_OID);
	r->looks_like = is_readable ? is : XDB_AUTO;
	if (r->preset == XDB_AUTO)
		r->preset = is;
	db->policies_base = tree_of_people(db, found);
	map_preset(&db->names, &db->arena, r->preset);
}

static void learn(struct xdb *db, const struct entry *found)
{
	const struct root *r = &db->root;

	root_learn(db, found);
	log_event(LOG_INFO, "ldap-preset", "-", "preset=%s looks-like=%s "
	    "usability=%d", preset_texts[r->preset],
	    r->looks_like != XDB_AUTO ? preset_texts[r->looks_like] : "-",
	    r->has_usability);
}

/* --- asking --------------------------------------------------------------------------- */

struct asked { struct call *call; };

static void found(struct xdb_op *op);

static struct xdb_op *ask(struct xdb *db, bool is_of_watch)
{
	struct xdb_op *op = op_new(db, sizeof (struct asked));
	struct asked *a = op->data;

	a->call = call_search(op, &(struct search){ .base = "",
	    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
	    .set = SET_ROOT, .is_of_watch = is_of_watch, .is_of_root = true });
	op_await(op, found);
	return op;
}

static bool is_weather(enum xdb_status status)
{
	return status == XDB_DOWN || status == XDB_BUSY;
}

static void found(struct xdb_op *op)
{
	struct call *c = ((struct asked *)op->data)->call;

	if (!op->db->root.is_known && !is_weather(c->status))
		learn(op->db, c->status == XDB_OK ? c->entries : NULL);
	if (op_failed(op, c))
		return;
	op->res.n = has(c->entries, ATTR_SUPPORTED_CONTROL, SYNC_REQUEST_OID);
	op_finish(op, XDB_OK, NULL);
}

struct xdb_op *root_ask(struct xdb *db)
{
	return ask(db, true);
}

static void answered(const struct xdb_result *res, void *ctx)
{
	struct xdb *db = ctx;

	(void)res;
	db->root.op = NULL;
	db->root.is_wanted = false;
	if (db->root.is_known)
		pool_pump(&db->search);
}

void root_want(struct xdb *db)
{
	/* Sending it comes by here again, for what waits behind it. */
	if (db->root.is_known || db->root.is_wanted)
		return;
	db->root.is_wanted = true;
	db->root.op = ask(db, false);
	xdb_then(db->root.op, answered, db);
}
