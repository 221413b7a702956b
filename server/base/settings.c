/* SPDX-License-Identifier: Apache-2.0 */
/* base/settings.c — the one table of settings, and the checks across them. */
#include "base/settings.h"

#include <sys/stat.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/listen.h"

static const char *const provision_words[] = { "login", "admin", NULL };
static const char *const deref_words[] = { "never", "search", "base", "always", NULL };
static const char *const profiles_words[] = { "tree", "inline", NULL };
/* As xdb_ldap/xdb.h has them. */
static const char *const preset_words[] = { "auto", "openldap", "389ds", "ad",
    "freeipa", NULL };
static const char *const level_words[] = { "debug", "info", "warn", "error", NULL };

#define AT(member) offsetof(struct settings, member)
#define ROW(s, k, type, m, def, lo, hi, words, ...) \
	{ s, k, type, AT(m), def, lo, hi, words, .help = __VA_ARGS__ }
/* Behind the help: AT_START, when a SIGHUP does not bring another value. */
#define AT_START .at_start = true
#define TEXT(s, k, m, def, ...)  ROW(s, k, CONF_TEXT, m, def, NULL, NULL, NULL, __VA_ARGS__)
#define LIST(s, k, m, def, ...)  ROW(s, k, CONF_LIST, m, def, NULL, NULL, NULL, __VA_ARGS__)
#define BOOL(s, k, m, def, ...)  ROW(s, k, CONF_BOOL, m, def, NULL, NULL, NULL, __VA_ARGS__)
#define COUNT_(s, k, m, def, lo, hi, ...) ROW(s, k, CONF_COUNT, m, def, lo, hi, NULL, __VA_ARGS__)
#define TIME(s, k, m, def, lo, hi, ...)   ROW(s, k, CONF_TIME, m, def, lo, hi, NULL, __VA_ARGS__)
#define SIZE(s, k, m, def, lo, hi, ...)   ROW(s, k, CONF_SIZE, m, def, lo, hi, NULL, __VA_ARGS__)
#define WORD(s, k, m, def, words, ...)    ROW(s, k, CONF_WORD, m, def, NULL, NULL, words, __VA_ARGS__)

