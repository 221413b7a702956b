/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/wait.c — a loop for one answer at a time. */
#include "ctl/wait.h"

#include "base/log.h"
#include "base/loop.h"
#include "xml/jid.h"

struct xdb *wait_open(const struct settings *s, const char **why_r)
{
	struct xdb_conf conf = xdb_conf_of(s);
	struct buf password = { 0 };
	struct xdb *db = NULL;

	log_open("/dev/null", LOG_ERROR, why_r);
	conf.address = jid_prep_bare;
	conf.search_connections = conf.bind_connections = 1;
	if (s->ldap.sasl_external
	    || settings_secret(s->ldap.bind_password_file, &password, why_r)) {
		conf.bind_password = buf_slice(&password);
		db = xdb_open(&conf, why_r);
	}
	buf_wipe(&password);
	return db;
}

struct waited { xdb_done_fn *fn; void *ctx; };

static void answered(const struct xdb_result *res, void *ctx)
{
	struct waited *w = ctx;

	w->fn(res, w->ctx);
	loop_stop();
}

void wait_for(struct xdb_op *op, xdb_done_fn *fn, void *ctx)
{
	struct waited w = { fn, ctx };

	xdb_then(op, answered, &w);
	loop_run();
}

void wait_close(struct xdb **dbp)
{
	xdb_close(dbp);
	loop_fini();
}
