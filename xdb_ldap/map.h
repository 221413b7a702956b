/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/map.h — fields and attributes: the one place that spells a name of
 * the directory.
 *
 * Everything else says ATTR_MAIL.  A row also holds what the value is and how
 * much of it is believed (LDAP-17, LDAP-18: only what is listed is asked for). */
#ifndef XDB_LDAP_MAP_H
#define XDB_LDAP_MAP_H

#include "base/str.h"
#include "xdb_ldap/xdb.h"

/* Searches of one group (memberURL); whoever has more is not read in part. */
enum { MAP_URLS_MOST = 64 };

enum attr {
	/* person */
	ATTR_NAME,                      /* people_name of the configuration */
	ATTR_UID, ATTR_UUID, ATTR_CN, ATTR_DISPLAY_NAME, ATTR_GIVEN_NAME, ATTR_SN,
	ATTR_MAIL, ATTR_TITLE, ATTR_DEPARTMENT, ATTR_CERTIFICATE,
	/* rules of the account; their names are the preset's */
	ATTR_PASSWORD_CHANGED, ATTR_PASSWORD_LOCKED, ATTR_LOCKOUT_END,
	ATTR_PASSWORD_RESET, ATTR_PASSWORD_START, ATTR_PASSWORD_END,
	ATTR_PASSWORD_POLICY, ATTR_UNLOCK_TIME, ATTR_PASSWORD_EXPIRES,
	ATTR_NS_LOCK, ATTR_ROLE_DN, ATTR_PRINCIPAL_EXPIRES, ATTR_CONTROL,
	ATTR_CONTROL_NOW, ATTR_ACCOUNT_EXPIRES, ATTR_PASSWORD_EXPIRY,
	/* and those that are the same everywhere */
	ATTR_SHADOW_EXPIRE, ATTR_LOGIN_DISABLED, ATTR_SCHAC_STATUS,
	ATTR_INET_STATUS, ATTR_SHELL,
	/* a password policy */
	ATTR_LOCKOUT_DURATION, ATTR_LOCKOUT, ATTR_FAILURES_MOST,
	ATTR_FAILURES_KEPT,
	/* what a vCard shows beyond that */
	ATTR_NICKNAME, ATTR_URL, ATTR_ORGANISATION, ATTR_EMPLOYEE_TYPE,
	ATTR_AFFILIATION, ATTR_PHONE, ATTR_MOBILE, ATTR_FAX, ATTR_STREET,
	ATTR_LOCALITY, ATTR_REGION, ATTR_POSTAL_CODE, ATTR_COUNTRY, ATTR_PHOTO,
	/* profile */
	ATTR_JID, ATTR_PERSON, ATTR_PERSON_UUID, ATTR_STATUS, ATTR_ROSTER_ITEM,
	ATTR_ROSTER_VERSION, ATTR_PENDING, ATTR_SCRAM, ATTR_SCRAM_SOURCE,
	ATTR_VCARD, ATTR_BLOCKED, ATTR_PRIVATE,
	/* room */
	ATTR_ROOM_NAME, ATTR_DESCRIPTION, ATTR_SUBJECT, ATTR_LANGUAGE,
	ATTR_ROOM_OPTION, ATTR_OWNER, ATTR_ADMIN, ATTR_MEMBER, ATTR_OUTCAST,
	ATTR_OWNER_JID, ATTR_ADMIN_JID, ATTR_MEMBER_JID, ATTR_OUTCAST_JID,
	ATTR_BOUND_TO, ATTR_BOUND_STATE,
	/* group */
	ATTR_GROUP_MEMBER, ATTR_GROUP_UNIQUE_MEMBER, ATTR_GROUP_MEMBER_UID,
	ATTR_GROUP_URL, ATTR_GROUP_OWNER, ATTR_GROUP_TITLE,
	ATTR_ALIAS_MEMBER, ATTR_LIST_MEMBER, ATTR_LIST_URL, ATTR_LIST_EDITOR,
	ATTR_LIST_MODERATOR,
	/* request */
	ATTR_REQUEST_ID, ATTR_REQUEST_KIND, ATTR_REQUEST_STATE, ATTR_TOKEN_HASH,
	ATTR_TOKEN_EXPIRES,
	/* every entry */
	ATTR_OBJECT_CLASS, ATTR_ENTRY_UUID, ATTR_CSN, ATTR_MODIFIED,
	/* the server itself */
	ATTR_SUPPORTED_CONTROL, ATTR_CONTEXT_CSN,
	ATTR_NAMING_CONTEXT, ATTR_CAPABILITY, ATTR_VENDOR_VERSION, ATTR_IPA_LEVEL,
	ATTR_IPA_TOPOLOGY,
	ATTR_N
};

enum attr_kind {
	ATTR_TEXT,      /* one line for people: control characters are dropped */
	ATTR_LINES,     /* text that may have lines */
	ATTR_EXACT,     /* a value we give back as it is: an odd one is dropped whole */
	ATTR_BYTES,     /* not text */
	ATTR_ID,        /* who an entry is: a UUID as text, whatever its form there */
};

/* What is read together; a search names one of these. */
enum map_set {
	SET_PERSON, SET_PERSON_PHOTO, SET_CERTIFICATE, SET_VCARD, SET_PROFILE, SET_PROFILE_VCARD, SET_PROFILE_STATUS,
	SET_ORPHAN,
	SET_ROOM, SET_ROOM_HEAD, SET_ROOM_PEOPLE, SET_NAME, SET_GROUP,
	SET_GROUP_URL, SET_GROUP_REST, SET_GROUP_WHOLE, SET_MEMBER, SET_REQUEST, SET_ROSTER, SET_WATCH_PERSON,
	SET_INLINE, SET_INLINE_PHOTO, SET_INLINE_VCARD, SET_INLINE_STATUS,
	SET_WATCH_PROFILE, SET_WATCH_ROOM, SET_WATCH_GROUP, SET_WATCH_BRANCH,
	SET_WATCH_POLICY, SET_ROOT, SET_CONTEXT, SET_POLICY,
	SET_NOTHING,
	SET_N
};

struct map_row {
	const char *name;
	enum attr_kind kind;
	size_t most_bytes;              /* a longer value is not taken */
	unsigned most_values;           /* what is above is not taken; the field is cut */
};

/* The table, with the configuration's names and the preset's in it; a row without a
 * name is of something that this server does not have. */
struct names {
	struct map_row rows[ATTR_N];
	const char **sets[SET_N];       /* attribute lists for libldap, NULL-ended */
};

/* groups_title: what of a group is shown; NULL or "": its cn.  With the names of
 * OpenLDAP, until map_preset() knows better. */
void map_init(struct names *names, struct arena *a, const char *people_name,
    const char *groups_title);
void map_preset(struct names *names, struct arena *a, enum xdb_preset preset);

#define CLASS_PERSON  "inetOrgPerson"
#define CLASS_PROFILE "imProfile"
#define CLASS_USER    "imUser"
#define CLASS_JID     "JIDObject"      /* RFC 8284: the jid is the institution's own */
#define CLASS_ROOM    "imRoom"
#define CLASS_REQUEST "imRequest"
#define CLASS_ALIAS   "nisMailAlias"
#define CLASS_LIST    "mailGroup"
#define CLASS_POLICY  "pwdPolicy"
/* Classes of the groups and lists that a search finds; NULL-ended. */
extern const char *const map_group_classes[];
/* Classes of entries that others stand below. */
extern const char *const map_branch_classes[];

#define RDN_PROFILES "ou=profiles"
#define RDN_ROOMS    "ou=rooms"
#define RDN_REQUESTS "ou=requests"

#endif