static const struct conf_key keys[] = {
	TEXT("server", "domain", server.domain, NULL,
	    "The domain of all accounts: the part after the @ of a JID.", AT_START),
	TEXT("server", "muc_domain", server.muc_domain, "",
	    "The domain of the rooms; empty: conference.<domain>.", AT_START),
	TEXT("server", "state_dir", server.state_dir, NULL,
	    "Directory for what the service writes itself: sockets, ready notice.", AT_START),
	TEXT("server", "control_socket", server.control_socket, "",
	    "Socket through which the web process asks the server; empty: <state_dir>/control.", AT_START),
	COUNT_("server", "io_threads", server.io_threads, "0", "0", "16",
	    "Threads for sockets, TLS and XML; 0: inside the core's own loop, right for one or two cores.", AT_START),

	LIST("listen", "c2s", listen.c2s, "127.0.0.1:5222 [::1]:5222",
	    "Addresses for clients that begin TLS by STARTTLS.", AT_START),
	LIST("listen", "c2s_tls", listen.c2s_tls, "127.0.0.1:5223 [::1]:5223",
	    "Addresses for clients that begin with TLS (XEP-0368).", AT_START),
	LIST("listen", "web", listen.web, "127.0.0.1:8443 [::1]:8443",
	    "Addresses of the web interface (HTTPS).", AT_START),

	TEXT("tls", "certificate", tls.certificate, NULL,
	    "Certificate chain, PEM, the server's own certificate first."),
	TEXT("tls", "key", tls.key, NULL,
	    "Private key, PEM, readable by the service alone."),
	TEXT("tls", "client_ca_file", tls.client_ca_file, "",
	    "Certificates that may sign those of people, PEM: who shows one can log in by it (SASL EXTERNAL); empty: none is asked for."),
	TEXT("tls", "client_crl_file", tls.client_crl_file, "",
	    "Lists of revoked certificates, PEM, a current one of each of those authorities; empty: none is looked at. A SIGHUP reads them again and ends the sessions of those revoked."),

	LIST("ldap", "uri", ldap.uri, NULL,
	    "LDAP servers in order of preference: ldap://, ldaps:// or ldapi:// URIs."),
	LIST("ldap", "write_uri", ldap.write_uri, "",
	    "Servers that take writes, in order of preference, where those of uri are read-only replicas; empty: those of uri."),
	BOOL("ldap", "start_tls", ldap.start_tls, "yes",
	    "Begin TLS on ldap:// connections; there is no fall-back to clear text."),
	BOOL("ldap", "insecure_loopback", ldap.insecure_loopback, "no",
	    "Allow ldap:// without TLS to a loopback address."),
	TEXT("ldap", "ca_file", ldap.ca_file, "",
	    "Certificates that may sign the LDAP server's, PEM; empty: the system's."),
	LIST("ldap", "pin", ldap.pin, "",
	    "Keys the LDAP servers' certificates may have, besides being signed: base64 of the SHA-256 of the public key (RFC 7469); empty: any."),
	TEXT("ldap", "certificate", ldap.certificate, "",
	    "Certificate chain to show the LDAP server, PEM: with sasl_external it is our identity."),
	TEXT("ldap", "key", ldap.key, "",
	    "Its private key, PEM, readable by the service alone."),
	TEXT("ldap", "bind_dn", ldap.bind_dn, "",
	    "Identity of the server in the directory."),
	TEXT("ldap", "bind_password_file", ldap.bind_password_file, "",
	    "File with its password; a name without / is looked up in $CREDENTIALS_DIRECTORY."),
	BOOL("ldap", "sasl_external", ldap.sasl_external, "no",
	    "Bind by SASL EXTERNAL (ldapi:// peer credentials) instead of a password."),
	TEXT("ldap", "people_base", ldap.people_base, NULL,
	    "Where people are found, searched with all its subtree."),
	TEXT("ldap", "people_filter", ldap.people_filter, "(objectClass=inetOrgPerson)",
	    "Who of them may use the service."),
	TEXT("ldap", "people_groups", ldap.people_groups, "",
	    "DNs of groups, with ; between them: only their members may use the service, by any class of group, in groups in them, and by search; empty: everybody whom people_filter finds."),
	TEXT("ldap", "people_name", ldap.people_name, "uid",
	    "Attribute that holds the part of the JID before the @."),
	WORD("ldap", "preset", ldap.preset, "auto", preset_words,
	    "What kind of server it is, which says how attributes are called; auto: what its root DSE looks like."),
	TEXT("ldap", "password_policy", ldap.password_policy, "",
	    "DN of the default password policy (OpenLDAP), for how long a lock holds and how many wrong passwords make one, where people have none of their own."),
	COUNT_("ldap", "wrong_binds", ldap.wrong_binds, "0", "0", "1000",
	    "How many wrong passwords of one person reach the directory from each process before no more are tried for a while, so that nobody can lock a colleague out; 0: fewer than half of the policy's pwdMaxFailure, or 2 where it cannot be read. Who logged in by PLAIN once can log in all the same."),
	LIST("ldap", "closed_shells", ldap.closed_shells, "",
	    "Values of loginShell that close the account, such as /usr/sbin/nologin /bin/false; empty: the shell says nothing."),
	TEXT("ldap", "im_base", ldap.im_base, NULL,
	    "The service's own subtree, with ou=profiles, ou=rooms and ou=requests below it.", AT_START),
	TEXT("ldap", "groups_base", ldap.groups_base, "",
	    "Where groups and lists are, searched with all its subtree; empty: what is above people_base."),
	WORD("ldap", "deref", ldap.deref, "never", deref_words,
	    "Follow alias entries (RFC 4512 §2.6): \"never\", \"search\", \"base\" or \"always\". With \"search\" and \"always\" OpenLDAP tells of no changes: they are asked for every poll_interval."),
	BOOL("ldap", "ignore_references", ldap.ignore_references, "no",
	    "Search on where a server says that more is elsewhere, as Active Directory always does; no: such a search has failed. Nothing is ever looked for elsewhere."),
	WORD("ldap", "provision", ldap.provision, "login", provision_words,
	    "When a person's IM profile is made: at the first login, or by an administrator only."),
	WORD("ldap", "profiles", ldap.profiles, "tree", profiles_words,
	    "Where IM profiles are: entries of their own below ou=profiles, or inline, on the people's own entries (schema/access-inline.ldif).", AT_START),
	TIME("ldap", "connect_timeout", ldap.connect_timeout_ms, "2s", "100ms", "30s",
	    "Time for TCP, TLS and bind to an LDAP server together."),
	TIME("ldap", "timeout", ldap.timeout_ms, "3s", "100ms", "60s",
	    "Time for one operation, waiting for a connection included. Where no server was there for so long, an operation waits for one attempt only."),
	TIME("ldap", "poll_interval", ldap.poll_interval_ms, "30s", "1s", "1h",
	    "How often to ask for changes where the server cannot tell of them by itself (RFC 4533)."),
	TIME("ldap", "refresh_interval", ldap.refresh_interval_ms, "5m", "1s", "1d",
	    "How often to read all that is watched anew where the server tells of changes by itself. It says nothing of what its rights hide: what was changed while the service might not read it counts by then at the latest. For a large directory it is rarer, so that no more than a twentieth of the time goes into it, but once an hour at least."),
	COUNT_("ldap", "search_connections", ldap.search_connections, "2", "1", "16",
	    "Connections for searches and changes."),
	COUNT_("ldap", "bind_connections", ldap.bind_connections, "4", "1", "32",
	    "Connections for checking passwords; with costly password hashes, no more than slapd has cores."),

	COUNT_("sasl", "scram_iterations", sasl.scram_iterations, "10000", "4096", "600000",
	    "PBKDF2 rounds of new SCRAM verifiers."),
	LIST("sasl", "mechanisms", sasl.mechanisms,
	    "SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 PLAIN",
	    "Mechanisms on offer, best first; SCRAM brings its -PLUS form."),
	LIST("sasl", "certificate_names", sasl.certificate_names, "xmpp",
	    "What in a person's certificate says who it is; of these the first that it has: xmpp (an XMPP address), mail (a mail address of the person in the directory), entry (the certificate stands in the person's entry)."),
	TEXT("sasl", "keytab", sasl.keytab, "",
	    "Keytab with the key of xmpp/<kerberos_host>: who has a Kerberos ticket for it can log in (GSSAPI); empty: nobody. Large tickets want a larger preauth_size.", AT_START),
	TEXT("sasl", "kerberos_host", sasl.kerberos_host, "",
	    "Host of the service principal xmpp/host; empty: the domain.", AT_START),
	LIST("sasl", "kerberos_realms", sasl.kerberos_realms, "",
	    "Realms whose principals are the people of this directory, by their names."),

	TEXT("web", "bind_dn", web.bind_dn, "",
	    "Identity of the web process in the directory."),
	TEXT("web", "bind_password_file", web.bind_password_file, "",
	    "File with its password."),
	TEXT("web", "admin_group", web.admin_group, "",
	    "DN of the group whose members administer the service."),
	TEXT("web", "url", web.url, "",
	    "Address people use, for links; empty: https://<domain>:<first web port>."),
	LIST("web", "hosts", web.hosts, "",
	    "Host names under which the web interface answers, besides the domain and the listening addresses."),
	BOOL("web", "people_create", web.people_create, "no",
	    "Whether creating an account may create the person's entry too."),
	TEXT("web", "people_create_base", web.people_create_base, "",
	    "Where such entries are created; empty: people_base."),

	TEXT("rooms", "create", rooms.create, "nobody",
	    "Who may open a room by entering it: nobody, everyone, or the DN of a group."),
	COUNT_("rooms", "history", rooms.history, "20", "0", "100",
	    "Messages a room keeps in memory for those who join."),
	COUNT_("rooms", "occupants", rooms.occupants, "1000", "2", "10000",
	    "Most people in one room, unless the room says less."),

	LIST("vcard", "writable", vcard.writable, "",
	    "What people change in their own directory entries by changing their vCard: photo, nickname, url, title, mail, phone, mobile, fax. It is done as that person (RFC 4370; schema/access-vcard.ldif), so that the directory decides."),
	SIZE("vcard", "photo_size", vcard.photo_bytes, "64k", "1k", "64k",
	    "Largest photo that is written into the directory. Larger ones than 64 KiB that are there are not shown."),

	BOOL("search", "enabled", search.is_on, "yes",
	    "Whether people who are logged in can search for others (XEP-0055)."),
	TEXT("search", "domain", search.domain, "",
	    "The domain of the search; empty: users.<domain>.", AT_START),
	TEXT("search", "filter", search.filter, "",
	    "Who can be found, besides people_filter: (!(eduPersonPrivacy=*)) or the like, of attributes that the directory knows."),
	COUNT_("search", "least", search.least, "3", "1", "20",
	    "Letters that must be typed; up to 3 are looked for where words begin, which indexes help with."),
	COUNT_("search", "most", search.most, "100", "1", "1000",
	    "People that one search shows."),
	COUNT_("search", "often", search.often, "100", "1", "100000",
	    "Searches of one person in ten minutes, pages included."),

	TEXT("roster", "groups", roster.groups, "",
	    "Groups whose members see one another in their contact lists: a filter in parentheses, or DNs with ; between them; empty: none."),
	TEXT("roster", "groups_public", roster.groups_public, "",
	    "Groups whose members everybody sees, who sees one another as well; the same forms."),
	TEXT("roster", "groups_title", roster.groups_title, "cn",
	    "Attribute of the group that is shown as its name."),

	SIZE("limits", "stanza_size", limits.stanza_bytes, "256k", "10k", "16m",
	    "Largest stanza a client may send."),
	SIZE("limits", "preauth_size", limits.preauth_bytes, "8k", "4k", "64k",
	    "Largest element before a client has authenticated."),
	SIZE("limits", "queue_size", limits.queue_bytes, "1m", "64k", "64m",
	    "Unsent output of one connection; above it the client is too slow and is cut."),
	COUNT_("limits", "sessions_per_user", limits.sessions, "10", "1", "100",
	    "Sessions of one account at a time."),
	COUNT_("limits", "roster_items", limits.roster_items, "1000", "10", "10000",
	    "Contacts of one account."),
	COUNT_("limits", "accounts_away", limits.accounts_away, "10000", "0", "1000000",
	    "People kept in memory after their last session, where the directory tells of changes; some 2 KiB each."),
	COUNT_("limits", "connections", limits.connections, "20000", "10", "1000000",
	    "Client connections in all."),
	COUNT_("limits", "connections_per_ip", limits.connections_per_ip, "20000", "1", "1000000",
	    "Client connections from one address (IPv6: one /64)."),
	COUNT_("limits", "unauthenticated_per_ip", limits.unauthenticated_per_ip, "1000", "1", "1000000",
	    "Of them, not yet authenticated."),
	TIME("limits", "auth_timeout", limits.auth_ms, "30s", "2s", "10m",
	    "Time from connecting to being authenticated."),
	TIME("limits", "handshake_timeout", limits.handshake_ms, "10s", "1s", "60s",
	    "Time for the TLS handshake."),
	TIME("limits", "idle_timeout", limits.idle_ms, "5m", "10s", "1d",
	    "Silence after which a client is asked whether it is there; as long again, and it is gone."),

	LIST("contact", "abuse", contact.abuse, "", "Addresses (URIs) to report abuse to (XEP-0157)."),
	LIST("contact", "admin", contact.admin, "", "Addresses of the administrators."),
	LIST("contact", "feedback", contact.feedback, "", "Addresses for feedback."),
	LIST("contact", "sales", contact.sales, "", "Addresses of sales."),
	LIST("contact", "security", contact.security, "", "Addresses for security matters."),
	LIST("contact", "support", contact.support, "", "Addresses for support."),

	WORD("log", "level", log.level, "info", level_words,
	    "Least level that is logged."),
	TEXT("log", "file", log.file, "stderr",
	    "Where to: a file, or stderr."),
};

