/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/preset.h — what each kind of directory server calls things.
 *
 * A preset is a column of names (preset.c).  Everything else is the same for all
 * servers: map.c bounds the values, rules.c judges those that are there. */
#ifndef XDB_LDAP_PRESET_H
#define XDB_LDAP_PRESET_H

#include "xdb_ldap/map.h"
#include "xdb_ldap/xdb.h"

struct entry;

struct preset_row {
	enum attr attr;
	const char *names[XDB_PRESETS]; /* by preset; NULL: it has no such thing */
};
/* The attributes whose names depend on the server. */
extern const struct preset_row preset_rows[];
extern const size_t preset_row_n;

/* By the word of the configuration: "openldap", "389ds", … */
extern const char *const preset_texts[XDB_PRESETS];

/* What a root DSE (SET_ROOT) looks like; OpenLDAP when nothing tells. */
enum xdb_preset preset_of_root(const struct entry *root);

#endif
