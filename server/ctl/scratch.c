/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/scratch.c — making and removing the doctor's own entries. */
#include "ctl/scratch.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"

/* --- names --------------------------------------------------------------------- */

static const char *text_of(struct doctor *d, struct buf *b)
{
	const char *text = slice_cstr(&d->arena, buf_slice(b));

	buf_clear(b);
	return text;
}

/* Two machines that serve one directory leave each other's entries alone. */
static void machine_word(struct buf *out)
{
	char host[256] = "";
	unsigned char hash[CRYPTO_HASH_MOST];

	gethostname(host, sizeof host - 1);
	crypto_digest(HASH_SHA256, slice_of(host), hash);
	buf_addf(out, "%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3]);
}

static void uuid_write(struct buf *out)
{
	unsigned char r[6];

	crypto_random(r, sizeof r);
	buf_addf(out, "7e57d0c7-0000-4000-8000-%02x%02x%02x%02x%02x%02x", r[0],
	    r[1], r[2], r[3], r[4], r[5]);
}

static void names_make(struct doctor *d, struct scratch *s)
{
	struct buf b = { 0 };

	buf_adds(&b, "tertulia-doctor-");
	machine_word(&b);
	buf_addc(&b, '-');
	s->prefix = text_of(d, &b);
	buf_adds(&b, s->prefix);
	crypto_token(&b, 6);
	s->name = text_of(d, &b);
	buf_addf(&b, "%s-other", s->name);
	s->other_name = text_of(d, &b);
	uuid_write(&b);
	s->uuid = text_of(d, &b);
	buf_addf(&b, "%s@%s", s->name, d->settings->server.domain);
	s->jid = text_of(d, &b);
	/* No person has this DN, so the entry is nobody's account. */
	buf_addf(&b, "cn=tertulia-doctor,%s", d->settings->ldap.im_base);
	s->marker = text_of(d, &b);
	buf_fini(&b);
	s->dn[SCRATCH_PROFILE] = dn_make(&d->arena, doctor_attr(d,
	    ATTR_PERSON_UUID), slice_of(s->uuid), d->directory.profiles_base);
	s->dn[SCRATCH_ROOM] = dn_make(&d->arena, doctor_attr(d,
	    ATTR_ROOM_NAME), slice_of(s->name), d->directory.rooms_base);
	s->dn[SCRATCH_REQUEST] = dn_make(&d->arena, doctor_attr(d,
	    ATTR_REQUEST_ID), slice_of(s->name), d->directory.requests_base);
	s->dn[SCRATCH_PERSON] = dn_make(&d->arena, doctor_attr(d, ATTR_NAME),
	    slice_of(s->name), d->settings->web.people_create_base);
	s->dn[SCRATCH_OTHER_ROOM] = dn_make(&d->arena, doctor_attr(d,
	    ATTR_ROOM_NAME), slice_of(s->other_name), d->directory.rooms_base);
}

/* --- removing -------------------------------------------------------------------- */

/* Whoever may: the web process removes profiles, both remove rooms. */
static int remove_dn(struct doctor *d, const char *dn)
{
	int code = d->web != NULL ? wire_delete(d->web, dn)
	    : LDAP_INSUFFICIENT_ACCESS;

	if (code != LDAP_SUCCESS && code != LDAP_NO_SUCH_OBJECT)
		code = wire_delete(d->im, dn);
	return code == LDAP_NO_SUCH_OBJECT ? LDAP_SUCCESS : code;
}

/* False: *dn_r stays. */
static bool clean_below(struct doctor *d, enum scratch_kind kind,
    unsigned *count_r, const char **dn_r)
{
	static const enum attr by[] = { [SCRATCH_PROFILE] = ATTR_JID,
		[SCRATCH_ROOM] = ATTR_ROOM_NAME,
		[SCRATCH_REQUEST] = ATTR_REQUEST_ID };
	const char *bases[] = { d->directory.profiles_base,
		d->directory.rooms_base, d->directory.requests_base };
	struct wire *w = d->web != NULL ? d->web : d->im;
	const char *attrs[] = { doctor_attr(d, by[kind]), NULL };
	struct buf filter = { 0 };
	struct question q = { .base = bases[kind],
		.scope = LDAP_SCOPE_ONELEVEL, .attrs = attrs };
	bool is_clean = true;
	LDAPMessage *found;

	if (kind == SCRATCH_PROFILE)
		filter_eq(&filter, doctor_attr(d, ATTR_PERSON),
		    slice_of(d->scratch->marker));
	else
		filter_has(&filter, attrs[0], slice_of(d->scratch->prefix));
	q.filter = buf_cstr(&filter);
	wire_search(w, &q, &found);
	for (LDAPMessage *e = wire_first(w, found); e != NULL
	    && is_clean; e = ldap_next_entry(w->ld, e)) {
		struct slice name = wire_value(w, &d->arena, e, attrs[0]);
		const char *dn = wire_dn(w, &d->arena, e);

		if (!slice_starts(name, slice_of(d->scratch->prefix)))
			continue;
		is_clean = remove_dn(d, dn) == LDAP_SUCCESS;
		*count_r += is_clean;
		*dn_r = dn;
	}
	ldap_msgfree(found);
	buf_fini(&filter);
	return is_clean;
}

int scratch_remove(struct doctor *d, struct wire *w, enum scratch_kind kind)
{
	struct scratch *s = d->scratch;
	int code = w != NULL ? wire_delete(w, s->dn[kind])
	    : remove_dn(d, s->dn[kind]);

	if (code == LDAP_SUCCESS)
		s->is_made[kind] = false;
	return code;
}

/* --- making ------------------------------------------------------------------------ */

static bool is_among(const struct change *changes, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(slice_of(changes[i].attr), slice_of(name)))
			return true;
	return false;
}

