/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/text.h — every sentence people read, in each language.
 *
 * A table compiled in (text.def) and not gettext catalogues: the language is a
 * property of each request, not of the process; a sentence without its
 * translation does not compile; and nothing has to be installed or found at
 * run time.  {} in a sentence stands for a value. */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

#include "base/str.h"

enum lang { LANG_EN, LANG_ES, LANG_COUNT };

enum text {
#define T(id, en, es) T_##id,
#include "admin-web/text.def"
#undef T
	T_COUNT
};

/* "en", "es": for the lang attribute and Content-Language. */
const char *lang_tag(enum lang lang);
/* The name of a language, in that language. */
const char *lang_name(enum lang lang);
/* False when it is none of ours. */
bool lang_parse(struct slice tag, enum lang *lang_r);
/* The best of ours for an Accept-Language (RFC 9110 §12.5.4); English if none. */
enum lang lang_accepted(struct slice accept_language);

const char *text_get(enum lang lang, enum text id);
/* The sentence with its {}s filled in turn; plain text, memory from `a`. */
const char *text_with(struct arena *a, enum lang lang, enum text id,
    const struct slice *values, size_t n);

#endif
