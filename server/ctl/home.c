/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/home.c — copy, compare, take away; see ctl/move.h for why in this order. */
#include "ctl/home.h"

#include "xdb_ldap/dn.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/filter.h"

/* What a profile is, in either home. */
static const enum attr carried[] = {
	ATTR_JID, ATTR_STATUS, ATTR_ROSTER_ITEM, ATTR_ROSTER_VERSION, ATTR_PENDING,
	ATTR_BLOCKED, ATTR_PRIVATE, ATTR_VCARD, ATTR_SCRAM, ATTR_SCRAM_SOURCE,
};
enum { CARRIED = COUNT(carried), MODS_MOST = CARRIED + 4 };

/* One entry, as it was read. */
struct content {
	const char *dn;
	bool is_there, is_account;      /* the entry; and it is or has a profile */
	struct slice *v[CARRIED];
	size_t n[CARRIED];
	struct slice uuid;              /* of the person that it is, or is of */
	struct slice person, csn;
	bool has_description;
	bool is_parent;                 /* something stands below it */
	const char *strange;            /* what it has that is not carried, or NULL */
	bool has_own_jid;               /* the person's, of RFC 8284, and none of ours */
};

struct job {                            /* one profile at work */
	struct home *h;
	struct arena arena;
	struct content from, into;
	struct buf *why;
};

static const char *name_of(const struct job *j, enum attr attr)
{
	return j->h->db.names.rows[attr].name;
}

void home_init(struct home *h, const struct settings *s)
{
	struct buf dn = { 0 };

	buf_addf(&dn, "%s,%s", RDN_PROFILES, s->ldap.im_base);
	h->profiles_base = slice_cstr(&h->db.arena, buf_slice(&dn));
	h->people_base = s->ldap.people_base;
	buf_fini(&dn);
}

static enum home_result left(struct job *j, const char *why)
{
	buf_clear(j->why);
	buf_adds(j->why, why);
	return HOME_LEFT;
}

/* A few codes say that there is no directory for anybody now (libldap's own, which are
 * negative, for one); by any other this one is left, and the next is looked at. */
static enum home_result failed(struct job *j, int code, const char *what)
{
	static const int everybodys[] = { LDAP_BUSY, LDAP_UNAVAILABLE,
		LDAP_STRONG_AUTH_REQUIRED, LDAP_CONFIDENTIALITY_REQUIRED };

	buf_clear(j->why);
	buf_addf(j->why, "%s: %s", what, ldap_err2string(code));
	for (size_t i = 0; i < COUNT(everybodys); i++)
		if (everybodys[i] == code)
			return HOME_BROKEN;
	return code < 0 ? HOME_BROKEN : HOME_LEFT;
}

/* --- reading ------------------------------------------------------------------------- */

/* As the store spells it, whatever the server's form is. */
static struct slice uuid_of(struct job *j, LDAPMessage *msg)
{
	struct entry *e = entry_read(&j->arena, &j->h->db.names, j->h->wire->ld, msg);

	return e != NULL ? entry_one(e, ATTR_UUID) : (struct slice){ NULL, 0 };
}

/* What a profile may have beside what is carried: it is made anew, or told apart. */
static bool is_own(const struct job *j, struct slice attr)
{
	const char *const own[] = { "objectClass", "entryCSN", "description",
		name_of(j, ATTR_UUID), name_of(j, ATTR_PERSON),
		name_of(j, ATTR_PERSON_UUID) };

	for (size_t i = 0; i < COUNT(own); i++)
		if (slice_eq_nocase(attr, slice_of(own[i])))
			return true;
	return false;
}

static bool is_carried(const struct job *j, struct slice attr)
{
	for (size_t i = 0; i < CARRIED; i++)
		if (slice_eq_nocase(attr, slice_of(name_of(j, carried[i]))))
			return true;
	return false;
}

/* Of a person's entry only what is ours counts, with an option (RFC 4512 §2.5): all
 * else stays there. */
static bool is_strange(const struct job *j, struct slice attr, bool is_profile)
{
	struct slice name, option;

	slice_cut(attr, ';', &name, &option);
	if (is_carried(j, name))
		return option.n != 0;
	return is_profile && !is_own(j, attr);
}

static void strange_find(struct job *j, LDAPMessage *msg, bool is_profile,
    struct content *c)
{
	LDAP *ld = j->h->wire->ld;
	BerElement *ber = NULL;
	char *attr = ldap_first_attribute(ld, msg, &ber);

