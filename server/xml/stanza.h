/* SPDX-License-Identifier: Apache-2.0 */
/* xml/stanza.h — message, presence, iq: kinds, types, and the standard errors. */
#ifndef XML_STANZA_H
#define XML_STANZA_H

#include "xml/elem.h"
#include "xml/jid.h"

enum stanza_kind { STANZA_MESSAGE, STANZA_PRESENCE, STANZA_IQ, STANZA_NONE };

enum iq_type { IQ_GET, IQ_SET, IQ_RESULT, IQ_ERROR, IQ_BAD };
enum message_type { MESSAGE_NORMAL, MESSAGE_CHAT, MESSAGE_GROUPCHAT,
	MESSAGE_HEADLINE, MESSAGE_ERROR };
enum presence_type { PRESENCE_AVAILABLE, PRESENCE_UNAVAILABLE,
	PRESENCE_SUBSCRIBE, PRESENCE_SUBSCRIBED, PRESENCE_UNSUBSCRIBE,
	PRESENCE_UNSUBSCRIBED, PRESENCE_PROBE, PRESENCE_ERROR, PRESENCE_BAD };

enum stanza_kind stanza_kind(const struct elem *e);              /* name in NS_CLIENT */
enum iq_type stanza_iq_type(const struct elem *e);
enum message_type stanza_message_type(const struct elem *e);     /* unknown: normal */
enum presence_type stanza_presence_type(const struct elem *e);

/* RFC 6120 §8.3.3; each condition has its type. */
enum stanza_error {
	SE_BAD_REQUEST, SE_CONFLICT, SE_FEATURE_NOT_IMPLEMENTED, SE_FORBIDDEN,
	SE_GONE, SE_INTERNAL_SERVER_ERROR, SE_ITEM_NOT_FOUND, SE_JID_MALFORMED,
	SE_NOT_ACCEPTABLE, SE_NOT_ALLOWED, SE_NOT_AUTHORIZED,
	SE_POLICY_VIOLATION, SE_RECIPIENT_UNAVAILABLE, SE_REDIRECT,
	SE_REGISTRATION_REQUIRED, SE_REMOTE_SERVER_NOT_FOUND,
	SE_REMOTE_SERVER_TIMEOUT, SE_RESOURCE_CONSTRAINT,
	SE_SERVICE_UNAVAILABLE, SE_SUBSCRIPTION_REQUIRED,
	SE_UNDEFINED_CONDITION, SE_UNEXPECTED_REQUEST,
};
const char *stanza_error_name(enum stanza_error e);
const char *stanza_error_type(enum stanza_error e);              /* cancel, modify, auth, wait */

/* <iq type='result'> to the sender of `request`, from whom it was sent to;
 * add children as needed. */
struct elem *stanza_result(struct arena *a, const struct elem *request);
/* The request with type='error', addresses exchanged, its payload when that is
 * small (XML-18), and the error; text NULL: none. `request` itself is not
 * changed, but its addresses and id are borrowed.  Never answer an error with
 * an error: callers check. */
struct elem *stanza_error(struct arena *a, const struct elem *request,
    enum stanza_error error, const char *text);

/* XEP-0082 date and time, UTC, to the millisecond. */
void stanza_time(struct buf *out, int64_t wall_ms);
/* Reads one, with any number of digits after the second and any offset from
 * UTC; false: it is none. */
bool stanza_time_parse(struct slice text, int64_t *wall_ms_r);
/* XEP-0203 <delay/>. */
void stanza_add_delay(struct arena *a, struct elem *stanza, struct slice from, int64_t wall_ms);

#endif
