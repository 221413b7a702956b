/* SPDX-License-Identifier: Apache-2.0 */
/* core/reload.c — settings read again, and put in force.
 *
 *   read, checked ──► a store is opened ──► it is up ───────────────► in force
 *     │ no              │ no    │ not in time: is the one in use up?
 *     └──── refused ◄───┴───────┴── yes: refused ── no: weather ─────► in force
 *
 * The old store goes on until what it was asked is answered, for whoever asked
 * waits for that; it tells of no changes any more. */
#include "core/reload.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/loop.h"
#include "core/account.h"
#include "core/admission.h"
#include "core/certified.h"
#include "core/host.h"
#include "core/live.h"
#include "core/membership.h"
#include "core/parts.h"
#include "core/shared_follow.h"
#include "core/source.h"
#include "net/io.h"

enum {
	RELOADS_MOST = 1000,            /* each keeps its settings: some kilobytes */
	LOOK_MS = 20,
	IDLE_LOOK_MS = 500,
};

static const char *conf_path;
static struct settings *kept[RELOADS_MOST];     /* borrowed somewhere, for life */
static size_t kept_n;

static struct {                         /* read and not in force yet */
	struct settings *settings;
	struct tls_context *tls;
	struct xdb *xdb;
	int64_t since_ms;
	struct timer look;
} next;

/* --- stores that are not asked any more ------------------------------------------------ */

struct old_store { struct list link; struct xdb *xdb; struct timer look; };
static struct list old_stores = { &old_stores, &old_stores };

static void old_store_free(struct old_store *o)
{
	timer_stop(&o->look);
	list_remove(&o->link);
	xdb_close(&o->xdb);
	free(o);
}

static void old_store_look(void *ctx)
{
	struct old_store *o = ctx;

	if (xdb_is_idle(o->xdb))
		old_store_free(o);
	else
		timer_start(&o->look, IDLE_LOOK_MS);
}

static void old_store_keep(struct xdb *db)
{
	struct old_store *o = NEW(struct old_store);

	o->xdb = db;
	xdb_unwatch(db);
	list_push(&old_stores, &o->link);
	timer_init(&o->look, old_store_look, o);
	timer_start(&o->look, IDLE_LOOK_MS);
}

/* --- in force ------------------------------------------------------------------------------ */

static void next_drop(void)
{
	if (next.look.fn != NULL)
		timer_stop(&next.look);
	xdb_close(&next.xdb);
	tls_context_free(&next.tls);
	settings_free(&next.settings);
}

static void refuse(const char *why)
{
	log_event(LOG_ERROR, "reload-refused", "-",
	    "why=\"%s\" the old configuration stays in force", why);
	next_drop();
}

/* Whoever is in memory is read again: who may use the service, and what a roster
 * shows, is another question now. */
static void directory_takes_over(struct xdb *db)
{
	xdb_inherit(db, host.xdb);
	old_store_keep(host.xdb);
	host.xdb = db;
	accounts_forget_away();
	live_start();
	sources_renew();
	shared_renew();
	admission_renew();
	membership_renew();
	accounts_news();
}

static void take(void)
{
	struct settings *s = next.settings;
	struct sasl_conf sasl = parts_sasl(s);
	struct xdb *db = next.xdb;

	kept[kept_n++] = s;
	next.settings = NULL;
	next.xdb = NULL;
	host.settings = s;
	parts_log(s);
	sasl_reload(&sasl);
	io_reload(s, next.tls);
	certified_recheck(next.tls);
	directory_takes_over(db);
	next_drop();
	log_event(LOG_INFO, "reloaded", "-", "file=%s", conf_path);
}

/* --- waiting for the directory -------------------------------------------------------------- */

static void look(void *ctx)
{
	struct xdb_state is;

	(void)ctx;
	switch (xdb_succession(next.xdb, host.xdb, next.since_ms)) {
	case XDB_TAKES_OVER:
		take();
		return;
	case XDB_MUST_WAIT:
		timer_start(&next.look, LOOK_MS);
		return;
	case XDB_STAYS_OUT:
		xdb_state_get(next.xdb, &is);
		refuse(is.why != NULL ? is.why
		    : "no server of [ldap] uri answers");
		return;
	}
}

static bool is_usable(const struct settings *s, const char **why_r)
{
	*why_r = "it was read too often; restart";
	return kept_n < RELOADS_MOST
	    && xdb_filter_is_good(s->search.filter, why_r);
}

static void keep_first(struct settings *s)
{
	struct buf names = { 0 };

	settings_keep(s, kept[0], &names);      /* tertuliad says which */
	buf_fini(&names);
}

void reload(void)
{
	const char *why = "it cannot be read";

	next_drop();
	next.settings = parts_settings(conf_path);
	if (next.settings == NULL || !is_usable(next.settings, &why)) {
		refuse(why);
		return;
	}
	keep_first(next.settings);
	next.tls = parts_tls(next.settings);
	why = "certificates";
	if (next.tls == NULL
	    || (next.xdb = parts_store(next.settings, &why)) == NULL) {
		refuse(why);
		return;
	}
	next.since_ms = loop_now_ms();
	timer_init(&next.look, look, NULL);
	timer_start(&next.look, 0);
}

/* --- life ------------------------------------------------------------------------------------ */

void reload_start(const char *path, struct settings *first)
{
	conf_path = path;
	kept[kept_n++] = first;
}

void reload_stop(void)
{
	next_drop();
	while (!list_is_empty(&old_stores))
		old_store_free(LIST_FIRST(&old_stores, struct old_store, link));
}

void reload_fini(void)
{
	while (kept_n != 0)
		settings_free(&kept[--kept_n]);
}
