/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/removal.c — a profile is taken away.
 *
 *   marked ─► the im process tells the contacts ─► removed ─► then
 *    │ imStatus: deleted        │ 503, when it is not there, when the directory is
 *    │                          │ not, or when they are many: to be tried again
 *    └──────────◄───────────────┘
 *
 * Contacts keep items of an address that somebody else may have one day, and only the
 * profile says who they are: so it goes last. */
#include "admin-web/removal.h"

#include "admin-web/api.h"
#include "admin-web/web.h"

enum {
	PAUSE_MS = 20, PAUSE_MOST_MS = 500,     /* doubled from one question to the next */
	PATIENCE_MS = 20 * 1000,
};

struct removal {
	struct removal_of of;
	int64_t pause_ms, until_ms;
	exchange_fn *then;
	void *outer;                    /* notes of the act this is part of */
};

static void marked(struct exchange *x, const struct xdb_result *res);
static void ask(struct exchange *x);
static void heard(struct exchange *x, const json_t *answer);
static void removed(struct exchange *x, const struct xdb_result *res);

static void removal_audit(struct exchange *x, const char *result)
{
	const struct removal *r = x->act;

	audit(x, r->of.action, r->of.target, result);
}

void removal_start(struct exchange *x, const struct removal_of *of,
    exchange_fn *then)
{
	struct removal *r = ARENA_NEW(&x->arena, struct removal);

	r->of = *of;
	r->pause_ms = PAUSE_MS;
	r->until_ms = loop_now_ms() + PATIENCE_MS;
	r->then = then;
	r->outer = x->act;
	x->act = r;
	exchange_detach(x);
	exchange_await(x, xdb_profile_set_status(x->web->db, of->profile_dn,
	    PROFILE_DELETED), marked);
}

static void marked(struct exchange *x, const struct xdb_result *res)
{
	if (res->status == XDB_OK) {
		ask(x);
		return;
	}
	removal_audit(x, xdb_status_text(res->status));
	exchange_fail_xdb(x, res->status);
}

static void ask(struct exchange *x)
{
	const struct removal *r = x->act;

	exchange_ask(x, json_pack("{s:s, s:o}", "op", "farewell", "uuid",
	    api_text(r->of.uuid)), heard);
}

static void wait_or_fail(struct exchange *x)
{
	struct removal *r = x->act;

	if (loop_now_ms() >= r->until_ms) {
		removal_audit(x, "telling");
		exchange_fail(x, 503, T_REMOVAL_GOES_ON);
		return;
	}
	exchange_pause(x, r->pause_ms, ask);
	r->pause_ms = r->pause_ms * 2 < PAUSE_MOST_MS ? r->pause_ms * 2
	    : PAUSE_MOST_MS;
}

static void heard(struct exchange *x, const json_t *answer)
{
	const struct removal *r = x->act;
	const char *state = json_string_value(json_object_get(answer, "state"));

	if (state == NULL) {
		removal_audit(x, "im-away");
		exchange_fail(x, 503, T_IM_DOWN);
	} else if (strcmp(state, "done") == 0) {
		exchange_await(x, xdb_profile_delete(x->web->db,
		    r->of.profile_dn), removed);
	} else if (strcmp(state, "failed") == 0) {
		removal_audit(x, "untold");
		exchange_fail_xdb(x, XDB_DOWN);
	} else {
		wait_or_fail(x);
	}
}

static void removed(struct exchange *x, const struct xdb_result *res)
{
	const struct removal *r = x->act;

	removal_audit(x, xdb_status_text(res->status));
	if (res->status != XDB_OK) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	x->act = r->outer;
	r->then(x);
}
