/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/config.c — the one table of a room's options, and what is made
 * from it. */
#include "feat/muc/config.h"

#include <stdio.h>

#include "feat/form.h"
#include "xml/ns.h"

#define NS_ROOMCONFIG "http://jabber.org/protocol/muc#roomconfig"
#define FIELD(name) "muc#roomconfig_" name
#define AT(member) offsetof(struct room_config, member)

enum type { TYPE_LINE, TYPE_TEXT, TYPE_SECRET, TYPE_LANGUAGE, TYPE_FLAG,
	TYPE_WORD, TYPE_COUNT };

struct word { const char *word, *label; };

static const struct word whois_words[] = {
	[WHOIS_MODERATORS] = { "moderators", "Moderators only" },
	[WHOIS_ANYONE] = { "anyone", "Anyone" }, { NULL, NULL },
};

static const struct word private_words[] = {
	[PRIVATE_ANYONE] = { "anyone", "Anyone" },
	[PRIVATE_PARTICIPANTS] = { "participants", "Anyone with voice" },
	[PRIVATE_MODERATORS] = { "moderators", "Moderators only" },
	[PRIVATE_NOBODY] = { "none", "Nobody" }, { NULL, NULL },
};

static const char *const count_offers[] = { "10", "20", "50", "100", "200",
	"500", "1000" };

static const struct option {
	const char *field;
	const char *key;                /* of imRoomOption; NULL: an attribute */
	enum type type;
	size_t at;                      /* in struct room_config */
	unsigned most;                  /* bytes of text, highest number */
	unsigned fallback;              /* of flags and words */
	const struct word *words;
	const char *label;
} options[] = {
	{ FIELD("roomname"), NULL, TYPE_LINE, AT(title), 256, 0, NULL,
	    "Name of the room" },
	{ FIELD("roomdesc"), NULL, TYPE_TEXT, AT(description), 2048, 0, NULL,
	    "What the room is for" },
	{ FIELD("lang"), NULL, TYPE_LANGUAGE, AT(language), 35, 0, NULL,
	    "Language spoken in the room" },
	{ FIELD("persistentroom"), "persistent", TYPE_FLAG, AT(is_persistent),
	    1, false, NULL, "Keep the room when everybody has left" },
	{ FIELD("publicroom"), "public", TYPE_FLAG, AT(is_public),
	    1, true, NULL, "Show the room in the list of rooms" },
	{ FIELD("membersonly"), "membersonly", TYPE_FLAG, AT(is_members_only),
	    1, false, NULL, "Only members may enter" },
	{ FIELD("allowinvites"), "allowinvites", TYPE_FLAG,
	    AT(may_members_invite), 1, false, NULL,
	    "Members may invite others, who become members" },
	{ FIELD("passwordprotectedroom"), "passwordprotected", TYPE_FLAG,
	    AT(asks_password), 1, false, NULL,
	    "A password is needed to enter" },
	{ FIELD("roomsecret"), "password", TYPE_SECRET, AT(password), 256, 0,
	    NULL, "Password" },
	{ FIELD("whois"), "whois", TYPE_WORD, AT(whois), 0, WHOIS_MODERATORS,
	    whois_words, "Who sees the addresses of the occupants" },
	{ FIELD("moderatedroom"), "moderated", TYPE_FLAG, AT(is_moderated),
	    1, false, NULL, "Only those with voice may speak" },
	{ FIELD("changesubject"), "changesubject", TYPE_FLAG,
	    AT(may_all_set_subject), 1, false, NULL,
	    "Every participant may change the subject" },
	{ FIELD("allowpm"), "allowpm", TYPE_WORD, AT(private_rule), 0,
	    PRIVATE_ANYONE, private_words, "Who may send private messages" },
	{ FIELD("maxusers"), "maxusers", TYPE_COUNT, AT(occupants_most), 10000,
	    0, NULL, "Most occupants at a time" },
};

/* --- values of a struct room_config, by option --- */

static struct slice *text_at(struct room_config *c, const struct option *o)
{
	return (struct slice *)(void *)((char *)c + o->at);
}
static bool *flag_at(struct room_config *c, const struct option *o)
{
	return (bool *)(void *)((char *)c + o->at);
}
static unsigned *number_at(struct room_config *c, const struct option *o)
{
	return (unsigned *)(void *)((char *)c + o->at);
}

/* As the entry says it; forms differ for flags only. */
static struct slice value_of(const struct room_config *c,
    const struct option *o, struct arena *a)
{
	const void *p = (const char *)c + o->at;
	char digits[16];
	int n;

	switch (o->type) {
	case TYPE_LINE:
	case TYPE_TEXT:
	case TYPE_SECRET:
	case TYPE_LANGUAGE:
		return *(const struct slice *)p;
	case TYPE_FLAG:
		return *(const bool *)p ? SLICE("yes") : SLICE("no");
	case TYPE_WORD:
		return slice_of(o->words[*(const unsigned *)p].word);
	case TYPE_COUNT:
		if (*(const unsigned *)p == 0)
			return SLICE("");
		n = snprintf(digits, sizeof digits, "%u", *(const unsigned *)p);
		return slice_dup(a, slice_make(digits, (size_t)n));
	}
	return SLICE("");
}

