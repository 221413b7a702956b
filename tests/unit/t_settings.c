/* SPDX-License-Identifier: Apache-2.0 */
/* base/conf and base/settings: types, limits, file and line in each complaint. */
#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/settings.h"
#include "tests/tap.h"

static char dir[] = "/tmp/tertulia-settings-XXXXXX";
static char path[64], cert[64], key[64];

static void put(const char *file, const char *text, mode_t mode)
{
	FILE *out = fopen(file, "w");

	fputs(text, out);
	fclose(out);
	chmod(file, mode);
}

static const char good[] =
    "[server]\ndomain = uni.example\nstate_dir = /nowhere\n"
    "[tls]\ncertificate = %s\nkey = %s\n"
    "[ldap]\nuri = ldaps://ldap.uni.example\npeople_base = ou=people,dc=uni\n"
    "im_base = ou=im,dc=uni\n%s";

static struct settings *load(const char *more, struct buf *why)
{
	struct buf text = { 0 };

	buf_addf(&text, good, cert, key, more);
	put(path, buf_cstr(&text), 0600);
	buf_fini(&text);
	buf_clear(why);
	return settings_load(path, why);
}

static const struct { const char *more, *want, *name; } bad[] = {
	{ "people_filter = (((\n", "people_filter: ((( is no filter", "a filter that is none" },
	{ "ca_file = /nowhere\n", "ca_file: /nowhere", "a CA file that is not there" },
	{ "timeout = 3\n", ":11: timeout = 3: expected a time", "a time needs a unit" },
	{ "timeout = 1ms\n", "at least 100ms", "a time below its least" },
	{ "timeout = 99999999999999999999s\n", ":11: timeout", "a time that does not fit" },
	{ "start_tls = maybe\n", "expected yes or no", "a bool is yes or no" },
	{ "bind_connections = 33\n", "at most 32", "a count above its most" },
	{ "provision = sometimes\n", "expected one of", "a word that is none of them" },
	{ "nonsense = 1\n", ":11: [ldap] nonsense is no setting", "an unknown setting" },
	{ "[nowhere]\nx = 1\n", "[nowhere] x is no setting", "an unknown section" },
	{ "timeout = 3s\ntimeout = 4s\n", ":12: timeout is set again; it was set in line 11", "a setting twice" },
	{ "just words\n", ":11: is neither", "a line that is nothing" },
	{ "uri = ldap://10.0.0.1\n", "set again", "uri twice" },
	{ "people_name = uid)(x\n", "people_name: uid)(x is no attribute", "a name attribute that is none" },
	{ "groups_base = groups\n", "groups_base: groups is no DN", "a base that is no DN" },
	{ "[web]\nadmin_group = x\n", "[web] admin_group: x is no DN", "a group of administrators that is no DN" },
	{ "[web]\nurl = javascript:1\n", "does not begin with https://", "an address that is no web page" },
	{ "[rooms]\ncreate = somebody\n", "somebody is neither nobody nor everyone", "makers of rooms that are nobody" },
	{ "[roster]\ngroups = cn=a\\;b,dc=x ; c\n", "groups: c is no DN", "a DN may hold an escaped ;" },
	{ "[listen]\nc2s = 127.0.0.1\n", "is not address:port", "an address without a port" },
	{ "[listen]\nc2s = 127.0.0.1:70000\n", "is not address:port", "a port that is none" },
};

static void test_bad(void)
{
	struct buf why = { 0 };

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct settings *s = load(bad[i].more, &why);

		okf(s == NULL && strstr(buf_cstr(&why), bad[i].want) != NULL, "REL-18 %s", bad[i].name);
		if (s != NULL || strstr(buf_cstr(&why), bad[i].want) == NULL)
			printf("# %s", buf_cstr(&why));
		settings_free(&s);
	}
	buf_fini(&why);
}

