/* SPDX-License-Identifier: Apache-2.0 */
/* tests/tap.h — the Test Anything Protocol for unit tests in C.
 *
 *   int main(void)
 *   {
 *           ok(1 + 1 == 2, "one and one is two");
 *           is_str(name, "ann", "name is kept");
 *           return done();
 *   }
 *
 * Names begin with the requirement they prove where there is one ("XML-04
 * overlong sequence refused").  done() prints the plan and gives the exit
 * status; a program that dies before it has no plan, so the runner sees. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static unsigned tap_count, tap_failed;

static inline void tap_name(const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == '#')
			putchar('\\');
		putchar((unsigned char)*name < 0x20 ? ' ' : *name);
	}
	putchar('\n');
}

static inline bool tap_ok(bool good, const char *file, int line,
    const char *what, const char *name)
{
	printf("%sok %u - ", good ? "" : "not ", ++tap_count);
	tap_name(name);
	if (!good) {
		tap_failed++;
		printf("# %s:%d: %s\n", file, line, what);
	}
	fflush(stdout);
	return good;
}

FORMAT(5, 6)
static inline bool tap_okf(bool good, const char *file, int line,
    const char *what, const char *fmt, ...)
{
	char name[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof name, fmt, ap);
	va_end(ap);
	return tap_ok(good, file, line, what, name);
}

static inline bool tap_is_slice(struct slice got, struct slice want,
    const char *file, int line, const char *name)
{
	bool good = slice_eq(got, want) && (got.p == NULL) == (want.p == NULL);

	tap_ok(good, file, line, "not the same", name);
	if (!good)
		printf("#   got:  %.*s\n#   want: %.*s\n",
		    got.p == NULL ? 6 : (int)got.n, got.p == NULL ? "(none)" : got.p,
		    want.p == NULL ? 6 : (int)want.n, want.p == NULL ? "(none)" : want.p);
	return good;
}

static inline bool tap_is_int(intmax_t got, intmax_t want, const char *file,
    int line, const char *name)
{
	bool good = got == want;

	tap_ok(good, file, line, "not the same number", name);
	if (!good)
		printf("#   got:  %" PRIdMAX "\n#   want: %" PRIdMAX "\n", got, want);
	return good;
}

static inline void skip(const char *name, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++tap_count, name, why);
}

static inline int done(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed != 0;
}

#define ok(cond, name) tap_ok((cond), __FILE__, __LINE__, #cond, (name))
/* The same, the name made as by printf. */
#define okf(cond, ...) tap_okf((cond), __FILE__, __LINE__, #cond, __VA_ARGS__)
/* NULL is equal to NULL alone; for slices p NULL is. */
#define is_str(got, want, name) \
	tap_is_slice(slice_of(got), slice_of(want), __FILE__, __LINE__, (name))
#define is_slice(got, want, name) \
	tap_is_slice((got), (want), __FILE__, __LINE__, (name))
#define is_int(got, want, name) \
	tap_is_int((intmax_t)(got), (intmax_t)(want), __FILE__, __LINE__, (name))

#endif
