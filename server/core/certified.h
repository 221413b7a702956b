/* SPDX-License-Identifier: Apache-2.0 */
/* core/certified.h — streams that are here by a certificate end with it (RFC 6120
 * §13.7.2.3): when it expires, or an authority above it, and when new authorities or
 * a new list of revoked certificates do not take it any more. */
#ifndef CORE_CERTIFIED_H
#define CORE_CERTIFIED_H

#include "base/str.h"

struct stream;
struct tls_context;
struct certified;                       /* one stream's */

/* `text` is io_peer's, and copied.  The stream has it until certified_free(), at the
 * latest when the stream ends. */
struct certified *certified_new(struct stream *st, struct slice text);
void certified_free(struct certified **cp);

/* Looks at all of them again, a few at a time; keeps a reference to `tls`. */
void certified_recheck(struct tls_context *tls);
void certified_stop(void);

#endif
