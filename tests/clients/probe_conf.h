/* SPDX-License-Identifier: Apache-2.0 */
/* tests/clients/probe_conf.h — a store's configuration out of JSON. */
#ifndef TESTS_CLIENTS_PROBE_CONF_H
#define TESTS_CLIENTS_PROBE_CONF_H

#include <jansson.h>

#include "xdb_ldap/xdb.h"
#include "xml/jid.h"

static inline const char *word(const json_t *q, const char *key, const char *fallback)
{
	const char *v = json_string_value(json_object_get(q, key));

	return v != NULL ? v : fallback;
}

static inline unsigned count(const json_t *q, const char *key, unsigned fallback)
{
	const json_t *j = json_object_get(q, key);

	return j != NULL ? (unsigned)json_integer_value(j) : fallback;
}

/* At most `most` of its servers; `uri` and `shell` are the caller's. */
static inline struct xdb_conf conf_read(const json_t *q, const char **uri,
    size_t most, const char *const *shell)
{
	const json_t *list = json_object_get(q, "uri");
	struct xdb_conf conf = {
		.uri = uri, .uri_n = json_array_size(list),
		.start_tls = json_is_true(json_object_get(q, "start_tls")),
		.sasl_external = json_is_true(json_object_get(q, "sasl_external")),
		.ca_file = word(q, "ca_file", ""),
		.certificate = word(q, "certificate", ""),
		.key = word(q, "key", ""),
		.deref = (enum xdb_deref)count(q, "deref", DEREF_NEVER),
		.ignore_references = json_is_true(json_object_get(q,
		    "ignore_references")),
		.bind_dn = word(q, "bind_dn", ""),
		.bind_password = slice_of(word(q, "bind_password", "")),
		.domain = word(q, "domain", "example.org"),
		.address = jid_prep_bare,
		.people_base = word(q, "people_base", ""),
		.people_filter = word(q, "people_filter", ""),
		.people_name = word(q, "people_name", "uid"),
		.im_base = word(q, "im_base", ""),
		.preset = (enum xdb_preset)count(q, "preset", XDB_AUTO),
		.password_policy = word(q, "password_policy", NULL),
		.closed_shells = shell, .closed_shell_n = **shell != '\0',
		.groups_base = word(q, "groups_base", NULL),
		.groups_title = word(q, "groups_title", NULL),
		.connect_timeout_ms = count(q, "connect_timeout_ms", 2000),
		.timeout_ms = count(q, "timeout_ms", 3000),
		.poll_interval_ms = count(q, "poll_interval_ms", 1000),
		.refresh_interval_ms = count(q, "refresh_interval_ms", 300000),
		.search_connections = count(q, "search_connections", 2),
		.bind_connections = count(q, "bind_connections", 4),
	};

	conf.uri_n = conf.uri_n < most ? conf.uri_n : most;
	for (size_t i = 0; i < conf.uri_n; i++)
		uri[i] = json_string_value(json_array_get(list, i));
	return conf;
}

/* Where writes go, and the directory's key; `uri` and `pin` are the caller's. */
static inline void conf_write_read(const json_t *q, struct xdb_conf *conf,
    const char **uri, size_t most, const char *const *pin)
{
	const json_t *list = json_object_get(q, "write_uri");

	conf->write_uri = uri;
	conf->write_uri_n = json_array_size(list) < most ? json_array_size(list) : most;
	for (size_t i = 0; i < conf->write_uri_n; i++)
		uri[i] = json_string_value(json_array_get(list, i));
	conf->pin = pin;
	conf->pin_n = *pin != NULL;
}

#endif