static bool is_domain(struct slice s)
{
	if (s.n == 0 || s.n > 255 || s.p[0] == '.' || s.p[0] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == '@' || c == '/' || c == 0x7f
		    || (c >= 'A' && c <= 'Z'))
			return false;
	}
	return true;
}

/* A complaint about one setting, with the line it was set in. */
static void bad(struct buf *why, const struct settings *s, const char *section,
    const char *key, const char *fmt, ...) FORMAT(5, 6);
static void bad(struct buf *why, const struct settings *s, const char *section,
    const char *key, const char *fmt, ...)
{
	va_list ap;

	buf_adds(why, s->path);
	for (size_t i = 0; i < COUNT(keys); i++)
		if (strcmp(keys[i].section, section) == 0
		    && strcmp(keys[i].key, key) == 0 && s->origin.line[i] != 0)
			buf_addf(why, ":%u", s->origin.line[i]);
	buf_addf(why, ": [%s] %s: ", section, key);
	va_start(ap, fmt);
	buf_addv(why, fmt, ap);
	va_end(ap);
	buf_addc(why, '\n');
}

static void check_secret_mode(const struct settings *s, const char *file,
    const char *section, const char *key, struct buf *why)
{
	struct stat st;

	if (*file == '\0' || strchr(file, '/') == NULL)
		return;
	if (stat(file, &st) != 0)
		bad(why, s, section, key, "%s: %s", file, strerror(errno));
	else if ((st.st_mode & 077) != 0)
		bad(why, s, section, key, "%s can be read by others: chmod 600 %s",
		    file, file);
}

