/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: values stay values, the configuration's filter is read strictly. */
#include <ldap.h>

#include "base/crypto.h"
#include "tests/tap.h"
#include "xdb_ldap/filter.h"

/* --- escaping -------------------------------------------------------------------- */

static const struct { const char *value; size_t n; const char *want; } values[] = {
	{ "ann", 3, "(uid=ann)" },
	{ "*", 1, "(uid=\\2a)" },
	{ "*)(uid=*", 8, "(uid=\\2a\\29\\28uid=\\2a)" },
	{ "a\\2a", 4, "(uid=a\\5c2a)" },
	{ "a\0b", 3, "(uid=a\\00b)" },
	{ "jos\xc3\xa9", 5, "(uid=jos\\c3\\a9)" },
	{ "\xff\xfe", 2, "(uid=\\ff\\fe)" },
	{ " a ", 3, "(uid=\\20a\\20)" },
	{ "%n%s", 4, "(uid=%n%s)" },
	{ "", 0, "(uid=)" },
};

static void test_values(void)
{
	for (size_t i = 0; i < COUNT(values); i++) {
		struct buf out = { 0 };

		filter_eq(&out, "uid", slice_make(values[i].value, values[i].n));
		is_str(buf_cstr(&out), values[i].want, "LDAP-02 value is escaped");
		buf_fini(&out);
	}
}

/* For any bytes: the filter has the same shape, and libldap agrees that it is a
 * filter. */
static bool keeps_shape(LDAP *ld, struct slice value)
{
	struct buf out = { 0 }, shape = { 0 };
	struct berval encoded = { 0, NULL };
	bool good;

	filter_open(&out, '&');
	filter_raw(&out, "(objectClass=inetOrgPerson)");
	filter_eq(&out, "uid", value);
	filter_has(&out, "cn", value);
	filter_close(&out);
	(void)buf_cstr(&out);           /* the NUL that libldap wants */
	good = filter_shape(&shape, buf_slice(&out))
	    && slice_is(buf_slice(&shape), value.n != 0
	    ? "(&(objectClass=)(uid=)(cn=**))" : "(&(objectClass=)(uid=)(cn=*))")
	    && ldap_create_assertion_control_value(ld, out.p, &encoded)
	    == LDAP_SUCCESS;
	ldap_memfree(encoded.bv_val);
	buf_fini(&out);
	buf_fini(&shape);
	return good;
}

static void test_shape(void)
{
	unsigned char bytes[64];
	unsigned bad = 0;
	LDAP *ld = NULL;

	ldap_initialize(&ld, NULL);
	for (unsigned i = 0; i < 20000; i++) {
		crypto_random(bytes, sizeof bytes);
		/* A third of them with many characters that mean something. */
		for (size_t k = 0; i % 3 == 0 && k < sizeof bytes; k++)
			bytes[k] = (unsigned char)"()*\\&|!=\0a 2"[bytes[k] % 12];
		bad += !keeps_shape(ld, slice_make(bytes, bytes[0] % 64));
	}
	is_int(bad, 0, "LDAP-02 no bytes change the shape of a filter");
	ldap_unbind_ext(ld, NULL, NULL);
}

static void test_long(void)
{
	static char name[4096];
	struct buf out = { 0 };

	memset(name, '*', sizeof name);
	filter_eq(&out, "uid", slice_make(name, sizeof name));
	is_int(out.n, sizeof name * 3 + strlen("(uid=)"),
	    "LDAP-04 4 KiB name is not cut");
	buf_fini(&out);
}

/* --- the strict reader ------------------------------------------------------------- */

static const struct { const char *text; bool is_good; } filters[] = {
	{ "(objectClass=inetOrgPerson)", true },
	{ "(&(objectClass=person)(!(title=x)))", true },
	{ "(|(a=1)(b>=2)(c<=3)(d~=4)(e=*)(f=a*b*c))", true },
	{ "(memberOf:1.2.840.113556.1.4.1941:=cn=x)", true },
	{ "(cn;lang-es=a)", true },
	{ "(cn=a\\2ab)", true },
	{ "", false },
	{ "objectClass=person", false },
	{ "(objectClass=person", false },
	{ "(objectClass=person))", false },
	{ "(objectClass=person)(x=y)", false },
	{ "(&)", false },
	{ "(!(a=1)(b=2))", false },
	{ "(=x)", false },
	{ "(cn=a\\2)", false },
	{ "(cn=a\\zz)", false },
	{ "(cn=a(b)", false },
	{ "(uid=%s)", true },
};

static void test_reader(void)
{
	struct buf deep = { 0 };
	const char *why = NULL;

	for (size_t i = 0; i < COUNT(filters); i++) {
		why = NULL;
		okf(filter_is_valid(slice_of(filters[i].text), &why)
		    == filters[i].is_good && (why == NULL) == filters[i].is_good,
		    "LDAP-04 filter is %s: %s",
		    filters[i].is_good ? "taken" : "refused", filters[i].text);
	}
	for (int i = 0; i < 100000; i++)
		buf_adds(&deep, "(!");
	ok(!filter_is_valid(buf_slice(&deep), &why), "depth is bounded");
	buf_fini(&deep);
}

static void test_attribute(void)
{
	static const struct { const char *name; bool is_good; } names[] = {
		{ "uid", true }, { "mailLocalAddress", true }, { "x-1", true },
		{ "", false }, { "1a", false }, { "uid)(x", false },
		{ "uid=", false }, { "%s", false },
	};

	for (size_t i = 0; i < COUNT(names); i++)
		okf(filter_is_attribute(slice_of(names[i].name))
		    == names[i].is_good, "LDAP-04 attribute name %s",
		    names[i].name);
}

/* --- values of one attribute --- */

static const struct { const char *filter, *want; } wanted[] = {
	{ "(memberOf=cn=a,dc=b)", "cn=a,dc=b;" },
	{ "(&(uid=x)(|(MEMBEROF=cn=a)(memberOf=cn=\\c3\\b1\\28,dc=b)))", "cn=a;cn=\xc3\xb1(,dc=b;" },
	{ "(!(memberOf=cn=a))", "cn=a;" },
	{ "(memberOf=*)", "?;" },
	{ "(memberOf=cn=a*)", "?;" },
	{ "(memberOf:1.2.840.113556.1.4.1941:=cn=a)", "?;" },
	{ "(memberOf;lang-es=cn=a)", "?;" },
	{ "(memberOf>=cn=a)", "?;" },
	{ "(memberOf~=cn=a)", "?;" },
	{ "(memberOf=)", "?;" },
	{ "(memberOfAll=cn=a)", "" },
	{ "(isMemberOf=cn=a)", "" },
	{ "(description=memberOf=cn=a)", "" },
};

static void note(struct slice value, void *ctx)
{
	buf_add(ctx, value.p != NULL ? value : SLICE("?"));
	buf_addc(ctx, ';');
}

static void test_wanted(void)
{
	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct buf out = { 0 };

		filter_values(slice_of(wanted[i].filter), "memberOf", note, &out);
		is_str(buf_cstr(&out), wanted[i].want, wanted[i].filter);
		buf_fini(&out);
	}
}

int main(void)
{
	test_values();
	test_shape();
	test_long();
	test_reader();
	test_attribute();
	test_wanted();
	return done();
}
