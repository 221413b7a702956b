/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/wire_call.c — one call, one answer, and values out of entries. */
#include "ctl/wire.h"

#include <errno.h>

int wire_answer(struct wire *w, int id, LDAPMessage **msg_r)
{
	int64_t left = w->deadline_ms - wire_now_ms();
	struct timeval limit = { 0, 1000 };
	int code, type;

	if (left > 0)
		limit = (struct timeval){ (time_t)(left / 1000),
			(suseconds_t)(left % 1000 * 1000) };
	type = ldap_result(w->ld, id, LDAP_MSG_ALL, &limit, msg_r);
	w->is_broken = type <= 0;
	if (type == 0)
		return LDAP_TIMEOUT;
	if (type < 0)
		return errno == ETIMEDOUT ? LDAP_TIMEOUT : LDAP_SERVER_DOWN;
	if (ldap_parse_result(w->ld, *msg_r, &code, NULL, NULL, NULL, NULL, 0)
	    != LDAP_SUCCESS)
		return LDAP_DECODING_ERROR;
	return code;
}

/* A call that was sent with `rc`, and nothing of it but its code. */
static int settle(struct wire *w, int rc, int id)
{
	LDAPMessage *msg = NULL;

	if (rc == LDAP_SUCCESS)
		rc = wire_answer(w, id, &msg);
	ldap_msgfree(msg);
	return rc;
}

/* LDAP_SUCCESS: a call may be sent. */
static int begin_call(struct wire *w)
{
	errno = 0;
	w->deadline_ms = wire_now_ms() + WIRE_ANSWER_MS;
	return w->is_broken ? LDAP_SERVER_DOWN : LDAP_SUCCESS;
}

/* libldap could not even send it. */
static int sent(struct wire *w, int rc)
{
	if (rc == LDAP_SERVER_DOWN)
		w->is_broken = true;
	return rc;
}

static bool has_policy(struct wire *w, LDAPMessage *msg)
{
	LDAPControl **controls = NULL;
	bool is_there;

	if (ldap_parse_result(w->ld, msg, NULL, NULL, NULL, NULL, &controls, 0)
	    != LDAP_SUCCESS)
		return false;
	is_there = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE,
	    controls, NULL) != NULL;
	ldap_controls_free(controls);
	return is_there;
}

int wire_bind(struct wire *w, const char *dn, struct slice password,
    bool *has_policy_r)
{
	LDAPControl policy = {
		.ldctl_oid = (char[]){ LDAP_CONTROL_PASSWORDPOLICYREQUEST },
	};
	LDAPControl *controls[] = { &policy, NULL };
	struct berval secret = { password.n, (char *)(uintptr_t)password.p };
	struct berval nothing = { 0, (char[]){ "" } };
	LDAPMessage *msg = NULL;
	int id, code;

	code = begin_call(w);
	if (code == LDAP_SUCCESS)
		code = sent(w, dn == NULL ? ldap_sasl_bind(w->ld, NULL,
		    "EXTERNAL", &nothing, NULL, NULL, &id)
		    : ldap_sasl_bind(w->ld, dn, LDAP_SASL_SIMPLE, &secret,
		    controls, NULL, &id));
	if (code == LDAP_SUCCESS)
		code = wire_answer(w, id, &msg);
	if (has_policy_r != NULL)
		*has_policy_r = code == LDAP_SUCCESS && has_policy(w, msg);
	ldap_msgfree(msg);
	return code;
}

int wire_compare(struct wire *w, const char *dn, const char *attr,
    const char *value)
{
	struct berval v = { strlen(value), (char *)(uintptr_t)value };
	int id = 0, code = begin_call(w);

	if (code == LDAP_SUCCESS)
		code = sent(w, ldap_compare_ext(w->ld, dn, attr, &v, NULL, NULL,
		    &id));
	return settle(w, code, id);
}

const char *wire_who(struct wire *w, struct arena *a)
{
	struct berval *who = NULL;
	LDAPMessage *msg = NULL;
	const char *text = "";
	int id, code = begin_call(w);

	if (code == LDAP_SUCCESS)
		code = sent(w, ldap_extended_operation(w->ld, LDAP_EXOP_WHO_AM_I,
		    NULL, NULL, NULL, &id));
	if (code == LDAP_SUCCESS)
		code = wire_answer(w, id, &msg);
	if (code == LDAP_SUCCESS && ldap_parse_extended_result(w->ld, msg, NULL,
	    &who, 0) == LDAP_SUCCESS && who != NULL)
		text = slice_cstr(a, slice_make(who->bv_val, who->bv_len));
	ber_bvfree(who);
	ldap_msgfree(msg);
	return text;
}

