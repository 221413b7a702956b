/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_search.c — whom people find, and who is left out ([search] filter). */
#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/look.h"
#include "xdb_ldap/filter.h"

/* Where an attribute is not known, `(!(it=*))` hides nobody with one kind of server,
 * and everybody with the other (RFC 4511 §4.5.1.7: Undefined). */
static void unknown_names(struct doctor *d, struct result *r, const char *filter)
{
	struct slice names[JUDGE_NAMES_MOST];
	size_t n = judge_filter_names(&d->arena, slice_of(filter), names);

	for (size_t i = 0; i < n; i++) {
		if (look_is_known(d, names[i]))
			continue;
		result_say(r, VERDICT_FAULT, "[search] filter: the directory has "
		    "no attribute " SLICE_FMT, SLICE_ARG(names[i]));
		result_next(r, "correct its name, or load the schema that has it: "
		    "as it is the filter hides nobody, or everybody");
	}
}

/* People with a name who pass the filter. */
static int count_found(struct doctor *d, const char *filter, size_t *n_r)
{
	static const char *const none[] = { "1.1", NULL };
	struct berval cookie = { 0 };
	struct buf whole = { 0 };
	struct question q = { .base = d->settings->ldap.people_base,
		.scope = LDAP_SCOPE_SUBTREE, .attrs = none, .cookie = &cookie };
	int code;

	filter_open(&whole, '&');
	filter_raw(&whole, d->settings->ldap.people_filter);
	filter_present(&whole, doctor_attr(d, ATTR_NAME));
	filter_raw(&whole, filter);
	filter_close(&whole);
	q.filter = buf_cstr(&whole);
	*n_r = 0;
	do {
		LDAPMessage *found;

		code = wire_search(d->im, &q, &found);
		*n_r += found != NULL
		    ? (size_t)ldap_count_entries(d->im->ld, found) : 0;
		ldap_msgfree(found);
	} while (code == LDAP_SUCCESS && cookie.bv_len != 0);
	ldap_memfree(cookie.bv_val);
	buf_fini(&whole);
	return code;
}

static void look_through(struct doctor *d, struct result *r, const char *filter)
{
	size_t n;
	int code = count_found(d, filter, &n);

	if (code != LDAP_SUCCESS) {
		result_say(r, VERDICT_FAULT, "people cannot be searched with "
		    "[search] filter: %s", ldap_err2string(code));
		result_next(r, "look at the filter, and at what cn=im may search");
	} else if (n == 0) {
		result_say(r, VERDICT_FAULT, "[search] filter %s leaves out all "
		    "%zu people", filter, d->person_n);
		result_next(r, "correct it, and let cn=im search by what it names: "
		    "whom the server does not tell about, nobody finds");
	} else {
		result_say(r, VERDICT_OK, "%zu of %zu people can be found", n,
		    d->person_n);
	}
}

void check_search(struct doctor *d, struct result *r)
{
	const char *filter = d->settings->search.filter, *why = NULL;

	if (!d->settings->search.is_on) {
		result_say(r, VERDICT_OK, "[search] enabled = no");
	} else if (*filter == '\0') {
		result_say(r, VERDICT_OK, "everybody can be found");
	} else if (!xdb_filter_is_good(filter, &why)) {
		result_say(r, VERDICT_FAULT, "[search] filter %s: %s", filter, why);
		result_next(r, "write it as in RFC 4515: (!(eduPersonPrivacy=*))");
	} else {
		unknown_names(d, r, filter);
		if (r->verdict == VERDICT_OK)
			look_through(d, r, filter);
	}
}
