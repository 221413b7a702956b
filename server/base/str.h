/* SPDX-License-Identifier: Apache-2.0 */
/* base/str.h — bytes we look at, and bytes we write.
 *
 * A slice never owns: it is valid as long as whatever it was cut from.
 * A buf owns its memory until buf_fini(); appending may move it, so take
 * slices of a buf only when you are done appending. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

#define COUNT(array) (sizeof (array) / sizeof *(array))
#define FORMAT(f, first) __attribute__((format(printf, f, first)))

struct slice { const char *p; size_t n; };

#define SLICE(lit) ((struct slice){ "" lit, sizeof (lit) - 1 })
#define SLICE_INIT(lit) { "" lit, sizeof (lit) - 1 }
#define SLICE_FMT "%.*s"
#define SLICE_ARG(s) (int)(s).n, (s).p

static inline struct slice slice_of(const char *cstr)   /* NULL gives the empty slice */
{
	return (struct slice){ cstr, cstr != NULL ? strlen(cstr) : 0 };
}
static inline struct slice slice_make(const void *p, size_t n)
{
	return (struct slice){ p, n };
}
static inline bool slice_eq(struct slice a, struct slice b)
{
	/* Most names that differ differ in their first byte: no call for those. */
	return a.n == b.n && (a.p == b.p || a.n == 0
	    || (*a.p == *b.p && memcmp(a.p, b.p, a.n) == 0));
}
static inline bool slice_is(struct slice a, const char *cstr)
{
	return slice_eq(a, slice_of(cstr));
}
bool slice_eq_nocase(struct slice a, struct slice b);         /* ASCII only */
bool slice_starts(struct slice s, struct slice prefix);
int slice_cmp(struct slice a, struct slice b);                 /* like memcmp, then by length */
/* Cuts `s` at the first `c`: true and head/tail without it, or false and head = s, tail = empty. */
bool slice_cut(struct slice s, char c, struct slice *head_r, struct slice *tail_r);
struct slice slice_trim(struct slice s);                       /* ASCII white space, both ends */
/* The next word separated by ASCII white space; false at the end.  Moves `rest` on. */
bool slice_word(struct slice *rest, struct slice *word_r);
/* Strict decimal: digits only, no sign, no leading white space, at most `most`. */
bool slice_number(struct slice s, uint64_t most, uint64_t *value_r);
char *slice_cstr(struct arena *a, struct slice s);              /* copy with a NUL */
struct slice slice_dup(struct arena *a, struct slice s);
char *slice_new(struct slice s);                                /* heap copy with NUL, caller frees */
/* Constant time in the contents (not the length). */
bool slice_eq_secret(struct slice a, struct slice b);

struct buf { char *p; size_t n, room; };                        /* {0} is empty */

void buf_reserve(struct buf *b, size_t more);                   /* room for `more` further bytes */
/* Inline, for a writer adds some thirty pieces to a stanza, most of them constants
 * of a few bytes: copied without a call, that is 0.1 µs a stanza. */
static inline void buf_add(struct buf *b, struct slice s)
{
	if (s.n == 0)
		return;
	if (b->room - b->n < s.n)
		buf_reserve(b, s.n);
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}
static inline void buf_addc(struct buf *b, char c)
{
	if (b->room == b->n)
		buf_reserve(b, 1);
	b->p[b->n++] = c;
}
static inline void buf_adds(struct buf *b, const char *cstr)
{
	buf_add(b, slice_of(cstr));
}
/* buf_add; when the buffer has to move, it leaves nothing where it was. */
void buf_add_secret(struct buf *b, struct slice s);
void buf_addf(struct buf *b, const char *fmt, ...) FORMAT(2, 3);
void buf_addv(struct buf *b, const char *fmt, va_list ap) FORMAT(2, 0);
void buf_drop(struct buf *b, size_t n);                         /* forgets the first n bytes */
static inline void buf_clear(struct buf *b) { b->n = 0; }
static inline struct slice buf_slice(const struct buf *b) { return slice_make(b->p, b->n); }
const char *buf_cstr(struct buf *b);                            /* NUL-terminated view, borrowed */
void buf_fini(struct buf *b);
void buf_wipe(struct buf *b);                                   /* overwrites, then frees: secrets */

#endif