/* The cookie of the next page into q->cookie; empty: that was the last. */
static void page_turn(struct wire *w, LDAPMessage *msg, struct berval *cookie)
{
	LDAPControl **controls = NULL, *page;
	struct berval next = { 0 };
	ber_int_t count;

	ldap_memfree(cookie->bv_val);
	*cookie = (struct berval){ 0 };
	if (msg == NULL || ldap_parse_result(w->ld, msg, NULL, NULL, NULL, NULL,
	    &controls, 0) != LDAP_SUCCESS)
		return;
	page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (page != NULL && ldap_parse_pageresponse_control(w->ld, page, &count,
	    &next) == LDAP_SUCCESS)
		*cookie = next;
	ldap_controls_free(controls);
}

enum { PAGE_ENTRIES = 500 };

int wire_search(struct wire *w, const struct question *q, LDAPMessage **found_r)
{
	LDAPControl *page = NULL, *controls[] = { q->control, NULL };
	char **attrs = (char **)(uintptr_t)q->attrs;
	int id, code = begin_call(w);

	*found_r = NULL;
	if (code == LDAP_SUCCESS && q->cookie != NULL)
		code = ldap_create_page_control(w->ld, PAGE_ENTRIES, q->cookie, 1,
		    &page);
	if (page != NULL)
		controls[0] = page;
	if (code == LDAP_SUCCESS)
		code = sent(w, ldap_search_ext(w->ld, q->base, q->scope,
		    q->filter != NULL ? q->filter : "(objectClass=*)", attrs, 0,
		    controls[0] != NULL ? controls : NULL, NULL, NULL, q->most,
		    &id));
	if (page != NULL)
		ldap_control_free(page);
	if (code == LDAP_SUCCESS)
		code = wire_answer(w, id, found_r);
	if (q->cookie != NULL)
		page_turn(w, code == LDAP_SUCCESS ? *found_r : NULL, q->cookie);
	return code;
}

enum { CHANGES_MOST = 16 };

/* libldap's form of the changes; all of it lives as long as `room`. */
struct mods_room {
	LDAPMod mod[CHANGES_MOST], *mods[CHANGES_MOST + 1];
	struct berval value[CHANGES_MOST], *values[CHANGES_MOST][2];
};

static LDAPMod **mods_of(struct mods_room *room, const struct change *c)
{
	size_t i;

	memset(room, 0, sizeof *room);
	for (i = 0; i < CHANGES_MOST && c[i].attr != NULL; i++) {
		room->value[i] = (struct berval){ c[i].value.n,
			(char *)(uintptr_t)c[i].value.p };
		room->values[i][0] = c[i].value.p != NULL ? &room->value[i]
		    : NULL;
		room->mod[i].mod_op = c[i].op | LDAP_MOD_BVALUES;
		room->mod[i].mod_type = (char *)(uintptr_t)c[i].attr;
		room->mod[i].mod_bvalues = c[i].value.p != NULL
		    ? room->values[i] : NULL;
		room->mods[i] = &room->mod[i];
	}
	return room->mods;
}

int wire_add(struct wire *w, const char *dn, const struct change *changes,
    int flags)
{
	/* OpenLDAP's no-op control; critical, so whoever does not know it
	 * refuses instead of adding. */
	LDAPControl noop = { .ldctl_iscritical = 1,
		.ldctl_oid = (char[]){ "1.3.6.1.4.1.4203.666.5.2" } };
	LDAPControl *controls[] = { &noop, NULL };
	struct mods_room room;
	int id = 0, rc = begin_call(w);

	if (rc == LDAP_SUCCESS)
		rc = sent(w, ldap_add_ext(w->ld, dn, mods_of(&room, changes),
		    (flags & WIRE_NOOP) != 0 ? controls : NULL, NULL, &id));
	return settle(w, rc, id);
}

int wire_modify(struct wire *w, const char *dn, const struct change *changes)
{
	struct mods_room room;
	int id = 0, rc = begin_call(w);

	if (rc == LDAP_SUCCESS)
		rc = sent(w, ldap_modify_ext(w->ld, dn, mods_of(&room, changes),
		    NULL, NULL, &id));
	return settle(w, rc, id);
}

