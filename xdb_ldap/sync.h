/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/sync.h — RFC 4533 as bytes: the request's value, and the three kinds
 * of answers.
 *
 * libldap has an API for this, and it blocks until the whole refresh is through
 * (measured: 1.7 s for 100,000 entries), so the values are read and written
 * here.  Readers take definite lengths only (RFC 4511 §5.1), believe no length
 * and give pieces of what they were given; false: not of this form, and nothing
 * was understood. */
#ifndef XDB_LDAP_SYNC_H
#define XDB_LDAP_SYNC_H

#include "base/str.h"

#define SYNC_REQUEST_OID "1.3.6.1.4.1.4203.1.9.1.1"
#define SYNC_STATE_OID   "1.3.6.1.4.1.4203.1.9.1.2"
#define SYNC_DONE_OID    "1.3.6.1.4.1.4203.1.9.1.3"
#define SYNC_INFO_OID    "1.3.6.1.4.1.4203.1.9.1.4"

enum {
	SYNC_UUID_BYTES = 16,
	SYNC_COOKIE_MOST = 8 * 1024,    /* OpenLDAP's: some 60 bytes a provider */
	SYNC_REFRESH_REQUIRED = 4096,   /* the result code, §2.6 */
};

/* A cookie with p == NULL is one that was not there. */

/* §2.2: refreshAndPersist, going on from `cookie`. */
void sync_request_write(struct buf *out, struct slice cookie);

/* §2.3: beside each entry. */
enum sync_state { SYNC_PRESENT, SYNC_ADD, SYNC_MODIFY, SYNC_DELETE };
struct sync_entry { enum sync_state state; struct slice uuid, cookie; };
bool sync_entry_read(struct slice value, struct sync_entry *entry_r);

/* §2.4: with the end of a search. */
struct sync_done { struct slice cookie; bool is_of_deletes; };
bool sync_done_read(struct slice value, struct sync_done *done_r);

/* §2.5: messages in between. */
enum sync_kind { SYNC_NEW_COOKIE, SYNC_REFRESH_DELETE, SYNC_REFRESH_PRESENT, SYNC_ID_SET };
struct sync_info {
	enum sync_kind kind;
	struct slice cookie;
	bool is_done;                   /* refreshDelete, refreshPresent: the refresh is over */
	bool is_of_deletes;             /* syncIdSet: these are gone, not present */
	struct slice uuids;             /* of a syncIdSet: for sync_uuid_next */
};
bool sync_info_read(struct slice value, struct sync_info *info_r);
/* The next of a syncIdSet; false at the end.  All of them were looked at by
 * sync_info_read. */
bool sync_uuid_next(struct slice *uuids, struct slice *uuid_r);

/* "597ae2f6-16a6-1027-98f4-d28b5365dc14" and the 16 bytes it stands for. */
enum { SYNC_UUID_CHARS = 36 };
bool sync_uuid_of(struct slice text, unsigned char *uuid_r);
/* The same of what else servers name an entry by: nsUniqueId of 389 Directory
 * Server ("66446001-1dd211b2-80b5c5b0-20f8a11b"), the 16 octets of objectGUID. */
bool sync_uuid_of_id(struct slice id, unsigned char *uuid_r);
void sync_uuid_text(const unsigned char *uuid, char *text_r);   /* without a NUL */
/* The inverse, for a filter on that attribute; false: it holds the UUID as text. */
bool sync_id_of_uuid(const char *attribute, struct slice uuid, struct buf *id);

#endif
