/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/reload.c — settings read again, and put in force when the directory that
 * they name has let us in. */
#include "admin-web/reload.h"

#include <stdlib.h>

#include "admin-web/auth.h"
#include "admin-web/http.h"
#include "admin-web/login.h"
#include "base/log.h"
#include "base/loop.h"

enum {
	LOOK_MS = 20,
	/* Requests at work began with the old settings and connections; they look at
	 * the pointers in `web` anew in each step and are gone long before this. */
	RETIRE_MS = 90000,
};

static const char *conf_path;
static struct settings *began;

static struct {                         /* read and not in force yet */
	struct web *web;
	struct settings *settings;
	struct xdb *db;
	int64_t since_ms;
	struct timer look;
} next;

/* --- the directory ------------------------------------------------------------------ */

struct xdb *directory_open(const struct settings *s, const char **why_r)
{
	struct buf password = { 0 };
	struct xdb *db = NULL;
	struct xdb_conf conf = xdb_conf_of(s);

	conf.bind_dn = s->web.bind_dn;
	conf.search_connections = conf.bind_connections = 1;    /* a handful of requests at a time */
	if (*s->web.bind_password_file == '\0'
	    || settings_secret(s->web.bind_password_file, &password, why_r)) {
		conf.bind_password = buf_slice(&password);
		db = xdb_open(&conf, why_r);
	}
	buf_wipe(&password);
	return db;
}

/* --- what is not used any more ------------------------------------------------------- */

struct retired {
	struct settings *settings;
	struct xdb *db;
	struct timer due;
	struct list link;
};
static struct list retired_all = { &retired_all, &retired_all };

static void retired_free(void *ctx)
{
	struct retired *r = ctx;

	timer_stop(&r->due);
	list_remove(&r->link);
	xdb_close(&r->db);
	settings_free(&r->settings);
	free(r);
}

static void retire(struct settings *settings, struct xdb *db)
{
	struct retired *r = NEW(struct retired);

	r->settings = settings;
	r->db = db;
	timer_init(&r->due, retired_free, r);
	timer_start(&r->due, RETIRE_MS);
	list_push(&retired_all, &r->link);
}

/* --- in force ------------------------------------------------------------------------- */

static void next_drop(void)
{
	if (next.look.fn != NULL)
		timer_stop(&next.look);
	xdb_close(&next.db);
	settings_free(&next.settings);
}

static void refuse(const char *why)
{
	log_event(LOG_ERROR, "reload-refused", "web", "reason=%s kept=old",
	    log_text(slice_of(why)));
	next_drop();
}

/* Settings and connections are changed whole, or the old ones stay. */
static void take(void)
{
	struct web *web = next.web;
	struct settings *old = web->settings;
	const char *why = "";

	web->settings = next.settings;
	if (!http_reload(web->http, &why)) {
		web->settings = old;
		refuse(why);
		return;
	}
	xdb_inherit(next.db, web->db);
	retire(old != began ? old : NULL, web->db);
	web->db = next.db;
	next.db = NULL;
	next.settings = NULL;
	basic_forget(web->basic);
	logins_doubt(web->logins);
	log_open(web->settings->log.file, web->settings->log.level, &why);
	log_event(LOG_INFO, "reload", "web", "file=%s", conf_path);
}

static void look(void *ctx)
{
	struct xdb_state is;

	(void)ctx;
	switch (xdb_succession(next.db, next.web->db, next.since_ms)) {
	case XDB_TAKES_OVER:
		take();
		return;
	case XDB_MUST_WAIT:
		timer_start(&next.look, LOOK_MS);
		return;
	case XDB_STAYS_OUT:
		xdb_state_get(next.db, &is);
		refuse(is.why != NULL ? is.why
		    : "no server of [ldap] uri answers");
		return;
	}
}

void reload(struct web *web)
{
	struct buf text = { 0 }, names = { 0 };
	const char *why = "";

	next_drop();
	next.web = web;
	next.settings = settings_load(conf_path, &text);
	if (next.settings != NULL)
		settings_keep(next.settings, began, &names);    /* tertuliad says which */
	else
		why = buf_cstr(&text);
	if (next.settings == NULL
	    || (next.db = directory_open(next.settings, &why)) == NULL) {
		refuse(why);
	} else {
		next.since_ms = loop_now_ms();
		timer_init(&next.look, look, NULL);
		timer_start(&next.look, 0);
	}
	buf_fini(&text);
	buf_fini(&names);
}

/* --- life ------------------------------------------------------------------------------- */

void reload_start(const char *path, struct settings *first)
{
	conf_path = path;
	began = first;
}

void reload_stop(void)
{
	next_drop();
	while (!list_is_empty(&retired_all))
		retired_free(LIST_FIRST(&retired_all, struct retired, link));
}

void reload_fini(struct settings **used)
{
	if (*used != began)
		settings_free(used);
	settings_free(&began);
}
