/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/text.c — languages and their sentences. */
#include "admin-web/text.h"

static const char *const texts[T_COUNT][LANG_COUNT] = {
#define T(id, en, es) [T_##id] = { en, es },
#include "admin-web/text.def"
#undef T
};

static const struct language { const char *tag, *name; } languages[LANG_COUNT] = {
	[LANG_EN] = { "en", "English" },
	[LANG_ES] = { "es", "Español" },
};

const char *lang_tag(enum lang lang)
{
	return languages[lang].tag;
}

const char *lang_name(enum lang lang)
{
	return languages[lang].name;
}

bool lang_parse(struct slice tag, enum lang *lang_r)
{
	struct slice primary, region;

	slice_cut(tag, '-', &primary, &region);
	for (unsigned i = 0; i < LANG_COUNT; i++)
		if (slice_eq_nocase(primary, slice_of(languages[i].tag))) {
			*lang_r = (enum lang)i;
			return true;
		}
	return false;
}

/* "q=0.8" in thousandths; 1000 when there is none, 0 when it makes no sense. */
static unsigned quality(struct slice parameter)
{
	struct slice whole, part;
	unsigned q = 0, unit = 100;

	parameter = slice_trim(parameter);
	if (parameter.n == 0)
		return 1000;
	if (!slice_starts(parameter, SLICE("q=")))
		return 0;
	slice_cut(slice_make(parameter.p + 2, parameter.n - 2), '.', &whole, &part);
	if (slice_is(whole, "1"))
		return 1000;
	if (!slice_is(whole, "0"))
		return 0;
	for (size_t i = 0; i < part.n && unit != 0; i++, unit /= 10) {
		if (part.p[i] < '0' || part.p[i] > '9')
			return 0;
		q += (unsigned)(part.p[i] - '0') * unit;
	}
	return q;
}

enum lang lang_accepted(struct slice accept_language)
{
	struct slice rest = accept_language, range, tag, parameter;
	enum lang best = LANG_EN, lang;
	unsigned best_q = 0;

	while (rest.n != 0) {
		slice_cut(rest, ',', &range, &rest);
		slice_cut(range, ';', &tag, &parameter);
		if (lang_parse(slice_trim(tag), &lang)
		    && quality(parameter) > best_q) {
			best = lang;
			best_q = quality(parameter);
		}
	}
	return best;
}

const char *text_get(enum lang lang, enum text id)
{
	return texts[id][lang];
}

const char *text_with(struct arena *a, enum lang lang, enum text id,
    const struct slice *values, size_t n)
{
	const char *p = texts[id][lang], *hole;
	struct buf out = { 0 };
	const char *text;

	for (size_t i = 0; i < n && (hole = strstr(p, "{}")) != NULL; i++) {
		buf_add(&out, slice_make(p, (size_t)(hole - p)));
		buf_add(&out, values[i]);
		p = hole + 2;
	}
	buf_adds(&out, p);
	text = slice_cstr(a, buf_slice(&out));
	buf_fini(&out);
	return text;
}
