/* SPDX-License-Identifier: Apache-2.0 */
/* feat/register.c — XEP-0077, as far as it fits accounts that an institution
 * makes: passwords are changed, nothing is registered or removed.
 *
 *   get                      registered, and where the rest is done
 *   set with a password      not-authorized with a form that asks for the old one (§3.3)
 *   set with that form       the directory changes it, as the person (RFC 3062)
 *   set with <remove/>       not-allowed: people are the institution's
 *
 * The old password is asked for because nobody here has it, and because no
 * identity of ours may set other people's: what a stolen session, or this whole
 * process taken over, can do to the directory's passwords is nothing. */
#include <string.h>

#include "base/log.h"
#include "core/guesses.h"
#include "core/host.h"
#include "core/stream.h"
#include "core/verifiers.h"
#include "feat/features.h"
#include "feat/form.h"
#include "xml/ns.h"

#define FORM_CHANGE "jabber:iq:register:changepassword"

static const char *sentence(struct arena *a, const char *before)
{
	struct buf text = { 0 };
	const char *kept;

	buf_addf(&text, "%s %s/password", before, host.settings->web.url);
	kept = slice_cstr(a, buf_slice(&text));
	buf_fini(&text);
	return kept;
}

/* XEP-0077 §3.3: what came is not sent back, for passwords are in it. */
static void fail_with(struct job *j, enum stanza_error error, const char *text,
    struct elem *query)
{
	struct elem *stanza = stanza_error(&j->arena, j->stanza, error, text);

	elem_remove(stanza, NS_REGISTER, NULL);
	if (query != NULL)
		elem_add_elem(&j->arena, stanza, query);
	job_reply_stanza(j, stanza);
}

static void fail(struct job *j, enum stanza_error error, const char *text)
{
	fail_with(j, error, text, NULL);
}

/* --- where to ask --------------------------------------------------------------------- */

/* §5: instructions, and an address for clients that know XEP-0066. */
static struct elem *pointer(struct arena *a)
{
	struct elem *query = elem_new(a, NS_REGISTER, "query"), *x;

	elem_add_text_child(a, query, NS_REGISTER, "instructions",
	    slice_of(sentence(a, "Accounts are those of the institution's "
	    "directory; nobody registers here. Passwords are changed at")));
	x = elem_add(a, query, NS_OOB, "x");
	elem_add_text_child(a, x, NS_OOB, "url",
	    slice_of(host.settings->web.url));
	return query;
}

static void get(struct job *j)
{
	struct elem *query = pointer(&j->arena);

	elem_add(&j->arena, query, NS_REGISTER, "registered");
	elem_add_text_child(&j->arena, query, NS_REGISTER, "username",
	    jid_local(&j->from));
	job_reply(j, query);
}

/* --- the form ----------------------------------------------------------------------------- */

static void field_add(struct job *j, struct elem *x, const char *var,
    const char *type, const char *label)
{
	struct elem *field = form_add(&j->arena, x, var, type, label);

	elem_add(&j->arena, field, NS_DATA, "required");
	if (strcmp(var, "username") == 0)
		form_add_value(&j->arena, field, jid_local(&j->from));
}

static void ask_for_old(struct job *j)
{
	struct elem *query = elem_new(&j->arena, NS_REGISTER, "query");
	struct elem *x = form_new(&j->arena, "form", SLICE("Password change"),
	    FORM_CHANGE);

	elem_add_text_child(&j->arena, x, NS_DATA, "instructions",
	    SLICE("The directory wants to see the old password too."));
	field_add(j, x, "username", "text-single", "User name");
	field_add(j, x, "old_password", "text-private", "Old password");
	field_add(j, x, "password", "text-private", "New password");
	elem_add_elem(&j->arena, query, x);
	fail_with(j, SE_NOT_AUTHORIZED, sentence(&j->arena,
	    "The old password is needed too: if your client does not ask for "
	    "it, change the password at"), query);
}

/* "lucia" or "lucia@our.domain", as in §3.3's two examples. */
static bool is_own_name(struct job *j, struct slice name)
{
	struct slice local, domain, prepared;

	if (slice_cut(name, '@', &local, &domain)
	    && !slice_eq(domain, jid_domain(&host.jid)))
		return false;
	return jid_prep_local(&j->arena, local, &prepared)
	    && slice_eq(prepared, jid_local(&j->from));
}

/* --- changing it ---------------------------------------------------------------------------- */

struct change {
	struct slice was, is;           /* in the job's arena */
	struct account *account;        /* held by the job */
	uint64_t session_id;
	const char *peer;
	struct throttle_try *guess;
};

static void change_begin(struct job *j, struct account *a, enum xdb_status status);
static void changed(struct job *j, const struct xdb_result *res);
static void refused(struct job *j, const struct xdb_result *res);

static void change(struct job *j, struct slice was, struct slice is)
{
	struct change *c = ARENA_NEW(&j->arena, struct change);
	struct stream *st = j->session->stream;
	const char *peer = st != NULL ? stream_peer(st)->address : "";

	c->was = was;
	c->is = is;
	c->session_id = j->session_id;
	c->peer = slice_cstr(&j->arena, slice_of(peer));
	j->data = c;
	account_want(j, jid_local(&j->from), change_begin);
}

