/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/detect.c — looks where people and our own tree stand. */
#include "ctl/detect.h"

#include "xdb_ldap/dn.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/preset.h"
#include "xdb_ldap/root.h"

/* How directories keep people; the one that finds most of them is taken. */
static const struct { const char *filter, *name; } kinds[] = {
	{ "(objectClass=" CLASS_PERSON ")", "uid" },
	{ "(objectClass=posixAccount)", "uid" },
	{ "(&(objectCategory=person)(objectClass=user))", "sAMAccountName" },
};

static LDAPMessage *look(struct wire *w, const char *base, int scope,
    const char *filter, const char *const *attrs)
{
	struct question q = { .base = base, .scope = scope, .filter = filter,
		.attrs = attrs, .most = DETECT_LOOKED_AT };
	LDAPMessage *found;

	/* sizeLimitExceeded comes with as many as were asked for. */
	wire_search(w, &q, &found);
	return found;
}

static const char *parent_of(struct arena *a, const char *dn)
{
	return slice_cstr(a, dn_parent(slice_of(dn)));
}

/* --- people ------------------------------------------------------------------- */

/* Who has a name, or who has none: address books are full of such people. */
static const char *with_name(struct arena *a, const char *filter, const char *name,
    bool has_one)
{
	struct buf b = { 0 };
	const char *text;

	buf_addf(&b, has_one ? "(&%s(%s=*))" : "(&%s(!(%s=*)))", filter, name);
	text = slice_cstr(a, buf_slice(&b));
	buf_fini(&b);
	return text;
}

static void kind_take(struct detected *d, size_t i, const struct places *p)
{
	if (p->all.n <= d->places.all.n)
		return;
	d->places = *p;
	d->people_base = p->all.dn;
	d->filter = kinds[i].filter;
	d->name = kinds[i].name;
}

static void find_people(struct wire *w, struct arena *a, struct detected *d)
{
	struct places p;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		places_count(w, a, d->context, with_name(a, kinds[i].filter,
		    kinds[i].name, true), &p);
		kind_take(d, i, &p);
	}
	for (size_t i = 0; i < COUNT(kinds) && d->places.all.n == 0; i++) {
		places_count(w, a, d->context, kinds[i].filter, &p);
		kind_take(d, i, &p);
	}
}

/* Those who are people by another of them, and not by this one. */
static void find_others(struct wire *w, struct arena *a, struct detected *d)
{
	for (size_t i = 0; i < COUNT(kinds) && *d->people_base != '\0'; i++) {
		struct buf b = { 0 };
		struct places p;

		if (strcmp(kinds[i].filter, d->filter) == 0)
			continue;
		buf_addf(&b, "(&%s(!%s))", with_name(a, kinds[i].filter,
		    kinds[i].name, true), d->filter);
		places_count(w, a, d->context, buf_cstr(&b), &p);
		buf_fini(&b);
		if (p.all.n > d->other_n) {
			d->other_filter = kinds[i].filter;
			d->other_n = p.all.n;
		}
	}
}

/* By the store's own rules: who is locked is shown as that. */
static bool person_look(struct wire *w, struct xdb *db, struct arena *a,
    LDAPMessage *msg, struct detect_person *p)
{
	struct xdb_person person = { 0 };
	struct entry *e = entry_read(a, &db->names, w->ld, msg);

	if (e == NULL)
		return false;
	person_read(db, e, &person);
	*p = (struct detect_person){ person.uid, person.cn, person.mail,
		person.refusal };
	return p->name.n != 0;
}

void detect_people(struct wire *w, struct xdb *db, struct arena *a,
    const char *base, struct detected *d)
{
	static const char *const none[] = { "1.1", NULL };
	LDAPMessage *found;

	map_init(&db->names, &db->arena, d->name, NULL);
	map_preset(&db->names, &db->arena, db->root.preset);
	found = look(w, base, LDAP_SCOPE_SUBTREE, with_name(a, d->filter, d->name,
	    true), db->names.sets[SET_PERSON]);
	d->shown_n = d->people_n = 0;
	for (LDAPMessage *e = wire_first(w, found); e != NULL;
	    e = ldap_next_entry(w->ld, e)) {
		d->people_n++;
		if (d->shown_n < DETECT_SHOWN)
			d->shown_n += person_look(w, db, a, e,
			    &d->shown[d->shown_n]);
	}
	ldap_msgfree(found);
	found = look(w, base, LDAP_SCOPE_SUBTREE, with_name(a, d->filter, d->name,
	    false), none);
	d->nameless_n = found != NULL ? (size_t)ldap_count_entries(w->ld, found) : 0;
	ldap_msgfree(found);
}

/* --- our own --------------------------------------------------------------------- */

static const char *one_value(struct wire *w, struct arena *a, const char *dn,
    const char *attr)
{
	const char *attrs[] = { attr, NULL };
	LDAPMessage *found = look(w, dn, LDAP_SCOPE_BASE, NULL, attrs);
	const char *text = slice_cstr(a, wire_value(w, a, wire_first(w, found),
	    attr));

	ldap_msgfree(found);
	return text;
}

