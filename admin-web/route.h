/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/route.h — the exact table of what there is (WEB-01).
 *
 * A target that no row matches is not there; there are no prefixes, no wild
 * cards over '/', no exceptions.  Each row says who may, and whether it
 * changes something. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "base/str.h"

struct exchange;
typedef void route_fn(struct exchange *x);

enum role { ROLE_ANYONE, ROLE_PERSON, ROLE_ADMIN };

enum route_kind {
	ROUTE_PAGE,             /* HTML; session cookie */
	ROUTE_FORM,             /* a POST from such a page: token and origin */
	ROUTE_OPEN_FORM,        /* without a session, so only the origin */
	ROUTE_API,              /* JSON; HTTP Basic */
	ROUTE_FILE,             /* fixed content */
};

struct route {
	const char *method;     /* GET answers HEAD, too */
	/* Segments; "{…}" stands for one that varies.  At the end of an API's
	 * "{?a,b}" (RFC 6570 §3.2.8): the parameters it takes, and no others.
	 * Pages are not asked: mail programs decorate links. */
	const char *path;
	enum role role;
	enum route_kind kind;
	route_fn *handler;
	const char *action;     /* what the audit line calls it */
};

enum { ROUTE_PARAMS = 2, ROUTE_PARAM_MOST = 1023 };

struct route_match {
	const struct route *route;              /* NULL: see status */
	unsigned status;                        /* 0, 404 or 405 */
	struct slice param[ROUTE_PARAMS];       /* decoded, good text */
	const char *allow;                      /* 405: for the Allow header */
};

/* `path` is raw and has passed the guard; memory from `a`. */
void route_find(struct arena *a, const struct route *routes, size_t n,
    struct slice method, struct slice path, struct route_match *match_r);

/* Is this one of the parameters in `r->path`? */
bool route_takes(const struct route *r, struct slice parameter);

static inline bool route_changes(const struct route *r)
{
	return strcmp(r->method, "GET") != 0;
}

/* The table itself, routes.c. */
extern const struct route routes[];
extern const size_t routes_n;

#endif
