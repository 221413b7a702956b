/* SPDX-License-Identifier: Apache-2.0 */
/* core/verifiers.c — PBKDF2 on the thread pool, then one directory write.
 *
 * At most a few at a time: a morning of first logins must not fill the pool
 * that DNS needs too; who finds it full gets verifiers at the next login. */
#include "core/verifiers.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "core/account.h"
#include "core/admission.h"
#include "core/host.h"
#include "net/sasl.h"

enum {
	MAKING_MOST = 64,
	SETS = 4096, WAYS = 4,          /* of those compared: 128 KiB, 16,384 people */
	PROVING_MOST = 1024,            /* each with a password, for two seconds */
	SECOND_OVER_MS = 2000,          /* servers that copy each other differ a bit */
};

struct making {
	struct list link;
	struct buf password;            /* wiped as soon as it was used */
	struct buf old;                 /* one that may be of it already; or empty */
	uint64_t mark;
	struct slice profile_dn, uuid, source;
	unsigned iterations;
	struct buf verifiers[SASL_VERIFIERS];
	size_t n;
	bool is_same;                   /* as the old one */
	bool is_void;                   /* the password has changed since */
	struct arena arena;
};

static struct list all = { &all, &all };
static unsigned making_n;

/* --- who was compared ------------------------------------------------------------------ */

/* Once for each password and verifier is enough, for it takes several times what all
 * the rest of a login does: keyed hashes of both, of 64 bits; 0 is nobody's. */
static uint64_t compared[SETS][WAYS];
static unsigned char mark_key[32];

static void mark_key_make(void)
{
	static bool is_made;

	if (!is_made)
		crypto_random(mark_key, sizeof mark_key);
	is_made = true;
}

static uint64_t mark_of(struct slice verifier, struct slice password)
{
	unsigned char hash[CRYPTO_HASH_MOST];
	struct buf text = { 0 };
	uint64_t mark;

	buf_reserve(&text, verifier.n + password.n + 2);
	buf_add(&text, verifier);
	buf_addc(&text, '\0');          /* in neither of them */
	buf_add(&text, password);
	crypto_hmac(HASH_SHA256, slice_make(mark_key, sizeof mark_key),
	    buf_slice(&text), hash);
	buf_wipe(&text);
	memcpy(&mark, hash, sizeof mark);
	return mark;
}

static bool was_compared(uint64_t mark)
{
	for (size_t i = 0; i < WAYS; i++)
		if (compared[mark % SETS][i] == mark)
			return true;
	return false;
}

/* The one that came first goes. */
static void remember(uint64_t mark)
{
	uint64_t *set = compared[mark % SETS];

	if (was_compared(mark))
		return;
	memmove(set + 1, set, (WAYS - 1) * sizeof *set);
	set[0] = mark;
}

/* They were made together; of the shortest hash it takes the least. */
static struct slice quickest(const struct slice *verifiers, size_t n)
{
	struct slice best = n != 0 ? verifiers[0] : SLICE("");

	for (size_t i = 1; i < n; i++)
		if (verifiers[i].n < best.n)
			best = verifiers[i];
	return best;
}

/* --- making them --------------------------------------------------------------------- */

static void making_free(struct making *m)
{
	list_remove(&m->link);
	buf_wipe(&m->password);
	buf_wipe(&m->old);
	for (size_t i = 0; i < SASL_VERIFIERS; i++)
		buf_wipe(&m->verifiers[i]);
	arena_fini(&m->arena);
	free(m);
	making_n--;
}

/* Fills `texts`, m->n of them; the quickest. */
static struct slice made(const struct making *m, struct slice *texts)
{
	for (size_t i = 0; i < m->n; i++)
		texts[i] = buf_slice(&m->verifiers[i]);
	return quickest(texts, m->n);
}

static void derive(void *ctx)                   /* on the thread pool */
{
	struct making *m = ctx;
	struct slice texts[SASL_VERIFIERS];

	m->is_same = m->old.n != 0 && sasl_is_verifier_of(buf_slice(&m->old),
	    buf_slice(&m->password));
	if (!m->is_same)
		m->n = sasl_make_verifiers(buf_slice(&m->password),
		    m->iterations, m->verifiers);
	if (m->n != 0)
		m->mark = mark_of(made(m, texts), buf_slice(&m->password));
	buf_wipe(&m->password);
}

static void stored(const struct xdb_result *res, void *ctx)
{
	struct making *m = ctx;

	if (res->status != XDB_OK)
		log_event(LOG_WARN, "scram-not-stored", "-",
		    "profile=%s status=%s", log_text(m->profile_dn),
		    xdb_status_text(res->status));
	else
		remember(m->mark);
	making_free(m);
}

