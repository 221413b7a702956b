/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl.c — the three moves of net/sasl.h: what is on offer, the rules
 * that hold for every mechanism (names, authzid, channel binding), the order of
 * an exchange.  Messages are read by sasl_message.c, certificates by
 * sasl_certificate.c, mechanisms are run by sasl_cyrus.c, GSSAPI's by way of
 * sasl_gssapi.c, verifiers are made by sasl_verifier.c.  All of it but
 * sasl_make_verifiers runs on the core's thread. */
#include "net/sasl.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/crypto.h"
#include "base/daemon.h"
#include "base/enc.h"
#include "net/sasl_certificate.h"
#include "net/sasl_cyrus.h"
#include "net/sasl_gssapi.h"
#include "net/sasl_message.h"
#include "net/sasl_verifier.h"

struct mechanism {
	const char *name;
	enum sasl_kind kind;
	const struct verifier_hash *hash;       /* SCRAM */
	bool is_plus;
};

/* In the order of verifier_hashes. */
static const struct mechanism mechanisms[] = {
	{ "SCRAM-SHA-512-PLUS", SASL_SCRAM, &verifier_hashes[0], true },
	{ "SCRAM-SHA-256-PLUS", SASL_SCRAM, &verifier_hashes[1], true },
	{ "SCRAM-SHA-1-PLUS",   SASL_SCRAM, &verifier_hashes[2], true },
	{ "SCRAM-SHA-512",      SASL_SCRAM, &verifier_hashes[0], false },
	{ "SCRAM-SHA-256",      SASL_SCRAM, &verifier_hashes[1], false },
	{ "SCRAM-SHA-1",        SASL_SCRAM, &verifier_hashes[2], false },
	{ "PLAIN",              SASL_PLAIN, NULL,                false },
};

/* On offer by settings of their own, in front of those that need a password. */
static const struct mechanism external = { "EXTERNAL", SASL_EXTERNAL, NULL, false };
static const struct mechanism gssapi = { "GSSAPI", SASL_GSSAPI, NULL, false };

enum sasl_state { SASL_WANTS_FIRST, SASL_LOOKED, SASL_BEGUN, SASL_OVER };

struct sasl {
	const struct mechanism *mechanism;
	enum sasl_state state;
	struct buf message;             /* the client's first; may hold a password */
	struct slice password, authzid; /* in it; the authzid of EXTERNAL */
	struct certificate certificate; /* EXTERNAL: whom it can be */
	struct arena arena;
	struct slice name;              /* canonical, in the arena */
	struct buf final_binding;       /* what c= has to be */
	struct buf binding_data;
	char binding_name[32];          /* "": none */
	struct cyrus *cyrus;
	struct gssapi *gssapi;
	sasl_ran_fn *ran;
	void *ran_ctx;
	/* What the connection has, copied. */
	struct buf unique, exporter, end_point;
	bool may_bind;
};

static struct {
	char *domain;
	const struct mechanism *offered[COUNT(mechanisms) + 2];
	size_t offered_n;
	const struct conf_list *certificate_names, *kerberos_realms;
	const char *keytab;             /* NULL: no GSSAPI */
	char *kerberos_host;
	unsigned iterations;
	unsigned char secret[VERIFIER_SECRET];
	bool is_started;
} sasl;

static const char *const failure_names[] = {
	[SASL_FAIL_ABORTED] = "aborted",
	[SASL_FAIL_ENCODING] = "incorrect-encoding",
	[SASL_FAIL_AUTHZID] = "invalid-authzid",
	[SASL_FAIL_MECHANISM] = "invalid-mechanism",
	[SASL_FAIL_MALFORMED] = "malformed-request",
	[SASL_FAIL_NOT_AUTHORIZED] = "not-authorized",
	[SASL_FAIL_TEMPORARY] = "temporary-auth-failure",
	[SASL_FAIL_ENCRYPTION] = "encryption-required",
	[SASL_FAIL_DISABLED] = "account-disabled",
	[SASL_FAIL_EXPIRED] = "credentials-expired",
};

