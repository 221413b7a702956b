/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/affiliation.c — who belongs to a room, and as what.
 *
 * People of this directory stand as DNs, which slapd and we keep true when somebody
 * is renamed; everybody else as "jid nick reason".  A nick and a reason of somebody
 * who stands as a DN are a note beside it, "jid/entryUUID nick reason", which counts
 * for that person and as nothing else: the name in it may be somebody else's some
 * day.  Whose the DNs are says named.c, of all of them or the room is not known: a ban
 * that was not read would be none. */
#include <stdlib.h>

#include "base/log.h"
#include "xdb_ldap/address.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/named.h"
#include "xdb_ldap/room.h"
#include "xdb_ldap/sound.h"
#include "xdb_ldap/values.h"

const struct affiliation_row affiliation_rows[AFFILIATION_ROWS] = {
	{ AFF_OWNER,   ATTR_OWNER,   ATTR_OWNER_JID },
	{ AFF_ADMIN,   ATTR_ADMIN,   ATTR_ADMIN_JID },
	{ AFF_MEMBER,  ATTR_MEMBER,  ATTR_MEMBER_JID },
	{ AFF_OUTCAST, ATTR_OUTCAST, ATTR_OUTCAST_JID },
};

/* --- people by DN ---------------------------------------------------------------------------- */

struct note {
	struct slice uuid, nick, reason;
	enum xdb_affiliation affiliation;
};

/* The look-up is no kind of its own: it borrows the operation for a while and
 * keeps what is the operation's. */
struct lookup {
	struct named_look look;         /* first: named.h */
	void *data;
	op_step_fn *over;
	struct xdb_room *room;
	op_step_fn *next;
	struct note *notes;             /* in order */
	size_t note_n;
};

/* False, and the operation is finished: there are more than are read, and whoever is
 * left out may be banned. */
static bool locals_take(struct xdb_op *op, const struct entry *e,
    struct lookup *l)
{
	size_t n;

	for (size_t i = 0; i < AFFILIATION_ROWS; i++) {
		const struct affiliation_row *row = &affiliation_rows[i];
		struct slice *dns = entry_all(e, row->by_dn, &n);

		if (n >= op->db->names.rows[row->by_dn].most_values
		    && entry_is_cut(e, row->by_dn)) {
			op_finish(op, XDB_BROKEN, "more affiliations than are read");
			return false;
		}
		sound_say(op->db, e, row->by_dn, entry_is_cut(e, row->by_dn));
		for (size_t k = 0; k < n; k++)
			l->look.v[l->look.n++] = (struct named){ .dn = dns[k],
			    .affiliation = row->affiliation };
	}
	return true;
}

static int by_note(const void *a, const void *b)
{
	const struct note *na = a, *nb = b;
	int order = slice_cmp(na->uuid, nb->uuid);

	return order != 0 ? order : (int)na->affiliation - (int)nb->affiliation;
}

static void note_take(const struct lookup *l, const struct named *it,
    struct xdb_room_person *p)
{
	struct note key = { .uuid = it->uuid, .affiliation = it->affiliation };
	const struct note *note = l->note_n == 0 ? NULL
	    : bsearch(&key, l->notes, l->note_n, sizeof *l->notes, by_note);

	if (note == NULL)
		return;
	p->nick = note->nick;
	p->reason = note->reason;
}

static void people_of_here(struct xdb_op *op, struct lookup *l)
{
	struct xdb_room *room = l->room;

	for (size_t i = 0; i < l->look.n; i++) {
		const struct named *it = &l->look.v[i];
		struct slice jid = address_of(op->db, &op->arena, it->uid);

		if (jid.n == 0) {
			room->unresolved_n++;
			continue;
		}
		room->people[room->person_n] = (struct xdb_room_person){
			.jid = jid, .dn = it->at, .uuid = it->uuid,
			.affiliation = it->affiliation };
		note_take(l, it, &room->people[room->person_n++]);
	}
}

static void lookup_ends(struct xdb_op *op)
{
	struct lookup *l = op->data;

	people_of_here(op, l);
	named_tell(op, &l->look, l->room);
	if (l->room->unresolved_n != 0)
		log_event(LOG_INFO, "room-people-unresolved", "-",
		    "room=%s count=%zu", log_text(l->room->name),
		    l->room->unresolved_n);
	seek_fini(&l->look.seek);
	op->data = l->data;
	op->over = l->over;
	l->next(op);
}