/* By its host alone: 127.example.org is somebody else's machine. */
static bool is_loopback_uri(struct slice uri)
{
	struct slice host, rest;
	struct in_addr v4;
	char text[INET_ADDRSTRLEN];

	slice_cut(uri, '/', &rest, &host);      /* ldap: */
	slice_cut(host, '/', &rest, &host);     /* nothing between the slashes */
	slice_cut(host, '/', &host, &rest);
	if (slice_is(host, "[::1]") || slice_starts(host, SLICE("[::1]:")))
		return true;
	slice_cut(host, ':', &host, &rest);
	if (slice_eq_nocase(host, SLICE("localhost")))
		return true;
	if (!slice_starts(host, SLICE("127.")) || host.n >= sizeof text)
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return inet_pton(AF_INET, text, &v4) == 1;
}

/* Enough to catch a slip; what a filter means the directory knows. */
static bool is_filter(const char *text)
{
	int depth = 0;

	if (*text != '(')
		return false;
	for (const char *p = text; *p != '\0'; p++) {
		depth += (*p == '(') - (*p == ')');
		if (depth < 0 || (depth == 0 && p[1] != '\0'))
			return false;
	}
	return depth == 0;
}

static void check_file(const struct settings *s, const char *file,
    const char *section, const char *key, struct buf *why)
{
	if (*file != '\0' && access(file, R_OK) != 0)
		bad(why, s, section, key, "%s: %s", file, strerror(errno));
}

