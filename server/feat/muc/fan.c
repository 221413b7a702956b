/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/fan.c — see fan.h for the picture. */
#include "feat/muc/fan.h"

#include "xml/ns.h"

/* The gap holds most addresses; a longer one makes it grow, once. */
enum { GAP = 160 };

static const struct slice attribute = SLICE_INIT(" to='");

struct slice fan_address(struct arena *a, struct slice jid)
{
	struct buf escaped = { NULL, 0, 0 };
	struct slice copy;

	write_escaped(&escaped, jid);
	copy = slice_dup(a, buf_slice(&escaped));
	buf_fini(&escaped);
	return copy;
}

void fan_open(struct fan *f, struct xml_writer *w, const char *name)
{
	buf_clear(&f->bytes);
	buf_reserve(&f->bytes, 4 * GAP);
	f->bytes.n = GAP;
	f->name = slice_of(name);
	f->rest = GAP + 1 + f->name.n;
	write_init(w, &f->bytes, NS_CLIENT);
	write_open(w, NS_CLIENT, name);
}

void fan_close(struct xml_writer *w)
{
	write_close(w);
}

void fan_fini(struct fan *f)
{
	buf_fini(&f->bytes);
	*f = (struct fan){ .rest = 0 };
}

static struct slice fan_rest(const struct fan *f)
{
	return slice_make(f->bytes.p + f->rest, fan_size(f));
}

bool fan_eq(const struct fan *a, const struct fan *b)
{
	return slice_eq(a->name, b->name) && slice_eq(fan_rest(a), fan_rest(b));
}

static void widen(struct fan *f, size_t gap)
{
	size_t n = fan_size(f);

	buf_reserve(&f->bytes, gap);
	memmove(f->bytes.p + gap, f->bytes.p + f->rest, n);
	f->rest = gap;
	f->bytes.n = gap + n;
}

static char *put(char *at, struct slice s)
{
	memcpy(at, s.p, s.n);
	return at + s.n;
}

struct slice fan_to(struct fan *f, struct slice to)
{
	size_t head = 1 + f->name.n + attribute.n + to.n + 1;
	char *start, *at;

	if (head > f->rest)
		widen(f, head);
	start = at = f->bytes.p + f->rest - head;
	*at++ = '<';
	at = put(at, f->name);
	at = put(at, attribute);
	at = put(at, to);
	*at = '\'';
	return slice_make(start, f->bytes.n - f->rest + head);
}
