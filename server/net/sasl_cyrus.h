/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_cyrus.h — Cyrus SASL on a short lead, for SCRAM and EXTERNAL.
 *
 * It loads one plugin file (libscram), reads no configuration and no
 * environment (security SASL-03), takes its random bytes from base/crypto.h,
 * and asks one property source, our own, which hands over the verifier that was
 * fetched before.  It sees no message that sasl_message.h did not take apart,
 * and decides neither who may act for whom nor which channel is bound to: that
 * was decided before.  Not for several threads. */
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

bool cyrus_start(const char **why_r);
void cyrus_stop(void);

struct cyrus;                   /* one exchange */

/* Borrows the binding (empty: none) for its life. */
struct cyrus *cyrus_new(const char *domain, const char *binding_name,
    struct slice binding);
void cyrus_free(struct cyrus **cp);

/* The client's first message, for someone with this verifier. */
enum cyrus_answer cyrus_begin(struct cyrus *c, const char *mechanism,
    const char *verifier, struct slice message, struct buf *out);
/* EXTERNAL, for somebody whose name is known. */
enum cyrus_answer cyrus_external(struct cyrus *c, const char *name,
    struct buf *out);
enum cyrus_answer cyrus_step(struct cyrus *c, struct slice message,
    struct buf *out);

#endif
