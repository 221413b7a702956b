/* SPDX-License-Identifier: Apache-2.0 */
/* net/listen.h — accepts connections, within the limits, on the core's thread.
 *
 * Whoever is one too many is closed at accept, before anything is allocated for
 * him (security DOS-01).  When the process has no descriptor left, one that was
 * kept for that moment lets the waiting connection be refused, and accepting
 * rests for a while instead of spinning (DOS-04). */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "net/origin.h"
#include "net/worker.h"

typedef void listen_fn(int fd, const union io_address *address,
    bool is_direct_tls);

void listen_start(listen_fn *accepted);
/* Never more connections than descriptors allow, some kept for other uses. */
void listen_limit(const struct settings *s);
/* Takes an open listening socket. */
void listen_add(int fd, bool is_direct_tls);
void listen_close_all(void);
void listen_counts(uint64_t *accepted_r, uint64_t *refused_r);

#endif
