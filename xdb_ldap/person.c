/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/person.c — finding one person and one profile, and reading them.
 *
 * With profiles of their own, two searches at once: the person by name, the
 * profile by JID.  The profile counts only when it is this person's by
 * entryUUID; a person who was renamed has a profile with the old JID, which a
 * third search finds.  With profiles on
 * people's own entries one search finds both, and they cannot disagree.  Whether
 * the person may use the account is judged in rules.c. */
#include "xdb_ldap/person.h"

#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/picture.h"
#include "xdb_ldap/address.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/sound.h"
#include "xdb_ldap/values.h"
#include "xdb_ldap/watch.h"

enum {
	UID_BYTES_MOST = 1023,          /* RFC 7622 §3.3.1 */
	CLOCKS_DIFFER_S = 600,
};

/* --- the searches ------------------------------------------------------------------------- */

struct call *person_search(struct xdb_op *op, struct slice name, enum map_set set,
    struct pool *in)
{
	struct buf filter = { 0 };

	filter_open(&filter, '&');
	filter_raw(&filter, op->db->people_filter);
	filter_eq(&filter, op_name(op, ATTR_NAME), name);
	filter_close(&filter);
	return call_search(op, &(struct search){ .base = op->db->people_base,
	    .scope = LDAP_SCOPE_SUBTREE, .filter = op_take(op, &filter),
	    .set = set, .most = 2, .in = in, .asks_usability = true });
}

static struct call *search_profile(struct xdb_op *op, struct found *f,
    enum attr by, struct slice value)
{
	struct buf filter = { 0 };

	filter_eq(&filter, op_name(op, by), value);
	return call_search(op, &(struct search){ .base = op->db->profiles_base,
	    .scope = LDAP_SCOPE_ONELEVEL, .filter = op_take(op, &filter),
	    .set = f->profile_set, .most = 2 });
}

static void found_both(struct xdb_op *op);
static void found_by_uuid(struct xdb_op *op);
static void found_all(struct xdb_op *op);
static void found_inline(struct xdb_op *op);

/* What a person's entry is asked for when the profile is on it. */
static enum map_set inline_set(enum map_set set)
{
	return set == SET_VCARD ? SET_INLINE_VCARD
	    : set == SET_PERSON_PHOTO ? SET_INLINE_PHOTO : SET_INLINE;
}

/* Names are asked for as XMPP spells them, for there may be more to read " lucia " and
 * full-width letters as (LDAP-06). */
static bool is_to_seek(struct xdb_op *op, struct found *f)
{
	if (f->uid.n == 0 || f->uid.n > UID_BYTES_MOST
	    || memchr(f->uid.p, '\0', f->uid.n) != NULL)
		return false;
	f->jid = address_of(op->db, &op->arena, f->uid);
	return f->jid.n > f->uid.n
	    && slice_eq_nocase(slice_make(f->jid.p, f->uid.n), f->uid)
	    && f->jid.p[f->uid.n] == '@';
}

void found_start(struct xdb_op *op)
{
	struct found *f = op->data;

	if (!is_to_seek(op, f)) {
		op_finish(op, XDB_ABSENT, "no name of a person");
		return;
	}
	f->uid = slice_dup(&op->arena, f->uid);
	if (op->db->is_inline) {
		f->person_set = inline_set(f->person_set);
		f->person_call = person_search(op, f->uid, f->person_set, NULL);
		op_await(op, found_inline);
		return;
	}
	f->person_call = person_search(op, f->uid, f->person_set, NULL);
	f->profile_call = search_profile(op, f, ATTR_JID, f->jid);
	op_await(op, found_both);
}

/* --- judging them ----------------------------------------------------------------------------- */

static bool is_of(const struct entry *profile, struct slice uuid)
{
	return profile != NULL && uuid.n != 0
	    && slice_eq_nocase(entry_one(profile, ATTR_PERSON_UUID), uuid);
}

/* One person is one address, and by their other names they are nobody.  (The directory
 * finds them by more spellings than there are: " alice ", full-width letters.) */
static bool is_called(struct xdb_op *op, const struct found *f)
{
	size_t n;
	const struct slice *names = entry_all(f->person, ATTR_NAME, &n);

	if (n == 0 || address_is_of(op->db, &op->arena, f->jid, names[0]))
		return n != 0;
	for (size_t i = 1; i < n; i++)
		if (address_is_of(op->db, &op->arena, f->jid, names[i])) {
			log_event(LOG_INFO, "name-of-no-account", "-",
			    "name=%s account=%s", log_text(f->uid),
			    log_text(names[0]));
			return false;
		}
	return address_is_unknown(op->db, names[0]);
}

