/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/room_sync.c — a room's entry and the room, one made from the other. */
#include "base/log.h"
#include "feat/muc/message.h"
#include "feat/muc/presence.h"
#include "feat/muc/room.h"
#include "xml/ns.h"

static void set(struct buf *b, struct slice s)
{
	buf_clear(b);
	buf_add(b, s);
}

/* Somebody may be in several lists of an entry: out is out, and of everything else
 * the higher counts. */
static bool is_more(const struct room *r, const struct xdb_room_person *p)
{
	const struct affiliate *was = affiliate_find(r, p->jid);

	return was == NULL || p->affiliation == AFF_OUTCAST
	    || (was->person.affiliation != AFF_OUTCAST
	    && p->affiliation > was->person.affiliation);
}

static void take_people(struct room *r, const struct xdb_room *entry)
{
	affiliates_clear(r);
	r->unresolved_n = entry->unresolved_n;
	for (size_t i = 0; i < entry->person_n; i++)
		if (is_more(r, &entry->people[i]))
			affiliate_put(r, &entry->people[i]);
	mend_take(r, entry);
}

void room_take(struct room *r, const struct xdb_room *entry)
{
	config_fini(&r->config);
	config_read(&r->config, entry);
	set(&r->dn, entry->dn);
	set(&r->uuid, entry->uuid);
	set(&r->subject.text, entry->subject);
	take_people(r, entry);
	bound_follow(r, entry->bound_to, &entry->bound_state);
	log_event(LOG_DEBUG, "room-loaded", "-", "room=%s people=%zu",
	    log_text(jid_bare(&r->jid)), entry->person_n);
}

void room_reconfigure(struct room *r, struct room_config *next)
{
	struct room_config was = r->config;
	unsigned codes[CONFIG_CODES];

	r->config = *next;
	config_changes(&was, &r->config, codes);
	if (codes[0] != 0)
		room_tell_codes(r, codes);
	if (was.is_moderated && !r->config.is_moderated)
		affiliations_give_voice(r);
	config_fini(&was);
	bound_apply(r);
}

void room_sync(struct room *r, const struct xdb_room *entry)
{
	struct room_config next;

	set(&r->dn, entry->dn);
	set(&r->uuid, entry->uuid);
	r->is_locked = false;
	take_people(r, entry);
	if (!slice_eq(buf_slice(&r->subject.text), entry->subject)) {
		subject_set(r, entry->subject, SLICE(""), wall_now_ms());
		room_tell_subject(r);
	}
	bound_follow(r, entry->bound_to, &entry->bound_state);
	config_read(&next, entry);
	room_reconfigure(r, &next);
}

void room_vanished(struct room *r)
{
	struct arena a = { NULL };
	struct elem *destroy = elem_new(&a, NS_MUC_USER, "destroy");

	log_event(LOG_INFO, "room-vanished", "-", "room=%s",
	    log_text(jid_bare(&r->jid)));
	presence_dissolve(r, destroy, 0);
	room_end(r);
	arena_fini(&a);
}

struct xdb_room *room_entry(struct arena *a, const struct room *r,
    const struct room_config *config)
{
	struct xdb_room *entry = ARENA_NEW(a, struct xdb_room);
	const struct affiliate *x;
	size_t at = 0;

	entry->dn = buf_slice(&r->dn);
	entry->name = jid_local(&r->jid);
	entry->subject = buf_slice(&r->subject.text);
	config_write(config, a, entry);
	entry->people = arena_alloc(a, (map_count(&r->affiliates) + 1)
	    * sizeof *entry->people);
	while ((x = affiliate_next(r, &at)) != NULL)
		entry->people[entry->person_n++] = x->person;
	return entry;
}
