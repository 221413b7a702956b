/* SPDX-License-Identifier: Apache-2.0 */
/* Nicks: what is refused, and what is made the same. */
#include "feat/muc/nick.h"
#include "tests/tap.h"

static const struct { const char *in, *want, *name; } cases[] = {
	{ "lucia",            "lucia",       "a plain nick stays" },
	{ "José María",       "José María",  "a space inside stays" },
	{ " lucia",           "lucia",       "a space in front goes" },
	{ "lucia   ",         "lucia",       "spaces behind go" },
	{ "José   María",     "José María",  "many spaces are one" },
	{ "  José  María  ",  "José María",  "all at once" },
	{ "",                 NULL,          "the empty nick is refused" },
	{ " ",                NULL,          "an invisible nick is refused" },
	{ "      ",           NULL,          "a longer invisible nick is refused" },
};

static void length(struct arena *a)
{
	static char text[NICK_BYTES_MOST + 2];
	struct slice nick;

	memset(text, 'x', sizeof text);
	ok(nick_clean(a, slice_make(text, NICK_BYTES_MOST), &nick),
	    "DOS-11 256 bytes are a nick");
	ok(!nick_clean(a, slice_make(text, NICK_BYTES_MOST + 1), &nick),
	    "DOS-11 257 bytes are none");
	text[NICK_BYTES_MOST] = ' ';
	ok(nick_clean(a, slice_make(text, NICK_BYTES_MOST + 1), &nick)
	    && nick.n == NICK_BYTES_MOST, "what counts is what is left");
}

int main(void)
{
	struct arena a = { NULL };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice nick = { NULL, 0 }, twice;
		bool good = nick_clean(&a, slice_of(cases[i].in), &nick);

		is_slice(good ? nick : slice_of(NULL),
		    slice_of(cases[i].want), cases[i].name);
		if (good)
			ok(nick_clean(&a, nick, &twice) && slice_eq(twice, nick),
			    "cleaning twice changes nothing");
	}
	length(&a);
	arena_fini(&a);
	return done();
}
