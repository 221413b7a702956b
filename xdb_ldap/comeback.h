/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/comeback.h — a better server is back: is it what it was?
 *
 *   IDLE ─probe ready─► COMPARING ─has it nearly all─► HOLDING ─has it all─► moved
 *     ▲                     ▲  │ (asks again)             │
 *     └──probe lost─────────┘◄─┴───took too long──────────┘
 *
 * A server that was away lacks what the one in use took meanwhile.  If it were
 * used at once, it would show older data, and what was written to it then could
 * cost what it was about to get: a copy that falls back from changes to whole
 * entries keeps the newer entry, not both changes (measured, 2.5.13).  So it is
 * compared; and for the moment of the move nothing is sent, so that nobody's
 * answer was the old server's and next question the new one's, too soon. */
#ifndef XDB_LDAP_COMEBACK_H
#define XDB_LDAP_COMEBACK_H

#include "xdb_ldap/csn.h"
#include "xdb_ldap/store.h"

struct xdb_op;

struct comeback {
	enum { COMEBACK_IDLE, COMEBACK_COMPARING, COMEBACK_HOLDING } state;
	struct csn_set need, has;
	struct xdb_op *op;
	struct timer again;
	int64_t held_ms;
	bool is_told;                   /* that it is behind: once is enough */
	/* borrowed */
	struct pool *pool;
};

void comeback_init(struct comeback *b, struct pool *pool);
void comeback_fini(struct comeback *b);
/* The pool's probe is ready; it is there no more. */
void comeback_begin(struct comeback *b);
void comeback_end(struct comeback *b);

#endif
