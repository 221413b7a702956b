/* SPDX-License-Identifier: Apache-2.0 */
/* tests/clients/strophe.c — a libstrophe user who meets somebody.
 *
 *   strophe HOST PORT JID PASSWORD CA-FILE PEER ROOM
 *
 * Logs in, asks PEER for a subscription and grants theirs, waits until it sees
 * them, joins ROOM, greets there and in private, and leaves when it was greeted
 * in both ways.  One line of standard output for each thing that happened, so
 * that a test can read along; xmpp.mjs does and says the same by another
 * library. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>

#define NS_MUC "http://jabber.org/protocol/muc"

struct user {
	xmpp_ctx_t *ctx;
	xmpp_conn_t *conn;
	const char *peer, *room;
	char *nick;
	bool is_joined, has_peer_come, has_room_word, has_word, is_greeted;
};

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

static void send_presence(struct user *u, const char *type, const char *to)
{
	xmpp_stanza_t *p = xmpp_presence_new(u->ctx);

	if (type != NULL)
		xmpp_stanza_set_type(p, type);
	if (to != NULL)
		xmpp_stanza_set_to(p, to);
	xmpp_send(u->conn, p);
	xmpp_stanza_release(p);
}

static void send_message(struct user *u, const char *type, const char *to,
    const char *body)
{
	xmpp_stanza_t *m = xmpp_message_new(u->ctx, type, to, NULL);

	xmpp_message_set_body(m, body);
	xmpp_send(u->conn, m);
	xmpp_stanza_release(m);
}

static void join(struct user *u)
{
	xmpp_stanza_t *p = xmpp_presence_new(u->ctx);
	xmpp_stanza_t *x = xmpp_stanza_new(u->ctx);
	char to[1024];

	snprintf(to, sizeof to, "%s/%s", u->room, u->nick);
	xmpp_stanza_set_to(p, to);
	xmpp_stanza_set_name(x, "x");
	xmpp_stanza_set_ns(x, NS_MUC);
	xmpp_stanza_add_child(p, x);
	xmpp_send(u->conn, p);
	xmpp_stanza_release(x);
	xmpp_stanza_release(p);
}

/* The room in sight and the peer in it: say what there is to say, once. */
static void greet(struct user *u)
{
	if (!u->is_joined || !u->has_peer_come || u->is_greeted)
		return;
	u->is_greeted = true;
	send_message(u, "groupchat", u->room, "hola a todos");
	send_message(u, "chat", u->peer, "hola");
}

static bool is_from(struct user *u, const char *from, const char *bare)
{
	char *is = xmpp_jid_bare(u->ctx, from);
	bool same = is != NULL && strcmp(is, bare) == 0;

	xmpp_free(u->ctx, is);
	return same;
}

static void room_presence(struct user *u, const char *from, const char *type)
{
	char *nick = xmpp_jid_resource(u->ctx, from);

	if (type == NULL && nick != NULL && strcmp(nick, u->nick) == 0) {
		u->is_joined = true;
		say("joined");
	} else if (type == NULL) {
		u->has_peer_come = true;
		say("room-peer");
	}
	xmpp_free(u->ctx, nick);
	greet(u);
}

static void peer_presence(struct user *u, const char *type)
{
	if (type == NULL) {
		say("sees");
		if (!u->is_joined)
			join(u);
	} else if (strcmp(type, "subscribe") == 0) {
		say("asked");
		send_presence(u, "subscribed", u->peer);
	} else if (strcmp(type, "subscribed") == 0) {
		say("granted");
	}
}

static int on_presence(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *ctx)
{
	struct user *u = ctx;
	const char *from = xmpp_stanza_get_from(stanza);
	const char *type = xmpp_stanza_get_type(stanza);

	(void)conn;
	if (from != NULL && is_from(u, from, u->room))
		room_presence(u, from, type);
	else if (from != NULL && is_from(u, from, u->peer))
		peer_presence(u, type);
	return 1;
}

static int leave(xmpp_conn_t *conn, void *ctx)
{
	(void)ctx;
	xmpp_disconnect(conn);
	return 0;
}