static void check_names(const struct settings *s, struct buf *why)
{
	if (strchr(s->ldap.people_base, '=') == NULL)
		bad(why, s, "ldap", "people_base", "%s is no DN",
		    s->ldap.people_base);
	if (strchr(s->ldap.im_base, '=') == NULL)
		bad(why, s, "ldap", "im_base", "%s is no DN", s->ldap.im_base);
	if (!is_filter(s->ldap.people_filter))
		bad(why, s, "ldap", "people_filter", "%s is no filter in "
		    "parentheses", s->ldap.people_filter);
	check_file(s, s->ldap.ca_file, "ldap", "ca_file", why);
	if ((*s->ldap.certificate == '\0') != (*s->ldap.key == '\0'))
		bad(why, s, "ldap", "key", "certificate and key belong together");
}

static void check_servers(const struct settings *s, const char *key,
    const struct conf_list *l, struct buf *why)
{
	for (size_t i = 0; i < l->n; i++) {
		struct slice uri = slice_of(l->v[i]);

		if (slice_starts(uri, SLICE("ldaps://"))
		    || slice_starts(uri, SLICE("ldapi://")))
			continue;
		if (!slice_starts(uri, SLICE("ldap://")))
			bad(why, s, "ldap", key, "%s is not ldap://, ldaps:// "
			    "or ldapi://", l->v[i]);
		else if (!s->ldap.start_tls && !(s->ldap.insecure_loopback
		    && is_loopback_uri(uri)))
			bad(why, s, "ldap", key, "%s would be in clear text: set "
			    "start_tls = yes, use ldaps://, or for a loopback "
			    "address insecure_loopback = yes", l->v[i]);
	}
}

