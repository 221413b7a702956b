/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_local.c — the files that the service begins with. */
#include <time.h>
#include <unistd.h>

#include "ctl/checks.h"
#include "ctl/judge.h"
#include "xdb_ldap/pool.h"
#include "xml/jid.h"

/* Complaints of settings_load that are, or are not, about secrets. */
static void complain(struct doctor *d, struct result *r, bool about_secrets)
{
	struct slice rest = buf_slice(&d->complaints), line;

	while (rest.n != 0) {
		slice_cut(rest, '\n', &line, &rest);
		if (line.n != 0 && judge_is_secret(line) == about_secrets)
			result_say(r, VERDICT_FAULT, SLICE_FMT, SLICE_ARG(line));
	}
}

static const char *below(struct doctor *d, const char *rdn)
{
	struct buf dn = { 0 };
	const char *text;

	buf_addf(&dn, "%s,%s", rdn, d->settings->ldap.im_base);
	text = slice_cstr(&d->directory.arena, buf_slice(&dn));
	buf_fini(&dn);
	return text;
}

/* The same list of servers, names and bases as the store makes of it. */
static bool directory_prepare(struct doctor *d, const char **why_r)
{
	struct settings *s = d->settings;
	struct xdb_conf conf = xdb_conf_of(s);
	struct xdb *db = &d->directory;

	map_init(&db->names, &db->arena, s->ldap.people_name, NULL);
	db->root.preset = (enum xdb_preset)s->ldap.preset;
	db->rules = (struct rules){ .shells = s->ldap.closed_shells.v,
		.shell_n = s->ldap.closed_shells.n };
	db->domain = s->server.domain;
	db->address = jid_prep_bare;
	db->people_base = s->ldap.people_base;
	db->people_filter = s->ldap.people_filter;
	db->is_inline = s->ldap.profiles == PROFILES_INLINE;
	db->profiles_base = db->is_inline ? db->people_base
	    : below(d, RDN_PROFILES);
	db->rooms_base = below(d, RDN_ROOMS);
	db->requests_base = below(d, RDN_REQUESTS);
	return servers_parse(db, &conf, why_r);
}

void check_configuration(struct doctor *d, struct result *r)
{
	const char *why;

	d->settings = settings_load(d->path, &d->complaints);
	if (d->settings == NULL) {
		complain(d, r, false);
		if (r->verdict == VERDICT_OK)
			result_say(r, VERDICT_OK, "%s can be read", d->path);
		else if (access(d->path, F_OK) != 0)
			result_next(r, "`tertuliactl init -c %s` makes one, after "
			    "some questions; -c names another", d->path);
		else
			result_next(r, "mend it; `tertuliad -t -c %s` looks at it "
			    "again", d->path);
		return;
	}
	if (directory_prepare(d, &why)) {
		result_say(r, VERDICT_OK, "%s is good", d->path);
		return;
	}
	result_say(r, VERDICT_FAULT, "[ldap] uri: %s", why);
	result_next(r, "write the addresses of the LDAP servers as URIs");
}

static void check_secret(struct result *r, const char *file, const char *key)
{
	struct buf secret = { 0 };
	const char *why;

	if (*file != '\0' && !settings_secret(file, &secret, &why)) {
		result_say(r, VERDICT_FAULT, "%s: %s cannot be read: %s", key,
		    file, why);
		result_next(r, "run as the service's user or as root; a name "
		    "without a slash is looked up in $CREDENTIALS_DIRECTORY");
	} else if (*file != '\0' && secret.n == 0) {
		result_say(r, VERDICT_FAULT, "%s: %s is empty", key, file);
		result_next(r, "write the password into it");
	}
	buf_wipe(&secret);
}

void check_secrets(struct doctor *d, struct result *r)
{
	if (d->settings == NULL) {
		complain(d, r, true);
		if (r->verdict == VERDICT_FAULT)
			result_next(r, "make the file readable by the service "
			    "alone: chown to its user, chmod 600");
		else
			result_say(r, VERDICT_SKIPPED, "the configuration could "
			    "not be read");
		return;
	}
	check_secret(r, d->settings->ldap.bind_password_file,
	    "[ldap] bind_password_file");
	check_secret(r, d->settings->web.bind_password_file,
	    "[web] bind_password_file");
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "there, and for the service alone");
}

/* --- the certificate of the XMPP side ------------------------------------------ */

void check_certificate(struct doctor *d, struct result *r)
{
	const char *why = NULL;
	struct tls_context *tls = tls_context_server(
	    d->settings->tls.certificate, d->settings->tls.key, NULL, &why);

	if (tls != NULL) {
		result_say(r, VERDICT_OK, "certificate and key belong together");
	} else {
		result_say(r, VERDICT_FAULT, "%s", why);
		result_next(r, "name the certificate chain and the key that was "
		    "made with it in [tls]");
	}
	tls_context_free(&tls);
}

static bool read_own(struct doctor *d, struct result *r, struct cert *cert_r)
{
	const char *why = NULL;

	if (cert_read(d->settings->tls.certificate, cert_r, &why))
		return true;
	result_say(r, VERDICT_FAULT, "%s: %s", d->settings->tls.certificate, why);
	return false;
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* RFC 7590 §3.4: clients check the domain of the address, not the host. */
void check_certificate_names(struct doctor *d, struct result *r)
{
	const char *names[] = { d->settings->server.domain,
		d->settings->server.muc_domain };
	struct cert c;

	if (!read_own(d, r, &c))
		return;
	for (size_t i = 0; i < COUNT(names); i++)
		if (is_ascii(names[i]) && !cert_covers(&c, names[i])) {
			result_say(r, VERDICT_FAULT, "it does not name %s, only "
			    "%s", names[i], buf_cstr(&c.names));
			result_next(r, "get a certificate with a subjectAltName "
			    "for %s and %s", names[0], names[1]);
		}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "it names %s and %s", names[0], names[1]);
	cert_fini(&c);
}

void check_certificate_days(struct doctor *d, struct result *r)
{
	struct cert c;
	int days;
	enum verdict v;

	if (!read_own(d, r, &c))
		return;
	v = judge_days(c.begins, c.ends, (int64_t)time(NULL), &days);
	if (v == VERDICT_FAULT)
		result_say(r, v, "it is not valid today: it %s", days < 0
		    || c.ends <= (int64_t)time(NULL) ? "has expired"
		    : "is not valid yet");
	else
		result_say(r, v, "it is valid for %d more days", days);
	if (v != VERDICT_OK)
		result_next(r, "renew it, and send tertuliad SIGHUP");
	cert_fini(&c);
}
