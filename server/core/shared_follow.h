/* SPDX-License-Identifier: Apache-2.0 */
/* core/shared_follow.h — roster groups follow the directory: which there are
 * ([roster] groups, groups_public), who is in them, and telling those concerned.
 *
 * A group that could not be read stays as it was last read; only the directory's
 * own word that there is none ends it.  One that cannot be read, though the directory
 * answers, and never was, is left out of rosters: it must not take what is everybody's
 * own along. */
#ifndef CORE_SHARED_FOLLOW_H
#define CORE_SHARED_FOLLOW_H

#include "core/job.h"

/* After live_start. */
void shared_start(void);
/* Settings or store are others: all groups are read again, and those that are shown no
 * more are taken away then; one that is called by its DN now and was found by a filter,
 * or the other way, is the same. */
void shared_renew(void);
void shared_stop(void);
/* From core/live.c: of groups, and of people. */
void shared_news(const struct xdb_news *news);

/* Goes on at `next`, from within when all groups were read once, or are known not to be
 * readable: until then a roster would be without them, and that would be false.  The job
 * is failed (wait) when the directory does not answer in time. */
void shared_want(struct job *j, job_step_fn *next);
#endif
