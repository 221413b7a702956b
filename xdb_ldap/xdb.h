/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/xdb.h — the directory as an asynchronous store.
 *
 * Every call that starts an operation returns a struct xdb_op at once;
 * xdb_then() says where the answer goes.  The promises (each has a test):
 *
 *  1. the callback never runs inside the starting call, not even on error;
 *  2. it runs exactly once, or never after xdb_cancel();
 *  3. request strings are copied: they may go when the starting call returns;
 *  4. the result is valid only during the callback, unless xdb_keep() says longer;
 *  5. every operation has a deadline ([ldap] timeout, waiting included; a group's
 *     begins again as often as something of it was answered); where no server was
 *     there for so long it ends with the next attempt that fails;
 *  6. reads are sent again once after a lost connection, writes never silently;
 *  7. the queue is bounded: when full the answer is XDB_BUSY, through the loop;
 *  8. whoever reads after a write was answered sees that write, on whichever
 *     server it is read (for a minute, then a replica that does not follow is
 *     believed again).
 *
 * An error is never "empty" and never "yes": only XDB_OK carries data, only
 * XDB_ABSENT means that the directory said there is none.
 *
 * JIDs in here are canonical text: the caller prepares those it gives (xml/jid.h), and
 * xdb_conf.address those that are read; one that is none is left out.  The store
 * compares bytes.  Names coming from clients become filters and DNs only through
 * filter.h's escaping writers.  Identity is the person's entryUUID. */
#ifndef XDB_LDAP_XDB_H
#define XDB_LDAP_XDB_H

#include "base/str.h"

struct xdb;
struct xdb_op;

/* --- the store -------------------------------------------------------------- */

enum xdb_deref { DEREF_NEVER, DEREF_SEARCH, DEREF_BASE, DEREF_ALWAYS };
/* Whose names of attributes hold, and so which rules of the account: by default
 * that is asked of the server (its root DSE), before anything else is. */
enum xdb_preset {                       /* as [ldap] preset has them */
	XDB_AUTO, XDB_OPENLDAP, XDB_389DS, XDB_AD, XDB_FREEIPA, XDB_PRESETS
};

/* What XMPP makes of a bare address: canonical text in the arena, or false (there
 * is no such address).  xml/jid.h has it, which the store does not include. */
typedef bool xdb_address_fn(struct arena *a, struct slice text, struct slice *bare_r);

struct xdb_conf {                       /* strings are copied by xdb_open */
	const char *const *uri;         /* in order of preference */
	size_t uri_n;
	const char *const *write_uri;   /* who takes writes; none: those of `uri` */
	size_t write_uri_n;
	bool start_tls, sasl_external;
	const char *ca_file;            /* "" : the system's */
	const char *const *pin;         /* tls_context_pin(); none: any key */
	size_t pin_n;
	const char *certificate, *key;  /* to show; NULL or "": none */
	enum xdb_deref deref;           /* of alias entries */
	bool ignore_references;         /* continuations (RFC 4511 §4.5.3) are no
	                                   error; they are never followed */
	const char *bind_dn;
	struct slice bind_password;
	const char *domain;             /* of the accounts' JIDs */
	xdb_address_fn *address;        /* NULL: what is written is taken as it is */
	const char *people_base, *people_filter, *people_name, *im_base;
	enum xdb_preset preset;
	const char *password_policy;    /* DN of the default policy (ppolicy), or "" */
	unsigned wrong_binds;           /* wrong passwords of one that reach it; 0: half of what locks */
	const char *const *closed_shells;       /* loginShell that says no */
	size_t closed_shell_n;
	const char *groups_base;        /* where groups and lists are; NULL or "": what
	                                   is above people_base */
	const char *groups_title;       /* attribute with the name shown; NULL or "": cn */
	bool is_inline;                 /* profiles are on the people's own entries */
	int64_t connect_timeout_ms, timeout_ms;
	int64_t poll_interval_ms;       /* where nobody tells us of changes (xdb_watch) … */
	int64_t refresh_interval_ms;    /* … and where somebody does: all is read anew so
	                                   often at most, for rights change silently */
	unsigned search_connections, bind_connections;
};

/* As the settings have it: strings are theirs.  The password is the caller's to
 * read, and who is not the XMPP process has an identity of its own. */
