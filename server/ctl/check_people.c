/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_people.c — what the directory holds for us. */
#include <stdlib.h>

#include "ctl/checks.h"
#include "ctl/judge.h"
#include "xdb_ldap/address.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/sync.h"

/* --- the tree ------------------------------------------------------------------ */

static bool is_there(struct wire *w, const char *dn)
{
	static const char *const none[] = { "1.1", NULL };
	struct question q = { .base = dn, .scope = LDAP_SCOPE_BASE,
		.attrs = none };
	LDAPMessage *found;
	int code = wire_search(w, &q, &found);

	ldap_msgfree(found);
	return code == LDAP_SUCCESS;
}

static void base_look(struct wire *w, struct result *r, const char *dn,
    const char *next)
{
	if (is_there(w, dn))
		return;
	result_say(r, VERDICT_FAULT, "%s is not there, or cannot be read", dn);
	result_next(r, "%s", next);
}

void check_bases(struct doctor *d, struct result *r)
{
	static const char make[] = "load schema/tree.ldif, and schema/access.ldif "
	    "so that our identities see it";
	const struct settings *s = d->settings;

	base_look(d->im, r, s->ldap.people_base, "correct [ldap] people_base, or "
	    "let cn=im read it");
	base_look(d->im, r, d->directory.profiles_base, make);
	base_look(d->im, r, d->directory.rooms_base, make);
	if (d->web != NULL)
		base_look(d->web, r, d->directory.requests_base, make);
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "people, profiles, rooms, requests");
}

/* --- people ----------------------------------------------------------------------- */

static struct slice uuid_text(struct doctor *d, struct slice id)
{
	unsigned char uuid[SYNC_UUID_BYTES];
	char text[SYNC_UUID_CHARS];

	if (!sync_uuid_of_id(id, uuid))
		return slice_make(NULL, 0);
	sync_uuid_text(uuid, text);
	return slice_dup(&d->arena, slice_make(text, sizeof text));
}

static void person_take(struct doctor *d, LDAPMessage *e)
{
	struct doctor_person *p;

	if (d->person_n == d->person_room) {
		d->person_room = d->person_room * 2 + 64;
		d->people = mem_grow(d->people,
		    d->person_room * sizeof *d->people);
	}
	p = &d->people[d->person_n++];
	p->dn = wire_dn(d->im, &d->arena, e);
	p->uuid = uuid_text(d, wire_value(d->im, &d->arena, e,
	    doctor_attr(d, ATTR_UUID)));
	p->name_n = wire_values(d->im, &d->arena, e,
	    doctor_attr(d, ATTR_NAME), &p->names);
	address_first(&d->arena, slice_of(p->dn), doctor_attr(d, ATTR_NAME),
	    &p->names, &p->name_n);
}

/* All of them, page by page; the LDAP result code. */
static int people_read(struct doctor *d)
{
	const char *attrs[] = { doctor_attr(d, ATTR_NAME),
		doctor_attr(d, ATTR_UUID), NULL };
	struct berval cookie = { 0 };
	struct question q = { .base = d->settings->ldap.people_base,
		.scope = LDAP_SCOPE_SUBTREE, .attrs = attrs,
		.filter = d->settings->ldap.people_filter, .cookie = &cookie };
	int code;

	do {
		LDAPMessage *found;

		code = wire_search(d->im, &q, &found);
		for (LDAPMessage *e = wire_first(d->im, found);
		    e != NULL; e = ldap_next_entry(d->im->ld, e))
			person_take(d, e);
		ldap_msgfree(found);
	} while (code == LDAP_SUCCESS && cookie.bv_len != 0);
	ldap_memfree(cookie.bv_val);
	return code;
}

static size_t with_names(const struct doctor *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->person_n; i++)
		n += d->people[i].name_n != 0;
	return n;
}

void check_people(struct doctor *d, struct result *r)
{
	int code = people_read(d);
	size_t named = with_names(d);

	if (code == LDAP_SIZELIMIT_EXCEEDED || code == LDAP_ADMINLIMIT_EXCEEDED
	    || code == LDAP_TIMELIMIT_EXCEEDED) {
		result_say(r, VERDICT_FAULT, "the server stops after %zu people: "
		    "%s", d->person_n, ldap_err2string(code));
		result_next(r, "lift the limits for our identities "
		    "(schema/limits.ldif)");
	} else if (code != LDAP_SUCCESS) {
		result_say(r, VERDICT_FAULT, "people cannot be searched: %s",
		    ldap_err2string(code));
		result_next(r, "look at [ldap] people_filter, and at what cn=im "
		    "may read");
	} else if (d->person_n == 0) {
		result_say(r, VERDICT_FAULT, "%s finds nobody below %s",
		    d->settings->ldap.people_filter,
		    d->settings->ldap.people_base);
		result_next(r, "correct [ldap] people_filter or people_base, and "
		    "let cn=im read people");
	} else if (named == 0) {
		result_say(r, VERDICT_FAULT, "none of %zu people has %s",
		    d->person_n, doctor_attr(d, ATTR_NAME));
		result_next(r, "correct [ldap] people_name, or let cn=im read it");
	} else {
		result_say(r, VERDICT_OK, "%zu people, %zu of them with a name",
		    d->person_n, named);
	}
}

