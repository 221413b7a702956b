/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what to whom in a room: the matrix of XEP-0045 §5, all of it. */
#include "feat/muc/privilege.h"
#include "tests/tap.h"

static const enum xdb_affiliation everybody[] = { AFF_OUTCAST, AFF_NONE,
	AFF_MEMBER, AFF_ADMIN, AFF_OWNER };

/* What a moderator may do.  Four groups, for a moderator of affiliation none,
 * member, admin, owner; in each the target's: none, member, admin, owner. */
static const struct { enum role from, to; const char *who; } role_rows[] = {
	/* kick */
	{ ROLE_VISITOR,     ROLE_NONE,        "y--- yy-- yyy- yyyy" },
	{ ROLE_PARTICIPANT, ROLE_NONE,        "y--- yy-- yyy- yyyy" },
	{ ROLE_MODERATOR,   ROLE_NONE,        "---- ---- yyy- yyyy" },
	/* voice */
	{ ROLE_VISITOR,     ROLE_PARTICIPANT, "y--- yy-- yyy- yyyy" },
	{ ROLE_PARTICIPANT, ROLE_VISITOR,     "y--- yy-- yy-- yy--" },
	{ ROLE_MODERATOR,   ROLE_VISITOR,     "---- ---- yy-- yy--" },
	/* moderators */
	{ ROLE_VISITOR,     ROLE_MODERATOR,   "---- ---- yyy- yyyy" },
	{ ROLE_PARTICIPANT, ROLE_MODERATOR,   "---- ---- yyy- yyyy" },
	{ ROLE_MODERATOR,   ROLE_PARTICIPANT, "---- ---- yy-- yy--" },
};

static void roles_by_moderators(void)
{
	for (size_t i = 0; i < COUNT(role_rows); i++)
		for (int actor = AFF_NONE; actor <= AFF_OWNER; actor++)
			for (int target = AFF_NONE; target <= AFF_OWNER; target++) {
				char want = role_rows[i].who[actor * 5 + target];
				enum verdict v = role_change(
				    (struct standing){ actor, ROLE_MODERATOR },
				    (struct standing){ target, role_rows[i].from },
				    role_rows[i].to);

				okf(v == (want == 'y' ? VERDICT_ALLOWED
				    : VERDICT_NOT_ALLOWED),
				    "RTE-03 moderator/%s makes %s/%s a %s: %c",
				    affiliation_name(actor),
				    role_name(role_rows[i].from),
				    affiliation_name(target),
				    role_name(role_rows[i].to), want);
			}
}

static void roles_by_others(void)
{
	unsigned wrong = 0;

	for (int role = ROLE_NONE; role < ROLE_MODERATOR; role++)
		for (int actor = AFF_OUTCAST; actor <= AFF_OWNER; actor++)
			for (size_t i = 0; i < COUNT(role_rows); i++)
				wrong += role_change(
				    (struct standing){ actor, role },
				    (struct standing){ AFF_NONE, role_rows[i].from },
				    role_rows[i].to) != VERDICT_FORBIDDEN;
	is_int(wrong, 0, "RTE-03 who is no moderator changes no role, not even an owner");
}

/* Rows: the actor; columns: from; in each a letter for `to` outcast … owner:
 * y allowed, f forbidden (may not give that), n not allowed (target too high). */
static const struct { enum xdb_affiliation actor; const char *to[5]; } grants[] = {
	{ AFF_OUTCAST, { "fffff", "fffff", "fffff", "fffff", "fffff" } },
	{ AFF_NONE,    { "fffff", "fffff", "fffff", "fffff", "fffff" } },
	{ AFF_MEMBER,  { "fffff", "fffff", "fffff", "fffff", "fffff" } },
	{ AFF_ADMIN,   { "yyyff", "yyyff", "yyyff", "nnnff", "nnnff" } },
	{ AFF_OWNER,   { "yyyyy", "yyyyy", "yyyyy", "yyyyy", "yyyyy" } },
};

static void affiliations(void)
{
	static const char letters[] = { [VERDICT_ALLOWED] = 'y',
		[VERDICT_FORBIDDEN] = 'f', [VERDICT_NOT_ALLOWED] = 'n' };

	for (size_t a = 0; a < COUNT(grants); a++)
		for (size_t f = 0; f < COUNT(everybody); f++)
			for (size_t t = 0; t < COUNT(everybody); t++)
				okf(letters[affiliation_change(grants[a].actor,
				    everybody[f], everybody[t])]
				    == grants[a].to[f][t],
				    "RTE-03 %s makes %s %s: %c",
				    affiliation_name(grants[a].actor),
				    affiliation_name(everybody[f]),
				    affiliation_name(everybody[t]),
				    grants[a].to[f][t]);
}

