/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/dn.c — distinguished names (RFC 4514). */
#include "xdb_ldap/dn.h"

#include <ldap.h>
#include <stdlib.h>

static void add_hex(struct buf *out, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	buf_addc(out, '\\');
	buf_addc(out, digits[c >> 4]);
	buf_addc(out, digits[c & 15]);
}

static bool is_special(char c)
{
	return c == ',' || c == '+' || c == '"' || c == '\\' || c == '<'
	    || c == '>' || c == ';' || c == '=' || c == '#';
}

static void add_value(struct buf *out, struct slice v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		bool at_end = i == 0 || i + 1 == v.n;

		if (c < 0x20 || c == 0x7f || is_special((char)c)
		    || (c == ' ' && at_end))
			add_hex(out, c);
		else
			buf_addc(out, (char)c);
	}
}

void dn_rdn(struct buf *out, const char *attribute, struct slice value)
{
	buf_adds(out, attribute);
	buf_addc(out, '=');
	add_value(out, value);
}

void dn_below(struct buf *out, const char *base)
{
	buf_addc(out, ',');
	buf_adds(out, base);
}

const char *dn_make(struct arena *a, const char *attribute, struct slice value,
    const char *base)
{
	struct buf dn = { 0 };
	const char *copy;

	dn_rdn(&dn, attribute, value);
	dn_below(&dn, base);
	copy = slice_cstr(a, buf_slice(&dn));
	buf_fini(&dn);
	return copy;
}

/* --- reading ------------------------------------------------------------------ */

static LDAPDN parse(struct slice dn)
{
	struct berval bv = { dn.n, slice_new(dn) };
	LDAPDN parsed = NULL;

	if (dn.n == 0 || dn.n > DN_BYTES_MOST || memchr(dn.p, '\0', dn.n) != NULL
	    || ldap_bv2dn(&bv, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
		parsed = NULL;
	free(bv.bv_val);
	return parsed;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static struct slice of_berval(const struct berval *bv)
{
	return slice_make(bv->bv_val, bv->bv_len);
}

/* Lower case, and runs of spaces squeezed as caseIgnoreMatch does. */
static void add_folded(struct buf *out, struct slice v)
{
	v = slice_trim(v);
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != ' ' || v.p[i - 1] != ' ')
			buf_addc(out, lower(v.p[i]));
}

static void add_ava(struct buf *out, const LDAPAVA *ava)
{
	struct buf name = { 0 }, value = { 0 };

	add_folded(&name, of_berval(&ava->la_attr));
	add_folded(&value, of_berval(&ava->la_value));
	dn_rdn(out, buf_cstr(&name), buf_slice(&value));
	buf_fini(&name);
	buf_fini(&value);
}

/* By name, whatever its case: the order must not depend on the spelling. */
static int ava_order(const LDAPAVA *a, const LDAPAVA *b)
{
	struct buf x = { 0 }, y = { 0 };
	int order;

	add_ava(&x, a);
	add_ava(&y, b);
	order = slice_cmp(buf_slice(&x), buf_slice(&y));
	buf_fini(&x);
	buf_fini(&y);
	return order;
}

/* RDNs of more than two parts do not happen; insertion sort it is. */
static void sort_rdn(LDAPRDN rdn)
{
	for (size_t i = 1; rdn[0] != NULL && rdn[i] != NULL; i++)
		for (size_t k = i; k > 0 && ava_order(rdn[k - 1], rdn[k]) > 0; k--) {
			LDAPAVA *held = rdn[k];

			rdn[k] = rdn[k - 1];
			rdn[k - 1] = held;
		}
}

bool dn_normal(struct buf *out, struct slice dn)
{
	LDAPDN parsed = parse(dn);

	if (parsed == NULL)
		return false;
	for (size_t i = 0; parsed[i] != NULL; i++) {
		if (i != 0)
			buf_addc(out, ',');
		sort_rdn(parsed[i]);
		for (size_t k = 0; parsed[i][k] != NULL; k++) {
			if (k != 0)
				buf_addc(out, '+');
			add_ava(out, parsed[i][k]);
		}
	}
	ldap_dnfree(parsed);
	return true;
}

bool dn_is_valid(struct slice dn)
{
	LDAPDN parsed = parse(dn);

	if (parsed == NULL)
		return false;
	ldap_dnfree(parsed);
	return true;
}

bool dn_eq(struct slice a, struct slice b)
{
	struct buf na = { 0 }, nb = { 0 };
	bool eq = dn_normal(&na, a) && dn_normal(&nb, b)
	    && slice_eq(buf_slice(&na), buf_slice(&nb));

	buf_fini(&na);
	buf_fini(&nb);
	return eq;
}

bool dn_is_below(struct slice normal, struct slice base)
{
	struct slice tail;

	if (base.n == 0)
		return true;
	if (normal.n < base.n)
		return false;
	tail = slice_make(normal.p + normal.n - base.n, base.n);
	/* An escaped comma is written \2c, so a bare one is a border. */
	return slice_eq(tail, base)
	    && (normal.n == base.n || tail.p[-1] == ',');
}

bool dn_first(struct arena *a, struct slice dn, const char *attribute,
    struct slice *value_r)
{
	LDAPDN parsed = parse(dn);
	LDAPRDN rdn = parsed != NULL ? parsed[0] : NULL;
	bool found = rdn != NULL && rdn[0] != NULL && rdn[1] == NULL
	    && slice_eq_nocase(of_berval(&rdn[0]->la_attr), slice_of(attribute));

	if (found)
		*value_r = slice_dup(a, of_berval(&rdn[0]->la_value));
	ldap_dnfree(parsed);
	return found;
}

const char *dn_first_of(struct arena *a, struct slice dn,
    const char *const *attributes, struct slice *value_r)
{
	LDAPDN parsed = parse(dn);
	LDAPRDN rdn = parsed != NULL ? parsed[0] : NULL;
	const char *is = NULL;

	for (size_t k = 0; rdn != NULL && rdn[k] != NULL && is == NULL; k++)
		for (size_t i = 0; attributes[i] != NULL && is == NULL; i++)
			if (slice_eq_nocase(of_berval(&rdn[k]->la_attr),
			    slice_of(attributes[i]))) {
				is = attributes[i];
				*value_r = slice_dup(a,
				    of_berval(&rdn[k]->la_value));
			}
	ldap_dnfree(parsed);
	return is;
}

struct slice dn_parent(struct slice dn)
{
	bool quoted = false;

	for (size_t i = 0; i < dn.n; i++) {
		if (dn.p[i] == '\\')
			i++;
		else if (dn.p[i] == '"')
			quoted = !quoted;
		else if (dn.p[i] == ',' && !quoted)
			return slice_trim(slice_make(dn.p + i + 1, dn.n - i - 1));
	}
	return slice_make(NULL, 0);
}