void check_names(struct doctor *d, struct result *r)
{
	struct judge_names n;

	judge_names(&d->arena, d->people, d->person_n, &n);
	if (n.unfit != 0 && n.fit == 0) {
		result_say(r, VERDICT_FAULT, "none of %u names can be part of an "
		    "address, such as %s: nobody can log in", n.unfit,
		    log_text(n.unfit_name));
		result_next(r, "name another attribute in [ldap] people_name, such "
		    "as uid");
	} else if (n.unfit != 0) {
		result_say(r, VERDICT_WARNING, "%u names can be no part of an "
		    "address, such as %s", n.unfit, log_text(n.unfit_name));
		result_next(r, "these people cannot log in: give them a name "
		    "without spaces and without any of \" & ' / : < > @");
	}
	if (n.shared != 0) {
		buf_clear(&r->next);
		result_say(r, VERDICT_FAULT, "two people have one name, %u times: "
		    "%s is of %s and of %s", n.shared, log_text(n.shared_name),
		    n.shared_dn[0], n.shared_dn[1]);
		result_next(r, "neither can log in: give one another name, or "
		    "leave one out by [ldap] people_filter");
	}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "no two alike");
}

/* --- examples ------------------------------------------------------------------------ */

enum { EXAMPLES = 3, LOOKED_AT = 100 };

struct examples { unsigned usable, refused, without_uuid; struct buf names; };

/* Read and judged by the store's own rules. */
static void example_look(struct doctor *d, struct examples *x, const char *dn)
{
	const struct names *names = &d->directory.names;
	struct question q = { .base = dn, .scope = LDAP_SCOPE_BASE,
		.attrs = names->sets[SET_PERSON] };
	struct xdb_person person = { 0 };
	struct arena a = { NULL };
	LDAPMessage *found, *msg = NULL;
	struct entry *e;

	if (wire_search(d->im, &q, &found) == LDAP_SUCCESS)
		msg = wire_first(d->im, found);
	e = msg != NULL ? entry_read(&a, names, d->im->ld, msg) : NULL;
	if (e != NULL)
		person_read(&d->directory, e, &person);
	d->with_time += person.password_changed.n != 0;
	if (e != NULL && person.uuid.n == 0) {
		x->without_uuid++;
	} else if (e != NULL && person.refusal != XDB_REFUSAL_NONE) {
		x->refused++;
	} else if (e != NULL) {
		x->usable++;
		buf_addf(&x->names, "%s" SLICE_FMT "@%s", x->names.n != 0 ? ", "
		    : "", SLICE_ARG(person.uid), d->settings->server.domain);
	}
	ldap_msgfree(found);
	arena_fini(&a);
}

void check_examples(struct doctor *d, struct result *r)
{
	struct examples x = { 0 };

	for (size_t i = 0; i < d->person_n && i < LOOKED_AT
	    && x.usable < EXAMPLES; i++)
		if (d->people[i].name_n != 0)
			example_look(d, &x, d->people[i].dn);
	if (x.usable != 0) {
		result_say(r, VERDICT_OK, "%s", buf_cstr(&x.names));
	} else if (x.without_uuid != 0) {
		result_say(r, VERDICT_FAULT, "people show no %s, which is what a "
		    "profile belongs to", doctor_attr(d, ATTR_UUID));
		result_next(r, "let cn=im read the operational attribute %s",
		    doctor_attr(d, ATTR_UUID));
	} else {
		result_say(r, VERDICT_FAULT, "the first %u people are all locked, "
		    "expired or must change their password", x.refused);
		result_next(r, "look at the lock attributes of one of them, and "
		    "at [ldap] people_filter");
	}
	buf_fini(&x.names);
}

/* --- passwords ------------------------------------------------------------------------ */

/* Where nothing shows that a password was changed, old SCRAM verifiers outlive
 * it.  With OpenLDAP that is what ppolicy is for, which has a check of its own. */
void check_password_time(struct doctor *d, struct result *r)
{
	static const char *const next[XDB_PRESETS] = {
		[XDB_389DS] = "set passwordTrackUpdateTime: on in cn=config, and "
		    "let our identity read it; where it is on already, passwords "
		    "show it from their next change on",
		[XDB_AD] = "let our identity read it",
		[XDB_FREEIPA] = "let our identity read it",
	};
	const char *attr = doctor_attr(d, ATTR_PASSWORD_CHANGED);

	if (d->directory.root.preset == XDB_OPENLDAP) {
		result_say(r, VERDICT_OK, "by %s, see ppolicy and account-state", attr);
	} else if (d->with_time == 0) {
		result_say(r, VERDICT_WARNING, "the examples show no %s: old SCRAM "
		    "verifiers outlive a changed password", attr);
		result_next(r, "%s", next[d->directory.root.preset]);
	} else {
		result_say(r, VERDICT_OK, "by %s", attr);
	}
}
