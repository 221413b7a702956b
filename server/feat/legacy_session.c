/* SPDX-License-Identifier: Apache-2.0 */
/* feat/legacy_session.c — RFC 3921 §3: session establishment.
 *
 * COMPAT: clients of before 2011, and some of today (converse.js), ask for it
 * whether or not it does anything.  Binding does it all; the feature says that
 * nobody needs to ask (<optional/>). */
#include "feat/features.h"
#include "xml/ns.h"

static void session_set(struct job *j)
{
	job_reply(j, NULL);
}

static void session_stream_features(struct xml_writer *w)
{
	write_open(w, NS_SESSION, "session");
	write_leaf(w, NS_SESSION, "optional", SLICE(""));
	write_close(w);
}

static const struct iq_route routes[] = {
	{ IQ_SET, NS_SESSION, "session", TO_HOST | TO_OWN_ACCOUNT, session_set },
	{ 0 }
};

static const struct hooks hooks = {
	.stream_features = session_stream_features,
};

const struct feature feature_legacy_session = {
	.name = "legacy session",
	.spec = "RFC 3921 §3",
	.routes = routes,
	.hooks = &hooks,
};
