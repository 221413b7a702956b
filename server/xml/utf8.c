/* SPDX-License-Identifier: Apache-2.0 */
/* xml/utf8.c — a table of states (RFC 3629 §4), and eight ASCII bytes at once. */
#include "xml/utf8.h"

/* What a byte can be: only as many kinds as the states below tell apart. */
enum kind {
	BAD, ASCII,
	C80, C90, CA0, CBE, CBF,        /* 80-8F, 90-9F, A0-BD, BE, BF */
	TWO, E0, THREE, ED, EF, F0, FOUR, F4,           /* lead bytes */
	KINDS
};

static const uint8_t kinds[256] = {
	['\t'] = ASCII, ['\n'] = ASCII, ['\r'] = ASCII, [0x20 ... 0x7f] = ASCII,
	[0x80 ... 0x8f] = C80, [0x90 ... 0x9f] = C90, [0xa0 ... 0xbd] = CA0,
	[0xbe] = CBE, [0xbf] = CBF, [0xc2 ... 0xdf] = TWO,
	[0xe0] = E0, [0xe1 ... 0xec] = THREE, [0xed] = ED, [0xee] = THREE,
	[0xef] = EF, [0xf0] = F0, [0xf1 ... 0xf3] = FOUR, [0xf4] = F4,
};

/* What must come: NEEDn any n continuation bytes; AFTER_x what may follow the
 * lead byte x; LAST the third byte after EF BF, where BE and BF would make
 * U+FFFE and U+FFFF. */
enum state {
	START = UTF8_START, NEED1, NEED2, NEED3,
	AFTER_E0, AFTER_ED, AFTER_EF, LAST, AFTER_F0, AFTER_F4,
	REFUSED, STATES
};

#define ROW(r80, r90, rA0, rBE, rBF) \
	{ REFUSED, REFUSED, r80, r90, rA0, rBE, rBF, REFUSED, REFUSED, \
	  REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED }
#define NO REFUSED

static const uint8_t next[STATES][KINDS] = {
	[START] = { NO, START, NO, NO, NO, NO, NO, NEED1, AFTER_E0, NEED2,
	    AFTER_ED, AFTER_EF, AFTER_F0, NEED3, AFTER_F4 },
	[NEED1]    = ROW(START, START, START, START, START),
	[NEED2]    = ROW(NEED1, NEED1, NEED1, NEED1, NEED1),
	[NEED3]    = ROW(NEED2, NEED2, NEED2, NEED2, NEED2),
	[AFTER_E0] = ROW(NO,    NO,    NEED1, NEED1, NEED1),
	[AFTER_ED] = ROW(NEED1, NEED1, NO,    NO,    NO),
	[AFTER_EF] = ROW(NEED1, NEED1, NEED1, NEED1, LAST),
	[LAST]     = ROW(START, START, START, NO,    NO),
	[AFTER_F0] = ROW(NO,    NEED2, NEED2, NEED2, NEED2),
	[AFTER_F4] = ROW(NEED2, NO,    NO,    NO,    NO),
	[REFUSED]  = ROW(NO,    NO,    NO,    NO,    NO),
};

/* True when one of 8 bytes is below 0x20 or above 0x7f; may be true for a few
 * more (a borrow from a lower byte), which only costs the slow way. */
static bool is_odd(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return ((w | (w - 0x2020202020202020u)) & 0x8080808080808080u) != 0;
}

size_t utf8_gate(uint8_t *state, struct slice s)
{
	unsigned st = *state;
	size_t i = 0;

	while (i < s.n) {
		unsigned to;

		if (st == START && s.n - i >= 8 && !is_odd(s.p + i)) {
			i += 8;
			continue;
		}
		to = next[st][kinds[(unsigned char)s.p[i]]];
		if (to == REFUSED)
			break;
		st = to;
		i++;
	}
	*state = (uint8_t)st;
	return i;
}

bool utf8_is_good(struct slice s)
{
	uint8_t state = START;

	return utf8_gate(&state, s) == s.n && state == START;
}

size_t utf8_char(struct slice s)
{
	unsigned st = START;

	for (size_t i = 0; i < s.n && st != REFUSED; i++) {
		st = next[st][kinds[(unsigned char)s.p[i]]];
		if (st == START)
			return i + 1;
	}
	return 0;
}
