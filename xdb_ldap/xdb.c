/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/xdb.c — a store is opened, looked at, closed. */
#include <ldap.h>

#include <stdlib.h>

#include "base/log.h"
#include "xdb_ldap/bases.h"
#include "xdb_ldap/budget.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/fresh.h"
#include "xdb_ldap/met.h"
#include "xdb_ldap/op.h"
#include "xdb_ldap/pool.h"
#include "xdb_ldap/sound.h"
#include "xdb_ldap/tempo.h"
#include "xdb_ldap/watch.h"
#include "xdb_ldap/wrong.h"

static const char *copy(struct xdb *db, const char *text)
{
	return text != NULL ? arena_dup(&db->arena, text, strlen(text)) : "";
}

static const char *below(struct xdb *db, const char *rdn, const char *base)
{
	struct buf dn = { 0 };
	const char *made;

	buf_adds(&dn, rdn);
	dn_below(&dn, base);
	made = slice_cstr(&db->arena, buf_slice(&dn));
	buf_fini(&dn);
	return made;
}

/* ou=people,dc=example,dc=org: groups stand beside it.  A people_base that is
 * the suffix itself holds everything. */
static const char *groups_base(struct xdb *db, const char *configured)
{
	struct slice base = slice_of(db->people_base);
	struct slice parent = dn_parent(base), value;
	bool is_top = dn_first(&db->arena, base, "dc", &value)
	    || dn_first(&db->arena, base, "o", &value);

	if (configured != NULL && *configured != '\0')
		return copy(db, configured);
	return is_top || parent.n == 0 ? db->people_base
	    : slice_cstr(&db->arena, parent);
}

static bool dns_are_valid(const struct xdb_conf *conf, const char **why_r)
{
	*why_r = "people_base is not a DN";
	if (!dn_is_valid(slice_of(conf->people_base)))
		return false;
	*why_r = "im_base is not a DN";
	if (!dn_is_valid(slice_of(conf->im_base)))
		return false;
	*why_r = "password_policy is not a DN";
	if (conf->password_policy != NULL && *conf->password_policy != '\0'
	    && !dn_is_valid(slice_of(conf->password_policy)))
		return false;
	*why_r = "groups_base is not a DN";
	return conf->groups_base == NULL || *conf->groups_base == '\0'
	    || dn_is_valid(slice_of(conf->groups_base));
}

static bool conf_is_valid(const struct xdb_conf *conf, const char **why_r)
{
	if (!dns_are_valid(conf, why_r))
		return false;
	*why_r = "people_name is not an attribute name";
	if (!filter_is_attribute(slice_of(conf->people_name)))
		return false;
	/* A DN without a password is an anonymous bind that looks like one of
	 * a name (LDAP-01). */
	*why_r = "bind_dn needs a password";
	if (!conf->sasl_external && conf->bind_dn != NULL
	    && *conf->bind_dn != '\0' && conf->bind_password.n == 0)
		return false;
	*why_r = "groups_title is not an attribute name";
	if (conf->groups_title != NULL && *conf->groups_title != '\0'
	    && !filter_is_attribute(slice_of(conf->groups_title)))
		return false;
	return conf->people_filter == NULL || *conf->people_filter == '\0'
	    || filter_is_valid(slice_of(conf->people_filter), why_r);
}

static void take_rules(struct xdb *db, const struct xdb_conf *conf)
{
	const char **shells = arena_alloc(&db->arena,
	    (conf->closed_shell_n + 1) * sizeof *shells);

	for (size_t i = 0; i < conf->closed_shell_n; i++)
		shells[i] = copy(db, conf->closed_shells[i]);
	db->rules = (struct rules){ .shells = shells,
		.shell_n = conf->closed_shell_n };
	db->password_policy = copy(db, conf->password_policy);
	db->wrong_binds = conf->wrong_binds;
}

static void take_conf(struct xdb *db, const struct xdb_conf *conf)
{
	bool filters = conf->people_filter != NULL
	    && *conf->people_filter != '\0';

	map_init(&db->names, &db->arena, conf->people_name, conf->groups_title);
	db->root.preset = conf->preset;
	take_rules(db, conf);
	db->domain = copy(db, conf->domain);
	db->address = conf->address;
	db->people_base = copy(db, conf->people_base);
	db->people_filter = filters ? copy(db, conf->people_filter)
	    : "(objectClass=*)";
	db->filter_asks_groups = strcasestr(db->people_filter, "memberOf") != NULL;
	db->groups_base = groups_base(db, conf->groups_base);
	db->is_inline = conf->is_inline;
	db->profiles_base = conf->is_inline ? db->people_base
	    : below(db, RDN_PROFILES, conf->im_base);
	db->rooms_base = below(db, RDN_ROOMS, conf->im_base);
	db->requests_base = below(db, RDN_REQUESTS, conf->im_base);
	dn_normal(&db->people_normal, slice_of(db->people_base));
	db->bind_dn = copy(db, conf->bind_dn);
	buf_add(&db->bind_password, conf->bind_password);
	db->sasl_external = conf->sasl_external;
	db->ignore_references = conf->ignore_references;
	db->deref = conf->deref;
	db->connect_timeout_ms = conf->connect_timeout_ms;
	db->timeout_ms = conf->timeout_ms;
	db->poll_interval_ms = conf->poll_interval_ms;
	db->refresh_interval_ms = conf->refresh_interval_ms;
}