/* Columns: the list of outcasts, none, members, admins, owners. */
static const struct { enum xdb_affiliation actor; const char *closed, *known; } lists[] = {
	{ AFF_OUTCAST, "-----", "-----" },
	{ AFF_NONE,    "-----", "-----" },
	{ AFF_MEMBER,  "-----", "--yyy" },
	{ AFF_ADMIN,   "yyyyy", "yyyyy" },
	{ AFF_OWNER,   "yyyyy", "yyyyy" },
};

static void listing(void)
{
	for (size_t a = 0; a < COUNT(lists); a++)
		for (size_t l = 0; l < COUNT(everybody); l++) {
			okf(affiliation_may_list(lists[a].actor, everybody[l], false)
			    == (lists[a].closed[l] == 'y'), "%s lists %s",
			    affiliation_name(lists[a].actor),
			    affiliation_name(everybody[l]));
			okf(affiliation_may_list(lists[a].actor, everybody[l], true)
			    == (lists[a].known[l] == 'y'),
			    "%s lists %s of a members-only room with known addresses",
			    affiliation_name(lists[a].actor),
			    affiliation_name(everybody[l]));
		}
}

static void entering(void)
{
	is_int(role_on_entry(AFF_OUTCAST, false), ROLE_NONE, "an outcast has no role");
	is_int(role_on_entry(AFF_NONE, false), ROLE_PARTICIPANT, "anyone speaks in an open room");
	is_int(role_on_entry(AFF_NONE, true), ROLE_VISITOR, "a stranger is silent in a moderated room");
	is_int(role_on_entry(AFF_MEMBER, true), ROLE_PARTICIPANT, "a member has voice in a moderated room");
	is_int(role_on_entry(AFF_ADMIN, true), ROLE_MODERATOR, "an admin moderates");
	is_int(role_on_entry(AFF_OWNER, false), ROLE_MODERATOR, "an owner moderates");
	is_int(role_after(ROLE_MODERATOR, AFF_ADMIN, AFF_NONE, true), ROLE_VISITOR,
	    "with admin goes moderator");
	is_int(role_after(ROLE_VISITOR, AFF_NONE, AFF_MEMBER, true), ROLE_PARTICIPANT,
	    "with membership comes voice");
	is_int(role_after(ROLE_PARTICIPANT, AFF_MEMBER, AFF_NONE, true), ROLE_PARTICIPANT,
	    "voice in the room stays when membership goes");
	is_int(role_after(ROLE_PARTICIPANT, AFF_NONE, AFF_OWNER, false), ROLE_MODERATOR,
	    "an owner becomes moderator");
	is_int(role_after(ROLE_MODERATOR, AFF_NONE, AFF_MEMBER, false), ROLE_MODERATOR,
	    "a moderator who becomes a member stays one");
	is_int(role_after(ROLE_MODERATOR, AFF_OWNER, AFF_OUTCAST, false), ROLE_NONE,
	    "an outcast is out");
}

static void whispering(void)
{
	static const struct { enum private_rule rule; const char *who; } rows[] = {
		{ PRIVATE_ANYONE, "-yyy" }, { PRIVATE_PARTICIPANTS, "--yy" },
		{ PRIVATE_MODERATORS, "---y" }, { PRIVATE_NOBODY, "----" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (int r = ROLE_NONE; r <= ROLE_MODERATOR; r++)
			okf(role_may_whisper(r, rows[i].rule) == (rows[i].who[r] == 'y'),
			    "private messages by rule %zu of %s", i, role_name(r));
}

static void words(void)
{
	enum xdb_affiliation a;
	enum role r;

	for (size_t i = 0; i < COUNT(everybody); i++)
		ok(affiliation_parse(slice_of(affiliation_name(everybody[i])), &a)
		    && a == everybody[i], affiliation_name(everybody[i]));
	for (int i = ROLE_NONE; i <= ROLE_MODERATOR; i++)
		ok(role_parse(slice_of(role_name(i)), &r) && (int)r == i, role_name(i));
	ok(!affiliation_parse(SLICE("Owner"), &a), "affiliations are lower case");
	ok(!role_parse(SLICE(""), &r), "nothing is no role");
}

int main(void)
{
	roles_by_moderators();
	roles_by_others();
	affiliations();
	listing();
	entering();
	whispering();
	words();
	return done();
}
