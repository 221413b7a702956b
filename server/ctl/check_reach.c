/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_reach.c — from the URIs to connections that are bound.
 *
 * Each server is dialled once; the checks tell how far each came.  One of
 * several that fails is a warning, because the server goes to the next. */
#include <stdlib.h>
#include <time.h>

#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/look.h"
#include "xdb_ldap/pool.h"

static bool dial(struct doctor *d, struct result *r)
{
	const struct settings *s = d->settings;
	struct xdb *db = &d->directory;
	const char *why = NULL;

	d->tls = servers_tls(&(struct xdb_conf){ .ca_file = s->ldap.ca_file,
	    .pin = s->ldap.pin.v, .pin_n = s->ldap.pin.n,
	    .certificate = s->ldap.certificate, .key = s->ldap.key }, &why);
	if (d->tls == NULL) {
		result_say(r, VERDICT_FAULT, "%s", why);
		result_next(r, "look at [ldap] ca_file, pin, certificate and key");
		return false;
	}
	d->dialled = arena_alloc(&d->arena,
	    db->server_n * sizeof (struct wire *));
	for (unsigned i = 0; i < db->server_n; i++)
		d->dialled[i] = wire_open(&db->servers[i], d->tls);
	return true;
}

static unsigned count_from(const struct doctor *d, enum wire_stage least)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->directory.server_n; i++)
		n += d->dialled[i]->stage >= least;
	return n;
}

/* What is wrong with those that came to `stage` and no further. */
static void stopped_at(struct doctor *d, struct result *r, enum wire_stage stage)
{
	bool is_any_good = count_from(d, WIRE_OPEN) != 0;

	for (unsigned i = 0; i < d->directory.server_n; i++) {
		struct wire *w = d->dialled[i];

		if (w->stage == stage)
			result_say(r, is_any_good ? VERDICT_WARNING
			    : VERDICT_FAULT, "%s: %s", w->server->uri,
			    buf_cstr(&w->why));
	}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "%u of %u", count_from(d, stage + 1),
		    d->directory.server_n);
	/* All stopped before: their own check has said so. */
	if (r->verdict == VERDICT_OK && count_from(d, stage + 1) == 0)
		result_say(r, VERDICT_SKIPPED, "no server came so far");
}

void check_resolve(struct doctor *d, struct result *r)
{
	if (!dial(d, r))
		return;
	stopped_at(d, r, WIRE_RESOLVE);
	if (r->verdict != VERDICT_OK)
		result_next(r, "look at the host names in [ldap] uri and at this "
		    "machine's resolver");
}

void check_reach(struct doctor *d, struct result *r)
{
	stopped_at(d, r, WIRE_CONNECT);
	if (r->verdict != VERDICT_OK)
		result_next(r, "see that the LDAP server runs and listens there, "
		    "and that no firewall is in between");
}

/* Why a certificate that was refused was refused, in names. */
static void explain(const struct doctor *d, struct result *r, const struct wire *w)
{
	const struct server *s = w->server;
	struct cert c;

	if (w->is_late) {
		result_next(r, "the server took the connection and did not answer "
		    "within %d seconds: look at its load and log, and at what "
		    "stands between", WIRE_CONNECT_MS / 1000);
		return;
	}
	if (!wire_certificate(s, &c))
		return;
	if (d->settings->ldap.pin.n != 0)
		result_next(r, "the server's key is none of [ldap] pin: see whether "
		    "it has a new one, and write that there");
	else if (!cert_covers(&c, s->host))
		result_next(r, "the certificate names %s: write one of these into "
		    "[ldap] uri, or give the server a certificate for %s",
		    c.names.n != 0 ? buf_cstr(&c.names) : "nobody", s->host);
	else if (c.ends <= (int64_t)time(NULL))
		result_next(r, "renew the LDAP server's certificate");
	else
		result_next(r, "name the authority that signed it in [ldap] "
		    "ca_file");
	cert_fini(&c);
}

