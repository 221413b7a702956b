/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/call.h — one LDAP request on the wire, and its answer.
 *
 * An operation (op.h) makes one or several calls; each goes through a pool to a
 * connection.  Everything a call holds lives in its operation's arena, but
 * secrets, which are wiped.  Only call.c hands requests to libldap and reads
 * its messages. */
#ifndef XDB_LDAP_CALL_H
#define XDB_LDAP_CALL_H

#include <ldap.h>

#include "base/list.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/xdb.h"

struct conn;
struct pool;

enum call_kind {
	CALL_SEARCH, CALL_MODIFY, CALL_ADD, CALL_DELETE, CALL_PASSWORD, CALL_BIND,
	CALL_CHANGE,                    /* bind as the person, then RFC 3062 */
	CALL_COMPARE,
};

enum call_place { CALL_NOWHERE, CALL_QUEUED, CALL_FLYING };

struct call {
	struct list link;               /* among its operation's calls */
	struct list place_link;         /* in the pool's queue or the connection's list */
	struct buf secret, wish;        /* the password, and the new one; wiped */
	/* borrowed */
	struct xdb_op *op;
	struct pool *pool;
	struct conn *conn;              /* while CALL_FLYING */
	enum call_place place;
	enum call_kind kind;
	int msgid;
	bool was_resent;
	bool was_sent;                  /* what never was is not done */
	unsigned unheard_n;             /* CALL_BIND, CALL_CHANGE: binds without an answer */
	int64_t sent_ms;                /* the same: when the last was sent, … */
	int64_t took_ms;                /* … and how long its answer took */
	bool asks_who;                  /* bound, now asks who it is */
	bool sets;                      /* CALL_CHANGE: bound, now sets the new one */
	struct slice page;              /* CALL_SEARCH: where the next page begins */

	/* the request */
	const char *dn;                 /* base, entry, or who binds */
	int scope;
	const char *filter;
	enum map_set set;
	const char *more;
	unsigned most;
	bool is_paged;
	bool is_of_root;                /* asks what the server is; goes first */
	bool asks_usability;
	LDAPMod **mods;
	const char *assertion;
	const char *as;                 /* who it is done as, a DN; NULL: ourselves */
	const char *attribute;          /* CALL_COMPARE, … */
	struct slice value;             /* … has it this one? */

	/* the answer */
	bool is_answered;
	enum xdb_status status;
	int code;                       /* LDAP's result code */
	const struct server *server;    /* whose answer it is, or would have been */
	const char *why;
	bool is_cut;                    /* a size limit ended the search */
	unsigned reference_n;
	struct entry_reader *reader;    /* of a long entry that is half read, or NULL */
	struct entry *entries, **entry_end;
	size_t entry_n;
	size_t entry_bytes;
	struct entry *first;            /* what came before it was asked for by pages */
	size_t first_n;
	enum xdb_refusal refusal;
	unsigned grace;                 /* logins left with an expired password */
	const char *says;               /* why a new password is not taken, or NULL */
};

/* --- making them: each is on its way when the function returns ---------------- */

struct search {
	const char *base;
	int scope;                      /* LDAP_SCOPE_… */
	const char *filter;
	enum map_set set;
	const char *more;               /* one attribute more, with its options; or NULL */
	/* Entries; 0: as many as there are.  What the server's own limit cuts is
	 * asked for again, page after page. */
	unsigned most;
	bool is_of_watch;               /* goes the way of the watchers */
	/* So from the beginning, for what is known to be large (page.h). */
	bool is_paged;
	struct conn *at;                /* NULL, or this connection and no other */
	struct pool *in;                /* NULL, or one of this pool's servers */
	bool is_of_root;                /* of the root DSE: waits for nothing */
	bool asks_usability;            /* would the server let them in? */
};
struct call *call_search(struct xdb_op *op, const struct search *s);

/* A list of changes that grows; memory from the operation. */
struct mods { LDAPMod **v; size_t n, room; };
/* `operation`: LDAP_MOD_ADD, _DELETE, _REPLACE or _INCREMENT; no values with
 * _REPLACE or _DELETE removes the attribute. */
void mods_put(struct mods *m, struct xdb_op *op, int operation, enum attr attr,
    const struct slice *values, size_t n);
void mods_put_one(struct mods *m, struct xdb_op *op, int operation,
    enum attr attr, struct slice value);
/* Replaces by the value, or removes when it is empty. */
void mods_set(struct mods *m, struct xdb_op *op, enum attr attr, struct slice value);
/* What entry_one() gives becomes the value, or is removed when that is empty; all other
 * values stay.  Nothing, when it is that already; CONFLICT later, when one of those that
 * were read is not there any more. */
void mods_change(struct mods *m, struct xdb_op *op, const struct entry *e,
    enum attr attr, struct slice value);

struct call *call_modify(struct xdb_op *op, const char *dn, const struct mods *m);
/* The same as somebody else (RFC 4370, critical): with that person's rights.
 * `assertion`: a filter (RFC 4528, critical), or NULL.  No modify that has to
 * survive the death of one of several servers takes one: roster.c says why. */
struct call *call_modify_as(struct xdb_op *op, const char *as, const char *dn,
    const struct mods *m, const char *assertion);
struct call *call_add(struct xdb_op *op, const char *dn, const struct mods *m);
struct call *call_delete(struct xdb_op *op, const char *dn);
struct call *call_password(struct xdb_op *op, const char *dn, struct slice password);
struct call *call_bind(struct xdb_op *op, const char *dn, struct slice password);
/* Has the entry this value?  Asked one of the pool's servers.  OK: yes; CONFLICT:
 * no; ABSENT: there is no such entry. */
struct call *call_compare(struct xdb_op *op, const char *dn, enum attr attr,
    struct slice value, struct pool *in);
struct call *call_change(struct xdb_op *op, const char *dn, struct slice was,
    struct slice is);

/* --- for pools and connections --------------------------------------------------- */

/* Gives it to libldap; a result code of libldap's own on failure. */
int call_send(struct call *c, LDAP *ld, int64_t timeout_ms);
enum call_turn { CALL_WAITS, CALL_DONE, CALL_SENDS, CALL_PAGES, CALL_READS };
/* Takes one message of the answer; CALL_SENDS: call_send is due again; CALL_PAGES:
 * the server does not give all of it at once, and call_by_pages() is.
 * CALL_READS: it is long, and this turn's time is over (base/chore.h); the same
 * message is to be given again, or call_let_go() called before it is freed. */
enum call_turn call_take(struct call *c, LDAP *ld, LDAPMessage *msg);
void call_let_go(struct call *c);
/* From the beginning, page after page.  It is with no connection. */
void call_by_pages(struct call *c);
void call_forget_answer(struct call *c);        /* what has come of it */
bool call_may_be_resent(const struct call *c);
/* Gives the call its status and tells the operation. */
void call_finish(struct call *c, enum xdb_status status, const char *why);
/* Out of queue and connection; its answer goes nowhere.  Wipes its secret. */
void call_drop(struct call *c, bool is_late);

enum xdb_status call_status_of(int ldap_code);

#endif
