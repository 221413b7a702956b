/* SPDX-License-Identifier: Apache-2.0 */
/* xml/prep.c — PRECIS (RFC 8264, 8265) and IDNA2008 with ICU's properties.
 *
 * A profile is a step (map, normalise, check) that is repeated until it
 * changes nothing (RFC 8264 §7), which makes it idempotent by construction.
 * Every step is compared with the stringprep profile of RFC 6122: where both
 * give a text and the texts differ, an old peer and we would mean two people by
 * one name, and the address is refused.  Where stringprep gives none (code
 * points younger than Unicode 3.2, its stricter rules) nobody is confused. */
#include "xml/prep.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uclean.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>

#include "base/log.h"

/* UTF-16 units; the longest input has 1023, mapping makes few of them grow. */
enum { ROOM = 2 * JID_PART_MOST, REPEATS = 4 };

struct wide { int32_t n; UChar u[ROOM]; };

static struct {
	const UNormalizer2 *nfc, *nfkc;
	UStringPrepProfile *node, *resource, *sasl;
	UIDNA *idna;
} icu;
static pthread_once_t icu_once = PTHREAD_ONCE_INIT;

/* Passwords are prepared, too (RFC 8265 §4): what ICU frees is overwritten. */
static void *memory_new(const void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static void memory_free(const void *ctx, void *p)
{
	(void)ctx;
	mem_wipe(p);
}

static void *memory_resize(const void *ctx, void *p, size_t n)
{
	size_t had = p != NULL ? malloc_usable_size(p) : 0;
	void *moved = malloc(n);

	(void)ctx;
	if (moved == NULL)
		return NULL;
	if (had != 0)
		memcpy(moved, p, had < n ? had : n);
	mem_wipe(p);
	return moved;
}

static void icu_open(void)
{
	UErrorCode e = U_ZERO_ERROR;

	u_setMemoryFunctions(NULL, memory_new, memory_resize, memory_free, &e);
	icu.nfc = unorm2_getNFCInstance(&e);
	icu.nfkc = unorm2_getNFKCInstance(&e);
	icu.node = usprep_openByType(USPREP_RFC3920_NODEPREP, &e);
	icu.resource = usprep_openByType(USPREP_RFC3920_RESOURCEPREP, &e);
	icu.sasl = usprep_openByType(USPREP_RFC4013_SASLPREP, &e);
	icu.idna = uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI |
	    UIDNA_CHECK_CONTEXTJ | UIDNA_CHECK_CONTEXTO |
	    UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE, &e);
	if (U_FAILURE(e))
		fatal("ICU has no data for address preparation: %s", u_errorName(e));
}

static UChar32 next_char(const struct wide *s, int32_t *at)
{
	UChar unit = s->u[(*at)++];

	/* u_strFromUTF8 left no lonely surrogate. */
	return (unit & 0xfc00) != 0xd800 ? unit :
	    U16_GET_SUPPLEMENTARY(unit, s->u[(*at)++]);
}

/* --- what a code point is (RFC 8264 §8 and §9) --- */

enum property { PVALID, FREE_PVAL, CONTEXT, DISALLOWED };

/* RFC 8264 §9.6; the first that fits wins. */
static const struct { UChar32 first, last; enum property is; } exceptions[] = {
	{ 0x00b7, 0x00b7, CONTEXT },    { 0x00df, 0x00df, PVALID },
	{ 0x0375, 0x0375, CONTEXT },    { 0x03c2, 0x03c2, PVALID },
	{ 0x05f3, 0x05f4, CONTEXT },    { 0x0640, 0x0640, DISALLOWED },
	{ 0x0660, 0x0669, CONTEXT },    { 0x06f0, 0x06f9, CONTEXT },
	{ 0x06fd, 0x06fe, PVALID },     { 0x07fa, 0x07fa, DISALLOWED },
	{ 0x0f0b, 0x0f0b, PVALID },     { 0x3007, 0x3007, PVALID },
	{ 0x302e, 0x302f, DISALLOWED }, { 0x3031, 0x3035, DISALLOWED },
	{ 0x303b, 0x303b, DISALLOWED }, { 0x30fb, 0x30fb, CONTEXT },
};

