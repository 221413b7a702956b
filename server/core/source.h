/* SPDX-License-Identifier: Apache-2.0 */
/* core/source.h — the lists and groups that somebody here follows (rooms, by
 * imBoundTo), read once for all followers and kept true by news from the
 * directory.
 *
 * When a list cannot be read, or is gone, the last good copy stays
 * (directory.md, rule 10), also while nobody follows it: a failure must not put
 * everybody out of a members-only room.  One that is renamed is the same list, also
 * while nobody looked, if it is known what it was. */
#ifndef CORE_SOURCE_H
#define CORE_SOURCE_H

#include "base/list.h"
#include "base/chore.h"
#include "core/roll.h"
#include "xdb_ldap/xdb.h"

struct source {
	struct slice dn;                /* what its followers call it, in `life` */
	struct arena life;
	struct roll roll;               /* the last good copy */
	bool has_roll;
	size_t unresolved_n;            /* values of it that name nobody here */
	int64_t read_ms;                /* wall clock: when the copy was read; 0: never */
	enum xdb_status status;         /* of the last reading */
	struct buf why;                 /* … if it failed */
	struct buf place;               /* its DN, as the directory said last */
	bool is_moved;                  /* which is another than `dn` since a renaming */
	int64_t failed_ms;              /* wall clock: since when it fails; 0: it does not */

	struct buf uuid;                /* of its entry: what it is, whatever its name */

	/* source.c's own */
	struct slice key;               /* in `life`: the DN, or what makes way for it */
	struct list followers;
	struct list unused;             /* among those that nobody follows */
	size_t unused_names;            /* … and how many it counts for there */
	bool is_asked;                  /* read once at least, well or not */
	bool is_stale;                  /* news came since the last reading began */
	bool is_doubtful;               /* … or news of what a search may find */
	struct xdb_op *op;              /* it is being read */
	struct xdb_op *kept;            /* … and written down, in pieces: */
	const struct xdb_group *group;  /* what of it, … */
	size_t written;                 /* … how far */
	struct roll next;
	struct chore writing;
	bool is_sought;                 /* by that, in this reading */
	bool is_dynamic;                /* made of people who match a search */
	struct buf parts;               /* map_hash of the entryUUIDs it was read from */
	int64_t began_ms, ended_ms;     /* the last reading */
	struct timer again, idle;
};

/* Somebody to be told: of other people on the list, or only of how reading it
 * went.  From the loop; it may unfollow then. */
typedef void source_told_fn(void *ctx, bool are_others);
struct follower {
	struct list link;
	struct source *source;          /* NULL: follows nothing */
	/* borrowed */
	source_told_fn *told;
	void *ctx;
};

/* `uuid`: the entryUUID that this list had when its name was read last; empty: that
 * is not known, and whatever has the name is meant. */
void source_follow(struct follower *f, struct slice dn, struct slice uuid);
/* The very list that another follows. */
void source_join(struct follower *f, struct source *s);
void source_unfollow(struct follower *f);
/* What the directory says is known, as of now; else it will be told. */
bool source_is_ready(const struct source *s);

/* XDB_GROUP's and XDB_PERSON's from core/live.c. */
void sources_news(const struct xdb_news *news);
/* Everything is read again: the questions are others, or who answers them. */
void sources_renew(void);
void sources_fini(void);

#endif
