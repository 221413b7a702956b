/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/judge.c — pure functions; tests/unit/t_doctor_judge.c holds their tables. */
#include "ctl/judge.h"

#include "base/map.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/values.h"
#include "xml/jid.h"

bool judge_is_secret(struct slice complaint)
{
	static const char *const about[] = {
		": [tls] key: ", ": [ldap] bind_password_file: ",
		": [web] bind_password_file: ", ": [sasl] keytab: ",
	};

	for (size_t i = 0; i < COUNT(about); i++)
		if (memmem(complaint.p, complaint.n, about[i],
		    strlen(about[i])) != NULL)
			return true;
	return false;
}

enum verdict judge_days(int64_t begins, int64_t ends, int64_t now, int *days_r)
{
	*days_r = (int)((ends - now) / 86400);
	if (now < begins || now >= ends)
		return VERDICT_FAULT;
	return *days_r < JUDGE_DAYS_LEAST ? VERDICT_WARNING : VERDICT_OK;
}

/* pwdChangedTime decides whether a verifier is stale: from a minute on, a
 * password just changed may look older than it is. */
enum verdict judge_clock(int64_t seconds)
{
	if (seconds < 0)
		seconds = -seconds;
	return seconds > 60 ? VERDICT_FAULT : seconds > 5 ? VERDICT_WARNING
	    : VERDICT_OK;
}

/* --- keytabs ---------------------------------------------------------------------- */

static bool take(struct slice *rest, size_t n, struct slice *piece_r)
{
	if (rest->n < n)
		return false;
	*piece_r = slice_make(rest->p, n);
	*rest = slice_make(rest->p + n, rest->n - n);
	return true;
}

static bool take_number(struct slice *rest, size_t bytes, uint32_t *n_r)
{
	struct slice piece;

	if (!take(rest, bytes, &piece))
		return false;
	*n_r = 0;
	for (size_t i = 0; i < bytes; i++)
		*n_r = *n_r << 8 | (unsigned char)piece.p[i];
	return true;
}

static bool take_text(struct slice *rest, struct slice *text_r)
{
	uint32_t n;

	return take_number(rest, 2, &n) && take(rest, n, text_r);
}

/* Components (2 of them), realm, then each component; a key behind that. */
static bool is_key_of(struct slice entry, const char *service, const char *host)
{
	struct slice realm, first, second;
	uint32_t components;

	return take_number(&entry, 2, &components) && components == 2
	    && take_text(&entry, &realm) && take_text(&entry, &first)
	    && take_text(&entry, &second) && slice_is(first, service)
	    && slice_is(second, host);
}

bool judge_keytab(struct slice file, const char *service, const char *host,
    unsigned *keys_r)
{
	uint32_t version, size;
	struct slice entry;

	*keys_r = 0;
	if (!take_number(&file, 2, &version) || version != 0x0502)
		return false;
	while (file.n != 0) {
		if (!take_number(&file, 4, &size))
			return false;
		/* A negative size is a hole where a key was. */
		if (!take(&file, size > INT32_MAX ? 0u - size : size, &entry))
			return false;
		if (size <= INT32_MAX && is_key_of(entry, service, host))
			++*keys_r;
	}
	return true;
}

/* --- indexes --------------------------------------------------------------------- */

static bool has_word(struct slice list, const char *word)
{
	struct slice head, tail = list;

	while (tail.n != 0) {
		slice_cut(tail, ',', &head, &tail);
		if (slice_eq_nocase(head, slice_of(word)))
			return true;
	}
	return false;
}

/* slapd-mdb(5): "attributes kinds"; without kinds, those of "default". */
bool judge_has_index(const struct slice *values, size_t n, const char *attr,
    const char *kind)
{
	struct slice fallback = { NULL, 0 };

	for (size_t i = 0; i < n; i++) {
		struct slice rest = values[i], attrs, kinds;

		if (slice_word(&rest, &attrs) && has_word(attrs, "default"))
			fallback = slice_word(&rest, &kinds) ? kinds : fallback;
	}
	for (size_t i = 0; i < n; i++) {
		struct slice rest = values[i], attrs, kinds;

		if (!slice_word(&rest, &attrs) || !has_word(attrs, attr))
			continue;
		if (!slice_word(&rest, &kinds))
			kinds = fallback;
		if (has_word(kinds, kind))
			return true;
	}
	return false;
}

/* --- replicas ---------------------------------------------------------------------- */

/* A CSN: time#count#server#number; the third field says who made the change. */
static bool csn_read(struct slice csn, struct slice *server_r, int64_t *at_r)
{
	struct slice time, count, rest;

	return slice_cut(csn, '#', &time, &rest)
	    && slice_cut(rest, '#', &count, &rest)
	    && slice_cut(rest, '#', server_r, &rest) && time_read(time, at_r);
}

int64_t judge_lag(const struct slice *newest, size_t newest_n,
    const struct slice *own, size_t own_n)
{
	int64_t most = 0;

	for (size_t i = 0; i < newest_n; i++) {
		struct slice server, other;
		int64_t at, then, lag = -1;

		if (!csn_read(newest[i], &server, &at))
			continue;
		for (size_t k = 0; k < own_n; k++)
			if (csn_read(own[k], &other, &then)
			    && slice_eq(server, other))
				lag = at > then ? at - then : 0;
		if (lag < 0)
			return -1;
		most = lag > most ? lag : most;
	}
	return most;
}

/* --- passwords ----------------------------------------------------------------------- */