const char *sasl_failure_name(enum sasl_result r)
{
	assert(r >= SASL_FAIL_ABORTED && r <= SASL_FAIL_EXPIRED);
	return failure_names[r];
}

/* --- start ---------------------------------------------------------------- */

/* `word` is as in the configuration, where SCRAM brings its -PLUS form. */
static const struct mechanism *mechanism_of(const char *word, bool is_plus)
{
	for (size_t i = 0; i < COUNT(mechanisms); i++) {
		const struct mechanism *m = &mechanisms[i];

		if (m->is_plus == is_plus && strcmp(word,
		    m->hash != NULL ? m->hash->scheme : m->name) == 0)
			return m;
	}
	return NULL;
}

static bool is_offered(const struct mechanism *m)
{
	for (size_t i = 0; i < sasl.offered_n; i++)
		if (sasl.offered[i] == m)
			return true;
	return false;
}

static void offer_all(const struct conf_list *words, bool is_plus)
{
	for (size_t i = 0; i < words->n; i++) {
		const struct mechanism *m = mechanism_of(words->v[i], is_plus);

		if (m != NULL && !is_offered(m))
			sasl.offered[sasl.offered_n++] = m;
	}
}

/* -PLUS forms first, each part in the order of the configuration. */
static bool choose(const struct conf_list *words, const char **why_r)
{
	for (size_t i = 0; i < words->n; i++)
		if (mechanism_of(words->v[i], false) == NULL) {
			*why_r = "[sasl] mechanisms: PLAIN, SCRAM-SHA-1, "
			    "SCRAM-SHA-256 and SCRAM-SHA-512 are known";
			return false;
		}
	sasl.offered_n = 0;
	if (sasl.certificate_names != NULL)
		sasl.offered[sasl.offered_n++] = &external;
	if (sasl.keytab != NULL)
		sasl.offered[sasl.offered_n++] = &gssapi;
	offer_all(words, true);
	offer_all(words, false);
	if (words->n == 0)
		*why_r = "[sasl] mechanisms: name at least one";
	return words->n != 0;
}

/* With a realm of its own by default, Kerberos tells every principal with its
 * realm, and nobody of whatever realm is this machine's is let in unasked.  Names
 * of hosts stay as they are: DNS does not say who we are. */
static const struct slice kerberos_conf = SLICE_INIT(
    "# Written at each start; goes before the system's krb5.conf.\n"
    "[libdefaults]\n"
    "\tdefault_realm = TERTULIA.INVALID\n"
    "\tdns_canonicalize_hostname = false\n"
    "\trdns = false\n"
    "\tqualify_shortname = \"\"\n");

static bool mechanisms_start(const char *state_dir, const char **why_r)
{
	struct buf path = { 0 };
	bool is_on = false;

	if (sasl.keytab == NULL)
		return cyrus_start(NULL, why_r);
	buf_addf(&path, "%s/krb5.conf", state_dir);
	if (access(sasl.keytab, R_OK) != 0)
		*why_r = "the keytab cannot be read";
	else if (!daemon_write_file(buf_cstr(&path), kerberos_conf))
		*why_r = "state_dir cannot be written";
	else
		is_on = cyrus_start(&(struct cyrus_kerberos){ sasl.keytab,
		    buf_cstr(&path) }, why_r);
	buf_fini(&path);
	return is_on;
}

static void kerberos_take(const struct sasl_conf *conf)
{
	bool is_on = conf->keytab != NULL && *conf->keytab != '\0';

	sasl.keytab = is_on ? conf->keytab : NULL;
	sasl.kerberos_realms = conf->kerberos_realms;
	sasl.kerberos_host = is_on
	    ? slice_new(slice_of(conf->kerberos_host)) : NULL;
}

bool sasl_start(const struct sasl_conf *conf, const char *state_dir,
    const char **why_r)
{
	assert(!sasl.is_started);
	sasl.certificate_names = conf->certificate_names;
	kerberos_take(conf);
	sasl.domain = slice_new(slice_of(conf->domain));
	sasl.iterations = conf->iterations;
	sasl.is_started = true;
	if (choose(conf->mechanisms, why_r)
	    && verifier_secret_load(state_dir, sasl.secret, why_r)
	    && mechanisms_start(state_dir, why_r))
		return true;
	sasl_stop();
	return false;
}