	for (; attr != NULL; attr = ldap_next_attribute(ld, msg, ber)) {
		if (c->strange == NULL && is_strange(j, slice_of(attr), is_profile))
			c->strange = slice_cstr(&j->arena, slice_of(attr));
		ldap_memfree(attr);
	}
	ber_free(ber, 0);
}

/* Of a profile's entry. */
static bool is_class_of_profile(struct slice class)
{
	return slice_eq_nocase(class, SLICE(CLASS_PROFILE))
	    || slice_eq_nocase(class, SLICE("top"));
}

static void classes_take(struct job *j, LDAPMessage *msg, struct content *c)
{
	struct slice *classes;
	size_t n = wire_values(j->h->wire, &j->arena, msg, "objectClass", &classes);
	bool is_profile = false;

	for (size_t i = 0; i < n; i++) {
		is_profile = is_profile
		    || slice_eq_nocase(classes[i], SLICE(CLASS_PROFILE));
		c->is_account = c->is_account || is_profile
		    || slice_eq_nocase(classes[i], SLICE(CLASS_USER));
		c->has_own_jid = c->has_own_jid
		    || slice_eq_nocase(classes[i], SLICE(CLASS_JID));
	}
	strange_find(j, msg, is_profile, c);
	for (size_t i = 0; i < n && is_profile && c->strange == NULL; i++)
		if (!is_class_of_profile(classes[i]))
			c->strange = slice_cstr(&j->arena, classes[i]);
}

static void content_take(struct job *j, LDAPMessage *msg, struct content *c)
{
	struct wire *w = j->h->wire;

	c->is_there = true;
	classes_take(j, msg, c);
	for (size_t i = 0; i < CARRIED; i++)
		c->n[i] = wire_values(w, &j->arena, msg, name_of(j, carried[i]),
		    &c->v[i]);
	c->uuid = wire_value(w, &j->arena, msg, name_of(j, ATTR_PERSON_UUID));
	if (c->uuid.n == 0)
		c->uuid = uuid_of(j, msg);
	c->person = wire_value(w, &j->arena, msg, name_of(j, ATTR_PERSON));
	c->csn = wire_value(w, &j->arena, msg, "entryCSN");
	c->has_description = wire_value(w, &j->arena, msg, "description").n != 0;
}

/* The LDAP result code; an entry that is not there is a success without one. */
static int content_read(struct job *j, const char *dn, struct content *c)
{
	const char *attrs[] = { "*", "entryCSN", name_of(j, ATTR_UUID), NULL };
	struct question q = { .base = dn, .scope = LDAP_SCOPE_BASE, .attrs = attrs };
	LDAPMessage *found;
	int code = wire_search(j->h->wire, &q, &found);

	*c = (struct content){ .dn = dn };
	if (code == LDAP_SUCCESS && wire_first(j->h->wire, found) != NULL)
		content_take(j, wire_first(j->h->wire, found), c);
	ldap_msgfree(found);
	return code == LDAP_NO_SUCH_OBJECT ? LDAP_SUCCESS : code;
}

/* What stands below an entry keeps it from being taken away. */
static int parent_look(struct job *j, struct content *c)
{
	static const char *const none[] = { "1.1", NULL };
	struct question q = { .base = c->dn, .scope = LDAP_SCOPE_ONELEVEL,
		.attrs = none, .most = 1 };
	LDAPMessage *found;
	int code = wire_search(j->h->wire, &q, &found);

	c->is_parent = wire_first(j->h->wire, found) != NULL;
	ldap_msgfree(found);
	return code == LDAP_SIZELIMIT_EXCEEDED ? LDAP_SUCCESS : code;
}

static bool has(const struct slice *v, size_t n, struct slice one)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(v[i], one))
			return true;
	return false;
}

static bool is_same(const struct content *a, const struct content *b)
{
	for (size_t i = 0; i < CARRIED; i++) {
		if (a->n[i] != b->n[i])
			return false;
		for (size_t k = 0; k < a->n[i]; k++)
			if (!has(b->v[i], b->n[i], a->v[i][k]))
				return false;
	}
	return true;
}

