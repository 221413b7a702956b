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

/* PLAIN reaches the directory, SCRAM does not; and clients try all their SCRAM
 * mechanisms in a row before the first PLAIN login of a person.  So each has tries
 * of its own, and SCRAM's being used up leaves PLAIN. */
enum guess { GUESS_PLAIN, GUESS_SCRAM };

/* `peer` is io_peer's address, port and all; `name` a prepared local part. */
bool guesses_may_try(const char *peer, struct slice name, enum guess how);
void guesses_wrong(const char *peer, struct slice name, enum guess how);
/* Forgives both. */
void guesses_right(const char *peer, struct slice name);
/* At the end of the process. */
void guesses_fini(void);

#endif