void sasl_stop(void)
{
	if (!sasl.is_started)
		return;
	cyrus_stop();
	free(sasl.domain);
	free(sasl.kerberos_host);
	explicit_bzero(&sasl, sizeof sasl);
}

/* --- what is on offer ----------------------------------------------------- */

static bool may_bind(const struct sasl_binding *b)
{
	return b->unique.n != 0 || b->exporter.n != 0 || b->end_point.n != 0;
}

static bool names_somebody(struct slice certificate)
{
	struct arena a = { NULL };
	struct certificate c;
	bool does = certificate_read(&a, certificate, sasl.certificate_names,
	    sasl.domain, &c);

	arena_fini(&a);
	return does;
}

static bool is_for(const struct mechanism *m, const struct sasl_binding *b)
{
	if (m->kind == SASL_EXTERNAL)
		return names_somebody(b->certificate);
	if (m->kind == SASL_GSSAPI)
		return true;
	if (b->is_plain_only && is_offered(mechanism_of("PLAIN", false)))
		return m->kind == SASL_PLAIN;
	return !m->is_plus || may_bind(b);
}

size_t sasl_offer(const struct sasl_binding *binding, const char **names,
    size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < sasl.offered_n && n < room; i++)
		if (is_for(sasl.offered[i], binding))
			names[n++] = sasl.offered[i]->name;
	return n;
}

static const struct mechanism *find_offered(struct slice name,
    const struct sasl_binding *b)
{
	for (size_t i = 0; i < sasl.offered_n; i++)
		if (slice_is(name, sasl.offered[i]->name)
		    && is_for(sasl.offered[i], b))
			return sasl.offered[i];
	return NULL;
}

bool sasl_coin(struct slice name)
{
	unsigned char mac[CRYPTO_HASH_MOST];
	struct buf text = { 0 };

	buf_adds(&text, "coin:");
	buf_add(&text, name);
	crypto_hmac(HASH_SHA256, slice_make(sasl.secret, sizeof sasl.secret),
	    buf_slice(&text), mac);
	buf_fini(&text);
	return (mac[0] & 1) != 0;
}

/* Was a -PLUS form of any hash on offer?  Then "y" is a sign of tampering. */
static bool is_plus_offered(const struct sasl *s)
{
	for (size_t i = 0; i < sasl.offered_n && s->may_bind; i++)
		if (sasl.offered[i]->is_plus)
			return true;
	return false;
}

/* --- move 1: look --------------------------------------------------------- */

/* Empty, or the person: local part or bare JID, as prepared. */
static bool is_own_authzid(struct sasl *s, struct slice authzid)
{
	struct slice local;
	struct jid jid;

	if (authzid.n == 0)
		return true;
	if (memchr(authzid.p, '@', authzid.n) == NULL)
		return jid_prep_local(&s->arena, authzid, &local)
		    && slice_eq(local, s->name);
	return jid_parse(&s->arena, authzid, &jid) && jid.resource_n == 0
	    && slice_eq(jid_local(&jid), s->name)
	    && slice_is(jid_domain(&jid), sasl.domain);
}

/* A name that no account can have fails like one that nobody has. */
static enum sasl_result look_name(struct sasl *s, struct slice name,
    struct slice authzid)
{
	size_t room = CYRUS_NAME_MOST - strlen(sasl.domain) - 1;

	if (name.n > room || !jid_prep_local(&s->arena, name, &s->name))
		return SASL_FAIL_NOT_AUTHORIZED;
	if (authzid.n > room || !is_own_authzid(s, authzid))
		return SASL_FAIL_AUTHZID;
	return SASL_DONE;
}

static enum sasl_result look_plain(struct sasl *s)
{
	struct plain_message m;

	if (!plain_read(buf_slice(&s->message), &m))
		return SASL_FAIL_MALFORMED;
	s->password = m.password;
	return look_name(s, m.name, m.authzid);
}