/* Its code; *dn_r NULL: there is no such person, or more than one. */
static int person_by_uuid(struct job *j, struct slice uuid, const char **dn_r)
{
	static const char *const none[] = { "1.1", NULL };
	struct wire *w = j->h->wire;
	struct buf filter = { 0 };
	struct question q = { .base = j->h->people_base,
		.scope = LDAP_SCOPE_SUBTREE, .attrs = none, .most = 2 };
	LDAPMessage *found;
	int code;

	filter_eq(&filter, name_of(j, ATTR_UUID), uuid);
	q.filter = buf_cstr(&filter);
	code = wire_search(w, &q, &found);
	*dn_r = NULL;
	if (code == LDAP_SUCCESS && found != NULL
	    && ldap_count_entries(w->ld, found) == 1)
		*dn_r = wire_dn(w, &j->arena, wire_first(w, found));
	ldap_msgfree(found);
	buf_fini(&filter);
	return code;
}

/* By the DN in the profile, which counts when it is that person; then by UUID. */
static int person_read(struct job *j)
{
	struct slice uuid = j->from.uuid, dn = j->from.person;
	const char *found;
	int code = LDAP_SUCCESS;

	if (dn.n != 0)
		code = content_read(j, slice_cstr(&j->arena, dn), &j->into);
	if (code != LDAP_SUCCESS || (j->into.is_there
	    && slice_eq_nocase(j->into.uuid, uuid)))
		return code;
	j->into = (struct content){ .dn = NULL };
	code = person_by_uuid(j, uuid, &found);
	return code != LDAP_SUCCESS || found == NULL ? code
	    : content_read(j, found, &j->into);
}

/* --- writing -------------------------------------------------------------------------- */

struct mods { LDAPMod mod[MODS_MOST], *list[MODS_MOST + 1]; size_t n; };

static void put(struct job *j, struct mods *m, int op, const char *attr,
    const struct slice *v, size_t n)
{
	struct berval *values = arena_alloc(&j->arena, (n + 1) * sizeof *values);
	struct berval **list = arena_alloc(&j->arena, (n + 1) * sizeof *list);

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		values[i] = (struct berval){ v[i].n, (char *)(uintptr_t)v[i].p };
		list[i] = &values[i];
	}
	list[n] = NULL;
	m->mod[m->n] = (LDAPMod){ .mod_op = op | LDAP_MOD_BVALUES,
		.mod_type = (char *)(uintptr_t)attr, .mod_bvalues = list };
	m->list[m->n] = &m->mod[m->n];
	m->list[++m->n] = NULL;
}

static void put_content(struct job *j, struct mods *m, int op)
{
	for (size_t i = 0; i < CARRIED; i++)
		put(j, m, op, name_of(j, carried[i]), j->from.v[i], j->from.n[i]);
}

static int write_inline(struct job *j)
{
	struct slice class = SLICE(CLASS_USER);
	struct mods m = { .n = 0 };

	put(j, &m, LDAP_MOD_ADD, "objectClass", &class, 1);
	put_content(j, &m, LDAP_MOD_ADD);
	return wire_modify_all(j->h->wire, j->into.dn, m.list);
}

static int write_tree(struct job *j)
{
	struct slice class = SLICE(CLASS_PROFILE), person = slice_of(j->from.dn);
	struct mods m = { .n = 0 };

	put(j, &m, LDAP_MOD_ADD, "objectClass", &class, 1);
	put(j, &m, LDAP_MOD_ADD, name_of(j, ATTR_PERSON_UUID), &j->from.uuid, 1);
	put(j, &m, LDAP_MOD_ADD, name_of(j, ATTR_PERSON), &person, 1);
	put_content(j, &m, LDAP_MOD_ADD);
	return wire_add_all(j->h->wire, j->into.dn, m.list);
}

/* Only as it was read. */
static int remove_tree(struct job *j)
{
	struct buf filter = { 0 };
	int code;

	filter_eq(&filter, "entryCSN", j->from.csn);
	code = wire_delete_if(j->h->wire, j->from.dn, j->from.csn.n != 0
	    && j->h->db.root.has_assertion ? buf_cstr(&filter) : NULL);
	buf_fini(&filter);
	return code;
}

/* Value by value: what came meanwhile stays, may not be there without the class, and
 * so nothing is taken away. */
static int remove_inline(struct job *j)
{
	struct slice class = SLICE(CLASS_USER);
	struct mods m = { .n = 0 };

	put(j, &m, LDAP_MOD_DELETE, "objectClass", &class, 1);
	put_content(j, &m, LDAP_MOD_DELETE);
	return wire_modify_all(j->h->wire, j->from.dn, m.list);
}

