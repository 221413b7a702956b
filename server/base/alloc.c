/* SPDX-License-Identifier: Apache-2.0 */
/* base/alloc.c — bump allocation in chunks; a chunk that a request does not fit
 * is followed by a larger one, so an arena costs O(log n) mallocs. */
#include "base/alloc.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_FIRST = 1024, CHUNK_MOST = 64 * 1024, ALIGN = 16 };

struct chunk {
	struct chunk *next;
	size_t used, room;
	size_t pad;                        /* keeps mem[] aligned to 16 */
	char mem[];
};

static void *or_die(void *p)
{
	if (p == NULL) {
		/* Not the log: it would allocate. */
		fputs("error memory-exhausted\n", stderr);
		abort();
	}
	return p;
}

void *mem_new(size_t n)
{
	return or_die(calloc(1, n != 0 ? n : 1));
}

void *mem_grow(void *p, size_t n)
{
	return or_die(realloc(p, n != 0 ? n : 1));
}

char *mem_dup(const void *p, size_t n)
{
	char *copy = or_die(malloc(n + 1));

	if (n != 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

void mem_wipe(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void chunk_add(struct arena *a, size_t room)
{
	struct chunk *c = or_die(malloc(sizeof *c + room));

	c->next = a->head;
	c->used = 0;
	c->room = room;
	a->head = c;
}

static size_t next_room(const struct arena *a, size_t least)
{
	size_t room = CHUNK_FIRST;

	if (a->head != NULL && a->head->room < CHUNK_MOST)
		room = a->head->room * 2;
	else if (a->head != NULL)
		room = CHUNK_MOST;
	return room > least ? room : least;
}

struct arena arena_with_room(size_t first)
{
	struct arena a = { NULL };

	chunk_add(&a, first);
	return a;
}

size_t arena_room(size_t n)
{
	if (n > SIZE_MAX - ALIGN - sizeof (struct chunk))
		or_die(NULL);
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

size_t arena_dup_room(size_t n)
{
	return arena_room(n + 1);
}

void *arena_raw(struct arena *a, size_t n)
{
	char *p;

	n = arena_room(n);
	if (a->head == NULL || a->head->room - a->head->used < n)
		chunk_add(a, next_room(a, n));
	p = a->head->mem + a->head->used;
	a->head->used += n;
	return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
	return memset(arena_raw(a, n), 0, n);
}

char *arena_dup(struct arena *a, const void *p, size_t n)
{
	char *copy = arena_raw(a, n + 1);

	if (n != 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

void arena_wipe(struct arena *a)
{
	struct chunk *c = a->head;

	/* Its owner may be in the first, and is gone with it. */
	a->head = NULL;
	while (c != NULL) {
		struct chunk *next = c->next;

		explicit_bzero(c, sizeof *c + c->used);
		free(c);
		c = next;
	}
}

void arena_fini(struct arena *a)
{
	struct chunk *c = a->head;

	/* The arena itself may live in one of its chunks. */
	a->head = NULL;
	while (c != NULL) {
		struct chunk *next = c->next;

		free(c);
		c = next;
	}
}
