/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/transport.h — a socket of ours under libldap; nothing blocks.
 *
 * libldap's own connecting, TLS and writing wait for the network (libraries.md
 * measured it), so it never sees the network: it reads and writes two buffers
 * in memory, and this file moves them over a non-blocking socket, through our
 * TLS when asked.  One write per turn of the loop.
 *
 * Events come from the loop only, and none comes after transport_close. */
#ifndef XDB_LDAP_TRANSPORT_H
#define XDB_LDAP_TRANSPORT_H

#include <ldap.h>
#include <sys/socket.h>

#include "base/str.h"
#include "base/tls.h"
#include "xdb_ldap/xdb.h"

struct transport;

enum transport_event {
	TRANSPORT_CONNECTED,    /* clear text may flow */
	TRANSPORT_SECURED,      /* the handshake is done, the peer verified */
	TRANSPORT_READABLE,     /* libldap has something to read, perhaps the end */
	TRANSPORT_LOST,         /* connecting or the handshake failed: transport_why */
};

typedef void transport_fn(enum transport_event event, void *ctx);

/* Starts connecting; NULL with a reason when there is no socket to be had. */
struct transport *transport_open(const struct sockaddr *addr, socklen_t n,
    transport_fn *event, void *ctx, const char **why_r);
/* Says what is in the output buffer, as far as the socket takes it, and closes. */
void transport_close(struct transport **tp);
const char *transport_why(const struct transport *t);

/* A handle that speaks LDAP over these buffers; NULL: libldap refused.  The
 * handle is freed (ldap_unbind_ext) before the transport. */
LDAP *transport_ldap(struct transport *t, enum xdb_deref deref);

/* Begins TLS.  False when the peer sent clear text after its consent: whoever
 * injects answers before the handshake gets nothing. */
bool transport_secure(struct transport *t, struct tls_context *tls,
    const char *host);

bool transport_has_input(const struct transport *t);
/* Reads more when the buffer was full; true when there is input. */
bool transport_more(struct transport *t);
/* The connection is over; there may still be input. */
bool transport_is_over(const struct transport *t);
/* Unsent bytes: a peer that does not read makes them grow. */
size_t transport_backlog(const struct transport *t);

#endif
