/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/call.c — requests to libldap and messages from it.
 *
 * What a result code means is a table: only success carries data, only
 * noSuchObject says that there is nothing, and what we do not know is never a
 * yes (LDAP-13). */
#include "xdb_ldap/call.h"

#include <assert.h>

#include "base/chore.h"
#include "base/log.h"
#include "xdb_ldap/bind.h"
#include "xdb_ldap/fresh.h"
#include "xdb_ldap/op.h"
#include "xdb_ldap/page.h"
#include "xdb_ldap/passmod.h"
#include "xdb_ldap/pager.h"
#include "xdb_ldap/pool.h"
#include "xdb_ldap/conn.h"

/* Entries of one answer are kept; above this a search is cut. */
enum { ANSWER_BYTES_MOST = 64 * 1024 * 1024, SAYS_BYTES_MOST = 200 };

/* --- result codes -------------------------------------------------------------------- */

static const struct { int code; enum xdb_status status; } codes[] = {
	{ LDAP_SUCCESS, XDB_OK },
	{ LDAP_NO_SUCH_OBJECT, XDB_ABSENT },
	{ LDAP_INVALID_CREDENTIALS, XDB_REFUSED },
	{ LDAP_INAPPROPRIATE_AUTH, XDB_REFUSED },
	{ LDAP_INSUFFICIENT_ACCESS, XDB_REFUSED },
	{ LDAP_UNWILLING_TO_PERFORM, XDB_REFUSED },
	{ LDAP_STRONG_AUTH_REQUIRED, XDB_REFUSED },
	{ LDAP_CONFIDENTIALITY_REQUIRED, XDB_REFUSED },
	{ LDAP_AUTH_METHOD_NOT_SUPPORTED, XDB_REFUSED },
	{ LDAP_PROXIED_AUTHORIZATION_DENIED, XDB_REFUSED },
	{ LDAP_ALREADY_EXISTS, XDB_CONFLICT },
	{ LDAP_ASSERTION_FAILED, XDB_CONFLICT },
	{ LDAP_TYPE_OR_VALUE_EXISTS, XDB_CONFLICT },
	{ LDAP_NO_SUCH_ATTRIBUTE, XDB_CONFLICT },
	{ LDAP_BUSY, XDB_BUSY },
	{ LDAP_UNAVAILABLE, XDB_DOWN },
	{ LDAP_TIMELIMIT_EXCEEDED, XDB_DOWN },
	{ LDAP_ADMINLIMIT_EXCEEDED, XDB_DOWN },
	{ LDAP_SIZELIMIT_EXCEEDED, XDB_DOWN },
	{ LDAP_OPERATIONS_ERROR, XDB_DOWN },
	{ LDAP_OTHER, XDB_DOWN },
	{ LDAP_CANCELLED, XDB_DOWN },
};

enum xdb_status call_status_of(int ldap_code)
{
	for (size_t i = 0; i < COUNT(codes); i++)
		if (codes[i].code == ldap_code)
			return codes[i].status;
	return XDB_BROKEN;
}

/* --- making calls ---------------------------------------------------------------------- */

static struct call *call_new(struct xdb_op *op, enum call_kind kind,
    const char *dn)
{
	struct call *c = ARENA_NEW(&op->arena, struct call);

	c->op = op;
	c->kind = kind;
	c->dn = dn;
	c->entry_end = &c->entries;
	c->pool = kind == CALL_BIND || kind == CALL_CHANGE ? &op->db->binds
	    : kind == CALL_SEARCH ? &op->db->search : op->db->writer;
	list_push(&op->calls, &c->link);
	op->open_n++;
	return c;
}

void call_by_pages(struct call *c)
{
	c->first = c->entries;
	c->first_n = c->entry_n;
	call_forget_answer(c);
	c->is_paged = true;
	pager_wait(c);
}

/* --- making them --------------------------------------------------------------------------- */

struct call *call_search(struct xdb_op *op, const struct search *s)
{
	struct call *c = call_new(op, CALL_SEARCH, s->base);

