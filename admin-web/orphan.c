/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/orphan.c — accounts whose person is gone: found, removed, by page or API. */
#include "admin-web/orphan.h"

#include "admin-web/api.h"
#include "admin-web/person.h"
#include "admin-web/removal.h"
#include "admin-web/web.h"

struct xdb_orphan *orphan_of(struct exchange *x, const struct xdb_orphan *o)
{
	struct xdb_orphan *copy = ARENA_NEW(&x->arena, struct xdb_orphan);
	struct slice *texts[] = { &copy->dn, &copy->jid, &copy->uuid,
		&copy->person_dn, &copy->heir, &copy->heir_uuid, &copy->heir_dn };

	*copy = *o;
	for (size_t i = 0; i < COUNT(texts); i++)
		*texts[i] = slice_dup(&x->arena, *texts[i]);
	return copy;
}

/* --- finding one ---------------------------------------------------------------------- */

struct finding { orphan_fn *then; };

static void orphan_loaded(struct exchange *x, const struct xdb_result *res)
{
	struct finding *find = x->act;

	if (res->status != XDB_OK)
		exchange_fail_xdb(x, res->status);
	else if (res->n == 0)
		exchange_fail(x, 404, T_NO_SUCH_ORPHAN);
	else
		find->then(x, orphan_of(x, &res->orphans[0]));
}

void orphan_find(struct exchange *x, struct slice uuid, orphan_fn *then)
{
	struct finding *find = ARENA_NEW(&x->arena, struct finding);

	find->then = then;
	x->act = find;
	exchange_await(x, xdb_orphan_list(x->web->db, uuid, slice_make(NULL, 0), 1),
	    orphan_loaded);
}

/* --- removing it ------------------------------------------------------------------------ */

void orphan_delete(struct exchange *x, const struct xdb_orphan *o,
    exchange_fn *then)
{
	removal_start(x, &(struct removal_of){ .action = "orphan-delete",
	    .target = o->jid, .uuid = o->uuid, .profile_dn = o->dn }, then);
}

/* --- as others see it --------------------------------------------------------------------- */

const char *orphan_path(struct exchange *x, const struct xdb_orphan *o)
{
	return exchange_path(x, "/orphans/", o->uuid);
}

static void set(json_t *o, const char *name, struct slice value)
{
	json_object_set_new(o, name, value.n != 0 ? api_text(value) : json_null());
}

json_t *orphan_json(const struct xdb_orphan *o)
{
	json_t *object = json_object();

	set(object, "id", o->uuid);
	set(object, "jid", o->jid);
	set(object, "status", slice_of(person_status_name(o->status)));
	set(object, "entry", o->dn);
	set(object, "person", o->person_dn);
	set(object, "heir", o->heir);
	return object;
}
