/* SPDX-License-Identifier: Apache-2.0 */
/* A room's options: entry, form and memory say the same. */
#include "feat/muc/config.h"
#include "feat/form.h"
#include "tests/tap.h"
#include "xml/ns.h"

#define ROOMCONFIG "http://jabber.org/protocol/muc#roomconfig"

static struct elem *submitted(struct arena *a, const char *field,
    const char *value)
{
	struct elem *x = form_new(a, "submit", SLICE(""), ROOMCONFIG);

	form_add_fact(a, x, field, slice_of(value));
	return x;
}

static struct slice option(const struct xdb_room *entry, const char *key)
{
	for (size_t i = 0; i < entry->option_n; i++)
		if (slice_is(entry->options[i].key, key))
			return entry->options[i].value;
	return (struct slice){ NULL, 0 };
}

/* Each field submitted alone appears in the entry under its key. */
static const struct { const char *field, *value, *key, *stored; } fields[] = {
	{ "muc#roomconfig_membersonly", "1", "membersonly", "yes" },
	{ "muc#roomconfig_membersonly", "true", "membersonly", "yes" },
	{ "muc#roomconfig_publicroom", "0", "public", "no" },
	{ "muc#roomconfig_publicroom", "false", "public", "no" },
	{ "muc#roomconfig_persistentroom", "1", "persistent", "yes" },
	{ "muc#roomconfig_moderatedroom", "1", "moderated", "yes" },
	{ "muc#roomconfig_changesubject", "1", "changesubject", "yes" },
	{ "muc#roomconfig_allowinvites", "1", "allowinvites", "yes" },
	{ "muc#roomconfig_allowpm", "none", "allowpm", "none" },
	{ "muc#roomconfig_whois", "anyone", "whois", "anyone" },
	{ "muc#roomconfig_roomsecret", "ábrete <sésamo>", "password", "ábrete <sésamo>" },
	{ "muc#roomconfig_maxusers", "50", "maxusers", "50" },
	{ "muc#roomconfig_maxusers", "none", "maxusers", NULL },
	{ "muc#roomconfig_maxusers", "", "maxusers", NULL },
};

static void each_field(struct arena *a)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct room_config was, is, again;
		struct xdb_room entry = { .option_n = 0 };
		const char *why;

		config_default(&was);
		why = config_submit(&was,
		    submitted(a, fields[i].field, fields[i].value), &is);
		is_str(why, NULL, fields[i].field);
		config_write(&is, a, &entry);
		is_slice(option(&entry, fields[i].key),
		    slice_of(fields[i].stored), fields[i].key);
		config_read(&again, &entry);
		entry.option_n = 0;
		config_write(&again, a, &entry);
		is_slice(option(&entry, fields[i].key),
		    slice_of(fields[i].stored), "the same after reading it back");
		config_fini(&was);
		config_fini(&is);
		config_fini(&again);
	}
}

static const struct { const char *field, *value, *name; } refused[] = {
	{ "muc#roomconfig_membersonly", "yes please", "a flag that is none" },
	{ "muc#roomconfig_membersonly", "", "an empty flag" },
	{ "muc#roomconfig_whois", "everybody", "a word that is not offered" },
	{ "muc#roomconfig_maxusers", "-1", "a negative number" },
	{ "muc#roomconfig_maxusers", "99999999999999999999", "a number too large" },
	{ "muc#roomconfig_maxusers", "10001", "a number above the most" },
	{ "muc#roomconfig_lang", "es<", "a language that is none" },
	{ "muc#roomconfig_passwordprotectedroom", "1", "a password asked for and not set" },
};

