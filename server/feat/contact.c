/* SPDX-License-Identifier: Apache-2.0 */
/* feat/contact.c — XEP-0157: whom to write to about this service.
 *
 * The addresses of [contact], as a form (XEP-0128) in the host's disco#info. */
#include "feat/contact.h"

#include "core/host.h"
#include "feat/features.h"
#include "xml/ns.h"

static const struct { const char *field; size_t offset; } fields[] = {
	{ "abuse-addresses",    offsetof(struct settings, contact.abuse)    },
	{ "admin-addresses",    offsetof(struct settings, contact.admin)    },
	{ "feedback-addresses", offsetof(struct settings, contact.feedback) },
	{ "sales-addresses",    offsetof(struct settings, contact.sales)    },
	{ "security-addresses", offsetof(struct settings, contact.security) },
	{ "support-addresses",  offsetof(struct settings, contact.support)  },
};

static const struct conf_list *addresses(size_t i)
{
	return (const void *)((const char *)host.settings + fields[i].offset);
}

static bool has_any(void)
{
	for (size_t i = 0; i < COUNT(fields); i++)
		if (addresses(i)->n != 0)
			return true;
	return false;
}

static struct elem *field_add(struct arena *a, struct elem *form,
    const char *var, const char *type)
{
	struct elem *field = elem_add(a, form, NS_DATA, "field");

	elem_set_cstr(a, field, "var", var);
	elem_set_cstr(a, field, "type", type);
	return field;
}

void contact_add_form(struct arena *a, struct elem *query)
{
	struct elem *form, *field;

	if (!has_any())
		return;
	form = elem_add(a, query, NS_DATA, "x");
	elem_set_cstr(a, form, "type", "result");
	field = field_add(a, form, "FORM_TYPE", "hidden");
	elem_add_text_child(a, field, NS_DATA, "value", SLICE(NS_SERVERINFO));
	for (size_t i = 0; i < COUNT(fields); i++) {
		const struct conf_list *l = addresses(i);

		if (l->n == 0)
			continue;
		field = field_add(a, form, fields[i].field, "list-multi");
		for (size_t k = 0; k < l->n; k++)
			elem_add_text_child(a, field, NS_DATA, "value",
			    slice_of(l->v[k]));
	}
}

const struct feature feature_contact = {
	.name = "contact",
	.spec = "XEP-0157",
};
