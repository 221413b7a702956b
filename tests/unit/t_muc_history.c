/* SPDX-License-Identifier: Apache-2.0 */
/* History: how much of the past somebody gets. */
#include "feat/muc/history.h"
#include "tests/tap.h"
#include "xml/ns.h"

static void write_message(struct fan *f, const char *body)
{
	struct xml_writer w;

	fan_open(f, &w, "message");
	write_attr_cstr(&w, "type", "groupchat");
	write_leaf(&w, NS_CLIENT, "body", slice_of(body));
	fan_close(&w);
}

static void say(struct history *h, size_t most, int64_t when, const char *body)
{
	write_message(history_place(h, most, when), body);
	history_kept(h);
}

static struct history_wish wish(struct arena *a, const char *name,
    const char *value, int64_t now)
{
	struct elem *e = elem_new(a, NS_MUC, "history");

	if (name != NULL)
		elem_set_cstr(a, e, name, value);
	return history_wish(e, now);
}

/* The bodies told, put together. */
static const char *told(struct history *h, struct history_wish w)
{
	static char text[64];
	struct buf out = { NULL, 0, 0 };
	size_t n = 0;

	history_tell(h, &w, SLICE("a@b/c"), &out);
	for (size_t i = 0; i + 6 < out.n; i++)
		if (memcmp(out.p + i, "<body>", 6) == 0 && n + 1 < sizeof text)
			text[n++] = out.p[i + 6];
	text[n] = '\0';
	buf_fini(&out);
	return text;
}

static const struct { const char *name, *value, *want, *what; } wishes[] = {
	{ NULL, NULL, "345", "no wish: all that is kept" },
	{ "maxstanzas", "2", "45", "two messages are the newest two" },
	{ "maxstanzas", "0", "", "none" },
	{ "maxstanzas", "-1", "345", "nonsense is no wish" },
	{ "maxstanzas", "99", "345", "more than there are" },
	{ "maxchars", "0", "", "no characters, no message" },
	{ "maxchars", "60", "", "a message is told whole or not at all" },
	{ "maxchars", "61", "5", "the whole stanza counts" },
	{ "maxchars", "121", "5", "and not half of the next" },
	{ "maxchars", "122", "45", "two whole ones" },
	{ "seconds", "5", "5", "the last five seconds" },
	{ "seconds", "15", "45", "the last fifteen" },
	{ "since", "1970-01-01T00:00:40Z", "45", "since a moment, it included" },
	{ "since", "yesterday", "345", "a time that is none is no wish" },
};

static void wanting(struct arena *a)
{
	struct history h = { .ring = NULL };
	static const char *const bodies[] = { "1", "2", "3", "4", "5" };

	is_str(told(&h, history_wish(NULL, 0)), "", "nothing said, nothing told");
	for (int i = 0; i < 5; i++)
		say(&h, 3, (i + 1) * 10000, bodies[i]);
	for (size_t i = 0; i < COUNT(wishes); i++)
		is_str(told(&h, wish(a, wishes[i].name, wishes[i].value, 55000)),
		    wishes[i].want, wishes[i].what);
	say(&h, 5, 60000, "6");
	is_str(told(&h, history_wish(NULL, 0)), "3456", "more room after a reload");
	say(&h, 2, 70000, "7");
	is_str(told(&h, history_wish(NULL, 0)), "67", "and less");
	history_fini(&h);
	is_int(h.n, 0, "an ended history is empty");
}

static void bytes(void)
{
	struct history h = { .ring = NULL };
	static char body[50000];

	memset(body, 'x', sizeof body - 1);
	for (int i = 0; i < 6; i++)
		say(&h, 20, i, body);
	is_int(h.n, 2, "DOS-11 128 KiB hold two messages of 50 kB");
	ok(h.bytes <= HISTORY_BYTES_MOST, "DOS-11 and no more");
	history_fini(&h);
}

int main(void)
{
	struct arena a = { NULL };

	wanting(&a);
	bytes();
	arena_fini(&a);
	return done();
}
