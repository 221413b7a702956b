/* SPDX-License-Identifier: Apache-2.0 */
/* net/io.h — between those who talk and the one who thinks.
 *
 * I/O owns sockets, TLS, framing and parsing; the core owns every rule.  They
 * know each other by a 64-bit connection number and two queues of small
 * messages: events (opened, header, element, …) to the core, commands (send,
 * start TLS, …) back.  A number that no longer exists is dropped on either
 * side, so neither waits for the other to let go.
 *
 * With [server] io_threads = 0 the same queues are drained inside the core's
 * own loop, with N by N threads of their own; the callers cannot tell.
 * Everything here is called on the core's thread, and the event callback runs
 * there, from the loop.
 *
 * Until io_authenticated() a connection goes in lock-step: behind each header and
 * element nothing is read or parsed before a command for the connection was
 * given; an element that needs no answer needs an io_resume().  The commands
 * given in one call of the handler are carried out together.
 *
 * Output is gathered and leaves in one write per connection and loop turn. */
#ifndef NET_IO_H
#define NET_IO_H

#include "base/settings.h"
#include "base/tls.h"
#include "xml/parse.h"

typedef uint64_t conn_id;               /* 0: none; never used twice */

enum io_kind {
	IO_OPENED,      /* a connection; with direct TLS, after its handshake        */
	IO_SECURED,     /* the handshake asked for by io_start_tls is done           */
	IO_HEADER,      /* a stream header; elem has its attributes                  */
	IO_ELEMENT,     /* one child of the stream                                   */
	IO_FOOTER,      /* the peer closed its stream                                */
	IO_MALFORMED,   /* error says what; nothing more will be read                */
	IO_IDLE,        /* nothing came for [limits] idle_timeout                    */
	IO_CLOSED,      /* the connection is gone; the last event of its number; not
	                 * for one that was never IO_OPENED                          */
};

enum io_closed_why { IO_BY_PEER, IO_BY_US, IO_TLS_FAILED, IO_TIMED_OUT, IO_TOO_SLOW, IO_FAILED };

struct io_event {
	enum io_kind kind;
	conn_id conn;
	struct arena arena;             /* HEADER, ELEMENT: the handler's to free */
	struct elem *elem;
	enum parse_error error;         /* MALFORMED */
	enum io_closed_why why;         /* CLOSED */
	const struct io_peer *peer;     /* OPENED, SECURED: valid during the call */
};

struct io_peer {
	const char *address;            /* text of the address and port */
	bool is_direct_tls;             /* came to a c2s_tls address */
	bool is_secured;
	bool is_tls13;
	const char *tls_version, *tls_cipher;   /* static text; NULL: none */
	const char *server_name;                /* NULL: none */
	/* Channel binding data, taken at the handshake so that the core needs no
	 * TLS object; empty: this connection cannot give it. */
	struct slice unique, exporter, end_point;
	/* Whom its certificate names (base/tls_peer.h); empty: showed none. */
	struct slice certificate;
};

typedef void io_event_fn(struct io_event *ev, void *ctx);

struct io_conf {
	const struct settings *settings;        /* limits, io_threads; borrowed for life or until io_reload */
	struct tls_context *tls;                /* shared */
	io_event_fn *event;
	void *ctx;
};

/* Elements of one stanza; and before authentication, of all together. */
enum { IO_PREAUTH_ELEMENTS = 32 /* security XML-10 */, IO_STANZA_ELEMENTS = 2000 /* XML-11 */ };

void io_start(const struct io_conf *conf);
/* New limits and certificates, for connections from now on. */
void io_reload(const struct settings *s, struct tls_context *tls);
/* An open listening socket, taken over. */
void io_listen(int fd, bool is_direct_tls);
void io_stop_listening(void);
/* Ends all after flushing what can be flushed within `ms`; no event comes any
 * more.  Not from within the event callback; before loop_fini. */
void io_stop(int64_t ms);

/* Copies the bytes; they leave at the end of the loop turn. */
void io_send(conn_id c, struct slice bytes);
/* Sends what is queued, then closes (TLS goodbye included), at most 2 s later. */
void io_close(conn_id c);
/* In the turn of the io_send of <proceed/>: the next bytes are a handshake.  Any
 * byte that already came behind <starttls/> closes the connection (TLS-01). */
void io_start_tls(conn_id c);
/* The next bytes are a new stream header (after SASL).  Bytes that already came
 * behind the last element count as part of the new stream. */
void io_restart(conn_id c);
/* Elements from now on are a logged-in user's: wider limits, no deadline. */
void io_authenticated(conn_id c);
/* Stop and go on reading, at an element's boundary: back-pressure. Elements
 * already in the queue still come. */
void io_pause(conn_id c);
void io_resume(conn_id c);

struct io_counts { uint64_t connections, accepted, refused, bytes_in, bytes_out; };
void io_counts_get(struct io_counts *counts_r);

#endif
