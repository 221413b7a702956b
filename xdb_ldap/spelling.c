/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/spelling.c — see xdb_ldap/spelling.h. */
#include "xdb_ldap/spelling.h"

/* --- without accents ------------------------------------------------------------------ */

/* U+00C0 … U+017F, by their base letters. */
static char base_letter(const char *p)
{
	static const char latin1[] = "aaaaaaaceeeeiiiidnooooo*ouuuuyts"
	    "aaaaaaaceeeeiiiidnooooo/ouuuuyty";
	static const char extended[] = "aaaaaaccccccccddddeeeeeeeeeegggggggg"
	    "hhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssss"
	    "ttttttuuuuuuuuuuuuwwyyyzzzzzzs";
	unsigned char lead = (unsigned char)p[0], tail = (unsigned char)p[1];
	unsigned code = (lead & 0x1fu) << 6 | (tail & 0x3fu);

	if (code >= 0xc0 && code < 0x100)
		return latin1[code - 0xc0];
	return code < 0x180 ? extended[code - 0x100] : 'z';
}

struct slice spelling_fold(struct arena *a, struct slice name)
{
	char *key = arena_raw(a, name.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c >= 'A' && c <= 'Z')
			key[n++] = (char)(c + 32);
		else if (c >= 0xc3 && c <= 0xc5 && i + 1 < name.n)
			key[n++] = base_letter(name.p + i++);
		else
			key[n++] = (char)c;
	}
	return slice_make(key, n);
}

/* --- with accents ------------------------------------------------------------------------ */

struct letter { char base; const char *accented; };

/* The commonest first, for there is an end to how many are tried. */
static const struct letter accents[] = {
	{ 'a', "á" }, { 'e', "é" }, { 'i', "í" }, { 'o', "ó" }, { 'u', "ú" },
	{ 'u', "ü" }, { 'a', "à" }, { 'e', "è" }, { 'o', "ò" }, { 'i', "ï" },
};
static const struct letter consonants[] = { { 'n', "ñ" }, { 'c', "ç" } };

struct spelling { const struct letter *letter; size_t at; };    /* NULL: none */

/* Every place where one of the table's letters may stand; the first is none. */
static size_t places(struct slice base, const struct letter *table, size_t n,
    struct spelling out[SPELLINGS_MOST])
{
	size_t have = 1;

	out[0] = (struct spelling){ NULL, 0 };
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < base.n && have < SPELLINGS_MOST; i++)
			if (base.p[i] == table[k].base)
				out[have++] = (struct spelling){ &table[k], i };
	return have;
}

static struct slice spell(struct arena *a, struct slice base,
    const struct spelling *vowel, const struct spelling *consonant)
{
	struct buf b = { 0 };
	struct slice kept;

	for (size_t i = 0; i < base.n; i++)
		if (vowel->letter != NULL && i == vowel->at)
			buf_adds(&b, vowel->letter->accented);
		else if (consonant->letter != NULL && i == consonant->at)
			buf_adds(&b, consonant->letter->accented);
		else
			buf_addc(&b, base.p[i]);
	kept = slice_dup(a, buf_slice(&b));
	buf_fini(&b);
	return kept;
}

size_t spelling_variants(struct arena *a, struct slice word,
    struct slice out[SPELLINGS_MOST])
{
	struct slice base = spelling_fold(a, word);
	struct spelling vowels[SPELLINGS_MOST], others[SPELLINGS_MOST];
	size_t vowel_n = places(base, accents, COUNT(accents), vowels);
	size_t other_n = places(base, consonants, COUNT(consonants), others);
	size_t n = 0;

	out[n++] = word;
	for (size_t k = 0; k < other_n; k++)
		for (size_t i = 0; i < vowel_n && n < SPELLINGS_MOST; i++)
			out[n++] = spell(a, base, &vowels[i], &others[k]);
	return n;
}