/* The operation failed while it was borrowed. */
static void lookup_over(struct xdb_op *op)
{
	struct lookup *l = op->data;

	seek_fini(&l->look.seek);
	op->data = l->data;
	if (l->over != NULL)
		l->over(op);
}

/* --- people by JID ----------------------------------------------------------------------------- */

/* Affiliations are of people, not of their devices: a resource means nothing. */
static bool person_jid(struct xdb_op *op, struct slice *jid)
{
	struct slice bare, resource;

	slice_cut(*jid, '/', &bare, &resource);
	*jid = bare;
	return bare.n != 0 && sound_jid(op->db, &op->arena, jid);
}

/* A stranger, or a note on somebody who is none; false: nobody can tell, or not all
 * of it.  Who is banned is out, whatever cannot be read behind the address. */
static bool value_read(struct xdb_op *op, struct lookup *l, struct slice value,
    enum xdb_affiliation affiliation)
{
	struct xdb_room *room = l->room;
	struct xdb_room_person p = { .affiliation = AFF_NONE };
	struct slice uuid;
	bool is_whole = room_person_read(&op->arena, value, &p);

	if (!is_whole && affiliation != AFF_OUTCAST)
		return false;
	if (!is_whole)
		p.jid = value_jid(&op->arena, value);
	p.affiliation = affiliation;
	if (room_note_read(p.jid, &uuid)) {
		l->notes[l->note_n++] = (struct note){ .uuid = uuid,
			.nick = p.nick, .reason = p.reason,
			.affiliation = affiliation };
		return is_whole;
	}
	if (!person_jid(op, &p.jid))
		return false;
	room->people[room->person_n++] = p;
	return is_whole;
}

static void strangers_read(struct xdb_op *op, const struct entry *e,
    struct lookup *l)
{
	size_t n, bad;

	for (size_t i = 0; i < AFFILIATION_ROWS; i++) {
		const struct affiliation_row *row = &affiliation_rows[i];
		struct slice *values = entry_all(e, row->by_jid, &n);

		bad = 0;
		for (size_t k = 0; k < n; k++)
			bad += !value_read(op, l, values[k], row->affiliation);
		l->room->unresolved_n += bad;
		sound_say(op->db, e, row->by_jid, bad
		    + entry_is_cut(e, row->by_jid));
	}
	qsort(l->notes, l->note_n, sizeof *l->notes, by_note);
}

static size_t people_count(const struct entry *e)
{
	size_t total = 0, n;

	for (size_t i = 0; i < AFFILIATION_ROWS; i++) {
		entry_all(e, affiliation_rows[i].by_dn, &n);
		total += n;
		entry_all(e, affiliation_rows[i].by_jid, &n);
		total += n;
	}
	return total;
}

void room_people_load(struct xdb_op *op, const struct entry *e,
    const struct named_known *known, struct xdb_room *room, op_step_fn *next)
{
	struct lookup *l = ARENA_NEW(&op->arena, struct lookup);
	size_t most = people_count(e) + 1;

	l->data = op->data;
	l->over = op->over;
	l->room = room;
	l->next = next;
	op->data = l;
	op->over = lookup_over;
	room->people = arena_alloc(&op->arena, most * sizeof *room->people);
	l->notes = arena_alloc(&op->arena, most * sizeof *l->notes);
	l->look.v = arena_alloc(&op->arena, most * sizeof *l->look.v);
	l->look.known = *known;
	strangers_read(op, e, l);
	if (locals_take(op, e, l))
		named_find(op, lookup_ends);
}

/* --- writing ------------------------------------------------------------------------------------- */

static const struct affiliation_row *row_of(enum xdb_affiliation affiliation)
{
	for (size_t i = 0; i < AFFILIATION_ROWS; i++)
		if (affiliation_rows[i].affiliation == affiliation)
			return &affiliation_rows[i];
	return NULL;
}

static struct slice person_text(struct xdb_op *op,
    const struct xdb_room_person *person)
{
	struct buf value = { 0 };

	if (person->dn.n != 0)
		return person->dn;
	room_person_write(&value, person);
	return slice_of(op_take(op, &value));
}