static int on_message(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *ctx)
{
	struct user *u = ctx;
	const char *from = xmpp_stanza_get_from(stanza);
	char *body = xmpp_message_get_body(stanza);
	char *nick = from != NULL ? xmpp_jid_resource(u->ctx, from) : NULL;

	if (body != NULL && from != NULL && is_from(u, from, u->peer)
	    && !u->has_word) {
		u->has_word = true;
		say("word");
	} else if (body != NULL && from != NULL && is_from(u, from, u->room)
	    && nick != NULL && strcmp(nick, u->nick) != 0
	    && !u->has_room_word) {
		u->has_room_word = true;
		say("room-word");
	}
	/* Gone a moment later: the peer may still be coming in. */
	if (u->has_word && u->has_room_word)
		xmpp_timed_handler_add(conn, leave, 300, u);
	xmpp_free(u->ctx, body);
	xmpp_free(u->ctx, nick);
	return 1;
}

static int on_roster(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *ctx)
{
	struct user *u = ctx;
	const char *type = xmpp_stanza_get_type(stanza);

	(void)conn;
	say(type != NULL && strcmp(type, "result") == 0 ? "roster"
	    : "no-roster");
	send_presence(u, NULL, NULL);
	send_presence(u, "subscribe", u->peer);
	return 0;
}

static void ask_roster(struct user *u)
{
	xmpp_stanza_t *iq = xmpp_iq_new(u->ctx, "get", "roster");
	xmpp_stanza_t *query = xmpp_stanza_new(u->ctx);

	xmpp_stanza_set_name(query, "query");
	xmpp_stanza_set_ns(query, XMPP_NS_ROSTER);
	xmpp_stanza_add_child(iq, query);
	xmpp_id_handler_add(u->conn, on_roster, "roster", u);
	xmpp_send(u->conn, iq);
	xmpp_stanza_release(query);
	xmpp_stanza_release(iq);
}

static void on_connection(xmpp_conn_t *conn, xmpp_conn_event_t event,
    int error, xmpp_stream_error_t *stream_error, void *ctx)
{
	struct user *u = ctx;

	(void)error;
	(void)stream_error;
	if (event != XMPP_CONN_CONNECT) {
		say("disconnected");
		xmpp_stop(u->ctx);
		return;
	}
	say(xmpp_conn_is_secured(conn) ? "connected" : "insecure");
	xmpp_handler_add(conn, on_presence, NULL, "presence", NULL, u);
	xmpp_handler_add(conn, on_message, NULL, "message", NULL, u);
	ask_roster(u);
}

int main(int argc, char **argv)
{
	struct user u = { .has_word = false };
	bool is_direct;

	if (argc != 8) {
		fprintf(stderr, "usage: %s HOST PORT[s] JID PASSWORD CA PEER ROOM\n",
		    argv[0]);
		return 2;
	}
	is_direct = argv[2][strlen(argv[2]) - 1] == 's';
	xmpp_initialize();
	u.ctx = xmpp_ctx_new(NULL, xmpp_get_default_logger(XMPP_LEVEL_ERROR));
	u.conn = xmpp_conn_new(u.ctx);
	u.peer = argv[6];
	u.room = argv[7];
	u.nick = xmpp_jid_node(u.ctx, argv[3]);
	xmpp_conn_set_jid(u.conn, argv[3]);
	xmpp_conn_set_pass(u.conn, argv[4]);
	xmpp_conn_set_cafile(u.conn, argv[5]);
	xmpp_conn_set_flags(u.conn, is_direct ? XMPP_CONN_FLAG_LEGACY_SSL
	    : XMPP_CONN_FLAG_MANDATORY_TLS);
	if (xmpp_connect_client(u.conn, argv[1],
	    (unsigned short)strtoul(argv[2], NULL, 10), on_connection, &u)
	    != XMPP_EOK)
		return 1;
	xmpp_run(u.ctx);
	xmpp_free(u.ctx, u.nick);
	xmpp_conn_release(u.conn);
	xmpp_ctx_free(u.ctx);
	xmpp_shutdown();
	return u.has_word && u.has_room_word ? 0 : 1;
}
