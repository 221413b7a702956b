/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_certificate.h — who somebody is by the certificate of the TLS client.
 *
 * The ways of [sasl] certificate_names are tried in order, and the first one that
 * the certificate has anything for decides, well or badly: a certificate that
 * names an XMPP address of another domain is not looked at for mail addresses.
 *
 *   xmpp    its XMPP addresses in our domain, by themselves
 *   mail    its mail addresses: one person of the directory has one of them
 *   entry   the certificate itself: it stands in one person's entry
 *
 * The last two give no name but a question for the directory. */
#ifndef NET_SASL_CERTIFICATE_H
#define NET_SASL_CERTIFICATE_H

#include "base/tls_peer.h"
#include "net/sasl.h"

struct conf_list;

struct certificate {
	struct slice names[TLS_PEER_NAMES];     /* of ours, prepared local parts */
	size_t name_n;
	bool is_search;                 /* `search` says what to look for instead */
	struct sasl_search search;
};

/* `text` is as base/tls_peer.h writes it, and outlives the result; prepared
 * names are in the arena.  False: nobody of ours can log in by it. */
bool certificate_read(struct arena *a, struct slice text,
    const struct conf_list *ways, const char *domain,
    struct certificate *c_r);

#endif
