/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_profiles.c — has each address one profile, and each profile its person?
 *
 * Where the overlay unique came late, or two servers were written to at once, there
 * may be two of one address.  Where somebody left, or was entered again from a file,
 * there is one whose person is gone, and who has the name next cannot log in. */
#include "base/map.h"
#include "ctl/checks.h"
#include "ctl/ldif.h"
#include "xdb_ldap/address.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/sync.h"

enum { LOOKED_FOR_MOST = 50 };          /* people whom the filter does not find */

struct lost { const char *dn; struct slice jid, uuid; };

struct seen {
	struct map by_jid;              /* jid -> DN */
	struct map people;              /* entryUUID -> struct doctor_person */
	size_t renamed_n;               /* called otherwise than their jid says */
	size_t stale_n;                 /* whose imPerson is not their person's DN, … */
	const char *stale, *stale_person;       /* … the first of them */
	size_t lost_n;                  /* of nobody that the filter finds */
	struct lost lost[LOOKED_FOR_MOST];
	size_t n, shared_n;
	struct slice jid;               /* the first that is shared, and by whom */
	const char *dn[2];
};

/* The directory compares them without case (RFC 8284), and so do we. */
static struct slice lower(struct arena *a, struct slice jid)
{
	char *copy = arena_dup(a, jid.p, jid.n);

	for (size_t i = 0; i < jid.n; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	return slice_make(copy, jid.n);
}

/* The service may not do it: who can write imPerson lets anybody read any roster. */
static void mend(struct doctor *d, const char *dn, const struct doctor_person *owner)
{
	const char *attr = doctor_attr(d, ATTR_PERSON);

	ldif_line(&d->mend, "dn", slice_of(dn));
	buf_addf(&d->mend, "changetype: modify\nreplace: %s\n", attr);
	ldif_line(&d->mend, attr, slice_of(owner->dn));
	buf_adds(&d->mend, "-\n\n");
}

/* Who is called by the DN in imPerson may read the profile (access.ldif, "own"). */
static void person_look(struct doctor *d, struct seen *p, LDAPMessage *e,
    const char *dn, const struct doctor_person *owner)
{
	struct slice person = wire_value(d->im, &d->arena, e,
	    doctor_attr(d, ATTR_PERSON));

	if (person.n == 0 || dn_eq(person, slice_of(owner->dn)))
		return;
	mend(d, dn, owner);
	if (p->stale_n++ != 0)
		return;
	p->stale = dn;
	p->stale_person = slice_cstr(&d->arena, person);
}

/* On people's entries the person cannot be gone, and is renamed with the profile. */
static void owner_look(struct doctor *d, struct seen *p, LDAPMessage *e,
    const char *dn, struct slice jid)
{
	struct slice uuid = lower(&d->arena, wire_value(d->im, &d->arena, e,
	    doctor_attr(d, ATTR_PERSON_UUID)));
	const struct doctor_person *owner = map_find(&p->people, uuid);

	if (d->directory.is_inline || slice_starts(jid, SLICE("tertulia-doctor-")))
		return;                 /* check_scratch's, of nobody */
	if (owner != NULL)
		person_look(d, p, e, dn, owner);
	if (owner != NULL)
		p->renamed_n += owner->name_n != 0 && !address_is_of(&d->directory,
		    &d->arena, jid, owner->names[0]);
	else if (p->lost_n++ < LOOKED_FOR_MOST)
		p->lost[p->lost_n - 1] = (struct lost){ dn, jid, uuid };
}

static void take(struct doctor *d, struct seen *p, LDAPMessage *e)
{
	struct slice jid = wire_value(d->im, &d->arena, e, doctor_attr(d, ATTR_JID));
	const char *dn = wire_dn(d->im, &d->arena, e), *other;

	p->n++;
	if (jid.n == 0)
		return;
	jid = lower(&d->arena, jid);
	owner_look(d, p, e, dn, jid);
	other = map_put(&p->by_jid, jid, (void *)(uintptr_t)dn);
	if (other != NULL && p->shared_n++ == 0) {
		p->jid = jid;
		p->dn[0] = other;
		p->dn[1] = dn;
	}
}

static int read_all(struct doctor *d, struct seen *p)
{
	const char *attrs[] = { doctor_attr(d, ATTR_JID),
		doctor_attr(d, ATTR_PERSON_UUID),
		doctor_attr(d, ATTR_PERSON), NULL };
	struct berval cookie = { 0 };
	struct question q = { .base = d->directory.profiles_base,
		.scope = LDAP_SCOPE_SUBTREE, .attrs = attrs, .cookie = &cookie,
		.filter = d->directory.is_inline ? "(objectClass=" CLASS_USER ")"
		    : "(objectClass=" CLASS_PROFILE ")" };
	int code;

	do {
		LDAPMessage *found;

		code = wire_search(d->im, &q, &found);
		for (LDAPMessage *e = wire_first(d->im, found); e != NULL;
		    e = ldap_next_entry(d->im->ld, e))
			take(d, p, e);
		ldap_msgfree(found);
	} while (code == LDAP_SUCCESS && cookie.bv_len != 0);
	ldap_memfree(cookie.bv_val);
	return code;
}

/* --- whose person is gone --------------------------------------------------------- */

enum sight { SEEN, NOT_SEEN, UNKNOWN };

/* Is there somebody of that entryUUID, whatever the filter says? */
static enum sight look_by_uuid(struct doctor *d, struct slice uuid)
{
	static const char *const none[] = { "1.1", NULL };
	const char *attr = doctor_attr(d, ATTR_UUID);
	struct buf filter = { 0 }, id = { 0 };
	struct question q = { .base = d->settings->ldap.people_base,
		.scope = LDAP_SCOPE_SUBTREE, .attrs = none };
	enum sight sight = UNKNOWN;
	LDAPMessage *found;

