/* SPDX-License-Identifier: Apache-2.0 */
/* feat/forged.h — what only a server may say, taken out of clients' messages.
 *
 * Clients believe some elements because servers put them there: the id under
 * which a message is archived, the time it was held back, copies of messages
 * from their other devices, results of a search of their archive.  So every
 * instance that a client wrote is removed before ours could be added (security
 * RTE-02, RTE-05). */
#ifndef FEAT_FORGED_H
#define FEAT_FORGED_H

#include "core/job.h"

/* The stanza of a job as it may go on: itself when there is nothing to remove,
 * else a copy in the job's arena. */
const struct elem *forged_removed(struct job *j);

#endif
