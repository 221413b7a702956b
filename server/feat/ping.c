/* SPDX-License-Identifier: Apache-2.0 */
/* feat/ping.c — XEP-0199: XMPP Ping, server side. */
#include "feat/features.h"
#include "xml/ns.h"

static void ping_get(struct job *j)
{
	job_reply(j, NULL);
}

static const struct iq_route routes[] = {
	{ IQ_GET, NS_PING, "ping", TO_HOST | TO_OWN_ACCOUNT, ping_get },
	{ 0 }
};

const struct feature feature_ping = {
	.name = "ping",
	.spec = "XEP-0199",
	.disco = NS_PING,
	.account_disco = NS_PING,
	.routes = routes,
};
