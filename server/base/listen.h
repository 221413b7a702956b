/* SPDX-License-Identifier: Apache-2.0 */
/* base/listen.h — opens the sockets that the [listen] section asks for. */
#ifndef BASE_LISTEN_H
#define BASE_LISTEN_H

#include <netinet/in.h>

#include "base/settings.h"

enum { LISTEN_MOST = 64 };      /* sockets of all settings together */

struct listener { const char *kind; int fd; };  /* kind: the setting's name */
struct listeners { struct listener v[LISTEN_MOST]; size_t n; };

union listen_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Reads "127.0.0.1:5222" or "[::1]:5222"; addresses are numbers, not names. */
bool listen_parse(const char *text, union listen_address *address_r);

/* Opens all, close-on-exec and non-blocking.  An IPv6 loopback entry is left
 * out, with an info line, on a machine without IPv6.  False and the reason in
 * `why` (which address, which setting) when one cannot be had. */
bool listen_open(const struct settings *s, struct listeners *into,
    struct buf *why);

#endif