static void derived(void *ctx)
{
	struct making *m = ctx;
	struct slice texts[SASL_VERIFIERS];

	if (m->is_same)
		remember(m->mark);
	/* The pool was slower than the end, or than the next change. */
	if (host.xdb == NULL || m->is_void || m->is_same) {
		making_free(m);
		return;
	}
	made(m, texts);
	xdb_then(xdb_scram_store(host.xdb, m->profile_dn, m->uuid, texts, m->n,
	    m->source), stored, m);
}

static struct making *making_new(struct slice profile_dn,
    const struct xdb_person *is, struct slice password)
{
	struct making *m = NEW(struct making);

	mark_key_make();
	making_n++;
	list_push(&all, &m->link);
	buf_reserve(&m->password, password.n + 1);
	buf_add(&m->password, password);
	m->profile_dn = slice_dup(&m->arena, profile_dn);
	m->uuid = slice_dup(&m->arena, is->uuid);
	m->source = slice_dup(&m->arena, is->password_changed);
	m->iterations = host.settings->sasl.scram_iterations;
	return m;
}

/* The password is this one, and what `is` names is no other. */
static void make(struct slice profile_dn, const struct xdb_person *is,
    struct slice password)
{
	if (making_n < MAKING_MOST)
		loop_work(derive, derived, making_new(profile_dn, is, password));
}

static void void_making(struct slice profile_dn)
{
	struct making *m;

	LIST_EACH(m, &all, struct making, link)
		if (slice_eq(m->profile_dn, profile_dn))
			m->is_void = true;
}

/* --- are they of another password? --------------------------------------------------- */

void verifiers_compare(const struct xdb_person *is, struct slice profile_dn,
    const struct slice *verifiers, size_t n, struct slice password)
{
	struct making *m;

	if (making_n >= MAKING_MOST)
		return;
	m = making_new(profile_dn, is, password);
	buf_add(&m->old, quickest(verifiers, n));
	m->mark = mark_of(buf_slice(&m->old), password);
	if (was_compared(m->mark))
		making_free(m);
	else
		loop_work(derive, derived, m);
}

/* Whoever knows the old password would go on logging in by SCRAM. */
void verifiers_drop(const struct xdb_person *is, struct slice profile_dn)
{
	log_event(LOG_WARN, "scram-outlived", "-", "profile=%s the directory refuses "
	    "the password that the verifiers are of: they are dropped",
	    log_text(profile_dn));
	void_making(profile_dn);
	xdb_then(xdb_scram_store(host.xdb, profile_dn, is->uuid, NULL, 0, SLICE("")),
	    NULL, NULL);
}

/* --- is it still the password? ------------------------------------------------------- */

/* After a change pwdChangedTime says which password the verifiers are of, but it counts
 * seconds, and of two changes in one second it tells nothing.  So what is young is
 * tried again when that second is over, by whatever clock: it had begun when it was
 * read.  What is the password then is the one that `source` names. */
struct proving {
	struct list link;
	struct buf password;            /* wiped */
	struct slice local, profile_dn;
	struct xdb_person person;       /* dn, uuid and what names the password */
	struct timer wait;
	bool made_profile;
	bool is_first;                  /* only if there are none */
	bool is_void;
	struct arena arena;
};

static struct list proving = { &proving, &proving };
static unsigned proving_n;

static void load(struct proving *p);
static void loaded(const struct xdb_result *res, void *ctx);
static void dropped(const struct xdb_result *res, void *ctx);
static void waited(void *ctx);
static void proved(const struct xdb_result *res, void *ctx);

static struct proving *proving_new(struct slice local, struct slice password)
{
	struct proving *p;

	if (proving_n >= PROVING_MOST)
		return NULL;
	proving_n++;
	p = NEW(struct proving);
	list_push(&proving, &p->link);
	timer_init(&p->wait, waited, p);
	buf_add(&p->password, password);
	p->local = slice_dup(&p->arena, local);
	return p;
}

static void proving_free(struct proving *p)
{
	list_remove(&p->link);
	buf_wipe(&p->password);
	arena_fini(&p->arena);
	free(p);
	proving_n--;
}

static void person_keep(struct proving *p, const struct xdb_person *is,
    struct slice profile_dn)
{
	p->person = (struct xdb_person){ .uid = p->local,
		.dn = slice_dup(&p->arena, is->dn),
		.uuid = slice_dup(&p->arena, is->uuid),
		.password_changed = slice_dup(&p->arena, is->password_changed),
		.password_is_young = is->password_is_young };
	p->profile_dn = slice_dup(&p->arena, profile_dn);
}

static void fails(struct proving *p, const struct xdb_result *res)
{
	log_event(LOG_INFO, "scram-not-renewed", "-", "user=%s status=%s",
	    log_text(p->local), xdb_status_text(res->status));
	proving_free(p);
}

