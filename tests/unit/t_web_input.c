/* SPDX-License-Identifier: Apache-2.0 */
/* Text, forms, names and media types as strangers send them. */
#include "tests/tap.h"

#include "admin-web/input.h"

static const struct { const char *in; size_t n; bool line, area; } texts[] = {
	{ "", 0, true, true }, { "plain", 5, true, true },
	{ "\xc3\xb1\xe6\xbc\xa2\xf0\x9f\xa6\x89", 9, true, true },
	{ "\xef\xbf\xbf", 3, true, true }, { "\xf4\x8f\xbf\xbf", 4, true, true },
	{ "a\nb", 3, false, true }, { "a\tb", 3, false, true },
	{ "a\rb", 3, false, true }, { "a\0b", 3, false, false },
	{ "\x01", 1, false, false }, { "\x7f", 1, false, false },
	{ "\xc2\x80", 2, false, false }, { "\xc2\x9f", 2, false, false },
	{ "\xc2\xa0", 2, true, true },
	{ "\x80", 1, false, false }, { "\xc3", 1, false, false },
	{ "\xc0\xae", 2, false, false }, { "\xc1\xbf", 2, false, false },
	{ "\xe0\x80\xae", 3, false, false }, { "\xe0\x9f\xbf", 3, false, false },
	{ "\xed\xa0\x80", 3, false, false }, { "\xed\xbf\xbf", 3, false, false },
	{ "\xf0\x80\x80\xae", 4, false, false }, { "\xf4\x90\x80\x80", 4, false, false },
	{ "\xf5\x80\x80\x80", 4, false, false }, { "\xff", 1, false, false },
	{ "\xe6\xbc", 2, false, false }, { "\xe6\xbc" "a", 3, false, false },
};

static const struct { const char *in, *out; } names[] = {
	{ "lucia", "lucia" }, { "Lucia", "lucia" }, { "a.b-c_d~1", "a.b-c_d~1" },
	{ "a+b=c!$*", "a+b=c!$*" }, { "", NULL }, { "a b", NULL }, { " a", NULL },
	{ "a@b", NULL }, { "a/b", NULL }, { "a\"b", NULL }, { "a&b", NULL },
	{ "a'b", NULL }, { "a<b", NULL }, { "a>b", NULL }, { "a:b", NULL },
	{ "\xc3\xb1", NULL }, { "a,b", NULL }, { "a(b", NULL }, { "a\\b", NULL },
	{ "a%b", NULL }, { "a?b", NULL }, { "a#b", NULL },
	{ ".", NULL }, { "..", NULL }, { "...", NULL }, { ".a", ".a" },
	{ "a..b", NULL }, { "a..", NULL }, { "..a", NULL }, { "a.b.c.", "a.b.c." },
};

static const struct { const char *in; bool good; } mails[] = {
	{ "a@b", true }, { "lucia.gomez+x@example.org", true },
	{ "", false }, { "a", false }, { "@b", false }, { "a@", false },
	{ "a@b@c", false }, { "a b@c", false }, { "a@b c", false },
	{ "<a@b>", false }, { "a@b,c@d", false }, { "a@b\n", false },
	{ "\"a\"@b", false }, { "a;b@c", false },
	{ "\xc3\xb1@b", false }, { "a@\xc3\xb1.example", false }, { "a\x7f@b", false },
};

static const struct { const char *in; bool blank; } seen[] = {
	{ "", true }, { " ", true }, { " \t\n\r ", true }, { "\xc2\xa0", true },
	{ "\xe3\x80\x80", true }, { "\xe2\x80\x83 \xe2\x80\x8b", true },
	{ "\xef\xbb\xbf", true }, { "\xe2\x80\xae", true }, { "\xe3\x85\xa4", true },
	{ "\xe2\xa0\x80", true }, { "\xf3\xa0\x80\xa0", true },
	{ "a", false }, { " a ", false }, { ".", false }, { "\xc3\xb1", false },
	{ "\xc2\xa1", false }, { "\xe6\xbc\xa2", false },
	{ "\xe2\x80\x90", false }, { "\xf0\x9f\xa6\x89", false },
	{ "\xc2\xa0\xf0\x9f\xa6\x89", false }, { "\xff", false },
};

static const struct { const char *in; bool good; } media[] = {
	{ "application/json", true }, { "Application/JSON", true },
	{ "application/json;charset=utf-8", true },
	{ " application/json ; charset=\"UTF-8\"", true },
	{ "application/json;", true },
	{ "", false }, { "application/jsonx", false }, { "text/json", false },
	{ "application/json, text/plain", false },
	{ "application/json; charset=latin-1", false },
	{ "application/json; charset=utf-8; x=y", false },
	{ "application/json; boundary=x", false },
};

