/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_gssapi.h — GSSAPI (RFC 4752), that is Kerberos, run by Cyrus SASL on
 * the thread pool.
 *
 * To accept a ticket is to read the keytab and to write the replay cache, both of
 * them files; so every step, and the end, is work for the pool, and the core only
 * hears how it went.  Not more than two are at work at a time: the pool is also
 * what resolves names. */
#ifndef NET_SASL_GSSAPI_H
#define NET_SASL_GSSAPI_H

#include "net/sasl_cyrus.h"

struct conf_list;
struct gssapi;                          /* one exchange */

/* As its service principal says: xmpp/<host>.  `keytab` outlives it. */
struct gssapi *gssapi_new(const char *host, const char *keytab);
/* A step that is at work ends unheard. */
void gssapi_free(struct gssapi **gp);

/* From the loop; `out` is valid during the call. */
typedef void gssapi_done_fn(void *ctx, enum cyrus_answer answer, struct slice out);

/* Copies the message.  False: too many are at work, this one still is, or it has
 * had more steps than any exchange takes. */
bool gssapi_step(struct gssapi *g, struct slice message, gssapi_done_fn *done,
    void *ctx);
/* After CYRUS_DONE: the client's principal, and its authzid or nothing. */
bool gssapi_who(const struct gssapi *g, struct slice *principal_r,
    struct slice *authzid_r);

/* The user part of user@REALM, when it is one of these realms.  Principals of
 * services and of roles (xmpp/host, lucia/admin) are nobody. */
bool gssapi_user(struct slice principal, const struct conf_list *realms,
    struct slice *user_r);

#endif
