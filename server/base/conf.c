/* SPDX-License-Identifier: Apache-2.0 */
/* base/conf.c — the typed table over inih.
 *
 * A file is read whole and checked whole: every complaint is collected, so
 * that one run of `tertuliad -t` shows them all. */
#include "base/conf.h"

#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdbool.h>

struct reading {
	const char *path;
	const struct conf_key *keys;
	size_t n;
	void *into;
	struct arena *arena;
	unsigned *line;                 /* per key: 0 not seen */
	FILE *in;
	int at_line;                    /* being read */
	struct buf *why;
	bool is_bad;
};

enum { LINE_MOST = 4096 };

struct unit { const char *name; uint64_t factor; };
static const struct unit time_units[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	{ "d", 86400000 }, { NULL, 0 }
};
static const struct unit size_units[] = {
	{ "", 1 }, { "k", 1024 }, { "m", 1024 * 1024 },
	{ "g", 1024 * 1024 * 1024 }, { NULL, 0 }
};
static const struct unit count_units[] = { { "", 1 }, { NULL, 0 } };

static void complain(struct reading *r, int line, const char *fmt, ...)
    FORMAT(3, 4);
static void complain(struct reading *r, int line, const char *fmt, ...)
{
	va_list ap;

	r->is_bad = true;
	if (line > 0)
		buf_addf(r->why, "%s:%d: ", r->path, line);
	else
		buf_addf(r->why, "%s: ", r->path);
	va_start(ap, fmt);
	buf_addv(r->why, fmt, ap);
	va_end(ap);
	buf_addc(r->why, '\n');
}

static bool number_with_unit(struct slice s, const struct unit *units,
    uint64_t *value_r)
{
	size_t digits = 0;
	uint64_t v;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (!slice_number(slice_make(s.p, digits), INT64_MAX, &v))
		return false;
	for (; units->name != NULL; units++)
		if (slice_is(slice_make(s.p + digits, s.n - digits), units->name)
		    && v <= INT64_MAX / units->factor) {
			*value_r = v * units->factor;
			return true;
		}
	return false;
}

static const struct unit *units_of(enum conf_type type)
{
	return type == CONF_TIME ? time_units
	    : type == CONF_SIZE ? size_units : count_units;
}

static bool in_range(const struct conf_key *k, uint64_t v)
{
	const struct unit *units = units_of(k->type);
	uint64_t edge;

	if (k->least != NULL
	    && number_with_unit(slice_of(k->least), units, &edge) && v < edge)
		return false;
	return k->most == NULL
	    || !number_with_unit(slice_of(k->most), units, &edge) || v <= edge;
}

static const char *set_number(struct reading *r, const struct conf_key *k,
    struct slice s)
{
	char *where = (char *)r->into + k->offset;
	uint64_t v;

	if (!number_with_unit(s, units_of(k->type), &v))
		return k->type == CONF_TIME ? "a time such as 500ms, 30s, 10m, 8h or 14d"
		    : k->type == CONF_SIZE ? "a size such as 512, 64k or 16m"
		    : "a whole number";
	if (!in_range(k, v))
		return "a value between the limits";
	if (k->type == CONF_TIME)
		*(int64_t *)(void *)where = (int64_t)v;
	else if (k->type == CONF_SIZE)
		*(size_t *)(void *)where = (size_t)v;
	else if (v <= UINT32_MAX)
		*(unsigned *)(void *)where = (unsigned)v;
	else
		return "a smaller number";
	return NULL;
}

static void set_list(struct reading *r, struct conf_list *l, struct slice s)
{
	struct slice rest = s, word;

	l->n = 0;
	while (slice_word(&rest, &word))
		l->n++;
	l->v = arena_alloc(r->arena, (l->n + 1) * sizeof *l->v);
	l->n = 0;
	while (slice_word(&s, &word))
		l->v[l->n++] = slice_cstr(r->arena, word);
}

static const char *set_word(const struct conf_key *k, unsigned *where,
    struct slice s)
{
	for (unsigned i = 0; k->words[i] != NULL; i++)
		if (slice_is(s, k->words[i])) {
			*where = i;
			return NULL;
		}
	return "one of the words listed in the sample (tertuliad -S)";
}

/* Gives NULL, or what was expected instead. */
static const char *set_value(struct reading *r, const struct conf_key *k,
    struct slice s)
{
	void *where = (char *)r->into + k->offset;