/* --- nobody ------------------------------------------------------------------------------------ */

static void found_otherwise(struct xdb_op *op)
{
	const struct found *f = op->data;

	if (op_search_failed(op, f->person_call))
		return;
	if (f->person_call->entry_n != 0 || !watch_vouches(op->db, f->known))
		op_finish(op, XDB_ABSENT, "no such person");
	else
		op_finish(op, XDB_BROKEN, "the directory does not show a person who, "
		    "by all that it told, is there");
}

/* What may not be seen looks like what is not there.  Of somebody who was there, and did
 * not go, that is asked once more, by who they are. */
static void nobody(struct xdb_op *op, struct found *f)
{
	struct buf filter = { 0 };

	if (watch_is_blind(op->db)) {
		op_finish(op, XDB_BROKEN, "nobody is to be seen below people_base");
		return;
	}
	if (f->known.n == 0 || !watch_vouches(op->db, f->known)) {
		op_finish(op, XDB_ABSENT, "no such person");
		return;
	}
	filter_open(&filter, '&');
	filter_raw(&filter, op->db->people_filter);
	op_seek_uuid(op, &filter, ATTR_UUID, f->known);
	filter_close(&filter);
	f->person_call = call_search(op, &(struct search){
	    .base = op->db->people_base, .scope = LDAP_SCOPE_SUBTREE,
	    .filter = op_take(op, &filter), .set = SET_NOTHING, .most = 2 });
	op_await(op, found_otherwise);
}

static bool take_person(struct xdb_op *op, struct found *f)
{
	struct call *c = f->person_call;

	if (op_search_failed(op, c))
		return false;
	if (c->entry_n > 1 || c->is_cut) {
		log_event(LOG_WARN, "person-ambiguous", "-", "name=%s",
		    log_text(f->uid));
		op->res.is_cut = true;
		op_finish(op, XDB_BROKEN, "several entries have this name");
		return false;
	}
	f->person = c->entries;
	if (f->person == NULL) {
		nobody(op, f);
		return false;
	}
	if (!is_called(op, f)) {
		op_finish(op, XDB_ABSENT,
		    "this person's account has another name");
		return false;
	}
	f->name = entry_one(f->person, ATTR_NAME);
	if (entry_one(f->person, ATTR_UUID).n == 0) {
		op_finish(op, XDB_BROKEN, "the entry does not show who it is (entryUUID)");
		return false;
	}
	return true;
}

bool person_is_user(const struct entry *e)
{
	size_t n;
	const struct slice *classes = entry_all(e, ATTR_OBJECT_CLASS, &n);

	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(classes[i], SLICE(CLASS_USER)))
			return true;
	return false;
}

bool jid_is_ours(const struct xdb *db, const struct entry *e)
{
	struct slice jid = entry_one(e, ATTR_JID), local, domain;

	if (!db->is_inline)
		return true;
	return person_is_user(e)
	    && !entry_is_of(e, ATTR_OBJECT_CLASS, SLICE(CLASS_JID))
	    && !entry_is_cut(e, ATTR_JID) && slice_cut(jid, '@', &local, &domain)
	    && slice_eq_nocase(domain, slice_of(db->domain));
}

/* imProfile must have one; the institution's own class JIDObject would, too. */
bool jid_is_missing(const struct xdb *db, const struct entry *e)
{
	return db->is_inline && person_is_user(e)
	    && entry_find(e, ATTR_JID) == NULL && !entry_is_cut(e, ATTR_JID)
	    && !entry_is_of(e, ATTR_OBJECT_CLASS, SLICE(CLASS_JID));
}

static void found_inline(struct xdb_op *op)
{
	struct found *f = op->data;

	if (!take_person(op, f))
		return;
	if (person_is_user(f->person))
		f->profile = f->person;
	found_all(op);
}

static void found_both(struct xdb_op *op)
{
	struct found *f = op->data;
	struct slice uuid;

	if (!take_person(op, f) || op_search_failed(op, f->profile_call))
		return;
	uuid = entry_one(f->person, ATTR_UUID);
	for (const struct entry *e = f->profile_call->entries; e != NULL; e = e->next)
		if (is_of(e, uuid))
			f->profile = e;
	if (f->profile != NULL) {
		found_all(op);
		return;
	}
	f->profile_call = search_profile(op, f, ATTR_PERSON_UUID, uuid);
	op_await(op, found_by_uuid);
}

static void found_by_uuid(struct xdb_op *op)
{
	struct found *f = op->data;

	if (op_search_failed(op, f->profile_call))
		return;
	if (f->profile_call->entry_n > 1) {
		op_finish(op, XDB_BROKEN, "several profiles are of this person");
		return;
	}
	f->profile = f->profile_call->entries;
	found_all(op);
}