static bool is_language(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z')
		    || (s.p[i] >= 'A' && s.p[i] <= 'Z')
		    || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-'))
			return false;
	return true;
}

/* A name has one; the directory's would come back without the ends of lines. */
static bool is_line(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool set_text(struct room_config *c, const struct option *o,
    struct slice value)
{
	if (value.n > o->most || (o->type == TYPE_LINE && !is_line(value))
	    || (o->type == TYPE_LANGUAGE && !is_language(value)))
		return false;
	*text_at(c, o) = slice_dup(&c->arena, value);
	return true;
}

static bool set_flag(struct room_config *c, const struct option *o,
    struct slice value)
{
	bool is_yes = slice_is(value, "yes");

	if (is_yes || slice_is(value, "no")) {
		*flag_at(c, o) = is_yes;
		return true;
	}
	return form_flag(value, flag_at(c, o));
}

static bool set_word(struct room_config *c, const struct option *o,
    struct slice value)
{
	for (unsigned i = 0; o->words[i].word != NULL; i++)
		if (slice_is(value, o->words[i].word)) {
			*number_at(c, o) = i;
			return true;
		}
	return false;
}

static bool set_count(struct room_config *c, const struct option *o,
    struct slice value)
{
	uint64_t number = 0;

	if (value.n != 0 && !slice_is(value, "none")
	    && !slice_number(value, o->most, &number))
		return false;
	*number_at(c, o) = (unsigned)number;
	return true;
}

/* False leaves the old value. */
static bool set(struct room_config *c, const struct option *o,
    struct slice value)
{
	switch (o->type) {
	case TYPE_LINE:
	case TYPE_TEXT:
	case TYPE_SECRET:
	case TYPE_LANGUAGE:
		return set_text(c, o, value);
	case TYPE_FLAG:
		return set_flag(c, o, value);
	case TYPE_WORD:
		return set_word(c, o, value);
	case TYPE_COUNT:
		return set_count(c, o, value);
	}
	return false;
}

/* --- life --- */

void config_default(struct room_config *c)
{
	*c = (struct room_config){ .arena = { NULL } };
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *o = &options[i];

		if (o->type == TYPE_FLAG)
			*flag_at(c, o) = o->fallback;
		else if (o->type == TYPE_WORD)
			*number_at(c, o) = o->fallback;
	}
}

void config_fini(struct room_config *c)
{
	arena_fini(&c->arena);
	*c = (struct room_config){ .arena = { NULL } };
}

static void keep_others(struct room_config *c,
    const struct xdb_room_option *others, size_t n)
{
	c->others = arena_alloc(&c->arena, (n + 1) * sizeof *c->others);
	for (size_t i = 0; i < n; i++)
		c->others[c->other_n++] = (struct xdb_room_option){
			slice_dup(&c->arena, others[i].key),
			slice_dup(&c->arena, others[i].value) };
}

static void config_copy(struct room_config *to, const struct room_config *from)
{
	*to = *from;
	to->arena.head = NULL;
	for (size_t i = 0; i < COUNT(options); i++)
		if (options[i].type <= TYPE_LANGUAGE) {
			struct slice *text = text_at(to, &options[i]);

			*text = slice_dup(&to->arena, *text);
		}
	to->bound_to = slice_dup(&to->arena, from->bound_to);
	to->other_n = 0;
	keep_others(to, from->others, from->other_n);
}

/* --- entries --- */

static const struct option *option_by_key(struct slice key)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (options[i].key != NULL && slice_is(key, options[i].key))
			return &options[i];
	return NULL;
}

void config_read(struct room_config *c, const struct xdb_room *entry)
{
	const struct option *o;

	config_default(c);
	c->title = slice_dup(&c->arena, entry->title);
	c->description = slice_dup(&c->arena, entry->description);
	c->language = slice_dup(&c->arena, entry->language);
	c->bound_to = slice_dup(&c->arena, entry->bound_to);
	c->others = arena_alloc(&c->arena,
	    (entry->option_n + 1) * sizeof *c->others);
	for (size_t i = 0; i < entry->option_n; i++) {
		o = option_by_key(entry->options[i].key);
		if (o != NULL)
			set(c, o, entry->options[i].value);
		else
			c->others[c->other_n++] = (struct xdb_room_option){
				slice_dup(&c->arena, entry->options[i].key),
				slice_dup(&c->arena, entry->options[i].value) };
	}
	c->is_persistent = true;        /* what is in the directory stays */
}

