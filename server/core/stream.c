/* SPDX-License-Identifier: Apache-2.0 */
/* core/stream.c — the life of a client's stream (RFC 6120 §4–7).
 *
 *  HEADER ──► TLS_WANTED ──starttls──► HANDSHAKE ──secured──┐
 *    ▲                                                       │
 *    ├───────────────────────────────────────────────────────┘
 *    ├──► AUTH_WANTED ──auth──► AUTH_RUNNING ──success──┐
 *    │         ▲                     │ failure           │
 *    │         └─────────────────────┘                   │
 *    ├───────────────────────────────────────────────────┘
 *    └──► BIND_WANTED ──bind──► BOUND ──</stream>──► CLOSING ──► gone
 *
 * One table says what each state accepts; whatever has no row is a stream
 * error that stray() chooses.  One element at a time: while a job is at work
 * the next ones wait, and reading is paused. */
#include "core/stream.h"

#include <stdio.h>

#include "base/enc.h"
#include "base/crypto.h"
#include "core/feature.h"
#include "core/host.h"
#include "core/login.h"
#include "core/route.h"
#include "core/stream_own.h"
#include "xml/ns.h"

typedef void element_fn(struct stream *st, struct arena *a, struct elem *e);

struct stream_rule {
	enum stream_state state;
	const char *ns, *element;       /* element NULL: any */
	element_fn *handler;
};

static element_fn on_starttls, on_early_auth, on_auth, on_response, on_abort,
    on_bind, on_stanza;

static const struct stream_rule rules[] = {
	{ STREAM_TLS_WANTED,   NS_TLS,    "starttls", on_starttls   },
	{ STREAM_TLS_WANTED,   NS_SASL,   "auth",     on_early_auth },
	{ STREAM_AUTH_WANTED,  NS_SASL,   "auth",     on_auth       },
	{ STREAM_AUTH_RUNNING, NS_SASL,   "response", on_response   },
	{ STREAM_AUTH_WANTED,  NS_SASL,   "abort",    on_abort      },
	{ STREAM_AUTH_RUNNING, NS_SASL,   "abort",    on_abort      },
	{ STREAM_BIND_WANTED,  NS_CLIENT, "iq",       on_bind       },
	{ STREAM_BOUND,        NS_CLIENT, "message",  on_stanza     },
	{ STREAM_BOUND,        NS_CLIENT, "presence", on_stanza     },
	{ STREAM_BOUND,        NS_CLIENT, "iq",       on_stanza     },
};

static struct map streams;              /* conn_id -> struct stream */

size_t stream_count(void)
{
	return map_count(&streams);
}

static struct stream *stream_find(conn_id conn)
{
	return map_find(&streams, slice_make(&conn, sizeof conn));
}

conn_id stream_conn(const struct stream *st)
{
	return st->conn;
}

const struct io_peer *stream_peer(const struct stream *st)
{
	return &st->peer;
}

void stream_send(struct stream *st, struct slice xml)
{
	if (st->state != STREAM_CLOSING)
		io_send(st->conn, xml);
}

/* --- birth and death ------------------------------------------------------------ */

/* The address stays what it was when the stream was opened. */
static void copy_peer(struct stream *st, const struct io_peer *p)
{
	struct arena *a = &st->early;
	const char *address = st->peer.address;

	st->peer = *p;
	st->peer.address = address;
	st->peer.server_name = p->server_name != NULL
	    ? slice_cstr(a, slice_of(p->server_name)) : NULL;
	st->peer.unique = slice_dup(a, p->unique);
	st->peer.exporter = slice_dup(a, p->exporter);
	st->peer.end_point = slice_dup(a, p->end_point);
	st->peer.certificate = slice_dup(a, p->certificate);
}

/* Who is logged in is not asked again: 1 KiB for each session. */
static void forget_early(struct stream *st)
{
	const struct slice none = { NULL, 0 };

	st->peer.unique = st->peer.exporter = st->peer.end_point = none;
	st->peer.certificate = none;
	st->peer.server_name = NULL;
	st->who = NULL;
	arena_fini(&st->early);
}