static void refusals(struct arena *a)
{
	static char text[2050];
	struct room_config was, is;

	config_default(&was);
	for (size_t i = 0; i < COUNT(refused); i++)
		ok(config_submit(&was, submitted(a, refused[i].field,
		    refused[i].value), &is) != NULL, refused[i].name);
	memset(text, 'x', 2049);
	ok(config_submit(&was, submitted(a, "muc#roomconfig_roomdesc", text), &is)
	    != NULL, "DOS-11 a description of 2049 bytes is refused");
	text[2048] = '\0';
	ok(config_submit(&was, submitted(a, "muc#roomconfig_roomdesc", text), &is)
	    == NULL && is.description.n == 2048, "DOS-11 one of 2048 is taken");
	config_fini(&is);
	text[257] = '\0';
	ok(config_submit(&was, submitted(a, "muc#roomconfig_roomname", text), &is)
	    != NULL, "DOS-11 a name of 257 bytes is refused");
	ok(config_submit(&was, form_new(a, "submit", SLICE(""),
	    "http://jabber.org/protocol/muc#request"), &is) != NULL,
	    "another form is refused");
	config_fini(&was);
}

static void what_is_not_said_stays(struct arena *a)
{
	struct room_config was, is, empty;
	unsigned codes[CONFIG_CODES];

	config_default(&was);
	ok(config_submit(&was, submitted(a, "muc#roomconfig_roomname", "Álgebra"),
	    &is) == NULL, "a name alone is taken");
	ok(config_submit(&is, elem_new(a, NS_DATA, "x"), &empty) == NULL
	    && slice_is(empty.title, "Álgebra"), "an empty form changes nothing");
	config_changes(&is, &empty, codes);
	is_int(codes[0], 0, "no change, no status code");
	config_changes(&was, &is, codes);
	ok(codes[0] == 104 && codes[1] == 0, "another name is code 104");
	config_fini(&was);
	config_fini(&is);
	config_fini(&empty);
}

static void codes_of_whois(struct arena *a)
{
	struct room_config was, is;
	unsigned codes[CONFIG_CODES];

	config_default(&was);
	ok(config_submit(&was, submitted(a, "muc#roomconfig_whois", "anyone"),
	    &is) == NULL, "whois is taken");
	config_changes(&was, &is, codes);
	ok(codes[0] == 172 && codes[1] == 0, "non-anonymous now is code 172 alone");
	config_changes(&is, &was, codes);
	ok(codes[0] == 173 && codes[1] == 0, "semi-anonymous now is code 173 alone");
	config_fini(&was);
	config_fini(&is);
}

static void unknown_keys(struct arena *a)
{
	struct xdb_room_option stored[] = {
		{ SLICE_INIT("retention"), SLICE_INIT("30d") },
		{ SLICE_INIT("whois"), SLICE_INIT("the whole world") },
	};
	struct xdb_room entry = { .options = stored, .option_n = 2,
		.title = SLICE_INIT("Claustro"), .bound_to = SLICE_INIT("cn=claustro") };
	struct room_config c, next;

	config_read(&c, &entry);
	ok(c.is_persistent, "what is in the directory is persistent");
	is_int(c.whois, WHOIS_MODERATORS, "a value that makes no sense is the default");
	ok(config_submit(&c, submitted(a, "muc#roomconfig_publicroom", "0"), &next)
	    == NULL, "another option is changed");
	config_write(&next, a, &entry);
	is_slice(option(&entry, "retention"), SLICE("30d"),
	    "an option of a later version is kept");
	is_slice(entry.bound_to, SLICE("cn=claustro"), "the list stays");
	is_slice(entry.title, SLICE("Claustro"), "the title stays");
	config_fini(&c);
	config_fini(&next);
}

static void the_form(struct arena *a)
{
	struct room_config c, next;
	struct elem *x;
	struct slice value;

	config_default(&c);
	c.occupants_most = 77;
	x = config_form(a, &c, SLICE("claustro"));
	ok(form_is(a, x, ROOMCONFIG), "the form says what it is");
	ok(form_value(a, x, "muc#roomconfig_maxusers", &value)
	    && slice_is(value, "77"), "a number that is not offered is still shown");
	ok(form_value(a, x, "muc#roomconfig_publicroom", &value)
	    && slice_is(value, "1"), "rooms are public by default");
	ok(config_submit(&c, x, &next) == NULL, "the form sent back as it came is good");
	config_fini(&next);
	config_fini(&c);
}

int main(void)
{
	struct arena a = { NULL };

	each_field(&a);
	refusals(&a);
	what_is_not_said_stays(&a);
	codes_of_whois(&a);
	unknown_keys(&a);
	the_form(&a);
	arena_fini(&a);
	return done();
}