struct settings;
struct xdb_conf xdb_conf_of(const struct settings *s);

/* Starts connecting in the background; NULL and a reason when the
 * configuration cannot work (a filter that does not parse, no CA file). */
struct xdb *xdb_open(const struct xdb_conf *conf, const char **why_r);
/* `db`, of which no password was asked yet, takes the place of `from`: how many wrong
 * ones there were (budget.h) is not forgotten. */
void xdb_inherit(struct xdb *db, struct xdb *from);
/* May `db`, opened at `since_ms` (loop_now_ms), take the place of `was`?  As soon as
 * a server has let it in and shows it people_base and where profiles are; never, when it
 * does not show them, or while `was` works and it does not; and in weather, when neither
 * does, once it has had its time.  Asked for again until the answer is not "wait". */
enum xdb_succession { XDB_TAKES_OVER, XDB_MUST_WAIT, XDB_STAYS_OUT };
enum xdb_succession xdb_succession(struct xdb *db, const struct xdb *was,
    int64_t since_ms);
/* Cancels all operations (no callback), closes all connections. */
void xdb_close(struct xdb **dbp);

/* Is no operation under way?  Then closing it leaves nobody without an answer. */
bool xdb_is_idle(const struct xdb *db);

struct xdb_state {
	bool is_up;                     /* a search connection is bound and ready */
	const char *server;             /* URI in use, or NULL */
	const char *writer;             /* where writes go, the same or another */
	const char *why;                /* last failure, or NULL; static or store's */
	uint64_t operations, failures;
	uint64_t requests;              /* LDAP requests sent; operations are one or more */
	unsigned waiting;
	bool is_watching;               /* xdb_watch has all entries, and hears of changes */
	size_t watched;                 /* how many they are */
};
void xdb_state_get(const struct xdb *db, struct xdb_state *state_r);

/* --- changes made by others ----------------------------------------------------- */

/* Whatever is changed in the directory, by whatever tool, is news: somebody who
 * has a copy of it in memory reads it again.  The promises:
 *
 *  1. news comes from the loop, never from inside another call;
 *  2. whoever reads the entry after the news sees the change: none is missed,
 *     whatever happened to the connection or to the server meanwhile;
 *  3. news may come twice, and for what did not change; our own changes are
 *     news like others'.  What is read decides, not that there is news;
 *  4. no failure is ever told as `is_gone`: the server said so, or said what all
 *     there is, and this was not among it.  (Polling sees removals late.)
 *
 *  5. of a branch there is news when it has another DN, or is gone: any DN below
 *     that was read before may be old, and whoever it was of may be out of reach.
 *
 * News also comes of everything found when watching begins (but of branches), and `is_all` when
 * all there is was read: what came and went while nobody told us is then in
 * somebody's memory and not among what xdb_watch_knows().  It comes by
 * RFC 4533 where the server's root DSE lists it, or else by asking every
 * poll_interval what has a newer modifyTimestamp, and at times for everything. */
enum xdb_watched {
	XDB_PERSON, XDB_PROFILE, XDB_ROOM, XDB_GROUP,
	/* Branches of people_base (whatever people stand below, people too) and of
	 * groups_base (organizational units and the like): one that is renamed or
	 * moved takes all below it along, and the server says nothing of those (RFC
	 * 4533 knows no such message). */
	XDB_PEOPLE_BRANCH, XDB_GROUP_BRANCH,
	/* Password policies (slapo-ppolicy(5)), where the server has such: what one of
	 * them says decides who may use an account, and until when.  It is heard where
	 * we may read it; everything else is, whether or not this can be watched. */
	XDB_POLICY,
};

struct xdb_news {
	enum xdb_watched kind;
	bool is_all;                    /* of no entry: all of the kind were read */
	bool is_gone;                   /* or no more what is watched: people_filter */
	struct slice uuid;              /* entryUUID as text; of a profile: its person's */
	struct slice name;              /* of a room that is there; may be empty */
	struct slice dn;                /* of a group that is there */
	bool is_slight;                 /* of a person: nothing that we see of accounts;
	                                   who is found by searching, or the photo, may
	                                   have changed.  And what the server had no
	                                   attribute for when watching began: who may use
	                                   an account is read again for this, too */
};
typedef void xdb_news_fn(const struct xdb_news *news, void *ctx);

