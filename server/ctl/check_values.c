/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_values.c — can the service understand what our attributes say?
 *
 * Any LDAP tool may write them.  The service leaves out what it cannot understand and
 * says so once in its log (xdb_ldap/sound.h); here all of it is found at once. */
#include "ctl/checks.h"
#include "xdb_ldap/option.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/sound.h"
#include "xdb_ldap/values.h"

typedef bool good_fn(const struct xdb *db, struct arena *a, struct slice value);

/* --- one value of each kind ---------------------------------------------------------- */

static bool item_is_good(const struct xdb *db, struct arena *a, struct slice v)
{
	struct xdb_roster_item item;

	return roster_item_read(a, v, &item) && sound_jid(db, a, &item.jid);
}

static bool pending_is_good(const struct xdb *db, struct arena *a, struct slice v)
{
	struct xdb_pending p;

	return pending_read(a, v, &p) && sound_jid(db, a, &p.jid);
}

static bool person_is_good(const struct xdb *db, struct arena *a, struct slice v)
{
	struct xdb_room_person p;
	struct slice bare, resource;

	if (!room_person_read(a, v, &p))
		return false;
	/* A resource is dropped, or says whose note this is. */
	slice_cut(p.jid, '/', &bare, &resource);
	return sound_jid(db, a, &bare);
}

static bool jid_is_good(const struct xdb *db, struct arena *a, struct slice v)
{
	return sound_jid(db, a, &v);
}

static bool name_is_good(const struct xdb *db, struct arena *a, struct slice v)
{
	return sound_local(db, a, &v);
}

static bool version_is_good(const struct xdb *db, struct arena *a, struct slice v)
{
	uint64_t version;

	(void)db;
	(void)a;
	return slice_number(v, ROSTER_VERSION_MOST, &version);
}

static bool status_is_good(const struct xdb *db, struct arena *a, struct slice v)
{
	(void)db;
	(void)a;
	for (int i = 0; profile_status_texts[i] != NULL; i++)
		if (slice_eq_nocase(v, slice_of(profile_status_texts[i])))
			return true;
	return false;
}

static bool option_is_good(const struct xdb *db, struct arena *a, struct slice v)
{
	struct xdb_room_option option;

	(void)db;
	return room_option_read(a, v, &option) == OPTION_READ;
}

static bool bound_is_good(const struct xdb *db, struct arena *a, struct slice v)
{
	struct xdb_bound_state state;

	(void)db;
	return bound_state_read(a, v, &state);
}

static const struct { enum attr attr; good_fn *is_good; } rows[] = {
	{ ATTR_JID,            jid_is_good },
	{ ATTR_STATUS,         status_is_good },
	{ ATTR_ROSTER_VERSION, version_is_good },
	{ ATTR_ROSTER_ITEM,    item_is_good },
	{ ATTR_PENDING,        pending_is_good },
	{ ATTR_ROOM_NAME,      name_is_good },
	{ ATTR_ROOM_OPTION,    option_is_good },
	{ ATTR_OWNER_JID,      person_is_good },
	{ ATTR_ADMIN_JID,      person_is_good },
	{ ATTR_MEMBER_JID,     person_is_good },
	{ ATTR_OUTCAST_JID,    person_is_good },
	{ ATTR_BOUND_STATE,    bound_is_good },
};

/* --- all of them ------------------------------------------------------------------------ */

struct values {
	struct doctor *d;
	size_t entry_n, bad_n;
	const char *attr, *dn;          /* the first that is bad */
};

static void entry_judge(struct values *v, struct arena *a, const struct entry *e)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n, bad = entry_is_cut(e, rows[i].attr);
		struct slice *values = entry_all(e, rows[i].attr, &n);

		for (size_t k = 0; k < n; k++)
			bad += !rows[i].is_good(&v->d->directory, a, values[k]);
		if (bad != 0 && v->bad_n == 0) {
			v->attr = doctor_attr(v->d, rows[i].attr);
			v->dn = slice_cstr(&v->d->arena, e->dn);
		}
		v->bad_n += bad;
	}
}

static void page_judge(struct values *v, LDAPMessage *found)
{
	struct wire *w = v->d->im;

	for (LDAPMessage *m = wire_first(w, found); m != NULL;
	    m = ldap_next_entry(w->ld, m)) {
		struct arena a = { NULL };
		struct entry *e = entry_read(&a, &v->d->directory.names, w->ld, m);

		v->entry_n++;
		if (e != NULL)
			entry_judge(v, &a, e);
		arena_fini(&a);
	}
}

static int read_all(struct values *v, const char *base, const char *filter,
    enum map_set set)
{
	struct berval cookie = { 0 };
	struct question q = { .base = base, .scope = LDAP_SCOPE_SUBTREE,
		.filter = filter, .cookie = &cookie,
		.attrs = v->d->directory.names.sets[set] };
	int code;

	do {
		LDAPMessage *found;

		code = wire_search(v->d->im, &q, &found);
		page_judge(v, found);
		ldap_msgfree(found);
	} while (code == LDAP_SUCCESS && cookie.bv_len != 0);
	ldap_memfree(cookie.bv_val);
	return code;
}

void check_values(struct doctor *d, struct result *r)
{
	struct values v = { .d = d };
	int code = read_all(&v, d->directory.profiles_base,
	    d->directory.is_inline ? "(objectClass=" CLASS_USER ")"
	    : "(objectClass=" CLASS_PROFILE ")", SET_PROFILE);

	if (code == LDAP_SUCCESS)
		code = read_all(&v, d->directory.rooms_base,
		    "(objectClass=" CLASS_ROOM ")", SET_ROOM);
	if (v.bad_n != 0) {
		result_say(r, VERDICT_WARNING, "%zu values of profiles and rooms "
		    "cannot be understood and are left out, such as %s of %s",
		    v.bad_n, v.attr, v.dn);
		result_next(r, "correct or remove them (schema/README, Forms of "
		    "values)");
	} else if (code != LDAP_SUCCESS) {
		result_say(r, VERDICT_WARNING, "profiles and rooms cannot all be "
		    "read: %s", ldap_err2string(code));
		result_next(r, "let cn=im read them, without a limit of entries");
	} else {
		result_say(r, VERDICT_OK, "all understood, in %zu profiles and "
		    "rooms", v.entry_n);
	}
}
