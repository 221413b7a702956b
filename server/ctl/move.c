/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/move.c — one profile after the other; what one is, is in ctl/account.c. */
#include "ctl/move.h"

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/detect.h"
#include "ctl/home.h"
#include "xdb_ldap/dn.h"
#include "xdb_ldap/pool.h"

enum { EXIT_LEFT = 1, EXIT_BROKEN = 2, EXIT_NOT_BEGUN = 3 };
enum { LEFT_SHOWN = 20, PROGRESS_MS = 1000 };

struct move {
	const struct move_order *order;
	FILE *out;
	struct settings *settings;
	struct tls_context *tls;
	struct arena arena;
	struct home home;
	const char **dns;               /* of all that have a profile in the old home */
	size_t dn_n, dn_room, moved_n, left_n;
	int64_t told_ms;
	int lock;
};

static volatile sig_atomic_t is_asked_to_stop;

static void asked_to_stop(int signum)
{
	(void)signum;
	is_asked_to_stop = 1;
}

static bool refuse(struct move *m, const char *what, const char *why)
{
	fprintf(m->out, "%s: %s\n", what, why);
	return false;
}

/* --- is it safe? -------------------------------------------------------------------- */

static bool service_answers(const struct settings *s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers = false;

	if (strlen(s->server.control_socket) < sizeof to.sun_path) {
		memcpy(to.sun_path, s->server.control_socket,
		    strlen(s->server.control_socket));
		answers = fd >= 0 && connect(fd, (struct sockaddr *)&to,
		    sizeof to) == 0;
	}
	if (fd >= 0)
		close(fd);
	return answers;
}

static bool is_safe(struct move *m)
{
	m->lock = open(m->order->path, O_RDONLY | O_CLOEXEC);
	if (m->lock < 0 || flock(m->lock, LOCK_EX | LOCK_NB) != 0)
		return refuse(m, m->order->path, "another tertuliactl is at work with "
		    "it");
	/* What would only be looked at disturbs nobody. */
	if (m->order->is_meant && service_answers(m->settings))
		return refuse(m, m->settings->server.control_socket, "the service "
		    "runs: stop it here and on every other machine, for it writes "
		    "into profiles");
	return true;
}

/* --- to the directory ------------------------------------------------------------------ */

static bool bind_admin(struct move *m)
{
	struct buf password = { 0 };
	const char *why = "it is empty";
	int code = LDAP_INVALID_CREDENTIALS;

	if (!settings_secret(m->order->admin_password_file, &password, &why)
	    || password.n == 0)
		refuse(m, m->order->admin_password_file, why);
	else if ((code = wire_bind(m->home.wire, m->order->admin_dn,
	    buf_slice(&password), NULL)) != LDAP_SUCCESS)
		refuse(m, m->order->admin_dn, ldap_err2string(code));
	buf_wipe(&password);
	return code == LDAP_SUCCESS;
}

/* Where writes go: the first server of write_uri, or of uri. */
static bool reach(struct move *m)
{
	const struct settings *s = m->settings;
	struct xdb_conf conf = xdb_conf_of(s);
	struct xdb *db = &m->home.db;
	struct detected kind = { .name = s->ldap.people_name };
	const char *why = NULL;

	db->root.preset = (enum xdb_preset)s->ldap.preset;
	if (!servers_parse(db, &conf, &why)
	    || (m->tls = servers_tls(&conf, &why)) == NULL)
		return refuse(m, "[ldap]", why);
	m->home.wire = wire_open(&db->servers[0], m->tls);
	if (m->home.wire->stage != WIRE_OPEN)
		return refuse(m, db->servers[0].uri, buf_cstr(&m->home.wire->why));
	if (!bind_admin(m))
		return false;
	detect_kind(m->home.wire, db, &kind);
	home_init(&m->home, s);
	return true;
}

/* --- which there are --------------------------------------------------------------------- */

static void dn_keep(struct move *m, const char *dn)
{
	if (m->dn_n == m->dn_room) {
		m->dn_room = m->dn_room * 2 + 1024;
		m->dns = mem_grow(m->dns, m->dn_room * sizeof *m->dns);
	}
	m->dns[m->dn_n++] = dn;
}