	c->scope = s->scope;
	c->filter = s->filter;
	c->set = s->set;
	c->more = s->more;
	c->most = s->most;
	c->is_paged = s->is_paged;
	c->is_of_root = s->is_of_root;
	c->asks_usability = s->asks_usability;
	if (s->is_of_watch)
		c->pool = &op->db->watchers;
	else if (s->in != NULL)
		c->pool = s->in;
	else if (op->db->fresh != NULL
	    && fresh_covers(op->db->fresh, s->base, s->scope))
		c->pool = op->db->writer;
	if (s->at != NULL) {
		c->pool = s->at->pool;
		c->was_resent = true;
		conn_send(s->at, c);
	} else if (c->is_paged) {
		pager_wait(c);
	} else {
		pool_submit(c->pool, c);
	}
	return c;
}

struct call *call_modify_as(struct xdb_op *op, const char *as, const char *dn,
    const struct mods *m, const char *assertion)
{
	struct call *c = call_new(op, CALL_MODIFY, dn);

	c->mods = m->v;
	c->assertion = assertion;
	c->as = as;
	pool_submit(c->pool, c);
	return c;
}

struct call *call_modify(struct xdb_op *op, const char *dn, const struct mods *m)
{
	return call_modify_as(op, NULL, dn, m, NULL);
}

struct call *call_add(struct xdb_op *op, const char *dn, const struct mods *m)
{
	struct call *c = call_new(op, CALL_ADD, dn);

	c->mods = m->v;
	pool_submit(c->pool, c);
	return c;
}

struct call *call_delete(struct xdb_op *op, const char *dn)
{
	struct call *c = call_new(op, CALL_DELETE, dn);

	pool_submit(c->pool, c);
	return c;
}

static void secret_keep(struct buf *b, struct slice secret)
{
	assert(secret.n != 0);          /* LDAP-01: the kinds refuse it before */
	buf_reserve(b, secret.n + 1);
	buf_add(b, secret);
}

static struct call *call_with_secret(struct xdb_op *op, enum call_kind kind,
    const char *dn, struct slice secret)
{
	struct call *c = call_new(op, kind, dn);

	secret_keep(&c->secret, secret);
	pool_submit(c->pool, c);
	return c;
}

struct call *call_password(struct xdb_op *op, const char *dn, struct slice password)
{
	return call_with_secret(op, CALL_PASSWORD, dn, password);
}

struct call *call_bind(struct xdb_op *op, const char *dn, struct slice password)
{
	return call_with_secret(op, CALL_BIND, dn, password);
}

struct call *call_compare(struct xdb_op *op, const char *dn, enum attr attr,
    struct slice value, struct pool *in)
{
	struct call *c = call_new(op, CALL_COMPARE, dn);

	c->attribute = op_name(op, attr);
	c->value = value;
	c->pool = in;
	pool_submit(c->pool, c);
	return c;
}

struct call *call_change(struct xdb_op *op, const char *dn, struct slice was,
    struct slice is)
{
	struct call *c = call_new(op, CALL_CHANGE, dn);

	secret_keep(&c->secret, was);
	secret_keep(&c->wish, is);
	pool_submit(c->pool, c);
	return c;
}

/* --- sending ---------------------------------------------------------------------------------- */

static int send_page(struct call *c, LDAP *ld, char **attrs,
    struct timeval *limit)
{
	LDAPControl page;
	LDAPControl *controls[] = { &page, NULL };
	/* One more than is wanted says that there are more. */
	int rc = page_control(ld, c->most != 0 && c->most < PAGE_ENTRIES
	    ? c->most + 1 : PAGE_ENTRIES, c->page, &page);

	if (rc == LDAP_SUCCESS)
		rc = ldap_search_ext(ld, c->dn, c->scope, c->filter, attrs, 0,
		    controls, NULL, limit, 0, &c->msgid);
	ldap_memfree(page.ldctl_value.bv_val);
	return rc;
}

static char **attributes_of(struct call *c)
{
	const char **set = c->op->db->names.sets[c->set], **both;
	size_t n = 0;

	if (c->more == NULL)
		return (char **)(void *)set;
	while (set[n] != NULL)
		n++;
	both = arena_alloc(&c->op->arena, (n + 2) * sizeof *both);
	memcpy(both, set, n * sizeof *both);
	both[n] = c->more;
	return (char **)(void *)both;
}

