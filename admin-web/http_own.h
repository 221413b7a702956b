/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/http_own.h — between http.c (requests) and http_door.c (sockets). */
#ifndef WEB_HTTP_OWN_H
#define WEB_HTTP_OWN_H

#include <microhttpd.h>

#include "admin-web/http_guard.h"

struct http;
struct web;

struct web *http_web(struct http *h);
const struct guard_policy *http_policy(const struct http *h);
/* Lets the daemon run soon: one of its connections was resumed. */
void door_kick_daemon(struct http *h, const struct MHD_Daemon *daemon);

/* libmicrohttpd is about to answer a request by itself. */
void http_complained(struct http *h);

/* libmicrohttpd's callbacks; ctx is the struct http. */
void *http_target_seen(void *ctx, const char *target, struct MHD_Connection *c);
enum MHD_Result http_called(void *ctx, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *data, size_t *data_n,
    void **request);
void http_completed(void *ctx, struct MHD_Connection *c, void **request,
    enum MHD_RequestTerminationCode how);

#endif