/* At most once in the life of a store. */
void xdb_watch(struct xdb *db, xdb_news_fn *fn, void *ctx);
/* No news any more; not from within news. */
void xdb_unwatch(struct xdb *db);
/* Does every change of an account become news at once?  Not before everything was read, not
 * without a connection, not when that was silent for three seconds, not while we may see
 * nobody, and never by polling. */
bool xdb_watch_is_live(const struct xdb *db);
/* The same of one kind. */
bool xdb_watch_hears(const struct xdb *db, enum xdb_watched kind);
/* Is the entry (by its own entryUUID) among what was found?  True while that is
 * not known; false may also mean that only reading it tells. */
bool xdb_watch_knows(const struct xdb *db, enum xdb_watched kind, struct slice uuid);

/* --- results ------------------------------------------------------------------ */

enum xdb_status {
	XDB_OK = 0,
	XDB_ABSENT,     /* the directory answered: there is no such thing           */
	XDB_REFUSED,    /* it said no: wrong password, no right                     */
	XDB_CONFLICT,   /* someone else changed it meanwhile, or it exists already  */
	XDB_BUSY,       /* our queue is full, or the server said busy               */
	XDB_DOWN,       /* no server, or no answer in time: nothing is known        */
	XDB_BROKEN,     /* the answer makes no sense: several entries, bad values   */
};

/* Why a password check or an account is refused; told to the log, and to the
 * person only as far as policy allows. */
enum xdb_refusal {
	XDB_REFUSAL_NONE, XDB_WRONG_PASSWORD, XDB_LOCKED, XDB_EXPIRED,
	XDB_MUST_CHANGE, XDB_SUSPENDED, XDB_NO_RIGHT,
	XDB_BAD_PASSWORD,               /* a new one, which the policy does not take */
	XDB_TOO_OFTEN,                  /* not looked at: another wrong one might lock */
};

enum xdb_subscription { SUB_NONE = 0, SUB_TO = 1, SUB_FROM = 2, SUB_BOTH = 3 };

struct xdb_roster_item {
	struct slice jid;               /* bare, canonical */
	struct slice name;              /* empty: none */
	enum xdb_subscription subscription;
	bool ask, approved;             /* RFC 6121 §2.1.2.2, §3.4 */
	struct slice *groups;
	size_t group_n;
	bool is_twice;                  /* other values are of this JID, too: they go with
	                                   this one when it is changed */
};

struct xdb_pending {                    /* a subscription request not yet answered */
	struct slice jid;
	struct slice status;            /* its <status/> text, may be empty */
};

enum xdb_profile_status {
	PROFILE_ACTIVE, PROFILE_SUSPENDED, PROFILE_PENDING, PROFILE_EXPIRED,
	PROFILE_DELETED,
};

struct xdb_person {                     /* empty slices: attribute not there */
	struct slice dn, uuid;          /* entryUUID as text */
	struct slice uid;               /* value as the directory has it */
	struct slice cn, display_name, given_name, sn, mail;
	struct slice title, department; /* ou */
	struct slice password_changed;  /* pwdChangedTime, or what the server has
	                                   instead; another value, another password … */
	bool password_is_young;         /* … unless the second it names, by the server's
	                                   clock, may not be over: it may see another */
	enum xdb_refusal refusal;       /* account rules: locked, expired, … */
	int64_t turns_s;                /* when time alone may change that, in seconds
	                                   since 1970: read again then; 0: never */
};

struct xdb_profile {
	bool exists;
	struct slice dn, jid;
	enum xdb_profile_status status;
	uint64_t roster_version;
	struct xdb_roster_item *roster;
	size_t roster_n;
	struct xdb_pending *pending;
	size_t pending_n;
	struct slice *scram;            /* RFC 5803 text, one per hash … */
	size_t scram_n;                 /* … 0 when older than the password */
};

struct xdb_account {
	struct xdb_person person;
	struct xdb_profile profile;
	struct slice photo;             /* of xdb_account_load_photo() alone: bytes of
	                                   jpegPhoto, at most 64 KiB; empty: none of a
	                                   kind that we know */
	bool is_photo_hidden;           /* there is one, and it is not given here */
};