/* --- how long is it locked? -------------------------------------------------------------------- */

/* A lock has an end when its policy (slapo-ppolicy(5), pwdLockoutDuration) says
 * so: one search more, of those who are locked and nobody else. */
static const char *policy_of(struct xdb_op *op, const struct found *f)
{
	struct slice own;

	if (f->person->lockout_s != 0 || !rules_want_policy(f->person))
		return "";
	own = entry_one(f->person, ATTR_PASSWORD_POLICY);
	return own.n != 0 && dn_is_valid(own) ? op_text(op, own)
	    : op->db->password_policy;
}

static void policy_found(struct xdb_op *op)
{
	struct found *f = op->data;
	struct entry *person = f->person_call->entries;
	const struct entry *policy = f->policy_call->entries;
	uint64_t seconds;

	/* What cannot be read says nothing: the lock stays. */
	if (f->policy_call->status != XDB_OK
	    && f->policy_call->status != XDB_ABSENT
	    && f->policy_call->status != XDB_REFUSED) {
		op_failed(op, f->policy_call);
		return;
	}
	if (policy != NULL && slice_number(entry_one(policy,
	    ATTR_LOCKOUT_DURATION), INT32_MAX, &seconds))
		person->lockout_s = (int64_t)seconds;
	f->next(op);
}

/* A profile that says another address than the person has, or none, is theirs all the
 * same. */
static bool is_renamed(struct xdb_op *op, const struct found *f)
{
	struct slice jid = f->profile != NULL ? entry_one(f->profile, ATTR_JID)
	    : slice_make(NULL, 0);

	if (f->profile == NULL || address_is_unknown(op->db, f->name))
		return false;
	return jid_is_missing(op->db, f->profile)
	    || (jid.n != 0 && jid_is_ours(op->db, f->profile)
	    && !address_is_of(op->db, &op->arena, jid, f->name));
}

static void found_all(struct xdb_op *op)
{
	struct found *f = op->data;
	const char *policy;

	f->jid_is_old = is_renamed(op, f);
	policy = policy_of(op, f);
	if (*policy == '\0') {
		f->next(op);
		return;
	}
	f->policy_call = call_search(op, &(struct search){ .base = policy,
	    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
	    .set = SET_POLICY });
	op_await(op, policy_found);
}

/* --- reading --------------------------------------------------------------------------------------- */

#define FIELD(attr, member) { attr, offsetof(struct xdb_person, member) }

static const struct { enum attr attr; size_t offset; } person_fields[] = {
	FIELD(ATTR_UUID, uuid),
	FIELD(ATTR_NAME, uid),
	FIELD(ATTR_CN, cn),
	FIELD(ATTR_DISPLAY_NAME, display_name),
	FIELD(ATTR_GIVEN_NAME, given_name),
	FIELD(ATTR_SN, sn),
	FIELD(ATTR_MAIL, mail),
	FIELD(ATTR_TITLE, title),
	FIELD(ATTR_DEPARTMENT, department),
	FIELD(ATTR_PASSWORD_CHANGED, password_changed),
};

/* Times of this kind count seconds; AD's pwdLastSet does not, and has no date in it.
 * Clocks that differ by more than this let nobody log in by Kerberos either. */
static bool is_young(struct slice changed, int64_t now_s)
{
	int64_t at_s;

	return time_read(changed, &at_s) && at_s > now_s - CLOCKS_DIFFER_S;
}

/* One whose kind is not known is not shown: clients would be told a lie. */
struct slice photo_read(const struct entry *e, bool *is_hidden_r)
{
	struct slice photo = entry_one(e, ATTR_PHOTO);
	bool is_known = picture_type(photo) != NULL;

	*is_hidden_r = !is_known && (photo.n != 0 || entry_is_cut(e, ATTR_PHOTO));
	return is_known ? photo : slice_make(NULL, 0);
}

void person_read(const struct xdb *db, const struct entry *e, struct xdb_person *p)
{
	int64_t now_s = wall_now_ms() / 1000;
	struct judgement j = rules_judge(&db->rules, e, now_s);

	p->dn = e->dn;
	for (size_t i = 0; i < COUNT(person_fields); i++) {
		void *at = (char *)p + person_fields[i].offset;

		*(struct slice *)at = entry_one(e, person_fields[i].attr);
	}
	p->password_is_young = is_young(p->password_changed, now_s);
	p->refusal = j.refusal;
	p->turns_s = j.turns_s;
}