static bool has_compat(UChar32 c)
{
	UErrorCode e = U_ZERO_ERROR;
	UChar in[U16_MAX_LENGTH], out[32];
	int32_t n = 0, out_n;

	U16_APPEND_UNSAFE(in, n, c);
	out_n = unorm2_normalize(icu.nfkc, in, n, out, COUNT(out), &e);
	return U_FAILURE(e) || out_n != n || u_memcmp(in, out, n) != 0;
}

static bool is_old_hangul(UChar32 c)
{
	switch (u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE)) {
	case U_HST_LEADING_JAMO:
	case U_HST_VOWEL_JAMO:
	case U_HST_TRAILING_JAMO:
		return true;
	}
	return false;
}

/* By general category alone; what is in no mask is disallowed. */
static enum property category_property(UChar32 c)
{
	uint32_t mask = U_GET_GC_MASK(c);

	if ((mask & (U_GC_LL_MASK | U_GC_LU_MASK | U_GC_LO_MASK | U_GC_ND_MASK |
	    U_GC_LM_MASK | U_GC_MN_MASK | U_GC_MC_MASK)) != 0)
		return PVALID;
	if ((mask & (U_GC_LT_MASK | U_GC_NL_MASK | U_GC_NO_MASK | U_GC_ME_MASK |
	    U_GC_ZS_MASK | U_GC_S_MASK | U_GC_P_MASK)) != 0)
		return FREE_PVAL;
	return DISALLOWED;
}

static enum property property_of(UChar32 c)
{
	if (c >= 0x21 && c <= 0x7e)
		return PVALID;
	for (size_t i = 0; i < COUNT(exceptions); i++)
		if (c >= exceptions[i].first && c <= exceptions[i].last)
			return exceptions[i].is;
	/* ZWJ and ZWNJ would be CONTEXTJ, but stringprep deletes them. */
	if (u_charType(c) == U_UNASSIGNED || is_old_hangul(c) ||
	    u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
	    u_hasBinaryProperty(c, UCHAR_NONCHARACTER_CODE_POINT))
		return DISALLOWED;
	if (u_charType(c) != U_CONTROL_CHAR && has_compat(c))
		return FREE_PVAL;
	return category_property(c);
}

static bool has_script(UChar32 c, UScriptCode script)
{
	UErrorCode e = U_ZERO_ERROR;

	return c >= 0 && uscript_getScript(c, &e) == script;
}

static bool any_between(const struct wide *s, UChar32 first, UChar32 last)
{
	for (int32_t i = 0; i < s->n; i++)
		if (s->u[i] >= first && s->u[i] <= last)
			return true;
	return false;
}

static bool any_japanese(const struct wide *s)
{
	for (int32_t i = 0; i < s->n; ) {
		UChar32 c = next_char(s, &i);

		if (has_script(c, USCRIPT_HIRAGANA) || has_script(c, USCRIPT_KATAKANA) ||
		    has_script(c, USCRIPT_HAN))
			return true;
	}
	return false;
}

/* RFC 5892 appendix A.3 to A.9: `c` stands between `before` and `after`
 * (U_SENTINEL at the ends). */
static bool context_allows(const struct wide *s, UChar32 before, UChar32 c,
    UChar32 after)
{
	if (c == 0x00b7)                        /* Catalan l·l */
		return before == 'l' && after == 'l';
	if (c == 0x0375)
		return has_script(after, USCRIPT_GREEK);
	if (c == 0x05f3 || c == 0x05f4)
		return has_script(before, USCRIPT_HEBREW);
	if (c == 0x30fb)
		return any_japanese(s);
	if (c <= 0x0669)                        /* two sets of digits, not mixed */
		return !any_between(s, 0x06f0, 0x06f9);
	return !any_between(s, 0x0660, 0x0669);
}

static bool is_of_class(const struct wide *s, bool freeform)
{
	UChar32 before = U_SENTINEL, c;

	for (int32_t i = 0; i < s->n; before = c) {
		int32_t peek;
		UChar32 after;

		c = next_char(s, &i);
		peek = i;
		after = i < s->n ? next_char(s, &peek) : U_SENTINEL;
		switch (property_of(c)) {
		case PVALID:
			break;
		case FREE_PVAL:
			if (!freeform)
				return false;
			break;
		case CONTEXT:
			if (!context_allows(s, before, c, after))
				return false;
			break;
		case DISALLOWED:
			return false;
		}
	}
	return true;
}

/* --- the rule of direction (RFC 5893 §2) --- */