static void stream_open(conn_id conn, const struct io_peer *peer)
{
	struct slice from = slice_of(peer->address);
	/* One block, of 270 bytes: an arena that grows begins with 1 KiB. */
	struct arena life = arena_with_room(arena_room(sizeof (struct stream))
	    + arena_dup_room(from.n));
	struct stream *st = ARENA_NEW(&life, struct stream);

	st->conn = conn;
	st->state = STREAM_HEADER;
	list_init(&st->waiting);
	st->peer.address = slice_cstr(&life, from);
	st->life = life;
	copy_peer(st, peer);
	map_put(&streams, slice_make(&st->conn, sizeof st->conn), st);
	log_event(LOG_DEBUG, "stream-opened", stream_who(st), "peer=%s tls=%s",
	    peer->address, peer->is_secured ? peer->tls_version : "no");
}

static void waiting_free(struct stream *st)
{
	struct waiting *w;

	while ((w = LIST_FIRST(&st->waiting, struct waiting, link)) != NULL) {
		struct arena a = w->arena;

		list_remove(&w->link);
		arena_wipe(&a);
	}
}

/* The account and the session let go; what is left waits for IO_CLOSED. */
static void stream_let_go(struct stream *st)
{
	struct session *s = st->session;

	st->session = NULL;
	if (s != NULL) {
		log_event(LOG_INFO, "session-gone", session_who(s),
		    "seconds=%lld", (long long)(wall_now_ms() - s->since_ms) / 1000);
		session_close(&s);
	}
	certified_free(&st->certified);
	introduction_free(&st->introduction);
	login_free(&st->login);
	list_remove(&st->entrant.link);
	account_release(&st->account);
	waiting_free(st);
}

static void stream_gone(struct stream *st, enum io_closed_why why)
{
	struct arena life = st->life;   /* the stream is inside it */

	log_event(LOG_DEBUG, "stream-gone", stream_who(st), "why=%d", (int)why);
	stream_let_go(st);
	map_take(&streams, slice_make(&st->conn, sizeof st->conn));
	loop_undefer(st);
	arena_fini(&st->early);
	arena_fini(&life);
}

void stream_end(struct stream *st)
{
	if (st->state == STREAM_CLOSING)
		return;
	if (st->has_sent_header)
		stream_send(st, SLICE("</stream:stream>"));
	st->state = STREAM_CLOSING;
	io_close(st->conn);
	stream_let_go(st);
}

void stream_fail(struct stream *st, const char *condition, const char *text)
{
	struct buf out = { 0 };
	struct xml_writer w;

	if (st->state == STREAM_CLOSING)
		return;
	log_event(LOG_INFO, "stream-error", stream_who(st), "condition=%s",
	    condition);
	if (!st->has_sent_header)
		stream_send_header(st, NULL);
	buf_adds(&out, "<stream:error>");
	write_init(&w, &out, NS_CLIENT);
	write_leaf(&w, NS_STREAM_ERROR, condition, slice_make(NULL, 0));
	if (text != NULL) {
		write_open(&w, NS_STREAM_ERROR, "text");
		write_lang(&w, SLICE("en"));
		write_text(&w, slice_of(text));
		write_close(&w);
	}
	buf_adds(&out, "</stream:error>");
	stream_send(st, buf_slice(&out));
	buf_fini(&out);
	stream_end(st);
}

void stream_end_all(const char *condition)
{
	struct stream *st;
	size_t at = 0;

	while ((st = map_next(&streams, &at)) != NULL)
		stream_fail(st, condition, NULL);
}

const char *stream_who(const struct stream *st)
{
	static char ring[4][160];
	static unsigned turn;
	char *out = ring[turn++ % COUNT(ring)];

	if (st->session != NULL)
		return session_who(st->session);
	snprintf(out, sizeof ring[0], "c2s/%llu %.100s",
	    (unsigned long long)st->conn,
	    st->account != NULL ? st->account->jid.text : "-");
	return out;
}

/* --- elements ---------------------------------------------------------------------- */

/* Nothing in the table: which stream error (RFC 6120 §4.9.3, TLS-02). */
static void stray(struct stream *st, const struct elem *e)
{
	bool looks_like_stanza = slice_is(e->name, "message")
	    || slice_is(e->name, "presence") || slice_is(e->name, "iq");

	if (st->state == STREAM_TLS_WANTED)
		stream_fail(st, "policy-violation",
		    "TLS must be started first.");
	else if (looks_like_stanza && !slice_is(e->ns, NS_CLIENT))
		stream_fail(st, "invalid-namespace", NULL);
	else if (st->state != STREAM_BOUND)
		stream_fail(st, "not-authorized", NULL);
	else
		stream_fail(st, "unsupported-stanza-type", NULL);
}

