/* SPDX-License-Identifier: Apache-2.0 */
/* core/control_ops.c — what can be asked through the control socket. */
#include "core/account.h"
#include "core/control.h"
#include "core/feature.h"
#include "core/host.h"
#include "core/stream.h"
#include "core/verifiers.h"
#include "base/log.h"
#include "base/loop.h"
#include "xml/ns.h"

typedef const char *op_fn(const json_t *request, json_t *answer);

enum { UUID_MOST = 64 };                /* as text */

static json_t *text(struct slice s)
{
	return json_stringn(s.p != NULL ? s.p : "", s.n);
}

/* The words of <show/>, or available, or none. */
static json_t *presence_of(const struct session *s, struct arena *a)
{
	const struct elem *show;

	if (s->presence == NULL)
		return json_string("none");
	show = elem_child(s->presence, NS_CLIENT, "show");
	return show != NULL ? text(elem_text(a, show))
	    : json_string("available");
}

static json_t *session_json(const struct session *s)
{
	const struct io_peer *p = s->stream != NULL ? stream_peer(s->stream)
	    : NULL;
	struct arena a = { NULL };
	struct buf tls = { 0 };
	json_t *o = json_object();

	if (p != NULL && p->tls_version != NULL)
		buf_addf(&tls, "%s %s", p->tls_version,
		    p->tls_cipher != NULL ? p->tls_cipher : "");
	json_object_set_new(o, "jid", text(jid_full(&s->jid)));
	json_object_set_new(o, "address",
	    json_string(p != NULL ? p->address : ""));
	json_object_set_new(o, "tls", text(buf_slice(&tls)));
	json_object_set_new(o, "since", json_integer(s->since_ms));
	json_object_set_new(o, "presence", presence_of(s, &a));
	buf_fini(&tls);
	arena_fini(&a);
	return o;
}

static const char *op_sessions(const json_t *request, json_t *answer)
{
	json_t *list = json_array();
	struct session *s;
	size_t at = 0;

	(void)request;
	while ((s = session_next(&at)) != NULL)
		json_array_append_new(list, session_json(s));
	json_object_set_new(answer, "sessions", list);
	return NULL;
}

static struct slice member(const json_t *request, const char *name)
{
	const json_t *v = json_object_get(request, name);

	return slice_make(json_string_value(v), json_string_length(v));
}

static const char *op_close_account(const json_t *request, json_t *answer)
{
	struct arena a = { NULL };
	struct slice local;
	struct account *found = NULL;
	unsigned n;

	if (!jid_prep_local(&a, member(request, "uid"), &local)) {
		arena_fini(&a);
		return "close-account needs a uid";
	}
	found = account_find(local);
	n = found != NULL ? found->session_n : 0;
	if (found != NULL)
		account_close_sessions(found, "not-authorized",
		    "This account can not be used now; ask your administrator.");
	log_event(LOG_INFO, "account-closed", "control", "user=%s sessions=%u "
	    "reason=%s", log_text(local), n, log_text(member(request, "reason")));
	json_object_set_new(answer, "closed", json_integer(n));
	arena_fini(&a);
	return NULL;
}

/* A profile is about to be removed (core/feature.h, account_ends). */
static const char *op_farewell(const json_t *request, json_t *answer)
{
	static const char *const words[] = { [FAREWELL_TELLING] = "telling",
		[FAREWELL_DONE] = "done", [FAREWELL_FAILED] = "failed" };
	struct slice uuid = member(request, "uuid");

	if (uuid.n == 0 || uuid.n > UUID_MOST)
		return "farewell needs the uuid of a person";
	json_object_set_new(answer, "state",
	    json_string(words[hook_account_ends(uuid)]));
	return NULL;
}

static bool password_read(struct arena *a, const json_t *request,
    struct slice *local_r, struct slice *password_r)
{
	*password_r = member(request, "password");
	return password_r->n != 0
	    && jid_prep_local(a, member(request, "uid"), local_r);
}

/* The web process has found the password of somebody right: who has no verifiers
 * gets them, as at a first login by PLAIN. */