static int send_search(struct call *c, LDAP *ld, int64_t timeout_ms)
{
	/* The server may stop when we do; it counts whole seconds. */
	struct timeval limit = { .tv_sec = (time_t)((timeout_ms + 999) / 1000) };
	char **attrs = attributes_of(c);
	/* Not critical: a server may answer without, of one entry or of all. */
	LDAPControl usability = { .ldctl_oid = (char[]){ USABILITY_OID } };
	LDAPControl *controls[] = { NULL, NULL };

	if (c->is_paged)
		return send_page(c, ld, attrs, &limit);
	if (c->asks_usability && c->op->db->root.has_usability)
		controls[0] = &usability;
	return ldap_search_ext(ld, c->dn, c->scope, c->filter, attrs, 0,
	    controls, NULL, &limit, (int)c->most, &c->msgid);
}

/* RFC 4370 §3: the value is the authzId itself, in no further wrapping. */
static struct berval authz_id(struct call *c)
{
	struct buf id = { 0 };
	struct slice text;

	buf_adds(&id, "dn:");
	buf_adds(&id, c->as);
	text = slice_dup(&c->op->arena, buf_slice(&id));
	buf_fini(&id);
	return (struct berval){ text.n, (char *)(uintptr_t)text.p };
}

static int send_modify(struct call *c, LDAP *ld)
{
	LDAPControl assertion = { .ldctl_iscritical = 1,
		.ldctl_oid = (char[]){ LDAP_CONTROL_ASSERT } };
	LDAPControl proxy = { .ldctl_iscritical = 1,
		.ldctl_oid = (char[]){ LDAP_CONTROL_PROXY_AUTHZ } };
	LDAPControl *controls[3] = { NULL };
	size_t n = 0;
	int rc = LDAP_SUCCESS;

	if (c->as != NULL) {
		proxy.ldctl_value = authz_id(c);
		controls[n++] = &proxy;
	}
	if (c->assertion != NULL) {
		rc = ldap_create_assertion_control_value(ld,
		    arena_dup(&c->op->arena, c->assertion, strlen(c->assertion)),
		    &assertion.ldctl_value);
		controls[n++] = &assertion;
	}
	if (rc == LDAP_SUCCESS)
		rc = ldap_modify_ext(ld, c->dn, c->mods, controls, NULL,
		    &c->msgid);
	ldap_memfree(assertion.ldctl_value.bv_val);
	return rc;
}

static int send_bind(struct call *c, LDAP *ld)
{
	LDAPControl ppolicy = {
		.ldctl_oid = (char[]){ LDAP_CONTROL_PASSWORDPOLICYREQUEST },
	};
	LDAPControl *controls[] = { &ppolicy, NULL };
	struct berval password = { c->secret.n, c->secret.p };

	if (c->asks_who)
		return ldap_whoami(ld, NULL, NULL, &c->msgid);
	return ldap_sasl_bind(ld, c->dn, LDAP_SASL_SIMPLE, &password, controls,
	    NULL, &c->msgid);
}

static int send_passmod(struct call *c, LDAP *ld, struct slice was,
    struct slice is, LDAPControl **controls)
{
	struct buf request = { 0 };
	struct berval value;
	int rc;

	passmod_write(&request, slice_of(c->dn), was, is);
	value = (struct berval){ request.n, request.p };
	rc = ldap_extended_operation(ld, LDAP_EXOP_MODIFY_PASSWD, &value, controls,
	    NULL, &c->msgid);
	buf_wipe(&request);
	return rc;
}

/* The old one goes along: a policy may want it (pwdSafeModify), and a bind that
 * somebody else's connection has is not taken for proof. */
static int send_change(struct call *c, LDAP *ld)
{
	LDAPControl ppolicy = {
		.ldctl_oid = (char[]){ LDAP_CONTROL_PASSWORDPOLICYREQUEST },
	};
	LDAPControl *controls[] = { &ppolicy, NULL };

	return send_passmod(c, ld, buf_slice(&c->secret), buf_slice(&c->wish),
	    controls);
}

static int send_compare(struct call *c, LDAP *ld)
{
	struct berval value = { c->value.n, (char *)(uintptr_t)c->value.p };

	return ldap_compare_ext(ld, c->dn, c->attribute, &value, NULL, NULL,
	    &c->msgid);
}

