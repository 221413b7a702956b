/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/route.c — finds the row of the table that a request means. */
#include "admin-web/route.h"

#include "admin-web/input.h"
#include "base/enc.h"

/* A segment that varies: percent-escapes decoded exactly once. */
static bool param_decode(struct arena *a, struct slice raw, struct slice *out_r)
{
	struct buf plain = { 0 };
	bool is_good = raw.n != 0 && dec_percent(&plain, raw)
	    && plain.n <= ROUTE_PARAM_MOST
	    && input_is_text(buf_slice(&plain), false);

	if (is_good)
		*out_r = slice_dup(a, buf_slice(&plain));
	buf_fini(&plain);
	return is_good;
}

/* A pattern in two: the path, and what "{?…}" holds. */
static struct slice pattern_path(const char *pattern, struct slice *query_r)
{
	const char *query = strstr(pattern, "{?");

	if (query == NULL) {
		*query_r = slice_make("", 0);
		return slice_of(pattern);
	}
	*query_r = slice_make(query + 2, strlen(query) - 3);
	return slice_make(pattern, (size_t)(query - pattern));
}

bool route_takes(const struct route *r, struct slice parameter)
{
	struct slice rest, name;

	pattern_path(r->path, &rest);
	while (rest.n != 0) {
		slice_cut(rest, ',', &name, &rest);
		if (slice_eq(name, parameter))
			return true;
	}
	return false;
}

static bool path_matches(struct arena *a, const char *pattern, struct slice path,
    struct slice *params)
{
	struct slice query, whole = pattern_path(pattern, &query);
	struct slice want_rest = slice_make(whole.p + 1, whole.n - 1), want, got;
	struct slice got_rest = slice_make(path.p + 1, path.n - 1);
	bool want_more = true, got_more = true;
	size_t n = 0;

	while (want_more && got_more) {
		want_more = slice_cut(want_rest, '/', &want, &want_rest);
		got_more = slice_cut(got_rest, '/', &got, &got_rest);
		if (want.n != 0 && want.p[0] == '{') {
			if (!param_decode(a, got, &params[n++]))
				return false;
		} else if (!slice_eq(want, got)) {
			return false;
		}
	}
	return want_more == got_more;
}

static bool method_matches(const struct route *r, struct slice method)
{
	return slice_is(method, r->method)
	    || (slice_is(method, "HEAD") && strcmp(r->method, "GET") == 0);
}

void route_find(struct arena *a, const struct route *table, size_t n,
    struct slice method, struct slice path, struct route_match *match_r)
{
	struct buf allow = { 0 };

	*match_r = (struct route_match){ .status = 404 };
	for (size_t i = 0; i < n && match_r->route == NULL; i++) {
		if (!path_matches(a, table[i].path, path, match_r->param))
			continue;
		if (method_matches(&table[i], method))
			match_r->route = &table[i];
		buf_addf(&allow, "%s%s", allow.n != 0 ? ", " : "",
		    strcmp(table[i].method, "GET") == 0 ? "GET, HEAD"
		    : table[i].method);
	}
	if (match_r->route != NULL)
		match_r->status = 0;
	else if (allow.n != 0) {
		match_r->status = 405;
		match_r->allow = slice_cstr(a, buf_slice(&allow));
	}
	buf_fini(&allow);
}
