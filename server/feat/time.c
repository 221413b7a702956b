/* SPDX-License-Identifier: Apache-2.0 */
/* feat/time.c — XEP-0202: the server's time, which is UTC. */
#include "base/loop.h"
#include "feat/features.h"
#include "xml/ns.h"

static void time_get(struct job *j)
{
	struct elem *e = elem_new(&j->arena, NS_TIME, "time");
	struct buf utc = { 0 };

	stanza_time(&utc, wall_now_ms());
	elem_add_text_child(&j->arena, e, NS_TIME, "tzo", SLICE("+00:00"));
	elem_add_text_child(&j->arena, e, NS_TIME, "utc",
	    slice_dup(&j->arena, buf_slice(&utc)));
	buf_fini(&utc);
	job_reply(j, e);
}

static const struct iq_route routes[] = {
	{ IQ_GET, NS_TIME, "time", TO_HOST, time_get },
	{ 0 }
};

const struct feature feature_time = {
	.name = "time",
	.spec = "XEP-0202",
	.disco = NS_TIME,
	.routes = routes,
};
