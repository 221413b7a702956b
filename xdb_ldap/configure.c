/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/configure.c — what the settings say of the directory, as the store takes it. */
#include "base/settings.h"
#include "xdb_ldap/xdb.h"

struct xdb_conf xdb_conf_of(const struct settings *s)
{
	return (struct xdb_conf){
		.uri = s->ldap.uri.v, .uri_n = s->ldap.uri.n,
		.write_uri = s->ldap.write_uri.v,
		.write_uri_n = s->ldap.write_uri.n,
		.start_tls = s->ldap.start_tls,
		.sasl_external = s->ldap.sasl_external,
		.ca_file = s->ldap.ca_file,
		.pin = s->ldap.pin.v, .pin_n = s->ldap.pin.n,
		.certificate = s->ldap.certificate, .key = s->ldap.key,
		.deref = (enum xdb_deref)s->ldap.deref,
		.ignore_references = s->ldap.ignore_references,
		.bind_dn = s->ldap.bind_dn,
		.domain = s->server.domain,
		.people_base = s->ldap.people_base,
		.people_filter = s->ldap.people_filter,
		.people_name = s->ldap.people_name,
		.im_base = s->ldap.im_base,
		.is_inline = s->ldap.profiles == PROFILES_INLINE,
		.groups_base = s->ldap.groups_base,
		.groups_title = s->roster.groups_title,
		.preset = (enum xdb_preset)s->ldap.preset,
		.password_policy = s->ldap.password_policy,
		.wrong_binds = s->ldap.wrong_binds,
		.closed_shells = s->ldap.closed_shells.v,
		.closed_shell_n = s->ldap.closed_shells.n,
		.connect_timeout_ms = s->ldap.connect_timeout_ms,
		.timeout_ms = s->ldap.timeout_ms,
		.poll_interval_ms = s->ldap.poll_interval_ms,
		.refresh_interval_ms = s->ldap.refresh_interval_ms,
		.search_connections = s->ldap.search_connections,
		.bind_connections = s->ldap.bind_connections,
	};
}
