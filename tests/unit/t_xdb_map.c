/* SPDX-License-Identifier: Apache-2.0 */
/* The table of attributes, the judgement of text, the meaning of result codes,
 * and what a configuration must have to be opened. */
#include "base/loop.h"
#include "tests/tap.h"
#include "xdb_ldap/call.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/preset.h"

/* --- the table ----------------------------------------------------------------------- */

static bool is_of_presets(enum attr attr)
{
	for (size_t i = 0; i < preset_row_n; i++)
		if (preset_rows[i].attr == attr)
			return true;
	return false;
}

static void test_presets(void)
{
	static const enum attr needed[] = { ATTR_UUID, ATTR_ENTRY_UUID,
	    ATTR_PASSWORD_CHANGED, ATTR_MODIFIED };
	struct arena a = { NULL };
	struct names names;

	map_init(&names, &a, "uid", NULL);
	is_str(names.rows[ATTR_UUID].name, "entryUUID", "first it is OpenLDAP");
	for (int p = XDB_OPENLDAP; p < XDB_PRESETS; p++) {
		unsigned missing = 0, twice = 0;

		map_preset(&names, &a, (enum xdb_preset)p);
		for (size_t i = 0; i < COUNT(needed); i++)
			missing += names.rows[needed[i]].name == NULL;
		/* A lock of one kind or the other. */
		missing += names.rows[ATTR_NS_LOCK].name == NULL
		    && names.rows[ATTR_CONTROL].name == NULL;
		is_int(missing, 0, preset_texts[p]);
		for (int s = 0; s < SET_N; s++)
			for (const char **n = names.sets[s]; *n != NULL; n++)
				for (const char **m = n + 1; *m != NULL; m++)
					twice += strcmp(*n, *m) == 0;
		is_int(twice, 0, "nothing is asked for twice");
	}
	is_str(names.rows[ATTR_UUID].name, "ipaUniqueID", "a preset is a column");
	ok(names.rows[ATTR_PASSWORD_LOCKED].name == NULL,
	    "what this server does not have has no name");
	arena_fini(&a);
}

static void test_map(void)
{
	static const char *const secret[] = { "userPassword", "authPassword",
	    "*", "+", "imPrivate" };
	struct arena a = { NULL };
	struct names names;
	unsigned bad = 0, leaks = 0;

	map_init(&names, &a, "mailLocalAddress", NULL);
	for (int i = 0; i < ATTR_N; i++)
		bad += names.rows[i].most_bytes == 0
		    || names.rows[i].most_values == 0
		    || (names.rows[i].name == NULL && !is_of_presets((enum attr)i));
	is_int(bad, 0, "every attribute has a name, or is a preset's, and bounds");
	is_str(names.rows[ATTR_NAME].name, "mailLocalAddress",
	    "people_name is the configuration's");
	for (int s = 0; s < SET_N; s++) {
		size_t n = 0;

		for (; names.sets[s][n] != NULL; n++)
			for (size_t k = 0; k < COUNT(secret); k++)
				leaks += strcmp(names.sets[s][n], secret[k]) == 0;
		bad += n == 0;
	}
	is_int(bad, 0, "LDAP-18 every search names its attributes");
	is_int(leaks, 0, "LDAP-18 none is a secret of the person");
	is_str(names.sets[SET_NOTHING][0], "1.1", "nothing is asked for as 1.1");
	arena_fini(&a);
}

/* --- text -------------------------------------------------------------------------------- */

static const struct { const char *text; size_t n; bool utf8, clean; } texts[] = {
	{ "", 0, true, true },
	{ "Jos\xc3\xa9", 5, true, true },
	{ "\xe2\x82\xac \xf0\x9f\x98\x80", 8, true, true },
	{ "a\nb", 3, true, false },
	{ "a\x7f", 2, true, false },
	{ "a\0b", 3, true, false },
	{ "\xc0\xaf", 2, false, false },                /* overlong */
	{ "\xe0\x80\xaf", 3, false, false },
	{ "\xf0\x80\x80\xaf", 4, false, false },
	{ "\xed\xa0\x80", 3, false, false },            /* surrogate */
	{ "\xef\xbf\xbe", 3, false, false },            /* U+FFFE */
	{ "\xf4\x90\x80\x80", 4, false, false },        /* above U+10FFFF */
	{ "\xc3", 1, false, false },
	{ "\x80", 1, false, false },
	{ "\xff", 1, false, false },
};

