/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_external.c — EXTERNAL (RFC 4422 appendix A, XEP-0178): the certificate of
 * the TLS client names the person, or the directory does that knows it
 * (sasl_certificate.c).  The handshake has proved it. */
#include "net/sasl_own.h"

#include <assert.h>

#include "net/sasl_message.h"

static bool external_is_on(const struct sasl_setup *setup)
{
	return setup->certificate_names != NULL;
}

static bool names_somebody(struct arena *a, const struct sasl_binding *b,
    struct certificate *c_r)
{
	const struct sasl_setup *setup = sasl_setup();

	return certificate_read(a, b->certificate, setup->certificate_names,
	    setup->domain, c_r);
}

static bool external_is_for(const struct mechanism *m, const struct sasl_binding *b)
{
	struct arena a = { NULL };
	struct certificate c;
	bool is_good = names_somebody(&a, b, &c);

	(void)m;
	arena_fini(&a);
	return is_good;
}

static void external_open(struct sasl *s, const struct sasl_binding *b)
{
	names_somebody(&s->arena, b, &s->certificate);
}

/* XEP-0178 §2: one address, and nothing need be said; of several, one must be
 * chosen. */
static enum sasl_result pick_name(struct sasl *s)
{
	const struct certificate *c = &s->certificate;

	for (size_t i = 0; i < c->name_n; i++) {
		s->name = c->names[i];
		if (s->authzid.n != 0 ? sasl_is_own(s, s->authzid)
		    : c->name_n == 1)
			return SASL_DONE;
	}
	s->name = slice_make(NULL, 0);
	return SASL_FAIL_AUTHZID;
}

static enum sasl_result external_look(struct sasl *s)
{
	if (!external_read(buf_slice(&s->message), &s->authzid))
		return SASL_FAIL_MALFORMED;
	return s->certificate.is_search ? SASL_DONE : pick_name(s);
}

const struct sasl_method sasl_external = {
	.kind = SASL_EXTERNAL, .message_most = SASL_MESSAGE_MOST,
	.is_on = external_is_on, .is_for = external_is_for,
	.open = external_open, .look = external_look,
};

const struct sasl_search *sasl_search(const struct sasl *s)
{
	return s->certificate.is_search && s->name.n == 0
	    ? &s->certificate.search : NULL;
}

enum sasl_result sasl_found(struct sasl *s, struct slice name)
{
	assert(sasl_search(s) != NULL);
	return sasl_look_name(s, name, s->authzid);
}

enum sasl_result sasl_prove(struct sasl *s)
{
	enum cyrus_answer answer;
	struct buf out = { 0 };

	assert(s->name.n != 0);
	if (sasl_kind(s) == SASL_GSSAPI)
		return SASL_DONE;       /* sasl_run has seen to it */
	assert(sasl_kind(s) == SASL_EXTERNAL && s->state == SASL_LOOKED);
	s->cyrus = cyrus_new(sasl_setup()->domain, "", slice_make(NULL, 0));
	answer = cyrus_external(s->cyrus, slice_cstr(&s->arena, s->name), &out);
	buf_fini(&out);
	return sasl_result_of(s, answer);
}
