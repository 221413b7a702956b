/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/preset.c — the table of names, a column for each kind of server, and
 * how its root DSE (RFC 4512 §5.1) gives it away. */
#include "xdb_ldap/preset.h"

#include "xdb_ldap/entry.h"

/* The column that does not exist: AUTO is one of the others, as soon as it is
 * known which. */
#define ROW(attr, openldap, ds389, ad, freeipa) \
	{ attr, { [XDB_OPENLDAP] = openldap, [XDB_389DS] = ds389, \
	    [XDB_AD] = ad, [XDB_FREEIPA] = freeipa } }
#define none NULL

const struct preset_row preset_rows[] = {
	/*  what                     OpenLDAP                389 Directory Server      Active Directory              FreeIPA */
	/* Who it is: of a person, and what RFC 4533 names every entry by. */
	ROW(ATTR_UUID,               "entryUUID",            "nsUniqueId",             "objectGUID",                 "ipaUniqueID"),
	ROW(ATTR_ENTRY_UUID,         "entryUUID",            "nsUniqueId",             "objectGUID",                 "nsUniqueId"),
	/* Which password it is; which version of the entry. */
	ROW(ATTR_PASSWORD_CHANGED,   "pwdChangedTime",       "pwdUpdateTime",          "pwdLastSet",                 "krbLastPwdChange"),
	ROW(ATTR_CSN,                "entryCSN",             "entryusn",               "uSNChanged",                 "entryusn"),
	ROW(ATTR_MODIFIED,           "modifyTimestamp",      "modifyTimestamp",        "whenChanged",                "modifyTimestamp"),
	/* May it be used?  rules.c */
	ROW(ATTR_PASSWORD_LOCKED,    "pwdAccountLockedTime", none,                     none,                         none),
	ROW(ATTR_LOCKOUT_END,        "pwdAccountTmpLockoutEnd", none,                  none,                         none),
	ROW(ATTR_PASSWORD_RESET,     "pwdReset",             "pwdReset",               none,                         none),
	ROW(ATTR_PASSWORD_START,     "pwdStartTime",         none,                     none,                         none),
	ROW(ATTR_PASSWORD_END,       "pwdEndTime",           none,                     none,                         none),
	ROW(ATTR_PASSWORD_POLICY,    "pwdPolicySubentry",    none,                     none,                         none),
	ROW(ATTR_UNLOCK_TIME,        none,                   "accountUnlockTime",      none,                         none),
	ROW(ATTR_PASSWORD_EXPIRES,   none,                   "passwordExpirationTime", none,                         "krbPasswordExpiration"),
	ROW(ATTR_NS_LOCK,            "nsAccountLock",        "nsAccountLock",          none,                         "nsAccountLock"),
	ROW(ATTR_ROLE_DN,            none,                   "nsRoleDN",               none,                         "nsRoleDN"),
	ROW(ATTR_PRINCIPAL_EXPIRES,  none,                   none,                     none,                         "krbPrincipalExpiration"),
	ROW(ATTR_CONTROL,            none,                   none,                     "userAccountControl",         none),
	ROW(ATTR_CONTROL_NOW,        none,                   none,                     "msDS-User-Account-Control-Computed", none),
	ROW(ATTR_ACCOUNT_EXPIRES,    none,                   none,                     "accountExpires",             none),
	ROW(ATTR_PASSWORD_EXPIRY,    none,                   none,                     "msDS-UserPasswordExpiryTimeComputed", none),
	/* What a vCard shows. */
	ROW(ATTR_DEPARTMENT,         "ou",                   "ou",                     "department",                 "ou"),
	ROW(ATTR_ORGANISATION,       "o",                    "o",                      "company",                    "o"),
	ROW(ATTR_STREET,             "street",               "street",                 "streetAddress",              "street"),
	ROW(ATTR_URL,                "labeledURI",           "labeledURI",             "wWWHomePage",                "labeledURI"),
	ROW(ATTR_PHOTO,              "jpegPhoto",            "jpegPhoto",              "thumbnailPhoto",             "jpegPhoto"),
};
const size_t preset_row_n = COUNT(preset_rows);

const char *const preset_texts[XDB_PRESETS] = {
	[XDB_AUTO] = "auto", [XDB_OPENLDAP] = "openldap", [XDB_389DS] = "389ds",
	[XDB_AD] = "ad", [XDB_FREEIPA] = "freeipa",
};

/* The first that is there decides; FreeIPA is a 389 Directory Server too. */
static const struct { enum attr attr; const char *begins; enum xdb_preset preset; }
signs[] = {
	/* LDAP_CAP_ACTIVE_DIRECTORY_OID, [MS-ADTS] §3.1.1.3.4.3.1 */
	{ ATTR_CAPABILITY,     "1.2.840.113556.1.4.800", XDB_AD },
	{ ATTR_IPA_LEVEL,      "",                       XDB_FREEIPA },
	{ ATTR_IPA_TOPOLOGY,   "",                       XDB_FREEIPA },
	{ ATTR_VENDOR_VERSION, "389-Directory/",         XDB_389DS },
};

enum xdb_preset preset_of_root(const struct entry *root)
{
	for (size_t i = 0; i < COUNT(signs); i++) {
		size_t n;
		struct slice *values = entry_all(root, signs[i].attr, &n);

		for (size_t k = 0; k < n; k++)
			if (slice_starts(values[k], slice_of(signs[i].begins)))
				return signs[i].preset;
	}
	return XDB_OPENLDAP;
}
