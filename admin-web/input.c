/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/input.c — text that people and scripts send, taken apart strictly. */
#include "admin-web/input.h"

#include "base/enc.h"

/* --- text ----------------------------------------------------------------------------- */

/* Length of the UTF-8 character at p, 0 when it is none (RFC 3629 §4). */
static size_t char_length(const unsigned char *p, size_t n)
{
	size_t more = p[0] < 0x80 ? 0 : p[0] < 0xc2 ? 4 : p[0] < 0xe0 ? 1
	    : p[0] < 0xf0 ? 2 : p[0] < 0xf5 ? 3 : 4;

	if (more == 4 || n <= more)
		return 0;
	for (size_t i = 1; i <= more; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)
	    || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return more + 1;
}

static bool is_control(const unsigned char *p, bool may_break)
{
	if (p[0] < 0x20)
		return !(may_break && (p[0] == '\n' || p[0] == '\r' || p[0] == '\t'));
	/* DEL, and the C1 controls U+0080 to U+009F */
	return p[0] == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0);
}

bool input_is_text(struct slice s, bool may_break)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t at = 0, n;

	for (; at < s.n; at += n) {
		n = char_length(p + at, s.n - at);
		if (n == 0 || is_control(p + at, may_break))
			return false;
	}
	return true;
}

size_t input_characters(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* Unicode 15: White_Space, then what is shown as nothing (Default_Ignorable,
 * and the fillers and blanks that titles are hidden with). */
static const struct { uint32_t from, to; } blanks[] = {
	{ 0x0009, 0x000d }, { 0x0020, 0x0020 }, { 0x0085, 0x0085 },
	{ 0x00a0, 0x00a0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a },
	{ 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f },
	{ 0x3000, 0x3000 },
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c },
	{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
	{ 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f },
	{ 0x2800, 0x2800 }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfff8 },
	{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

/* The character of n bytes at p. */
static uint32_t char_value(const unsigned char *p, size_t n)
{
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

static bool is_blank(uint32_t c)
{
	for (size_t i = 0; i < COUNT(blanks); i++)
		if (c >= blanks[i].from && c <= blanks[i].to)
			return true;
	return false;
}

bool input_is_blank(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t at = 0, n;

	for (; at < s.n; at += n) {
		n = char_length(p + at, s.n - at);
		if (n == 0 || !is_blank(char_value(p + at, n)))
			return false;
	}
	return true;
}

/* --- forms ---------------------------------------------------------------------------- */

static bool piece_decode(struct arena *a, struct slice piece, struct slice *out_r)
{
	struct buf spaced = { 0 }, plain = { 0 };
	bool is_good;

	buf_reserve(&spaced, piece.n);  /* it does not move */
	for (size_t i = 0; i < piece.n; i++)
		buf_addc(&spaced, piece.p[i] == '+' ? ' ' : piece.p[i]);
	is_good = dec_percent(&plain, buf_slice(&spaced))
	    && plain.n <= FORM_VALUE_MOST && input_is_text(buf_slice(&plain), true);
	if (is_good) {
		size_t to = 0;

		for (size_t i = 0; i < plain.n; i++)    /* CR LF to LF */
			if (plain.p[i] != '\r')
				plain.p[to++] = plain.p[i];
		plain.n = to;
		*out_r = slice_dup(a, buf_slice(&plain));
	}
	buf_wipe(&spaced);      /* a password may have been in it */
	buf_wipe(&plain);
	return is_good;
}

static const struct form_field *field_find(const struct form *f, struct slice name)
{
	for (size_t i = 0; i < f->n; i++)
		if (slice_eq(f->v[i].name, name))
			return &f->v[i];
	return NULL;
}

bool form_parse(struct arena *a, struct slice text, struct form *form_r)
{
	struct slice rest = text, pair, name, value;

	form_r->n = 0;
	while (rest.n != 0) {
		struct form_field field;

		slice_cut(rest, '&', &pair, &rest);
		slice_cut(pair, '=', &name, &value);
		if (form_r->n == FORM_FIELDS_MOST
		    || !piece_decode(a, name, &field.name)
		    || !piece_decode(a, value, &field.value)
		    || field.name.n == 0
		    || field_find(form_r, field.name) != NULL)
			return false;
		form_r->v[form_r->n++] = field;
	}
	return true;
}

struct slice form_get_exact(const struct form *f, const char *name)
{
	const struct form_field *field = field_find(f, slice_of(name));

	return field != NULL ? field->value : (struct slice){ "", 0 };
}

struct slice form_get(const struct form *f, const char *name)
{
	return slice_trim(form_get_exact(f, name));
}

bool form_has(const struct form *f, const char *name)
{
	return field_find(f, slice_of(name)) != NULL;
}

bool form_is_on(const struct form *f, const char *name)
{
	return form_get(f, name).n != 0;
}

void input_url_piece(struct buf *out, struct slice s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		    || (c >= '0' && c <= '9')
		    || (c != '\0' && strchr("-_.~", c) != NULL)) {
			buf_addc(out, (char)c);
			continue;
		}
		buf_addc(out, '%');
		buf_addc(out, digits[c >> 4]);
		buf_addc(out, digits[c & 15]);
	}
}

/* --- what may be stored ----------------------------------------------------------------- */

const char *input_local_part(struct arena *a, struct slice name)
{
	char *out;

	if (name.n == 0 || name.n > 64)
		return NULL;
	out = slice_cstr(a, name);
	for (char *p = out; *p != '\0' || p != out + name.n; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')
		    || (*p != '\0' && strchr("-_.~+=!$*", *p) != NULL)))
			return NULL;
	}
	/* No segment of a path with these in it gets past http_guard.c: nobody
	 * could ask for what was made. */
	return strstr(out, "..") == NULL && strcmp(out, ".") != 0 ? out : NULL;
}

bool input_is_mail(struct slice s)
{
	struct slice local, host, more;

	if (s.n > 254 || !slice_cut(s, '@', &local, &host)
	    || local.n == 0 || local.n > 64 || host.n == 0
	    || slice_cut(host, '@', &local, &more))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~'
		    || strchr("<>(),;:\"\\", s.p[i]) != NULL)
			return false;
	return true;
}

bool input_media_is(struct slice content_type, const char *want)
{
	struct slice type, parameter, name, value;

	slice_cut(content_type, ';', &type, &parameter);
	if (!slice_eq_nocase(slice_trim(type), slice_of(want)))
		return false;
	parameter = slice_trim(parameter);
	if (parameter.n == 0)
		return true;
	slice_cut(parameter, '=', &name, &value);
	return slice_eq_nocase(name, SLICE("charset"))
	    && (slice_eq_nocase(value, SLICE("utf-8"))
	    || slice_eq_nocase(value, SLICE("\"utf-8\"")));
}

unsigned input_json_depth(struct slice text)
{
	unsigned depth = 0, deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > deepest)
				deepest = depth;
		} else if ((c == '}' || c == ']') && depth != 0) {
			depth--;
		}
	}
	return deepest;
}
