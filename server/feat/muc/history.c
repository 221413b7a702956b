/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/history.c — a ring of serialised messages. */
#include "feat/muc/history.h"

#include <stdlib.h>

#include "xml/stanza.h"

struct past { struct fan message; int64_t wall_ms; };

static struct past *past_at(const struct history *h, size_t i)
{
	return &h->ring[(h->first + i) % h->room];
}

static void forget_oldest(struct history *h)
{
	struct past *p = past_at(h, 0);

	h->bytes -= fan_size(&p->message);
	fan_fini(&p->message);
	h->first = (h->first + 1) % h->room;
	h->n--;
}

/* The limit was reloaded with another value. */
static void resize(struct history *h, size_t most)
{
	struct past *ring = mem_new(most * sizeof *ring);

	while (h->n > most)
		forget_oldest(h);
	for (size_t i = 0; i < h->n; i++)
		ring[i] = *past_at(h, i);
	free(h->ring);
	h->ring = ring;
	h->room = most;
	h->first = 0;
}

struct fan *history_place(struct history *h, size_t most, int64_t wall_ms)
{
	struct past *p;

	if (h->room != most)
		resize(h, most);
	if (h->n == most)
		forget_oldest(h);
	p = past_at(h, h->n);
	*p = (struct past){ .wall_ms = wall_ms };
	h->n++;
	return &p->message;
}

void history_kept(struct history *h)
{
	h->bytes += fan_size(&past_at(h, h->n - 1)->message);
	while (h->bytes > HISTORY_BYTES_MOST)
		forget_oldest(h);
}

void history_fini(struct history *h)
{
	while (h->n != 0)
		forget_oldest(h);
	free(h->ring);
	*h = (struct history){ .ring = NULL };
}

/* --- what is wanted --- */

static uint64_t number(const struct elem *e, const char *name)
{
	uint64_t value;

	return slice_number(elem_attr(e, name), UINT32_MAX, &value) ? value
	    : UINT64_MAX;
}

struct history_wish history_wish(const struct elem *e, int64_t now_ms)
{
	struct history_wish wish = { UINT64_MAX, UINT64_MAX, INT64_MIN };
	uint64_t seconds;
	int64_t since;

	if (e == NULL)
		return wish;
	wish.characters = number(e, "maxchars");
	wish.stanzas = number(e, "maxstanzas");
	seconds = number(e, "seconds");
	if (seconds != UINT64_MAX)
		wish.since_ms = now_ms - (int64_t)seconds * 1000;
	if (stanza_time_parse(elem_attr(e, "since"), &since)
	    && since > wish.since_ms)
		wish.since_ms = since;
	return wish;
}

/* How many of the newest fit. */
static size_t fitting(const struct history *h, const struct history_wish *wish,
    struct slice to)
{
	uint64_t left = wish->characters;
	size_t n = 0;

	for (; n < h->n && n < wish->stanzas; n++) {
		struct past *p = past_at(h, h->n - 1 - n);
		size_t size = fan_to(&p->message, to).n;

		if (p->wall_ms < wish->since_ms || size > left)
			break;
		left -= size;
	}
	return n;
}

void history_tell(struct history *h, const struct history_wish *wish,
    struct slice to, struct buf *out)
{
	for (size_t n = fitting(h, wish, to); n != 0; n--)
		buf_add(out, fan_to(&past_at(h, h->n - n)->message, to));
}
