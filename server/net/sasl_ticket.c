/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_ticket.c — GSSAPI (RFC 4752): a ticket names the person, so that who it
 * is is known only after the exchange, which runs on the thread pool
 * (sasl_gssapi.c). */
#include "net/sasl_own.h"

#include <assert.h>
#include <unistd.h>

#include "base/daemon.h"
#include "net/sasl_message.h"

static bool ticket_is_on(const struct sasl_setup *setup)
{
	return setup->keytab != NULL;
}

static enum sasl_result ticket_look(struct sasl *s)
{
	return gssapi_first_read(buf_slice(&s->message))
	    ? SASL_DONE : SASL_FAIL_MALFORMED;
}

const struct sasl_method sasl_ticket = {
	.kind = SASL_GSSAPI, .message_most = SASL_TICKET_MOST,
	.is_on = ticket_is_on, .look = ticket_look,
};

/* --- start -------------------------------------------------------------------- */

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

bool sasl_ticket_start(const char *state_dir, const char **why_r)
{
	const char *keytab = sasl_setup()->keytab;
	struct buf path = { 0 };
	bool is_on = false;

	if (keytab == NULL)
		return cyrus_start(NULL, why_r);
	buf_addf(&path, "%s/krb5.conf", state_dir);
	if (access(keytab, R_OK) != 0)
		*why_r = "the keytab cannot be read";
	else if (!daemon_write_file(buf_cstr(&path), kerberos_conf))
		*why_r = "state_dir cannot be written";
	else
		is_on = cyrus_start(&(struct cyrus_kerberos){ keytab,
		    buf_cstr(&path) }, why_r);
	buf_fini(&path);
	return is_on;
}

/* --- the exchange --------------------------------------------------------------- */

/* A ticket was good; of a realm that is not ours it is nobody's. */
static enum sasl_result name_ticket(struct sasl *s)
{
	struct slice principal, authzid, user;

	if (!gssapi_who(s->gssapi, &principal, &authzid)
	    || !gssapi_user(principal, sasl_setup()->kerberos_realms, &user))
		return SASL_FAIL_NOT_AUTHORIZED;
	return sasl_look_name(s, user, authzid);
}

static void gssapi_done(void *ctx, enum cyrus_answer answer, struct slice out)
{
	struct sasl *s = ctx;
	enum sasl_result r = sasl_result_of(s, answer);

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

	assert(sasl_kind(s) == SASL_GSSAPI);
	s->state = SASL_OVER;
	s->ran = ran;
	s->ran_ctx = ctx;
	if (s->gssapi == NULL)
		s->gssapi = gssapi_new(sasl_setup()->kerberos_host,
		    sasl_setup()->keytab);
	if (!is_good)
		ran(ctx, SASL_FAIL_MALFORMED, slice_make(NULL, 0));
	else if (!gssapi_step(s->gssapi, message, gssapi_done, s))
		ran(ctx, SASL_FAIL_TEMPORARY, slice_make(NULL, 0));
}
