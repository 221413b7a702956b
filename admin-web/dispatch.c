/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/dispatch.c — the checks between a request and its handler, in this
 * order: is there such a thing (404, 405), who asks (401, 403), is it their
 * own page that sends this (403), is it in the right shape (400, 413, 415). */
#include "admin-web/dispatch.h"

#include "admin-web/auth.h"
#include "admin-web/exchange.h"
#include "admin-web/login.h"
#include "admin-web/web.h"

enum { JSON_DEPTH_MOST = 4 };

static void page_known(struct exchange *x);
static void api_known(struct exchange *x);

/* --- shape ----------------------------------------------------------------------------- */

static bool read_form(struct exchange *x)
{
	if (x->is_too_big)
		exchange_fail(x, 413, T_COUNT);
	else if (!input_media_is(exchange_header(x, "content-type"),
	    "application/x-www-form-urlencoded"))
		exchange_fail(x, 415, T_COUNT);
	else if (!form_parse(&x->arena, buf_slice(&x->body), &x->form))
		exchange_fail(x, 400, T_FORM_MALFORMED);
	else
		return true;
	return false;
}

static bool is_json(struct exchange *x)
{
	struct slice type = exchange_header(x, "content-type");

	return input_media_is(type, "application/json")
	    || (slice_is(x->method, "PATCH")
	    && input_media_is(type, "application/merge-patch+json"));
}

static bool read_json(struct exchange *x)
{
	struct slice body = buf_slice(&x->body);

	if (!x->guard.has_body)
		return true;
	if (x->is_too_big) {
		exchange_fail(x, 413, T_COUNT);
		return false;
	}
	if (!is_json(x)) {
		exchange_fail(x, 415, T_WANT_JSON);
		return false;
	}
	if (input_json_depth(body) <= JSON_DEPTH_MOST)
		x->json = json_loadb(body.p != NULL ? body.p : "", body.n,
		    JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(x->json))
		return true;
	exchange_fail(x, 400, T_JSON_MALFORMED);
	return false;
}

/* --- did our own page send it? (WEB-04) --------------------------------------------------- */

/* The browser's word for where a request comes from.  Our pages say "no
 * referrer", so an Origin may be "null"; then only Sec-Fetch-Site tells. */
static bool is_same_origin(struct exchange *x)
{
	struct slice site = exchange_header(x, "sec-fetch-site");
	struct slice origin = exchange_header(x, "origin");

	if (site.n != 0 && !slice_is(site, "same-origin"))
		return false;
	if (origin.n == 0 || slice_is(origin, "null"))
		return site.n != 0;
	return slice_starts(origin, SLICE("https://")) && slice_eq_nocase(
	    slice_make(origin.p + 8, origin.n - 8), x->guard.host);
}

static bool check_origin(struct exchange *x)
{
	if (is_same_origin(x))
		return true;
	audit(x, x->route->action, exchange_header(x, "origin"), "foreign-origin");
	exchange_fail(x, 403, T_FOREIGN_ORIGIN);
	return false;
}

static bool check_token(struct exchange *x)
{
	if (login_token_is(x, form_get(&x->form, "token")))
		return true;
	audit(x, x->route->action, slice_of("-"), "bad-token");
	exchange_fail(x, 403, T_FORM_STALE);
	return false;
}

/* --- who may ---------------------------------------------------------------------------------- */

static void go_sign_in(struct exchange *x)
{
	const char *path = "/signin";

	if (route_changes(x->route)) {
		exchange_fail(x, 401, T_SIGNED_OUT);
		return;
	}
	if (!slice_is(x->guard.path, "/"))
		path = exchange_path(x, "/signin?next=", x->guard.path);
	exchange_redirect(x, path);
}

static bool check_role(struct exchange *x)
{
	if (x->route->role == ROLE_ANYONE || x->who.is_admin
	    || (x->route->role == ROLE_PERSON && x->who.uid != NULL))
		return true;
	if (x->who.uid == NULL) {
		go_sign_in(x);
		return false;
	}
	audit(x, x->route->action, x->guard.path, "forbidden");
	exchange_fail(x, 403, T_ADMINS_ONLY);
	return false;
}

static void page_known(struct exchange *x)
{
	if (!check_role(x))
		return;
	if (x->route->kind == ROUTE_FORM
	    && (!check_origin(x) || !read_form(x) || !check_token(x)))
		return;
	if (x->route->kind == ROUTE_OPEN_FORM && (!check_origin(x) || !read_form(x)))
		return;
	x->route->handler(x);
}

/* Browsers keep Basic credentials and would send them along from any site. */
static bool check_script(struct exchange *x)
{
	struct slice site = exchange_header(x, "sec-fetch-site");

	if (!route_changes(x->route) || site.n == 0 || slice_is(site, "same-origin"))
		return true;
	audit(x, x->route->action, site, "foreign-origin");
	exchange_fail(x, 403, T_FOREIGN_ORIGIN);
	return false;
}

/* A parameter that is ignored is one that a script believes in. */
static bool check_query(struct exchange *x)
{
	for (size_t i = 0; i < x->query.n; i++)
		if (!route_takes(x->route, x->query.v[i].name))
			exchange_fault(x, slice_cstr(&x->arena,
			    x->query.v[i].name), T_UNKNOWN_PARAMETER);
	if (x->fault_n != 0)
		exchange_fail(x, 400, T_QUERY_BAD);
	return x->fault_n == 0;
}

static void api_known(struct exchange *x)
{
	if (check_script(x) && check_query(x) && read_json(x))
		x->route->handler(x);
}

/* --- begin -------------------------------------------------------------------------------------- */

static void choose_language(struct exchange *x)
{
	if (!lang_parse(login_cookie(x, LANGUAGE_COOKIE), &x->lang))
		x->lang = lang_accepted(exchange_header(x, "accept-language"));
}

static bool find_route(struct exchange *x)
{
	struct route_match match;

	route_find(&x->arena, routes, routes_n, x->method, x->guard.path, &match);
	if (match.status == 405)
		reply_header(x, "Allow", match.allow);
	if (match.status != 0) {
		exchange_fail(x, match.status, match.status == 404
		    ? T_NO_SUCH_PAGE : T_COUNT);
		return false;
	}
	x->route = match.route;
	memcpy(x->param, match.param, sizeof x->param);
	return true;
}

void dispatch(struct exchange *x)
{
	choose_language(x);
	if (!find_route(x))
		return;
	if (!form_parse(&x->arena, x->guard.query, &x->query)) {
		exchange_fail(x, 400, T_QUERY_MALFORMED);
		return;
	}
	switch (x->route->kind) {
	case ROUTE_FILE:
		x->route->handler(x);
		return;
	case ROUTE_API:
		if (x->route->role == ROLE_ANYONE)
			api_known(x);
		else
			basic_check(x, api_known);
		return;
	case ROUTE_PAGE:
	case ROUTE_FORM:
	case ROUTE_OPEN_FORM:
		login_recognise(x, page_known);
		return;
	}
}