int call_send(struct call *c, LDAP *ld, int64_t timeout_ms)
{
	switch (c->kind) {
	case CALL_SEARCH:
		return send_search(c, ld, timeout_ms);
	case CALL_MODIFY:
		return send_modify(c, ld);
	case CALL_ADD:
		return ldap_add_ext(ld, c->dn, c->mods, NULL, NULL, &c->msgid);
	case CALL_DELETE:
		return ldap_delete_ext(ld, c->dn, NULL, NULL, &c->msgid);
	case CALL_PASSWORD:
		return send_passmod(c, ld, SLICE(""), buf_slice(&c->secret),
		    NULL);
	case CALL_BIND:
		return send_bind(c, ld);
	case CALL_CHANGE:
		return c->sets ? send_change(c, ld) : send_bind(c, ld);
	case CALL_COMPARE:
		return send_compare(c, ld);
	}
	panic("call of an unknown kind");
}

/* --- the answer ------------------------------------------------------------------------------- */

/* Of a change of the password, not what goes before it. */
static bool is_write(const struct call *c)
{
	return c->kind == CALL_CHANGE ? c->sets
	    : c->kind != CALL_SEARCH && c->kind != CALL_BIND
	    && c->kind != CALL_COMPARE;
}

/* Without an answer it may have been done all the same. */
static void may_be_done(struct call *c, bool is_answered)
{
	if (!is_write(c))
		return;
	c->op->res.may_be_done |= !is_answered;
	if (c->op->db->fresh != NULL)
		fresh_wrote(c->op->db->fresh, c->dn);
}

void call_finish(struct call *c, enum xdb_status status, const char *why)
{
	assert(!c->is_answered && c->place == CALL_NOWHERE);
	c->is_answered = true;
	c->status = status;
	c->why = why;
	buf_wipe(&c->secret);
	buf_wipe(&c->wish);
	pager_over(c);
	if (c->was_sent && (status == XDB_OK || status == XDB_DOWN))
		may_be_done(c, status == XDB_OK || c->code != LDAP_SUCCESS);
	op_called(c->op);
}

/* Before the attributes: reading those writes into the message. */
static struct usability usability_take(LDAP *ld, LDAPMessage *msg)
{
	struct usability u = { .is_there = false };
	LDAPControl **controls = NULL, *found = NULL;

	if (ldap_get_entry_controls(ld, msg, &controls) == LDAP_SUCCESS
	    && controls != NULL)
		found = ldap_control_find(USABILITY_OID, controls, NULL);
	if (found != NULL && !usability_read(slice_make(
	    found->ldctl_value.bv_val, found->ldctl_value.bv_len), &u))
		log_event(LOG_WARN, "ldap-usability", "-",
		    "the control's answer makes no sense");
	ldap_controls_free(controls);
	return u;
}

static void entry_add(struct call *c, struct entry *e)
{
	if (e == NULL) {
		c->is_cut = true;
		return;
	}
	for (unsigned i = 0; i < e->field_n; i++)
		for (unsigned k = 0; k < e->fields[i].n; k++)
			c->entry_bytes += e->fields[i].v[k].n;
	c->entry_bytes += sizeof *e;
	*c->entry_end = e;
	c->entry_end = &e->next;
	c->entry_n++;
}

/* As far as the time goes; a long one is kept, and goes on in the next turn. */
static enum call_turn entry_go_on(struct call *c, struct entry_reader *r)
{
	while (entry_step(r)) {
		if (chore_has_time())
			continue;
		if (c->reader == NULL) {
			c->reader = ARENA_NEW(&c->op->arena, struct entry_reader);
			*c->reader = *r;
		}
		return CALL_READS;
	}
	c->reader = NULL;
	entry_add(c, entry_end(r));
	return CALL_WAITS;
}

static enum call_turn entry_take(struct call *c, LDAP *ld, LDAPMessage *msg)
{
	struct usability u = { .is_there = false };
	struct entry_reader r;

	if (c->asks_usability)
		u = usability_take(ld, msg);
	/* Pages without end are an answer without end, too. */
	if (c->entry_bytes > ANSWER_BYTES_MOST
	    || (c->is_paged && c->most != 0 && c->entry_n == c->most)
	    || !entry_begin(&r, &c->op->arena, &c->op->db->names, ld, msg)) {
		c->is_cut = true;
		return CALL_WAITS;
	}
	r.entry->usability = u;
	return entry_go_on(c, &r);
}

void call_let_go(struct call *c)
{
	if (c->reader != NULL)
		entry_end(c->reader);
	c->reader = NULL;
}

