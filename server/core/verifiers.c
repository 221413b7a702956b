/* SPDX-License-Identifier: Apache-2.0 */
/* core/verifiers.c — PBKDF2 on the thread pool, then one directory write.
 *
 * At most a few at a time: a morning of first logins must not fill the pool
 * that DNS needs too; who finds it full gets verifiers at the next login. */
#include "core/verifiers.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "core/host.h"
#include "net/sasl.h"

enum { MAKING_MOST = 64 };

struct making {
	struct list link;
	struct buf password;            /* wiped as soon as it was used */
	struct slice profile_dn, source;
	unsigned iterations;
	struct buf verifiers[SASL_VERIFIERS];
	size_t n;
	struct arena arena;
};

static struct list all = { &all, &all };
static unsigned making_n;

static void making_free(struct making *m)
{
	list_remove(&m->link);
	buf_wipe(&m->password);
	for (size_t i = 0; i < SASL_VERIFIERS; i++)
		buf_wipe(&m->verifiers[i]);
	arena_fini(&m->arena);
	free(m);
	making_n--;
}

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
	making_free(m);
}

static void derived(void *ctx)
{
	struct making *m = ctx;
	struct slice texts[SASL_VERIFIERS];

	if (host.xdb == NULL) {         /* the pool was slower than the end */
		making_free(m);
		return;
	}
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
	list_push(&all, &m->link);
	buf_add(&m->password, password);
	m->profile_dn = slice_dup(&m->arena, profile_dn);
	m->source = slice_dup(&m->arena, source);
	m->iterations = host.settings->sasl.scram_iterations;
	loop_work(derive, derived, m);
}

void verifiers_stop(void)
{
	struct making *m;

	while ((m = LIST_FIRST(&all, struct making, link)) != NULL)
		making_free(m);
}

unsigned verifiers_count(void)
{
	return making_n;
}
