/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_indexes.c — are searches answered from indexes?  Told by cn=config, or by time. */
#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/look.h"

/* Every filter that the service sends is on one of these (schema/indexes.ldif).
 * `test`: a search that finds nobody, which an index knows at once and without
 * one is known when every entry was read. */
static const struct index {
	enum attr attr;
	const char *kind, *test;
	bool in_people;                 /* below people_base, else below im_base */
} indexed[] = {
	{ ATTR_NAME, "eq", "(%s=7e57d0c7)", true },
	{ ATTR_UUID, "eq", "(%s=7e57d0c7-0000-4000-8000-000000000000)", true },
	{ ATTR_CSN, "eq", "(%s=19700101000000.000000Z#000000#000#000000)", true },
	{ ATTR_MODIFIED, "eq", "(%s>=99991231000000Z)", true },
	{ ATTR_MAIL, "sub", "(%s=*7e57d0c7*)", true },
	{ ATTR_MAIL, "eq", "(%s=7e57d0c7)", true },
	{ ATTR_CERTIFICATE, "eq", "(%s={ serialNumber 1, "
	    "issuer rdnSequence:\"cn=7e57d0c7\" })", true },
	{ ATTR_CN, "sub", "(%s=*7e57d0c7*)", true },
	{ ATTR_NAME, "sub", "(%s=*7e57d0c7*)", true },
	{ ATTR_DISPLAY_NAME, "sub", "(%s=*7e57d0c7*)", true },
	{ ATTR_GIVEN_NAME, "sub", "(%s=*7e57d0c7*)", true },
	{ ATTR_SN, "sub", "(%s=*7e57d0c7*)", true },
	{ ATTR_GROUP_MEMBER, "eq", "(%s=cn=7e57d0c7)", true },
	{ ATTR_OBJECT_CLASS, "eq", "(%s=simpleSecurityObject)", true },
	{ ATTR_JID, "eq", "(%s=7e57d0c7)", false },
	{ ATTR_PERSON_UUID, "eq", "(%s=7e57d0c7-0000-4000-8000-000000000000)",
	    false },
	{ ATTR_PERSON, "eq", "(%s=cn=7e57d0c7)", false },
	{ ATTR_ROOM_NAME, "eq", "(%s=7e57d0c7)", false },
	{ ATTR_OWNER, "eq", "(%s=cn=7e57d0c7)", false },
	{ ATTR_TOKEN_HASH, "eq", "(%s=7e57d0c7)", false },
};

/* Are the owners of certificates looked for like this? */
static bool is_way(const struct doctor *d, const char *way)
{
	const struct conf_list *l = &d->settings->sasl.certificate_names;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], way) == 0)
			return *d->settings->tls.client_ca_file != '\0';
	return false;
}

/* By people who search for people; administrators find them by cn and mail. */
static bool is_searched(const struct index *i)
{
	return strcmp(i->kind, "sub") == 0 && i->attr != ATTR_CN
	    && i->attr != ATTR_MAIL;
}

/* modifyTimestamp is asked for where the server tells of no changes; syncprov
 * wants the indexes that RFC 4533 needs in OpenLDAP. */
static bool is_used(const struct doctor *d, const struct index *i)
{
	if (is_searched(i))
		return d->settings->search.is_on;
	if (i->attr == ATTR_CERTIFICATE)
		return is_way(d, "entry");
	if (i->attr == ATTR_MAIL && strcmp(i->kind, "eq") == 0)
		return is_way(d, "mail");
	if (d->directory.root.preset != XDB_OPENLDAP
	    && (i->attr == ATTR_UUID || i->attr == ATTR_CSN))
		return false;
	return i->attr != ATTR_MODIFIED || !d->has_sync;
}

/* Over what a look at one entry takes.  With an index it is below one; a
 * directory of some ten thousand entries read from end to end is above. */
enum { SLOW_MS = 25, TIMED = 5 };

