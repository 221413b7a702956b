/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_offer.c — the mechanisms we know, as a table, which of them are on
 * offer, and to whom.  The settings name those that need a password; those by
 * certificate and by ticket are on when there is what they need, and go first. */
#include "net/sasl_own.h"

#include <assert.h>
#include <stdlib.h>

#include "base/conf.h"
#include "base/crypto.h"

/* Those with a hash in the order of verifier_hashes. */
static const struct mechanism mechanisms[] = {
	{ "EXTERNAL",           &sasl_external, NULL,                false },
	{ "GSSAPI",             &sasl_ticket,   NULL,                false },
	{ "SCRAM-SHA-512-PLUS", &sasl_scram,    &verifier_hashes[0], true },
	{ "SCRAM-SHA-256-PLUS", &sasl_scram,    &verifier_hashes[1], true },
	{ "SCRAM-SHA-1-PLUS",   &sasl_scram,    &verifier_hashes[2], true },
	{ "SCRAM-SHA-512",      &sasl_scram,    &verifier_hashes[0], false },
	{ "SCRAM-SHA-256",      &sasl_scram,    &verifier_hashes[1], false },
	{ "SCRAM-SHA-1",        &sasl_scram,    &verifier_hashes[2], false },
	{ "PLAIN",              &sasl_plain,    NULL,                false },
};

static struct sasl_setup setup;
static const struct mechanism *offered[COUNT(mechanisms)];
static size_t offered_n;
static bool is_started;

const struct sasl_setup *sasl_setup(void)
{
	return &setup;
}

const struct mechanism *sasl_offered(size_t i)
{
	return i < offered_n ? offered[i] : NULL;
}

/* --- which ---------------------------------------------------------------- */

/* `word` is as in the configuration, where SCRAM brings its -PLUS form. */
static const struct mechanism *mechanism_of(const char *word, bool is_plus)
{
	for (size_t i = 0; i < COUNT(mechanisms); i++) {
		const struct mechanism *m = &mechanisms[i];

		if (m->method->is_on == NULL && m->is_plus == is_plus
		    && strcmp(word, m->hash != NULL ? m->hash->scheme
		    : m->name) == 0)
			return m;
	}
	return NULL;
}

static bool is_offered(const struct mechanism *m)
{
	for (size_t i = 0; i < offered_n; i++)
		if (offered[i] == m)
			return true;
	return false;
}

bool sasl_has_plain(void)
{
	return is_offered(mechanism_of("PLAIN", false));
}

static void offer_all(const struct conf_list *words, bool is_plus)
{
	for (size_t i = 0; i < words->n; i++) {
		const struct mechanism *m = mechanism_of(words->v[i], is_plus);

		if (m != NULL && !is_offered(m))
			offered[offered_n++] = m;
	}
}

static void offer_those_on(void)
{
	for (size_t i = 0; i < COUNT(mechanisms); i++) {
		const struct sasl_method *method = mechanisms[i].method;

		if (method->is_on != NULL && method->is_on(&setup))
			offered[offered_n++] = &mechanisms[i];
	}
}

/* -PLUS forms first, each part in the order of the configuration. */
static bool choose(const struct conf_list *words, const char **why_r)
{
	for (size_t i = 0; i < words->n; i++)
		if (mechanism_of(words->v[i], false) == NULL) {
			*why_r = "[sasl] mechanisms: PLAIN, SCRAM-SHA-1, "
			    "SCRAM-SHA-256 and SCRAM-SHA-512 are known";
			return false;
		}
	offered_n = 0;
	offer_those_on();
	offer_all(words, true);
	offer_all(words, false);
	if (words->n == 0)
		*why_r = "[sasl] mechanisms: name at least one";
	return words->n != 0;
}

/* --- start and stop ---------------------------------------------------------- */

static void kerberos_take(const struct sasl_conf *conf)
{
	bool is_on = conf->keytab != NULL && *conf->keytab != '\0';

	setup.keytab = is_on ? conf->keytab : NULL;
	setup.kerberos_realms = conf->kerberos_realms;
	setup.kerberos_host = is_on
	    ? slice_new(slice_of(conf->kerberos_host)) : NULL;
}

bool sasl_start(const struct sasl_conf *conf, const char *state_dir,
    const char **why_r)
{
	assert(!is_started);
	setup.certificate_names = conf->certificate_names;
	kerberos_take(conf);
	setup.domain = slice_new(slice_of(conf->domain));
	setup.iterations = conf->iterations;
	is_started = true;
	if (choose(conf->mechanisms, why_r)
	    && verifier_secret_load(state_dir, setup.secret, why_r)
	    && sasl_ticket_start(state_dir, why_r))
		return true;
	sasl_stop();
	return false;
}

void sasl_reload(const struct sasl_conf *conf)
{
	const char *why;

	setup.certificate_names = conf->certificate_names;
	setup.kerberos_realms = conf->kerberos_realms;
	setup.iterations = conf->iterations;
	choose(conf->mechanisms, &why); /* the settings were checked (settings.h) */
}

void sasl_stop(void)
{
	if (!is_started)
		return;
	cyrus_stop();
	free(setup.domain);
	free(setup.kerberos_host);
	explicit_bzero(&setup, sizeof setup);
	offered_n = 0;
	is_started = false;
}

/* --- to whom ------------------------------------------------------------------ */

static bool is_for(const struct mechanism *m, const struct sasl_binding *b)
{
	return m->method->is_for == NULL || m->method->is_for(m, b);
}

size_t sasl_offer(const struct sasl_binding *binding, const char **names,
    size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < offered_n && n < room; i++)
		if (is_for(offered[i], binding))
			names[n++] = offered[i]->name;
	return n;
}

const struct mechanism *sasl_offered_find(struct slice name,
    const struct sasl_binding *b)
{
	for (size_t i = 0; i < offered_n; i++)
		if (slice_is(name, offered[i]->name) && is_for(offered[i], b))
			return offered[i];
	return NULL;
}

bool sasl_coin(struct slice name)
{
	unsigned char mac[CRYPTO_HASH_MOST];
	struct buf text = { 0 };

	buf_adds(&text, "coin:");
	buf_add(&text, name);
	crypto_hmac(HASH_SHA256, slice_make(setup.secret, sizeof setup.secret),
	    buf_slice(&text), mac);
	buf_fini(&text);
	return (mac[0] & 1) != 0;
}
