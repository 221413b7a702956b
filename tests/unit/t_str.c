/* SPDX-License-Identifier: Apache-2.0 */
/* Slices, buffers, encodings: base/str, base/enc. */
#include "base/enc.h"
#include "tests/tap.h"

static const struct { const char *in; uint64_t most; bool good; uint64_t value; const char *name; } numbers[] = {
	{ "0",   10, true,  0,  "zero is a number" },
	{ "10",  10, true,  10, "the most is allowed" },
	{ "11",  10, false, 0,  "more than the most is not" },
	{ "",    10, false, 0,  "nothing is no number" },
	{ "-1",  10, false, 0,  "XML-19 minus is no digit" },
	{ "+1",  10, false, 0,  "XML-19 plus is no digit" },
	{ " 1",  10, false, 0,  "XML-19 space is no digit" },
	{ "1e3", 5000, false, 0, "XML-19 e is no digit" },
	{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX, "2^64-1 fits" },
	{ "18446744073709551616", UINT64_MAX, false, 0, "XML-19 2^64 does not wrap" },
	{ "10000000000000000000000000000000000000000", UINT64_MAX, false, 0, "XML-19 10^40 does not wrap" },
};

static void test_numbers(void)
{
	for (size_t i = 0; i < COUNT(numbers); i++) {
		uint64_t v = 0;
		bool good = slice_number(slice_of(numbers[i].in), numbers[i].most, &v);

		ok(good == numbers[i].good && (!good || v == numbers[i].value), numbers[i].name);
	}
}

static const struct { const char *in; const char *want; const char *name; } base64[] = {
	{ "",         "",       "base64 of nothing" },
	{ "Zg==",     "f",      "base64 of one byte" },
	{ "Zm8=",     "fo",     "base64 of two" },
	{ "Zm9v",     "foo",    "base64 of three" },
	{ "Zm9vYmFy", "foobar", "base64 of six" },
	{ "Zg=",      NULL,     "SASL-06 wrong length refused" },
	{ "Zg",       NULL,     "SASL-06 missing padding refused" },
	{ "Zh==",     NULL,     "SASL-06 dangling bits refused" },
	{ "Zm9=",     NULL,     "SASL-06 dangling bits of two refused" },
	{ "Zm 9",     NULL,     "SASL-06 white space refused" },
	{ "Zm9v\n",   NULL,     "SASL-06 line end refused" },
	{ "=AAA",     NULL,     "SASL-06 padding in front refused" },
	{ "Zg==Zg==", NULL,     "SASL-06 padding in the middle refused" },
	{ "Zm9-",     NULL,     "SASL-06 other alphabet refused" },
};

static void test_base64(void)
{
	for (size_t i = 0; i < COUNT(base64); i++) {
		struct buf out = { 0 };
		bool good = dec_base64(&out, slice_of(base64[i].in));

		ok(good == (base64[i].want != NULL)
		    && (!good || slice_is(buf_slice(&out), base64[i].want)), base64[i].name);
		if (good) {
			struct buf back = { 0 };

			enc_base64(&back, buf_slice(&out));
			is_slice(buf_slice(&back).n != 0 ? buf_slice(&back) : SLICE(""),
			    slice_of(base64[i].in), "and back");
			buf_fini(&back);
		}
		buf_fini(&out);
	}
}

static void test_percent(void)
{
	struct buf out = { 0 };

	enc_percent(&out, SLICE("Compañeros de clase, 100% # x"), "#");
	is_slice(buf_slice(&out), SLICE("Compañeros%20de%20clase,%20100%25%20%23%20x"), "percent keeps UTF-8, escapes what it must");
	struct buf back = { 0 };
	ok(dec_percent(&back, buf_slice(&out)), "percent reads its own text");
	is_slice(buf_slice(&back), SLICE("Compañeros de clase, 100% # x"), "and it is the same");
	ok(!dec_percent(&back, SLICE("a%0")), "a cut escape is refused");
	ok(!dec_percent(&back, SLICE("a%zz")), "a wrong escape is refused");
	ok(!dec_percent(&back, SLICE("a%00")), "an escaped NUL is refused");
	buf_fini(&out);
	buf_fini(&back);
}

static void test_slices(void)
{
	struct slice a, b, rest = SLICE("  one\ttwo \n"), word;

	ok(slice_cut(SLICE("k=v=w"), '=', &a, &b) && slice_is(a, "k") && slice_is(b, "v=w"), "cut at the first");
	ok(!slice_cut(SLICE("kv"), '=', &a, &b) && slice_is(a, "kv") && b.n == 0, "nothing to cut");
	ok(slice_word(&rest, &word) && slice_is(word, "one"), "first word");
	ok(slice_word(&rest, &word) && slice_is(word, "two"), "second word");
	ok(!slice_word(&rest, &word), "no third word");
	is_slice(slice_trim(SLICE("\r\n x y \t")), SLICE("x y"), "trim both ends");
	ok(slice_eq_nocase(SLICE("AbC"), SLICE("aBc")), "case folds in ASCII");
	ok(!slice_eq_nocase(SLICE("ab"), SLICE("abc")), "but length counts");
	ok(slice_eq_secret(SLICE("abc"), SLICE("abc")) && !slice_eq_secret(SLICE("abc"), SLICE("abd")), "secrets compare");
	ok(slice_cmp(SLICE("a"), SLICE("ab")) < 0 && slice_cmp(SLICE("b"), SLICE("ab")) > 0, "order");
}

static void test_buffers(void)
{
	struct buf b = { 0 };

	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%d,", i);
	ok(b.n == 10 * 2 + 90 * 3 + 900 * 4, "a buffer grows");
	buf_drop(&b, 4);
	ok(memcmp(b.p, "2,3,", 4) == 0, "and forgets its head");
	buf_fini(&b);
	ok(b.p == NULL && b.n == 0, "and is empty in the end");
}

static void test_arena(void)
{
	struct arena a = { NULL };
	char *first = arena_dup(&a, "abc", 3), *p;

	for (size_t n = 1; n < 100000; n = n * 3 + 1) {
		p = arena_alloc(&a, n);
		p[0] = p[n - 1] = 1;
		if (((uintptr_t)p & 15) != 0)
			ok(false, "arena memory is aligned");
	}
	is_str(first, "abc", "what came first is still there");
	arena_fini(&a);
	ok(a.head == NULL, "arena is empty again");
}

/* That nothing is left behind is tests/integ/test_residue.py's to see. */
static void test_secret(void)
{
	struct arena a = { NULL };
	struct buf b = { 0 };
	bool is_kept = true;

	for (unsigned i = 0; i < 5000; i++)
		buf_add_secret(&b, slice_make(&"abcdefg"[i % 7], 1));
	for (unsigned i = 0; i < 5000; i++)
		is_kept = is_kept && b.p[i] == "abcdefg"[i % 7];
	ok(b.n == 5000 && is_kept, "a secret that grows is kept whole");
	ok(b.room < 5000 * 4, "and takes no more room than it needs");
	buf_add_secret(&b, slice_make(NULL, 0));
	is_int(b.n, 5000, "nothing more is nothing");
	buf_wipe(&b);
	for (unsigned i = 0; i < 100; i++)
		memset(arena_raw(&a, 1000 * i), 'x', 1000 * i);
	arena_wipe(&a);
	ok(a.head == NULL, "a wiped arena is empty");
	mem_wipe(mem_dup("secret", 6));
	mem_wipe(NULL);
}

int main(void)
{
	test_numbers();
	test_base64();
	test_percent();
	test_slices();
	test_buffers();
	test_arena();
	test_secret();
	return done();
}
