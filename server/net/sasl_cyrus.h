/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_cyrus.h — Cyrus SASL on a short lead, for SCRAM, EXTERNAL and GSSAPI.
 *
 * It loads one plugin file (libscram; libgssapiv2 when there is a keytab), reads
 * no configuration and no environment (security SASL-03), takes its random bytes from base/crypto.h,
 * and asks one property source, our own, which hands over the verifier that was
 * fetched before.  It sees no message that sasl_message.h did not take apart,
 * and decides neither who may act for whom nor which channel is bound to: that
 * was decided before; with GSSAPI, where both stand inside what only it can open,
 * it is decided afterwards.  An exchange may be on any thread, one at a time. */
#ifndef NET_SASL_CYRUS_H
#define NET_SASL_CYRUS_H

#include "base/str.h"

/* Bytes of a name and its "@realm", beyond which Cyrus 2.1.28 loses memory. */
enum { CYRUS_NAME_MOST = 1023 };

enum cyrus_answer {
	CYRUS_DONE,             /* `out` has the last message                    */
	CYRUS_MORE,             /* `out` has the challenge                       */
	CYRUS_NO,               /* wrong, for whatever reason                    */
	CYRUS_BROKEN,           /* not the client's fault                        */
};

/* What Kerberos needs: `conf` is a file of ours in its own format, which goes
 * before the system's. */
struct cyrus_kerberos { const char *keytab, *conf; };
/* `kerberos` NULL: no GSSAPI. */
bool cyrus_start(const struct cyrus_kerberos *kerberos, const char **why_r);
void cyrus_stop(void);

struct cyrus;                   /* one exchange */

/* Borrows the binding (empty: none) for its life. */
struct cyrus *cyrus_new(const char *domain, const char *binding_name,
    struct slice binding);
/* GSSAPI as xmpp/<host>; authentication only, no security layer (we have TLS). */
struct cyrus *cyrus_new_gssapi(const char *host);
void cyrus_free(struct cyrus **cp);

/* The client's first message, for someone with this verifier (GSSAPI: NULL). */
enum cyrus_answer cyrus_begin(struct cyrus *c, const char *mechanism,
    const char *verifier, struct slice message, struct buf *out);
/* EXTERNAL, for somebody whose name is known. */
enum cyrus_answer cyrus_external(struct cyrus *c, const char *name,
    struct buf *out);
enum cyrus_answer cyrus_step(struct cyrus *c, struct slice message,
    struct buf *out);
/* Of an exchange that is done: who was authenticated, and as whom; false when a
 * security layer was agreed on all the same. */
bool cyrus_names(const struct cyrus *c, const char **authid_r,
    const char **authzid_r);

#endif
