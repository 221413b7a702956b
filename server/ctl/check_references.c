/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_references.c — do the DNs in our entries follow whom they name?
 *
 * A room's imOwner is a DN and nothing else.  Where the directory does not take it along
 * when somebody is renamed, nor away when they leave, whoever is called so next owns the
 * room, or is banned from it (schema/README, Other directory servers).  Our identities
 * may neither rename nor remove people, but rooms: one room names another that goes. */
#include <time.h>

#include "ctl/checks.h"
#include "ctl/look.h"
#include "ctl/scratch.h"
#include "ctl/try.h"
#include "xdb_ldap/dn.h"

/* imPerson, which nobody of ours may change, is by the same overlay. */
static const enum attr names[] = {
	ATTR_OWNER, ATTR_ADMIN, ATTR_MEMBER, ATTR_OUTCAST
};
/* It is done behind the answer, soon (slapo-refint(5); referint-update-delay), and on a busy
 * server late.  Now and then slapd forgets it until the next such thing is to be done
 * (whoever comes while refint_qtask() stops finds it running yet), so another room goes
 * before it is said that nobody does it. */
enum { PATIENCE_MS = 5000, TRIES = 3, PAUSE_MS = 20 };

static bool is_named(struct doctor *d, enum attr attr)
{
	struct slice *values, gone = slice_of(d->scratch->dn[SCRATCH_ROOM]);
	size_t n = look_values(d, d->im, d->scratch->dn[SCRATCH_OTHER_ROOM],
	    doctor_attr(d, attr), &values);

	for (size_t i = 0; i < n; i++)
		if (dn_eq(values[i], gone))
			return true;
	return false;
}

/* False: these two rooms cannot be made, which access-im says. */
static bool rooms_made(struct doctor *d)
{
	const struct scratch *s = d->scratch;

	scratch_make(d, d->im, SCRATCH_ROOM, 0);
	scratch_make(d, d->im, SCRATCH_OTHER_ROOM, 0);
	return s->is_made[SCRATCH_ROOM] && s->is_made[SCRATCH_OTHER_ROOM];
}

static unsigned still_named(struct doctor *d, const bool *was_named)
{
	unsigned n = 0;

	for (size_t i = 0; i < COUNT(names); i++)
		n += was_named[i] && is_named(d, names[i]);
	return n;
}

static void wait_until_forgotten(struct doctor *d, const bool *was_named)
{
	static const struct timespec pause = { 0, PAUSE_MS * 1000000L };
	int64_t until = wire_now_ms() + PATIENCE_MS;

	while (still_named(d, was_named) != 0 && !d->im->is_broken
	    && wire_now_ms() < until)
		nanosleep(&pause, NULL);
}

static void judge(struct doctor *d, struct result *r, const bool *was_named)
{
	int64_t began = wire_now_ms();

	wait_until_forgotten(d, was_named);
	for (int i = 1; i < TRIES && still_named(d, was_named) != 0; i++) {
		scratch_make(d, d->im, SCRATCH_ROOM, 0);
		scratch_remove(d, NULL, SCRATCH_ROOM);
		wait_until_forgotten(d, was_named);
	}
	for (size_t i = 0; i < COUNT(names); i++)
		if (was_named[i] && is_named(d, names[i]))
			result_say(r, VERDICT_FAULT, "%s names an entry that is gone",
			    doctor_attr(d, names[i]));
	if (r->verdict == VERDICT_OK && wire_now_ms() - began > PATIENCE_MS)
		result_say(r, VERDICT_OK, "who is gone is named no more, but only "
		    "%u s later", (unsigned)((wire_now_ms() - began) / 1000));
	else if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "who is gone is named no more");
	else
		result_next(r, d->directory.root.preset == XDB_389DS
		    ? "turn on the plug-in Referential Integrity for imPerson, imOwner, "
		    "imAdmin, imMember and imOutcast (schema/README): whoever gets the "
		    "name of somebody who was renamed or left gets their rooms"
		    : "set the overlay refint on the database (schema/overlays.ldif): "
		    "whoever gets the name of somebody who was renamed or left gets "
		    "their rooms");
}

void check_references(struct doctor *d, struct result *r)
{
	bool was_named[COUNT(names)];
	unsigned n = 0;

	if (!rooms_made(d)) {
		result_say(r, VERDICT_SKIPPED, "no rooms could be made to try it");
		return;
	}
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct attempt a = { names[i], LDAP_MOD_ADD,
			d->scratch->dn[SCRATCH_ROOM], "" };

		was_named[i] = try_attempt(d, d->im,
		    d->scratch->dn[SCRATCH_OTHER_ROOM], &a) == LDAP_SUCCESS;
		n += was_named[i];
	}
	if (n != 0 && scratch_remove(d, NULL, SCRATCH_ROOM) == LDAP_SUCCESS)
		judge(d, r, was_named);
	else
		result_say(r, VERDICT_SKIPPED, "no room may name another, or be removed "
		    "(see access-im)");
	for (int kind = 0; kind < SCRATCH_N; kind++)
		if ((kind == SCRATCH_ROOM || kind == SCRATCH_OTHER_ROOM)
		    && d->scratch->is_made[kind])
			scratch_remove(d, NULL, (enum scratch_kind)kind);
}
