/* SPDX-License-Identifier: Apache-2.0 */
/* core/account_own.h — what account.c, account_roster.c and account_edit.c
 * share, and nobody else includes. */
#ifndef CORE_ACCOUNT_OWN_H
#define CORE_ACCOUNT_OWN_H

#include "core/account.h"

/* account.c: memory takes what was loaded, all of it or what is the person's;
 * nobody is told. */
void account_refresh(struct account *a, const struct xdb_account *loaded);
void account_person_take(struct account *a, const struct xdb_account *loaded);

/* While that is not known: as it was. */
bool account_is_admitted(const struct account *a, struct slice person_uuid);

/* It is held by nobody, and goes. */
void account_drop(struct account *a);

/* account_away.c: kept though nobody holds it, which false says it is not. */
bool account_away_keep(struct account *a);
void account_away_leave(struct account *a);
bool account_is_away(const struct account *a);
/* Usable, and certainly as the directory has it. */
bool account_is_believed(const struct account *a);

/* account_live.c: an account in memory follows what was loaded: who may not use
 * it any more is out, and all are told what changed. */
void account_follow(struct account *a, const struct xdb_account *loaded);
/* News that may concern anybody: what was asked before may be older. */
void account_news_of_all(void);
struct account *account_of_uuid(struct slice uuid);
/* account_look.c */
bool account_is_looked_at(const struct account *a);

/* It is to be read again: as soon as nothing else is done with it. */
void account_stale(struct account *a);
/* A change of our own begins, and is over. */
void account_live_defer(struct account *a);
void account_live_resume(struct account *a);
void account_live_over(struct account *a);
/* It was loaded by others' reading, which was asked for when there was so much news:
 * is that the newest?  If not it is read again. */
bool account_live_loaded(struct account *a, uint64_t as_of);
/* person_uuid is about to change; has changed. */
void account_uuid_drop(struct account *a);
void account_uuid_put(struct account *a);

/* account_roster.c: contacts and requests in memory. */
void account_roster_take(struct account *a, const struct xdb_profile *p);
void account_roster_clear(struct account *a);
void account_contact_put(struct account *a, struct slice jid,
    const struct xdb_roster_item *item);                /* NULL: remove */
void account_request_put(struct account *a, struct slice jid,
    const struct xdb_pending *pending);                 /* NULL: remove */
const struct xdb_roster_item *account_contact_at(const struct account *a, struct slice bare);
const struct xdb_pending *account_request_at(const struct account *a, struct slice bare);

/* account_edit.c: one change after the other. */
void account_edit_start(struct job *j, struct account *a, struct slice contact,
    account_plan_fn *plan, job_stored_fn *next);
void account_edit_over(struct job *j);

#endif