void room_person_put(struct xdb_op *op, struct mods *m, int operation,
    const struct xdb_room_person *person)
{
	const struct affiliation_row *row = row_of(person->affiliation);

	if (row != NULL)
		mods_put_one(m, op, operation,
		    person->dn.n != 0 ? row->by_dn : row->by_jid,
		    person_text(op, person));
}

static void put_row(struct xdb_op *op, struct mods *m,
    const struct xdb_room *room, const struct affiliation_row *row, bool by_dn)
{
	struct slice *values = arena_alloc(&op->arena,
	    (room->person_n + 1) * sizeof *values);
	size_t n = 0;

	for (size_t i = 0; i < room->person_n; i++) {
		const struct xdb_room_person *p = &room->people[i];

		if (p->affiliation == row->affiliation
		    && (p->dn.n != 0) == by_dn)
			values[n++] = person_text(op, p);
	}
	if (n != 0)
		mods_put(m, op, LDAP_MOD_ADD, by_dn ? row->by_dn : row->by_jid,
		    values, n);
}

void room_people_put(struct xdb_op *op, struct mods *m, const struct xdb_room *room)
{
	for (size_t i = 0; i < AFFILIATION_ROWS; i++) {
		put_row(op, m, room, &affiliation_rows[i], true);
		put_row(op, m, room, &affiliation_rows[i], false);
	}
}

struct xdb_op *xdb_room_mend(struct xdb *db, struct slice dn,
    const struct xdb_room_stale *stale, size_t n)
{
	struct xdb_op *op = op_new(db, sizeof (struct call *));
	struct mods m = { 0 };

	if (!op_owns(op, dn, db->rooms_base))
		return op;
	for (size_t i = 0; i < n; i++) {
		const struct affiliation_row *row = row_of(stale[i].affiliation);

		if (row != NULL && stale[i].was.n != 0)
			mods_put_one(&m, op, LDAP_MOD_DELETE, row->by_dn,
			    stale[i].was);
		if (row != NULL && stale[i].is.n != 0)
			mods_put_one(&m, op, LDAP_MOD_ADD, row->by_dn,
			    stale[i].is);
	}
	if (m.n == 0)
		op_finish(op, XDB_OK, NULL);
	else
		op_await_one(op, call_modify(op, op_text(op, dn), &m));
	return op;
}

struct setting {
	struct call *room_call, *person_call;
	const char *dn;
	struct slice jid;
	struct slice uuid;              /* of the person who stands as a DN */
	enum xdb_affiliation was;
	struct xdb_room_person is;
};

static void setting_read(struct xdb_op *op);

/* Somebody of our domain, whose DN the caller may not know. */
static struct call *search_local(struct xdb_op *op, struct setting *s)
{
	struct slice uid, domain;
	struct buf filter = { 0 };

	if (!slice_cut(s->jid, '@', &uid, &domain)
	    || !slice_is(domain, op->db->domain))
		return NULL;
	filter_open(&filter, '&');
	filter_raw(&filter, op->db->people_filter);
	filter_eq(&filter, op_name(op, ATTR_NAME), uid);
	filter_close(&filter);
	return call_search(op, &(struct search){ .base = op->db->people_base,
	    .scope = LDAP_SCOPE_SUBTREE, .filter = op_take(op, &filter),
	    .set = SET_NAME, .most = 2 });
}

struct xdb_op *xdb_room_set_affiliation(struct xdb *db, struct slice dn,
    const struct xdb_room_person *was, const struct xdb_room_person *is)
{
	struct xdb_op *op = op_new(db, sizeof (struct setting));
	struct setting *s = op->data;

	if (!op_owns(op, dn, db->rooms_base))
		return op;
	s->dn = op_text(op, dn);
	s->was = was->affiliation;
	s->jid = slice_dup(&op->arena, is->jid);
	s->is = (struct xdb_room_person){ .jid = s->jid,
	    .dn = slice_dup(&op->arena, is->dn.n != 0 ? is->dn : was->dn),
	    .nick = slice_dup(&op->arena, is->nick),
	    .reason = slice_dup(&op->arena, is->reason),
	    .affiliation = is->affiliation };
	s->person_call = search_local(op, s);
	s->room_call = call_search(op, &(struct search){ .base = s->dn,
	    .scope = LDAP_SCOPE_BASE, .filter = "(objectClass=*)",
	    .set = SET_ROOM_PEOPLE });
	op_await(op, setting_read);
	return op;
}