void check_tls(struct doctor *d, struct result *r)
{
	stopped_at(d, r, WIRE_TLS);
	for (unsigned i = 0; i < d->directory.server_n; i++) {
		struct wire *w = d->dialled[i];

		if (w->stage == WIRE_TLS)
			explain(d, r, w);
		else if (w->stage == WIRE_OPEN && w->tls != NULL
		    && r->verdict == VERDICT_OK)
			result_say(r, VERDICT_OK, "%s", tls_version(w->tls));
	}
	if (r->verdict != VERDICT_OK)
		result_next(r, "see whether the LDAP server answers at all, and "
		    "give it a certificate and TLS 1.2 or 1.3: passwords never "
		    "go there in clear text");
}

void check_tls_days(struct doctor *d, struct result *r)
{
	int days, least = INT32_MAX;

	for (unsigned i = 0; i < d->directory.server_n; i++) {
		struct wire *w = d->dialled[i];
		struct cert c;

		if (w->tls == NULL || !wire_certificate(w->server, &c))
			continue;
		if (judge_days(c.begins, c.ends, (int64_t)time(NULL), &days)
		    != VERDICT_OK)
			result_say(r, VERDICT_WARNING, "%s: %d days left",
			    w->server->uri, days);
		least = days < least ? days : least;
		cert_fini(&c);
	}
	if (r->verdict == VERDICT_WARNING)
		result_next(r, "renew the LDAP server's certificate");
	else if (least != INT32_MAX)
		result_say(r, VERDICT_OK, "%d days or more", least);
	else
		result_say(r, VERDICT_SKIPPED, "no server has TLS here");
}

/* --- identities ------------------------------------------------------------------ */

/* What a refused bind asks for. */
static void bind_advice(const struct doctor *d, struct result *r, int code,
    const char *section)
{
	const struct settings *s = d->settings;

	if (s->ldap.sasl_external && strcmp(section, "ldap") == 0)
		result_next(r, *s->ldap.certificate == '\0'
		    ? "SASL EXTERNAL needs [ldap] certificate and key, or ldapi://"
		    : "let slapd ask for a certificate (olcTLSVerifyClient: try) "
		    "and know who signed it (olcTLSCACertificateFile)");
	else if (code == LDAP_INVALID_CREDENTIALS)
		result_next(r, "the DN is not there or the password is wrong: "
		    "look at [%s] bind_dn and at the file of "
		    "bind_password_file", section);
	else
		result_next(r, "ask the directory's administrator what is the "
		    "matter with the identity of [%s]", section);
}

static int bind_as(struct wire *w, const char *dn, const char *file,
    bool *has_policy_r)
{
	struct buf password = { 0 };
	const char *why;
	int code = LDAP_INVALID_CREDENTIALS;

	/* An empty password would be no identity at all, and a success. */
	if (settings_secret(file, &password, &why) && password.n != 0)
		code = wire_bind(w, dn, buf_slice(&password), has_policy_r);
	buf_wipe(&password);
	return code;
}

static int bind_im(struct doctor *d, struct wire *w, bool *has_policy_r)
{
	*has_policy_r = false;
	if (d->settings->ldap.sasl_external)
		return wire_bind(w, NULL, (struct slice){ NULL, 0 }, NULL);
	return bind_as(w, d->settings->ldap.bind_dn,
	    d->settings->ldap.bind_password_file, has_policy_r);
}

static void bind_one(struct doctor *d, struct result *r, struct wire *w)
{
	int64_t began = wire_now_ms();
	bool has_policy;
	int code = bind_im(d, w, &has_policy);

	if (code != LDAP_SUCCESS) {
		result_say(r, VERDICT_FAULT, "%s: %s", w->server->uri,
		    ldap_err2string(code));
		bind_advice(d, r, code, "ldap");
	} else if (d->im == NULL) {
		d->im = w;
		d->has_policy = has_policy;
		d->bind_ms = wire_now_ms() - began;
	}
}

/* One bind takes what the password takes, or what else the machine did. */
enum { BINDS_TIMED = 3 };

static void time_binds(struct doctor *d, struct result *r)
{
	bool has_policy;

	for (int i = 1; i < BINDS_TIMED; i++) {
		int64_t began = wire_now_ms(), ms;

		if (bind_im(d, d->im, &has_policy) != LDAP_SUCCESS) {
			result_say(r, VERDICT_FAULT, "a second bind is refused");
			result_next(r, "look at the password policy of the "
			    "identity of [ldap]");
			return;
		}
		ms = wire_now_ms() - began;
		d->bind_ms = ms < d->bind_ms ? ms : d->bind_ms;
	}
}

