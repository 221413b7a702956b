/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3062 as bytes: the same that libldap's own writer makes of it. */
#include <lber.h>
#include <ldap.h>

#include "tests/tap.h"

#include "xdb_ldap/passmod.h"

static void part(BerElement *ber, ber_tag_t tag, struct slice s)
{
	if (s.n != 0)
		ber_printf(ber, "to", tag, s.p, (ber_len_t)s.n);
}

static bool is_same(struct slice who, struct slice was, struct slice is)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	struct buf out = { 0 };
	struct berval want;
	bool same;

	ber_printf(ber, "{");
	part(ber, LDAP_TAG_EXOP_MODIFY_PASSWD_ID, who);
	part(ber, LDAP_TAG_EXOP_MODIFY_PASSWD_OLD, was);
	part(ber, LDAP_TAG_EXOP_MODIFY_PASSWD_NEW, is);
	ber_printf(ber, "}");
	same = ber_flatten2(ber, &want, 0) == 0;
	passmod_write(&out, who, was, is);
	same = same && slice_eq(buf_slice(&out), slice_make(want.bv_val, want.bv_len));
	ber_free(ber, 1);
	buf_wipe(&out);
	return same;
}

int main(void)
{
	static const size_t lengths[] = { 1, 8, 40, 100, 120, 127, 128, 200, 255, 256, 1024, 4000 };
	static char text[4096];

	memset(text, 'x', sizeof text);
	ok(is_same(SLICE("uid=ann,dc=example,dc=org"), SLICE("was"), SLICE("is")), "old and new");
	ok(is_same(SLICE("uid=ann,dc=example,dc=org"), SLICE(""), SLICE("is")), "without the old one");
	for (size_t i = 0; i < COUNT(lengths); i++)
		for (size_t k = 0; k < COUNT(lengths); k++)
			okf(is_same(slice_make(text, lengths[i]), SLICE("was"), slice_make(text, lengths[k])),
			    "names of %zu bytes, passwords of %zu", lengths[i], lengths[k]);
	return done();
}
