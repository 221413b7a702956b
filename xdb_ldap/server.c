/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/server.c — the servers of the configuration, each with a circuit
 * breaker: failures in a row make the pause longer, 0.5 s to 8 s, with jitter
 * so that many processes do not come back together (LDAP-12). */
#include <ldap.h>

#include <stdio.h>

#include "base/crypto.h"
#include "xdb_ldap/pool.h"

enum {
	/* Whoever is online must hear of changes within 10 s of its return. */
	PAUSE_FIRST_MS = 500, PAUSE_MOST_MS = 8 * 1000,
	PAUSE_REFUSED_MS = 60 * 1000,
	PAUSE_HURRY_MS = 750,           /* when calls are waiting */
};

static int64_t pause_ms(unsigned failures, int64_t most)
{
	int64_t ms = PAUSE_FIRST_MS;
	uint16_t dice;

	for (unsigned i = 1; i < failures && ms < most; i++)
		ms *= 2;
	if (ms > most)
		ms = most;
	crypto_random(&dice, sizeof dice);
	return ms * 3 / 4 + ms / 4 * dice / UINT16_MAX;
}

void server_failed(struct server *s, bool is_refusing)
{
	s->tried_ms = loop_now_ms();
	if (s->failures++ == 0)
		s->failing_ms = s->tried_ms;
	s->is_tried = false;
	s->is_refusing = is_refusing;
	s->retry_ms = s->tried_ms + pause_ms(s->failures, is_refusing
	    ? PAUSE_REFUSED_MS : PAUSE_MOST_MS);
}

void server_is_well(struct server *s)
{
	s->failures = 0;
	s->is_tried = s->is_refusing = false;
}

int64_t server_due_ms(const struct server *s, bool hurry)
{
	int64_t soon = s->tried_ms + PAUSE_HURRY_MS;

	if (s->failures == 0)
		return 0;
	/* Knocking faster with a wrong password would only lock the name. */
	if (hurry && !s->is_refusing && soon < s->retry_ms)
		return soon;
	return s->retry_ms;
}

bool server_is_gone(const struct server *s, int64_t patience_ms)
{
	return s->failures != 0 && !s->is_tried
	    && loop_now_ms() - s->failing_ms >= patience_ms;
}

/* --- URIs ---------------------------------------------------------------------------- */

static const char *copy(struct xdb *db, const char *text)
{
	return arena_dup(&db->arena, text, strlen(text));
}

static bool security_of(const char *scheme, bool start_tls, enum security *is_r)
{
	if (strcmp(scheme, "ldap") == 0)
		*is_r = start_tls ? LINK_STARTTLS : LINK_CLEAR;
	else if (strcmp(scheme, "ldaps") == 0)
		*is_r = LINK_TLS;
	else if (strcmp(scheme, "ldapi") == 0)
		*is_r = LINK_LOCAL;
	else
		return false;
	return true;
}

static bool server_parse(struct xdb *db, struct server *s, const char *uri,
    bool start_tls, const char **why_r)
{
	LDAPURLDesc *url = NULL;
	const char *host;
	char port[16];
	bool ok;

	*why_r = "an LDAP URI must be ldap://host[:port], ldaps://… or ldapi://path";
	if (ldap_url_parse(uri, &url) != LDAP_URL_SUCCESS)
		return false;
	host = url->lud_host != NULL ? url->lud_host : "";
	ok = security_of(url->lud_scheme, start_tls, &s->security);
	if (*host == '\0')
		host = s->security == LINK_LOCAL ? "/run/slapd/ldapi" : "localhost";
	snprintf(port, sizeof port, "%d", url->lud_port != 0 ? url->lud_port
	    : s->security == LINK_TLS ? LDAPS_PORT : LDAP_PORT);
	s->uri = copy(db, uri);
	s->host = copy(db, host);
	s->port = copy(db, port);
	ldap_free_urldesc(url);
	return ok;
}

bool servers_parse(struct xdb *db, const struct xdb_conf *conf, const char **why_r)
{
	*why_r = "no LDAP server is named";
	db->writer_n = (unsigned)conf->write_uri_n;
	db->server_n = (unsigned)(conf->write_uri_n + conf->uri_n);
	db->servers = arena_alloc(&db->arena,
	    (db->server_n + 1) * sizeof *db->servers);
	for (unsigned i = 0; i < db->server_n; i++)
		if (!server_parse(db, &db->servers[i], i < db->writer_n
		    ? conf->write_uri[i] : conf->uri[i - db->writer_n],
		    conf->start_tls, why_r))
			return false;
	return conf->uri_n != 0;
}

/* --- TLS ---------------------------------------------------------------------------------- */

static bool tls_take(struct tls_context *tls, const struct xdb_conf *conf,
    const char **why_r)
{
	for (size_t i = 0; i < conf->pin_n; i++)
		if (!tls_context_pin(tls, conf->pin[i])) {
			*why_r = "a pin is 44 characters, the base64 of a SHA-256;"
			    " there may be eight of them";
			return false;
		}
	return conf->certificate == NULL || *conf->certificate == '\0'
	    || tls_context_identify(tls, conf->certificate, conf->key, why_r);
}

struct tls_context *servers_tls(const struct xdb_conf *conf, const char **why_r)
{
	struct tls_context *tls = tls_context_client(conf->ca_file, why_r);

	if (tls != NULL && !tls_take(tls, conf, why_r))
		tls_context_free(&tls);
	return tls;
}
