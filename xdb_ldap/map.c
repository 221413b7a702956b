/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/map.c — the table of attributes, and which are read together. */
#include "xdb_ldap/map.h"

#include "xdb_ldap/preset.h"

enum {
	SHORT = 256, LINE = 1024, LONG = 8 * 1024, VALUE = 16 * 1024,
	BLOB = 64 * 1024,
	ONE = 1, SOME = 16, MANY = 20000,
	URLS = MAP_URLS_MOST + 1,       /* by the last it is known that there are more */
};

static const struct map_row table[ATTR_N] = {
	[ATTR_NAME]              = { NULL,                       ATTR_TEXT,  LINE,  SOME },
	[ATTR_UID]               = { "uid",                      ATTR_TEXT,  LINE,  SOME },
	[ATTR_UUID]              = { NULL,                       ATTR_ID,    SHORT, ONE  },
	[ATTR_CN]                = { "cn",                       ATTR_TEXT,  LINE,  SOME },
	[ATTR_DISPLAY_NAME]      = { "displayName",              ATTR_TEXT,  LINE,  SOME },
	[ATTR_GIVEN_NAME]        = { "givenName",                ATTR_TEXT,  LINE,  SOME },
	[ATTR_SN]                = { "sn",                       ATTR_TEXT,  LINE,  SOME },
	[ATTR_MAIL]              = { "mail",                     ATTR_TEXT,  LINE,  SOME },
	[ATTR_TITLE]             = { "title",                    ATTR_TEXT,  LINE,  SOME },
	[ATTR_DEPARTMENT]        = { NULL,                       ATTR_TEXT,  LINE,  SOME },
	/* Asked for without ";binary", found with it (RFC 4523 §2.1). */
	[ATTR_CERTIFICATE]       = { "userCertificate",          ATTR_BYTES, BLOB,  SOME },

	[ATTR_PASSWORD_CHANGED]  = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_PASSWORD_LOCKED]   = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_LOCKOUT_END]       = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_PASSWORD_RESET]    = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_PASSWORD_START]    = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_PASSWORD_END]      = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_PASSWORD_POLICY]   = { NULL,                       ATTR_EXACT, LONG,  ONE  },
	[ATTR_UNLOCK_TIME]       = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_PASSWORD_EXPIRES]  = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_NS_LOCK]           = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_ROLE_DN]           = { NULL,                       ATTR_TEXT,  LINE,  SHORT },
	[ATTR_PRINCIPAL_EXPIRES] = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_CONTROL]           = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_CONTROL_NOW]       = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_ACCOUNT_EXPIRES]   = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_PASSWORD_EXPIRY]   = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_SHADOW_EXPIRE]     = { "shadowExpire",             ATTR_TEXT,  SHORT, ONE  },
	[ATTR_LOGIN_DISABLED]    = { "loginDisabled",            ATTR_TEXT,  SHORT, ONE  },
	[ATTR_SCHAC_STATUS]      = { "schacUserStatus",          ATTR_TEXT,  LINE,  SOME },
	[ATTR_INET_STATUS]       = { "inetUserStatus",           ATTR_TEXT,  SHORT, ONE  },
	[ATTR_SHELL]             = { "loginShell",               ATTR_TEXT,  LINE,  SOME },
	[ATTR_LOCKOUT_DURATION]  = { "pwdLockoutDuration",       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_LOCKOUT]           = { "pwdLockout",               ATTR_TEXT,  SHORT, ONE  },
	[ATTR_FAILURES_MOST]     = { "pwdMaxFailure",            ATTR_TEXT,  SHORT, ONE  },
	[ATTR_FAILURES_KEPT]     = { "pwdFailureCountInterval",  ATTR_TEXT,  SHORT, ONE  },

	[ATTR_NICKNAME]          = { "eduPersonNickname",        ATTR_TEXT,  LINE,  SOME },
	[ATTR_URL]               = { NULL,                       ATTR_TEXT,  LINE,  SOME },
	[ATTR_ORGANISATION]      = { NULL,                       ATTR_TEXT,  LINE,  SOME },
	[ATTR_EMPLOYEE_TYPE]     = { "employeeType",             ATTR_TEXT,  LINE,  SOME },
	[ATTR_AFFILIATION]       = { "eduPersonPrimaryAffiliation", ATTR_TEXT, LINE, SOME },
	[ATTR_PHONE]             = { "telephoneNumber",          ATTR_TEXT,  SHORT, SOME },
	[ATTR_MOBILE]            = { "mobile",                   ATTR_TEXT,  SHORT, SOME },
	[ATTR_FAX]               = { "facsimileTelephoneNumber", ATTR_TEXT,  SHORT, SOME },
	[ATTR_STREET]            = { NULL,                       ATTR_TEXT,  LINE,  SOME },
	[ATTR_LOCALITY]          = { "l",                        ATTR_TEXT,  LINE,  SOME },
	[ATTR_REGION]            = { "st",                       ATTR_TEXT,  LINE,  SOME },
	[ATTR_POSTAL_CODE]       = { "postalCode",               ATTR_TEXT,  SHORT, SOME },
	[ATTR_COUNTRY]           = { "c",                        ATTR_TEXT,  SHORT, SOME },
	[ATTR_PHOTO]             = { NULL,                       ATTR_BYTES, BLOB,  SOME },

	[ATTR_JID]               = { "jid",                      ATTR_EXACT, 4096,  ONE  },
	[ATTR_PERSON]            = { "imPerson",                 ATTR_EXACT, LONG,  ONE  },
	[ATTR_PERSON_UUID]       = { "imPersonUUID",             ATTR_TEXT,  SHORT, ONE  },
	[ATTR_STATUS]            = { "imStatus",                 ATTR_TEXT,  SHORT, ONE  },
	[ATTR_ROSTER_ITEM]       = { "imRosterItem",             ATTR_EXACT, VALUE, MANY },
	[ATTR_ROSTER_VERSION]    = { "imRosterVersion",          ATTR_TEXT,  SHORT, ONE  },
	[ATTR_PENDING]           = { "imPending",                ATTR_EXACT, VALUE, MANY },
	[ATTR_SCRAM]             = { "imScram",                  ATTR_EXACT, LINE,  SOME },
	[ATTR_SCRAM_SOURCE]      = { "imScramSource",            ATTR_TEXT,  SHORT, ONE  },
	[ATTR_VCARD]             = { "imVCard",                  ATTR_EXACT, 4 * BLOB, ONE },

	[ATTR_BLOCKED]           = { "imBlocked",                ATTR_EXACT, VALUE, MANY },
	[ATTR_PRIVATE]           = { "imPrivate",                ATTR_EXACT, 4 * BLOB, MANY },

	[ATTR_ROOM_NAME]         = { "imRoomName",               ATTR_EXACT, LINE,  ONE  },
	[ATTR_DESCRIPTION]       = { "description",              ATTR_LINES, LONG,  SOME },
	[ATTR_SUBJECT]           = { "imSubject",                ATTR_LINES, LONG,  ONE  },
	[ATTR_LANGUAGE]          = { "imLanguage",               ATTR_TEXT,  SHORT, ONE  },
	[ATTR_ROOM_OPTION]       = { "imRoomOption",             ATTR_EXACT, LONG,  SHORT },
	[ATTR_OWNER]             = { "imOwner",                  ATTR_EXACT, LONG,  MANY },
	[ATTR_ADMIN]             = { "imAdmin",                  ATTR_EXACT, LONG,  MANY },
	[ATTR_MEMBER]            = { "imMember",                 ATTR_EXACT, LONG,  MANY },
	[ATTR_OUTCAST]           = { "imOutcast",                ATTR_EXACT, LONG,  MANY },
	[ATTR_OWNER_JID]         = { "imOwnerJid",               ATTR_EXACT, VALUE, MANY },
	[ATTR_ADMIN_JID]         = { "imAdminJid",               ATTR_EXACT, VALUE, MANY },
	[ATTR_MEMBER_JID]        = { "imMemberJid",              ATTR_EXACT, VALUE, MANY },
	[ATTR_OUTCAST_JID]       = { "imOutcastJid",             ATTR_EXACT, VALUE, MANY },
	[ATTR_BOUND_TO]          = { "imBoundTo",                ATTR_EXACT, LONG,  ONE  },
	[ATTR_BOUND_STATE]       = { "imBoundState",             ATTR_EXACT, LONG,  ONE  },

	[ATTR_GROUP_MEMBER]      = { "member",                   ATTR_EXACT, LONG,  MANY },
	[ATTR_GROUP_UNIQUE_MEMBER] = { "uniqueMember",           ATTR_EXACT, LONG,  MANY },
	[ATTR_GROUP_MEMBER_UID]  = { "memberUid",                ATTR_EXACT, LINE,  MANY },
	[ATTR_GROUP_URL]         = { "memberURL",                ATTR_EXACT, LONG,  URLS },
	[ATTR_GROUP_OWNER]       = { "owner",                    ATTR_EXACT, LONG,  SHORT },
	[ATTR_GROUP_TITLE]       = { "cn",                       ATTR_TEXT,  LINE,  SOME },
	[ATTR_ALIAS_MEMBER]      = { "rfc822MailMember",         ATTR_EXACT, LINE,  MANY },
	[ATTR_LIST_MEMBER]       = { "mgrpRFC822MailMember",     ATTR_EXACT, LINE,  MANY },
	[ATTR_LIST_URL]          = { "mgrpDeliverTo",            ATTR_EXACT, LONG,  URLS },
	[ATTR_LIST_EDITOR]       = { "mgrpAllowedBroadcaster",   ATTR_EXACT, LONG,  SHORT },
	[ATTR_LIST_MODERATOR]    = { "mgrpModerator",            ATTR_EXACT, LONG,  SHORT },

	[ATTR_REQUEST_ID]        = { "imRequestId",              ATTR_TEXT,  SHORT, ONE  },
	[ATTR_REQUEST_KIND]      = { "imRequestKind",            ATTR_TEXT,  SHORT, ONE  },
	[ATTR_REQUEST_STATE]     = { "imRequestState",           ATTR_TEXT,  SHORT, ONE  },
	[ATTR_TOKEN_HASH]        = { "imTokenHash",              ATTR_EXACT, SHORT, ONE  },
	[ATTR_TOKEN_EXPIRES]     = { "imTokenExpires",           ATTR_TEXT,  SHORT, ONE  },

	[ATTR_OBJECT_CLASS]      = { "objectClass",              ATTR_TEXT,  SHORT, SOME },
	[ATTR_ENTRY_UUID]        = { NULL,                       ATTR_ID,    SHORT, ONE  },
	[ATTR_CSN]               = { NULL,                       ATTR_TEXT,  SHORT, ONE  },
	[ATTR_MODIFIED]          = { NULL,                       ATTR_TEXT,  SHORT, ONE  },

	[ATTR_SUPPORTED_CONTROL] = { "supportedControl",         ATTR_TEXT,  SHORT, SHORT },
	[ATTR_CONTEXT_CSN]       = { "contextCSN",               ATTR_TEXT,  SHORT, SHORT },
	[ATTR_NAMING_CONTEXT]    = { "namingContexts",           ATTR_EXACT, LONG,  SHORT },
	[ATTR_CAPABILITY]        = { "supportedCapabilities",    ATTR_TEXT,  SHORT, SHORT },
	[ATTR_VENDOR_VERSION]    = { "vendorVersion",            ATTR_TEXT,  SHORT, ONE  },
	[ATTR_IPA_LEVEL]         = { "ipaDomainLevel",           ATTR_TEXT,  SHORT, ONE  },
	[ATTR_IPA_TOPOLOGY]      = { "ipaTopologyPluginVersion", ATTR_TEXT,  SHORT, ONE  },
};