/* Whom SASL lets in need not be anybody here: then it is a certificate's own subject,
 * or a Unix user (RFC 4532). */
static void look_who(struct doctor *d, struct result *r)
{
	const char *who = wire_who(d->im, &d->arena);
	struct slice *suffixes;
	size_t n = look_values(d, d->im, "", "namingContexts", &suffixes);

	if (strncmp(who, "dn:", 3) != 0 || n == 0
	    || look_is_below(suffixes, n, who + 3))
		return;
	result_say(r, VERDICT_FAULT, "SASL EXTERNAL gives %s, which is no identity of "
	    "the directory", who + 3);
	result_next(r, "let olcAuthzRegexp make cn=im of that (schema/README, A "
	    "certificate instead of a password)");
}

void check_bind_im(struct doctor *d, struct result *r)
{
	const struct settings *s = d->settings;

	if (!s->ldap.sasl_external && *s->ldap.bind_dn == '\0') {
		result_say(r, VERDICT_FAULT, "no identity: [ldap] bind_dn is "
		    "empty");
		result_next(r, "make the identities of schema/tree.ldif, and name "
		    "cn=im in [ldap] bind_dn");
		return;
	}
	for (unsigned i = 0; i < d->directory.server_n; i++)
		if (d->dialled[i]->stage == WIRE_OPEN)
			bind_one(d, r, d->dialled[i]);
	if (d->im != NULL)
		time_binds(d, r);
	if (d->im != NULL && s->ldap.sasl_external && r->verdict == VERDICT_OK)
		look_who(d, r);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "%s in %d ms", s->ldap.sasl_external
		    ? "SASL EXTERNAL" : s->ldap.bind_dn, (int)d->bind_ms);
}

/* One more connection to the server in use; NULL: it does not come about. */
static struct wire *one_more(struct doctor *d)
{
	for (unsigned i = 0; i < d->directory.server_n; i++) {
		struct wire *w;

		if (d->dialled[i]->stage != WIRE_OPEN)
			continue;
		w = wire_open(d->dialled[i]->server, d->tls);
		if (w->stage == WIRE_OPEN)
			return w;
		wire_close(&w);
	}
	return NULL;
}

static void bind_other(struct doctor *d, struct result *r, struct wire **into,
    const char *dn, const char *file, const char *section)
{
	struct wire *w = one_more(d);
	int code = w != NULL ? bind_as(w, dn, file, NULL) : LDAP_SERVER_DOWN;

	if (code == LDAP_SUCCESS) {
		*into = w;
		result_say(r, VERDICT_OK, "%s", dn);
		return;
	}
	result_say(r, VERDICT_FAULT, "%s: %s", dn, ldap_err2string(code));
	bind_advice(d, r, code, section);
	wire_close(&w);
}

void check_bind_web(struct doctor *d, struct result *r)
{
	d->nobody = one_more(d);
	if (*d->settings->web.bind_dn == '\0')
		result_say(r, VERDICT_SKIPPED, "[web] bind_dn is empty");
	else
		bind_other(d, r, &d->web, d->settings->web.bind_dn,
		    d->settings->web.bind_password_file, "web");
}

void check_bind_admin(struct doctor *d, struct result *r)
{
	if (d->admin_dn == NULL) {
		result_say(r, VERDICT_SKIPPED, "no --admin-dn was given");
		return;
	}
	bind_other(d, r, &d->admin, d->admin_dn, d->admin_password_file != NULL
	    ? d->admin_password_file : "", "--admin-dn");
}

struct wire *doctor_again(struct doctor *d)
{
	const struct settings *s = d->settings;
	struct wire *w = one_more(d);
	bool has_policy;
	int code = LDAP_SERVER_DOWN;

	if (w != NULL)
		code = *s->web.bind_dn != '\0' ? bind_as(w, s->web.bind_dn,
		    s->web.bind_password_file, NULL)
		    : bind_im(d, w, &has_policy);
	if (code != LDAP_SUCCESS)
		wire_close(&w);
	return w;
}