/* The pieces of an entry, by the classes and attributes of the store. */
static int add(struct doctor *d, struct wire *w, enum scratch_kind kind,
    const char *dn, const char *uuid, int flags)
{
	const struct scratch *s = d->scratch;
	const struct { enum attr attr; const char *value; } fields[SCRATCH_N][8] = {
		[SCRATCH_PROFILE] = {
			{ ATTR_OBJECT_CLASS, CLASS_PROFILE },
			{ ATTR_PERSON_UUID, uuid }, { ATTR_PERSON, s->marker },
			{ ATTR_JID, s->jid }, { ATTR_STATUS, "active" },
			{ ATTR_ROSTER_VERSION, "0" }, { ATTR_N, NULL } },
		[SCRATCH_ROOM] = {
			{ ATTR_OBJECT_CLASS, CLASS_ROOM },
			{ ATTR_ROOM_NAME, s->name }, { ATTR_CN, s->name },
			{ ATTR_N, NULL } },
		[SCRATCH_REQUEST] = {
			{ ATTR_OBJECT_CLASS, CLASS_REQUEST },
			{ ATTR_REQUEST_ID, s->name },
			{ ATTR_REQUEST_STATE, "rejected" }, { ATTR_N, NULL } },
		[SCRATCH_PERSON] = {
			{ ATTR_OBJECT_CLASS, CLASS_PERSON },
			{ ATTR_NAME, s->name }, { ATTR_CN, s->name },
			{ ATTR_SN, s->name }, { ATTR_N, NULL } },
		[SCRATCH_OTHER_ROOM] = {
			{ ATTR_OBJECT_CLASS, CLASS_ROOM },
			{ ATTR_ROOM_NAME, s->other_name },
			{ ATTR_CN, s->other_name }, { ATTR_N, NULL } },
	};
	struct change changes[8] = { { 0 } };
	size_t n = 0;

	for (size_t i = 0; fields[kind][i].value != NULL; i++) {
		const char *name = doctor_attr(d, fields[kind][i].attr);

		/* [ldap] people_name may be one of the others. */
		if (!is_among(changes, n, name))
			changes[n++] = (struct change){ LDAP_MOD_ADD, name,
			    slice_of(fields[kind][i].value) };
	}
	return wire_add(w, dn, changes, flags);
}

int scratch_make(struct doctor *d, struct wire *w, enum scratch_kind kind,
    int flags)
{
	struct scratch *s = d->scratch;
	int code = add(d, w, kind, s->dn[kind], s->uuid, flags);

	/* With a lost answer it may be there as well; and a server that took
	 * no notice of the no-op says success. */
	if (code == LDAP_SUCCESS || ((flags & WIRE_NOOP) == 0
	    && (code == LDAP_TIMEOUT || code == LDAP_SERVER_DOWN)))
		s->is_made[kind] = true;
	/* The first, which is the one that is looked at (check_access_im). */
	if (code == LDAP_SUCCESS && kind == SCRATCH_ROOM && s->made_at == 0)
		s->made_at = (int64_t)time(NULL);
	return code;
}