/* Data of the binding the client names; the empty slice: cannot. */
static struct slice binding_named(const struct sasl *s, struct slice name)
{
	if (slice_is(name, "tls-exporter"))
		return buf_slice(&s->exporter);
	if (slice_is(name, "tls-unique"))
		return buf_slice(&s->unique);
	if (slice_is(name, "tls-server-end-point"))
		return buf_slice(&s->end_point);
	return slice_make(NULL, 0);
}

/* RFC 5802 §6: the flag has to fit the mechanism and what was offered. */
static bool is_binding_right(struct sasl *s, const struct scram_first *m)
{
	struct slice data;

	if (m->flag != 'p')
		return !s->mechanism->is_plus
		    && !(m->flag == 'y' && is_plus_offered(s));
	data = binding_named(s, m->binding);
	if (!s->mechanism->is_plus || data.n == 0
	    || m->binding.n >= sizeof s->binding_name)
		return false;
	memcpy(s->binding_name, m->binding.p, m->binding.n);
	buf_add(&s->binding_data, data);
	return true;
}

/* channel-binding in the client's final message: base64 of header and data */
static void expect_binding(struct sasl *s, struct slice gs2)
{
	struct buf text = { 0 };

	buf_add(&text, gs2);
	buf_add(&text, buf_slice(&s->binding_data));
	enc_base64(&s->final_binding, buf_slice(&text));
	buf_fini(&text);
}

static enum sasl_result look_scram(struct sasl *s)
{
	struct buf name = { 0 }, authzid = { 0 };
	enum sasl_result r = SASL_FAIL_MALFORMED;
	struct scram_first m;

	if (scram_first_read(buf_slice(&s->message), &m)
	    && scram_name_decode(m.name, &name)
	    && (m.authzid.p == NULL || scram_name_decode(m.authzid, &authzid)))
		r = is_binding_right(s, &m)
		    ? look_name(s, buf_slice(&name), buf_slice(&authzid))
		    : SASL_FAIL_NOT_AUTHORIZED;
	if (r == SASL_DONE)
		expect_binding(s, m.gs2);
	buf_fini(&name);
	buf_fini(&authzid);
	return r;
}

/* XEP-0178 §2: one address, and nothing need be said; of several, one must be
 * chosen. */
static enum sasl_result pick_name(struct sasl *s)
{
	const struct certificate *c = &s->certificate;

	for (size_t i = 0; i < c->name_n; i++) {
		s->name = c->names[i];
		if (s->authzid.n != 0 ? is_own_authzid(s, s->authzid)
		    : c->name_n == 1)
			return SASL_DONE;
	}
	s->name = slice_make(NULL, 0);
	return SASL_FAIL_AUTHZID;
}

static enum sasl_result look_external(struct sasl *s)
{
	if (!external_read(buf_slice(&s->message), &s->authzid))
		return SASL_FAIL_MALFORMED;
	return s->certificate.is_search ? SASL_DONE : pick_name(s);
}

static enum sasl_result look(struct sasl *s)
{
	switch (s->mechanism->kind) {
	case SASL_PLAIN:
		return look_plain(s);
	case SASL_SCRAM:
		return look_scram(s);
	case SASL_EXTERNAL:
		return look_external(s);
	case SASL_GSSAPI:
		break;
	}
	return gssapi_first_read(buf_slice(&s->message))
	    ? SASL_DONE : SASL_FAIL_MALFORMED;
}

static size_t message_most(const struct sasl *s)
{
	return s->mechanism->kind == SASL_GSSAPI ? SASL_TICKET_MOST
	    : SASL_MESSAGE_MOST;
}

enum sasl_result sasl_first(struct sasl *s, struct slice response)
{
	enum sasl_result r;

	if (s->state != SASL_WANTS_FIRST)
		return SASL_FAIL_MALFORMED;
	s->state = SASL_OVER;
	if (response.n > message_most(s))
		return SASL_FAIL_MALFORMED;
	buf_add(&s->message, response);
	r = look(s);
	if (r == SASL_DONE)
		s->state = SASL_LOOKED;
	return r;
}