/* Takes the arena. */
static void element(struct stream *st, struct arena *a, struct elem *e)
{
	/* Before there is a session, a password may be in it. */
	void (*done)(struct arena *) = st->state == STREAM_BOUND
	    ? arena_fini : arena_wipe;

	for (size_t i = 0; i < COUNT(rules); i++) {
		const struct stream_rule *r = &rules[i];

		if (r->state != st->state || !elem_is(e, r->ns, r->element))
			continue;
		r->handler(st, a, e);
		done(a);                /* unless a job took it */
		return;
	}
	stray(st, e);
	done(a);
}

static void next_element(void *ctx)
{
	struct stream *st = ctx;
	struct waiting *w;

	while (!st->is_busy && st->state != STREAM_CLOSING
	    && (w = LIST_FIRST(&st->waiting, struct waiting, link)) != NULL) {
		struct arena a = w->arena;
		struct elem *e = w->elem;

		list_remove(&w->link);
		element(st, &a, e);
	}
	if (st->is_paused && !st->is_busy && list_is_empty(&st->waiting)) {
		st->is_paused = false;
		io_resume(st->conn);
	}
}

void stream_job_over(struct stream *st)
{
	st->is_busy = false;
	/* Not from within a step: the stack must not grow with the queue. */
	if (st->is_paused)
		loop_defer(next_element, st);
}

static void element_wait(struct stream *st, struct io_event *ev)
{
	struct waiting *w = ARENA_NEW(&ev->arena, struct waiting);

	w->elem = ev->elem;
	w->arena = ev->arena;
	ev->arena.head = NULL;
	list_push(&st->waiting, &w->link);
	if (!st->is_paused) {
		st->is_paused = true;
		io_pause(st->conn);
	}
}

/* --- before TLS, and SASL ------------------------------------------------------------ */

static void on_starttls(struct stream *st, struct arena *a, struct elem *e)
{
	(void)a;
	(void)e;
	stream_send(st, SLICE("<proceed xmlns='" NS_TLS "'/>"));
	st->state = STREAM_HANDSHAKE;
	io_start_tls(st->conn);
}

/* RFC 6120 §6.5 lets a failure explain itself; this one must, or the person
 * would try the right password again and again. */
static void expired_text(struct xml_writer *w)
{
	struct buf text = { 0 };

	buf_addf(&text, "This password must be changed first, at %s/password",
	    host.settings->web.url);
	write_open(w, NS_SASL, "text");
	write_lang(w, SLICE("en"));
	write_text(w, buf_slice(&text));
	write_close(w);
	buf_fini(&text);
}

/* The person can do nothing about it, but tell who can. */
static void disabled_text(struct xml_writer *w)
{
	write_open(w, NS_SASL, "text");
	write_lang(w, SLICE("en"));
	write_text(w, SLICE("Somebody had this address before and their account "
	    "is still there: please tell the administrators of this service."));
	write_close(w);
}

static void sasl_failure(struct stream *st, enum sasl_result why)
{
	struct buf out = { 0 };
	struct xml_writer w;

	write_init(&w, &out, NS_CLIENT);
	write_open(&w, NS_SASL, "failure");
	write_leaf(&w, NS_SASL, sasl_failure_name(why), slice_make(NULL, 0));
	if (why == SASL_FAIL_EXPIRED)
		expired_text(&w);
	if (why == SASL_FAIL_DISABLED)
		disabled_text(&w);
	write_close(&w);
	stream_send(st, buf_slice(&out));
	buf_fini(&out);
}

static void on_early_auth(struct stream *st, struct arena *a, struct elem *e)
{
	(void)a;
	sasl_failure(st, SASL_FAIL_ENCRYPTION);
	stray(st, e);
}

static void sasl_data(struct stream *st, const char *name, struct slice data,
    bool is_optional)
{
	struct buf out = { 0 }, text = { 0 };
	struct xml_writer w;

	enc_base64(&text, data);
	write_init(&w, &out, NS_CLIENT);
	write_open(&w, NS_SASL, name);
	if (text.n != 0)
		write_text(&w, buf_slice(&text));
	else if (!is_optional)
		write_text(&w, SLICE("="));
	write_close(&w);
	stream_send(st, buf_slice(&out));
	buf_wipe(&text);
	buf_wipe(&out);
}

