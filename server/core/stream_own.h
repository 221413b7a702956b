/* SPDX-License-Identifier: Apache-2.0 */
/* core/stream_own.h — what stream.c, stream_header.c and stream_bind.c share,
 * and nobody else includes. */
#ifndef CORE_STREAM_OWN_H
#define CORE_STREAM_OWN_H

#include "base/log.h"
#include "base/loop.h"
#include "core/certified.h"
#include "core/introduction.h"
#include "core/stream.h"
#include "net/sasl.h"

/* RFC 6120 §6.4.5 wants 2 to 5 tries.  Counted by mechanism: a client that
 * knows only a directory password works its way from the strongest SCRAM, for
 * which there is no verifier before the first login, down to PLAIN, and must
 * get there on one stream (slixmpp, libstrophe); who knows no password gains
 * nothing by it, since only PLAIN and real verifiers test one. */
enum { AUTH_TRIES = 3, AUTH_TRIES_ALL = 10 };

enum stream_state {
	STREAM_HEADER, STREAM_TLS_WANTED, STREAM_HANDSHAKE,
	STREAM_AUTH_WANTED, STREAM_AUTH_RUNNING, STREAM_BIND_WANTED,
	STREAM_BOUND, STREAM_CLOSING,
};

struct waiting {                        /* an element whose turn will come */
	struct list link;
	struct arena arena;             /* this lives in it */
	struct elem *elem;
};

struct stream {
	conn_id conn;
	enum stream_state state;
	struct io_peer peer;            /* strings in one of the arenas, or static */
	struct arena life;              /* this, and the peer's address */
	struct arena early;             /* what only a login needs: bindings, `who` */
	struct introduction *introduction;      /* NULL but while being looked up */
	struct login *login;            /* NULL but while authenticating */
	struct account *account;        /* held; NULL before authentication */
	struct entrant entrant;         /* in its list from there to BOUND */
	struct certified *certified;    /* NULL: it is not here by a certificate */
	struct session *session;        /* owned; NULL but while BOUND */
	struct list waiting;
	bool is_busy, is_paused;        /* a job is at work; reading is paused */
	bool has_sent_header;
	bool is_plain_only;             /* as sasl_binding says */
	unsigned auth_failures, auth_failures_all;      /* of `mechanism`; of all */
	uint64_t mechanism;             /* hash of the name tried last */
	const char *who;                /* kept for a login's log lines */
};

/* stream_header.c: answers the client's header with ours and the features. */
void stream_header(struct stream *st, const struct elem *header);
/* Our header; `from` of the client's (prepared) or NULL. */
void stream_send_header(struct stream *st, const struct jid *from);

/* What SASL is told of this connection. */
struct sasl_binding stream_binding(const struct stream *st);

/* stream_bind.c: resource binding (RFC 6120 §7). */
void stream_bind(struct stream *st, struct arena *a, struct elem *iq);

const char *stream_keep_who(struct stream *st); /* valid as long as the stream */

#endif
