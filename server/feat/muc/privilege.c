/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/privilege.c — the tables of XEP-0045 §5. */
#include "feat/muc/privilege.h"

enum { FIRST = AFF_OUTCAST, ROLES = ROLE_MODERATOR + 1,
	AFFILIATIONS = AFF_OWNER - AFF_OUTCAST + 1 };

static const char *const roles[ROLES] = {
	[ROLE_NONE] = "none", [ROLE_VISITOR] = "visitor",
	[ROLE_PARTICIPANT] = "participant", [ROLE_MODERATOR] = "moderator",
};

static const char *const affiliations[AFFILIATIONS] = {
	[AFF_OUTCAST - FIRST] = "outcast", [AFF_NONE - FIRST] = "none",
	[AFF_MEMBER - FIRST] = "member", [AFF_ADMIN - FIRST] = "admin",
	[AFF_OWNER - FIRST] = "owner",
};

const char *role_name(enum role r)
{
	return roles[r];
}

bool role_parse(struct slice word, enum role *role_r)
{
	for (int i = 0; i < ROLES; i++)
		if (slice_is(word, roles[i])) {
			*role_r = (enum role)i;
			return true;
		}
	return false;
}

const char *affiliation_name(enum xdb_affiliation a)
{
	return affiliations[a - FIRST];
}

bool affiliation_parse(struct slice word, enum xdb_affiliation *affiliation_r)
{
	for (int i = 0; i < AFFILIATIONS; i++)
		if (slice_is(word, affiliations[i])) {
			*affiliation_r = (enum xdb_affiliation)(i + FIRST);
			return true;
		}
	return false;
}

/* --- roles that follow from affiliations (§5.1.2) --- */

static const struct { enum role in_open, in_moderated; } entry[AFFILIATIONS] = {
	[AFF_OUTCAST - FIRST] = { ROLE_NONE,        ROLE_NONE },
	[AFF_NONE - FIRST]    = { ROLE_PARTICIPANT, ROLE_VISITOR },
	[AFF_MEMBER - FIRST]  = { ROLE_PARTICIPANT, ROLE_PARTICIPANT },
	[AFF_ADMIN - FIRST]   = { ROLE_MODERATOR,   ROLE_MODERATOR },
	[AFF_OWNER - FIRST]   = { ROLE_MODERATOR,   ROLE_MODERATOR },
};

enum role role_on_entry(enum xdb_affiliation a, bool is_moderated)
{
	return is_moderated ? entry[a - FIRST].in_moderated
	    : entry[a - FIRST].in_open;
}

enum role role_after(enum role was, enum xdb_affiliation from,
    enum xdb_affiliation to, bool is_moderated)
{
	enum role fresh = role_on_entry(to, is_moderated);

	/* What came with admin or owner goes with it; what a moderator gave stays. */
	if (to == AFF_OUTCAST || from >= AFF_ADMIN)
		return fresh;
	return fresh > was ? fresh : was;
}

/* --- changing roles (§5.1.3, §8.2–8.6, §9.6–9.8) ---
 *
 * Only a moderator changes roles, and never those of somebody of a higher
 * affiliation.  Besides, the change asks for at least this affiliation of the
 * actor, and at most that of the target.
 *
 * §8.4 protects from losing voice whoever is "at or above" the moderator, §8.5
 * only whoever is "higher"; the first would leave a moderator without
 * affiliation nobody to moderate, so the second is followed. */
static const struct role_rule {
	bool is_a_change;
	enum xdb_affiliation actor_least, target_most;
} role_rules[ROLES][ROLES] = {
	[ROLE_VISITOR] = {
		[ROLE_NONE]        = { true, AFF_NONE,  AFF_OWNER },
		[ROLE_PARTICIPANT] = { true, AFF_NONE,  AFF_OWNER },
		[ROLE_MODERATOR]   = { true, AFF_ADMIN, AFF_OWNER },
	},
	[ROLE_PARTICIPANT] = {
		[ROLE_NONE]        = { true, AFF_NONE,  AFF_OWNER },
		[ROLE_VISITOR]     = { true, AFF_NONE,  AFF_MEMBER },
		[ROLE_MODERATOR]   = { true, AFF_ADMIN, AFF_OWNER },
	},
	[ROLE_MODERATOR] = {
		[ROLE_NONE]        = { true, AFF_ADMIN, AFF_OWNER },
		[ROLE_VISITOR]     = { true, AFF_ADMIN, AFF_MEMBER },
		[ROLE_PARTICIPANT] = { true, AFF_ADMIN, AFF_MEMBER },
	},
};

enum verdict role_change(struct standing actor, struct standing target,
    enum role to)
{
	const struct role_rule *rule = &role_rules[target.role][to];

	if (actor.role != ROLE_MODERATOR)
		return VERDICT_FORBIDDEN;
	if (!rule->is_a_change)
		return VERDICT_ALLOWED;         /* to what it is already */
	if (target.affiliation > actor.affiliation
	    || target.affiliation > rule->target_most
	    || actor.affiliation < rule->actor_least)
		return VERDICT_NOT_ALLOWED;
	return VERDICT_ALLOWED;
}

/* --- changing affiliations (§5.2.2, §9.1–9.5, §10.3–10.8) --- */

/* The highest affiliation one may take away or give; below AFF_OUTCAST: none. */
static const int reach[AFFILIATIONS] = {
	[AFF_OUTCAST - FIRST] = FIRST - 1, [AFF_NONE - FIRST] = FIRST - 1,
	[AFF_MEMBER - FIRST] = FIRST - 1, [AFF_ADMIN - FIRST] = AFF_MEMBER,
	[AFF_OWNER - FIRST] = AFF_OWNER,
};

enum verdict affiliation_change(enum xdb_affiliation actor,
    enum xdb_affiliation from, enum xdb_affiliation to)
{
	int most = reach[actor - FIRST];

	if (most < FIRST || (int)to > most)
		return VERDICT_FORBIDDEN;
	return (int)from > most ? VERDICT_NOT_ALLOWED : VERDICT_ALLOWED;
}

bool affiliation_may_list(enum xdb_affiliation actor,
    enum xdb_affiliation list, bool is_known)
{
	/* §9.5: a member may see who else is; end-to-end encryption to the
	 * whole room needs owners and admins as well. */
	return actor >= AFF_ADMIN
	    || (is_known && actor >= AFF_MEMBER && list >= AFF_MEMBER);
}

/* --- private messages (§7.5) --- */

static const enum role whisper_least[] = {
	[PRIVATE_ANYONE] = ROLE_VISITOR,
	[PRIVATE_PARTICIPANTS] = ROLE_PARTICIPANT,
	[PRIVATE_MODERATORS] = ROLE_MODERATOR,
	[PRIVATE_NOBODY] = ROLE_MODERATOR + 1,
};

bool role_may_whisper(enum role r, enum private_rule rule)
{
	return r >= whisper_least[rule];
}