static void test_texts(void)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct slice s = slice_make(texts[i].text, texts[i].n);

		okf(text_is_utf8(s) == texts[i].utf8
		    && text_is_clean(s) == texts[i].clean,
		    "LDAP-17 text %zu is judged", i);
	}
}

/* --- result codes ---------------------------------------------------------------------------- */

static void test_codes(void)
{
	unsigned yes = 0, none = 0;

	for (int code = 0; code <= 123; code++) {
		enum xdb_status s = call_status_of(code);

		yes += s == XDB_OK && code != 0;
		none += s == XDB_ABSENT && code != LDAP_NO_SUCH_OBJECT;
	}
	is_int(yes, 0, "LDAP-13 no code but success is a yes");
	is_int(none, 0, "LDAP-13 no code but noSuchObject is a none");
	is_int(call_status_of(LDAP_SIZELIMIT_EXCEEDED), XDB_DOWN,
	    "LDAP-13 a limit is not an answer");
	is_int(call_status_of(LDAP_REFERRAL), XDB_BROKEN,
	    "LDAP-10 a referral is an error");
	is_int(call_status_of(LDAP_ASSERTION_FAILED), XDB_CONFLICT,
	    "a stale assertion is a conflict");
	is_int(call_status_of(LDAP_UNAVAILABLE), XDB_DOWN, "unavailable is down");
	is_int(call_status_of(-1), XDB_BROKEN, "libldap's own codes are no answer");
}

/* --- configurations ------------------------------------------------------------------------------ */

static const char *const local[] = { "ldapi://%2Fnowhere" };
static const char *const web[] = { "http://example.org" };

#define GOOD .uri = local, .uri_n = 1, .domain = "example.org", \
	.people_base = "ou=people,dc=x", .people_name = "uid", \
	.im_base = "ou=im,dc=x", .search_connections = 1, \
	.bind_connections = 1, .timeout_ms = 1000, .connect_timeout_ms = 1000

static const struct { const char *name; bool is_good; struct xdb_conf conf; } confs[] = {
	{ "a good one", true, { GOOD } },
	{ "LDAP-04 a filter that is none", false,
	  { GOOD, .people_filter = "(uid=%s" } },
	{ "LDAP-04 an attribute that is none", false, { .uri = local, .uri_n = 1,
	  .people_base = "dc=x", .im_base = "dc=x", .people_name = "uid)(x" } },
	{ "LDAP-01 a bind DN without a password", false,
	  { GOOD, .bind_dn = "cn=im,dc=x" } },
	{ "a base that is no DN", false, { .uri = local, .uri_n = 1,
	  .people_base = "people", .im_base = "dc=x", .people_name = "uid" } },
	{ "no server", false, { .people_base = "dc=x", .im_base = "dc=x",
	  .people_name = "uid" } },
	{ "a server that is none", false, { .uri = web, .uri_n = 1,
	  .people_base = "dc=x", .im_base = "dc=x", .people_name = "uid" } },
};

static void test_confs(void)
{
	for (size_t i = 0; i < COUNT(confs); i++) {
		const char *why = NULL;
		struct xdb *db = xdb_open(&confs[i].conf, &why);

		okf((db != NULL) == confs[i].is_good
		    && (db != NULL || why != NULL), "opened or refused: %s",
		    confs[i].name);
		xdb_close(&db);
	}
	loop_fini();
}

int main(void)
{
	test_map();
	test_presets();
	test_texts();
	test_codes();
	test_confs();
	return done();
}
