/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/client.h — many XMPP clients in one epoll loop, as cheap as they
 * can be: what the server says is not parsed but searched for the few words that
 * matter.
 *
 * A client logs in by itself (direct TLS, SASL, bind, roster, presence); then it
 * only counts what comes.  With conf.is_raw there is no XMPP: after the handshake
 * it is ready, and the other end is tests/bench/relay.c. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "base/str.h"
#include "base/tls.h"

enum step { IDLE, HANDSHAKE, OFFERED, CHALLENGED, PROVED, RESTARTED, BOUND,
	READY };

/* A conference room, or the group that the relay makes of as many connections. */
struct room { char *jid; size_t received, sent; };

struct client {
	int fd;
	unsigned number;
	enum step step;
	bool wants_write;
	struct tls *tls;
	struct buf in, out;
	struct buf bare;                /* SCRAM: client-first-message-bare */
	double began;
	size_t sent, received;
	struct room *room;
	bool is_joined;
};

extern struct client_conf {
	const char *domain, *stem, *password, *mechanism, *ca, *resource;
	uint64_t port, is_raw;
	uint64_t stops_at_sasl;         /* ready when the password was accepted */
} conf;

/* What has come, over all clients. */
extern struct counts { size_t ready, messages, presences, answers, joined; } counts;

/* Seconds from a message's "t=" to its arrival are kept while is_on. */
extern struct latencies { double *s; size_t n, room; bool is_on; } latencies;

_Noreturn void die(const char *what);
double now(void);

void clients_begin(size_t n);
size_t clients_count(void);
struct client *client_at(size_t i);
/* Connects and logs in; `counts.ready` tells when. */
void client_begin(size_t i);
/* The other end is told nothing: the machine went away, or the person did. */
void client_cut(size_t i);
void client_flush(struct client *c);

/* Handles what has come within `ms`. */
void turn(int ms);
/* Until a counter is as high; dies when that takes longer than `seconds`. */
void until(const size_t *what, size_t is, double seconds);

void latency_add(double s);
/* The worst of the best `share` of them, in ms. */
double latency_ms(double share);

#endif
