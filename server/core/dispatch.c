/* SPDX-License-Identifier: Apache-2.0 */
/* core/dispatch.c — who answers an IQ: one sorted table of all features' routes.
 *
 * A miss is answered here, by one rule, so that no feature can forget it:
 *   namespace unknown, or not for this addressee   service-unavailable
 *   namespace known, but not this element          bad-request
 *   element known, but not this type               feature-not-implemented */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "core/route.h"

struct entry {
	const struct iq_route *route;
	const struct feature *feature;
};

static struct entry *table;
static size_t table_n;

static int entry_cmp(const void *x, const void *y)
{
	const struct iq_route *a = ((const struct entry *)x)->route;
	const struct iq_route *b = ((const struct entry *)y)->route;
	int c = strcmp(a->ns, b->ns);

	if (c == 0)
		c = strcmp(a->element, b->element);
	return c != 0 ? c : (int)a->type - (int)b->type;
}

static void gather(void)
{
	size_t n = 0;

	for (size_t f = 0; features[f] != NULL; f++)
		for (const struct iq_route *r = features[f]->routes;
		    r != NULL && r->ns != NULL; r++)
			n++;
	table = mem_new((n + 1) * sizeof *table);
	table_n = 0;
	for (size_t f = 0; features[f] != NULL; f++)
		for (const struct iq_route *r = features[f]->routes;
		    r != NULL && r->ns != NULL; r++)
			table[table_n++] = (struct entry){ r, features[f] };
}

bool dispatch_build(const char **why_r)
{
	static char why[200];

	gather();
	qsort(table, table_n, sizeof *table, entry_cmp);
	for (size_t i = 1; i < table_n; i++) {
		const struct entry *a = &table[i - 1], *b = &table[i];

		/* The same IQ may have two handlers for different addressees. */
		if (entry_cmp(a, b) != 0
		    || (a->route->to & b->route->to) == 0)
			continue;
		snprintf(why, sizeof why, "features %s and %s both want "
		    "<%s xmlns='%s'/>", a->feature->name, b->feature->name,
		    a->route->element, a->route->ns);
		*why_r = why;
		return false;
	}
	return true;
}

void dispatch_fini(void)
{
	free(table);
	table = NULL;
	table_n = 0;
}

enum miss { MISS_NS, MISS_ELEMENT, MISS_TYPE };

static const struct iq_route *find(const struct elem *payload,
    enum iq_type type, enum addressee to, enum miss *miss_r)
{
	*miss_r = MISS_NS;
	for (size_t i = 0; i < table_n; i++) {
		const struct iq_route *r = table[i].route;

		if ((r->to & to) == 0 || !slice_is(payload->ns, r->ns))
			continue;
		if (*miss_r == MISS_NS)
			*miss_r = MISS_ELEMENT;
		if (!slice_is(payload->name, r->element))
			continue;
		if (r->type == type)
			return r;
		*miss_r = MISS_TYPE;
	}
	return NULL;
}

void dispatch_iq(struct job *j, enum addressee to)
{
	static const enum stanza_error answers[] = {
		[MISS_NS] = SE_SERVICE_UNAVAILABLE,
		[MISS_ELEMENT] = SE_BAD_REQUEST,
		[MISS_TYPE] = SE_FEATURE_NOT_IMPLEMENTED,
	};
	const struct iq_route *r;
	enum miss miss;

	r = find(job_payload(j), stanza_iq_type(j->stanza), to, &miss);
	if (r != NULL)
		r->handler(j);
	else
		job_fail(j, answers[miss], NULL);
}
