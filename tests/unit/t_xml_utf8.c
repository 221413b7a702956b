/* SPDX-License-Identifier: Apache-2.0 */
/* The UTF-8 gate against a reference decoder that works in another way: it
 * computes the code point and encodes it again. */
#include "tests/tap.h"
#include "xml/utf8.h"

/* Bytes of the good character at p, 0: none; slow and plain. */
static size_t reference(const unsigned char *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t need = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c = p[0];

	if (p[0] >= 0xf8 || (p[0] & 0xc0) == 0x80 || need > n)
		return 0;
	if (need > 1)
		c &= 0x7fu >> need;
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[need] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
	    c == 0xfffe || c == 0xffff)
		return 0;
	return need;
}

static bool reference_good(const unsigned char *p, size_t n)
{
	size_t i = 0, step = 1;

	for (; i < n && step != 0; i += step)
		step = reference(p + i, n - i);
	return step != 0;
}

/* All sequences of n bytes whose first byte is from `first` on. */
static unsigned long compare_all(size_t n, unsigned step)
{
	unsigned long wrong = 0;
	uint64_t most = (uint64_t)1 << (8 * n);

	for (uint64_t v = 0; v < most; v += step) {
		unsigned char p[4];
		struct slice s = slice_make(p, n);

		for (size_t i = 0; i < n; i++)
			p[i] = (unsigned char)(v >> (8 * (n - 1 - i)));
		wrong += utf8_is_good(s) != reference_good(p, n);
		wrong += utf8_char(s) != reference(p, n);
	}
	return wrong;
}

static const struct { const char *name; struct slice bytes; } refused[] = {
	{ "XML-04 overlong slash in two bytes",     SLICE_INIT("\xc0\xaf") },
	{ "XML-04 overlong '<' in three bytes",     SLICE_INIT("\xe0\x80\xbc") },
	{ "XML-04 overlong in four bytes",          SLICE_INIT("\xf0\x80\x80\xaf") },
	{ "XML-04 first surrogate",                 SLICE_INIT("\xed\xa0\x80") },
	{ "XML-04 last surrogate",                  SLICE_INIT("\xed\xbf\xbf") },
	{ "XML-04 above U+10FFFF",                  SLICE_INIT("\xf4\x90\x80\x80") },
	{ "XML-04 five byte form",                  SLICE_INIT("\xf8\x88\x80\x80\x80") },
	{ "XML-04 U+FFFE",                          SLICE_INIT("\xef\xbf\xbe") },
	{ "XML-04 U+FFFF",                          SLICE_INIT("\xef\xbf\xbf") },
	{ "XML-04 NUL",                             SLICE_INIT("\0") },
	{ "XML-05 U+0001",                          SLICE_INIT("\x01") },
	{ "XML-04 lone continuation byte",          SLICE_INIT("\x80") },
	{ "XML-04 cut after the lead byte",         SLICE_INIT("abc\xc3") },
	{ "XML-04 lead byte before ASCII",          SLICE_INIT("\xe2\x82<") },
};

static const struct { const char *name; struct slice bytes; } passed[] = {
	{ "U+0080",                   SLICE_INIT("\xc2\x80") },
	{ "U+D7FF before surrogates", SLICE_INIT("\xed\x9f\xbf") },
	{ "U+E000 after them",        SLICE_INIT("\xee\x80\x80") },
	{ "U+FFFD",                   SLICE_INIT("\xef\xbf\xbd") },
	{ "U+10FFFF",                 SLICE_INIT("\xf4\x8f\xbf\xbf") },
	{ "tab, line feed, return",   SLICE_INIT("\t\n\r") },
	{ "empty",                    SLICE_INIT("") },
};

/* Each text, behind 0 to 20 ASCII bytes (so that the 8-byte step begins
 * anywhere), cut in two at every place. */
static bool same_at_each_split(struct slice s)
{
	for (size_t before = 0; before <= 20; before++) {
		char p[40];
		size_t n = before + s.n, whole;
		uint8_t state = UTF8_START;

		memset(p, 'x', sizeof p);
		memcpy(p + before, s.p, s.n);
		whole = utf8_gate(&state, slice_make(p, n));
		for (size_t cut = 0; cut <= n; cut++) {
			uint8_t parts = UTF8_START;
			size_t good = utf8_gate(&parts, slice_make(p, cut));

			if (good == cut)
				good += utf8_gate(&parts, slice_make(p + cut, n - cut));
			if (good != whole || (good == n && parts != state))
				return false;
		}
	}
	return true;
}

int main(void)
{
	is_int(compare_all(1, 1), 0, "XML-04 all single bytes as the reference decoder");
	is_int(compare_all(2, 1), 0, "XML-04 all 2-byte sequences as the reference decoder");
	is_int(compare_all(3, 1), 0, "XML-04 all 3-byte sequences as the reference decoder");
	is_int(compare_all(4, 251), 0, "XML-04 every 251st 4-byte sequence too");
	for (size_t i = 0; i < COUNT(refused); i++) {
		ok(!utf8_is_good(refused[i].bytes), refused[i].name);
		okf(same_at_each_split(refused[i].bytes), "%s, at each split", refused[i].name);
	}
	for (size_t i = 0; i < COUNT(passed); i++) {
		okf(utf8_is_good(passed[i].bytes), "XML-04 passes: %s", passed[i].name);
		okf(same_at_each_split(passed[i].bytes), "XML-04 passes: %s, at each split", passed[i].name);
	}
	return done();
}