static struct sasl *sasl_new(const struct mechanism *m,
    const struct sasl_binding *b)
{
	struct sasl *s = NEW(struct sasl);

	s->mechanism = m;
	s->may_bind = may_bind(b);
	buf_add(&s->unique, b->unique);
	buf_add(&s->exporter, b->exporter);
	buf_add(&s->end_point, b->end_point);
	if (m->kind == SASL_EXTERNAL)
		certificate_read(&s->arena, b->certificate,
		    sasl.certificate_names, sasl.domain, &s->certificate);
	return s;
}

enum sasl_result sasl_look(struct sasl **sp, const struct sasl_binding *binding,
    struct slice mechanism, const struct slice *initial)
{
	const struct mechanism *m = find_offered(mechanism, binding);
	enum sasl_result r;

	*sp = NULL;
	if (m == NULL)
		return SASL_FAIL_MECHANISM;
	*sp = sasl_new(m, binding);
	if (initial == NULL)
		return SASL_MORE;
	r = sasl_first(*sp, *initial);
	if (r != SASL_DONE)
		sasl_free(sp);
	return r;
}

struct slice sasl_name(const struct sasl *s)
{
	return s->name;
}

const char *sasl_mechanism(const struct sasl *s)
{
	return s->mechanism->name;
}

enum sasl_kind sasl_kind(const struct sasl *s)
{
	return s->mechanism->kind;
}

struct slice sasl_password(const struct sasl *s)
{
	return s->password;
}

/* --- move 3 -------------------------------------------------------- */

static enum sasl_result result_of(struct sasl *s, enum cyrus_answer answer)
{
	s->state = answer == CYRUS_MORE ? SASL_BEGUN : SASL_OVER;
	switch (answer) {
	case CYRUS_DONE:
		return SASL_DONE;
	case CYRUS_MORE:
		return SASL_MORE;
	case CYRUS_NO:
		return SASL_FAIL_NOT_AUTHORIZED;
	case CYRUS_BROKEN:
		break;
	}
	return SASL_FAIL_TEMPORARY;
}

/* --- EXTERNAL --------------------------------------------------------------- */

const struct sasl_search *sasl_search(const struct sasl *s)
{
	return s->certificate.is_search && s->name.n == 0
	    ? &s->certificate.search : NULL;
}

enum sasl_result sasl_found(struct sasl *s, struct slice name)
{
	assert(sasl_search(s) != NULL);
	return look_name(s, name, s->authzid);
}

enum sasl_result sasl_prove(struct sasl *s)
{
	enum cyrus_answer answer;
	struct buf out = { 0 };

	assert(s->name.n != 0);
	if (s->mechanism->kind == SASL_GSSAPI)
		return SASL_DONE;       /* sasl_run has seen to it */
	assert(s->mechanism->kind == SASL_EXTERNAL && s->state == SASL_LOOKED);
	s->cyrus = cyrus_new(sasl.domain, "", slice_make(NULL, 0));
	answer = cyrus_external(s->cyrus, slice_cstr(&s->arena, s->name), &out);
	buf_fini(&out);
	return result_of(s, answer);
}

/* --- GSSAPI ------------------------------------------------------------------- */

/* A ticket was good; of a realm that is not ours it is nobody's. */
static enum sasl_result name_ticket(struct sasl *s)
{
	struct slice principal, authzid, user;

	if (!gssapi_who(s->gssapi, &principal, &authzid)
	    || !gssapi_user(principal, sasl.kerberos_realms, &user))
		return SASL_FAIL_NOT_AUTHORIZED;
	return look_name(s, user, authzid);
}

static void gssapi_done(void *ctx, enum cyrus_answer answer, struct slice out)
{
	struct sasl *s = ctx;
	enum sasl_result r = result_of(s, answer);

	if (r == SASL_DONE)
		r = name_ticket(s);
	s->ran(s->ran_ctx, r, out);
}