#define STATE \
	ATTR_PASSWORD_CHANGED, ATTR_PASSWORD_LOCKED, ATTR_LOCKOUT_END, \
	ATTR_PASSWORD_RESET, ATTR_PASSWORD_START, ATTR_PASSWORD_END, \
	ATTR_PASSWORD_POLICY, ATTR_UNLOCK_TIME, ATTR_PASSWORD_EXPIRES, \
	ATTR_NS_LOCK, ATTR_ROLE_DN, ATTR_PRINCIPAL_EXPIRES, ATTR_CONTROL, \
	ATTR_CONTROL_NOW, ATTR_ACCOUNT_EXPIRES, ATTR_PASSWORD_EXPIRY, \
	ATTR_SHADOW_EXPIRE, ATTR_LOGIN_DISABLED, ATTR_SCHAC_STATUS, \
	ATTR_INET_STATUS, ATTR_SHELL
#define PERSON \
	ATTR_NAME, ATTR_UUID, ATTR_CN, ATTR_DISPLAY_NAME, ATTR_GIVEN_NAME, \
	ATTR_SN, ATTR_MAIL, ATTR_TITLE, ATTR_DEPARTMENT, STATE
#define CARD \
	PERSON, ATTR_NICKNAME, ATTR_URL, ATTR_ORGANISATION, \
	ATTR_EMPLOYEE_TYPE, ATTR_AFFILIATION, ATTR_PHONE, ATTR_MOBILE, \
	ATTR_FAX, ATTR_STREET, ATTR_LOCALITY, ATTR_REGION, \
	ATTR_POSTAL_CODE, ATTR_COUNTRY, ATTR_PHOTO
