/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/scratch.h — entries of the doctor's own, made to be written to.
 *
 * Names begin with tertulia-doctor- and a word for this machine.  A lock on the
 * configuration file keeps two doctors of one service apart, so whatever
 * carries our word when the lock is ours was left by one that died. */
#ifndef CTL_SCRATCH_H
#define CTL_SCRATCH_H

#include "ctl/doctor.h"

/* A person is only ever tried with WIRE_NOOP. */
enum scratch_kind {
	SCRATCH_PROFILE, SCRATCH_ROOM, SCRATCH_REQUEST, SCRATCH_PERSON,
	SCRATCH_OTHER_ROOM, SCRATCH_N
};

struct scratch {
	int lock;                       /* descriptor; -1: not ours */
	const char *prefix;             /* of names, the machine's word in it */
	const char *name, *other_name, *uuid, *jid, *marker;
	const char *dn[SCRATCH_N];
	bool is_made[SCRATCH_N];
	const char *twin;               /* a second profile with the same JID */
	const char *more;               /* one that should not have come about */
	int64_t made_at, server_made_at;        /* seconds; the room's creation */
};

enum scratch_start { SCRATCH_READY, SCRATCH_BUSY, SCRATCH_STUCK };
/* Takes the lock and removes what earlier runs left; `count_r`: how many.
 * STUCK: *dn_r could not be removed. */
enum scratch_start scratch_begin(struct doctor *d, unsigned *count_r,
    const char **dn_r);
/* The code of making one as this identity; a later scratch_end removes it. */
int scratch_make(struct doctor *d, struct wire *w, enum scratch_kind kind,
    int flags);
/* A second profile with the JID of the first. */
int scratch_make_twin(struct doctor *d, struct wire *w);
/* A profile with something in it that is nobody's of ours to write: not made, if the
 * server knows how to try. */
int scratch_try_more(struct doctor *d, struct wire *w);
/* As this identity, or as whoever can (NULL). */
int scratch_remove(struct doctor *d, struct wire *w, enum scratch_kind kind);
void scratch_end(struct doctor *d);

#endif
