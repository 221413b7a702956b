/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/wrong.h — passwords that were wrong a moment ago.
 *
 * Clients with an old password try it again and again; each try is a failed
 * bind, and a few of them lock the account (measured with slapo-ppolicy).  So a
 * password that was wrong is not sent again for half a minute, and when it was wrong
 * then, too, for ten, unless the person's password has changed since (LDAP-15).
 * Half a minute, for slapd says "wrong" as well while whom it asks (saslauthd, and
 * Kerberos behind it) is away, and with the same words.  What is kept is a keyed
 * hash, in a table of fixed size: the newest stay.
 *
 * DNs of nobody are kept like everybody's, so that the time an answer takes
 * does not tell who exists: whoever checks a password of an unknown name gives
 * each such name a DN of its own. */
#ifndef XDB_LDAP_WRONG_H
#define XDB_LDAP_WRONG_H

#include "base/str.h"

struct wrong;

enum { WRONG_MARK_BYTES = 32 };

struct wrong *wrong_new(void);
void wrong_free(struct wrong **wp);

/* The mark of this password of this person, as things stand now. */
void wrong_mark(const struct wrong *w, struct slice dn, struct slice password,
    unsigned char *mark_r);
bool wrong_is_known(const struct wrong *w, const unsigned char *mark,
    int64_t now_ms);
void wrong_add(struct wrong *w, const unsigned char *mark, int64_t now_ms);

/* Which password they had when they were read last; 0: not known. */
uint64_t wrong_state(const struct wrong *w, struct slice dn);
/* The person was read: marks made at another pwdChangedTime fit no more. */
void wrong_saw(struct wrong *w, struct slice dn, struct slice password_changed);
/* Their password was set. */
void wrong_forget(struct wrong *w, struct slice dn);

#endif