#define DIR(d) (UINT32_C(1) << U_ ## d)
#define RTL (DIR(RIGHT_TO_LEFT) | DIR(RIGHT_TO_LEFT_ARABIC))
#define ANY_SIDE (DIR(EUROPEAN_NUMBER) | DIR(EUROPEAN_NUMBER_SEPARATOR) | \
	DIR(COMMON_NUMBER_SEPARATOR) | DIR(EUROPEAN_NUMBER_TERMINATOR) | \
	DIR(OTHER_NEUTRAL) | DIR(BOUNDARY_NEUTRAL) | DIR(DIR_NON_SPACING_MARK))

static bool obeys_bidi(const struct wide *s)
{
	uint32_t all = 0, first = 0, last = 0;

	for (int32_t i = 0; i < s->n; ) {
		uint32_t dir = UINT32_C(1) << u_charDirection(next_char(s, &i));

		first = all == 0 ? dir : first;
		last = dir == DIR(DIR_NON_SPACING_MARK) ? last : dir;
		all |= dir;
	}
	if ((all & (RTL | DIR(ARABIC_NUMBER))) == 0)
		return true;
	/* Beginning from the left, nothing from the right may come at all. */
	return (first & RTL) != 0 &&
	    (all & ~(RTL | ANY_SIDE | DIR(ARABIC_NUMBER))) == 0 &&
	    (last & (RTL | DIR(EUROPEAN_NUMBER) | DIR(ARABIC_NUMBER))) != 0 &&
	    (all & (DIR(EUROPEAN_NUMBER) | DIR(ARABIC_NUMBER))) !=
	    (DIR(EUROPEAN_NUMBER) | DIR(ARABIC_NUMBER));
}

/* --- mapping --- */

static bool append(struct wide *out, const UChar *u, int32_t n)
{
	if (n > ROOM - out->n)
		return false;
	u_memcpy(out->u + out->n, u, n);
	out->n += n;
	return true;
}

/* Full-width and half-width forms become what they are forms of. */
static int32_t width_mapping(UChar32 c, UChar *to, int32_t room)
{
	UErrorCode e = U_ZERO_ERROR;
	int32_t type = u_getIntPropertyValue(c, UCHAR_DECOMPOSITION_TYPE), n;

	if (type != U_DT_WIDE && type != U_DT_NARROW)
		return 0;
	n = unorm2_getRawDecomposition(icu.nfkc, c, to, room, &e);
	return U_SUCCESS(e) && n > 0 ? n : 0;
}

static int32_t space_mapping(UChar32 c, UChar *to, int32_t room)
{
	if (room < 1 || u_charType(c) != U_SPACE_SEPARATOR)
		return 0;
	*to = ' ';
	return 1;
}

typedef int32_t mapping_fn(UChar32 c, UChar *to, int32_t room);

static bool map(const struct wide *in, mapping_fn *mapping, struct wide *out)
{
	out->n = 0;
	for (int32_t i = 0; i < in->n; ) {
		UChar to[32];
		int32_t from = i;
		int32_t n = mapping(next_char(in, &i), to, COUNT(to));

		if (!(n != 0 ? append(out, to, n) :
		    append(out, in->u + from, i - from)))
			return false;
	}
	return true;
}

static bool normalise(const struct wide *in, struct wide *out)
{
	UErrorCode e = U_ZERO_ERROR;

	out->n = unorm2_normalize(icu.nfc, in->u, in->n, out->u, ROOM, &e);
	return U_SUCCESS(e);
}

static bool lower(const struct wide *in, struct wide *out)
{
	UErrorCode e = U_ZERO_ERROR;

	out->n = u_strToLower(out->u, ROOM, in->u, in->n, "", &e);
	return U_SUCCESS(e);
}

/* RFC 7622 §3.3.1. */
static bool has_excluded(const struct wide *s)
{
	static const char excluded[] = "\"&'/:<>@";

	for (int32_t i = 0; i < s->n; i++)
		for (const char *x = excluded; *x != '\0'; x++)
			if (s->u[i] == (UChar)*x)
				return true;
	return false;
}

static bool local_step(const struct wide *in, struct wide *out)
{
	struct wide mapped;

	return map(in, width_mapping, out) && lower(out, &mapped) &&
	    normalise(&mapped, out) && is_of_class(out, false) &&
	    obeys_bidi(out) && !has_excluded(out);
}

