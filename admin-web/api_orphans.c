/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/api_orphans.c — /api/v1/orphans. */
#include "admin-web/api.h"
#include "admin-web/api_routes.h"
#include "admin-web/orphan.h"
#include "admin-web/web.h"

enum { LIMIT = 50, LIMIT_MOST = 500 };

static void list_found(struct exchange *x, const struct xdb_result *res)
{
	json_t *orphans;

	if (res->status != XDB_OK) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	orphans = json_array();
	for (size_t i = 0; i < res->n; i++)
		json_array_append_new(orphans, orphan_json(&res->orphans[i]));
	api_answer(x, 200, json_pack("{s:o, s:b}", "orphans", orphans,
	    "isCut", res->is_cut));
}

void api_orphans_list(struct exchange *x)
{
	struct slice any = { NULL, 0 };
	unsigned limit;

	if (api_query_number(x, "limit", LIMIT, LIMIT_MOST, &limit))
		exchange_await(x, xdb_orphan_list(x->web->db, any, any, limit),
		    list_found);
}

static void get_found(struct exchange *x, struct xdb_orphan *o)
{
	api_answer(x, 200, orphan_json(o));
}

void api_orphan_get(struct exchange *x)
{
	orphan_find(x, x->param[0], get_found);
}

static void deleted(struct exchange *x)
{
	api_answer(x, 204, NULL);
}

static void delete_found(struct exchange *x, struct xdb_orphan *o)
{
	orphan_delete(x, o, deleted);
}

void api_orphan_delete(struct exchange *x)
{
	orphan_find(x, x->param[0], delete_found);
}