bool judge_is_costly(struct slice hash)
{
	struct slice scheme, rest, rounds;
	uint64_t n;

	if (hash.n == 0 || hash.p[0] != '{')
		return false;
	slice_cut(slice_make(hash.p + 1, hash.n - 1), '}', &scheme, &rest);
	if (slice_eq_nocase(scheme, SLICE("ARGON2")))
		return true;
	if (scheme.n >= 6 && slice_eq_nocase(slice_make(scheme.p, 6),
	    SLICE("PBKDF2"))) {
		slice_cut(rest, '$', &rounds, &rest);
		return slice_number(rounds, UINT32_MAX, &n) && n > 50000;
	}
	if (!slice_eq_nocase(scheme, SLICE("CRYPT")))
		return false;
	if (slice_starts(rest, SLICE("$2")) || slice_starts(rest, SLICE("$y$")))
		return true;
	return memmem(rest.p, rest.n, "$rounds=", 8) != NULL;
}

/* --- names ------------------------------------------------------------------------------ */

/* Whom a prepared name belongs to; every name of one person may be theirs. */
static void name_take(struct arena *a, struct map *owners, struct slice name,
    const char *dn, struct judge_names *n)
{
	struct slice prepared;
	const char *owner;

	if (!jid_prep_local(a, name, &prepared)) {
		if (n->unfit++ == 0)
			n->unfit_name = name;
		return;
	}
	n->fit++;
	owner = map_find(owners, prepared);
	if (owner == NULL) {
		map_put(owners, prepared, (void *)(uintptr_t)dn);
		return;
	}
	if (owner == dn || n->shared++ != 0)
		return;
	n->shared_name = prepared;
	n->shared_dn[0] = owner;
	n->shared_dn[1] = dn;
}

void judge_names(struct arena *a, const struct doctor_person *people, size_t n,
    struct judge_names *names_r)
{
	struct map owners = { 0 };

	*names_r = (struct judge_names){ 0 };
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < people[i].name_n; k++)
			name_take(a, &owners, people[i].names[k], people[i].dn,
			    names_r);
	map_fini(&owners);
}

/* --- groups ------------------------------------------------------------------------------- */

void judge_group(struct result *r, const char *dn, const struct xdb_group *group)
{
	if (group->odd_n != 0) {
		result_say(r, VERDICT_WARNING, "%s: %zu of its searches are none "
		    "(memberURL), and find nobody", dn, group->odd_n);
		result_next(r, "write them as RFC 4516 has it, "
		    "ldap:///base??sub?(filter)");
	}
	if (group->deep_n != 0) {
		result_say(r, VERDICT_WARNING, "%s: of %zu groups, nested deeper than "
		    "five levels, the members are left out", dn, group->deep_n);
		result_next(r, "put these groups into one further up");
	}
}

/* --- schema ------------------------------------------------------------------------------- */

/* RFC 2849: a line that begins with a space goes on the one before. */
static struct slice unfolded(struct arena *a, struct slice ldif)
{
	char *text = arena_alloc(a, ldif.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < ldif.n; i++)
		if (ldif.p[i] == '\n' && i + 1 < ldif.n && ldif.p[i + 1] == ' ')
			i++;
		else
			text[n++] = ldif.p[i];
	return slice_make(text, n);
}

/* The first quoted word after NAME, which may open a list. */
static bool name_of(struct slice definition, struct slice *name_r)
{
	const char *at = memmem(definition.p, definition.n, " NAME ", 6);
	struct slice head, tail;

	if (at == NULL)
		return false;
	tail = slice_make(at, definition.n - (size_t)(at - definition.p));
	return slice_cut(tail, '\'', &head, &tail)
	    && slice_cut(tail, '\'', name_r, &tail);
}

void judge_schema(struct arena *a, struct slice ldif, struct judge_schema *s)
{
	struct slice rest = unfolded(a, ldif), line, name;

	*s = (struct judge_schema){ 0 };
	s->attrs = arena_alloc(a, ldif.n / 16 * sizeof *s->attrs + 16);
	s->classes = arena_alloc(a, ldif.n / 16 * sizeof *s->classes + 16);
	while (rest.n != 0) {
		slice_cut(rest, '\n', &line, &rest);
		if (slice_starts(line, SLICE("olcAttributeTypes:"))
		    && name_of(line, &name))
			s->attrs[s->attr_n++] = name;
		else if (slice_starts(line, SLICE("olcObjectClasses:"))
		    && name_of(line, &name))
			s->classes[s->class_n++] = name;
	}
}

/* --- descriptors ----------------------------------------------------------------------------- */

uint64_t judge_descriptors(const struct settings *s)
{
	/* net/listen.c keeps the rest for listeners, logs and the directory. */
	enum { OTHERS = 64 };

	return (uint64_t)s->limits.connections + s->ldap.search_connections
	    + s->ldap.bind_connections + OTHERS;
}

/* --- filters ------------------------------------------------------------------------------ */

/* Up to what ends the attribute: an option, a rule or the comparison. */
static struct slice name_before(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && strchr(";:=~<>", *q) == NULL)
		q++;
	return slice_make(p, (size_t)(q - p));
}

size_t judge_filter_names(struct arena *a, struct slice filter,
    struct slice names_r[JUDGE_NAMES_MOST])
{
	struct buf shape = { 0 };
	size_t n = 0;

	/* No value, and so no parenthesis that is none, is left in the shape. */
	if (filter_shape(&shape, filter))
		for (size_t i = 0; i + 1 < shape.n && n < JUDGE_NAMES_MOST; i++) {
			struct slice name = name_before(shape.p + i + 1,
			    shape.p + shape.n);

			if (shape.p[i] == '(' && filter_is_attribute(name))
				names_r[n++] = slice_dup(a, name);
		}
	buf_fini(&shape);
	return n;
}
