/* SPDX-License-Identifier: Apache-2.0 */
/* core/shared.h — roster groups: groups of the directory, shown in rosters.
 *
 * Who is in a group is kept once, whatever number of rosters it is shown in; an
 * account keeps nothing of it, and what its person sees is put together when it
 * is asked for.  This file is the memory of it and the rules, without any I/O;
 * core/shared_follow.c brings it up to date and tells those concerned.
 *
 *   group        its members see one another: `both`
 *   public       everybody sees its members (`to`), who are shown to everybody
 *                without seeing them; among themselves they are as in any other
 *
 * JIDs are bare and canonical. */
#ifndef CORE_SHARED_H
#define CORE_SHARED_H

#include "base/list.h"
#include "base/map.h"
#include "xdb_ldap/xdb.h"

struct shared_group {
	struct list link;               /* among all of them */
	struct slice key, title;        /* owned; key: never another's */
	struct map members;             /* JID -> struct shared_person */
	uint64_t mark;                  /* what it is: title and members */
	unsigned serial;                /* the order in which it came */
	bool is_public;
};

struct shared_person {                  /* in one group at least */
	struct slice jid, uuid, name;   /* owned */
	struct shared_group **groups;   /* in order of `serial` */
	unsigned group_n, group_room;
};

/* --- what rosters are made of ---------------------------------------------------- */

/* Are there any groups at all?  When not, nothing below costs anything. */
bool shared_is_on(void);
/* How `me` stands with `contact` by groups alone; SUB_TO: it is in my roster. */
enum xdb_subscription shared_between(struct slice me, struct slice contact);
/* The same without one group: what is left when that is looked at apart. */
enum xdb_subscription shared_between_without(struct slice me, struct slice contact,
    const struct shared_group *g);
/* Puts the groups' part into an item that holds what is personal (or nothing but
 * the JID): name where there is none, subscription, titles.  Lists are in the
 * arena.  False: no group shows `contact` to `me`; the item is as it was. */
bool shared_merge(struct arena *a, struct slice me, struct xdb_roster_item *item);
/* Calls `fn` once for each contact that groups show to `me`. */
typedef void shared_fn(const struct shared_person *p, void *ctx);
void shared_each(struct slice me, shared_fn *fn, void *ctx);
/* Who sees `me` by a group that is not public: its members. */
void shared_each_fellow(struct slice me, shared_fn *fn, void *ctx);
bool shared_are_fellows(struct slice me, struct slice other);
/* The same in pieces, for groups of thousands, each time a few, and `me` first of all.
 * When the groups change in between it begins anew, with `me`: whoever came before that
 * comes again, or does not.  False: those were all. */
struct shared_walk {                    /* {0} to begin with */
	unsigned group;
	size_t at;
	uint64_t mark;
	bool is_begun;
};
bool shared_fellows_step(struct slice me, struct shared_walk *w, shared_fn *fn, void *ctx);
/* Does everybody see `me`? */
bool shared_is_public(struct slice me);
/* A sum of all that groups show to `me`; 0: nothing. */
uint64_t shared_mark(struct slice me);

const struct shared_person *shared_find(struct slice jid);
const struct shared_person *shared_find_uuid(struct slice uuid);

/* --- changing it ------------------------------------------------------------------- */

struct shared_entry { struct slice jid, uuid, name; };  /* a member, as it is now */

/* One who was or is in a group; in memory of the arena given. */
struct shared_party {
	struct slice jid;
	bool was, is;                   /* a member */
};
struct shared_change {                  /* the parties that changed stand first */
	struct shared_party *parties;
	size_t n, changed_n;
	bool is_retitled;
	struct slice *renamed;          /* in whatever groups they are */
	size_t renamed_n;
};

struct shared_group *shared_group_new(struct slice key, bool is_public);
/* What it is from now on; says who is concerned. */
void shared_group_set(struct shared_group *g, struct slice title,
    const struct shared_entry *entries, size_t n, struct arena *a,
    struct shared_change *change_r);

/* The same in pieces, for a group of thousands.  Each member comes, goes or is
 * renamed at once, one after the other; what is given is borrowed until the end,
 * and nothing else may change the group before. */
struct shared_edit {
	struct shared_group *group;
	const struct shared_entry *entries;
	size_t n, at;
	struct arena *arena;
	struct shared_change change;    /* whole when all is done */
	struct map now, told;
	int stage;
};
void shared_edit_begin(struct shared_edit *e, struct shared_group *g,
    struct slice title, const struct shared_entry *entries, size_t n,
    struct arena *a);
/* A little of it (some ten microseconds).  False: all is done. */
bool shared_edit_step(struct shared_edit *e);
void shared_edit_end(struct shared_edit *e);    /* also in the middle */

/* The same group by another key. */
void shared_group_rekey(struct shared_group *g, struct slice key);
/* Its members are gone already. */
void shared_group_free(struct shared_group **gp);
struct list *shared_groups(void);       /* struct shared_group by link */

#endif
