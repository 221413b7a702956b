/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/filter.c — filters (RFC 4515): an escaping writer and a strict
 * reader.  The reader is recursive, bounded, and walks the text once. */
#include "xdb_ldap/filter.h"

#include "base/enc.h"

static bool is_plain(unsigned char c)
{
	return c > 0x20 && c < 0x7f && c != '*' && c != '(' && c != ')'
	    && c != '\\';
}

/* More is escaped than must be: what is not plain ASCII cannot surprise. */
static void add_value(struct buf *out, struct slice value)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (is_plain(c)) {
			buf_addc(out, (char)c);
			continue;
		}
		buf_addc(out, '\\');
		buf_addc(out, digits[c >> 4]);
		buf_addc(out, digits[c & 15]);
	}
}

void filter_open(struct buf *out, char kind)
{
	buf_addc(out, '(');
	buf_addc(out, kind);
}

void filter_close(struct buf *out)
{
	buf_addc(out, ')');
}

static void compare(struct buf *out, const char *attribute, const char *how,
    struct slice value)
{
	buf_addc(out, '(');
	buf_adds(out, attribute);
	buf_adds(out, how);
	add_value(out, value);
	buf_addc(out, ')');
}

void filter_eq(struct buf *out, const char *attribute, struct slice value)
{
	compare(out, attribute, "=", value);
}

void filter_least(struct buf *out, const char *attribute, struct slice value)
{
	compare(out, attribute, ">=", value);
}

void filter_has(struct buf *out, const char *attribute, struct slice value)
{
	buf_addc(out, '(');
	buf_adds(out, attribute);
	buf_adds(out, "=*");
	if (value.n != 0) {
		add_value(out, value);
		buf_addc(out, '*');
	}
	buf_addc(out, ')');
}

void filter_begins(struct buf *out, const char *attribute, struct slice value)
{
	buf_addc(out, '(');
	buf_adds(out, attribute);
	buf_addc(out, '=');
	add_value(out, value);
	buf_adds(out, "*)");
}

void filter_present(struct buf *out, const char *attribute)
{
	filter_has(out, attribute, slice_make(NULL, 0));
}

void filter_raw(struct buf *out, const char *checked)
{
	buf_adds(out, checked);
}

/* --- the reader ------------------------------------------------------------- */

struct reader {
	const char *p, *end;
	unsigned depth;
	struct buf *shape;              /* NULL: only check */
	const char *why;
	/* filter_values: */
	struct slice wanted;
	filter_value_fn *fn;
	void *ctx;
};

static bool read_filter(struct reader *r);

static bool fail(struct reader *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	return false;
}

static bool read_char(struct reader *r, char c, const char *why)
{
	if (r->p == r->end || *r->p != c)
		return fail(r, why);
	r->p++;
	if (r->shape != NULL)
		buf_addc(r->shape, c);
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
	    || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'
	    || c == ';' || c == ':';
}

/* attribute, its options, or the rule of an extensible match */
static bool read_attribute(struct reader *r)
{
	const char *start = r->p;

	while (r->p < r->end && is_name_char(*r->p))
		r->p++;
	if (r->p == start)
		return fail(r, "an attribute name is missing");
	if (r->shape != NULL)
		buf_add(r->shape, slice_make(start, (size_t)(r->p - start)));
	if (r->p < r->end && (*r->p == '~' || *r->p == '<' || *r->p == '>'))
		return read_char(r, *r->p, "");
	return true;
}

static bool read_value(struct reader *r)
{
	for (; r->p < r->end && *r->p != ')'; r->p++) {
		if (*r->p == '(' || *r->p == '\0')
			return fail(r, "a parenthesis in a value must be written \\28 or \\29");
		if (*r->p == '*' && r->shape != NULL)
			buf_addc(r->shape, '*');
		if (*r->p != '\\')
			continue;
		if (r->end - r->p < 3 || !is_hex(r->p[1]) || !is_hex(r->p[2]))
			return fail(r, "a backslash must be followed by two hex digits");
		r->p += 2;
	}
	return true;
}

static void give_value(const struct reader *r, struct slice raw)
{
	struct buf value = { 0 };

	for (size_t i = 0; i < raw.n; i++)
		if (raw.p[i] == '\\') {
			dec_hex(&value, slice_make(raw.p + i + 1, 2));
			i += 2;
		} else {
			buf_addc(&value, raw.p[i]);
		}
	r->fn(buf_slice(&value), r->ctx);
	buf_fini(&value);
}

/* memberOf, and what has options, rules or another comparison behind that. */
static void look_at_item(const struct reader *r, const char *start)
{
	struct slice left, value;
	struct slice item = slice_make(start, (size_t)(r->p - start));
	size_t n = r->wanted.n;

	slice_cut(item, '=', &left, &value);
	if (left.n < n || !slice_eq_nocase(slice_make(left.p, n), r->wanted)
	    || (left.n > n && strchr(";:~<>", left.p[n]) == NULL))
		return;
	if (left.n > n || memchr(value.p, '*', value.n) != NULL)
		r->fn(slice_make(NULL, 0), r->ctx);
	else
		give_value(r, value);
}

static bool read_item(struct reader *r)
{
	const char *start = r->p;

	if (!read_attribute(r) || !read_char(r, '=', "'=' is missing")
	    || !read_value(r))
		return false;
	if (r->fn != NULL)
		look_at_item(r, start);
	return true;
}

static bool read_list(struct reader *r, char kind)
{
	unsigned n = 0;

	if (!read_char(r, kind, ""))
		return false;
	for (; r->p < r->end && *r->p == '('; n++)
		if (!read_filter(r))
			return false;
	if (n == 0 || (kind == '!' && n != 1))
		return fail(r, "'&' and '|' need filters, '!' needs one");
	return true;
}

static bool read_filter(struct reader *r)
{
	bool ok;

	if (++r->depth > FILTER_DEPTH_MOST)
		return fail(r, "filters are nested too deeply");
	if (!read_char(r, '(', "'(' is missing"))
		return false;
	if (r->p < r->end && (*r->p == '&' || *r->p == '|' || *r->p == '!'))
		ok = read_list(r, *r->p);
	else
		ok = read_item(r);
	r->depth--;
	return ok && read_char(r, ')', "')' is missing");
}

static bool read_all(struct reader *r)
{
	return read_filter(r)
	    && (r->p == r->end || fail(r, "there is text after the filter"));
}

bool filter_is_valid(struct slice text, const char **why_r)
{
	struct reader r = { .p = text.p, .end = text.p + text.n };
	bool ok = read_all(&r);

	if (!ok)
		*why_r = r.why;
	return ok;
}

bool filter_shape(struct buf *out, struct slice text)
{
	struct reader r = { .p = text.p, .end = text.p + text.n, .shape = out };

	return read_all(&r);
}

void filter_values(struct slice text, const char *attribute, filter_value_fn *fn,
    void *ctx)
{
	struct reader r = { .p = text.p, .end = text.p + text.n,
		.wanted = slice_of(attribute), .fn = fn, .ctx = ctx };

	read_all(&r);
}

bool filter_is_attribute(struct slice name)
{
	if (name.n == 0 || name.n > 64 || !is_letter(name.p[0]))
		return false;
	for (size_t i = 1; i < name.n; i++)
		if (!is_letter(name.p[i]) && name.p[i] != '-'
		    && !(name.p[i] >= '0' && name.p[i] <= '9'))
			return false;
	return true;
}