static const struct { const char *in; unsigned depth; } jsons[] = {
	{ "", 0 }, { "1", 0 }, { "{}", 1 }, { "{\"a\":[]}", 2 }, { "[[[]]]", 3 },
	{ "[],[]", 1 }, { "\"[[[\"", 0 }, { "[\"\\\"[[\"]", 1 }, { "]]]][", 1 },
	{ "[\"\\", 1 }, { "{\"a\":\"}\",\"b\":{}}", 2 },
};

static const struct { const char *in; bool good; const char *a; } forms[] = {
	{ "", true, "" }, { "a=b", true, "b" }, { "a=b&c=d", true, "b" },
	{ "a=", true, "" }, { "a", true, "" }, { "a=b+c", true, "b c" },
	{ "a=b%2Bc", true, "b+c" }, { "%61=b", true, "b" },
	{ "a=%C3%B1", true, "\xc3\xb1" }, { "a=+b+", true, "b" },
	{ "a=b%0D%0Ac", true, "b\nc" }, { "a=b=c", true, "b=c" },
	{ "a=b&a=c", false, "" }, { "a=%", false, "" }, { "a=%4", false, "" },
	{ "a=%zz", false, "" }, { "a=%00", false, "" }, { "a=%ff", false, "" },
	{ "=b", false, "" }, { "a=b&&c=d", false, "" }, { "&", false, "" },
	{ "a=%01", false, "" }, { "a=\x01", false, "" },
};

static void check_forms(struct arena *a)
{
	struct buf many = { 0 };
	struct form f;

	for (size_t i = 0; i < COUNT(forms); i++) {
		bool good = form_parse(a, slice_of(forms[i].in), &f);

		okf(good == forms[i].good && (!good
		    || slice_is(form_get(&f, "a"), forms[i].a)), "form %s",
		    forms[i].in);
	}
	for (unsigned i = 0; i < FORM_FIELDS_MOST; i++)
		buf_addf(&many, "%sf%u=x", i != 0 ? "&" : "", i);
	ok(form_parse(a, buf_slice(&many), &f), "as many fields as there may be");
	buf_adds(&many, "&more=x");
	ok(!form_parse(a, buf_slice(&many), &f), "WEB-13 one field more");
	buf_clear(&many);
	buf_adds(&many, "a=");
	for (unsigned i = 0; i < FORM_VALUE_MOST; i++)
		buf_addc(&many, 'x');
	ok(form_parse(a, buf_slice(&many), &f), "as long as a value may be");
	buf_addc(&many, 'x');
	ok(!form_parse(a, buf_slice(&many), &f), "WEB-13 one byte more");
	ok(form_parse(a, SLICE("p=+a+&on=yes&off="), &f)
	    && slice_is(form_get_exact(&f, "p"), " a ")
	    && form_is_on(&f, "on") && !form_is_on(&f, "off")
	    && !form_is_on(&f, "none"), "passwords as typed, checkboxes");
	buf_fini(&many);
}

int main(void)
{
	struct arena a = { 0 };
	struct buf piece = { 0 };

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct slice s = slice_make(texts[i].in, texts[i].n);

		okf(input_is_text(s, false) == texts[i].line
		    && input_is_text(s, true) == texts[i].area, "text %zu", i);
	}
	for (size_t i = 0; i < COUNT(names); i++)
		is_str(input_local_part(&a, slice_of(names[i].in)), names[i].out,
		    names[i].in);
	ok(input_local_part(&a, slice_make("a\0b", 3)) == NULL
	    && input_local_part(&a, slice_make("ab\0", 3)) == NULL,
	    "NUL is in no name");
	for (size_t i = 0; i < COUNT(mails); i++)
		okf(input_is_mail(slice_of(mails[i].in)) == mails[i].good,
		    "mail %s", mails[i].in);
	for (size_t i = 0; i < COUNT(seen); i++)
		okf(input_is_blank(slice_of(seen[i].in)) == seen[i].blank,
		    "%zu is blank: %d", i, seen[i].blank);
	for (size_t i = 0; i < COUNT(media); i++)
		okf(input_media_is(slice_of(media[i].in), "application/json")
		    == media[i].good, "WEB-26 media type %s", media[i].in);
	for (size_t i = 0; i < COUNT(jsons); i++)
		is_int(input_json_depth(slice_of(jsons[i].in)), jsons[i].depth,
		    jsons[i].in);
	is_int(input_characters(SLICE("a\xc3\xb1\xf0\x9f\xa6\x89")), 3,
	    "characters, not bytes");
	check_forms(&a);
	input_url_piece(&piece, SLICE("a/b?c=\xc3\xb1 .%~"));
	is_slice(buf_slice(&piece), SLICE("a%2Fb%3Fc%3D%C3%B1%20.%25~"),
	    "a piece of a URL");
	buf_fini(&piece);
	arena_fini(&a);
	return done();
}
