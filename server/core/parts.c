/* SPDX-License-Identifier: Apache-2.0 */
/* core/parts.c — settings, certificates, the store: each made, or said why not. */
#include "core/parts.h"

#include "base/log.h"
#include "xml/jid.h"

struct settings *parts_settings(const char *path)
{
	struct buf why = { 0 };
	struct settings *s = settings_load(path, &why);

	if (s == NULL)
		fputs(buf_cstr(&why), stderr);
	buf_fini(&why);
	return s;
}

/* EXTERNAL needs a certificate of the client's. */
static bool ask_clients(struct tls_context *tls, const struct settings *s)
{
	const char *why = NULL;

	if (*s->tls.client_ca_file == '\0' || tls_context_ask(tls,
	    s->tls.client_ca_file, s->tls.client_crl_file, &why))
		return true;
	log_event(LOG_ERROR, "client-ca-unusable", "-", "why=%s", why);
	return false;
}

struct tls_context *parts_tls(const struct settings *s)
{
	const char *why = NULL;
	struct tls_context *tls = tls_context_server(s->tls.certificate,
	    s->tls.key, "xmpp-client", &why);

	if (tls == NULL)
		log_event(LOG_ERROR, "certificate-unusable", "-", "file=%s why=%s",
		    s->tls.certificate, why);
	else if (!ask_clients(tls, s))
		tls_context_free(&tls);
	return tls;
}

void parts_log(const struct settings *s)
{
	const char *why;

	if (!log_open(s->log.file, (enum log_level)s->log.level, &why))
		log_event(LOG_ERROR, "log-not-opened", "-", "file=%s why=%s",
		    s->log.file, why);
}

struct xdb *parts_store(const struct settings *s, const char **why_r)
{
	struct xdb_conf conf = xdb_conf_of(s);
	struct buf password = { 0 };
	struct xdb *db = NULL;

	conf.address = jid_prep_bare;
	if (*s->ldap.bind_password_file == '\0'
	    || settings_secret(s->ldap.bind_password_file, &password, why_r)) {
		conf.bind_password = buf_slice(&password);
		db = xdb_open(&conf, why_r);
	}
	buf_wipe(&password);
	return db;
}

struct sasl_conf parts_sasl(const struct settings *s)
{
	return (struct sasl_conf){ .domain = s->server.domain,
		.mechanisms = &s->sasl.mechanisms,
		.iterations = s->sasl.scram_iterations,
		.certificate_names = &s->sasl.certificate_names,
		.keytab = s->sasl.keytab,
		.kerberos_host = s->sasl.kerberos_host,
		.kerberos_realms = &s->sasl.kerberos_realms };
}