/* What the directory says about a person that a vCard can show. */
struct xdb_vcard {
	struct xdb_person person;
	struct slice nickname, url, organisation, role, note;
	struct slice *mails, *phones, *mobiles, *faxes, *units;
	size_t mail_n, phone_n, mobile_n, fax_n, unit_n;
	struct slice street, locality, region, postal_code, country;
	/* Of those all values, as they are stored; the first is the one above. */
	struct slice *urls, *titles, *nicknames;
	size_t url_n, title_n, nickname_n;
	struct slice photo;             /* bytes of jpegPhoto, at most 64 KiB */
	const char *photo_type;         /* by its magic: "image/jpeg", … or NULL */
	bool is_photo_hidden;           /* there is one, too large or of no kind */
	/* 1u << enum xdb_vcard_field: the entry has values that were not read, and those
	 * stay whatever is changed; or is such that no change would keep it, or be seen. */
	unsigned partial, sealed;
	struct slice remainder;         /* XML that the directory has no place for */
	struct slice profile_dn;        /* empty: no profile yet */
	enum xdb_profile_status status; /* without a profile active */
};

enum xdb_affiliation {                  /* XEP-0045 §5.2 */
	AFF_OUTCAST = -1, AFF_NONE = 0, AFF_MEMBER = 1, AFF_ADMIN = 2, AFF_OWNER = 3,
};

struct xdb_room_person {
	struct slice jid;               /* bare, canonical */
	struct slice dn;                /* set when the person is of this directory, */
	struct slice uuid;              /* … and, of one that was read, their entryUUID */
	enum xdb_affiliation affiliation;
	struct slice nick, reason;
};

/* Of keys that we know (option.h) as we write them, whatever is in the entry; there is
 * one of each at most. */
struct xdb_room_option { struct slice key, value; };

/* How it went to read the list that a room follows. */
struct xdb_bound_state {
	int64_t read_s;                 /* seconds since 1970; 0: never */
	size_t matched, unresolved;     /* people of it; values that name nobody */
	int64_t failed_s;               /* since when it cannot be read; 0: it can */
	struct slice why;
	/* Which list that was: its entryUUID, and the DN that the room had for it.  Both
	 * or neither. */
	struct slice uuid, dn;
};

/* A DN in a room's entry, and whose it is (entryUUID). */
struct xdb_room_named {
	enum xdb_affiliation affiliation;
	struct slice dn, uuid;
};

/* A DN that is not where its person is by now: `was` goes, `is` comes; one of them may be
 * empty. */
struct xdb_room_stale {
	enum xdb_affiliation affiliation;
	struct slice was, is;
};

struct xdb_room {
	struct slice dn;                /* empty in a room that is to be made */
	struct slice uuid;              /* entryUUID as text; of one that was read */
	struct slice name;              /* local part of its JID, canonical */
	struct slice title, description, subject, language;
	struct slice bound_to;          /* DN of its list, may be empty */
	struct xdb_bound_state bound_state;     /* all 0: nothing is said of it */
	struct xdb_room_option *options;
	size_t option_n;
	struct xdb_room_person *people;
	size_t person_n;
	size_t unresolved_n;            /* DNs that name nobody (kept as they are) */
	struct xdb_room_named *named;   /* all DNs of which it is known */
	size_t named_n;
	struct xdb_room_stale *stale;   /* for xdb_room_mend() */
	size_t stale_n;
	size_t lost_n;                  /* of named: nobody sees them, nor is called so */
};

enum xdb_group_role {                          /* bits */
	GROUP_MEMBER = 1, GROUP_OWNER = 2,
	GROUP_EDITOR = 4,                /* may send to a list */
	GROUP_MODERATOR = 8,
};

struct xdb_member {                     /* a person of this directory */
	struct slice uuid, dn, uid;     /* uid: the name that makes the address */
	struct slice name;              /* displayName, or cn */
	unsigned roles;                 /* an owner need not be a member */
};

struct xdb_group {
	struct slice dn, uuid, name, description, mail;
	struct slice title;             /* [conf] groups_title, or the name */
	/* of xdb_group_load alone */
	struct xdb_member *members;     /* each person once, in no order */
	size_t member_n;
	size_t unresolved_n;            /* values that name nobody of this directory */
	struct slice *parts;            /* entryUUIDs of what it was read from: its own, … */
	size_t part_n;                  /* … groups in it, an alias of owners */
	size_t odd_n;                   /* searches that are none */
	size_t deep_n;                  /* groups in groups beyond the fifth level, left out */
	bool is_dynamic;                /* members are found by searching */
};

