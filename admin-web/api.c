/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/api.c — the JSON side: answers, problems, members of requests. */
#include "admin-web/api.h"

#include <stdlib.h>

static void write_json(struct exchange *x, json_t *body, const char *type)
{
	char *text = json_dumps(body, JSON_COMPACT | JSON_ENSURE_ASCII);

	if (text == NULL)
		panic("api: an answer that is no JSON");
	buf_adds(&x->reply.body, text);
	buf_addc(&x->reply.body, '\n');
	free(text);
	json_decref(body);
	x->reply.type = type;
}

void api_answer(struct exchange *x, unsigned status, json_t *body)
{
	x->reply.status = status;
	if (body != NULL)
		write_json(x, body, "application/json");
	exchange_answer(x);
}

void api_problem(struct exchange *x, const char *detail)
{
	json_t *problem = json_object(), *errors;

	/* about:blank: the status says what kind of problem it is (§4.2.1). */
	json_object_set_new(problem, "type", json_string("about:blank"));
	json_object_set_new(problem, "title",
	    json_string(http_status_text(x->reply.status)));
	json_object_set_new(problem, "status", json_integer(x->reply.status));
	if (detail != NULL)
		json_object_set_new(problem, "detail", json_string(detail));
	if (x->fault_n != 0) {
		errors = json_array();
		for (size_t i = 0; i < x->fault_n; i++)
			json_array_append_new(errors, json_pack("{s:o, s:s}",
			    "field", api_text(slice_of(x->fault[i].field)),
			    "detail", x->fault[i].text));
		json_object_set_new(problem, "errors", errors);
	}
	write_json(x, problem, "application/problem+json");
}

json_t *api_text(struct slice s)
{
	json_t *text = s.n == 0 ? json_string("") : json_stringn(s.p, s.n);

	return text != NULL ? text : json_string("\xef\xbf\xbd");
}

/* --- members ------------------------------------------------------------------------ */

enum { TEXT_MOST = 1024 };

static bool is_text(struct slice s)
{
	return s.n <= 4 * TEXT_MOST && input_characters(s) <= TEXT_MOST
	    && input_is_text(s, true);
}

static void read_text(struct exchange *x, const struct api_member *m, json_t *v)
{
	if (json_is_null(v) && m->may_be_null)
		*m->text_r = slice_make("", 0);
	else if (!json_is_string(v))
		exchange_fault(x, m->name, T_WANT_STRING);
	else if (!is_text(slice_make(json_string_value(v), json_string_length(v))))
		exchange_fault(x, m->name, T_BAD_TEXT);
	else
		*m->text_r = slice_make(json_string_value(v),
		    json_string_length(v));
}

static void read_flag(struct exchange *x, const struct api_member *m, json_t *v)
{
	if (json_is_boolean(v))
		*m->flag_r = json_is_true(v);
	else
		exchange_fault(x, m->name, T_WANT_BOOL);
}

static bool is_known(const struct api_member *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return true;
	return false;
}

bool api_read(struct exchange *x, const struct api_member *table, size_t n)
{
	const char *name;
	json_t *value;

	json_object_foreach(x->json, name, value)
		if (!is_known(table, n, name))
			exchange_fault(x, slice_cstr(&x->arena, slice_of(name)),
			    T_UNKNOWN_MEMBER);
	for (size_t i = 0; i < n; i++) {
		const struct api_member *m = &table[i];

		value = json_object_get(x->json, m->name);
		if (value == NULL && m->is_required)
			exchange_fault(x, m->name, T_MISSING);
		else if (value != NULL && m->is_bool)
			read_flag(x, m, value);
		else if (value != NULL)
			read_text(x, m, value);
	}
	if (x->fault_n == 0)
		return true;
	exchange_fail(x, 422, T_MEMBERS_BAD);
	return false;
}

bool api_query_number(struct exchange *x, const char *name, unsigned fallback,
    unsigned most, unsigned *value_r)
{
	struct slice text = form_get(&x->query, name);
	uint64_t value = fallback;

	if (form_has(&x->query, name) && !slice_number(text, most, &value)) {
		exchange_fault(x, name, T_WANT_NUMBER);
		exchange_fail(x, 400, T_QUERY_BAD);
		return false;
	}
	*value_r = (unsigned)value;
	return true;
}