const char *const profile_status_texts[] = {
	[PROFILE_ACTIVE] = "active", [PROFILE_SUSPENDED] = "suspended",
	[PROFILE_PENDING] = "pending", [PROFILE_EXPIRED] = "expired",
	[PROFILE_DELETED] = "deleted", NULL
};

static bool status_of(struct slice word, enum xdb_profile_status *status_r)
{
	for (int i = 0; profile_status_texts[i] != NULL; i++)
		if (slice_eq_nocase(word, slice_of(profile_status_texts[i]))) {
			*status_r = (enum xdb_profile_status)i;
			return true;
		}
	return false;
}

enum xdb_profile_status profile_status_read(struct xdb_op *op,
    const struct entry *e)
{
	struct slice word = entry_one(e, ATTR_STATUS);
	enum xdb_profile_status status = PROFILE_ACTIVE;
	bool is_bad = entry_is_cut(e, ATTR_STATUS)
	    || (word.n != 0 && !status_of(word, &status));

	sound_say(op->db, e, ATTR_STATUS, is_bad);
	return is_bad ? PROFILE_SUSPENDED : status;
}

/* A number that is none, or too large, is the version 0 (roster.c). */
static uint64_t version_read(struct xdb_op *op, const struct entry *e)
{
	struct slice v = entry_one(e, ATTR_ROSTER_VERSION);
	uint64_t version = 0;
	bool is_bad = entry_is_cut(e, ATTR_ROSTER_VERSION)
	    || (v.n != 0 && !slice_number(v, ROSTER_VERSION_MOST, &version));

	sound_say(op->db, e, ATTR_ROSTER_VERSION, is_bad);
	return version;
}

static bool item_read(struct xdb_op *op, struct slice value,
    struct xdb_roster_item *item)
{
	return roster_item_read(&op->arena, value, item)
	    && sound_jid(op->db, &op->arena, &item->jid);
}

/* Of several values with one JID the first counts; all of them go when it is
 * changed, or another would come back.  They are good values: where two providers have
 * each other's changes to copy there are such for a moment. */
static void item_take(struct xdb_profile *p, struct map *seen)
{
	struct xdb_roster_item *item = &p->roster[p->roster_n];
	struct xdb_roster_item *first = map_find(seen, item->jid);

	if (first != NULL) {
		first->is_twice = true;
		return;
	}
	map_put(seen, item->jid, item);
	p->roster_n++;
}

static void roster_read(struct xdb_op *op, const struct entry *e,
    struct xdb_profile *p)
{
	size_t n, bad_n = 0;
	struct slice *values = entry_all(e, ATTR_ROSTER_ITEM, &n);
	struct map seen = { 0 };

	p->roster = arena_alloc(&op->arena, (n + 1) * sizeof *p->roster);
	for (size_t i = 0; i < n; i++)
		if (item_read(op, values[i], &p->roster[p->roster_n]))
			item_take(p, &seen);
		else
			bad_n++;
	sound_say(op->db, e, ATTR_ROSTER_ITEM,
	    bad_n + entry_is_cut(e, ATTR_ROSTER_ITEM));
	map_fini(&seen);
}

static void pending_all_read(struct xdb_op *op, const struct entry *e,
    struct xdb_profile *p)
{
	size_t n;
	struct slice *values = entry_all(e, ATTR_PENDING, &n);

	p->pending = arena_alloc(&op->arena, (n + 1) * sizeof *p->pending);
	for (size_t i = 0; i < n; i++)
		p->pending_n += pending_read(&op->arena, values[i],
		    &p->pending[p->pending_n]) && sound_jid(op->db,
		    &op->arena, &p->pending[p->pending_n].jid);
	sound_say(op->db, e, ATTR_PENDING, n - p->pending_n
	    + entry_is_cut(e, ATTR_PENDING));
}

static void scram_read(const struct entry *e, struct slice source,
    struct xdb_profile *p)
{
	struct slice made_at = entry_one(e, ATTR_SCRAM_SOURCE);
	bool is_fresh = source.n != 0 ? slice_eq(made_at, source)
	    : slice_is(made_at, "-");

	if (is_fresh)
		p->scram = entry_all(e, ATTR_SCRAM, &p->scram_n);
}

void profile_read(struct xdb_op *op, const struct entry *e, struct slice source,
    struct xdb_profile *p)
{
	if (e == NULL)
		return;
	p->exists = true;
	p->dn = e->dn;
	p->jid = jid_is_ours(op->db, e) ? entry_one(e, ATTR_JID)
	    : address_of(op->db, &op->arena, entry_one(e, ATTR_NAME));
	p->status = profile_status_read(op, e);
	p->roster_version = version_read(op, e);
	roster_read(op, e, p);
	pending_all_read(op, e, p);
	scram_read(e, source, p);
}
