/* SPDX-License-Identifier: Apache-2.0 */
/* core/guesses.h — how often passwords may be guessed by clients (security
 * SASL-16..18): base/throttle.h with the peers' addresses and our limits.
 *
 * A name that has used up its tries from an address is answered without asking
 * the directory, so that its own lock-out (ppolicy) is not driven from here; the
 * person logs in from everywhere else.  A name that nobody has is counted alike. */
#ifndef CORE_GUESSES_H
#define CORE_GUESSES_H

#include "base/str.h"
#include "base/throttle.h"

/* PLAIN reaches the directory, SCRAM does not; and clients try all their SCRAM
 * mechanisms in a row before the first PLAIN login of a person.  So each has tries
 * of its own, and SCRAM's being used up leaves PLAIN. */
enum guess { GUESS_PLAIN, GUESS_SCRAM };

/* What is under way counts, or many side by side would be no guesses yet: SCRAM's
 * verdict falls at once, so it is asked again when the proof is there; a bind takes
 * a while, and is a try (base/throttle.h).
 *
 * `peer` is io_peer's address, port and all; `name` a prepared local part. */
bool guesses_may_try(const char *peer, struct slice name, enum guess how);
void guesses_wrong(const char *peer, struct slice name, enum guess how);
/* Forgives both. */
void guesses_right(const char *peer, struct slice name);
/* throttle_begin; by PLAIN.  To be ended by throttle_end. */
enum throttle_says guesses_begin(const char *peer, struct slice name,
    throttle_fn *fn, void *ctx, struct throttle_try **try_r);
/* At the end of the process. */
void guesses_fini(void);

#endif