	switch (k->type) {
	case CONF_TEXT:
		*(const char **)where = slice_cstr(r->arena, s);
		return NULL;
	case CONF_LIST:
		set_list(r, where, s);
		return NULL;
	case CONF_BOOL:
		*(bool *)where = slice_is(s, "yes");
		return slice_is(s, "yes") || slice_is(s, "no") ? NULL
		    : "yes or no";
	case CONF_COUNT:
	case CONF_TIME:
	case CONF_SIZE:
		return set_number(r, k, s);
	case CONF_WORD:
		return set_word(k, where, s);
	}
	return "a value";
}

/* inih tells a handler no line number, so the reader counts. */
static char *next_line(char *line, int room, void *ctx)
{
	struct reading *r = ctx;

	if (fgets(line, room, r->in) == NULL)
		return NULL;
	r->at_line++;
	if (strlen(line) == (size_t)room - 1 && line[room - 2] != '\n')
		complain(r, r->at_line, "is longer than %d bytes", room - 2);
	return line;
}

static int one_line(void *ctx, const char *section, const char *name,
    const char *value)
{
	struct reading *r = ctx;
	int line = r->at_line;

	for (size_t i = 0; i < r->n; i++) {
		const struct conf_key *k = &r->keys[i];
		const char *want;

		if (strcmp(k->section, section) != 0 || strcmp(k->key, name) != 0)
			continue;
		if (r->line[i] != 0)
			complain(r, line, "%s is set again; it was set in line %u",
			    name, r->line[i]);
		r->line[i] = (unsigned)line;
		want = set_value(r, k, slice_trim(slice_of(value)));
		if (want != NULL)
			complain(r, line, "%s = %s: expected %s%s%s%s%s", name,
			    value, want, k->least != NULL ? ", at least " : "",
			    k->least != NULL ? k->least : "",
			    k->most != NULL ? ", at most " : "",
			    k->most != NULL ? k->most : "");
		return 1;
	}
	complain(r, line, "[%s] %s is no setting; `tertuliad -S` lists all",
	    section, name);
	return 1;
}

static void set_defaults(struct reading *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->keys[i].fallback != NULL)
			set_value(r, &r->keys[i],
			    slice_of(r->keys[i].fallback));
}

bool conf_read(const char *path, const struct conf_key *keys, size_t n,
    void *into, struct arena *a, struct conf_origin *origin_r, struct buf *why)
{
	struct reading r = { .path = path, .keys = keys, .n = n, .into = into,
		.arena = a, .why = why, .in = fopen(path, "re"),
		.line = arena_alloc(a, n * sizeof (unsigned)) };
	int bad_line;

	if (r.in == NULL) {
		complain(&r, 0, "cannot be read: %s", strerror(errno));
		return false;
	}
	set_defaults(&r);
	ini_use_stack = false;
	ini_max_line = ini_initial_alloc = LINE_MOST;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;      /* ';' may stand in a value */
	bad_line = ini_parse_stream(next_line, &r, one_line, &r);
	fclose(r.in);
	if (bad_line != 0)
		complain(&r, bad_line, "is neither `key = value` nor `[section]`");
	for (size_t i = 0; i < n; i++)
		if (keys[i].fallback == NULL && r.line[i] == 0)
			complain(&r, 0, "[%s] %s must be set: %s",
			    keys[i].section, keys[i].key, keys[i].help);
	origin_r->line = r.line;
	return !r.is_bad;
}

/* --- values that were read once -------------------------------------------------- */

static bool list_is_same(const struct conf_list *a, const struct conf_list *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->v[i], b->v[i]) == 0;
	return same;
}

static size_t size_of(enum conf_type type)
{
	static const size_t sizes[] = {
		[CONF_TEXT] = sizeof (const char *),
		[CONF_LIST] = sizeof (struct conf_list),
		[CONF_BOOL] = sizeof (bool), [CONF_COUNT] = sizeof (unsigned),
		[CONF_TIME] = sizeof (int64_t), [CONF_SIZE] = sizeof (size_t),
		[CONF_WORD] = sizeof (unsigned),
	};

	return sizes[type];
}

static bool is_same(enum conf_type type, const void *a, const void *b)
{
	if (type == CONF_TEXT)
		return strcmp(*(const char *const *)a,
		    *(const char *const *)b) == 0;
	if (type == CONF_LIST)
		return list_is_same(a, b);
	return memcmp(a, b, size_of(type)) == 0;
}

void conf_keep(const struct conf_key *keys, size_t n, const void *from,
    void *into, struct buf *kept)
{
	for (size_t i = 0; i < n; i++) {
		const struct conf_key *k = &keys[i];
		const char *was = (const char *)from + k->offset;
		char *is = (char *)into + k->offset;

		if (!k->at_start)
			continue;
		if (!is_same(k->type, was, is))
			buf_addf(kept, "%s[%s] %s", kept->n != 0 ? ", " : "",
			    k->section, k->key);
		memcpy(is, was, size_of(k->type));
	}
}

