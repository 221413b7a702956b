/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/create.h — rooms made by entering them (XEP-0045 §10.1). */
#ifndef FEAT_MUC_CREATE_H
#define FEAT_MUC_CREATE_H

#include "feat/muc/room.h"

/* There is no room where one wants in.  Where [rooms] create allows it, goes on
 * at `made` with a new, locked room that the job's sender owns; when somebody
 * made it meanwhile, at `found`; else the job is failed. */
void create_wanted(struct job *j, room_fn *made, room_fn *found);

#endif
