/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/option.c — the table of a room's settings, and their spellings. */
#include "xdb_ldap/option.h"

#include "base/enc.h"
#include "xdb_ldap/entry.h"

enum kind { KIND_FLAG, KIND_WORD, KIND_NUMBER, KIND_TEXT };

enum { NUMBER_MOST = 10000, ADDED_MOST = 2 };

static const char *const yes_words[] = { "yes", "true", "1", "on", "y", "t",
	"enabled", NULL };
static const char *const no_words[] = { "no", "false", "0", "off", "n", "f",
	"disabled", NULL };
static const char *const whois_words[] = { "moderators", "anyone", NULL };
static const char *const private_words[] = { "none", "moderators",
	"participants", "anyone", NULL };

static const struct known {
	const char *key;
	enum kind kind;
	const char *safe;               /* lets in fewer, shows less; NULL: neither does */
	const char *const *words;
} table[] = {
	{ "membersonly",       KIND_FLAG,   "yes",        NULL },
	{ "moderated",         KIND_FLAG,   "yes",        NULL },
	{ "passwordprotected", KIND_FLAG,   "yes",        NULL },
	{ "public",            KIND_FLAG,   "no",         NULL },
	{ "allowinvites",      KIND_FLAG,   "no",         NULL },
	{ "changesubject",     KIND_FLAG,   "no",         NULL },
	{ "persistent",        KIND_FLAG,   NULL,         NULL },
	{ "whois",             KIND_WORD,   "moderators", whois_words },
	{ "allowpm",           KIND_WORD,   "none",       private_words },
	{ "maxusers",          KIND_NUMBER, NULL,         NULL },
	{ "password",          KIND_TEXT,   "",           NULL },
};

static const struct known *known_of(struct slice key)
{
	for (size_t i = 0; i < COUNT(table); i++)
		if (slice_eq_nocase(slice_trim(key), slice_of(table[i].key)))
			return &table[i];
	return NULL;
}

bool room_option_is_known(struct slice key)
{
	return known_of(key) != NULL;
}

/* --- one value ---------------------------------------------------------------------- */

/* As we write it, or NULL. */
static const char *word_of(const char *const *words, struct slice value)
{
	for (; *words != NULL; words++)
		if (slice_eq_nocase(value, slice_of(*words)))
			return *words;
	return NULL;
}

static const char *flag_of(struct slice value)
{
	if (word_of(yes_words, value) != NULL)
		return "yes";
	return word_of(no_words, value) != NULL ? "no" : NULL;
}

static bool number_take(struct slice *value)
{
	uint64_t number;

	if (slice_eq_nocase(*value, SLICE("none")))
		*value = SLICE("none");
	return value->n == 0 || slice_is(*value, "none")
	    || slice_number(*value, NUMBER_MOST, &number);
}

/* False: no value of this key. */
static bool value_take(const struct known *k, struct slice *value)
{
	struct slice bare = slice_trim(*value);
	const char *word;

	if (k->kind == KIND_TEXT)
		return true;
	if (k->kind == KIND_NUMBER) {
		*value = bare;
		return number_take(value);
	}
	word = k->kind == KIND_FLAG ? flag_of(bare) : word_of(k->words, bare);
	if (word != NULL)
		*value = slice_of(word);
	return word != NULL;
}

static bool text_read(struct arena *a, struct slice in, struct slice *text_r)
{
	struct buf text = { 0 };
	bool ok = dec_percent(&text, in) && text_is_lines(buf_slice(&text));

	if (ok)
		*text_r = slice_dup(a, buf_slice(&text));
	buf_fini(&text);
	return ok;
}

static enum option_reading known_read(struct arena *a, const struct known *k,
    bool has_value, struct slice text, struct xdb_room_option *option_r)
{
	option_r->key = slice_of(k->key);
	if (has_value && text_read(a, text, &option_r->value)
	    && value_take(k, &option_r->value))
		return OPTION_READ;
	option_r->value = slice_of(k->safe != NULL ? k->safe : "");
	return k->safe != NULL ? OPTION_ODD : OPTION_NONE;
}

enum option_reading room_option_read(struct arena *a, struct slice value,
    struct xdb_room_option *option_r)
{
	struct slice head, tail;
	bool has_value = slice_cut(value, '=', &head, &tail);
	const struct known *k;

	*option_r = (struct xdb_room_option){ .key = slice_make("", 0) };
	if (!text_read(a, head, &option_r->key) || option_r->key.n == 0)
		return OPTION_NONE;
	k = known_of(option_r->key);
	if (k != NULL)
		return known_read(a, k, has_value, tail, option_r);
	return has_value && text_read(a, tail, &option_r->value)
	    ? OPTION_READ : OPTION_NONE;
}

void room_option_write(struct buf *out, const struct xdb_room_option *option)
{
	enc_percent(out, option->key, "=");
	buf_addc(out, '=');
	enc_percent(out, option->value, "");
}

/* --- all of an entry ------------------------------------------------------------------ */

static struct xdb_room_option *find(const struct room_options *o, struct slice key)
{
	for (size_t i = 0; i < o->n; i++)
		if (slice_eq(o->v[i].key, key))
			return &o->v[i];
	return NULL;
}

static void options_add(struct room_options *o, const struct xdb_room_option *one)
{
	const struct known *k = known_of(one->key);
	struct xdb_room_option *other = k != NULL ? find(o, one->key) : NULL;

	if (other == NULL) {
		o->v[o->n++] = *one;
	} else if (!slice_eq(other->value, one->value)) {
		o->odd_n++;
		if (k->safe != NULL)
			other->value = slice_of(k->safe);
	}
}

static void options_add_yes(struct room_options *o, const char *key)
{
	if (find(o, slice_of(key)) == NULL)
		o->v[o->n++] = (struct xdb_room_option){ slice_of(key),
			SLICE("yes") };
}

struct room_options room_options_read(struct arena *a, const struct slice *values,
    size_t n, bool is_cut)
{
	struct room_options o = { .odd_n = is_cut };
	const struct xdb_room_option *password;

	o.v = arena_alloc(a, (n + ADDED_MOST) * sizeof *o.v);
	for (size_t i = 0; i < n; i++) {
		struct xdb_room_option one;
		enum option_reading r = room_option_read(a, values[i], &one);

		o.odd_n += r != OPTION_READ;
		if (r != OPTION_NONE)
			options_add(&o, &one);
	}
	password = find(&o, SLICE("password"));
	if (password != NULL && (password->value.n != 0 || o.odd_n != 0))
		options_add_yes(&o, "passwordprotected");
	if (is_cut)
		options_add_yes(&o, "membersonly");
	return o;
}

struct slice room_option_of(const struct xdb_room_option *options, size_t n,
    struct slice key)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(options[i].key, key))
			return options[i].value;
	return slice_make("", 0);
}