void sasl_run(struct sasl *s, struct slice response, sasl_ran_fn *ran, void *ctx)
{
	struct slice message = s->state == SASL_LOOKED
	    ? buf_slice(&s->message) : response;
	bool is_good = s->state == SASL_LOOKED || (s->state == SASL_BEGUN
	    && response.n <= SASL_TICKET_MOST);

	assert(s->mechanism->kind == SASL_GSSAPI);
	s->state = SASL_OVER;
	s->ran = ran;
	s->ran_ctx = ctx;
	if (s->gssapi == NULL)
		s->gssapi = gssapi_new(sasl.kerberos_host, sasl.keytab);
	if (!is_good)
		ran(ctx, SASL_FAIL_MALFORMED, slice_make(NULL, 0));
	else if (!gssapi_step(s->gssapi, message, gssapi_done, s))
		ran(ctx, SASL_FAIL_TEMPORARY, slice_make(NULL, 0));
}

/* --- SCRAM -------------------------------------------------------------------- */

static void pick_verifier(const struct sasl *s, const struct slice *verifiers,
    size_t n, struct buf *out)
{
	const struct verifier_hash *h = s->mechanism->hash;

	for (size_t i = 0; i < n && out->n == 0; i++)
		if (verifier_fits(verifiers[i], h))
			buf_add(out, verifiers[i]);
	if (out->n == 0)
		verifier_make_up(h, sasl.secret, s->name, sasl.iterations, out);
}

enum sasl_result sasl_begin(struct sasl *s, const struct slice *verifiers,
    size_t n, struct buf *out)
{
	struct buf verifier = { 0 };
	enum cyrus_answer answer;

	assert(s->mechanism->kind == SASL_SCRAM && s->state == SASL_LOOKED);
	pick_verifier(s, verifiers, n, &verifier);
	s->cyrus = cyrus_new(sasl.domain, s->binding_name,
	    buf_slice(&s->binding_data));
	answer = cyrus_begin(s->cyrus, s->mechanism->name,
	    buf_cstr(&verifier), buf_slice(&s->message), out);
	buf_wipe(&verifier);
	return result_of(s, answer);
}

static bool is_proof(const struct sasl *s, struct slice text)
{
	struct buf raw = { 0 };
	bool is_good = dec_base64(&raw, text)
	    && raw.n == crypto_hash_size(s->mechanism->hash->hash);

	buf_fini(&raw);
	return is_good;
}

enum sasl_result sasl_step(struct sasl *s, struct slice response,
    struct buf *out)
{
	struct scram_final m;

	if (s->state != SASL_BEGUN)
		return SASL_FAIL_MALFORMED;
	s->state = SASL_OVER;
	if (!scram_final_read(response, &m) || !is_proof(s, m.proof))
		return SASL_FAIL_MALFORMED;
	if (!slice_eq(m.binding, buf_slice(&s->final_binding)))
		return SASL_FAIL_NOT_AUTHORIZED;
	return result_of(s, cyrus_step(s->cyrus, response, out));
}

void sasl_free(struct sasl **sp)
{
	struct sasl *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	cyrus_free(&s->cyrus);
	gssapi_free(&s->gssapi);
	buf_wipe(&s->message);
	buf_fini(&s->final_binding);
	buf_fini(&s->binding_data);
	buf_fini(&s->unique);
	buf_fini(&s->exporter);
	buf_fini(&s->end_point);
	arena_fini(&s->arena);
	free(s);
}

/* --- verifiers ------------------------------------------------------------ */

static bool is_plain_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return s.n != 0;
}

size_t sasl_make_verifiers(struct slice password, unsigned iterations,
    struct buf out[SASL_VERIFIERS])
{
	struct arena arena = { 0 };
	struct slice prepared = password;
	size_t n = 0;

	/* RFC 8265 §4: the password as a client prepares it for SCRAM. */
	if (!is_plain_ascii(password)
	    && !jid_prep_resource(&arena, password, &prepared))
		return 0;
	for (size_t i = 0; i < sasl.offered_n; i++)
		if (sasl.offered[i]->hash != NULL && !sasl.offered[i]->is_plus)
			verifier_make(sasl.offered[i]->hash, prepared,
			    iterations, &out[n++]);
	if (prepared.p != password.p)   /* a copy in the arena */
		explicit_bzero((void *)(uintptr_t)prepared.p, prepared.n);
	arena_fini(&arena);
	return n;
}