static void change_begin(struct job *j, struct account *a, enum xdb_status status)
{
	struct change *c = j->data;

	if (status != XDB_OK) {
		fail(j, SE_RESOURCE_CONSTRAINT,
		    "The directory does not answer now; try again later.");
		return;
	}
	/* From here to changed() nothing but the end of the process stops it. */
	if (guesses_begin(c->peer, jid_local(&j->from), NULL, NULL, &c->guess)
	    != THROTTLE_GO) {
		fail(j, SE_RESOURCE_CONSTRAINT,
		    "Too many wrong passwords: try again later.");
		return;
	}
	c->account = a;
	account_password_begin(a);
	job_detach(j);
	job_await(j, xdb_password_change(host.xdb, &(struct xdb_person){
	    .dn = a->person_dn, .uuid = a->person_uuid, .uid = a->uid }, c->was,
	    c->is), changed);
}

static void changed(struct job *j, const struct xdb_result *res)
{
	struct change *c = j->data;
	struct account *a = c->account;
	bool is_done = res->status == XDB_OK;

	log_event(LOG_INFO, "password-change", a->jid.text, "by=client status=%s "
	    "refusal=%d", xdb_status_text(res->status), (int)res->refusal);
	if (is_done) {
		guesses_right(c->peer, jid_local(&a->jid));
		verifiers_renew(jid_local(&a->jid), c->is);
	}
	account_password_end(a, is_done, c->session_id);
	if (res->refusal == XDB_WRONG_PASSWORD)
		guesses_wrong(c->peer, jid_local(&j->from), GUESS_PLAIN);
	throttle_end(&c->guess);
	if (is_done)
		job_reply(j, NULL);
	else
		refused(j, res);
}

static void refused(struct job *j, const struct xdb_result *res)
{
	const char *says = res->says;

	if (res->may_be_done) {
		fail(j, SE_RESOURCE_CONSTRAINT, "The directory did not say whether "
		    "the password is changed: try the new one, then the old one.");
	} else if (res->status != XDB_REFUSED) {
		fail(j, SE_RESOURCE_CONSTRAINT, "The directory takes no changes "
		    "now: the password is as it was. Try again later.");
	} else if (res->refusal == XDB_TOO_OFTEN) {
		fail(j, SE_RESOURCE_CONSTRAINT, "There were too many wrong "
		    "passwords; try again later.");
	} else if (res->refusal == XDB_WRONG_PASSWORD) {
		fail(j, SE_NOT_AUTHORIZED, "The old password is wrong.");
	} else if (res->refusal == XDB_BAD_PASSWORD) {
		fail(j, SE_NOT_ACCEPTABLE, says != NULL ? says
		    : "The directory does not take this password.");
	} else {
		fail(j, SE_NOT_ALLOWED, says != NULL ? says
		    : "The directory does not allow this change.");
	}
}

/* --- set ----------------------------------------------------------------------------------------- */

static void set_form(struct job *j, const struct elem *x)
{
	struct slice name, was, is;

	if (!slice_is(elem_attr(x, "type"), "submit")
	    || !form_is(&j->arena, x, FORM_CHANGE)
	    || !form_value(&j->arena, x, "username", &name)
	    || !form_value(&j->arena, x, "old_password", &was)
	    || !form_value(&j->arena, x, "password", &is)
	    || was.n == 0 || is.n == 0)
		fail(j, SE_BAD_REQUEST,
		    "User name, old and new password are needed.");
	else if (!is_own_name(j, name))
		fail(j, SE_NOT_ALLOWED, "This is somebody else's name.");
	else
		change(j, was, is);
}

static void set_plain(struct job *j, const struct elem *query)
{
	const struct elem *name = elem_child(query, NS_REGISTER, "username");
	const struct elem *is = elem_child(query, NS_REGISTER, "password");

	if (name == NULL || is == NULL || elem_text(&j->arena, is).n == 0)
		fail(j, SE_BAD_REQUEST,
		    "User name and new password are needed.");
	else if (!is_own_name(j, elem_text(&j->arena, name)))
		fail(j, SE_NOT_ALLOWED,
		    "Nobody registers here: accounts are made in the directory.");
	else
		ask_for_old(j);
}

static void set(struct job *j)
{
	const struct elem *query = job_payload(j);
	const struct elem *x = elem_child(query, NS_DATA, "x");

	j->is_secret = true;
	if (elem_child(query, NS_REGISTER, "remove") != NULL)
		fail(j, SE_NOT_ALLOWED, "This account is the institution's: ask "
		    "those who run the service to remove it.");
	else if (x != NULL)
		set_form(j, x);
	else
		set_plain(j, query);
}

static const struct iq_route routes[] = {
	{ IQ_GET, NS_REGISTER, "query", TO_HOST | TO_OWN_ACCOUNT, get },
	{ IQ_SET, NS_REGISTER, "query", TO_HOST | TO_OWN_ACCOUNT, set },
	{ 0 }
};

const struct feature feature_register = {
	.name = "register",
	.spec = "XEP-0077",
	.disco = NS_REGISTER,
	.routes = routes,
};