void config_write(const struct room_config *c, struct arena *a,
    struct xdb_room *entry)
{
	size_t most = COUNT(options) + c->other_n;
	struct slice value;

	entry->title = c->title;
	entry->description = c->description;
	entry->language = c->language;
	entry->bound_to = c->bound_to;
	entry->options = arena_alloc(a, most * sizeof *entry->options);
	entry->option_n = 0;
	for (size_t i = 0; i < COUNT(options); i++) {
		if (options[i].key == NULL)
			continue;
		value = value_of(c, &options[i], a);
		if (value.n != 0)
			entry->options[entry->option_n++] =
			    (struct xdb_room_option){
				slice_of(options[i].key), value };
	}
	for (size_t i = 0; i < c->other_n; i++)
		entry->options[entry->option_n++] = c->others[i];
}

/* --- the owner's form --- */

static const char *const field_types[] = {
	[TYPE_LINE] = "text-single", [TYPE_TEXT] = "text-single",
	[TYPE_SECRET] = "text-private",
	[TYPE_LANGUAGE] = "text-single", [TYPE_FLAG] = "boolean",
	[TYPE_WORD] = "list-single", [TYPE_COUNT] = "list-single",
};

static void offer_counts(struct arena *a, struct elem *field,
    struct slice value)
{
	bool is_offered = value.n == 0;

	for (size_t i = 0; i < COUNT(count_offers); i++) {
		struct slice offer = slice_of(count_offers[i]);

		is_offered |= slice_eq(offer, value);
		form_add_option(a, field, NULL, offer);
	}
	if (!is_offered)
		form_add_option(a, field, NULL, value);
	form_add_option(a, field, "No limit of its own", SLICE("none"));
}

static void form_add_setting(struct arena *a, struct elem *x,
    const struct room_config *c, const struct option *o)
{
	struct elem *field = form_add(a, x, o->field, field_types[o->type],
	    o->label);
	struct slice value = value_of(c, o, a);

	if (o->type == TYPE_FLAG)
		value = slice_is(value, "yes") ? SLICE("1") : SLICE("0");
	if (o->type == TYPE_COUNT && value.n == 0)
		form_add_value(a, field, SLICE("none"));
	else if (value.n != 0)
		form_add_value(a, field, value);
	if (o->type == TYPE_COUNT)
		offer_counts(a, field, value);
	for (const struct word *w = o->words; w != NULL && w->word != NULL; w++)
		form_add_option(a, field, w->label, slice_of(w->word));
}

struct elem *config_form(struct arena *a, const struct room_config *c,
    struct slice room)
{
	struct buf title = { NULL, 0, 0 };
	struct elem *x;

	buf_adds(&title, "Settings of the room ");
	buf_add(&title, c->title.n != 0 ? c->title : room);
	x = form_new(a, "form", slice_dup(a, buf_slice(&title)), NS_ROOMCONFIG);
	buf_fini(&title);
	for (size_t i = 0; i < COUNT(options); i++)
		form_add_setting(a, x, c, &options[i]);
	return x;
}

static const char *config_take(struct room_config *c, const struct elem *form)
{
	static char why[128];
	struct slice value;

	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *o = &options[i];

		if (!form_value(&c->arena, form, o->field, &value)
		    || set(c, o, value))
			continue;
		snprintf(why, sizeof why, "This value cannot be: %s.", o->label);
		return why;
	}
	if (c->asks_password && c->password.n == 0)
		return "A room that asks for a password needs one.";
	return NULL;
}

const char *config_submit(const struct room_config *c, const struct elem *form,
    struct room_config *next_r)
{
	const char *why;

	config_copy(next_r, c);
	if (!form_is(&next_r->arena, form, NS_ROOMCONFIG))
		why = "This is not the form of a room's settings.";
	else
		why = config_take(next_r, form);
	if (why != NULL)
		config_fini(next_r);
	return why;
}

/* --- what changed (§10.2.1) --- */

/* In anything but whois, which has codes of its own. */
static bool differs(const struct room_config *was, const struct room_config *is)
{
	struct arena a = { NULL };
	bool found = false;

	for (size_t i = 0; i < COUNT(options) && !found; i++)
		if (options[i].at != AT(whois))
			found = !slice_eq(value_of(was, &options[i], &a),
			    value_of(is, &options[i], &a));
	arena_fini(&a);
	return found;
}

void config_changes(const struct room_config *was, const struct room_config *is,
    unsigned codes[CONFIG_CODES])
{
	size_t n = 0;

	if (was->whois != is->whois)
		codes[n++] = is->whois == WHOIS_ANYONE ? 172 : 173;
	if (differs(was, is))
		codes[n++] = 104;
	codes[n] = 0;
}
