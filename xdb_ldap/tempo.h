/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/tempo.h — how long the directory needs to say that a password is wrong.
 *
 * A good hash is slow, and only people have one: whoever is nobody, or is locked, is
 * refused sooner, which would tell who exists (SASL-08).  So that answer is held back
 * for as long as another's took lately.  A name goes with one person, whichever it
 * is, for hashes differ and one name has but one; and of that person's times one is
 * drawn by lot, for times differ, too. */
#ifndef XDB_LDAP_TEMPO_H
#define XDB_LDAP_TEMPO_H

#include "base/str.h"

struct tempo;

enum {
	TEMPO_PEOPLE = 64,              /* kept at once */
	TEMPO_TIMES = 32,               /* of each: the newest */
	TEMPO_MOST_MS = 1000,           /* no outage is waited for */
	TEMPO_KEPT_MS = 10 * 60 * 1000, /* then somebody else may take the place */
};

struct tempo *tempo_new(void);
void tempo_free(struct tempo **tp);
/* As if all that `from` saw had been seen here. */
void tempo_take(struct tempo *t, const struct tempo *from);

/* The directory looked at a password of `person`, and that took so long. */
void tempo_saw(struct tempo *t, struct slice person, int64_t took_ms,
    int64_t now_ms);
/* How long it shall take for a name or person whose password it does not look at; 0
 * while nothing was seen. */
int64_t tempo_draw(const struct tempo *t, struct slice name);

#endif