struct xdb_request {                    /* an activation link, see admin-web */
	struct slice dn;
	struct slice token_hash;        /* hex of SHA-256; the token is never stored */
	struct slice person_dn, uid;
	int64_t expires_s;              /* seconds since 1970 */
};

struct xdb_orphan {                     /* a profile whose person is gone */
	struct slice dn, jid;
	struct slice uuid;              /* of the person that was */
	struct slice person_dn;         /* where that was, if the profile still says it */
	enum xdb_profile_status status;
	struct slice heir;              /* who is called by the jid now; empty: nobody */
	struct slice heir_uuid, heir_dn;
	bool has_person;                /* the store's own */
};

struct xdb_result {
	enum xdb_status status;
	const char *why;                /* for the log; static or the operation's */
	enum xdb_refusal refusal;       /* with XDB_REFUSED */
	const char *says;               /* of a new password: why not, for people; or NULL */
	bool may_be_done;               /* XDB_DOWN: a write was sent, and not answered;
	                                   false: nothing was changed */
	uint64_t version;               /* xdb_roster_change */
	const struct xdb_account *account;
	const struct xdb_vcard *vcard;
	const struct xdb_room *room;
	const struct xdb_group *group;
	const struct xdb_request *request;
	const struct xdb_account *accounts;     /* lists */
	const struct xdb_room *rooms;
	const struct xdb_group *groups;
	const struct xdb_orphan *orphans;
	size_t n;                       /* of the list */
	bool is_cut;                    /* more matched than was asked for; with XDB_BROKEN:
	                                   a name that several people have */
};

typedef void xdb_done_fn(const struct xdb_result *res, void *ctx);

/* Says where the answer goes; once, right after the starting call. */
void xdb_then(struct xdb_op *op, xdb_done_fn *done, void *ctx);
/* The callback will not run.  A write that was sent may still take effect, and
 * a password that was sent is still counted. */
void xdb_cancel(struct xdb_op **opp);

/* During the callback: the result stays as it is, also when the store is closed,
 * until xdb_cancel() of what this gives.  For what is too much to be taken at
 * once. */
struct xdb_op *xdb_keep(const struct xdb_result *res);

const char *xdb_status_text(enum xdb_status status);

/* --- accounts ------------------------------------------------------------------ */

/* Person and profile of `uid` (a canonical local part): two searches at once.
 * OK: res->account (profile.exists may be false).  Exactly one person must
 * match the filter, and what makes its address must be `uid` as XMPP prepares it, or
 * it is XDB_ABSENT (none) or XDB_BROKEN (several).  Of a person with several names
 * that is the one in the entry's DN, else the first, in all that this store answers;
 * by the others they are ABSENT.  (A store without xdb_conf.address knows ASCII alone;
 * there the caller compares, LDAP-06.)  A profile with another jid gets the address
 * `uid`@domain. */
struct xdb_op *xdb_account_load(struct xdb *db, struct slice uid);
/* The same, of an account that was this person's when it was last read (entryUUID, may
 * be empty): while by all that xdb_watch() heard the person is there, and nobody is
 * found by `uid` nor by `uuid`, that is BROKEN and not ABSENT: our rights are less. */
struct xdb_op *xdb_account_load_known(struct xdb *db, struct slice uid,
    struct slice uuid);
/* And with the photo, which may be many times all else: for who comes online. */
struct xdb_op *xdb_account_load_photo(struct xdb *db, struct slice uid,
    struct slice uuid);

/* Which of these names are people's, asked for many at once (XDB_LOOK_MOST at most).
 * OK: res->accounts, in any order, of each `person` with uid, uuid and dn alone; whoever
 * is not among them may be somebody all the same, whom xdb_account_load finds. */
enum { XDB_LOOK_MOST = 320 };
struct xdb_op *xdb_people_look(struct xdb *db, const struct slice *names, size_t n);

/* The profile of the person with this entryUUID, whether or not anybody is that person
 * any more.  OK: res->account, whose person is nothing but the uuid; without verifiers.
 * ABSENT: there is none. */
struct xdb_op *xdb_profile_load(struct xdb *db, struct slice uuid);

