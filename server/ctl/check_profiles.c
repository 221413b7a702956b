/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_profiles.c — has each address one profile?  Where the overlay unique came
 * late, or two servers were written to at once, there may be two. */
#include "base/map.h"
#include "ctl/checks.h"

struct seen {
	struct map by_jid;              /* jid -> DN */
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

static void take(struct doctor *d, struct seen *p, LDAPMessage *e)
{
	struct slice jid = wire_value(d->im, &d->arena, e, doctor_attr(d, ATTR_JID));
	const char *dn = wire_dn(d->im, &d->arena, e), *other;

	p->n++;
	if (jid.n == 0)
		return;
	jid = lower(&d->arena, jid);
	other = map_put(&p->by_jid, jid, (void *)(uintptr_t)dn);
	if (other != NULL && p->shared_n++ == 0) {
		p->jid = jid;
		p->dn[0] = other;
		p->dn[1] = dn;
	}
}

static int read_all(struct doctor *d, struct seen *p)
{
	const char *attrs[] = { doctor_attr(d, ATTR_JID), NULL };
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

void check_profiles(struct doctor *d, struct result *r)
{
	struct seen p = { .n = 0 };
	int code = read_all(d, &p);

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
		result_say(r, VERDICT_OK, "%zu, each with an address of its own",
		    p.n);
	}
	map_fini(&p.by_jid);
}
