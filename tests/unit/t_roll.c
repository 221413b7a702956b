/* SPDX-License-Identifier: Apache-2.0 */
/* Rolls: who is on a list, compactly. */
#include "core/roll.h"
#include "tests/tap.h"

#include <stdio.h>

#include "xdb_ldap/xdb.h"

enum { MANY = 20000 };

static struct slice numbered(char *text, size_t room, const char *stem, int i)
{
	return slice_make(text, (size_t)snprintf(text, room, "%s%d", stem, i));
}

static void a_few(void)
{
	char longest[1024];
	struct roll l;

	memset(longest, 'x', sizeof longest);
	roll_init(&l, 4);
	ok(roll_find(&l, SLICE("ann")) == 0
	    && !roll_has_person(&l, SLICE("1")), "an empty roll has nobody");
	ok(roll_add(&l, SLICE("ann"), SLICE("1"), GROUP_MEMBER)
	    && roll_add(&l, SLICE("íñigo"), SLICE("2"), GROUP_OWNER), "two are added");
	ok(!roll_add(&l, SLICE(""), SLICE("3"), GROUP_MEMBER)
	    && !roll_add(&l, slice_make(longest, 1024), SLICE("3"), GROUP_MEMBER),
	    "no name and too long a name are not");
	ok(roll_add(&l, slice_make(longest, 1023), SLICE("4"), GROUP_EDITOR)
	    && roll_find(&l, slice_make(longest, 1023)) == GROUP_EDITOR,
	    "the longest name is");
	is_int(roll_find(&l, SLICE("ann")), GROUP_MEMBER, "a member");
	is_int(roll_find(&l, SLICE("íñigo")), GROUP_OWNER, "an owner");
	is_int(roll_find(&l, SLICE("an")), 0, "a prefix is nobody");
	ok(roll_has_person(&l, SLICE("2")) && !roll_has_person(&l, SLICE("3")),
	    "people are known by their entries, too");
	roll_fini(&l);
}

static void twice(void)
{
	struct roll l, once;

	roll_init(&l, 2);
	roll_init(&once, 2);
	roll_add(&l, SLICE("ann"), SLICE("1"), GROUP_MEMBER);
	roll_add(&l, SLICE("ann"), SLICE("1"), GROUP_EDITOR);
	roll_add(&l, SLICE("ann"), SLICE("1"), GROUP_MEMBER);
	roll_add(&once, SLICE("ann"), SLICE("1"), GROUP_EDITOR | GROUP_MEMBER);
	is_int(roll_find(&l, SLICE("ann")), GROUP_MEMBER | GROUP_EDITOR, "named twice: both count");
	ok(l.n == 1 && l.print == once.print, "and it is the same roll");
	roll_fini(&l);
	roll_fini(&once);
}

static void prints(void)
{
	struct roll a, b;

	roll_init(&a, 3);
	roll_init(&b, 3);
	roll_add(&a, SLICE("ann"), SLICE("1"), GROUP_MEMBER);
	roll_add(&a, SLICE("bob"), SLICE("2"), GROUP_OWNER);
	roll_add(&b, SLICE("bob"), SLICE("2"), GROUP_OWNER);
	roll_add(&b, SLICE("ann"), SLICE("1"), GROUP_MEMBER);
	ok(a.print == b.print, "in another order the same print");
	roll_add(&b, SLICE("cem"), SLICE("3"), GROUP_MEMBER);
	ok(a.print != b.print, "with one more another");
	roll_fini(&a);
	roll_fini(&b);
	roll_init(&a, 3);
	roll_init(&b, 3);
	roll_add(&a, SLICE("ann"), SLICE("1"), GROUP_MEMBER);
	roll_add(&a, SLICE("bob"), SLICE("2"), GROUP_OWNER);
	roll_add(&b, SLICE("ann"), SLICE("1"), GROUP_OWNER);
	roll_add(&b, SLICE("bob"), SLICE("2"), GROUP_MEMBER);
	ok(a.print != b.print, "two who change places make another");
	roll_fini(&a);
	roll_fini(&b);
}

static void many(void)
{
	struct roll l;
	char name[32], uuid[32];
	unsigned roles;
	size_t at = 0, n = 0, wrong = 0;
	struct slice found;

	roll_init(&l, MANY);
	for (int i = 0; i < MANY; i++)
		wrong += !roll_add(&l, numbered(name, sizeof name, "persona", i),
		    numbered(uuid, sizeof uuid, "u", i),
		    i % 3 ? GROUP_MEMBER : GROUP_EDITOR);
	for (int i = 0; i < MANY; i++)
		wrong += roll_find(&l, numbered(name, sizeof name, "persona", i))
		    != (i % 3 ? GROUP_MEMBER : GROUP_EDITOR)
		    || roll_find(&l, numbered(name, sizeof name, "nadie", i))
		    != 0
		    || !roll_has_person(&l, numbered(uuid, sizeof uuid, "u", i));
	while (roll_next(&l, &at, &found, &roles))
		n += slice_eq(found, numbered(name, sizeof name, "persona", (int)n))
		    && roles == (n % 3 ? GROUP_MEMBER : GROUP_EDITOR);
	ok(wrong == 0 && l.n == MANY, "twenty thousand are found, others are not");
	is_int((long)n, MANY, "and told in order");
	ok((l.rows.room + l.room * 12) / MANY <= 80, "in 80 bytes each, at most");
	roll_fini(&l);
}

int main(void)
{
	a_few();
	twice();
	prints();
	many();
	return done();
}
