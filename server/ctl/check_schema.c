/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_schema.c — what the directory knows, and what it has to. */
#include "ctl/checks.h"
#include "ctl/judge.h"
#include "ctl/look.h"
#include "ctl/schema.h"

static void missing(const struct doctor *d, struct result *r,
    const struct slice *names, size_t n, const char *kind)
{
	for (size_t i = 0; i < n; i++)
		if (!look_is_known(d, names[i]))
			result_say(r, VERDICT_FAULT, "no %s " SLICE_FMT, kind,
			    SLICE_ARG(names[i]));
}

void check_schema(struct doctor *d, struct result *r)
{
	struct judge_schema ours;
	struct slice *where;
	const char *dn;

	if (look_values(d, d->im, "", "subschemaSubentry", &where) == 0) {
		result_say(r, VERDICT_SKIPPED, "the server does not show its "
		    "schema");
		r->is_unsure = true;
		return;
	}
	dn = slice_cstr(&d->arena, where[0]);
	look_keep_known(d, dn, "attributeTypes");
	look_keep_known(d, dn, "objectClasses");
	judge_schema(&d->arena, schema_ldif(), &ours);
	missing(d, r, ours.attrs, ours.attr_n, "attribute");
	missing(d, r, ours.classes, ours.class_n, "class");
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "%zu attributes and %zu classes",
		    ours.attr_n, ours.class_n);
	else
		result_next(r, d->directory.root.preset == XDB_389DS
		    ? "put what schema/mk389 prints into the server's schema "
		    "folder, and restart it" : "load what `tertuliactl doctor --schema` prints, "
		    "with ldapadd as the directory's administrator");
}
