/* SPDX-License-Identifier: Apache-2.0 */
/* base/settings.h — every setting of Tertulia, typed; the table is settings.c.
 *
 * A struct settings is immutable: a reload reads a new one whole, checks it
 * whole and swaps the pointer; what needs a restart keeps its value
 * (settings_keep).  Modules borrow `const struct settings *`, and
 * do not keep parts of it beyond the callback unless they are told of reloads. */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdio.h>

#include "base/conf.h"
#include "base/log.h"

enum provision { PROVISION_LOGIN, PROVISION_ADMIN };
enum profiles { PROFILES_TREE, PROFILES_INLINE };

struct settings {
	struct {
		const char *domain, *muc_domain, *state_dir, *control_socket;
		unsigned io_threads;
	} server;
	struct { struct conf_list c2s, c2s_tls, web; } listen;
	struct { const char *certificate, *key, *client_ca_file, *client_crl_file; } tls;
	struct {
		struct conf_list uri, write_uri;
		bool start_tls, sasl_external, insecure_loopback;
		const char *ca_file, *bind_dn, *bind_password_file;
		struct conf_list pin;
		const char *certificate, *key;
		unsigned deref;                         /* enum xdb_deref */
		bool ignore_references;
		const char *people_base, *people_filter, *people_name, *im_base;
		const char *people_groups, *groups_base;
		unsigned provision;                     /* enum provision */
		unsigned profiles;                      /* enum profiles */
		unsigned preset;                        /* enum xdb_preset */
		const char *password_policy;
		unsigned wrong_binds;
		struct conf_list closed_shells;
		int64_t connect_timeout_ms, timeout_ms, poll_interval_ms;
		int64_t refresh_interval_ms;
		unsigned search_connections, bind_connections;
	} ldap;
	struct {
		unsigned scram_iterations;
		struct conf_list mechanisms, certificate_names, kerberos_realms;
		const char *keytab, *kerberos_host;
	} sasl;
	struct {
		const char *bind_dn, *bind_password_file, *admin_group, *url;
		struct conf_list hosts;
		bool people_create;
		const char *people_create_base;
	} web;
	struct { const char *create; unsigned history, occupants; } rooms;
	struct { struct conf_list writable; size_t photo_bytes; } vcard;
	struct {
		bool is_on;
		const char *domain, *filter;
		unsigned least, most, often;
	} search;
	struct { const char *groups, *groups_public, *groups_title; } roster;
	struct {
		size_t stanza_bytes, preauth_bytes, queue_bytes;
		unsigned sessions, roster_items, accounts_away;
		unsigned connections, connections_per_ip;
		unsigned unauthenticated_per_ip;
		int64_t auth_ms, handshake_ms, idle_ms;
	} limits;
	struct { struct conf_list abuse, admin, feedback, sales, security, support; } contact;
	struct { unsigned level; const char *file; } log;   /* enum log_level */

	/* Not in the file. */
	const char *path;
	struct arena arena;
	struct conf_origin origin;
};

/* Reads and checks; NULL and complaints in `why` on any fault.  Also checks
 * what one line alone cannot: that files exist, secrets are not readable by
 * others, names are domains, LDAP is encrypted unless it is ldapi or an
 * explicitly allowed loopback. */
struct settings *settings_load(const char *path, struct buf *why);
/* Gives `fresh` the values of `began` that need a restart to change, and adds the
 * names of those that would be others; `began` must outlive it. */
void settings_keep(struct settings *fresh, const struct settings *began,
    struct buf *names);
void settings_free(struct settings **sp);

void settings_print_sample(FILE *out);
void settings_print_manual(FILE *out);
void settings_print_values(FILE *out, const struct settings *s);

/* Reads a secret file (trailing newline cut) or, when `file` has no '/', the
 * credential of that name below $CREDENTIALS_DIRECTORY.  Caller wipes. */
bool settings_secret(const char *file, struct buf *out, const char **why_r);

#endif