#define PROFILE_HEAD ATTR_JID, ATTR_PERSON_UUID, ATTR_STATUS
#define PROFILE \
	PROFILE_HEAD, ATTR_ROSTER_ITEM, ATTR_ROSTER_VERSION, ATTR_PENDING, \
	ATTR_SCRAM, ATTR_SCRAM_SOURCE
#define ROOM_HEAD \
	ATTR_ROOM_NAME, ATTR_ENTRY_UUID, ATTR_CN, ATTR_DESCRIPTION, ATTR_SUBJECT, ATTR_LANGUAGE, \
	ATTR_ROOM_OPTION, ATTR_BOUND_TO, ATTR_BOUND_STATE
#define ROOM_PEOPLE \
	ATTR_OWNER, ATTR_ADMIN, ATTR_MEMBER, ATTR_OUTCAST, ATTR_OWNER_JID, \
	ATTR_ADMIN_JID, ATTR_MEMBER_JID, ATTR_OUTCAST_JID
#define END ATTR_N

static const enum attr sets[SET_N][56] = {
	[SET_PERSON] = { PERSON, END },
	[SET_PERSON_PHOTO] = { PERSON, ATTR_PHOTO, END },
	[SET_CERTIFICATE] = { ATTR_NAME, ATTR_UUID, ATTR_MAIL,
	    ATTR_CERTIFICATE, END },
	[SET_VCARD] = { CARD, END },
	[SET_PROFILE] = { PROFILE, END },
	[SET_PROFILE_VCARD] = { PROFILE_HEAD, ATTR_VCARD, END },
	[SET_PROFILE_STATUS] = { PROFILE_HEAD, END },
	[SET_ORPHAN] = { PROFILE_HEAD, ATTR_PERSON, END },
	[SET_INLINE] = { PERSON, PROFILE, ATTR_OBJECT_CLASS, END },
	[SET_INLINE_PHOTO] = { PERSON, ATTR_PHOTO, PROFILE, ATTR_OBJECT_CLASS, END },
	[SET_INLINE_VCARD] = { CARD, PROFILE_HEAD, ATTR_VCARD,
	    ATTR_OBJECT_CLASS, END },
	[SET_INLINE_STATUS] = { PERSON, PROFILE_HEAD, ATTR_OBJECT_CLASS, END },
	[SET_ROOM] = { ROOM_HEAD, ROOM_PEOPLE, END },
	[SET_ROOM_HEAD] = { ROOM_HEAD, END },
	[SET_ROOM_PEOPLE] = { ROOM_PEOPLE, END },
	[SET_NAME] = { ATTR_NAME, ATTR_UUID, END },
	[SET_GROUP] = { ATTR_CN, ATTR_DESCRIPTION, ATTR_MAIL, ATTR_ENTRY_UUID,
	    ATTR_GROUP_TITLE, END },
	[SET_GROUP_URL] = { ATTR_GROUP_URL, END },
	[SET_GROUP_REST] = { ATTR_ENTRY_UUID, ATTR_CSN, END },
	[SET_GROUP_WHOLE] = { ATTR_CN, ATTR_DESCRIPTION, ATTR_MAIL, ATTR_ENTRY_UUID,
	    ATTR_CSN, ATTR_GROUP_TITLE, ATTR_OBJECT_CLASS, ATTR_GROUP_MEMBER,
	    ATTR_GROUP_UNIQUE_MEMBER, ATTR_GROUP_MEMBER_UID, ATTR_GROUP_URL,
	    ATTR_GROUP_OWNER, ATTR_ALIAS_MEMBER, ATTR_LIST_MEMBER,
	    ATTR_LIST_URL, ATTR_LIST_EDITOR, ATTR_LIST_MODERATOR, END },
	[SET_MEMBER] = { ATTR_NAME, ATTR_UID, ATTR_MAIL, ATTR_UUID, ATTR_CN,
	    ATTR_DISPLAY_NAME, END },
	[SET_REQUEST] = { ATTR_TOKEN_HASH, ATTR_TOKEN_EXPIRES, ATTR_PERSON,
	    ATTR_UID, ATTR_REQUEST_STATE, END },
	[SET_ROSTER] = { ATTR_ROSTER_ITEM, ATTR_ROSTER_VERSION, ATTR_PENDING,
	    END },
	[SET_WATCH_PERSON] = { PERSON, ATTR_UID, ATTR_ENTRY_UUID, ATTR_CSN,
	    ATTR_MODIFIED, END },
	[SET_WATCH_PROFILE] = { ATTR_ENTRY_UUID, ATTR_PERSON_UUID, ATTR_JID,
	    ATTR_STATUS, ATTR_ROSTER_VERSION, ATTR_CSN, ATTR_MODIFIED, END },
	[SET_WATCH_ROOM] = { ATTR_ENTRY_UUID, ATTR_ROOM_NAME, ATTR_CSN,
	    ATTR_MODIFIED, END },
	[SET_WATCH_BRANCH] = { ATTR_ENTRY_UUID, ATTR_MODIFIED, END },
	[SET_WATCH_GROUP] = { ATTR_ENTRY_UUID, ATTR_CSN, ATTR_MODIFIED, END },
	[SET_WATCH_POLICY] = { ATTR_ENTRY_UUID, ATTR_CSN, ATTR_MODIFIED, END },
	[SET_ROOT] = { ATTR_OBJECT_CLASS, ATTR_SUPPORTED_CONTROL,
	    ATTR_NAMING_CONTEXT, ATTR_CAPABILITY, ATTR_VENDOR_VERSION,
	    ATTR_IPA_LEVEL, ATTR_IPA_TOPOLOGY, END },
	[SET_CONTEXT] = { ATTR_CONTEXT_CSN, END },
	[SET_POLICY] = { ATTR_LOCKOUT_DURATION, ATTR_LOCKOUT, ATTR_FAILURES_MOST,
	    ATTR_FAILURES_KEPT, END },
	[SET_NOTHING] = { END },
};

