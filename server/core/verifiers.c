/* SPDX-License-Identifier: Apache-2.0 */
/* core/verifiers.c — PBKDF2 on the thread pool, then one directory write.
 *
 * At most a few at a time: a morning of first logins must not fill the pool
 * that DNS needs too; who finds it full gets verifiers at the next login. */
#include "core/verifiers.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/loop.h"
#include "core/host.h"
#include "net/sasl.h"

enum { MAKING_MOST = 64 };

struct making {
	struct buf password;            /* wiped as soon as it was used */
	struct slice profile_dn, source;
	unsigned iterations;
	struct buf verifiers[SASL_VERIFIERS];
	size_t n;
	struct arena arena;
};

static unsigned making_n;

static void derive(void *ctx)                   /* on the thread pool */
{
	struct making *m = ctx;

	m->n = sasl_make_verifiers(buf_slice(&m->password), m->iterations,
	    m->verifiers);
	buf_wipe(&m->password);
}

static void stored(const struct xdb_result *res, void *ctx)
{
	struct making *m = ctx;

	if (res->status != XDB_OK)
		log_event(LOG_WARN, "scram-not-stored", "-",
		    "profile=%s status=%s", log_text(m->profile_dn),
		    xdb_status_text(res->status));
	for (size_t i = 0; i < SASL_VERIFIERS; i++)
		buf_wipe(&m->verifiers[i]);
	arena_fini(&m->arena);
	free(m);
	making_n--;
}

static void derived(void *ctx)
{
	struct making *m = ctx;
	struct slice texts[SASL_VERIFIERS];

	for (size_t i = 0; i < m->n; i++)
		texts[i] = buf_slice(&m->verifiers[i]);
	xdb_then(xdb_scram_store(host.xdb, m->profile_dn, texts, m->n,
	    m->source), stored, m);
}

void verifiers_make(struct slice profile_dn, struct slice password,
    struct slice source)
{
	struct making *m;

	if (making_n >= MAKING_MOST)
		return;
	making_n++;
	m = NEW(struct making);
	buf_add(&m->password, password);
	m->profile_dn = slice_dup(&m->arena, profile_dn);
	m->source = slice_dup(&m->arena, source);
	m->iterations = host.settings->sasl.scram_iterations;
	loop_work(derive, derived, m);
}
