/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/config.h — what an owner can set about a room.
 *
 * One table in config.c says for each option its field in the owner's form
 * (XEP-0045 §16.5.3), its key among the entry's imRoomOption values, its type,
 * its limits and its default.  Form, entry and memory are all made from it. */
#ifndef FEAT_MUC_CONFIG_H
#define FEAT_MUC_CONFIG_H

#include "feat/muc/privilege.h"
#include "xml/elem.h"

enum whois { WHOIS_MODERATORS, WHOIS_ANYONE };

struct room_config {
	struct arena arena;             /* owns all text */
	struct slice title, description, language, password;
	struct slice bound_to;          /* DN of its list; not for owners to set */
	bool is_members_only, is_public, is_persistent, is_moderated;
	bool asks_password, may_all_set_subject, may_members_invite;
	unsigned occupants_most;        /* 0: as many as the service allows */
	unsigned whois;                 /* enum whois */
	unsigned private_rule;          /* enum private_rule */
	/* Keys of the entry that mean nothing to us, kept as they are. */
	struct xdb_room_option *others;
	size_t other_n;
};

void config_default(struct room_config *c);
void config_fini(struct room_config *c);

/* From an entry; a value that makes no sense leaves the default. */
void config_read(struct room_config *c, const struct xdb_room *entry);
/* Title, description, language, bound_to and options of `entry`, borrowing
 * from `c` and the arena. */
void config_write(const struct room_config *c, struct arena *a,
    struct xdb_room *entry);

/* The owner's form with the present values. */
struct elem *config_form(struct arena *a, const struct room_config *c,
    struct slice room);
/* What `c` becomes by a submitted form: fields that are not there stay.  NULL:
 * *next_r is it; else it cannot be, and why. */
const char *config_submit(const struct room_config *c, const struct elem *form,
    struct room_config *next_r);

/* Status codes to announce (§10.2.1), ended by 0: none when they are equal. */
enum { CONFIG_CODES = 3 };
void config_changes(const struct room_config *was, const struct room_config *is,
    unsigned codes[CONFIG_CODES]);

#endif
