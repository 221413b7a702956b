/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/doctor.h — `tertuliactl doctor`: what is wrong, and what to do next.
 *
 * A check is a row of the table in checks.c.  It looks at one thing and says
 * what it found in one result; a check whose ground is missing (no connection,
 * no configuration) is skipped, with the name of the check that it hangs on, so
 * that one cause is one fault.
 *
 * Nothing here changes what belongs to somebody: writes go to scratch entries
 * of our own (scratch.h), and what must be refused is tried with changes that
 * would do nothing if they were let through (check_access.c). */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include "base/map.h"
#include "base/settings.h"
#include "ctl/wire.h"
#include "xdb_ldap/map.h"

enum verdict { VERDICT_OK, VERDICT_SKIPPED, VERDICT_WARNING, VERDICT_FAULT };

struct result {
	enum verdict verdict;
	bool is_unsure;         /* skipped, and it should not have been */
	struct buf what;        /* what was found */
	struct buf next;        /* what to do about it */
	const char *because;    /* id of the check it hangs on */
	int64_t ms;
};

struct doctor;
typedef void check_fn(struct doctor *d, struct result *r);

struct check {
	const char *id;
	const char *tests;              /* what it looks at, for people */
	const char *needs;              /* ids that must not have failed */
	check_fn *run;
};

/* checks.c; in the order they are made. */
extern const struct check checks[];
extern const size_t check_n;

/* One person under people_base, as counted. */
struct doctor_person {
	const char *dn;
	struct slice *names;
	size_t name_n;
	struct slice uuid;              /* entryUUID as text; empty: it shows none */
};

struct scratch;

struct doctor {
	struct arena arena;
	const char *path;               /* of the configuration */
	const char *admin_dn, *admin_password_file;     /* NULL: none given */
	struct settings *settings;      /* NULL: could not be read */
	struct buf complaints;          /* then: a line each */
	struct xdb directory;           /* servers, attribute names and bases */
	struct tls_context *tls;
	struct wire **dialled;          /* by server; how far each came */
	/* to the first server that could be reached; NULL: not bound */
	struct wire *im, *web, *admin, *nobody;
	const char *broken_in;          /* the check in which im or web was cut */
	bool has_sync;                  /* the server tells of changes */
	bool has_policy;                /* ppolicy answered the bind of im */
	int64_t bind_ms;                /* what that takes at best */
	struct doctor_person *people;
	size_t person_n, person_room;
	struct map known;               /* names of the server's schema; see look.h */
	unsigned with_time;             /* of the examples: it shows how old their password is */
	struct buf mend;                /* LDIF for who administers the directory */
	struct scratch *scratch;
	struct result *results;         /* by check */
};

/* Makes all checks in order; false: asked to stop in the middle (SIGINT,
 * SIGTERM), the remaining ones are skipped. */
bool doctor_run(struct doctor *d, bool shows_progress);
/* Removes what it made in the directory, and closes everything. */
void doctor_end(struct doctor *d);

/* A new connection with the identity that may remove most; NULL: none comes
 * about.  For who has something left to do when the others broke. */
struct wire *doctor_again(struct doctor *d);

/* Adds a finding: the worst verdict stays, texts are joined. */
void result_say(struct result *r, enum verdict verdict, const char *fmt, ...)
	FORMAT(3, 4);
/* What to do; the first advice stays. */
void result_next(struct result *r, const char *fmt, ...) FORMAT(2, 3);

/* Names of the directory, by the one table that spells them. */
const char *doctor_attr(const struct doctor *d, enum attr attr);

#endif