static void policy_take(struct call *c, LDAP *ld, LDAPControl **controls)
{
	static const struct {
		LDAPPasswordPolicyError error;
		enum xdb_refusal refusal;
		const char *says;
	} map[] = {
		{ PP_passwordExpired, XDB_EXPIRED, NULL },
		{ PP_accountLocked, XDB_LOCKED, NULL },
		{ PP_changeAfterReset, XDB_MUST_CHANGE, NULL },
		{ PP_passwordModNotAllowed, XDB_NO_RIGHT,
		    "Passwords may not be changed by their owners." },
		{ PP_mustSupplyOldPassword, XDB_NO_RIGHT,
		    "The old password must be given." },
		{ PP_insufficientPasswordQuality, XDB_BAD_PASSWORD,
		    "The new password is too easy to guess." },
		{ PP_passwordTooShort, XDB_BAD_PASSWORD,
		    "The new password is too short." },
		{ PP_passwordTooYoung, XDB_BAD_PASSWORD,
		    "The password was changed too short a time ago." },
		{ PP_passwordInHistory, XDB_BAD_PASSWORD,
		    "This password was used before." },
	};
	LDAPControl *found = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE,
	    controls, NULL);
	LDAPPasswordPolicyError error = PP_noError;
	ber_int_t expire = -1, grace = -1;

	if (found == NULL || ldap_parse_passwordpolicy_control(ld, found,
	    &expire, &grace, &error) != LDAP_SUCCESS)
		return;
	for (size_t i = 0; i < COUNT(map); i++)
		if (map[i].error == error) {
			c->refusal = map[i].refusal;
			c->says = map[i].says;
		}
	c->grace = grace > 0 ? (unsigned)grace : 0;
}

/* RFC 2696: an empty cookie ends it. */
static void page_take(struct call *c, LDAP *ld, LDAPControl **controls)
{
	struct buf cookie = { 0 };

	page_next(ld, controls, &cookie);
	c->page = slice_dup(&c->op->arena, buf_slice(&cookie));
	buf_fini(&cookie);
}

static void complain(const struct call *c, const char *diagnostic)
{
	/* The server's text says which attribute, never its value. */
	log_event(LOG_WARN, "ldap-refused", "-", "code=%d meaning=%s server-says=%s",
	    c->code, log_text(slice_of(ldap_err2string(c->code))),
	    log_text(slice_of(diagnostic != NULL ? diagnostic : "")));
}

/* The server's own words go to a person, so they are text whatever they are. */
static void says_take(struct call *c, const char *diagnostic)
{
	struct buf text = { 0 };

	for (const char *p = diagnostic; p != NULL && *p != '\0'; p++)
		if (*p >= ' ' && *p <= '~' && text.n < SAYS_BYTES_MOST)
			buf_addc(&text, *p);
	if (text.n != 0)
		c->says = op_text(c->op, buf_slice(&text));
	buf_fini(&text);
}

/* Where to write instead is not taken from whoever says so: with our password
 * it would be a gift.  The configuration names those servers. */
static void complain_of_replica(const struct call *c)
{
	log_event(LOG_ERROR, "ldap-replica", "-", "server=%s it takes no writes: "
	    "name the one that does in [ldap] write_uri", c->conn->server->uri);
}

/* Of a comparison success is no answer; of everything else these are none. */
static enum xdb_status status_of(const struct call *c)
{
	if (c->kind != CALL_COMPARE)
		return call_status_of(c->code);
	return c->code == LDAP_COMPARE_TRUE ? XDB_OK
	    : c->code == LDAP_COMPARE_FALSE ? XDB_CONFLICT
	    : c->code == LDAP_NO_SUCH_OBJECT ? XDB_ABSENT
	    : call_status_of(c->code) == XDB_DOWN || c->code == LDAP_BUSY
	    ? XDB_DOWN : XDB_REFUSED;
}

static bool result_take(struct call *c, LDAP *ld, LDAPMessage *msg)
{
	LDAPControl **controls = NULL;
	char *diagnostic = NULL;

	if (ldap_parse_result(ld, msg, &c->code, NULL, &diagnostic, NULL,
	    &controls, 0) != LDAP_SUCCESS) {
		c->code = LDAP_DECODING_ERROR;
		return false;
	}
	if (controls != NULL && (c->kind == CALL_BIND || c->kind == CALL_CHANGE))
		policy_take(c, ld, controls);
	if (c->is_paged)
		page_take(c, ld, controls);
	c->status = status_of(c);
	if (c->sets && c->status != XDB_OK)
		says_take(c, diagnostic);
	else if (c->status == XDB_BROKEN || c->code == LDAP_INSUFFICIENT_ACCESS)
		complain(c, diagnostic);
	if (c->code == LDAP_REFERRAL && is_write(c))
		complain_of_replica(c);
	ldap_controls_free(controls);
	ldap_memfree(diagnostic);
	return true;
}

