/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/wire.h — one connection to the directory that waits, but never long.
 *
 * A program for one command has no loop to keep free, so it may wait; libldap's
 * own waiting has no end inside a TLS handshake (security LDAP-11), so the
 * socket and its limits are ours here too, and TLS is the policy of base/tls,
 * the one that the server has.
 *
 * Calls give LDAP result codes.  After LDAP_TIMEOUT or LDAP_SERVER_DOWN the
 * connection is broken: every further call gives LDAP_SERVER_DOWN at once. */
#ifndef CTL_WIRE_H
#define CTL_WIRE_H

#include <ldap.h>

#include "base/tls.h"
#include "ctl/cert.h"
#include "xdb_ldap/store.h"

enum { WIRE_CONNECT_MS = 3000, WIRE_ANSWER_MS = 5000 };

/* How far it came; what is not WIRE_OPEN failed there. */
enum wire_stage { WIRE_RESOLVE, WIRE_CONNECT, WIRE_TLS, WIRE_OPEN };

struct wire {
	enum wire_stage stage;
	int fd;
	struct tls *tls;
	LDAP *ld;
	int64_t deadline_ms;
	bool is_broken;
	bool is_late;                   /* it was connected, and did not answer in time */
	struct buf why;                 /* what failed, for people */
	/* borrowed */
	const struct server *server;
	struct tls_context *context;
};

/* Never NULL. */
struct wire *wire_open(const struct server *server, struct tls_context *context);
void wire_close(struct wire **wp);
/* The certificate that the server shows, whoever signed it; nothing is said to
 * it but StartTLS. */
bool wire_certificate(const struct server *server, struct cert *cert_r);

/* wire_call.c.  The code of a call that was sent, by wire.c too; the whole
 * answer in *msg_r. */
int wire_answer(struct wire *w, int id, LDAPMessage **msg_r);

/* NULL dn: SASL EXTERNAL.  `has_policy_r` (may be NULL): the password policy
 * answered for this identity, so the overlay is at work there. */
int wire_bind(struct wire *w, const char *dn, struct slice password,
    bool *has_policy_r);

struct question {
	const char *base;
	int scope;
	const char *filter;             /* NULL: (objectClass=*) */
	const char *const *attrs;       /* NULL-ended */
	int most;                       /* 0: as many as there are */
	LDAPControl *control;           /* NULL: none */
	struct berval *cookie;          /* not NULL: a page (RFC 2696), moved on */
};
/* What was found stays in *found_r (NULL: nothing came), also with an error:
 * sizeLimitExceeded comes with entries.  Freed by ldap_msgfree. */
int wire_search(struct wire *w, const struct question *q, LDAPMessage **found_r);

/* LDAP_COMPARE_TRUE, LDAP_COMPARE_FALSE, or why it could not be said. */
int wire_compare(struct wire *w, const char *dn, const char *attr,
    const char *value);
/* Who the server thinks we are (RFC 4532), "dn:…"; in the arena, "": it does not say. */
const char *wire_who(struct wire *w, struct arena *a);

struct change { int op; const char *attr; struct slice value; };
enum { WIRE_NOOP = 1 };         /* all is checked and nothing is done */
/* `changes` end with attr NULL; a value with p NULL stands for none. */
int wire_add(struct wire *w, const char *dn, const struct change *changes,
    int flags);
int wire_modify(struct wire *w, const char *dn, const struct change *changes);
/* Done as somebody else (RFC 4370). */
int wire_modify_as(struct wire *w, const char *as, const char *dn,
    const struct change *changes);
int wire_search_as(struct wire *w, const char *as, const struct question *q,
    LDAPMessage **found_r);
int wire_delete(struct wire *w, const char *dn);
/* For as many values as there are; `mods` as libldap has them, NULL-ended. */
int wire_add_all(struct wire *w, const char *dn, LDAPMod **mods);
int wire_modify_all(struct wire *w, const char *dn, LDAPMod **mods);
/* `assertion`: a filter that must hold (RFC 4528), or NULL. */
int wire_delete_if(struct wire *w, const char *dn, const char *assertion);

/* The first entry of what was found, which may be nothing; libldap's own ends
 * the program then.  The next by ldap_next_entry. */
LDAPMessage *wire_first(struct wire *w, LDAPMessage *found);
/* Values of an entry, copied; empty when it has none. */
struct slice wire_value(struct wire *w, struct arena *a, LDAPMessage *entry,
    const char *attr);
size_t wire_values(struct wire *w, struct arena *a, LDAPMessage *entry,
    const char *attr, struct slice **values_r);
const char *wire_dn(struct wire *w, struct arena *a, LDAPMessage *entry);

int64_t wire_now_ms(void);      /* monotonic */

#endif
