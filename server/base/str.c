/* SPDX-License-Identifier: Apache-2.0 */
/* base/str.c — slices and buffers. */
#include "base/str.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool slice_starts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_eq(slice_make(s.p, prefix.n), prefix);
}

int slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n != 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

bool slice_cut(struct slice s, char c, struct slice *head_r,
    struct slice *tail_r)
{
	const char *at = s.n != 0 ? memchr(s.p, c, s.n) : NULL;

	if (at == NULL) {
		*head_r = s;
		*tail_r = slice_make(NULL, 0);
		return false;
	}
	*head_r = slice_make(s.p, (size_t)(at - s.p));
	*tail_r = slice_make(at + 1, s.n - head_r->n - 1);
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
	while (s.n != 0 && is_space(s.p[0]))
		s.p++, s.n--;
	while (s.n != 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool slice_word(struct slice *rest, struct slice *word_r)
{
	struct slice s = slice_trim(*rest);
	size_t n = 0;

	while (n < s.n && !is_space(s.p[n]))
		n++;
	*word_r = slice_make(s.p, n);
	*rest = slice_make(n != 0 ? s.p + n : s.p, s.n - n);
	return n != 0;
}

bool slice_number(struct slice s, uint64_t most, uint64_t *value_r)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(s.p[i] - '0');

		if (s.p[i] < '0' || digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (v > most)
		return false;
	*value_r = v;
	return true;
}

char *slice_cstr(struct arena *a, struct slice s)
{
	return arena_dup(a, s.p, s.n);
}

struct slice slice_dup(struct arena *a, struct slice s)
{
	return slice_make(arena_dup(a, s.p, s.n), s.n);
}

char *slice_new(struct slice s)
{
	return mem_dup(s.p, s.n);
}

bool slice_eq_secret(struct slice a, struct slice b)
{
	unsigned char diff = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		diff |= (unsigned char)(a.p[i] ^ b.p[i]);
	return diff == 0;
}

void buf_reserve(struct buf *b, size_t more)
{
	size_t room = b->room != 0 ? b->room : 256;

	assert(more <= SIZE_MAX / 4 && b->n <= SIZE_MAX / 4);
	while (room < b->n + more)
		room *= 2;
	if (room != b->room) {
		b->p = mem_grow(b->p, room);
		b->room = room;
	}
}

void buf_add_secret(struct buf *b, struct slice s)
{
	struct buf wider = { 0 };

	if (b->room - b->n < s.n) {
		buf_reserve(&wider, b->n + s.n);
		buf_add(&wider, buf_slice(b));
		buf_wipe(b);
		*b = wider;
	}
	buf_add(b, s);
}

void buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	buf_reserve(b, (size_t)n + 1);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(b, fmt, ap);
	va_end(ap);
}

void buf_drop(struct buf *b, size_t n)
{
	assert(n <= b->n);
	if (n != 0 && n != b->n)
		memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

const char *buf_cstr(struct buf *b)
{
	buf_reserve(b, 1);
	b->p[b->n] = '\0';
	return b->p;
}

void buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void buf_wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->room);
	buf_fini(b);
}
