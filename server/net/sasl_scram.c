/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_scram.c — SCRAM (RFC 5802, RFC 7677): which channel is bound to, whose
 * verifier answers, and new verifiers.  Cyrus SASL runs it (sasl_cyrus.c); what the
 * client says is read by sasl_message.c before. */
#include "net/sasl_own.h"

#include <assert.h>

#include "base/crypto.h"
#include "base/enc.h"
#include "net/sasl_message.h"

static bool may_bind(const struct sasl_binding *b)
{
	return b->unique.n != 0 || b->exporter.n != 0 || b->end_point.n != 0;
}

/* Who introduced itself and has no verifiers yet is to come by PLAIN. */
static bool scram_is_for(const struct mechanism *m, const struct sasl_binding *b)
{
	if (b->is_plain_only && sasl_has_plain())
		return false;
	return !m->is_plus || may_bind(b);
}

static void scram_open(struct sasl *s, const struct sasl_binding *b)
{
	buf_add(&s->unique, b->unique);
	buf_add(&s->exporter, b->exporter);
	buf_add(&s->end_point, b->end_point);
}

/* --- move 1 ------------------------------------------------------------------- */

/* Was a -PLUS form of any hash on offer?  Then "y" is a sign of tampering. */
static bool is_plus_offered(const struct sasl *s)
{
	bool may = s->unique.n != 0 || s->exporter.n != 0 || s->end_point.n != 0;
	const struct mechanism *m;

	for (size_t i = 0; may && (m = sasl_offered(i)) != NULL; i++)
		if (m->is_plus)
			return true;
	return false;
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
static enum sasl_result check_binding(struct sasl *s, const struct scram_first *m)
{
	struct slice data;

	if (s->mechanism->is_plus != (m->flag == 'p'))
		return SASL_FAIL_NOT_AUTHORIZED;
	if (m->flag == 'y' && is_plus_offered(s))
		return SASL_FAIL_DOWNGRADE;
	if (m->flag != 'p')
		return SASL_DONE;
	data = binding_named(s, m->binding);
	if (data.n == 0 || m->binding.n >= sizeof s->binding_name)
		return SASL_FAIL_NOT_AUTHORIZED;
	memcpy(s->binding_name, m->binding.p, m->binding.n);
	buf_add(&s->binding_data, data);
	return SASL_DONE;
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

static enum sasl_result scram_look(struct sasl *s)
{
	struct buf name = { 0 }, authzid = { 0 };
	enum sasl_result r = SASL_FAIL_MALFORMED;
	struct scram_first m;

	if (scram_first_read(buf_slice(&s->message), &m)
	    && scram_name_decode(m.name, &name)
	    && (m.authzid.p == NULL || scram_name_decode(m.authzid, &authzid)))
		r = check_binding(s, &m);
	if (r == SASL_DONE)
		r = sasl_look_name(s, buf_slice(&name), buf_slice(&authzid));
	if (r == SASL_DONE)
		expect_binding(s, m.gs2);
	buf_fini(&name);
	buf_fini(&authzid);
	return r;
}

const struct sasl_method sasl_scram = {
	.kind = SASL_SCRAM, .message_most = SASL_MESSAGE_MOST,
	.is_for = scram_is_for, .open = scram_open, .look = scram_look,
};

/* --- move 3 ------------------------------------------------------------------- */

static void pick_verifier(const struct sasl *s, const struct slice *verifiers,
    size_t n, struct buf *out)
{
	const struct verifier_hash *h = s->mechanism->hash;

	for (size_t i = 0; i < n && out->n == 0; i++)
		if (verifier_fits(verifiers[i], h))
			buf_add(out, verifiers[i]);
	if (out->n == 0)
		verifier_make_up(h, sasl_setup()->secret, s->name,
		    sasl_setup()->iterations, out);
}

enum sasl_result sasl_begin(struct sasl *s, const struct slice *verifiers,
    size_t n, struct buf *out)
{
	struct buf verifier = { 0 };
	enum cyrus_answer answer;

	assert(sasl_kind(s) == SASL_SCRAM && s->state == SASL_LOOKED);
	pick_verifier(s, verifiers, n, &verifier);
	s->cyrus = cyrus_new(sasl_setup()->domain, s->binding_name,
	    buf_slice(&s->binding_data));
	answer = cyrus_begin(s->cyrus, s->mechanism->name,
	    buf_cstr(&verifier), buf_slice(&s->message), out);
	buf_wipe(&verifier);
	return sasl_result_of(s, answer);
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
	return sasl_result_of(s, cyrus_step(s->cyrus, response, out));
}

/* --- verifiers ------------------------------------------------------------------ */

static bool is_plain_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return s.n != 0;
}

/* RFC 8265 §4: the password as a client prepares it for SCRAM. */
static bool prepare(struct arena *arena, struct slice password,
    struct slice *prepared_r)
{
	*prepared_r = password;
	return is_plain_ascii(password)
	    || jid_prep_password(arena, password, prepared_r);
}

/* What the calls before this one left on the stack. */
static __attribute__((noinline)) void stack_wipe(void)
{
	char below[64 * 1024];

	explicit_bzero(below, sizeof below);
}

static void prepared_wipe(struct arena *arena, struct slice prepared,
    struct slice password)
{
	if (prepared.p != password.p) { /* a copy in the arena, made on the stack */
		explicit_bzero((void *)(uintptr_t)prepared.p, prepared.n);
		stack_wipe();
	}
	arena_fini(arena);
}

bool sasl_is_verifier_of(struct slice verifier, struct slice password)
{
	struct arena arena = { 0 };
	struct slice prepared;
	bool is_of = false;

	if (prepare(&arena, password, &prepared))
		for (const struct verifier_hash *h = verifier_hashes;
		    h->scheme != NULL && !is_of; h++)
			is_of = verifier_is_of(verifier, h, prepared);
	prepared_wipe(&arena, prepared, password);
	return is_of;
}

void sasl_unfit_verifier(unsigned iterations, struct buf *out)
{
	const struct verifier_hash *h = verifier_hashes;

	while (h[1].scheme != NULL && h->hash != HASH_SHA256)
		h++;
	verifier_make_up(h, sasl_setup()->secret, SLICE(""), iterations, out);
}

size_t sasl_make_verifiers(struct slice password, unsigned iterations,
    struct buf out[SASL_VERIFIERS])
{
	struct arena arena = { 0 };
	struct slice prepared;
	const struct mechanism *m;
	size_t n = 0;

	if (!prepare(&arena, password, &prepared))
		return 0;
	for (size_t i = 0; (m = sasl_offered(i)) != NULL; i++)
		if (m->hash != NULL && !m->is_plus)
			verifier_make(m->hash, prepared, iterations, &out[n++]);
	prepared_wipe(&arena, prepared, password);
	return n;
}
