/* SPDX-License-Identifier: Apache-2.0 */
/* base/alloc.h — memory that is never NULL, and arenas.
 *
 * mem_* end the process when memory is gone: no caller checks (style: weather
 * that nobody can act on is not an error value).  An arena hands out memory
 * that is freed all at once; it is the owner of everything that belongs to one
 * job, one session or one account. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

void *mem_new(size_t n);                   /* zeroed; caller frees with free() */
void *mem_grow(void *p, size_t n);         /* realloc; moves, never NULL       */
char *mem_dup(const void *p, size_t n);    /* n bytes and a NUL                */
/* free() of what may have held a secret, all of it overwritten.  For libraries that
 * let us say how their memory is freed. */
void mem_wipe(void *p);

#define NEW(type) ((type *)mem_new(sizeof (type)))

struct chunk;
struct arena { struct chunk *head; };      /* {0} is an empty arena            */

/* Memory for `n` bytes, aligned for anything, zeroed, valid until arena_fini. */
void *arena_alloc(struct arena *a, size_t n);
/* The same without zeroing, for bytes that are written at once. */
void *arena_raw(struct arena *a, size_t n);
char *arena_dup(struct arena *a, const void *p, size_t n);   /* adds a NUL */
void arena_fini(struct arena *a);          /* frees all; the arena is empty again */
void arena_wipe(struct arena *a);          /* overwrites, then frees: secrets */

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof (type)))

/* An arena whose first chunk has `first` bytes of room.  What lives long is put
 * into one block by asking for the sum of what its parts take; its owner may be
 * the first of them, and is then freed by arena_fini() of a copy of the arena. */
struct arena arena_with_room(size_t first);
/* What arena_alloc(n) takes of a chunk, and what arena_dup(n bytes) does. */
size_t arena_room(size_t n);
size_t arena_dup_room(size_t n);

#endif