/* Of several, as the room takes it: out is out, and the higher of all else. */
static enum xdb_affiliation more(enum xdb_affiliation a, enum xdb_affiliation b)
{
	if (a == AFF_OUTCAST || b == AFF_OUTCAST)
		return AFF_OUTCAST;
	return a > b ? a : b;
}

/* What a value by JID says of this person: NOT_OF, a note, or an affiliation. */
enum of { NOT_OF, NOTE_OF, AFFILIATION_OF };

static enum of value_of(struct xdb_op *op, const struct setting *s,
    struct slice value)
{
	struct slice jid = value_jid(&op->arena, value), uuid;

	if (room_note_read(jid, &uuid))
		return s->uuid.n != 0 && slice_eq(uuid, s->uuid)
		    ? NOTE_OF : NOT_OF;
	return person_jid(op, &jid) && slice_eq(jid, s->jid)
	    ? AFFILIATION_OF : NOT_OF;
}

/* Deletes every value that names this person, and says as what. */
static enum xdb_affiliation put_all_of(struct xdb_op *op, struct setting *s,
    struct mods *m, const struct entry *e)
{
	enum xdb_affiliation found = AFF_NONE;
	size_t n;

	for (size_t i = 0; i < AFFILIATION_ROWS; i++) {
		const struct affiliation_row *row = &affiliation_rows[i];
		struct slice *values = entry_all(e, row->by_dn, &n);

		for (size_t k = 0; k < n; k++)
			if (s->is.dn.n != 0 && dn_eq(values[k], s->is.dn)) {
				mods_put_one(m, op, LDAP_MOD_DELETE, row->by_dn,
				    values[k]);
				found = more(found, row->affiliation);
			}
		values = entry_all(e, row->by_jid, &n);
		for (size_t k = 0; k < n; k++) {
			enum of of = value_of(op, s, values[k]);

			if (of != NOT_OF)
				mods_put_one(m, op, LDAP_MOD_DELETE, row->by_jid,
				    values[k]);
			if (of == AFFILIATION_OF)
				found = more(found, row->affiliation);
		}
	}
	return found;
}

static bool take_local(struct xdb_op *op, struct setting *s)
{
	const struct entry *e;
	struct slice name;

	if (s->person_call == NULL)
		return true;
	if (op_search_failed(op, s->person_call))
		return false;
	e = s->person_call->entries;
	if (s->person_call->entry_n != 1)
		return true;
	name = entry_one(e, ATTR_NAME);
	if (!address_is_of(op->db, &op->arena, s->jid, name)
	    && !address_is_unknown(op->db, name))
		return true;
	if (s->is.dn.n == 0)
		s->is.dn = e->dn;
	if (dn_eq(e->dn, s->is.dn))
		s->uuid = entry_one(e, ATTR_UUID);
	return true;
}

static void note_put(struct xdb_op *op, struct mods *m, const struct setting *s)
{
	const struct affiliation_row *row = row_of(s->is.affiliation);
	struct xdb_room_person note = s->is;
	struct buf jid = { 0 };

	if (row == NULL || s->uuid.n == 0 || s->is.nick.n + s->is.reason.n == 0)
		return;
	buf_add(&jid, s->jid);
	buf_addc(&jid, '/');
	buf_add(&jid, s->uuid);
	note.jid = slice_of(op_take(op, &jid));
	note.dn = slice_make(NULL, 0);
	mods_put_one(m, op, LDAP_MOD_ADD, row->by_jid, person_text(op, &note));
}

static void setting_read(struct xdb_op *op)
{
	struct setting *s = op->data;
	struct mods m = { 0 };

	if (!take_local(op, s) || op_failed(op, s->room_call))
		return;
	if (s->room_call->entries == NULL) {
		op_finish(op, XDB_ABSENT, "no such room");
		return;
	}
	if (put_all_of(op, s, &m, s->room_call->entries) != s->was) {
		op_finish(op, XDB_CONFLICT, "somebody changed it meanwhile");
		return;
	}
	room_person_put(op, &m, LDAP_MOD_ADD, &s->is);
	note_put(op, &m, s);
	if (m.n == 0)
		op_finish(op, XDB_OK, NULL);
	else
		op_await_one(op, call_modify(op, s->dn, &m));
}
