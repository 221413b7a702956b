/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/api.h — the JSON side: answers, problems, members of requests. */
#ifndef WEB_API_H
#define WEB_API_H

#include "admin-web/exchange.h"

/* Answers with `status` and `body` (taken). */
void api_answer(struct exchange *x, unsigned status, json_t *body);
/* Writes x->reply as problem details (RFC 9457) for x->reply.status; detail may
 * be NULL.  Does not answer. */
void api_problem(struct exchange *x, const char *detail);

/* --- members of the request ------------------------------------------------------ */

struct api_member {
	const char *name;
	bool is_bool;                   /* else a string */
	bool is_required;
	bool may_be_null;               /* null: like "" */
	struct slice *text_r;           /* p NULL: not there */
	int *flag_r;                    /* -1: not there */
};

/* Fills in what the table asks for; wrong types, missing and unknown members
 * become faults and the answer 422.  Strings are text of at most 1024 characters,
 * line breaks only where the handler allows them. */
bool api_read(struct exchange *x, const struct api_member *table, size_t n);

/* A number in the query: `fallback` when it is not there; false (and 400) when
 * it is none or not within 0 to `most`. */
bool api_query_number(struct exchange *x, const char *name, unsigned fallback,
    unsigned most, unsigned *value_r);

/* Text that came from the directory: what is no UTF-8 is no JSON either. */
json_t *api_text(struct slice s);

#endif
