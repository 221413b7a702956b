/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: vectors, limits, idempotence. */
#include "tests/tap.h"

#include <stdlib.h>

#include "xml/jid.h"
#include "xml/utf8.h"

#define U_UMLAUT "\xc3\xbc"
#define MIDDLE_DOT "\xc2\xb7"
#define ALEF "\xd7\x90"
#define ARABIC_5 "\xd9\xa5"
#define PERSIAN_5 "\xdb\xb5"

/* want NULL: refused. */
static const struct { const char *in, *want; } cases[] = {
	{ "ann@example.org/x",          "ann@example.org/x" },
	{ "ANN@Example.ORG/Phone",      "ann@example.org/Phone" },
	{ "example.org",                "example.org" },
	{ "example.org.",               "example.org" },
	{ "ann@example.org./r",         "ann@example.org/r" },
	{ "localhost",                  "localhost" },
	{ "example.org/a@b/c",          "example.org/a@b/c" },
	{ "a@b/ two  spaces ",          "a@b/ two  spaces " },
	{ "a@127.0.0.1",                "a@127.0.0.1" },
	{ "a@[::1]/r",                  "a@[::1]/r" },
	{ "a@[2001:DB8:0::0:1]",        "a@[2001:db8::1]" },
	{ "maria.garcia-1_x~!#$%@u.es", "maria.garcia-1_x~!#$%@u.es" },
	/* empty parts */
	{ "",                           NULL },
	{ "@example.org",               NULL },
	{ "ann@",                       NULL },
	{ "ann@/r",                     NULL },
	{ "/r",                         NULL },
	{ "ann@example.org/",           NULL },
	{ "@",                          NULL },
	{ ".",                          NULL },
	/* what a part may not have */
	{ "a b@example.org",            NULL },
	{ "a\"b@example.org",           NULL },
	{ "a&b@example.org",            NULL },
	{ "a'b@example.org",            NULL },
	{ "a:b@example.org",            NULL },
	{ "a<b@example.org",            NULL },
	{ "a>b@example.org",            NULL },
	{ "a@b@example.org",            NULL },
	{ "a\tb@example.org",           NULL },
	{ "a\x7f@example.org",          NULL },
	{ "a@b/x\x01",                  NULL },
	{ "a@b/x\ty",                   NULL },
	{ "a@exa mple.org",             NULL },
	{ "a@exa_mple.org",             NULL },
	{ "a@-example.org",             NULL },
	{ "a@example-.org",             NULL },
	{ "a@example..org",             NULL },
	{ "a@.example.org",             NULL },
	{ "a@example.org..",            NULL },
	{ "a@[::1",                     NULL },
	{ "a@[1.2.3.4]",                NULL },
	{ "a@[::g]",                    NULL },
	{ "a@[]",                       NULL },
	{ "a@[::1]x",                   NULL },
	/* Spanish and other letters */
	{ "Jos\xc3\x89@example.org",    "jos\xc3\xa9@example.org" },
	{ "jose\xcc\x81@example.org",   "jos\xc3\xa9@example.org" },
	{ "\xc3\x91u\xc3\xb1o@x/Caf\xc3\x89", "\xc3\xb1u\xc3\xb1o@x/Caf\xc3\x89" },
	{ "M" U_UMLAUT "LLER@x",        "m" U_UMLAUT "ller@x" },
	{ "Col" MIDDLE_DOT "lega@x",    "col" MIDDLE_DOT "lega@x" },
	{ "col" MIDDLE_DOT "@x",        NULL },
	{ "a" MIDDLE_DOT "b@x",         NULL },
	/* width */
	{ "\xef\xbd\x81nn@x",           "ann@x" },
	{ "a\xef\xbc\xa0" "b@x",        NULL },         /* full-width @ */
	{ "a\xef\xbc\x8f" "b@x",        NULL },         /* full-width / */
	/* what stringprep maps to other text */
	{ "stra\xc3\x9f" "e@x",         NULL },         /* ß, ss there */
	{ "\xce\xbb\xcf\x82@x",         NULL },         /* final sigma */
	{ "a\xe2\x80\x8c" "b@x",        NULL },         /* ZWNJ */
	{ "a@x/\xe2\x84\xa2",           NULL },         /* TM sign, "TM" there */
	{ "a@x/\xc2\xa0y",              "a@x/ y" },     /* no-break space */
	{ "a@x/\xf0\x9f\x98\x80",       "a@x/\xf0\x9f\x98\x80" }, /* younger than 3.2 */
	/* not of the class */
	{ "\xe2\x98\x83@x",             NULL },         /* a symbol */
	{ "a@x/\xe2\x98\x83",           "a@x/\xe2\x98\x83" },
	{ "\xc2\xbd@x",                 NULL },         /* has a compatibility form */
	{ "a\xcd\x8f@x",                NULL },         /* ignorable */
	{ "a\xd9\x80@x",                NULL },         /* tatweel */
	{ "\xe1\x84\x80@x",             NULL },         /* old hangul */
	{ "\xef\xb7\x90@x",             NULL },         /* noncharacter */
	{ "a@x/\xc2\x85",               NULL },         /* C1 control */
	{ "\xcd\xb8@x",                 NULL },         /* unassigned */
	/* digits of two kinds, direction */
	{ ALEF ALEF "@x",               ALEF ALEF "@x" },
	{ ALEF "a@x",                   NULL },
	{ "a" ALEF "@x",                NULL },
	{ ALEF "1@x",                   ALEF "1@x" },
	{ "1" ALEF "@x",                NULL },
	{ "\xd8\xa8" ARABIC_5 "@x",     "\xd8\xa8" ARABIC_5 "@x" },
	{ "\xd8\xa8" ARABIC_5 PERSIAN_5 "@x", NULL },
	{ ALEF "a@x/" ALEF "a",         NULL },
	{ "a@x/" ALEF "a" ALEF,         "a@x/" ALEF "a" ALEF },
	/* names of the net */
	{ "a@M" U_UMLAUT "nchen.de",    "a@m" U_UMLAUT "nchen.de" },
	{ "a@xn--mnchen-3ya.de",        "a@m" U_UMLAUT "nchen.de" },
	{ "a@XN--MNCHEN-3YA.de",        "a@m" U_UMLAUT "nchen.de" },
	{ "a@xn--.de",                  NULL },
	{ "a@xn--\xc3\xbc.de",          NULL },
	{ "a@stra\xc3\x9f" "e.de",      "a@stra\xc3\x9f" "e.de" },
	{ "a@ex\xe3\x80\x82org\xe3\x80\x82", "a@ex.org" },      /* ideographic dots */
	{ "a@\xe2\x98\x83.net",         NULL },         /* a symbol */
	{ "a@xn--n3h.net",              NULL },         /* the same, coded */
	{ "a@" ALEF "a.net",            NULL },
	/* bad UTF-8 */
	{ "a\xff@x",                    NULL },
	{ "a\xc0\xaf@x",                NULL },
	{ "a\xed\xa0\x80@x",            NULL },
	{ "a@x/\xc3",                   NULL },
	{ "a@\xc3",                     NULL },
};