static void login_challenge(void *ctx, struct slice data)
{
	/* RFC 6120 §6.4.3: an empty challenge is an empty element. */
	sasl_data(ctx, "challenge", data, true);
}

static void login_success(void *ctx, struct account *account,
    struct slice data)
{
	struct stream *st = ctx;

	st->account = account;
	st->entrant.stream = st;
	list_push(&account->entrants, &st->entrant.link);
	sasl_data(st, "success", data, true);
	log_event(LOG_INFO, "authenticated", stream_who(st), "peer=%s tls=%s mechanism=%s",
	    st->peer.address, st->peer.tls_version, login_mechanism(st->login));
	st->state = STREAM_HEADER;
	st->has_sent_header = false;
	io_authenticated(st->conn);
	io_restart(st->conn);
	if (login_is_by_certificate(st->login))
		st->certified = certified_new(st, st->peer.certificate);
	login_free(&st->login);
	forget_early(st);
}

static void login_failure(void *ctx, enum sasl_result why)
{
	struct stream *st = ctx;

	sasl_failure(st, why);
	st->state = STREAM_AUTH_WANTED;
	login_free(&st->login);
	if (why == SASL_FAIL_TEMPORARY)
		return;                 /* weather is nobody's fault */
	if (++st->auth_failures >= AUTH_TRIES
	    || ++st->auth_failures_all >= AUTH_TRIES_ALL)
		stream_fail(st, "policy-violation",
		    "Too many failed attempts to log in.");
}

static const struct login_events login_events = {
	login_challenge, login_success, login_failure
};

static bool sasl_text(struct arena *a, const struct elem *e, struct buf *out,
    bool *is_there_r)
{
	struct slice text = elem_text(a, e);

	*is_there_r = text.n != 0;
	/* RFC 6120 §6.4.2: "=" is data of no length. */
	if (slice_is(text, "="))
		return true;
	return dec_base64(out, text);
}

static void count_mechanism(struct stream *st, struct slice mechanism)
{
	uint64_t hash = map_hash(mechanism);

	if (hash != st->mechanism)
		st->auth_failures = 0;
	st->mechanism = hash;
}

static void on_auth(struct stream *st, struct arena *a, struct elem *e)
{
	struct sasl_binding binding = stream_binding(st);
	struct slice initial, mechanism = elem_attr(e, "mechanism");
	struct buf data = { 0 };
	bool is_there;

	count_mechanism(st, mechanism);
	if (!sasl_text(a, e, &data, &is_there)) {
		login_failure(st, SASL_FAIL_ENCODING);
	} else {
		st->state = STREAM_AUTH_RUNNING;
		st->login = login_new(&binding, stream_keep_who(st),
		    st->peer.address, &login_events, st);
		initial = buf_slice(&data);
		login_start(st->login, mechanism,
		    is_there ? &initial : NULL);
	}
	buf_wipe(&data);
}

static void on_response(struct stream *st, struct arena *a, struct elem *e)
{
	struct buf data = { 0 };
	bool is_there;

	if (!sasl_text(a, e, &data, &is_there))
		login_failure(st, SASL_FAIL_ENCODING);
	else
		login_response(st->login, buf_slice(&data));
	buf_wipe(&data);
}

static void on_abort(struct stream *st, struct arena *a, struct elem *e)
{
	(void)a;
	(void)e;
	login_failure(st, SASL_FAIL_ABORTED);
}

/* --- bind, and stanzas ------------------------------------------------------------------ */

static void on_bind(struct stream *st, struct arena *a, struct elem *e)
{
	stream_bind(st, a, e);
}

static bool address(struct arena *a, struct slice text, struct jid *jid_r)
{
	*jid_r = (struct jid){ NULL, 0, 0, 0 };
	return text.p == NULL || jid_parse(a, text, jid_r);
}

/* RTE-01: a client speaks for itself. */
static bool is_own(const struct session *s, const struct jid *from)
{
	return !jid_is_set(from) || jid_eq(from, &s->jid)
	    || (from->resource_n == 0 && jid_eq_bare(from, &s->jid));
}