static bool resource_step(const struct wide *in, struct wide *out)
{
	struct wide mapped;

	return map(in, space_mapping, &mapped) && normalise(&mapped, out) &&
	    is_of_class(out, true);
}

/* --- profiles --- */

static bool is_same(const struct wide *a, const struct wide *b)
{
	return a->n == b->n && u_memcmp(a->u, b->u, a->n) == 0;
}

/* Stringprep maps `in` to `out` too, or to nothing at all. */
static bool old_peers_agree(const UStringPrepProfile *old,
    const struct wide *in, const struct wide *out)
{
	UErrorCode e = U_ZERO_ERROR;
	struct wide theirs;

	theirs.n = usprep_prepare(old, in->u, in->n, theirs.u, ROOM,
	    USPREP_DEFAULT, NULL, &e);
	return U_FAILURE(e) || is_same(&theirs, out);
}

static bool widen(struct slice in, struct wide *out)
{
	UErrorCode e = U_ZERO_ERROR;

	if (in.n == 0 || in.n > JID_PART_MOST)
		return false;
	u_strFromUTF8(out->u, ROOM, &out->n, in.p, (int32_t)in.n, &e);
	return U_SUCCESS(e);
}

static bool narrow(const struct wide *in, struct prep_text *out)
{
	UErrorCode e = U_ZERO_ERROR;
	int32_t n = 0;

	u_strToUTF8(out->p, JID_PART_MOST, &n, in->u, in->n, &e);
	out->n = (size_t)n;
	return U_SUCCESS(e) && n > 0;
}

static bool settle(struct slice in, const UStringPrepProfile *old,
    bool step(const struct wide *, struct wide *), struct prep_text *out)
{
	struct wide s, t;

	if (!widen(in, &s))
		return false;
	for (int i = 0; i < REPEATS; i++) {
		if (!step(&s, &t) || !old_peers_agree(old, &s, &t))
			return false;
		if (is_same(&s, &t))
			return narrow(&t, out);
		s.n = t.n;
		u_memcpy(s.u, t.u, t.n);
	}
	return false;
}

bool prep_local(struct slice in, struct prep_text *out)
{
	pthread_once(&icu_once, icu_open);
	return settle(in, icu.node, local_step, out);
}

bool prep_resource(struct slice in, struct prep_text *out)
{
	pthread_once(&icu_once, icu_open);
	return settle(in, icu.resource, resource_step, out);
}

/* Where the two differ (º, ª, ½, a soft hyphen) clients do as RFC 5802 §2.2 says. */
bool prep_password(struct slice in, struct prep_text *out)
{
	UErrorCode e = U_ZERO_ERROR;
	struct wide s, t;

	if (prep_resource(in, out))
		return true;
	if (!widen(in, &s))
		return false;
	t.n = usprep_prepare(icu.sasl, s.u, s.n, t.u, ROOM,
	    USPREP_ALLOW_UNASSIGNED, NULL, &e);
	return U_SUCCESS(e) && narrow(&t, out);
}

/* UTS 46 lets symbols through that IDNA2008 does not know. */
static bool is_of_letters(const struct prep_text *text)
{
	struct wide s;

	return widen(slice_make(text->p, text->n), &s) && is_of_class(&s, false);
}

bool prep_domain(struct slice in, struct prep_text *out)
{
	UIDNAInfo info = UIDNA_INFO_INITIALIZER, ascii = UIDNA_INFO_INITIALIZER;
	UErrorCode e = U_ZERO_ERROR;
	char wire[JID_PART_MOST];
	int32_t n;

	if (in.n == 0 || in.n > JID_PART_MOST)
		return false;
	pthread_once(&icu_once, icu_open);
	n = uidna_nameToUnicodeUTF8(icu.idna, in.p, (int32_t)in.n, out->p,
	    JID_PART_MOST, &info, &e);
	if (U_FAILURE(e) || info.errors != 0 || n <= 0)
		return false;
	if (n > 1 && out->p[n - 1] == '.')
		n--;
	out->n = (size_t)n;
	/* Only the form on the wire knows how long a label really is. */
	uidna_nameToASCII_UTF8(icu.idna, out->p, n, wire, sizeof wire, &ascii, &e);
	return U_SUCCESS(e) && ascii.errors == 0 && is_of_letters(out);
}
