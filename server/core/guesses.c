/* SPDX-License-Identifier: Apache-2.0 */
/* core/guesses.c — how often passwords may be guessed by clients. */
#include "core/guesses.h"

#include <netinet/in.h>

#include "base/loop.h"

/* A campus behind one address mistypes a hundred times on its first day; behind
 * loopback are a web client's server, a gateway, a test: many people. */
static const struct throttle_limits limits = {
	.away = { .name = 10, .address = 100 },
	.loopback = { .name = 100, .address = UINT32_MAX },
};

static struct throttle *throttle;

static struct throttle *guesses(void)
{
	if (throttle == NULL)
		throttle = throttle_new(&limits);
	return throttle;
}

struct host_text { char text[INET6_ADDRSTRLEN]; };

/* "192.0.2.1:5222" or "[2001:db8::1]:5222" without what is not the address. */
static struct host_text host_of(const char *peer)
{
	struct slice all = slice_of(peer), host, port;
	struct host_text h = { "" };
	const char *colon = memrchr(all.p, ':', all.n);

	host = colon != NULL ? slice_make(all.p, (size_t)(colon - all.p)) : all;
	if (host.n != 0 && host.p[0] == '[')
		slice_cut(slice_make(host.p + 1, host.n - 1), ']', &host, &port);
	if (host.n < sizeof h.text)
		memcpy(h.text, host.p, host.n);
	return h;
}

/* No local part has a '/' (RFC 7622 §3.3.1): the two never meet. */
static struct slice key_of(struct buf *room, struct slice name, enum guess how)
{
	buf_add(room, name);
	if (how == GUESS_SCRAM)
		buf_adds(room, "/scram");
	return buf_slice(room);
}

bool guesses_may_try(const char *peer, struct slice name, enum guess how)
{
	struct host_text host = host_of(peer);
	struct buf key = { 0 };
	bool may = throttle_wait_ms(guesses(), host.text,
	    key_of(&key, name, how), loop_now_ms()) == 0;

	buf_fini(&key);
	return may;
}

void guesses_wrong(const char *peer, struct slice name, enum guess how)
{
	struct host_text host = host_of(peer);
	struct buf key = { 0 };

	throttle_failed(guesses(), host.text, key_of(&key, name, how),
	    loop_now_ms());
	buf_fini(&key);
}

void guesses_right(const char *peer, struct slice name)
{
	struct host_text host = host_of(peer);
	struct buf key = { 0 };

	throttle_passed(guesses(), host.text, name);
	throttle_passed(guesses(), host.text, key_of(&key, name, GUESS_SCRAM));
	buf_fini(&key);
}

enum throttle_says guesses_begin(const char *peer, struct slice name,
    throttle_fn *fn, void *ctx, struct throttle_try **try_r)
{
	return throttle_begin(guesses(), host_of(peer).text, name, fn, ctx, try_r);
}

void guesses_fini(void)
{
	throttle_free(&throttle);
}