/* RFC 4512 §1.4, descr. */
static bool is_attribute(const char *text)
{
	static const char all[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ" "0123456789-";

	return *text != '\0' && strchr("0123456789-", *text) == NULL
	    && text[strspn(text, all)] == '\0';
}

static void check_dns(const struct settings *s, const char *section,
    const char *key, const char *text, struct buf *why)
{
	struct slice rest = slice_of(text), dn;

	while (conf_dn_next(&rest, &dn))
		if (memchr(dn.p, '=', dn.n) == NULL)
			bad(why, s, section, key, SLICE_FMT " is no DN",
			    SLICE_ARG(dn));
}

/* One, or nothing. */
static void check_dn(const struct settings *s, const char *section,
    const char *key, const char *text, struct buf *why)
{
	if (*text != '\0' && strchr(text, '=') == NULL)
		bad(why, s, section, key, "%s is no DN", text);
}

static void check_words(const struct settings *s, struct buf *why)
{
	const char *url = s->web.url, *create = s->rooms.create;

	check_dn(s, "ldap", "bind_dn", s->ldap.bind_dn, why);
	check_dn(s, "ldap", "groups_base", s->ldap.groups_base, why);
	check_dn(s, "ldap", "password_policy", s->ldap.password_policy, why);
	check_dn(s, "web", "bind_dn", s->web.bind_dn, why);
	check_dn(s, "web", "admin_group", s->web.admin_group, why);
	check_dn(s, "web", "people_create_base", s->web.people_create_base, why);
	if (!is_attribute(s->ldap.people_name))
		bad(why, s, "ldap", "people_name", "%s is no attribute",
		    s->ldap.people_name);
	if (*url != '\0' && strncmp(url, "https://", 8) != 0
	    && strncmp(url, "http://", 7) != 0)
		bad(why, s, "web", "url", "%s does not begin with https://", url);
	if (strcmp(create, "nobody") != 0 && strcmp(create, "everyone") != 0
	    && strchr(create, '=') == NULL)
		bad(why, s, "rooms", "create", "%s is neither nobody nor everyone "
		    "nor the DN of a group", create);
}

static void check_groups(const struct settings *s, const char *key,
    const char *text, struct buf *why)
{
	if (*text == '(') {
		if (!is_filter(text))
			bad(why, s, "roster", key, "%s is no filter in "
			    "parentheses", text);
		return;
	}
	check_dns(s, "roster", key, text, why);
}

static void check_ldap(const struct settings *s, struct buf *why)
{
	if (s->ldap.uri.n == 0)
		bad(why, s, "ldap", "uri", "name at least one server");
	check_servers(s, "uri", &s->ldap.uri, why);
	check_servers(s, "write_uri", &s->ldap.write_uri, why);
	check_dns(s, "ldap", "people_groups", s->ldap.people_groups, why);
}

static void check_list(const struct settings *s, const char *name,
    const struct conf_list *l, struct buf *why)
{
	union listen_address address;

	for (size_t i = 0; i < l->n; i++)
		if (!listen_parse(l->v[i], &address))
			bad(why, s, "listen", name, "%s is not address:port, such "
			    "as 127.0.0.1:5222 or [::1]:5222", l->v[i]);
	if (l->n > LISTEN_MOST / 4)
		bad(why, s, "listen", name, "more than %d addresses",
		    LISTEN_MOST / 4);
}

static void check_mechanisms(const struct settings *s, struct buf *why)
{
	static const char *const known[] = {
		"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512",
	};
	const struct conf_list *l = &s->sasl.mechanisms;
	size_t k;

	if (l->n == 0)
		bad(why, s, "sasl", "mechanisms", "name at least one");
	for (size_t i = 0; i < l->n; i++) {
		for (k = 0; k < COUNT(known) && strcmp(known[k], l->v[i]) != 0; )
			k++;
		if (k == COUNT(known))
			bad(why, s, "sasl", "mechanisms", "%s is none of PLAIN, "
			    "SCRAM-SHA-1, SCRAM-SHA-256 and SCRAM-SHA-512",
			    l->v[i]);
	}
}

static bool is_among(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

static void check_clients(const struct settings *s, struct buf *why)
{
	static const char *const known[] = { "xmpp", "mail", "entry", NULL };
	const struct conf_list *l = &s->sasl.certificate_names;

	check_file(s, s->tls.client_ca_file, "tls", "client_ca_file", why);
	check_file(s, s->tls.client_crl_file, "tls", "client_crl_file", why);
	if (*s->tls.client_crl_file != '\0' && *s->tls.client_ca_file == '\0')
		bad(why, s, "tls", "client_crl_file", "needs client_ca_file");
	if (l->n == 0)
		bad(why, s, "sasl", "certificate_names", "name at least one");
	for (size_t i = 0; i < l->n; i++)
		if (!is_among(l->v[i], known))
			bad(why, s, "sasl", "certificate_names", "%s is none of "
			    "xmpp, mail and entry", l->v[i]);
}

static void check_kerberos(const struct settings *s, struct buf *why)
{
	if (*s->sasl.keytab == '\0')
		return;
	check_secret_mode(s, s->sasl.keytab, "sasl", "keytab", why);
	if (*s->sasl.keytab != '/')
		bad(why, s, "sasl", "keytab", "%s is no whole path",
		    s->sasl.keytab);
	if (s->sasl.kerberos_realms.n == 0)
		bad(why, s, "sasl", "kerberos_realms", "name the realm of the "
		    "people who log in by keytab");
}

static void check_writable(const struct settings *s, struct buf *why)
{
	static const char *const known[] = { "photo", "nickname", "url", "title",
		"mail", "phone", "mobile", "fax" };
	const struct conf_list *l = &s->vcard.writable;
	size_t k;

	for (size_t i = 0; i < l->n; i++) {
		for (k = 0; k < COUNT(known) && strcmp(known[k], l->v[i]) != 0; )
			k++;
		if (k == COUNT(known))
			bad(why, s, "vcard", "writable", "%s is none of photo, "
			    "nickname, url, title, mail, phone, mobile and fax",
			    l->v[i]);
	}
}

static void check_search(const struct settings *s, struct buf *why)
{
	const char *domain = s->search.domain;

	if (!is_domain(slice_of(domain)))
		bad(why, s, "search", "domain", "%s is no domain name in lower "
		    "case", domain);
	if (strcmp(domain, s->server.domain) == 0
	    || strcmp(domain, s->server.muc_domain) == 0)
		bad(why, s, "search", "domain", "must differ from the other "
		    "domains");
	if (*s->search.filter != '\0' && !is_filter(s->search.filter))
		bad(why, s, "search", "filter", "%s is no filter in "
		    "parentheses", s->search.filter);
}

static bool check_all(struct settings *s, struct buf *why)
{
	size_t before = why->n;

	if (!is_domain(slice_of(s->server.domain)))
		bad(why, s, "server", "domain", "%s is no domain name in lower "
		    "case", s->server.domain);
	if (!is_domain(slice_of(s->server.muc_domain)))
		bad(why, s, "server", "muc_domain", "%s is no domain name in "
		    "lower case", s->server.muc_domain);
	if (strcmp(s->server.domain, s->server.muc_domain) == 0)
		bad(why, s, "server", "muc_domain", "must differ from domain");
	check_search(s, why);
	if (access(s->tls.certificate, R_OK) != 0)
		bad(why, s, "tls", "certificate", "%s: %s", s->tls.certificate,
		    strerror(errno));
	check_secret_mode(s, s->tls.key, "tls", "key", why);
	check_secret_mode(s, s->ldap.key, "ldap", "key", why);
	check_secret_mode(s, s->ldap.bind_password_file, "ldap",
	    "bind_password_file", why);
	check_secret_mode(s, s->web.bind_password_file, "web",
	    "bind_password_file", why);
	check_names(s, why);
	check_words(s, why);
	check_groups(s, "groups", s->roster.groups, why);
	if (!is_attribute(s->roster.groups_title))
		bad(why, s, "roster", "groups_title", "%s is no attribute",
		    s->roster.groups_title);
	check_groups(s, "groups_public", s->roster.groups_public, why);
	check_ldap(s, why);
	check_mechanisms(s, why);
	check_clients(s, why);
	check_kerberos(s, why);
	check_writable(s, why);
	check_list(s, "c2s", &s->listen.c2s, why);
	check_list(s, "c2s_tls", &s->listen.c2s_tls, why);
	check_list(s, "web", &s->listen.web, why);
	return why->n == before;
}

static const char *joined(struct arena *a, const char *x, const char *y)
{
	struct buf b = { 0 };
	const char *text;

	buf_adds(&b, x);
	buf_adds(&b, y);
	text = slice_cstr(a, buf_slice(&b));
	buf_fini(&b);
	return text;
}

static void fill_in(struct settings *s)
{
	if (*s->server.muc_domain == '\0')
		s->server.muc_domain = joined(&s->arena, "conference.",
		    s->server.domain);
	if (*s->search.domain == '\0')
		s->search.domain = joined(&s->arena, "users.", s->server.domain);
	if (*s->server.control_socket == '\0')
		s->server.control_socket = joined(&s->arena,
		    s->server.state_dir, "/control");
	if (*s->sasl.kerberos_host == '\0')
		s->sasl.kerberos_host = s->server.domain;
	if (*s->web.people_create_base == '\0')
		s->web.people_create_base = s->ldap.people_base;
	if (*s->web.url == '\0' && s->listen.web.n != 0) {
		const char *port = strrchr(s->listen.web.v[0], ':');

		s->web.url = joined(&s->arena, joined(&s->arena, "https://",
		    s->server.domain), port != NULL ? port : "");
	}
}

struct settings *settings_load(const char *path, struct buf *why)
{
	struct settings *s = NEW(struct settings);

	s->path = arena_dup(&s->arena, path, strlen(path));
	if (conf_read(path, keys, COUNT(keys), s, &s->arena, &s->origin, why)) {
		fill_in(s);
		if (check_all(s, why))
			return s;
	}
	settings_free(&s);
	return NULL;
}

void settings_keep(struct settings *fresh, const struct settings *began,
    struct buf *names)
{
	conf_keep(keys, COUNT(keys), began, fresh, names);
}

void settings_free(struct settings **sp)
{
	if (*sp == NULL)
		return;
	arena_fini(&(*sp)->arena);
	free(*sp);
	*sp = NULL;
}

void settings_print_sample(FILE *out)
{
	conf_print_sample(out, keys, COUNT(keys));
}

void settings_print_manual(FILE *out)
{
	conf_print_manual(out, keys, COUNT(keys));
}

void settings_print_values(FILE *out, const struct settings *s)
{
	conf_print_values(out, keys, COUNT(keys), s, s->path, &s->origin);
}

bool settings_secret(const char *file, struct buf *out, const char **why_r)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct buf path = { 0 };
	char bytes[1024];
	ssize_t n;
	int fd;

	if (strchr(file, '/') == NULL && dir != NULL)
		buf_addf(&path, "%s/", dir);
	buf_adds(&path, file);
	fd = open(buf_cstr(&path), O_RDONLY | O_CLOEXEC);
	buf_fini(&path);
	n = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;
	if (fd >= 0)
		close(fd);
	if (n < 0 || n == (ssize_t)sizeof bytes) {
		*why_r = n < 0 ? strerror(errno) : "longer than 1023 bytes";
		return false;
	}
	while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
		n--;
	buf_add(out, slice_make(bytes, (size_t)n));
	explicit_bzero(bytes, sizeof bytes);
	return true;
}
