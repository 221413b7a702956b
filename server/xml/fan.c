/* SPDX-License-Identifier: Apache-2.0 */
/* xml/fan.c — one stanza to many; see fan.h for the picture. */
#include "xml/fan.h"

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

static void begin(struct fan *f, struct slice name)
{
	buf_clear(&f->bytes);
	buf_reserve(&f->bytes, 4 * GAP);
	f->bytes.n = GAP;
	f->name = name;
	f->rest = GAP + 1 + name.n;
}

void fan_open(struct fan *f, struct xml_writer *w, const char *name)
{
	begin(f, slice_of(name));
	write_init(w, &f->bytes, NS_CLIENT);
	write_open(w, NS_CLIENT, name);
}

void fan_stanza(struct fan *f, const struct elem *stanza,
    const struct write_as *as)
{
	struct write_as without_to = *as;

	without_to.to = SLICE("");
	begin(f, stanza->name);
	write_stanza(&f->bytes, stanza, &without_to);
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
	size_t head = 1 + f->name.n + (to.n != 0 ? attribute.n + to.n + 1 : 0);
	char *start, *at;

	if (head > f->rest)
		widen(f, head);
	start = at = f->bytes.p + f->rest - head;
	*at++ = '<';
	at = put(at, f->name);
	if (to.n != 0) {
		at = put(at, attribute);
		at = put(at, to);
		*at = '\'';
	}
	return slice_make(start, f->bytes.n - f->rest + head);
}
