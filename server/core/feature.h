/* SPDX-License-Identifier: Apache-2.0 */
/* core/feature.h — what a feature brings: one static descriptor each.
 *
 * feat/features.c lists them all; the order there is the order of hooks.  The
 * core names no feature, a feature knows no socket and no LDAP. */
#ifndef CORE_FEATURE_H
#define CORE_FEATURE_H

#include "core/session.h"

/* Whom an IQ is addressed to, seen from its sender; a mask in routes. */
enum addressee {
	TO_HOST          = 1,           /* our domain */
	TO_OWN_ACCOUNT   = 2,           /* no `to`, or the sender's bare JID */
	TO_OTHER_ACCOUNT = 4,           /* bare JID of another (or no) account here */
	TO_MUC_HOST      = 8,           /* claimed domains answer their own IQs */
	TO_SEARCH_HOST   = 16,
};

struct iq_route {
	enum iq_type type;              /* IQ_GET or IQ_SET */
	const char *ns, *element;
	unsigned to;                    /* mask of enum addressee */
	job_step_fn *handler;
};

enum hook_result { HOOK_PASS, HOOK_TAKEN };     /* TAKEN: the hook ends the job */

enum farewell_state {
	FAREWELL_TELLING,               /* or not marked yet */
	FAREWELL_DONE,
	FAREWELL_FAILED,                /* weather: the next who asks begins anew */
};

/* Places a feature can be asked at, named after RFC 6121.  Synchronous. */
struct hooks {
	/* Children of <stream:features/> after authentication. */
	void (*stream_features)(struct xml_writer *w);
	void (*session_bound)(struct session *s);
	void (*session_gone)(struct session *s);
	/* A stanza of a local session or service, addresses prepared. The first
	 * that takes it ends the job.  Presence to a claimed domain (a room) is
	 * shown here too, so that directed presence is remembered, and must be
	 * passed; see route_is_claimed(). */
	enum hook_result (*presence)(struct job *j);
	enum hook_result (*message)(struct job *j);
	/* A contact of an account in memory was changed in the directory by
	 * somebody else: added, removed, another name, another subscription than
	 * it `was`.  Memory has it. */
	void (*contact_changed)(struct account *a, struct slice contact,
	    enum xdb_subscription was);
	/* Something of the person's entry that memory does not hold may have
	 * changed in the directory, the photo for one; there are sessions. */
	void (*person_touched)(struct account *a);
	/* A group that everybody sees showed `contact` to the account and does no
	 * more.  Comes after contact_changed, which says nothing of that. */
	void (*group_hides)(struct account *a, struct slice contact);
	/* The same way: somebody asks for a subscription. */
	void (*request_came)(struct account *a, const struct xdb_pending *request);
	/* A room's entry was made, changed or deleted by another process: one
	 * that says so, and what the directory itself tells. */
	void (*room_changed)(struct slice name);
	void (*room_news)(const struct xdb_news *news);
	/* Somebody was changed, or is gone; the directory tells. */
	void (*person_news)(const struct xdb_news *news);
	/* The profile of the person with this entryUUID is about to be removed, and
	 * marked as deleted: its contacts are told.  Ask until they are. */
	enum farewell_state (*account_ends)(struct slice uuid);
	/* Is there a room of this name that lives here alone, without an entry? */
	bool (*room_is_temporary)(struct slice name);
};

struct feature {
	const char *name, *spec;                /* for logs, documents */
	const char *disco;                      /* of the host: namespaces, space apart */
	const char *account_disco;              /* of a bare JID */
	const struct iq_route *routes;          /* ends with { 0 } */
	const struct hooks *hooks;
	bool (*start)(const char **why_r);      /* once, before the first stream */
	void (*stop)(void);
};

extern const struct feature *const features[];  /* feat/features.c; NULL-ended */

/* Index of a feature in the list: its session->slot. */
size_t feature_index(const struct feature *f);
bool features_start(const char **why_r);
void features_stop(void);

/* hook.c: all features in order. */
void hook_stream_features(struct xml_writer *w);
void hook_session_bound(struct session *s);
void hook_session_gone(struct session *s);
enum hook_result hook_presence(struct job *j);
enum hook_result hook_message(struct job *j);
void hook_contact_changed(struct account *a, struct slice contact,
    enum xdb_subscription was);
void hook_person_touched(struct account *a);
void hook_group_hides(struct account *a, struct slice contact);
void hook_request_came(struct account *a, const struct xdb_pending *request);
void hook_room_changed(struct slice name);
void hook_room_news(const struct xdb_news *news);
void hook_person_news(const struct xdb_news *news);
enum farewell_state hook_account_ends(struct slice uuid);
bool hook_room_is_temporary(struct slice name);

#endif