/* --- one profile ------------------------------------------------------------------------ */

/* Both are read anew: what is taken away is what stands in the other home. */
static enum home_result take_away(struct job *j, enum profiles to)
{
	int code = content_read(j, j->from.dn, &j->from);

	if (code == LDAP_SUCCESS)
		code = content_read(j, j->into.dn, &j->into);
	if (code != LDAP_SUCCESS)
		return failed(j, code, "it cannot be read again");
	if (!j->into.is_account || !is_same(&j->from, &j->into))
		return left(j, "what was written is not what was read: it is in both "
		    "homes");
	code = to == PROFILES_INLINE ? remove_tree(j) : remove_inline(j);
	return code == LDAP_SUCCESS ? HOME_MOVED : failed(j, code,
	    "it is in both homes, and cannot be taken away");
}

static enum home_result copy(struct job *j, enum profiles to, bool is_meant)
{
	int code;

	if (j->into.is_account && !is_same(&j->from, &j->into))
		return left(j, "there is another profile of this person in the other "
		    "home: see which is right, and remove the other");
	if (!is_meant)
		return HOME_MOVED;
	if (j->into.is_account)
		return take_away(j, to);        /* a run that was broken off */
	code = to == PROFILES_INLINE ? write_inline(j) : write_tree(j);
	return code == LDAP_SUCCESS ? take_away(j, to)
	    : failed(j, code, "it cannot be written there");
}

/* Where neither the service nor the way back would find it. */
static bool is_among_people(struct job *j, const char *dn)
{
	struct buf normal = { 0 }, base = { 0 };
	bool is_among = dn_normal(&normal, slice_of(dn))
	    && dn_normal(&base, slice_of(j->h->people_base))
	    && dn_is_below(buf_slice(&normal), buf_slice(&base));

	buf_fini(&normal);
	buf_fini(&base);
	return is_among;
}

static enum home_result left_strange(struct job *j)
{
	buf_clear(j->why);
	buf_addf(j->why, "it has %s, which is not moved: take that away first, or "
	    "leave this profile where it is", j->from.strange);
	return HOME_LEFT;
}

static enum home_result to_inline(struct job *j, bool is_meant)
{
	int code = parent_look(j, &j->from);

	if (code != LDAP_SUCCESS)
		return failed(j, code, "what is below it cannot be read");
	if (j->from.is_parent)
		return left(j, "there are entries below it: take those away first");
	code = person_read(j);
	if (code != LDAP_SUCCESS)
		return failed(j, code, "its person cannot be read");
	if (!j->into.is_there)
		return left(j, "its person is not there");
	if (!is_among_people(j, j->into.dn))
		return left(j, "its person is outside of [ldap] people_base");
	if (j->into.has_own_jid || (!j->into.is_account && j->into.n[0] != 0))
		return left(j, "its person has a jid of their own (RFC 8284), "
		    "which cannot be two: take that away first, or leave this "
		    "profile where it is");
	if (j->from.has_description)
		return left(j, "its description has no place on a person: remove it");
	return copy(j, PROFILES_INLINE, is_meant);
}

static enum home_result to_tree(struct job *j, bool is_meant)
{
	const char *dn;
	int code;

	if (j->from.uuid.n == 0 || j->from.n[0] == 0)
		return left(j, "it shows no address, or not whose it is");
	dn = dn_make(&j->arena, name_of(j, ATTR_PERSON_UUID), j->from.uuid,
	    j->h->profiles_base);
	if (j->from.has_own_jid)
		return left(j, "its jid is the person's own (RFC 8284), and not "
		    "the account's");
	code = content_read(j, dn, &j->into);
	return code != LDAP_SUCCESS ? failed(j, code, "the other home cannot be read")
	    : copy(j, PROFILES_TREE, is_meant);
}

enum home_result home_move(struct home *h, const char *dn, enum profiles to,
    bool is_meant, struct buf *why)
{
	struct job j = { .h = h, .why = why };
	int code = content_read(&j, dn, &j.from);
	enum home_result r;

	if (code != LDAP_SUCCESS)
		r = failed(&j, code, "it cannot be read");
	else if (!j.from.is_account)
		r = left(&j, "it is gone");
	else if (j.from.strange != NULL)
		r = left_strange(&j);
	else
		r = to == PROFILES_INLINE ? to_inline(&j, is_meant)
		    : to_tree(&j, is_meant);
	arena_fini(&j.arena);
	return r;
}
