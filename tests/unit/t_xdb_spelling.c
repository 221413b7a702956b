/* SPDX-License-Identifier: Apache-2.0 */
/* Names as they are typed find names as they are written. */
#include "tests/tap.h"

#include "xdb_ldap/spelling.h"

static bool finds(struct arena *a, const char *typed, const char *written)
{
	struct slice out[SPELLINGS_MOST];
	size_t n = spelling_variants(a, slice_of(typed), out);

	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(out[i], slice_of(written)))
			return true;
	return false;
}

static void test_fold(struct arena *a)
{
	static const struct { const char *name, *folded; } cases[] = {
		{ "García", "garcia" }, { "ÁÉÍÓÚ Ñ Ç ü", "aeiou n c u" },
		{ "Łódź", "lodz" }, { "Д", "Д" }, { "", "" }, { "O'Neill", "o'neill" },
		{ "\xc3", "\xc3" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice s = spelling_fold(a, slice_of(cases[i].name));

		is_str(slice_cstr(a, s), cases[i].folded, cases[i].name);
	}
}

static void test_variants(struct arena *a)
{
	static const struct { const char *typed, *written; bool found; } cases[] = {
		{ "garcia", "garcía", true }, { "garcía", "garcia", true },
		{ "garcía", "garcía", true }, { "GARCIA", "garcía", true },
		{ "nunez", "núñez", true }, { "nuñez", "núñez", true },
		{ "muller", "müller", true }, { "francesc", "françesc", true },
		{ "sola", "solà", true }, { "garcia", "garcias", false },
		{ "Дима", "Дима", true }, { "x", "x", true },
	};
	struct slice out[SPELLINGS_MOST];

	for (size_t i = 0; i < COUNT(cases); i++)
		okf(finds(a, cases[i].typed, cases[i].written) == cases[i].found,
		    "%s %s %s", cases[i].typed, cases[i].found ? "finds"
		    : "does not find", cases[i].written);
	ok(spelling_variants(a, SLICE("nananananananananananananana"), out)
	    == SPELLINGS_MOST, "there is an end to the spellings");
	ok(spelling_variants(a, SLICE("\xc3"), out) >= 1, "half a letter is one");
}

int main(void)
{
	struct arena a = { NULL };

	test_fold(&a);
	test_variants(&a);
	arena_fini(&a);
	return done();
}