int wire_modify_as(struct wire *w, const char *as, const char *dn,
    const struct change *changes)
{
	LDAPControl proxy = { .ldctl_iscritical = 1,
		.ldctl_oid = (char[]){ LDAP_CONTROL_PROXY_AUTHZ } };
	LDAPControl *controls[] = { &proxy, NULL };
	struct buf id = { 0 };
	struct mods_room room;
	int msg = 0, rc = begin_call(w);

	buf_addf(&id, "dn:%s", as);
	proxy.ldctl_value = (struct berval){ id.n, id.p };
	if (rc == LDAP_SUCCESS)
		rc = sent(w, ldap_modify_ext(w->ld, dn, mods_of(&room, changes),
		    controls, NULL, &msg));
	buf_fini(&id);
	return settle(w, rc, msg);
}

int wire_search_as(struct wire *w, const char *as, const struct question *q,
    LDAPMessage **found_r)
{
	LDAPControl proxy = { .ldctl_iscritical = 1,
		.ldctl_oid = (char[]){ LDAP_CONTROL_PROXY_AUTHZ } };
	struct question asked = *q;
	struct buf id = { 0 };
	int code;

	buf_addf(&id, "dn:%s", as);
	proxy.ldctl_value = (struct berval){ id.n, id.p };
	asked.control = &proxy;
	code = wire_search(w, &asked, found_r);
	buf_fini(&id);
	return code;
}

int wire_delete(struct wire *w, const char *dn)
{
	int id = 0, rc = begin_call(w);

	if (rc == LDAP_SUCCESS)
		rc = sent(w, ldap_delete_ext(w->ld, dn, NULL, NULL, &id));
	return settle(w, rc, id);
}

int wire_add_all(struct wire *w, const char *dn, LDAPMod **mods)
{
	int id = 0, rc = begin_call(w);

	if (rc == LDAP_SUCCESS)
		rc = sent(w, ldap_add_ext(w->ld, dn, mods, NULL, NULL, &id));
	return settle(w, rc, id);
}

int wire_modify_all(struct wire *w, const char *dn, LDAPMod **mods)
{
	int id = 0, rc = begin_call(w);

	if (rc == LDAP_SUCCESS)
		rc = sent(w, ldap_modify_ext(w->ld, dn, mods, NULL, NULL, &id));
	return settle(w, rc, id);
}

int wire_delete_if(struct wire *w, const char *dn, const char *assertion)
{
	LDAPControl assert_ = { .ldctl_iscritical = 1,
		.ldctl_oid = (char[]){ LDAP_CONTROL_ASSERT } };
	LDAPControl *controls[] = { &assert_, NULL };
	int id = 0, rc = begin_call(w);

	if (rc == LDAP_SUCCESS && assertion != NULL)
		rc = ldap_create_assertion_control_value(w->ld,
		    (char *)(uintptr_t)assertion, &assert_.ldctl_value);
	if (rc == LDAP_SUCCESS)
		rc = sent(w, ldap_delete_ext(w->ld, dn, assertion != NULL
		    ? controls : NULL, NULL, &id));
	ldap_memfree(assert_.ldctl_value.bv_val);
	return settle(w, rc, id);
}

/* --- entries --------------------------------------------------------------------------- */

LDAPMessage *wire_first(struct wire *w, LDAPMessage *found)
{
	return found != NULL ? ldap_first_entry(w->ld, found) : NULL;
}

size_t wire_values(struct wire *w, struct arena *a, LDAPMessage *entry,
    const char *attr, struct slice **values_r)
{
	struct berval **values = ldap_get_values_len(w->ld, entry, attr);
	size_t n = values != NULL ? (size_t)ldap_count_values_len(values) : 0;

	*values_r = arena_alloc(a, (n + 1) * sizeof **values_r);
	for (size_t i = 0; i < n; i++)
		(*values_r)[i] = slice_make(arena_dup(a, values[i]->bv_val,
		    values[i]->bv_len), values[i]->bv_len);
	if (values != NULL)
		ldap_value_free_len(values);
	return n;
}

struct slice wire_value(struct wire *w, struct arena *a, LDAPMessage *entry,
    const char *attr)
{
	struct slice *values;

	return entry != NULL && wire_values(w, a, entry, attr, &values) != 0
	    ? values[0] : (struct slice){ NULL, 0 };
}

const char *wire_dn(struct wire *w, struct arena *a, LDAPMessage *entry)
{
	char *dn = ldap_get_dn(w->ld, entry);
	const char *copy = arena_dup(a, dn != NULL ? dn : "",
	    dn != NULL ? strlen(dn) : 0);

	ldap_memfree(dn);
	return copy;
}