/* Makes the profile of a person, jid = canonical bare JID.  OK: there is one with this
 * address, now or before.  CONFLICT: another profile has the address, and cannot be
 * given another, for its person is gone (the log names it) or is called that; or the
 * person's own has another.  A profile has a DN of its own, or (is_inline) the person's; nobody but the store
 * needs to know which. */
struct xdb_op *xdb_profile_create(struct xdb *db, const struct xdb_person *person,
    struct slice jid);

/* Who has this certificate, shown and verified in a TLS handshake: the person
 * with one of these mail addresses or, without any, the one whose entry holds the
 * certificate of this issuer (RFC 4514) and serial number, with this SHA-256 in
 * hex.  OK: res->account has the person, whose uid is the name to load.  ABSENT:
 * nobody; BROKEN: several. */
struct xdb_certificate {
	const struct slice *mails;
	size_t mail_n;
	struct slice issuer, serial, sha256;
};
struct xdb_op *xdb_certificate_owner(struct xdb *db,
    const struct xdb_certificate *certificate);

/* Is this the password of `who`, of whom dn, uuid and uid count?  A bind on a
 * connection of the bind pool, with the ppolicy control.  Empty or NUL-holding
 * passwords are REFUSED before they reach libldap (LDAP-01).  A "yes" counts when
 * the server that said it says too that the entry at that dn has this uuid; without
 * a uuid it is about the dn alone.  After a "no", or where the dn is somebody else's,
 * the person is looked for by uid, and tried again if the same uuid is elsewhere by
 * now.  Without a uuid nobody is tried again, and it takes as long.  DOWN also while
 * the uid is another uuid's: news of the one that was asked for was given.
 * REFUSED, XDB_TOO_OFTEN: it was not tried, lest the directory lock the account
 * (budget.h); not so with `is_sure`: the caller knows by a verifier that it is
 * right. */
struct xdb_op *xdb_password_check(struct xdb *db, const struct xdb_person *who,
    struct slice password, bool is_sure);
/* Were passwords of `who` (as in a check) wrong lately, or are some being tried? */
unsigned xdb_password_doubts(const struct xdb *db, const struct xdb_person *who);

/* A new password, by whichever door: so many characters at least, so many bytes at
 * most, UTF-8 without controls.  Others are REFUSED, XDB_BAD_PASSWORD, before anything
 * is sent; the directory may want more. */
enum { XDB_PASSWORD_LEAST = 8, XDB_PASSWORD_MOST = 1024 };
enum xdb_password_fault { XDB_PASSWORD_GOOD, XDB_PASSWORD_SHORT, XDB_PASSWORD_ODD };
enum xdb_password_fault xdb_password_fault(struct slice password);

/* A new password, set by the person: bound with the old one, by RFC 3062, so that
 * the directory's own rules for people decide.  A person who must change the
 * password (XDB_MUST_CHANGE) can.  Whose the entry is is asked before, as with a
 * check.  REFUSED: XDB_WRONG_PASSWORD is about the old
 * one, XDB_BAD_PASSWORD about the new one.  DOWN at once while none of write_uri
 * is there: the old one is looked at elsewhere then, the new one sent nowhere. */
struct xdb_op *xdb_password_change(struct xdb *db, const struct xdb_person *who,
    struct slice was, struct slice is);

/* Replaces all verifiers; `source` is the pwdChangedTime they belong to.  CONFLICT: the
 * entry is not that person's (entryUUID; empty: whoever's it is) any more. */
struct xdb_op *xdb_scram_store(struct xdb *db, struct slice profile_dn,
    struct slice person_uuid, const struct slice *verifiers, size_t n,
    struct slice source);

/* --- roster --------------------------------------------------------------------- */

/* One modify: every value of `remove` and `add` in both attributes, and the
 * version counted up, if it still is `version`.
 * OK: res->version.  CONFLICT: load the account again and decide anew; it may be
 * somebody else's by now. */
struct xdb_roster_change {
	struct slice profile_dn, person_uuid;   /* as of xdb_scram_store() */
	uint64_t version;
	const struct xdb_roster_item *item_remove, *item_add;           /* may be NULL */
	const struct xdb_pending *pending_remove, *pending_add;         /* may be NULL */
};
struct xdb_op *xdb_roster_change(struct xdb *db, const struct xdb_roster_change *change);

