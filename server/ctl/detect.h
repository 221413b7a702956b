/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/detect.h — what a directory looks like to somebody who never saw it. */
#ifndef CTL_DETECT_H
#define CTL_DETECT_H

#include "ctl/places.h"

struct detect_person {
	struct slice name, cn, mail;
	enum xdb_refusal refusal;       /* as the service would judge the account */
};
enum { DETECT_SHOWN = 3, DETECT_POLICIES = 8 };

struct detected {
	const char *context;            /* the first suffix; "": none is shown */
	const char *people_base;        /* what all people are below, or "" */
	struct places places;           /* where they stand there */
	const char *filter, *name;      /* who is a person, and their name */
	const char *other_filter;       /* finds people whom that does not find: … */
	size_t other_n;                 /* … so many; 0: none does */
	const char *im_base;            /* where our tree is, or "" */
	enum xdb_preset preset;         /* what the root DSE looks like; AUTO: nothing */
	bool has_schema;
	const char *policies[DETECT_POLICIES];  /* password policies, the default first */
	size_t policy_n;
	size_t people_n;                /* of those looked at; LOOKED_AT: or more */
	size_t nameless_n;              /* people beside them who have no such name */
	struct detect_person shown[DETECT_SHOWN];
	size_t shown_n;
};

enum { DETECT_LOOKED_AT = 200 };

/* What the server is, into `db`, whose names and rules are that kind's afterwards. */
void detect_kind(struct wire *w, struct xdb *db, struct detected *found);
/* The suffix alone, which most servers show to anybody.  Texts in the arena. */
void detect_context(struct wire *w, struct arena *a, struct detected *found_r);
void detect(struct wire *w, struct arena *a, struct detected *found_r);
/* Three of the people that this base, filter and name give. */
void detect_people(struct wire *w, struct xdb *db, struct arena *a,
    const char *base, struct detected *found);

#endif