	filter_eq(&filter, attr, sync_id_of_uuid(attr, uuid, &id)
	    ? buf_slice(&id) : uuid);
	q.filter = buf_cstr(&filter);
	if (wire_search(d->im, &q, &found) == LDAP_SUCCESS)
		sight = wire_first(d->im, found) != NULL ? SEEN : NOT_SEEN;
	ldap_msgfree(found);
	buf_fini(&filter);
	buf_fini(&id);
	return sight;
}

/* Where people do not show who they are, every profile looks like one of nobody, and
 * the advice to remove it would cost a roster each.  Who shows it in a whole
 * reading need not be found by it: that is another right. */
static bool identities_are_seen(struct doctor *d, struct result *r)
{
	const char *attr = doctor_attr(d, ATTR_UUID);
	size_t without = 0;

	for (size_t i = 0; i < d->person_n; i++)
		without += d->people[i].uuid.n == 0;
	if (without == d->person_n) {
		result_say(r, VERDICT_SKIPPED, "people show no %s (see examples), so "
		    "whose a profile is cannot be told", attr);
		r->is_unsure = true;
	} else if (without != 0) {
		result_say(r, VERDICT_FAULT, "%zu of %zu people show no %s and cannot "
		    "log in; whose a profile is cannot be told", without,
		    d->person_n, attr);
	} else if (look_by_uuid(d, d->people[0].uuid) != SEEN) {
		result_say(r, VERDICT_FAULT, "people are not found by their %s; "
		    "whose a profile is cannot be told", attr);
	}
	if (r->verdict != VERDICT_OK)
		result_next(r, "let cn=im read %s of everybody and search by it", attr);
	return r->verdict == VERDICT_OK;
}

/* Who would be called by this address, or NULL. */
static const struct doctor_person *heir_of(struct doctor *d, struct slice jid)
{
	for (size_t i = 0; i < d->person_n; i++)
		if (d->people[i].name_n != 0 && address_is_of(&d->directory,
		    &d->arena, jid, d->people[i].names[0]))
			return &d->people[i];
	return NULL;
}

static void lost_judge(struct doctor *d, const struct seen *p, struct result *r)
{
	const struct lost *one = NULL, *blocking = NULL;
	const struct doctor_person *heir = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->lost_n && i < LOOKED_FOR_MOST; i++) {
		if (look_by_uuid(d, p->lost[i].uuid) != NOT_SEEN)
			continue;
		one = &p->lost[i];
		n++;
		if (heir == NULL && (heir = heir_of(d, one->jid)) != NULL)
			blocking = one;
	}
	if (blocking != NULL)
		result_say(r, VERDICT_FAULT, "%s cannot log in: %s is the address "
		    "of %s, whose person is gone", heir->dn,
		    log_text(blocking->jid), blocking->dn);
	else if (n != 0)
		result_say(r, VERDICT_WARNING, "the person is gone of %zu "
		    "profiles, such as %s (%s)", n, one->dn, log_text(one->jid));
	if (n != 0)
		result_next(r, "remove it; or, if it is the same person entered "
		    "again, give it to them (schema/README, Whose an address is)");
}

static void people_by_uuid(const struct doctor *d, struct map *people)
{
	for (size_t i = 0; i < d->person_n; i++)
		if (d->people[i].uuid.n != 0)
			map_put(people, d->people[i].uuid, &d->people[i]);
}

static void stale_say(const struct seen *p, struct result *r)
{
	if (p->stale_n == 0)
		return;
	result_say(r, VERDICT_WARNING, "imPerson of %zu profiles is not where their "
	    "person is, such as %s: %s", p->stale_n, p->stale, p->stale_person);
	result_next(r, "who is called so by now may read that roster: `tertuliactl doctor "
	    "--ldif` prints what puts it right; look at imOwner, imAdmin, imMember and "
	    "imOutcast of the rooms, and have the directory do it (overlay refint, "
	    "schema/overlays.ldif; 389 DS: schema/README)");
}

static void say_good(const struct seen *p, struct result *r)
{
	if (p->renamed_n == 0)
		result_say(r, VERDICT_OK, "%zu, each with an address of its own",
		    p->n);
	else
		result_say(r, VERDICT_OK, "%zu, each with an address of its own; "
		    "%zu get another when their person, who was renamed, logs in",
		    p->n, p->renamed_n);
}

void check_profiles(struct doctor *d, struct result *r)
{
	struct seen p = { .n = 0 };
	int code;

	if (!identities_are_seen(d, r))
		return;
	people_by_uuid(d, &p.people);
	code = read_all(d, &p);
	if (code != LDAP_SUCCESS) {
		result_say(r, VERDICT_FAULT, "profiles cannot be read: %s",
		    ldap_err2string(code));
		result_next(r, "let cn=im read all below %s, without a limit of "
		    "entries", d->directory.profiles_base);
	} else if (p.shared_n != 0) {
		result_say(r, VERDICT_FAULT, "%zu profiles have an address that is "
		    "another's, such as %s: %s and %s", p.shared_n,
		    log_text(p.jid), p.dn[0], p.dn[1]);
		result_next(r, "see by imPerson whose it is, remove the other one, "
		    "and keep it so (schema/overlays.ldif, unique)");
	} else {
		lost_judge(d, &p, r);
		stale_say(&p, r);
		if (r->verdict == VERDICT_OK)
			say_good(&p, r);
	}
	map_fini(&p.by_jid);
	map_fini(&p.people);
}