static bool needs_tls(const struct xdb *db)
{
	for (unsigned i = 0; i < db->server_n; i++)
		if (db->servers[i].security == LINK_TLS
		    || db->servers[i].security == LINK_STARTTLS)
			return true;
	return false;
}

static void store_free(struct xdb *db)
{
	struct arena arena = db->arena;

	pool_fini(&db->search);
	pool_fini(&db->binds);
	pool_fini(&db->watchers);
	pool_fini(&db->writes);
	tls_context_free(&db->tls);
	wrong_free(&db->wrong);
	budget_free(&db->budget);
	tempo_free(&db->tempo);
	met_free(&db->met);
	sound_free(&db->sound);
	buf_wipe(&db->bind_password);
	buf_fini(&db->people_normal);
	arena_fini(&arena);
	free(db);
}

struct xdb *xdb_open(const struct xdb_conf *conf, const char **why_r)
{
	struct xdb *db = NEW(struct xdb);

	/* LDAP-09: no ldap.conf, no .ldaprc, no LDAP* of the environment.  It
	 * must be set before libldap is used for the first time. */
	setenv("LDAPNOINIT", "1", 1);
	list_init(&db->ops);
	list_init(&db->pagers);
	db->wrong = wrong_new();
	db->budget = budget_new();
	db->tempo = tempo_new();
	db->met = met_new();
	if (!conf_is_valid(conf, why_r) || !servers_parse(db, conf, why_r)) {
		store_free(db);
		return NULL;
	}
	take_conf(db, conf);
	if (needs_tls(db) && (db->tls = servers_tls(conf, why_r)) == NULL) {
		store_free(db);
		return NULL;
	}
	pool_init(&db->search, db, POOL_SEARCH, conf->search_connections);
	pool_init(&db->binds, db, POOL_BIND, conf->bind_connections);
	pool_init(&db->watchers, db, POOL_WATCH, 1);
	pool_init(&db->writes, db, POOL_WRITE,
	    db->writer_n != 0 ? conf->search_connections : 0);
	db->writer = db->writer_n != 0 ? &db->writes : &db->search;
	if (db->writer_n != 0)
		db->fresh = fresh_new(db);
	pool_start(&db->search);
	pool_start(&db->writes);
	return db;
}

void xdb_inherit(struct xdb *db, struct xdb *from)
{
	budget_free(&db->budget);
	db->budget = budget_share(from->budget);
	tempo_take(db->tempo, from->tempo);
}

/* Every server may be tried once. */
static int64_t patience_ms(const struct xdb *db)
{
	enum { SPARE_MS = 1000, MOST_MS = 15 * 1000 };
	int64_t ms = db->connect_timeout_ms * (int64_t)db->server_n + SPARE_MS;

	return ms < MOST_MS ? ms : MOST_MS;
}

static void proved(const struct xdb_result *res, void *ctx)
{
	struct xdb *db = ctx;

	db->proof = res->status == XDB_OK ? PROOF_GOOD
	    : res->status == XDB_BROKEN ? PROOF_BAD : PROOF_NONE;
	if (db->proof == PROOF_BAD)
		db->why = res->why;
}

/* A server that takes our name may be another directory, or show us nobody. */
static void prove(struct xdb *db)
{
	db->proof = PROOF_ASKED;
	xdb_then(bases_ask(db, &db->search, NULL), proved, db);
}

enum xdb_succession xdb_succession(struct xdb *db, const struct xdb *was,
    int64_t since_ms)
{
	if (db->proof == PROOF_NONE && pool_server(&db->search) != NULL)
		prove(db);
	if (db->proof == PROOF_GOOD)
		return XDB_TAKES_OVER;
	if (db->proof == PROOF_BAD)
		return XDB_STAYS_OUT;
	if (loop_now_ms() < since_ms + patience_ms(db))
		return XDB_MUST_WAIT;
	return pool_server(&was->search) != NULL ? XDB_STAYS_OUT : XDB_TAKES_OVER;
}

void xdb_close(struct xdb **dbp)
{
	struct xdb *db = *dbp;
	struct xdb_op *op;

	*dbp = NULL;
	if (db == NULL)
		return;
	watch_free(&db->watch);
	fresh_free(&db->fresh);
	LIST_EACH(op, &db->ops, struct xdb_op, link)
		op_drop(op);
	store_free(db);
}

bool xdb_is_idle(const struct xdb *db)
{
	return list_is_empty(&db->ops);
}

void xdb_state_get(const struct xdb *db, struct xdb_state *state_r)
{
	const struct server *server = pool_server(&db->search);
	const struct server *writer = pool_server(db->writer);
	const struct watch *w = db->watch;

	*state_r = (struct xdb_state){
		.is_up = server != NULL,
		.server = server != NULL ? server->uri : NULL,
		.writer = writer != NULL ? writer->uri : NULL,
		.why = db->why,
		.operations = db->operations,
		.failures = db->failures, .requests = db->requests,
		.waiting = db->search.queue_n + db->binds.queue_n
		    + db->writes.queue_n,
		.is_watching = w != NULL && watch_is_up(w),
	};
	for (int i = 0; w != NULL && i < WATCHED; i++)
		state_r->watched += w->feeds[i].known.n;
}

const char *xdb_status_text(enum xdb_status status)
{
	static const char *const texts[] = {
		[XDB_OK] = "ok", [XDB_ABSENT] = "absent",
		[XDB_REFUSED] = "refused", [XDB_CONFLICT] = "conflict",
		[XDB_BUSY] = "busy", [XDB_DOWN] = "down",
		[XDB_BROKEN] = "broken",
	};

	return texts[status];
}