/* ou=im is what ou=profiles and ou=rooms stand below. */
static void find_tree(struct wire *w, struct arena *a, struct detected *d)
{
	static const char *const none[] = { "1.1", NULL };
	LDAPMessage *found = look(w, d->context, LDAP_SCOPE_SUBTREE,
	    "(" RDN_PROFILES ")", none);

	for (LDAPMessage *e = wire_first(w, found); e != NULL
	    && *d->im_base == '\0'; e = ldap_next_entry(w->ld, e)) {
		const char *base = parent_of(a, wire_dn(w, a, e));
		struct buf rooms = { 0 };
		LDAPMessage *both;

		buf_addf(&rooms, "%s,%s", RDN_ROOMS, base);
		both = look(w, buf_cstr(&rooms), LDAP_SCOPE_BASE, NULL, none);
		if (wire_first(w, both) != NULL)
			d->im_base = base;
		ldap_msgfree(both);
		buf_fini(&rooms);
	}
	ldap_msgfree(found);
}

/* slapo-ppolicy's own default cannot be seen by everybody; it is mostly called so. */
static void find_policies(struct wire *w, struct arena *a, struct detected *d)
{
	static const char *const none[] = { "1.1", NULL };
	LDAPMessage *found = look(w, d->context, LDAP_SCOPE_SUBTREE,
	    "(objectClass=pwdPolicy)", none);

	for (LDAPMessage *e = wire_first(w, found); e != NULL
	    && d->policy_n < DETECT_POLICIES; e = ldap_next_entry(w->ld, e)) {
		const char *dn = wire_dn(w, a, e);
		struct slice name;
		bool is_default = dn_first(a, slice_of(dn), "cn", &name)
		    && slice_eq_nocase(name, SLICE("default"));

		d->policies[d->policy_n++] = is_default ? d->policies[0] : dn;
		if (is_default)
			d->policies[0] = dn;
	}
	ldap_msgfree(found);
}

static bool knows_profiles(struct wire *w, struct arena *a)
{
	const char *attrs[] = { "objectClasses", NULL };
	LDAPMessage *found = look(w, one_value(w, a, "", "subschemaSubentry"),
	    LDAP_SCOPE_BASE, "(objectClass=subschema)", attrs);
	struct slice *classes = NULL;
	LDAPMessage *e = wire_first(w, found);
	size_t n = e != NULL ? wire_values(w, a, e, attrs[0], &classes) : 0;
	bool is_known = false;

	for (size_t i = 0; i < n; i++)
		is_known = is_known || memmem(classes[i].p, classes[i].n,
		    "'" CLASS_PROFILE "'", sizeof CLASS_PROFILE + 1) != NULL;
	ldap_msgfree(found);
	return is_known;
}

/* cn=changelog, cn=accesslog and their like hold no people. */
static const char *first_of_people(struct wire *w, struct arena *a)
{
	static const char *const attrs[] = { "namingContexts", NULL };
	LDAPMessage *found = look(w, "", LDAP_SCOPE_BASE, NULL, attrs);
	LDAPMessage *e = wire_first(w, found);
	struct slice *all, best = { "", 0 };
	size_t n = e != NULL ? wire_values(w, a, e, attrs[0], &all) : 0;

	for (size_t i = n; i > 0; i--)
		if (best.n == 0 || !slice_starts(all[i - 1], SLICE("cn=")))
			best = all[i - 1];
	ldap_msgfree(found);
	return slice_cstr(a, best);
}

void detect_kind(struct wire *w, struct xdb *db, struct detected *d)
{
	LDAPMessage *found, *msg;

	map_init(&db->names, &db->arena, d->name, NULL);
	found = look(w, "", LDAP_SCOPE_BASE, NULL, db->names.sets[SET_ROOT]);
	msg = wire_first(w, found);
	root_learn(db, msg != NULL ? entry_read(&db->arena, &db->names, w->ld, msg)
	    : NULL);
	ldap_msgfree(found);
	d->preset = db->root.looks_like;
}

void detect_context(struct wire *w, struct arena *a, struct detected *d)
{
	*d = (struct detected){ .people_base = "", .im_base = "",
		.filter = kinds[0].filter, .name = kinds[0].name };
	/* Servers that have several say which is meant, and not always well. */
	d->context = one_value(w, a, "", "defaultNamingContext");
	if (*d->context == '\0' || slice_starts(slice_of(d->context), SLICE("cn=")))
		d->context = first_of_people(w, a);
}

void detect(struct wire *w, struct arena *a, struct detected *d)
{
	detect_context(w, a, d);
	if (*d->context == '\0')
		return;
	find_people(w, a, d);
	find_others(w, a, d);
	find_tree(w, a, d);
	find_policies(w, a, d);
	d->has_schema = knows_profiles(w, a);
}