const char *const map_group_classes[] = {
	"groupOfNames", "groupOfUniqueNames", "groupOfURLs", "posixGroup",
	"group",                        /* Active Directory's */
	CLASS_LIST, CLASS_ALIAS, NULL
};

const char *const map_branch_classes[] = {
	"organizationalUnit", "organization", "locality", "country", "domain",
	"dcObject", "container", "nsContainer", NULL
};

/* "entryUUID" may be what two rows are called, and is asked for once. */
static bool has_name(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static const char **set_names(const struct map_row *rows, const enum attr *set,
    struct arena *a)
{
	const char **names = arena_alloc(a, (ATTR_N + 1) * sizeof *names);
	size_t n = 0;

	for (size_t i = 0; set[i] != END; i++) {
		const char *name = rows[set[i]].name;

		if (name != NULL && !has_name(names, n, name))
			names[n++] = name;
	}
	if (n == 0)
		names[0] = "1.1";       /* RFC 4511 §4.5.1.8: no attributes */
	return names;
}

void map_preset(struct names *names, struct arena *a, enum xdb_preset preset)
{
	for (size_t i = 0; i < preset_row_n; i++)
		names->rows[preset_rows[i].attr].name =
		    preset_rows[i].names[preset];
	for (int i = 0; i < SET_N; i++)
		names->sets[i] = set_names(names->rows, sets[i], a);
}

void map_init(struct names *names, struct arena *a, const char *people_name,
    const char *groups_title)
{
	for (int i = 0; i < ATTR_N; i++)
		names->rows[i] = table[i];
	names->rows[ATTR_NAME].name = arena_dup(a, people_name,
	    strlen(people_name));
	if (groups_title != NULL && *groups_title != '\0')
		names->rows[ATTR_GROUP_TITLE].name = arena_dup(a, groups_title,
		    strlen(groups_title));
	map_preset(names, a, XDB_OPENLDAP);
}