static void vectors(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena a = { NULL };
		struct jid j = { NULL, 0, 0, 0 };
		char name[200];

		snprintf(name, sizeof name, "RTE-13 %s: %s", cases[i].want != NULL ?
		    "prepared" : "refused", cases[i].in);
		jid_parse(&a, slice_of(cases[i].in), &j);
		is_str(j.text, cases[i].want, name);
		arena_fini(&a);
	}
}

static void parts(void)
{
	struct arena a = { NULL };
	struct jid full, bare, joined;
	struct slice part;

	ok(jid_parse(&a, SLICE("Ann@Example.org/R"), &full), "a full address");
	is_slice(jid_local(&full), SLICE("ann"), "local part");
	is_slice(jid_domain(&full), SLICE("example.org"), "domain");
	is_slice(jid_resource(&full), SLICE("R"), "resource");
	is_slice(jid_bare(&full), SLICE("ann@example.org"), "bare");
	is_slice(jid_full(&full), SLICE("ann@example.org/R"), "full");
	bare = jid_bare_dup(&a, &full);
	is_str(bare.text, "ann@example.org", "bare copy");
	ok(jid_eq_bare(&bare, &full) && !jid_eq(&bare, &full), "compared");
	joined = jid_join(&a, jid_local(&full), jid_domain(&full), jid_resource(&full));
	ok(jid_eq(&joined, &full), "joined again");
	joined = jid_dup(&a, &full);
	ok(jid_eq(&joined, &full) && joined.text != full.text, "copied");
	ok(jid_with_resource(&a, &full, SLICE("x y"), &joined), "other resource");
	is_str(joined.text, "ann@example.org/x y", "its text");
	ok(!jid_with_resource(&a, &full, SLICE(""), &joined), "empty resource refused");
	ok(!jid_with_resource(&a, &full, SLICE("\xff"), &joined), "bad resource refused");
	joined = jid_join(&a, SLICE(""), SLICE("example.org"), SLICE("r"));
	is_str(joined.text, "example.org/r", "no local part");
	is_slice(jid_local(&joined), SLICE(""), "empty local part");
	is_slice(jid_resource(&joined), SLICE("r"), "resource behind a domain");
	ok(jid_prep_local(&a, SLICE("ANN"), &part) && slice_is(part, "ann"), "local alone");
	ok(jid_prep_domain(&a, SLICE("X.ORG."), &part) && slice_is(part, "x.org"), "domain alone");
	ok(jid_prep_resource(&a, SLICE("R@/"), &part) && slice_is(part, "R@/"), "resource alone");
	ok(!jid_prep_local(&a, SLICE("a\0b"), &part), "NUL in the local part");
	ok(!jid_prep_resource(&a, SLICE("\xc3\xa9\0b"), &part), "NUL in the resource");
	ok(!jid_prep_domain(&a, SLICE("\xc3\xa9\0b"), &part), "NUL in the domain");
	ok(!jid_prep_domain(&a, SLICE("[::1\0]"), &part), "NUL in a literal");
	arena_fini(&a);
}