/* --- vCard ----------------------------------------------------------------------- */

struct xdb_op *xdb_vcard_load(struct xdb *db, struct slice uid);
/* Empty remainder removes it.  person_uuid as of xdb_scram_store(). */
struct xdb_op *xdb_vcard_store(struct xdb *db, struct slice profile_dn,
    struct slice person_uuid, struct slice remainder);

/* What a person may write of their own entry, as far as the directory lets them. */
enum xdb_vcard_field {
	XDB_VCARD_PHOTO, XDB_VCARD_NICKNAME, XDB_VCARD_URL, XDB_VCARD_TITLE,
	XDB_VCARD_MAIL, XDB_VCARD_PHONE, XDB_VCARD_MOBILE, XDB_VCARD_FAX,
	XDB_VCARD_FIELDS
};
struct xdb_vcard_change {
	enum xdb_vcard_field field;
	const struct slice *was, *is;   /* values as they were read, and as they shall be */
	size_t was_n, is_n;
	bool is_partial;                /* the entry has more, which was not read */
};
/* All changes in one modify, done as that person (RFC 4370), so that the directory's
 * own rules decide; under the assertion that it is still that person's entry.  Values
 * that are not in `was` stay, but of photos, which cannot be compared (RFC 2798).
 * REFUSED: they say no, or do not take a value.  CONFLICT: a value is not what it
 * was read as any more. */
struct xdb_op *xdb_vcard_write(struct xdb *db, const struct xdb_person *person,
    const struct xdb_vcard_change *changes, size_t n);

/* --- rooms ----------------------------------------------------------------------- */

struct xdb_op *xdb_room_load(struct xdb *db, struct slice name);
/* The same of a room that was read before: `named` as it was then.  A DN goes on being
 * that person's (directory.md, rule 4), whoever is called so by now, and wherever the
 * person is: people has them by their new address, and stale what the entry should say.
 * Only who is nowhere below people_base, whatever people_filter says, is gone; their DN
 * is stale once another is called so, for until then they may only be hidden; where not
 * one person can be seen that is an error.  The directory may have been quicker: a DN is
 * somebody else's whom the same list named by a DN that is in it no more. */
struct xdb_op *xdb_room_load_again(struct xdb *db, struct slice name,
    const struct xdb_room_named *named, size_t n);
/* All in one modify.  CONFLICT: somebody else did some of it meanwhile, and nothing was
 * changed: load it again. */
struct xdb_op *xdb_room_mend(struct xdb *db, struct slice dn,
    const struct xdb_room_stale *stale, size_t n);
struct xdb_op *xdb_room_list(struct xdb *db);                    /* without people */
/* OK: res->room has the name and the DN it was given, and nothing else. */
struct xdb_op *xdb_room_create(struct xdb *db, const struct xdb_room *room);
struct xdb_op *xdb_room_delete(struct xdb *db, struct slice dn);
/* Sets title, description, subject, language, options and bound_to (not people) where `is`
 * says something else than `was`: the rest is not meant, for others may have changed it
 * meanwhile.  NULL: all is meant.
 * What xdb_room_load() did not show stays: further values of these, options that cannot be
 * read; and options whose keys mean nothing to us, also those that are not given. */
struct xdb_op *xdb_room_configure(struct xdb *db, const struct xdb_room *was,
    const struct xdb_room *is);
struct xdb_op *xdb_room_set_subject(struct xdb *db, struct slice dn, struct slice subject);
/* One that is all 0 removes what is said.  `bound_to`: the list that was `was` has this
 * name now, CONFLICT: the room follows another by now; empty: it has the one that is
 * there. */
struct xdb_op *xdb_room_set_bound_state(struct xdb *db, struct slice dn,
    const struct xdb_bound_state *state, struct slice was, struct slice bound_to);
/* `was` as it is now (affiliation AFF_NONE: none), `is` as it shall be; same
 * JID.  Local people are stored by DN, all others by JID. */
struct xdb_op *xdb_room_set_affiliation(struct xdb *db, struct slice dn,
    const struct xdb_room_person *was, const struct xdb_room_person *is);

/* --- groups and lists -------------------------------------------------------------- */

/* OK: the person is a member (groupOfNames, groupOfUniqueNames, posixGroup by
 * uid, groupOfURLs, nested to 5 levels); ABSENT: is not. */
