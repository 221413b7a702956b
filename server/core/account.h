/* SPDX-License-Identifier: Apache-2.0 */
/* core/account.h — a person of this service, loaded: roster, requests, sessions.
 *
 * An account is in memory while someone holds it: a session, a stream that is
 * logging in, a job at work; and for a while longer (account_away.c), as long as
 * it is certain to be what the directory has.  The memory is what rules read;
 * every change goes to the directory first and to memory when the directory
 * has it.  Changes of one account are made one after the other. */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include "base/list.h"
#include "base/map.h"
#include "core/job.h"

struct contact {                        /* one roster item; one block of memory */
	struct xdb_roster_item item;
};
struct request {                        /* subscription request waiting for an answer */
	struct list link;
	struct xdb_pending pending;
};

/* A stream whose login succeeded and that has bound nothing yet: it is in, and goes
 * out with the sessions, for it may stay so as long as it likes. */
struct entrant {
	struct list link;
	/* borrowed: the stream owns this */
	struct stream *stream;
};

/* Of a photo its hash is held, never the photo. */
enum { PHOTO_HASH_BYTES = 20 };         /* SHA-1, as XEP-0153 wants it */
struct account_photo {
	bool is_known, is_there;        /* not known: nothing is said of it */
	bool is_hidden;                 /* there is one that cannot be shown */
	bool is_touched;                /* it may be another by now: read it */
	unsigned char hash[PHOTO_HASH_BYTES];
};

struct account {
	struct jid jid;                 /* bare */
	struct map contacts;            /* bare JID -> struct contact */
	struct list requests;           /* struct request */
	struct list sessions;           /* struct session, by account_link */
	unsigned session_n;
	struct list entrants;           /* struct entrant */
	uint64_t roster_version;        /* the directory's number */
	uint64_t roster_mark;           /* what the items are, whoever wrote them */
	struct slice person_dn, person_uuid, uid, name;
	struct slice profile_dn;        /* empty: no profile */
	struct slice password_changed;  /* pwdChangedTime, as it was read last */
	struct slice *scram;            /* verifiers that count, RFC 5803 text */
	size_t scram_n;
	enum xdb_refusal refusal;       /* the directory's rules */
	enum xdb_profile_status status;
	const char *barred;             /* why it cannot be used now; NULL: it can */
	bool is_admitted;               /* by core/admission.h, as it was known last */
	uint32_t membership;            /* by core/membership.h, when it was looked at last */
	struct account_photo photo;     /* of who was online since it was loaded */
	unsigned password_held;         /* our own changes of the password under way */
	unsigned password_turns;        /* how often it was changed since we know them */
	bool password_seen;             /* the directory told of one meanwhile */
	bool password_ours;             /* and will tell of one more: ours */
	int64_t turns_s;                /* when that may change by itself, wall clock; 0: never */

	/* core/account.c's own */
	struct arena life;              /* this and the JID */
	struct arena arena;             /* other strings; renewed by a reload */
	unsigned holders;
	enum { ACCOUNT_LOADING, ACCOUNT_READY, ACCOUNT_UNKNOWN } state;
	struct xdb_op *op;              /* the load, and later ones */
	uint64_t as_of;                 /* the news there was when the load was sent */
	struct list away;               /* held by nobody, and kept */
	struct list stale;              /* waits to be read again … */
	bool is_unreadable;             /* … longer, for it could not be */
	struct list look;               /* to be looked at, or (is_asked) being so */
	bool is_asked;
	bool is_stale;                  /* the directory has something newer */
	struct list wanting;            /* jobs waiting for the load */
	struct list editing;            /* jobs waiting for their turn to change */
	struct job *editor;             /* whose change is at the directory */
};

/* The account when it is in memory and loaded, else NULL. */
struct account *account_find(struct slice local);

/* The same when it may be used and memory is certainly what the directory has,
 * so that there is nothing to ask: held for the caller.  NULL: load it. */
struct account *account_known(struct slice local);

/* Loads the account of a local part (unless it is in memory) and goes on at
 * `next`, with a == NULL unless status is XDB_OK.  XDB_ABSENT: there is no such
 * person.  The job holds the account until it ends.  `next` may be called from
 * within when the account is in memory.  A person without a profile is XDB_OK
 * with profile_dn empty. */
