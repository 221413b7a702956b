/* SPDX-License-Identifier: Apache-2.0 */
/* feat/form.c — writing and reading data forms (XEP-0004 §3). */
#include "feat/form.h"

#include "xml/ns.h"

struct elem *form_new(struct arena *a, const char *type, struct slice title,
    const char *form_type)
{
	struct elem *x = elem_new(a, NS_DATA, "x");

	elem_set_cstr(a, x, "type", type);
	if (title.n != 0)
		elem_add_text_child(a, x, NS_DATA, "title", title);
	form_add_value(a, form_add(a, x, "FORM_TYPE", "hidden", NULL),
	    slice_of(form_type));
	return x;
}

struct elem *form_add(struct arena *a, struct elem *x, const char *var,
    const char *type, const char *label)
{
	struct elem *field = elem_add(a, x, NS_DATA, "field");

	elem_set_cstr(a, field, "var", var);
	if (type != NULL)
		elem_set_cstr(a, field, "type", type);
	if (label != NULL)
		elem_set_cstr(a, field, "label", label);
	return field;
}

void form_add_value(struct arena *a, struct elem *field, struct slice value)
{
	elem_add_text_child(a, field, NS_DATA, "value", value);
}

void form_add_option(struct arena *a, struct elem *field, const char *label,
    struct slice value)
{
	struct elem *option = elem_add(a, field, NS_DATA, "option");

	if (label != NULL)
		elem_set_cstr(a, option, "label", label);
	elem_add_text_child(a, option, NS_DATA, "value", value);
}

void form_add_fact(struct arena *a, struct elem *x, const char *var,
    struct slice value)
{
	form_add_value(a, form_add(a, x, var, NULL, NULL), value);
}

static struct elem *field_find(const struct elem *x, const char *var)
{
	struct elem *f = elem_child(x, NS_DATA, "field");

	while (f != NULL && !slice_is(elem_attr(f, "var"), var))
		f = elem_next(f, NS_DATA, "field");
	return f;
}

bool form_value(struct arena *a, const struct elem *x, const char *var,
    struct slice *value_r)
{
	const struct elem *field = field_find(x, var), *value;

	if (field == NULL)
		return false;
	value = elem_child(field, NS_DATA, "value");
	*value_r = value != NULL ? elem_text(a, value) : SLICE("");
	return true;
}

bool form_is(struct arena *a, const struct elem *x, const char *form_type)
{
	struct slice type;

	return !form_value(a, x, "FORM_TYPE", &type) || slice_is(type, form_type);
}

bool form_flag(struct slice value, bool *flag_r)
{
	*flag_r = slice_is(value, "1") || slice_is(value, "true");
	return *flag_r || slice_is(value, "0") || slice_is(value, "false");
}
