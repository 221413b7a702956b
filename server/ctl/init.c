/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/init.c — asks, shows and writes; what it shows is from ctl/detect.c. */
#include "ctl/init.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/settings.h"
#include "ctl/detect.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/pool.h"

enum { ANSWERS_MOST = 24, EXIT_REFUSED = 2, EXIT_UNKNOWN = 3 };

struct answer { const char *section, *key, *value; };

struct init {
	FILE *in, *out;
	struct arena arena;
	bool is_over;                   /* nobody answers any more */
	bool may_be_external;           /* there is something to be known by */
	struct xdb directory;
	struct tls_context *tls;
	struct wire *wire;
	struct detected found;
	struct answer answers[ANSWERS_MOST];
	size_t answer_n;
};

/* --- questions ------------------------------------------------------------------- */

/* What was typed, or the fallback; "" when nobody answers any more. */
static const char *ask(struct init *x, const char *question,
    const char *fallback)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	struct slice text = { "", 0 };

	if (x->is_over)
		return "";
	fprintf(x->out, "%s", question);
	if (*fallback != '\0')
		fprintf(x->out, " [%s]", fallback);
	fputs(": ", x->out);
	fflush(x->out);
	n = getline(&line, &room, x->in);
	x->is_over = n < 0;
	if (n > 0)
		text = slice_trim(slice_make(line, (size_t)n));
	fallback = x->is_over ? "" : text.n == 0 ? fallback
	    : slice_cstr(&x->arena, text);
	free(line);
	return fallback;
}