/* The DN of the database that holds `base`, by cn=config; NULL: not found. */
static const char *database_of(struct doctor *d, const char *base)
{
	static const char *const attrs[] = { "olcSuffix", NULL };
	struct question q = { .base = "cn=config", .scope = LDAP_SCOPE_SUBTREE,
		.filter = "(olcSuffix=*)", .attrs = attrs };
	const char *dn = NULL;
	LDAPMessage *found;

	if (wire_search(d->admin, &q, &found) == LDAP_SUCCESS)
		for (LDAPMessage *e = wire_first(d->admin, found);
		    e != NULL; e = ldap_next_entry(d->admin->ld, e)) {
			struct slice *suffixes;
			size_t n = wire_values(d->admin, &d->arena, e,
			    "olcSuffix", &suffixes);

			if (look_is_below(suffixes, n, base))
				dn = wire_dn(d->admin, &d->arena, e);
		}
	ldap_msgfree(found);
	return dn;
}

static void read_indexes(struct doctor *d, struct result *r, bool in_people)
{
	const char *dn = database_of(d, in_people
	    ? d->settings->ldap.people_base : d->settings->ldap.im_base);
	struct slice *values = NULL;
	size_t n = dn != NULL ? look_values(d, d->admin, dn, "olcDbIndex",
	    &values) : 0;

	if (dn == NULL) {
		result_say(r, VERDICT_SKIPPED, "%s does not see the database in "
		    "cn=config", d->admin_dn);
		r->is_unsure = true;
		return;
	}
	for (size_t i = 0; i < COUNT(indexed); i++) {
		const char *attr = doctor_attr(d, indexed[i].attr);

		if (indexed[i].in_people == in_people
		    && is_used(d, &indexed[i]) && !judge_has_index(values, n, attr, indexed[i].kind))
			result_say(r, VERDICT_WARNING, "%s has no index (%s)",
			    attr, indexed[i].kind);
	}
}

/* The best of a few: what the search costs, not what else the machine did. */
static int64_t time_search(struct doctor *d, const struct question *q)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < TIMED && best > SLOW_MS; i++) {
		int64_t began = wire_now_ms(), ms;
		LDAPMessage *found;

		wire_search(d->im, q, &found);
		ldap_msgfree(found);
		ms = wire_now_ms() - began;
		best = ms < best ? ms : best;
	}
	return best;
}

/* The test's only argument is an attribute of the table above it. */
static void test_of(struct buf *filter, const struct index *i, const char *attr)
{
	struct slice head, tail;

	slice_cut(slice_of(i->test), '%', &head, &tail);
	buf_add(filter, head);
	buf_adds(filter, attr);
	buf_add(filter, slice_make(tail.p + 1, tail.n - 1));
}

static void time_indexes(struct doctor *d, struct result *r)
{
	static const char *const none[] = { "1.1", NULL };
	struct question base = { .base = d->settings->ldap.people_base,
		.scope = LDAP_SCOPE_BASE, .attrs = none };
	int64_t least = time_search(d, &base);

	for (size_t i = 0; i < COUNT(indexed); i++) {
		const char *attr = doctor_attr(d, indexed[i].attr);
		struct question q = { .base = indexed[i].in_people
		    ? d->settings->ldap.people_base : d->settings->ldap.im_base,
		    .scope = LDAP_SCOPE_SUBTREE, .attrs = none, .most = 1 };
		struct buf filter = { 0 };
		int64_t ms;

		test_of(&filter, &indexed[i], attr);
		q.filter = buf_cstr(&filter);
		ms = is_used(d, &indexed[i]) ? time_search(d, &q) - least : 0;
		buf_fini(&filter);
		if (ms > SLOW_MS)
			result_say(r, VERDICT_WARNING, "a search by %s takes "
			    "%lld ms: it has no index", attr, (long long)ms);
	}
}

void check_indexes(struct doctor *d, struct result *r)
{
	if (d->admin != NULL) {
		read_indexes(d, r, true);
		read_indexes(d, r, false);
	} else {
		time_indexes(d, r);
	}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, d->admin != NULL
		    ? "all that are needed" : "no search is slow");
	else
		result_next(r, "add it as schema/indexes.ldif has it, and run "
		    "slapindex or wait for slapd to do so");
}