static void test_good(void)
{
	struct buf why = { 0 };
	struct settings *s = load("timeout = 1500ms\n# comment\n[rooms]\ncreate = cn=a;b,dc=uni\n[limits]\nstanza_size = 64k\n", &why);

	ok(s != NULL, "a good file is read");
	if (s == NULL) {
		printf("# %s", buf_cstr(&why));
		return;
	}
	is_int(s->ldap.timeout_ms, 1500, "times are milliseconds");
	is_int(s->limits.stanza_bytes, 65536, "sizes are bytes");
	is_str(s->server.muc_domain, "conference.uni.example", "rooms have a domain of their own");
	is_str(s->rooms.create, "cn=a;b,dc=uni", "a semicolon belongs to the value");
	is_int(s->ldap.connect_timeout_ms, 2000, "what is not set has its default");
	is_str(s->web.url, "https://uni.example:8443", "the web address is derived");
	settings_free(&s);
	buf_fini(&why);
}

static void test_modes(void)
{
	struct buf why = { 0 };
	struct settings *s;

	put(key, "key", 0644);
	s = load("", &why);
	ok(s == NULL && strstr(buf_cstr(&why), "chmod 600") != NULL, "OPS-07 a key that others can read is refused");
	put(key, "key", 0600);
	s = load("bind_password_file = /nowhere/secret\n", &why);
	ok(s == NULL && strstr(buf_cstr(&why), "bind_password_file") != NULL, "a secret file must be there");
	s = load("", &why);
	ok(s != NULL, "and with all that right, it works");
	settings_free(&s);
	buf_fini(&why);
}

static void test_clear_text(void)
{
	struct buf why = { 0 }, text = { 0 };
	struct settings *s;

	buf_addf(&text, good, cert, key, "start_tls = no\n");
	for (char *p = strstr(text.p, "ldaps"); p != NULL; p = NULL)
		memmove(p + 4, p + 5, strlen(p + 5) + 1);
	put(path, buf_cstr(&text), 0600);
	s = settings_load(path, &why);
	ok(s == NULL && strstr(buf_cstr(&why), "clear text") != NULL, "LDAP-08 clear text to a far server is refused");
	settings_free(&s);
	buf_fini(&text);
	buf_fini(&why);
}

static void test_keep(void)
{
	struct buf why = { 0 }, names = { 0 };
	struct settings *began = load("timeout = 4s\n[listen]\nweb = 127.0.0.1:1\n", &why);
	struct settings *other = load("timeout = 5s\nprofiles = inline\n"
	    "[listen]\nc2s = 127.0.0.1:2\n", &why);
	struct settings *same = load("timeout = 6s\n[listen]\nweb = 127.0.0.1:1\n", &why);

	settings_keep(other, began, &names);
	is_str(buf_cstr(&names), "[listen] c2s, [listen] web, [ldap] profiles",
	    "settings that need a restart are named");
	ok(other->ldap.profiles == PROFILES_TREE && other->listen.web.n == 1
	    && strcmp(other->listen.web.v[0], "127.0.0.1:1") == 0,
	    "they keep what they were");
	ok(other->ldap.timeout_ms == 5000, "all others are as the file says");
	buf_clear(&names);
	settings_keep(same, began, &names);
	ok(names.n == 0 && same->ldap.timeout_ms == 6000, "the same again is not named");
	settings_free(&other);
	settings_free(&same);
	settings_free(&began);
	buf_fini(&names);
	buf_fini(&why);
}

static void test_secret(void)
{
	struct buf out = { 0 };
	const char *why = NULL;

	put(key, "s3cret\n", 0600);
	ok(settings_secret(key, &out, &why) && slice_is(buf_slice(&out), "s3cret"), "a secret loses its line end");
	buf_clear(&out);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	ok(settings_secret("key.pem", &out, &why) && slice_is(buf_slice(&out), "s3cret"), "a bare name is a credential");
	ok(!settings_secret("none", &out, &why) && why != NULL, "a missing one says why");
	buf_wipe(&out);
}

int main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/conf", dir);
	snprintf(cert, sizeof cert, "%s/cert.pem", dir);
	snprintf(key, sizeof key, "%s/key.pem", dir);
	put(cert, "cert", 0644);
	put(key, "key", 0600);
	test_good();
	test_bad();
	test_modes();
	test_clear_text();
	test_keep();
	test_secret();
	unlink(path);
	unlink(cert);
	unlink(key);
	rmdir(dir);
	return done();
}
