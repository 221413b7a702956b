/* SPDX-License-Identifier: Apache-2.0 */
/* core/proof.h — does this password fit what we keep of it?  Asked on the thread
 * pool, for it is slow by purpose (PBKDF2), when the directory should not be: where
 * a wrong one too many would lock the account. */
#ifndef CORE_PROOF_H
#define CORE_PROOF_H

#include <stddef.h>

#include "base/str.h"

struct proof;
typedef void proof_fn(bool fits, void *ctx);

/* Without verifiers it takes as long, and does not fit.  Everything is copied; the
 * password's copy is wiped.  NULL: too many are being made, ask nothing. */
struct proof *proof_start(const struct slice *verifiers, size_t n,
    struct slice password, proof_fn *fn, void *ctx);
/* `fn` is not called any more. */
void proof_cancel(struct proof **pp);

/* At the end, behind the loop's. */
void proofs_stop(void);

#endif