void account_want(struct job *j, struct slice local, job_account_fn *next);

/* Is this person really of that name?  Directories compare names more loosely
 * than JIDs do: `straße` finds strasse (LDAP-06). */
bool account_is_named(const struct xdb_person *p, struct slice local);

/* A stream that logs in gives what it just read, and account_news_count() from
 * before it asked; the account is held until account_release().  An account in memory
 * is brought up to date with it; what may be older than news is read once more. */
struct account *account_enter(struct slice local, const struct xdb_account *loaded,
    uint64_t as_of);
/* How much account_news() there was: an answer to what is asked now has all of it. */
uint64_t account_news_count(void);
/* Person or profile of somebody changed in the directory: when their account is
 * in memory it follows (account_live.c). */
void account_news(struct slice person_uuid);
/* All is another question now: the same of everybody in memory. */
void accounts_news(void);
/* Are they (NULL: all in memory) still people of ours, and where they were?  Many are asked
 * for at once; who is not plainly the same follows (account_look.c). */
typedef bool account_concerned_fn(const struct account *a);
void accounts_look(account_concerned_fn *is_concerned);
void accounts_look_stop(void);
/* The same of what an account does not hold: features are asked. */
void account_touched(struct slice person_uuid);
/* The photo as it is now; empty: there is none. */
void account_photo_take(struct account *a, struct slice photo);
/* There is one that was not read: not known, and not "none". */
void account_photo_hide(struct account *a);
/* All people were read: who is in memory only is looked for. */
void accounts_verify(void);
/* Who may use the service has changed (core/admission.h). */
void accounts_readmit(void);
void account_hold(struct account *a);
void account_release(struct account **ap);
/* The job waits for no account any more, and lets go of those it held. */
void account_job_over(struct job *j);

/* A change of the roster as a plan: `contact` is the JID it is about.  `plan`
 * looks at the account as it is now and fills the edit; it is called again
 * when the directory had a newer version.  false: nothing to change, which
 * counts as done (XDB_OK). */
struct account_edit {
	const struct xdb_roster_item *item;     /* the item as it shall be; NULL: none */
	bool changes_item;                      /* or leave the item alone */
	const struct xdb_pending *pending;      /* the request as it shall be; NULL: none */
	bool changes_pending;
};
typedef bool account_plan_fn(struct job *j, struct account *a, struct account_edit *edit_r);

/* Makes the change (directory first), then memory, then `next`.  Detaches the
 * job: a write begun is a write finished.  The profile is made first when the
 * person has none yet and [ldap] provision = login. */
void account_edit(struct job *j, struct account *a, struct slice contact,
    account_plan_fn *plan, job_stored_fn *next);

/* What the person's own list says, without roster groups. */
const struct xdb_roster_item *account_contact(const struct account *a, const struct jid *bare);
/* What is shown: the two together (core/shared.h).  Lists are in the arena.  False:
 * it is in neither. */
bool account_item(const struct account *a, struct slice bare, struct arena *arena,
    struct xdb_roster_item *item_r);
/* Does `bare` (its bare part) see this account's presence: subscription from or both? */
bool account_is_seen_by(const struct account *a, const struct jid *bare);
bool account_sees(const struct account *a, const struct jid *bare);     /* to or both */
const struct xdb_pending *account_request(const struct account *a, const struct jid *bare);

/* Closes all streams of the account (suspended, deleted …), bound or not. */
void account_close_sessions(struct account *a, const char *condition, const char *text);
/* All but one session's, by its number. */
void account_close_others(struct account *a, uint64_t but, const char *condition,
    const char *text);
/* A change of the password, asked for by one of the sessions, begins; and is
 * over.  All others end with `reset` when it is done; what the directory tells
 * of it ends none. */
void account_password_begin(struct account *a);
void account_password_end(struct account *a, bool is_done, uint64_t session_id);
/* Changed through us, but by none of the sessions: all end, and what memory has
 * of the old password counts no more. */
void account_password_changed(struct account *a);
bool account_has_streams(const struct account *a);
/* All in memory: start with 0, NULL at the end. */
struct account *account_next(size_t *at);
size_t account_count(void);             /* held by somebody */
size_t account_away_count(void);        /* by nobody, and kept */
void accounts_forget_away(void);

#endif