int scratch_make_twin(struct doctor *d, struct wire *w)
{
	struct buf b = { 0 };
	const char *uuid, *dn;
	int code;

	uuid_write(&b);
	uuid = text_of(d, &b);
	buf_fini(&b);
	dn = dn_make(&d->arena, doctor_attr(d, ATTR_PERSON_UUID),
	    slice_of(uuid), d->directory.profiles_base);
	code = add(d, w, SCRATCH_PROFILE, dn, uuid, 0);
	if (code == LDAP_SUCCESS || code == LDAP_TIMEOUT)
		d->scratch->twin = dn;
	return code;
}

int scratch_try_more(struct doctor *d, struct wire *w)
{
	struct scratch *s = d->scratch;
	struct buf b = { 0 };
	const char *uuid, *jid, *dn;
	int code;

	uuid_write(&b);
	uuid = text_of(d, &b);
	buf_addf(&b, "%s.more", s->jid);        /* unique looks at it, too */
	jid = text_of(d, &b);
	buf_fini(&b);
	dn = dn_make(&d->arena, doctor_attr(d, ATTR_PERSON_UUID),
	    slice_of(uuid), d->directory.profiles_base);
	code = wire_add(w, dn, (struct change[]){
	    { LDAP_MOD_ADD, doctor_attr(d, ATTR_OBJECT_CLASS),
	        SLICE(CLASS_PROFILE) },
	    { LDAP_MOD_ADD, doctor_attr(d, ATTR_PERSON_UUID), slice_of(uuid) },
	    { LDAP_MOD_ADD, doctor_attr(d, ATTR_PERSON), slice_of(s->marker) },
	    { LDAP_MOD_ADD, doctor_attr(d, ATTR_JID), slice_of(jid) },
	    { LDAP_MOD_ADD, doctor_attr(d, ATTR_DESCRIPTION), slice_of(s->name) },
	    { 0 } }, WIRE_NOOP);
	if (code == LDAP_SUCCESS)
		s->more = dn;
	return code;
}

/* --- life --------------------------------------------------------------------------- */

enum scratch_start scratch_begin(struct doctor *d, unsigned *count_r,
    const char **dn_r)
{
	struct scratch *s = ARENA_NEW(&d->arena, struct scratch);

	*count_r = 0;
	*dn_r = NULL;
	s->lock = open(d->path, O_RDONLY | O_CLOEXEC);
	if (s->lock < 0 || flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
		if (s->lock >= 0)
			close(s->lock);
		return SCRATCH_BUSY;
	}
	names_make(d, s);
	d->scratch = s;
	for (int kind = 0; kind < SCRATCH_PERSON; kind++)
		if ((kind != SCRATCH_REQUEST || d->web != NULL)
		    && !clean_below(d, (enum scratch_kind)kind, count_r, dn_r))
			return SCRATCH_STUCK;
	return SCRATCH_READY;
}

static bool is_any_left(const struct scratch *s)
{
	return s->twin != NULL || s->more != NULL || s->is_made[SCRATCH_PROFILE]
	    || s->is_made[SCRATCH_ROOM] || s->is_made[SCRATCH_REQUEST]
	    || s->is_made[SCRATCH_PERSON];
}

/* The connections may have broken in between: once more, on a new one. */
static void remove_again(struct doctor *d)
{
	struct wire *w = doctor_again(d);
	struct scratch *s = d->scratch;

	if (w != NULL && s->twin != NULL)
		wire_delete(w, s->twin);
	if (w != NULL && s->more != NULL)
		wire_delete(w, s->more);
	for (int kind = 0; w != NULL && kind < SCRATCH_N; kind++)
		if (s->is_made[kind])
			wire_delete(w, s->dn[kind]);
	wire_close(&w);
}

void scratch_end(struct doctor *d)
{
	struct scratch *s = d->scratch;

	if (s == NULL)
		return;
	if (s->twin != NULL && remove_dn(d, s->twin) == LDAP_SUCCESS)
		s->twin = NULL;
	if (s->more != NULL && remove_dn(d, s->more) == LDAP_SUCCESS)
		s->more = NULL;
	for (int kind = 0; kind < SCRATCH_N; kind++)
		if (s->is_made[kind])
			scratch_remove(d, NULL, (enum scratch_kind)kind);
	if (is_any_left(s))
		remove_again(d);
	close(s->lock);
	d->scratch = NULL;
}