/* Of two changes in a row the last counts, whatever takes how long. */
static void void_proving(struct slice local)
{
	struct proving *p;

	LIST_EACH(p, &proving, struct proving, link)
		if (slice_eq(p->local, local))
			p->is_void = true;
}

void verifiers_make(struct slice local, const struct xdb_person *is,
    struct slice profile_dn, struct slice password)
{
	struct proving *p;

	if (!is->password_is_young) {
		make(profile_dn, is, password);
	} else if ((p = proving_new(local, password)) != NULL) {
		person_keep(p, is, profile_dn);
		timer_start(&p->wait, SECOND_OVER_MS);
	}
}

void verifiers_begin(struct slice local, struct slice password)
{
	struct proving *p = proving_new(local, password);

	if (p == NULL)
		return;
	p->is_first = true;
	load(p);
}

void verifiers_renew(struct slice local, struct slice password)
{
	struct proving *p;

	void_proving(local);
	p = proving_new(local, password);
	if (p != NULL)
		load(p);
}

static void load(struct proving *p)
{
	xdb_then(xdb_account_load(host.xdb, p->local), loaded, p);
}

static void has_profile(const struct xdb_result *res, void *ctx)
{
	struct proving *p = ctx;

	p->made_profile = true;
	if (p->is_void || (res->status != XDB_OK && res->status != XDB_CONFLICT))
		fails(p, res);
	else
		load(p);
}

/* As at a first login, which the change of a password stands for: whoever speaks
 * nothing but SCRAM can log in with the new one. */
static void make_profile(struct proving *p, const struct xdb_result *res)
{
	struct jid jid;

	if (p->made_profile || host.settings->ldap.provision != PROVISION_LOGIN
	    || res->account->person.refusal != XDB_REFUSAL_NONE
	    || admission_of(p->local, res->account->person.uuid) != XDB_OK) {
		fails(p, res);
		return;
	}
	jid = host_account_jid(&p->arena, p->local);
	xdb_then(xdb_profile_create(host.xdb, &res->account->person,
	    jid_bare(&jid)), has_profile, p);
}

static void loaded(const struct xdb_result *res, void *ctx)
{
	struct proving *p = ctx;
	const struct xdb_account *found = res->account;

	if (p->is_void || res->status != XDB_OK
	    || !account_is_named(&found->person, p->local)) {
		fails(p, res);
		return;
	}
	if (!found->profile.exists) {
		make_profile(p, res);
		return;
	}
	if (p->is_first && found->profile.scram_n != 0) {
		proving_free(p);
		return;
	}
	person_keep(p, &found->person, found->profile.dn);
	void_making(p->profile_dn);
	if (found->profile.scram_n != 0)        /* those are of the old one */
		xdb_then(xdb_scram_store(host.xdb, p->profile_dn, p->person.uuid,
		    NULL, 0, p->person.password_changed), dropped, p);
	else
		dropped(&(struct xdb_result){ .status = XDB_OK }, p);
}

static void dropped(const struct xdb_result *res, void *ctx)
{
	struct proving *p = ctx;

	if (p->is_void || res->status != XDB_OK)
		fails(p, res);
	else
		timer_start(&p->wait, p->person.password_is_young
		    ? SECOND_OVER_MS : 0);
}

static void waited(void *ctx)
{
	struct proving *p = ctx;

	if (p->is_void)
		proving_free(p);
	else
		xdb_then(xdb_password_check(host.xdb, &p->person,
		    buf_slice(&p->password), true), proved, p);
}

/* It was right a moment ago: whoever is here by it is not any more. */
static void was_changed(struct proving *p)
{
	struct account *a = account_find(p->local);

	if (a != NULL && slice_eq(a->person_uuid, p->person.uuid))
		account_password_changed(a);
}

static void proved(const struct xdb_result *res, void *ctx)
{
	struct proving *p = ctx;

	if (!p->is_void && res->status == XDB_REFUSED
	    && res->refusal == XDB_WRONG_PASSWORD)
		was_changed(p);
	if (p->is_void || res->status != XDB_OK) {
		fails(p, res);
		return;
	}
	make(p->profile_dn, &p->person, buf_slice(&p->password));
	proving_free(p);
}

/* ------------------------------------------------------------------------------------- */

void verifiers_stop(void)
{
	struct proving *p;
	struct making *m;

	while ((p = LIST_FIRST(&proving, struct proving, link)) != NULL)
		proving_free(p);
	while ((m = LIST_FIRST(&all, struct making, link)) != NULL)
		making_free(m);
}

unsigned verifiers_count(void)
{
	return making_n;
}
