/* SPDX-License-Identifier: Apache-2.0 */
/* base/conf.h — a `key = value` file in [sections], read by a typed table.
 *
 * The same table reads and checks the file (complaints carry file and line),
 * prints the commented sample, the manual section and the effective values, and
 * says which values a running program does not take.
 * What a program's table holds is base/settings.c. */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdio.h>

#include "base/str.h"

enum conf_type {
	CONF_TEXT,      /* const char *        any text, may be empty              */
	CONF_LIST,      /* struct conf_list    words separated by white space      */
	CONF_BOOL,      /* bool                yes, no                             */
	CONF_COUNT,     /* unsigned            least..most                         */
	CONF_TIME,      /* int64_t, in ms      500ms 30s 10m 8h 14d                */
	CONF_SIZE,      /* size_t, in bytes    512 64k 16m                         */
	CONF_WORD,      /* unsigned            index into `words`                  */
};

struct conf_list { const char **v; size_t n; };

struct conf_key {
	const char *section, *key;
	enum conf_type type;
	size_t offset;                  /* in the struct that is filled            */
	const char *fallback;           /* text of the default; NULL: must be set  */
	const char *least, *most;       /* same spelling as a value; NULL: none    */
	const char *const *words;       /* CONF_WORD: the choices, NULL-ended      */
	const char *help;               /* one line or more, for people            */
	bool at_start;                  /* read once: another value needs a restart */
};

/* Where each value came from, by index into the table: 0 default, else line. */
struct conf_origin { unsigned *line; };

/* Reads the file whole and fills `into` (memory from `a`).  On any complaint:
 * false, and `why` has one line each: "path:line: what, and what to do". */
bool conf_read(const char *path, const struct conf_key *keys, size_t n,
    void *into, struct arena *a, struct conf_origin *origin_r, struct buf *why);

/* What was read anew into `into` gets the at_start values of `from`, which the
 * program began with; `from` must outlive it.  Those that are others in the file
 * are added to `kept`, as "[section] key", with a comma between them. */
void conf_keep(const struct conf_key *keys, size_t n, const void *from, void *into,
    struct buf *kept);

/* The next of several DNs in one text, with `;` between them, cut from `rest`: one
 * after a backslash is part of a DN (RFC 4514 §2.4).  False: there is none left. */
bool conf_dn_next(struct slice *rest, struct slice *dn_r);

void conf_print_sample(FILE *out, const struct conf_key *keys, size_t n);
void conf_print_manual(FILE *out, const struct conf_key *keys, size_t n);   /* mdoc .It items */
void conf_print_values(FILE *out, const struct conf_key *keys, size_t n,
    const void *from, const char *path, const struct conf_origin *origin);

#endif