bool conf_dn_next(struct slice *rest, struct slice *dn_r)
{
	while (rest->n != 0) {
		size_t n = 0;

		while (n < rest->n && rest->p[n] != ';')
			n += rest->p[n] == '\\' && n + 1 < rest->n ? 2 : 1;
		*dn_r = slice_trim(slice_make(rest->p, n));
		n += n < rest->n;
		*rest = slice_make(rest->p + n, rest->n - n);
		if (dn_r->n != 0)
			return true;
	}
	return false;
}

/* --- printing ---------------------------------------------------------------------- */

static void print_comment(FILE *out, const char *text)
{
	struct slice rest = slice_of(text), line;

	while (rest.n != 0) {
		slice_cut(rest, '\n', &line, &rest);
		fprintf(out, "# " SLICE_FMT "\n", SLICE_ARG(line));
	}
}

static void print_range(FILE *out, const struct conf_key *k)
{
	if (k->least != NULL || k->most != NULL)
		fprintf(out, "# (%s to %s)\n", k->least != NULL ? k->least : "0",
		    k->most != NULL ? k->most : "any");
	if (k->type != CONF_WORD)
		return;
	fprintf(out, "# One of:");
	for (size_t i = 0; k->words[i] != NULL; i++)
		fprintf(out, " %s", k->words[i]);
	fputc('\n', out);
}

static bool is_new_section(const struct conf_key *keys, size_t i)
{
	return i == 0 || strcmp(keys[i].section, keys[i - 1].section) != 0;
}

void conf_print_sample(FILE *out, const struct conf_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct conf_key *k = &keys[i];

		if (is_new_section(keys, i))
			fprintf(out, "%s[%s]\n", i != 0 ? "\n" : "", k->section);
		print_comment(out, k->help);
		print_range(out, k);
		if (k->at_start)
			fputs("# (another value needs a restart)\n", out);
		fprintf(out, "%s%s = %s\n", k->fallback != NULL ? "#" : "",
		    k->key, k->fallback != NULL ? k->fallback : "");
	}
}

void conf_print_manual(FILE *out, const struct conf_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct conf_key *k = &keys[i];

		if (is_new_section(keys, i))
			fprintf(out, "%s.Ss [%s]\n.Bl -tag -width Ds\n",
			    i != 0 ? ".El\n" : "", k->section);
		fprintf(out, ".It Cm %s No = Ar %s\n%s\n", k->key,
		    k->fallback == NULL ? "(must be set)"
		    : *k->fallback != '\0' ? k->fallback : "(empty)", k->help);
		if (k->least != NULL || k->most != NULL)
			fprintf(out, "From %s to %s.\n",
			    k->least != NULL ? k->least : "0",
			    k->most != NULL ? k->most : "any");
		if (k->at_start)
			fputs("Another value needs a restart.\n", out);
	}
	fprintf(out, ".El\n");
}

static void print_value(FILE *out, const struct conf_key *k, const void *where)
{
	const struct conf_list *l = where;

	switch (k->type) {
	case CONF_TEXT:
		fputs(*(const char *const *)where, out);
		break;
	case CONF_LIST:
		for (size_t i = 0; i < l->n; i++)
			fprintf(out, "%s%s", i != 0 ? " " : "", l->v[i]);
		break;
	case CONF_BOOL:
		fputs(*(const bool *)where ? "yes" : "no", out);
		break;
	case CONF_COUNT:
		fprintf(out, "%u", *(const unsigned *)where);
		break;
	case CONF_TIME:
		fprintf(out, "%" PRId64 "ms", *(const int64_t *)where);
		break;
	case CONF_SIZE:
		fprintf(out, "%zu", *(const size_t *)where);
		break;
	case CONF_WORD:
		fputs(k->words[*(const unsigned *)where], out);
		break;
	}
}

void conf_print_values(FILE *out, const struct conf_key *keys, size_t n,
    const void *from, const char *path, const struct conf_origin *origin)
{
	for (size_t i = 0; i < n; i++) {
		if (is_new_section(keys, i))
			fprintf(out, "%s[%s]\n", i != 0 ? "\n" : "",
			    keys[i].section);
		fprintf(out, "%s = ", keys[i].key);
		print_value(out, &keys[i], (const char *)from + keys[i].offset);
		if (origin->line[i] != 0)
			fprintf(out, "   # %s:%u", path, origin->line[i]);
		else
			fprintf(out, "   # default");
		fputs(keys[i].at_start ? ", another needs a restart\n" : "\n", out);
	}
}
