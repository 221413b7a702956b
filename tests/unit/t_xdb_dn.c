/* SPDX-License-Identifier: Apache-2.0 */
/* DNs: written with escapes, compared in a normal form. */
#include <ldap.h>

#include "base/crypto.h"
#include "tests/tap.h"
#include "xdb_ldap/dn.h"

#define BASE "ou=people,dc=example,dc=org"

/* --- writing ---------------------------------------------------------------------- */

static const struct { const char *value; size_t n; const char *want; } values[] = {
	{ "ann", 3, "uid=ann" },
	{ "a,b", 3, "uid=a\\2cb" },
	{ "a+b=c", 5, "uid=a\\2bb\\3dc" },
	{ "\"x\"", 3, "uid=\\22x\\22" },
	{ "a\\b", 3, "uid=a\\5cb" },
	{ "<a>;", 4, "uid=\\3ca\\3e\\3b" },
	{ "#a", 2, "uid=\\23a" },
	{ " a ", 3, "uid=\\20a\\20" },
	{ "a b", 3, "uid=a b" },
	{ "a\0b", 3, "uid=a\\00b" },
	{ "\n", 1, "uid=\\0a" },
	{ "jos\xc3\xa9", 5, "uid=jos\xc3\xa9" },
};

static void test_writing(void)
{
	for (size_t i = 0; i < COUNT(values); i++) {
		struct buf out = { 0 };

		dn_rdn(&out, "uid", slice_make(values[i].value, values[i].n));
		is_str(buf_cstr(&out), values[i].want, "LDAP-03 RDN is escaped");
		buf_fini(&out);
	}
}

static bool comes_back(struct slice value)
{
	struct arena a = { NULL };
	const char *dn = dn_make(&a, "uid", value, BASE);
	LDAPDN parsed = NULL;
	struct berval bv = { strlen(dn), (char *)arena_dup(&a, dn, strlen(dn)) };
	bool good = ldap_bv2dn(&bv, &parsed, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS
	    && parsed[0][1] == NULL && parsed[4] == NULL && parsed[3] != NULL
	    && slice_eq(value, slice_make(parsed[0][0]->la_value.bv_val,
	    parsed[0][0]->la_value.bv_len));

	ldap_dnfree(parsed);
	arena_fini(&a);
	return good;
}

/* libldap reads UTF-8 text back; other bytes it writes as it likes. */
static void test_round_trip(void)
{
	static const char alphabet[] = ",+\"\\<>;=# ab\n1";
	unsigned char dice[32];
	char text[32];
	unsigned bad = 0;

	for (unsigned i = 0; i < 20000; i++) {
		size_t n;

		crypto_random(dice, sizeof dice);
		n = 1 + dice[0] % 31;
		for (size_t k = 0; k < n; k++)
			text[k] = alphabet[dice[k] % (sizeof alphabet - 1)];
		bad += !comes_back(slice_make(text, n));
	}
	is_int(bad, 0, "LDAP-03 any value is one RDN and comes back");
}

/* --- comparing ----------------------------------------------------------------------- */

static const struct { const char *a, *b; bool is_eq; } pairs[] = {
	{ "uid=ann," BASE, "UID=Ann, OU=People, dc=example,dc=ORG", true },
	{ "cn=a\\,b," BASE, "cn=a\\2Cb," BASE, true },
	{ "cn=a  b," BASE, "cn=A b," BASE, true },
	{ "cn=x+uid=y," BASE, "uid=y+cn=x," BASE, true },
	{ "id=x+OU=y," BASE, "ID=x+ou=y," BASE, true },
	{ "uid=ann," BASE, "uid=anna," BASE, false },
	{ "uid=ann\\2cou=people,dc=example,dc=org", "uid=ann," BASE, false },
	{ "", "", false },
	{ "nonsense", "nonsense", false },
};

static void test_comparing(void)
{
	for (size_t i = 0; i < COUNT(pairs); i++)
		okf(dn_eq(slice_of(pairs[i].a), slice_of(pairs[i].b))
		    == pairs[i].is_eq, "%s is%s %s", pairs[i].a,
		    pairs[i].is_eq ? "" : " not", pairs[i].b);
}

static bool is_below(const char *dn, const char *base)
{
	struct buf n = { 0 }, b = { 0 };
	bool below = dn_normal(&n, slice_of(dn)) && dn_normal(&b, slice_of(base))
	    && dn_is_below(buf_slice(&n), buf_slice(&b));

	buf_fini(&n);
	buf_fini(&b);
	return below;
}

static void test_below(void)
{
	ok(is_below("uid=ann,ou=People,dc=example,dc=org", BASE), "below");
	ok(is_below(BASE, BASE), "a base is at itself");
	ok(!is_below("dc=example,dc=org", BASE), "above is not below");
	ok(!is_below("uid=x,xou=people,dc=example,dc=org", BASE),
	    "a longer name is not the name");
	ok(!is_below("uid=x\\2c" BASE, BASE),
	    "LDAP-03 an escaped comma is no border");
}

static void test_parts(void)
{
	struct arena a = { NULL };
	struct slice value;

	ok(dn_first(&a, SLICE("UID=a\\2cb," BASE), "uid", &value)
	    && slice_is(value, "a,b"), "value of the first RDN");
	ok(!dn_first(&a, SLICE("cn=a+uid=b," BASE), "uid", &value),
	    "an RDN of two parts is not one name");
	ok(!dn_first(&a, SLICE("cn=a," BASE), "uid", &value), "other attribute");
	is_slice(dn_parent(SLICE("cn=a\\,b," BASE)), SLICE(BASE),
	    "parent, past an escaped comma");
	is_int(dn_parent(SLICE("dc=org")).n, 0, "no parent");
	arena_fini(&a);
}

static void test_one_of(void)
{
	static const char *const wanted[] = { "uid", "cn", NULL };
	struct arena a = { NULL };
	struct slice value = { 0 };

	is_str(dn_first_of(&a, SLICE("ou=x+CN=a\\,b," BASE), wanted, &value),
	    "cn", "the part of an RDN that is wanted");
	is_slice(value, SLICE("a,b"), "and its value");
	ok(dn_first_of(&a, SLICE("ou=x," BASE), wanted, &value) == NULL,
	    "no part that is wanted");
	ok(dn_first_of(&a, SLICE("x"), wanted, &value) == NULL, "no DN");
	arena_fini(&a);
}

static void test_limit(void)
{
	static char dn[DN_BYTES_MOST + 16];

	memset(dn, 'a', sizeof dn - 1);
	memcpy(dn, "cn=", 3);
	ok(!dn_is_valid(slice_of(dn)), "LDAP-17 a huge DN is refused");
	ok(!dn_is_valid(slice_make("cn=a\0b", 6)), "LDAP-03 NUL in a DN");
}

int main(void)
{
	test_writing();
	test_round_trip();
	test_comparing();
	test_below();
	test_parts();
	test_one_of();
	test_limit();
	return done();
}