static bool prep(bool part(struct arena *, struct slice, struct slice *),
    const char *unit, size_t n)
{
	struct arena a = { NULL };
	struct buf b = { 0 };
	struct slice out;
	bool good;

	while (n-- != 0)
		buf_adds(&b, unit);
	good = part(&a, buf_slice(&b), &out);
	buf_fini(&b);
	arena_fini(&a);
	return good;
}

static void limits(void)
{
	ok(prep(jid_prep_local, "a", 1023), "RTE-13 local part of 1023 bytes");
	ok(!prep(jid_prep_local, "a", 1024), "RTE-13 1024 are too many");
	ok(prep(jid_prep_resource, "a", 1023), "RTE-13 resource of 1023 bytes");
	ok(!prep(jid_prep_resource, "a", 1024), "RTE-13 1024 are too many");
	ok(prep(jid_prep_local, "\xc3\xa9", 511), "RTE-13 1022 bytes not ASCII");
	ok(!prep(jid_prep_local, "\xc3\xa9", 512), "RTE-13 1024 not ASCII");
	/* U+023A is 2 bytes, its lower case U+2C65 3. */
	ok(prep(jid_prep_local, "\xc8\xba", 341), "RTE-13 grows to 1023 bytes");
	ok(!prep(jid_prep_local, "\xc8\xba", 342), "RTE-13 would grow to 1026");
	ok(prep(jid_prep_domain, "a", 63), "label of 63");
	ok(!prep(jid_prep_domain, "a", 64), "label of 64");
	ok(prep(jid_prep_domain, "aaaa.", 50), "name of 249");
	ok(!prep(jid_prep_domain, "aaaa.", 51), "name of 254");
	ok(!prep(jid_prep_domain, "\xc3\xa9", 60), "label of 60 letters, longer when coded");
	ok(!prep(jid_prep_domain, "\xc3\xa9.", 500), "RTE-13 long name not ASCII");
	ok(!prep(jid_prep_resource, "\xff", 100000), "RTE-13 long and bad");
}