/* In the languages of the service; "no" is everything else. */
static bool is_yes(const char *answer)
{
	static const char *const words[] = { "yes", "y", "s", "si", "sí", "SÍ" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (slice_eq_nocase(slice_of(answer), slice_of(words[i])))
			return true;
	return false;
}

static void keep(struct init *x, const char *section, const char *key,
    const char *value)
{
	if (x->answer_n < ANSWERS_MOST)
		x->answers[x->answer_n++] = (struct answer){ section, key,
			value };
}

static const char *ask_for(struct init *x, const char *section, const char *key,
    const char *question, const char *fallback)
{
	const char *value = ask(x, question, fallback);

	keep(x, section, key, value);
	return value;
}

static const char *joined(struct init *x, const char *head, const char *tail)
{
	struct buf b = { 0 };
	const char *text;

	buf_addf(&b, "%s%s", head, tail);
	text = slice_cstr(&x->arena, buf_slice(&b));
	buf_fini(&b);
	return text;
}

/* LDAP-17: what a directory says does not steer the terminal. */
static struct slice shown(struct slice text)
{
	return text_is_clean(text) ? text : SLICE("?");
}

/* --- the directory ------------------------------------------------------------------- */

/* False: it said why, and may be asked again. */
static bool dial(struct init *x, const char *uri, const char *ca_file,
    const char *certificate, const char *key)
{
	struct xdb_conf conf = { .uri = &uri, .uri_n = 1, .start_tls = true,
		.ca_file = ca_file, .certificate = certificate, .key = key };
	const char *why = NULL;

	x->directory.server_n = 0;
	if (!servers_parse(&x->directory, &conf, &why)
	    || (x->tls = servers_tls(&conf, &why)) == NULL) {
		fprintf(x->out, "  %s\n", why);
		return false;
	}
	x->wire = wire_open(&x->directory.servers[0], x->tls);
	if (x->wire->stage == WIRE_OPEN)
		return true;
	fprintf(x->out, "  %s: %s\n", uri, buf_cstr(&x->wire->why));
	if (x->wire->stage == WIRE_TLS)
		fputs("  Passwords go through TLS or over a local socket: name the "
		    "authority's file,\n  or ldaps://, or ldapi:/// for a server on "
		    "this machine.\n", x->out);
	wire_close(&x->wire);
	tls_context_free(&x->tls);
	return false;
}

static void find_server(struct init *x)
{
	const char *uri, *ca_file, *certificate, *key;

	do {
		ca_file = certificate = key = "";
		uri = ask(x, "LDAP server", "ldap://localhost");
		if (slice_starts(slice_of(uri), SLICE("ldapi:")))
			continue;       /* no TLS, and a Unix user for a certificate */
		ca_file = ask(x, "File with the authority of its certificate "
		    "(empty: the system's)", "");
		certificate = ask(x, "Certificate to show to it instead of a "
		    "password (empty: none)", "");
		if (*certificate != '\0')
			key = ask(x, "The key of that", "");
	} while (!x->is_over && !dial(x, uri, ca_file, certificate, key));
	keep(x, "ldap", "uri", uri);
	keep(x, "ldap", "ca_file", ca_file);
	keep(x, "ldap", "certificate", certificate);
	keep(x, "ldap", "key", key);
	x->may_be_external = *certificate != '\0'
	    || slice_starts(slice_of(uri), SLICE("ldapi:"));
}

static bool bind_as(struct init *x, const char *dn, const char *file)
{
	struct buf password = { 0 };
	const char *why = "it is empty";
	int code;

	if (!settings_secret(file, &password, &why) || password.n == 0) {
		fprintf(x->out, "  %s: %s\n", file, why);
		buf_wipe(&password);
		return false;
	}
	code = wire_bind(x->wire, dn, buf_slice(&password), NULL);
	buf_wipe(&password);
	if (code != LDAP_SUCCESS)
		fprintf(x->out, "  %s: %s\n", dn, ldap_err2string(code));
	if (code == LDAP_INVALID_CREDENTIALS)
		fputs("  The password is another, or there is no such entry yet: "
		    "schema/tree.ldif makes it\n  (schema/README says how).\n",
		    x->out);
	/* A server that hangs up has had enough of guesses. */
	x->is_over = x->is_over || code == LDAP_SERVER_DOWN;
	return code == LDAP_SUCCESS;
}

/* Of the directory, and so made of it by olcAuthzRegexp or its like. */
static bool is_of_directory(const struct init *x, const char *who)
{
	struct buf dn = { 0 }, context = { 0 };
	bool is = *x->found.context != '\0' && dn_normal(&dn, slice_of(who))
	    && dn_normal(&context, slice_of(x->found.context))
	    && dn_is_below(buf_slice(&dn), buf_slice(&context));

	buf_fini(&dn);
	buf_fini(&context);
	return is;
}

/* Whom SASL EXTERNAL makes of us, and whether that is to be it; over ldapi:// that
 * is the Unix user, who is the service's later and somebody else now. */
static bool is_external(struct init *x)
{
	int code = wire_bind(x->wire, NULL, slice_make(NULL, 0), NULL);
	const char *who = code == LDAP_SUCCESS ? wire_who(x->wire, &x->arena) : "";
	bool is_ours;

	if (code != LDAP_SUCCESS) {
		fprintf(x->out, "  SASL EXTERNAL: %s\n", ldap_err2string(code));
		return false;
	}
	if (strncmp(who, "dn:", 3) == 0)
		who += 3;
	is_ours = is_of_directory(x, who);
	fprintf(x->out, "  SASL EXTERNAL makes of this run " SLICE_FMT "%s\n",
	    SLICE_ARG(shown(slice_of(who))), is_ours ? "." : ",\n  which is no "
	    "entry of the directory until olcAuthzRegexp makes one of it "
	    "(schema/README).");
	if (x->directory.servers[0].security == LINK_LOCAL)
		fputs("  Over ldapi:// that is by the Unix user: tertuliad's, when "
		    "it runs.\n", x->out);
	return is_yes(ask(x, "Take that instead of a name and a password? yes, no",
	    is_ours ? "yes" : "no"));
}

static void find_identity(struct init *x)
{
	const char *dn, *file;

	detect_context(x->wire, &x->arena, &x->found);
	if (x->may_be_external && is_external(x)) {
		keep(x, "ldap", "sasl_external", "yes");
		return;
	}
	do {
		dn = ask(x, "Identity of the server in the directory",
		    joined(x, "cn=im,ou=services,ou=im,", x->found.context));
		file = ask(x, "File with its password",
		    "/etc/tertulia/im.password");
	} while (!x->is_over && !bind_as(x, dn, file));
	keep(x, "ldap", "bind_dn", dn);
	keep(x, "ldap", "bind_password_file", file);
}

static const char *const refusal_texts[] = {
	[XDB_LOCKED] = "  (locked)", [XDB_EXPIRED] = "  (expired)",
	[XDB_MUST_CHANGE] = "  (must change the password)",
};

static const char *refusal_text(enum xdb_refusal refusal)
{
	return (size_t)refusal < COUNT(refusal_texts)
	    && refusal_texts[refusal] != NULL ? refusal_texts[refusal] : "";
}

static void show_people(struct init *x, const char *domain)
{
	for (size_t i = 0; i < x->found.shown_n; i++) {
		const struct detect_person *p = &x->found.shown[i];

		fprintf(x->out, "  " SLICE_FMT "@%s  " SLICE_FMT "  " SLICE_FMT
		    "%s\n", SLICE_ARG(shown(p->name)), domain,
		    SLICE_ARG(shown(p->cn)), SLICE_ARG(shown(p->mail)),
		    refusal_text(p->refusal));
	}
	if (x->found.people_n > x->found.shown_n && x->found.shown_n != 0)
		fprintf(x->out, "  and %zu%s more\n", x->found.people_n
		    - x->found.shown_n, x->found.people_n == DETECT_LOOKED_AT
		    ? " or" : "");
	if (x->found.nameless_n != 0)
		fprintf(x->out, "  %zu%s people there have no %s, and so no address\n",
		    x->found.nameless_n, x->found.nameless_n == DETECT_LOOKED_AT
		    ? " or more" : "", x->found.name);
	else if (x->found.shown_n == 0)
		fputs("  nobody is there, or this identity cannot read them "
		    "(schema/access.ldif)\n", x->out);
}

static const char *const kinds[XDB_PRESETS] = {
	[XDB_AUTO] = "a server that shows nothing of itself, taken for OpenLDAP",
	[XDB_OPENLDAP] = "OpenLDAP", [XDB_389DS] = "389 Directory Server",
	[XDB_AD] = "Active Directory", [XDB_FREEIPA] = "FreeIPA",
};

/* Where they are is a choice only where they are in several places. */
static void show_places(struct init *x)
{
	const struct places *p = &x->found.places;

	if (x->found.other_n != 0)
		fprintf(x->out, "  People are taken to be %s; %zu more are found by %s.\n"
		    "  If they are people, too, write another people_filter "
		    "afterwards.\n", x->found.filter, x->found.other_n,
		    x->found.other_filter);
	if (p->most_n == 0)
		return;
	fprintf(x->out, "  %zu people%s are in %zu places:\n    1  " SLICE_FMT
	    ": all of them\n", p->all.n, p->is_cut ? " or more" : "", p->place_n,
	    SLICE_ARG(shown(slice_of(p->all.dn))));
	for (size_t i = 0; i < p->most_n; i++)
		fprintf(x->out, "    %zu  " SLICE_FMT ": %zu\n", i + 2,
		    SLICE_ARG(shown(slice_of(p->most[i].dn))), p->most[i].n);
	if (p->has_more)
		fputs("    and others with less\n", x->out);
}

/* A DN, or a number of those shown. */
static const char *ask_place(struct init *x)
{
	const struct places *p = &x->found.places;
	const char *base = ask(x, p->most_n != 0 ? "Where people are, a number or a DN"
	    : "Where people are", x->found.people_base);
	uint64_t number;

	if (p->most_n == 0 || !slice_number(slice_of(base), p->most_n + 1, &number)
	    || number == 0)
		return base;
	return number == 1 ? p->all.dn : p->most[number - 2].dn;
}

/* Where nobody has the usual one, somebody has to say which it is. */
static void ask_name(struct init *x, const char *base, const char *domain)
{
	const char *name = ask(x, "Attribute with the name they log in with",
	    x->found.name);

	if (!filter_is_attribute(slice_of(name)))
		return;
	x->found.name = name;
	detect_people(x->wire, &x->directory, &x->arena, base, &x->found);
	show_people(x, domain);
}

static void find_people(struct init *x, const char *domain)
{
	const char *base, *agreed;

	detect(x->wire, &x->arena, &x->found);
	detect_kind(x->wire, &x->directory, &x->found);
	fprintf(x->out, "  It is %s.\n", kinds[x->found.preset]);
	do {
		show_places(x);
		base = ask_place(x);
		if (x->is_over)
			return;
		detect_people(x->wire, &x->directory, &x->arena, base, &x->found);
		show_people(x, domain);
		if (x->found.shown_n == 0 && x->found.nameless_n != 0)
			ask_name(x, base, domain);
		agreed = ask(x, "Are these people of yours? yes, no",
		    x->found.shown_n != 0 ? "yes" : "no");
	} while (!x->is_over && !is_yes(agreed));
	keep(x, "ldap", "people_base", base);
	keep(x, "ldap", "people_filter", x->found.filter);
	keep(x, "ldap", "people_name", x->found.name);
}

static void find_tree(struct init *x)
{
	const char *base = x->found.im_base;

	if (!x->found.has_schema)
		fputs(x->found.preset == XDB_389DS
		    ? "  The schema is not loaded: schema/mk389 prints it.\n"
		    : "  The schema is not loaded: `tertuliactl doctor --schema` "
		    "prints it.\n", x->out);
	if (*base == '\0') {
		fprintf(x->out, "  Our tree is not there, or not for this identity "
		    "to see: load schema/tree.ldif\n  and schema/%s.\n",
		    x->found.preset == XDB_389DS ? "access-389.ldif"
		    : "access.ldif");
		base = joined(x, "ou=im,", x->found.context);
	}
	ask_for(x, "ldap", "im_base", "Where our tree is", base);
}

/* How long a lock holds, and how many wrong passwords lock, is in the policy. */
static void find_policy(struct init *x)
{
	const char *dn;

	if (x->found.policy_n == 0 || x->found.preset != XDB_OPENLDAP)
		return;
	for (size_t i = 0; i < x->found.policy_n && x->found.policy_n > 1; i++)
		fprintf(x->out, "  There is the password policy " SLICE_FMT "\n",
		    SLICE_ARG(shown(slice_of(x->found.policies[i]))));
	dn = ask(x, "Password policy of those who have none of their own (none: -)",
	    x->found.policies[0]);
	if (strcmp(dn, "-") != 0)
		keep(x, "ldap", "password_policy", dn);
}

/* --- writing ---------------------------------------------------------------------------- */

static void conf_write(struct init *x, struct buf *out)
{
	const char *section = "";

	buf_adds(out, "# Made by tertuliactl init; `tertuliad -S` prints every "
	    "setting there is.\n");
	for (size_t i = 0; i < x->answer_n; i++) {
		const struct answer *a = &x->answers[i];

		if (strcmp(a->section, section) != 0)
			buf_addf(out, "\n[%s]\n", a->section);
		section = a->section;
		if (*a->value != '\0')
			buf_addf(out, "%s = %s\n", a->key, a->value);
	}
}

/* Written all the same when something is still to be done: it says what. */
static int finish(struct init *x, const char *path)
{
	struct buf text = { 0 }, why = { 0 };
	struct settings *s;
	int code = 0;

	conf_write(x, &text);
	if (!daemon_write_file(path, buf_slice(&text))) {
		fprintf(x->out, "%s cannot be written: %s\n", path,
		    strerror(errno));
		code = EXIT_REFUSED;
	} else {
		s = settings_load(path, &why);
		fprintf(x->out, "%s is written.\n", path);
		if (s == NULL)
			fprintf(x->out, "Still to be done:\n" SLICE_FMT,
			    SLICE_ARG(buf_slice(&why)));
		fprintf(x->out, "Next: tertuliactl doctor -c %s\n", path);
		settings_free(&s);
	}
	buf_fini(&text);
	buf_fini(&why);
	return code;
}

static const char *own_domain(struct init *x)
{
	char host[256] = "";
	const char *dot;

	gethostname(host, sizeof host - 1);
	dot = strchr(host, '.');
	return arena_dup(&x->arena, dot != NULL ? dot + 1 : host,
	    strlen(dot != NULL ? dot + 1 : host));
}

static void questions(struct init *x)
{
	const char *domain = ask_for(x, "server", "domain", "Domain of the "
	    "addresses (after the @)", own_domain(x));

	ask_for(x, "server", "state_dir", "Folder for what the service writes",
	    "/var/lib/tertulia");
	ask_for(x, "tls", "certificate", "Certificate chain of the service",
	    "/etc/tertulia/tls/chain.pem");
	ask_for(x, "tls", "key", "Its key", "/etc/tertulia/tls/key.pem");
	find_server(x);
	if (!x->is_over)
		find_identity(x);
	if (!x->is_over)
		find_people(x, domain);
	if (!x->is_over)
		find_tree(x);
	if (!x->is_over)
		find_policy(x);
	ask_for(x, "web", "bind_dn", "Identity of the web process (none: -)",
	    joined(x, "cn=im-web,ou=services,ou=im,",
	    x->found.context != NULL ? x->found.context : ""));
	if (strcmp(x->answers[x->answer_n - 1].value, "-") == 0) {
		x->answer_n--;
		return;
	}
	ask_for(x, "web", "bind_password_file", "File with its password",
	    "/etc/tertulia/im-web.password");
	ask_for(x, "web", "admin_group", "DN of the group that administers", "");
}

int init_run(const char *path, FILE *in, FILE *out)
{
	struct init x = { .in = in, .out = out };
	int code = EXIT_UNKNOWN;

	if (access(path, F_OK) == 0) {
		fprintf(out, "%s is there already: move it away, or choose "
		    "another file with -c\n", path);
		return EXIT_REFUSED;
	}
	questions(&x);
	if (!x.is_over)
		code = finish(&x, path);
	else
		fputs("\nNot all was answered: nothing is written.\n", out);
	wire_close(&x.wire);
	tls_context_free(&x.tls);
	arena_fini(&x.directory.arena);
	arena_fini(&x.arena);
	return code;
}