static const char *op_password_proved(const json_t *request, json_t *answer)
{
	struct slice password, local;
	struct arena a = { NULL };

	if (!password_read(&a, request, &local, &password)) {
		arena_fini(&a);
		return "password-proved needs a uid and the password";
	}
	verifiers_begin(local, password);
	explicit_bzero((void *)(uintptr_t)password.p, password.n);
	json_object_set_new(answer, "beginning", json_true());
	arena_fini(&a);
	return NULL;
}

/* The web process has set a password for its owner: who is logged in with the old
 * one is out, and verifiers are made of the new one, which nobody else can do. */
static const char *op_password_changed(const json_t *request, json_t *answer)
{
	struct slice password, local;
	struct arena a = { NULL };
	struct account *found;

	if (!password_read(&a, request, &local, &password)) {
		arena_fini(&a);
		return "password-changed needs a uid and the password";
	}
	found = account_find(local);
	if (found != NULL)
		account_password_changed(found);
	verifiers_renew(local, password);
	explicit_bzero((void *)(uintptr_t)password.p, password.n);
	log_event(LOG_INFO, "password-change", log_text(local), "by=web");
	json_object_set_new(answer, "renewing", json_true());
	arena_fini(&a);
	return NULL;
}

static const char *op_room_changed(const json_t *request, json_t *answer)
{
	struct arena a = { NULL };
	struct slice name;
	bool is_good = jid_prep_local(&a, member(request, "name"), &name);

	(void)answer;
	if (is_good)
		hook_room_changed(name);
	arena_fini(&a);
	return is_good ? NULL : "room-changed needs the name of a room";
}

/* Asked before an entry of this name is made: it would take the room over. */
static const char *op_room_temporary(const json_t *request, json_t *answer)
{
	struct arena a = { NULL };
	struct slice name;
	bool is_good = jid_prep_local(&a, member(request, "name"), &name);

	if (is_good)
		json_object_set_new(answer, "temporary",
		    json_boolean(hook_room_is_temporary(name)));
	arena_fini(&a);
	return is_good ? NULL : "room-temporary needs the name of a room";
}

static const char *op_stats(const json_t *request, json_t *answer)
{
	struct io_counts io;
	struct xdb_state db;

	(void)request;
	io_counts_get(&io);
	xdb_state_get(host.xdb, &db);
	json_object_set_new(answer, "uptime_ms",
	    json_integer(wall_now_ms() - host.started_ms));
	json_object_set_new(answer, "sessions",
	    json_integer((json_int_t)session_count()));
	json_object_set_new(answer, "streams",
	    json_integer((json_int_t)stream_count()));
	json_object_set_new(answer, "accounts",
	    json_integer((json_int_t)account_count()));
	json_object_set_new(answer, "accounts_away",
	    json_integer((json_int_t)account_away_count()));
	json_object_set_new(answer, "connections_accepted",
	    json_integer((json_int_t)io.accepted));
	json_object_set_new(answer, "connections_refused",
	    json_integer((json_int_t)io.refused));
	json_object_set_new(answer, "directory_up", json_boolean(db.is_up));
	json_object_set_new(answer, "directory_watched",
	    json_boolean(db.is_watching));
	json_object_set_new(answer, "directory_operations",
	    json_integer((json_int_t)db.operations));
	json_object_set_new(answer, "directory_requests",
	    json_integer((json_int_t)db.requests));
	json_object_set_new(answer, "directory_failures",
	    json_integer((json_int_t)db.failures));
	return NULL;
}

static const struct { const char *name; op_fn *run; } ops[] = {
	{ "sessions",       op_sessions       },
	{ "close-account",  op_close_account  },
	{ "farewell",       op_farewell       },
	{ "password-changed", op_password_changed },
	{ "password-proved", op_password_proved },
	{ "room-changed",   op_room_changed   },
	{ "room-temporary", op_room_temporary },
	{ "stats",          op_stats          },
};

const char *control_run(const char *op, const json_t *request, json_t *answer)
{
	for (size_t i = 0; i < COUNT(ops); i++)
		if (strcmp(ops[i].name, op) == 0)
			return ops[i].run(request, answer);
	return "no such operation";
}
