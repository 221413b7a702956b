/* SPDX-License-Identifier: Apache-2.0 */
/* net/conn_peer.c — what the core is told about a peer: its address, and what
 * the TLS handshake settled, so that the core needs no TLS object. */
#include "net/conn.h"

#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>

struct peer_text {
	struct io_peer peer;
	struct buf unique, exporter, end_point, certificate;
	char *server_name;
	char address[INET6_ADDRSTRLEN + 8];     /* [v6]:port */
};

static void address_text(const union io_address *a, char *out, size_t room)
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (a->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof host);
		snprintf(out, room, "[%s]:%u", host, ntohs(a->v6.sin6_port));
	} else {
		inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof host);
		snprintf(out, room, "%s:%u", host, ntohs(a->v4.sin_port));
	}
}

static struct slice binding(struct tls *t, enum tls_binding kind,
    struct buf *into)
{
	tls_channel_binding(t, kind, into);
	return buf_slice(into);
}

static void add_tls(struct peer_text *p, struct tls *t)
{
	const char *name = tls_server_name(t);

	p->server_name = name != NULL ? slice_new(slice_of(name)) : NULL;
	p->peer.is_secured = true;
	p->peer.is_tls13 = tls_is_13(t);
	p->peer.tls_version = tls_version(t);
	p->peer.tls_cipher = tls_cipher(t);
	p->peer.server_name = p->server_name;
	p->peer.unique = binding(t, TLS_UNIQUE, &p->unique);
	p->peer.exporter = binding(t, TLS_EXPORTER, &p->exporter);
	p->peer.end_point = binding(t, TLS_SERVER_END_POINT, &p->end_point);
	if (tls_peer_names(t, &p->certificate))
		p->peer.certificate = buf_slice(&p->certificate);
}

struct peer_text *peer_text_new(const struct conn *c, struct io_peer **peer_r)
{
	struct peer_text *p = NEW(struct peer_text);

	address_text(&c->address, p->address, sizeof p->address);
	p->peer.address = p->address;
	p->peer.is_direct_tls = c->is_direct_tls;
	if (c->tls != NULL)
		add_tls(p, c->tls);
	*peer_r = &p->peer;
	return p;
}

void net_event_fini(struct net_event *ev)
{
	struct peer_text *p = ev->peer;

	arena_wipe(&ev->io.arena);
	if (p == NULL)
		return;
	buf_fini(&p->unique);
	buf_fini(&p->exporter);
	buf_fini(&p->end_point);
	buf_fini(&p->certificate);
	free(p->server_name);
	free(p);
	ev->peer = NULL;
}
