/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl.c — the three moves of net/sasl.h, and what holds for every mechanism:
 * the order of an exchange, names, authzids, failures.  sasl_offer.c knows the
 * mechanisms, and a file each a kind of them (sasl_own.h).  All of SASL but
 * sasl_make_verifiers and the steps of sasl_gssapi.c runs on the core's thread. */
#include "net/sasl_own.h"

#include <assert.h>
#include <stdlib.h>

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
	[SASL_FAIL_DOWNGRADE] = "not-authorized",
};

const char *sasl_failure_name(enum sasl_result r)
{
	assert(r >= SASL_FAIL_ABORTED && r <= SASL_FAIL_DOWNGRADE);
	return failure_names[r];
}

/* --- names -------------------------------------------------------------------- */

bool sasl_is_own(struct sasl *s, struct slice authzid)
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
	    && slice_is(jid_domain(&jid), sasl_setup()->domain);
}

enum sasl_result sasl_look_name(struct sasl *s, struct slice name,
    struct slice authzid)
{
	size_t room = CYRUS_NAME_MOST - strlen(sasl_setup()->domain) - 1;

	if (name.n > room || !jid_prep_local(&s->arena, name, &s->name))
		return SASL_FAIL_NOT_AUTHORIZED;
	if (authzid.n > room || !sasl_is_own(s, authzid))
		return SASL_FAIL_AUTHZID;
	return SASL_DONE;
}

/* --- move 1: look ---------------------------------------------------------------- */

enum sasl_result sasl_first(struct sasl *s, struct slice response)
{
	enum sasl_result r;

	if (s->state != SASL_WANTS_FIRST)
		return SASL_FAIL_MALFORMED;
	s->state = SASL_OVER;
	if (response.n > s->mechanism->method->message_most)
		return SASL_FAIL_MALFORMED;
	buf_add(&s->message, response);
	r = s->mechanism->method->look(s);
	if (r == SASL_DONE)
		s->state = SASL_LOOKED;
	return r;
}

static struct sasl *sasl_new(const struct mechanism *m,
    const struct sasl_binding *b)
{
	struct sasl *s = NEW(struct sasl);

	s->mechanism = m;
	if (m->method->open != NULL)
		m->method->open(s, b);
	return s;
}

enum sasl_result sasl_look(struct sasl **sp, const struct sasl_binding *binding,
    struct slice mechanism, const struct slice *initial)
{
	const struct mechanism *m = sasl_offered_find(mechanism, binding);
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
	return s->mechanism->method->kind;
}

/* --- move 3, and the end ----------------------------------------------------------- */

enum sasl_result sasl_result_of(struct sasl *s, enum cyrus_answer answer)
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