static void on_stanza(struct stream *st, struct arena *a, struct elem *e)
{
	struct session *s = st->session;
	struct jid from, to;
	bool to_is_good;
	struct job *j;

	if (!address(a, elem_attr(e, "from"), &from) || !is_own(s, &from)) {
		stream_fail(st, "invalid-from", NULL);
		return;
	}
	elem_set(a, e, "from", jid_full(&s->jid));
	to_is_good = address(a, elem_attr(e, "to"), &to);
	if (to_is_good && jid_is_set(&to))
		elem_set(a, e, "to", jid_full(&to));
	st->is_busy = true;
	j = job_new(s, a, e, &s->jid, &to);
	if (to_is_good)
		route(j);
	else
		job_fail(j, SE_JID_MALFORMED, NULL);
}

/* --- events from net/io --------------------------------------------------------------- */

static const struct { enum parse_error error; const char *condition; } malformed[] = {
	{ PARSE_NOT_WELL_FORMED, "not-well-formed"      },
	{ PARSE_RESTRICTED,      "restricted-xml"       },
	{ PARSE_BAD_ENCODING,    "unsupported-encoding" },
	{ PARSE_BAD_FORMAT,      "bad-format"           },
	{ PARSE_BAD_PREFIX,      "bad-namespace-prefix" },
	{ PARSE_NOT_STREAM,      "invalid-namespace"    },
};

/* Clients do send photos that are too large: who reads of it, on either side,
 * hears which limit it was. */
static void on_too_large(struct stream *st)
{
	bool is_bound = st->account != NULL;
	size_t most = is_bound ? host.settings->limits.stanza_bytes
	    : host.settings->limits.preauth_bytes;
	struct buf text = { 0 };

	log_event(LOG_INFO, "stanza-too-large", stream_who(st),
	    "limit=\"[limits] %s\" bytes=%zu or-elements=%d",
	    is_bound ? "stanza_size" : "preauth_size", most,
	    is_bound ? IO_STANZA_ELEMENTS : IO_PREAUTH_ELEMENTS);
	buf_addf(&text, "Too large: here a stanza may have %zu bytes and %d "
	    "elements.", most, is_bound ? IO_STANZA_ELEMENTS
	    : IO_PREAUTH_ELEMENTS);
	stream_fail(st, "policy-violation", buf_cstr(&text));
	buf_fini(&text);
}

static void on_malformed(struct stream *st, enum parse_error error)
{
	if (error == PARSE_TOO_LARGE) {
		on_too_large(st);
		return;
	}
	for (size_t i = 0; i < COUNT(malformed); i++)
		if (malformed[i].error == error)
			stream_fail(st, malformed[i].condition, NULL);
}

static void on_idle(struct stream *st)
{
	if (st->state != STREAM_BOUND) {
		stream_fail(st, "connection-timeout", NULL);
		return;
	}
	/* A space costs a client nothing and finds a dead connection (§4.6.1). */
	stream_send(st, SLICE(" "));
}

static void on_secured(struct stream *st, const struct io_peer *peer)
{
	/* TLS-07: nothing said before TLS counts any more. */
	copy_peer(st, peer);
	st->state = STREAM_HEADER;
	st->has_sent_header = false;
}

static void on_element(struct stream *st, struct io_event *ev)
{
	if (st->is_busy || !list_is_empty(&st->waiting))
		element_wait(st, ev);
	else
		element(st, &ev->arena, ev->elem);
}

void stream_io_event(struct io_event *ev, void *ctx)
{
	struct stream *st = stream_find(ev->conn);

	(void)ctx;
	if (ev->kind == IO_OPENED)
		stream_open(ev->conn, ev->peer);
	else if (st != NULL && ev->kind == IO_CLOSED)
		stream_gone(st, ev->why);
	else if (st != NULL && st->state != STREAM_CLOSING)
		switch (ev->kind) {
		case IO_OPENED:
		case IO_CLOSED:
			break;
		case IO_SECURED:
			on_secured(st, ev->peer);
			break;
		case IO_HEADER:
			stream_header(st, ev->elem);
			break;
		case IO_ELEMENT:
			on_element(st, ev);
			break;
		case IO_FOOTER:
			stream_end(st);
			break;
		case IO_MALFORMED:
			on_malformed(st, ev->error);
			break;
		case IO_IDLE:
			on_idle(st);
			break;
		}
	arena_wipe(&ev->arena);         /* unless someone took it */
}