/* Less than we asked for: but for pages, that is all it ever gives. */
static bool is_limit_of_server(const struct call *c)
{
	return c->code == LDAP_SIZELIMIT_EXCEEDED && !c->is_paged && !c->is_cut
	    && c->scope != LDAP_SCOPE_BASE
	    && (c->most == 0 || c->entry_n < c->most);
}

/* OpenLDAP says adminLimitExceeded to whoever may not have pages. */
static bool has_no_pages(const struct call *c)
{
	return c->first != NULL && c->entry_n == 0
	    && (c->status == XDB_REFUSED || c->code == LDAP_ADMINLIMIT_EXCEEDED);
}

/* Then the piece that there was. */
static void be_content(struct call *c)
{
	c->entries = c->first;
	c->entry_n = c->first_n;
	c->is_cut = true;
	c->status = XDB_OK;
	c->refusal = XDB_REFUSAL_NONE;
}

static enum call_turn search_take(struct call *c)
{
	if (has_no_pages(c))
		be_content(c);
	if (is_limit_of_server(c))
		return CALL_PAGES;
	if (c->status == XDB_OK && c->page.n != 0 && !c->is_cut) {
		op_more_time(c->op);
		return CALL_SENDS;
	}
	/* The limit we set, or the server's: what came is good, and not all. */
	if (c->code == LDAP_SIZELIMIT_EXCEEDED) {
		c->is_cut = true;
		c->status = XDB_OK;
	}
	/* Nothing here, but "ask over there" (LDAP-10): that is not "nothing". */
	if (c->status == XDB_OK && c->entry_n == 0 && c->reference_n != 0
	    && !c->op->db->ignore_references) {
		log_event(LOG_WARN, "ldap-referral", "-", "base=%s not followed",
		    log_text(slice_of(c->dn)));
		c->status = XDB_BROKEN;
	}
	return CALL_DONE;
}

enum call_turn call_take(struct call *c, LDAP *ld, LDAPMessage *msg)
{
	if (c->reader != NULL)
		return entry_go_on(c, c->reader);
	switch (ldap_msgtype(msg)) {
	case LDAP_RES_SEARCH_ENTRY:
		return entry_take(c, ld, msg);
	case LDAP_RES_SEARCH_REFERENCE:
		c->reference_n++;
		return CALL_WAITS;
	case LDAP_RES_INTERMEDIATE:
		return CALL_WAITS;
	default:
		break;
	}
	if (c->asks_who)
		return bind_who_take(c, ld, msg);
	if (!result_take(c, ld, msg)) {
		c->status = XDB_BROKEN;
		return CALL_DONE;
	}
	if (c->sets)
		return bind_set_take(c);
	if (c->kind == CALL_BIND || c->kind == CALL_CHANGE)
		return bind_take(c);
	if (c->status == XDB_REFUSED)
		c->refusal = XDB_NO_RIGHT;
	return c->kind == CALL_SEARCH ? search_take(c) : CALL_DONE;
}

/* --- out of the way -------------------------------------------------------------------------------- */

void call_forget_answer(struct call *c)
{
	c->asks_who = c->is_cut = false;
	c->page = slice_make(NULL, 0);
	c->entries = NULL;
	c->entry_end = &c->entries;
	c->entry_n = c->entry_bytes = 0;
	c->reference_n = 0;
}

bool call_may_be_resent(const struct call *c)
{
	return !c->was_resent
	    && (c->kind == CALL_SEARCH || c->kind == CALL_BIND
	    || c->kind == CALL_COMPARE);
}

void call_drop(struct call *c, bool is_late)
{
	if (c->place == CALL_QUEUED)
		pool_withdraw(c->pool, c);
	else if (c->place == CALL_FLYING) {
		conn_forget(c->conn, c, is_late);
		may_be_done(c, false);
	} else if (list_is_linked(&c->place_link))
		list_remove(&c->place_link);    /* it waits for another's pages */
	pager_over(c);
	buf_wipe(&c->secret);
	buf_wipe(&c->wish);
}
