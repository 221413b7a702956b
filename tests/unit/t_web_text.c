/* SPDX-License-Identifier: Apache-2.0 */
/* Every sentence is there in each language, and says where its values go. */
#include "tests/tap.h"

#include "admin-web/input.h"
#include "admin-web/text.h"

static const char *const names[T_COUNT] = {
#define T(id, en, es) #id,
#include "admin-web/text.def"
#undef T
};

/* The same word in both languages, and rightly so. */
static bool may_be_alike(const char *name)
{
	static const char *const alike[] = { "TITLE" };

	for (size_t i = 0; i < COUNT(alike); i++)
		if (strcmp(name, alike[i]) == 0)
			return true;
	return false;
}

static unsigned holes(const char *text)
{
	unsigned n = 0;

	for (; (text = strstr(text, "{}")) != NULL; text += 2)
		n++;
	return n;
}

static bool ends_alike(const char *a, const char *b)
{
	char x = a[strlen(a) - 1], y = b[strlen(b) - 1];
	const char *marks = ".:?!";

	return (strchr(marks, x) != NULL) == (strchr(marks, y) != NULL);
}

static void check_table(void)
{
	for (unsigned i = 0; i < T_COUNT; i++) {
		const char *en = text_get(LANG_EN, (enum text)i);
		const char *es = text_get(LANG_ES, (enum text)i);

		okf(*en != '\0' && *es != '\0', "%s is there", names[i]);
		okf(holes(en) == holes(es), "%s has as many values", names[i]);
		okf(may_be_alike(names[i]) || strcmp(en, es) != 0,
		    "%s is translated", names[i]);
		okf(input_is_text(slice_of(en), false)
		    && input_is_text(slice_of(es), false), "%s is text", names[i]);
		okf(ends_alike(en, es), "%s ends alike", names[i]);
		okf((strchr(es, '?') != NULL) == (strstr(es, "\xc2\xbf") != NULL),
		    "%s asks as Spanish does", names[i]);
	}
}

static const struct { const char *header; enum lang lang; } accepted[] = {
	{ "", LANG_EN }, { "es", LANG_ES }, { "ES", LANG_ES }, { "es-MX", LANG_ES },
	{ "en, es", LANG_EN }, { "es, en", LANG_ES }, { "fr", LANG_EN },
	{ "fr, es;q=0.1", LANG_ES }, { "en;q=0.5, es;q=0.8", LANG_ES },
	{ "en;q=0.501, es;q=0.5", LANG_EN }, { "es;q=0", LANG_EN },
	{ "es;q=1.000", LANG_ES }, { "es;q=7", LANG_EN }, { "es;q=", LANG_EN },
	{ "es;x=1", LANG_EN }, { ",,,es", LANG_ES }, { "estonian", LANG_EN },
	{ ";q=1", LANG_EN }, { "*", LANG_EN }, { "es;q=0.5, en;q=0.5", LANG_ES },
};

int main(void)
{
	struct arena a = { 0 };
	struct slice values[] = { SLICE_INIT("<2>"), SLICE_INIT("{}") };

	check_table();
	for (size_t i = 0; i < COUNT(accepted); i++)
		okf(lang_accepted(slice_of(accepted[i].header))
		    == accepted[i].lang, "Accept-Language: %s",
		    accepted[i].header);
	is_str(text_with(&a, LANG_EN, T_PAGE_OF, values, 2), "Page <2> of {}",
	    "values go where they belong, and are not read again");
	is_str(text_with(&a, LANG_EN, T_PAGE_OF, values, 1), "Page <2> of {}",
	    "too few values leave the rest");
	is_str(text_with(&a, LANG_EN, T_SIGN_IN, values, 2), "Sign in",
	    "too many values are left");
	arena_fini(&a);
	return done();
}
