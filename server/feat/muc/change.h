/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/change.h — changing who belongs to a room: the rules are looked at
 * when it is the change's turn, the directory has it first, then the room. */
#ifndef FEAT_MUC_CHANGE_H
#define FEAT_MUC_CHANGE_H

#include "feat/muc/affiliation.h"

enum { CHANGE_ITEMS_MOST = 100 };

struct change;
struct refusal { enum stanza_error error; const char *text; };  /* text or NULL */
/* Looks at the rules in the room as it is now; true, or the error to answer. */
typedef bool change_check_fn(struct job *j, struct room *r,
    const struct change *c, struct refusal *why_r);
/* All is done, and what follows was told; ends the job. */
typedef void change_done_fn(struct job *j, struct room *r,
    const struct change *c);

struct change {                         /* in the job's arena */
	struct xdb_room_person *is;     /* what they shall be, each once */
	size_t n;
	struct cause cause;
	change_check_fn *check;
	change_done_fn *done;
	enum xdb_affiliation *was;      /* of each, for `done` */
	size_t at;                      /* change.c's own: how many are stored */
};

/* Failing, at the check or at the directory, ends the job with an error; what
 * the directory had taken until then is told nevertheless. */
void change_make(struct job *j, struct room *r, struct change *c);

#endif