/* A fixed generator, so that a failure can be repeated by its seed. */
static uint64_t random_state;

static uint32_t random_below(uint32_t most)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % most;
}

static void add_char(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_addc(b, (char)c);
	} else if (c < 0x800) {
		buf_addc(b, (char)(0xc0 | c >> 6));
		buf_addc(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_addc(b, (char)(0xe0 | c >> 12));
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(b, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_addc(b, (char)(0xf0 | c >> 18));
		buf_addc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_addc(b, (char)(0x80 | (c & 0x3f)));
	}
}

/* Mostly one or two characters: combinations are found sooner. */
static void random_text(struct buf *b)
{
	static const uint32_t upto[] = { 0x80, 0x250, 0x590, 0x800, 0x3100, 0xffff, 0x1f000, 0x110000 };
	uint32_t n = 1 + random_below(4);

	buf_clear(b);
	while (n-- != 0)
		add_char(b, random_below(upto[random_below(COUNT(upto))]));
}

static void idempotence(unsigned long rounds)
{
	unsigned long wrong = 0, good = 0, bad_text = 0;
	struct buf b = { 0 };

	random_state = 20261122;
	for (unsigned long i = 0; i < rounds; i++) {
		static bool (*const preps[])(struct arena *, struct slice, struct slice *) =
			{ jid_prep_local, jid_prep_resource, jid_prep_domain };
		struct arena a = { NULL };
		struct slice once, twice;

		random_text(&b);
		for (size_t k = 0; k < COUNT(preps); k++)
			if (preps[k](&a, buf_slice(&b), &once)) {
				good++;
				wrong += !preps[k](&a, once, &twice) || !slice_eq(once, twice);
				bad_text += !utf8_is_good(once) || once.n > JID_PART_MOST;
			}
		arena_fini(&a);
	}
	printf("# %lu texts, %lu parts accepted\n", rounds, good);
	ok(good > rounds / 10, "random texts are accepted often enough to mean something");
	is_int((intmax_t)wrong, 0, "RTE-13 prep(prep(x)) is prep(x)");
	is_int((intmax_t)bad_text, 0, "RTE-13 what comes out is good UTF-8 and short enough");
	buf_fini(&b);
}

/* All code points alone, and each between letters. */
static void every_char(void)
{
	unsigned long wrong = 0;
	struct buf b = { 0 };

	for (uint32_t c = 1; c < 0x110000; c += c < 0x3400 ? 1 : 17) {
		struct arena a = { NULL };
		struct jid once, twice;

		buf_clear(&b);
		buf_adds(&b, "l");
		add_char(&b, c);
		buf_adds(&b, "l@x/l");
		add_char(&b, c);
		if (jid_parse(&a, buf_slice(&b), &once))
			wrong += !jid_parse(&a, jid_full(&once), &twice) ||
			    !jid_eq(&once, &twice);
		arena_fini(&a);
	}
	is_int((intmax_t)wrong, 0, "RTE-13 every character, prepared twice is prepared once");
	buf_fini(&b);
}

int main(void)
{
	const char *rounds = getenv("T_JID_ROUNDS");
	uint64_t n = 100000;

	if (rounds != NULL)
		slice_number(slice_of(rounds), UINT32_MAX, &n);
	vectors();
	parts();
	limits();
	every_char();
	idempotence((unsigned long)n);
	return done();
}
