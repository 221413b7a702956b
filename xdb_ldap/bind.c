/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/bind.c — what a bind as a person was answered, and what comes after it
 * on the same connection: who are we now? and, to change a password, the new one. */
#include "xdb_ldap/bind.h"

#include "base/log.h"
#include "xdb_ldap/conn.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/op.h"

static enum xdb_refusal refusal_of(int code)
{
	return code == LDAP_INVALID_CREDENTIALS || code == LDAP_INAPPROPRIATE_AUTH
	    ? XDB_WRONG_PASSWORD : XDB_NO_RIGHT;
}

/* --- the answer to a bind ------------------------------------------------------------------------- */

static bool takes_writes(const struct call *c)
{
	const struct xdb *db = c->op->db;

	return db->writer_n == 0 || c->conn->server < db->servers + db->writer_n;
}

/* Binds go to a replica while the provider is away; a replica would refuse the
 * rest, or worse, keep it to itself. */
static enum call_turn set_next(struct call *c)
{
	c->refusal = XDB_REFUSAL_NONE;
	c->asks_who = false;
	c->sets = takes_writes(c);
	if (c->sets)
		return CALL_SENDS;
	c->status = XDB_DOWN;
	c->code = LDAP_UNAVAILABLE;
	return CALL_DONE;
}

/* ppolicy's changeAfterReset comes with success and then refuses every other
 * operation but a change of the password (measured): it is no login. */
enum call_turn bind_take(struct call *c)
{
	c->unheard_n--;
	c->took_ms = loop_now_ms() - c->sent_ms;
	/* A bind to an entry that is not there: as wrong as a wrong password. */
	if (c->status == XDB_ABSENT || c->code == LDAP_INVALID_DN_SYNTAX)
		c->status = XDB_REFUSED;
	if (c->status == XDB_OK && c->refusal == XDB_MUST_CHANGE) {
		if (c->kind == CALL_CHANGE)
			return set_next(c);
		c->status = XDB_REFUSED;
	}
	if (c->status == XDB_REFUSED) {
		if (c->refusal == XDB_REFUSAL_NONE)
			c->refusal = refusal_of(c->code);
		return CALL_DONE;
	}
	if (c->status != XDB_OK)
		return CALL_DONE;
	if (c->grace != 0)
		log_event(LOG_WARN, "password-expired", "-",
		    "grace-logins=%u dn=%s", c->grace,
		    log_text(slice_of(c->dn)));
	c->refusal = XDB_REFUSAL_NONE;
	c->asks_who = true;
	return CALL_SENDS;
}

/* RFC 4532.  Success to nobody in particular is what an anonymous bind gives:
 * the connection must be who we bound as (LDAP-01).  A server that does not
 * know the question has said yes to the bind, and that must do. */
static void who_judge(struct call *c, LDAP *ld, LDAPMessage *msg)
{
	struct berval *who = NULL;
	struct slice id;
	int code = LDAP_DECODING_ERROR;

	if (ldap_parse_result(ld, msg, &code, NULL, NULL, NULL, NULL, 0)
	    != LDAP_SUCCESS) {
		c->status = XDB_BROKEN;
		return;
	}
	c->status = XDB_OK;
	if (code != LDAP_SUCCESS) {
		if (call_status_of(code) == XDB_DOWN || code == LDAP_BUSY)
			c->status = XDB_DOWN;
		return;
	}
	if (ldap_parse_extended_result(ld, msg, NULL, &who, 0) != LDAP_SUCCESS)
		who = NULL;
	id = who != NULL ? slice_make(who->bv_val, who->bv_len)
	    : slice_make(NULL, 0);
	if (id.n == 0 || slice_is(id, "dn:")) {
		c->status = XDB_REFUSED;
		c->refusal = XDB_WRONG_PASSWORD;
		log_event(LOG_ERROR, "ldap-bind-anonymous", "-",
		    "dn=%s the server said yes to nobody",
		    log_text(slice_of(c->dn)));
	} else if (slice_starts(id, SLICE("dn:"))
	    && !dn_eq(slice_make(id.p + 3, id.n - 3), slice_of(c->dn))) {
		c->status = XDB_BROKEN;
		log_event(LOG_ERROR, "ldap-bind-other", "-", "dn=%s is=%s",
		    log_text(slice_of(c->dn)), log_text(id));
	}
	ber_bvfree(who);
}

enum call_turn bind_who_take(struct call *c, LDAP *ld, LDAPMessage *msg)
{
	who_judge(c, ld, msg);
	return c->status == XDB_OK && c->kind == CALL_CHANGE ? set_next(c)
	    : CALL_DONE;
}

/* --- the answer to a new password ----------------------------------------------------------------- */

/* What a policy does not like is a constraintViolation; some servers have other
 * codes, and the control says what is meant. */
enum call_turn bind_set_take(struct call *c)
{
	if (c->code == LDAP_CONSTRAINT_VIOLATION
	    || (c->status != XDB_OK && c->refusal == XDB_BAD_PASSWORD)) {
		c->status = XDB_REFUSED;
		c->refusal = XDB_BAD_PASSWORD;
	} else if (c->status == XDB_REFUSED) {
		c->refusal = refusal_of(c->code);
	}
	return CALL_DONE;
}