/* All names first: what is looked through page by page is not to change meanwhile. */
static bool list_all(struct move *m)
{
	static const char *const none[] = { "1.1", NULL };
	bool is_tree = m->order->to == PROFILES_INLINE;
	struct berval cookie = { 0 };
	struct wire *w = m->home.wire;
	struct question q = { .attrs = none, .cookie = &cookie,
		.base = is_tree ? m->home.profiles_base : m->home.people_base,
		.scope = is_tree ? LDAP_SCOPE_ONELEVEL : LDAP_SCOPE_SUBTREE,
		.filter = is_tree ? "(objectClass=" CLASS_PROFILE ")"
		    : "(objectClass=" CLASS_USER ")" };
	int code;

	do {
		LDAPMessage *found;

		code = wire_search(w, &q, &found);
		for (LDAPMessage *e = wire_first(w, found); e != NULL;
		    e = ldap_next_entry(w->ld, e))
			dn_keep(m, wire_dn(w, &m->arena, e));
		ldap_msgfree(found);
	} while (code == LDAP_SUCCESS && cookie.bv_len != 0);
	ldap_memfree(cookie.bv_val);
	return code == LDAP_SUCCESS || refuse(m, q.base, ldap_err2string(code));
}

/* --- all of them --------------------------------------------------------------------------- */

static void tell(struct move *m, size_t done)
{
	int64_t now = wire_now_ms();

	if (isatty(STDERR_FILENO) == 0 || now - m->told_ms < PROGRESS_MS)
		return;
	m->told_ms = now;
	fprintf(stderr, "\r\033[K%zu of %zu", done, m->dn_n);
}

/* False: the directory is gone. */
static bool move_one(struct move *m, const char *dn)
{
	struct buf why = { 0 };
	enum home_result r = home_move(&m->home, dn, m->order->to,
	    m->order->is_meant, &why);

	m->moved_n += r == HOME_MOVED;
	m->left_n += r == HOME_LEFT;
	if (r == HOME_BROKEN || (r == HOME_LEFT && m->left_n <= LEFT_SHOWN))
		fprintf(m->out, "%s: %s\n", dn, buf_cstr(&why));
	buf_fini(&why);
	return r != HOME_BROKEN;
}

static int move_all(struct move *m)
{
	const char *to = m->order->to == PROFILES_INLINE ? "inline" : "tree";
	size_t i = 0;
	bool is_well = true;

	for (; i < m->dn_n && is_well && !is_asked_to_stop; i++) {
		is_well = move_one(m, m->dns[i]);
		tell(m, i + 1);
	}
	if (m->told_ms != 0)
		fputs("\r\033[K", stderr);
	fprintf(m->out, "%zu profiles, %zu %s, %zu left\n", m->dn_n, m->moved_n,
	    m->order->is_meant ? "moved" : "would be moved", m->left_n);
	if (!is_well || i < m->dn_n) {
		fputs("Not all were looked at: run it again, it goes on.\n", m->out);
		return EXIT_BROKEN;
	}
	if (!m->order->is_meant)
		fputs("Nothing is changed.  With the service stopped, --yes does it.\n",
		    m->out);
	else if (m->left_n == 0)
		fprintf(m->out, "Now set [ldap] profiles = %s, and start the "
		    "service.\n", to);
	return m->left_n != 0 ? EXIT_LEFT : 0;
}

int move_run(const struct move_order *order, FILE *out)
{
	struct move m = { .order = order, .out = out, .lock = -1 };
	struct buf why = { 0 };
	int code = EXIT_NOT_BEGUN;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, asked_to_stop);
	signal(SIGTERM, asked_to_stop);
	m.settings = settings_load(order->path, &why);
	if (m.settings == NULL)
		fputs(buf_cstr(&why), out);
	else if (!is_safe(&m))
		code = EXIT_BROKEN;
	else if (reach(&m) && list_all(&m))
		code = move_all(&m);
	if (m.lock >= 0)
		close(m.lock);
	wire_close(&m.home.wire);
	tls_context_free(&m.tls);
	settings_free(&m.settings);
	buf_fini(&why);
	free(m.dns);
	arena_fini(&m.home.db.arena);
	arena_fini(&m.arena);
	return code;
}