struct xdb_op *xdb_group_has(struct xdb *db, struct slice group_dn,
    struct slice person_dn, struct slice uid);
/* A group or list with everybody in it, groups in groups to 5 levels, each person
 * once.  OK: res->group, and it is whole.  ABSENT: no such entry.  BROKEN: too
 * large (20,000 members, 500 groups in it), or the server does not give all.
 * When to read it again: news of one of its parts; when it has values that
 * nobody was found by, or was ABSENT, of any group; when it is dynamic, of people
 * (is_slight, too), else of those who are in it. */
struct xdb_op *xdb_group_load(struct xdb *db, struct slice dn);
/* The group or list whose entryUUID this is, wherever it is below groups_base by now.
 * OK: res->groups[0], without members.  ABSENT: there is none. */
struct xdb_op *xdb_group_find(struct xdb *db, struct slice uuid);
/* Groups and lists that match a filter of the configuration: res->groups. */
struct xdb_op *xdb_group_list(struct xdb *db, const char *filter);
/* Groups and mailing lists by a piece of their name; "" finds all. */
struct xdb_op *xdb_group_search(struct xdb *db, struct slice text, unsigned most);

/* --- people found by people --------------------------------------------------------- */

/* Pieces of what is looked for; an empty one is not asked for.  Accents do not
 * matter in names.  All must fit, and each of the first four words of `any`:
 * somewhere in name, user name or address; less than four letters where a word begins. */
struct xdb_find {
	struct slice any, given_name, sn, name, mail;
	const char *filter;             /* who may be found, besides people_filter; or NULL */
	unsigned most;                  /* is_cut: there are more */
};
bool xdb_filter_is_good(const char *text, const char **why_r);
/* Calls `fn` for the DN of each group that a filter of the configuration wants people to be
 * in, (memberOf=<DN>).  False: it asks for groups in another way, too. */
typedef void xdb_filter_group_fn(struct slice dn, void *ctx);
bool xdb_filter_groups(const char *text, xdb_filter_group_fn *fn, void *ctx);
/* OK: res->accounts, of profiles what xdb_people_search has, sorted by name. */
struct xdb_op *xdb_people_find(struct xdb *db, const struct xdb_find *find);

/* --- administration (the web process's identity) ------------------------------------ */

/* People by a piece of name, uid or mail ("" finds all), sorted by name, with
 * their profiles (address and status): res->accounts. */
struct xdb_op *xdb_people_search(struct xdb *db, struct slice text, unsigned most);

struct xdb_person_change { struct slice given_name, sn, mail; };
/* New inetOrgPerson uid=…,<base> without a password. */
struct xdb_op *xdb_person_create(struct xdb *db, const char *base, struct slice uid,
    const struct xdb_person_change *is);
/* Empty slices leave an attribute as it is. */
struct xdb_op *xdb_person_change(struct xdb *db, struct slice person_dn,
    const struct xdb_person_change *is);
struct xdb_op *xdb_profile_set_status(struct xdb *db, struct slice profile_dn,
    enum xdb_profile_status status);
/* Profiles of nobody below people_base (whatever people_filter says), by their jid:
 * res->orphans.  All of them, or those of this uuid or this jid; where not one person
 * could be looked for that is an error, and not a profile more.  Of more than 20,000
 * profiles not all are looked at, and is_cut.  None where profiles are inline. */
struct xdb_op *xdb_orphan_list(struct xdb *db, struct slice uuid, struct slice jid,
    unsigned most);
/* The person stays, whatever the profile is. */
struct xdb_op *xdb_profile_delete(struct xdb *db, struct slice profile_dn);
/* RFC 3062 Password Modify, as the service: the first password of somebody. */
struct xdb_op *xdb_password_set(struct xdb *db, struct slice person_dn, struct slice password);

/* Takes some of those away that have been over for a day. */
struct xdb_op *xdb_request_create(struct xdb *db, const struct xdb_request *request);
/* OK: res->request, with what its person is called now.  ABSENT also when the person is
 * gone, or the entry is not complete. */
struct xdb_op *xdb_request_load(struct xdb *db, struct slice token_hash);
struct xdb_op *xdb_request_delete(struct xdb *db, struct slice dn);

#endif
