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
#include "core/account.h"
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
	bool is_void;                   /* the password has changed since */
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

	/* The pool was slower than the end, or than the next change. */
	if (host.xdb == NULL || m->is_void) {
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

/* --- after a change ----------------------------------------------------------------- */

struct renewing {
	struct list link;
	struct buf password;            /* wiped */
	struct slice local, person_dn, profile_dn, source;
	bool is_void;
	struct arena arena;
};

static struct list renewed = { &renewed, &renewed };

static void renew_loaded(const struct xdb_result *res, void *ctx);
static void renew_dropped(const struct xdb_result *res, void *ctx);
static void renew_checked(const struct xdb_result *res, void *ctx);

static void renewing_free(struct renewing *r)
{
	list_remove(&r->link);
	buf_wipe(&r->password);
	arena_fini(&r->arena);
	free(r);
	making_n--;
}

static void renew_fails(struct renewing *r, const struct xdb_result *res)
{
	log_event(LOG_INFO, "scram-not-renewed", "-", "user=%s status=%s",
	    log_text(r->local), xdb_status_text(res->status));
	renewing_free(r);
}

/* Of two changes in a row the last counts, whatever takes how long. */
static void void_renewing(struct slice local)
{
	struct renewing *r;

	LIST_EACH(r, &renewed, struct renewing, link)
		if (slice_eq(r->local, local))
			r->is_void = true;
}

static void void_making(struct slice profile_dn)
{
	struct making *m;

	LIST_EACH(m, &all, struct making, link)
		if (slice_eq(m->profile_dn, profile_dn))
			m->is_void = true;
}

void verifiers_renew(struct slice local, struct slice password)
{
	struct renewing *r;

	void_renewing(local);
	if (making_n >= MAKING_MOST)
		return;
	making_n++;
	r = NEW(struct renewing);
	list_push(&renewed, &r->link);
	buf_add(&r->password, password);
	r->local = slice_dup(&r->arena, local);
	xdb_then(xdb_account_load(host.xdb, r->local), renew_loaded, r);
}

/* A profile that is not there yet is made at the first login, and verifiers
 * with it. */
static void renew_loaded(const struct xdb_result *res, void *ctx)
{
	struct renewing *r = ctx;
	const struct xdb_account *found = res->account;

	if (r->is_void || res->status != XDB_OK || !found->profile.exists
	    || !account_is_named(&found->person, r->local)) {
		renew_fails(r, res);
		return;
	}
	r->person_dn = slice_dup(&r->arena, found->person.dn);
	r->profile_dn = slice_dup(&r->arena, found->profile.dn);
	r->source = slice_dup(&r->arena, found->person.password_changed);
	void_making(r->profile_dn);
	if (found->profile.scram_n != 0)        /* those are of the old one */
		xdb_then(xdb_scram_store(host.xdb, r->profile_dn, NULL, 0,
		    r->source), renew_dropped, r);
	else
		renew_dropped(&(struct xdb_result){ .status = XDB_OK }, r);
}

static void renew_dropped(const struct xdb_result *res, void *ctx)
{
	struct renewing *r = ctx;

	if (r->is_void || res->status != XDB_OK)
		renew_fails(r, res);
	else
		xdb_then(xdb_password_check(host.xdb, &(struct xdb_person){
		    .dn = r->person_dn, .uid = r->local },
		    buf_slice(&r->password)), renew_checked, r);
}

static void renew_checked(const struct xdb_result *res, void *ctx)
{
	struct renewing *r = ctx;

	if (r->is_void || res->status != XDB_OK) {
		renew_fails(r, res);
		return;
	}
	verifiers_make(r->profile_dn, buf_slice(&r->password), r->source);
	renewing_free(r);
}

/* ------------------------------------------------------------------------------------- */

void verifiers_stop(void)
{
	struct renewing *r;
	struct making *m;

	while ((r = LIST_FIRST(&renewed, struct renewing, link)) != NULL)
		renewing_free(r);
	while ((m = LIST_FIRST(&all, struct making, link)) != NULL)
		making_free(m);
}

unsigned verifiers_count(void)
{
	return making_n;
}
