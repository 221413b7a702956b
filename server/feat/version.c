/* SPDX-License-Identifier: Apache-2.0 */
/* feat/version.c — XEP-0092: name and version of the server.
 *
 * No <os/>: it helps nobody but who looks for a way in. */
#include "base/version.h"
#include "feat/features.h"
#include "xml/ns.h"

static void version_get(struct job *j)
{
	struct elem *query = elem_new(&j->arena, NS_VERSION, "query");

	elem_add_text_child(&j->arena, query, NS_VERSION, "name",
	    SLICE("Tertulia"));
	elem_add_text_child(&j->arena, query, NS_VERSION, "version",
	    SLICE(TERTULIA_VERSION));
	job_reply(j, query);
}

static const struct iq_route routes[] = {
	{ IQ_GET, NS_VERSION, "query", TO_HOST, version_get },
	{ 0 }
};

const struct feature feature_version = {
	.name = "version",
	.spec = "XEP-0092",
	.disco = NS_VERSION,
	.routes = routes,
};
