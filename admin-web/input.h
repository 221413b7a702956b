/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/input.h — text that people and scripts send, taken apart strictly.
 *
 * Everything here is a pure function of its bytes: it is what the unit tests
 * and the fuzzers drive. */
#ifndef WEB_INPUT_H
#define WEB_INPUT_H

#include "base/str.h"

/* Strict UTF-8 (RFC 3629) without control characters; line breaks and tabs
 * only where `may_break`. */
bool input_is_text(struct slice s, bool may_break);

/* How many characters a good text has. */
size_t input_characters(struct slice s);

/* Is there nothing to be seen in this good text?  White space of all kinds, and
 * characters without a shape.  True of "". */
bool input_is_blank(struct slice s);

/* --- forms: application/x-www-form-urlencoded ------------------------------------- */

enum { FORM_FIELDS_MOST = 40, FORM_VALUE_MOST = 8192 };

struct form_field { struct slice name, value; };
struct form { struct form_field v[FORM_FIELDS_MOST]; size_t n; };

/* Decodes body or query (without '?').  False: a bad escape, a NUL, no UTF-8,
 * a name twice, too many fields.  Line ends become \n; memory from `a`. */
bool form_parse(struct arena *a, struct slice text, struct form *form_r);
/* The value without white space around it; empty when there is none. */
struct slice form_get(const struct form *f, const char *name);
/* The value as it came: for passwords. */
struct slice form_get_exact(const struct form *f, const char *name);
bool form_has(const struct form *f, const char *name);
/* A checkbox: any value but none. */
bool form_is_on(const struct form *f, const char *name);

/* Percent-encodes all but letters, digits and -_.~ (RFC 3986 §2.3). */
void input_url_piece(struct buf *out, struct slice s);

/* --- what may be stored ------------------------------------------------------------- */

/* A name that may become the local part of an address here: ASCII letters,
 * digits and a few marks, no two dots in a row, 1 to 64 bytes.  Written in lower
 * case to `a`; NULL: it may not.  (Preparing other scripts is the im process's
 * business: such people get their account when they first log in.) */
const char *input_local_part(struct arena *a, struct slice name);

/* One @, something on both sides, no spaces, and ASCII alone, since that is all
 * the attribute mail can hold (RFC 4524 §2.16): the rest is for the mail server. */
bool input_is_mail(struct slice s);

/* Is this media type `want`, with no parameter but charset=utf-8? */
bool input_media_is(struct slice content_type, const char *want);

/* How deep arrays and objects of a JSON text nest; strings are skipped. */
unsigned input_json_depth(struct slice text);

#endif
