/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/judge.h — what the doctor thinks of what it saw: no sockets, no files. */
#ifndef CTL_JUDGE_H
#define CTL_JUDGE_H

#include "base/settings.h"
#include "ctl/doctor.h"

/* Which check a complaint of settings_load belongs to: the one about secrets
 * ("[tls] key", "… bind_password_file") or the configuration as such. */
bool judge_is_secret(struct slice complaint);

/* A certificate that is valid from `begins` to `ends`, at `now` (seconds). */
enum { JUDGE_DAYS_LEAST = 21 };
enum verdict judge_days(int64_t begins, int64_t ends, int64_t now, int *days_r);

/* Difference between our clock and the directory's. */
enum verdict judge_clock(int64_t seconds);

/* Does olcDbIndex ("uid,cn eq,sub", "default eq", "jid") give this attribute an
 * index of this kind? */
bool judge_has_index(const struct slice *values, size_t n, const char *attr,
    const char *kind);

/* The newest change of two servers (contextCSN, one value for each server id):
 * seconds that the second is behind; -1: it lacks one altogether. */
int64_t judge_lag(const struct slice *newest, size_t newest_n,
    const struct slice *own, size_t own_n);

/* A cost in what a hash shows of itself: "{ARGON2}…", "{PBKDF2-SHA256}600000$…". */
bool judge_is_costly(struct slice hash);

/* Counts names that two people share, names that no JID can hold (of each, the first
 * example), and those that one can. */
struct judge_names {
	unsigned shared, unfit, fit;
	struct slice shared_name, unfit_name;
	const char *shared_dn[2];
};
void judge_names(struct arena *a, const struct doctor_person *people, size_t n,
    struct judge_names *names_r);

/* What of a group could not be read: a warning each. */
void judge_group(struct result *r, const char *dn, const struct xdb_group *group);

/* The names that a schema file (LDIF for cn=config) defines, in the arena. */
struct judge_schema { struct slice *attrs, *classes; size_t attr_n, class_n; };
void judge_schema(struct arena *a, struct slice ldif, struct judge_schema *s_r);

/* The attributes that a filter names, without their options, in the arena; those
 * given by OID are left out.  How many; of one that is none, 0. */
enum { JUDGE_NAMES_MOST = 32 };
size_t judge_filter_names(struct arena *a, struct slice filter,
    struct slice names_r[JUDGE_NAMES_MOST]);

/* How many keys of service/host, of whatever realm, a keytab holds (MIT's format,
 * 5.2); false: it is none. */
bool judge_keytab(struct slice file, const char *service, const char *host,
    unsigned *keys_r);

/* Descriptors that this configuration may need. */
uint64_t judge_descriptors(const struct settings *s);

#endif
