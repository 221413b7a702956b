/* SPDX-License-Identifier: Apache-2.0 */
/* xml/ns.h — every namespace, once, with the document that defines it. */
#ifndef XML_NS_H
#define XML_NS_H

#define NS_XML           "http://www.w3.org/XML/1998/namespace"
#define NS_STREAM        "http://etherx.jabber.org/streams"            /* RFC 6120 */
#define NS_STREAM_ERROR  "urn:ietf:params:xml:ns:xmpp-streams"         /* RFC 6120 §4.9 */
#define NS_STANZA_ERROR  "urn:ietf:params:xml:ns:xmpp-stanzas"         /* RFC 6120 §8.3 */
#define NS_CLIENT        "jabber:client"                               /* RFC 6120 §4.8 */
#define NS_SERVER        "jabber:server"
#define NS_TLS           "urn:ietf:params:xml:ns:xmpp-tls"             /* RFC 6120 §5 */
#define NS_SASL          "urn:ietf:params:xml:ns:xmpp-sasl"            /* RFC 6120 §6 */
#define NS_BIND          "urn:ietf:params:xml:ns:xmpp-bind"            /* RFC 6120 §7 */
#define NS_SESSION       "urn:ietf:params:xml:ns:xmpp-session"         /* RFC 3921 §3 */
#define NS_ROSTER        "jabber:iq:roster"                            /* RFC 6121 §2 */
#define NS_ROSTER_VER    "urn:xmpp:features:rosterver"                 /* RFC 6121 §2.6 */
#define NS_PREAPPROVAL   "urn:xmpp:features:pre-approval"              /* RFC 6121 §3.4 */
#define NS_SASL_CB       "urn:xmpp:sasl-cb:0"                          /* XEP-0440 */
#define NS_DISCO_INFO    "http://jabber.org/protocol/disco#info"       /* XEP-0030 */
#define NS_DISCO_ITEMS   "http://jabber.org/protocol/disco#items"      /* XEP-0030 */
#define NS_DATA          "jabber:x:data"                               /* XEP-0004 */
#define NS_CAPS          "http://jabber.org/protocol/caps"             /* XEP-0115 */
#define NS_MUC           "http://jabber.org/protocol/muc"              /* XEP-0045 */
#define NS_MUC_USER      "http://jabber.org/protocol/muc#user"         /* XEP-0045 */
#define NS_MUC_ADMIN     "http://jabber.org/protocol/muc#admin"        /* XEP-0045 */
#define NS_MUC_OWNER     "http://jabber.org/protocol/muc#owner"        /* XEP-0045 */
#define NS_VCARD_UPDATE "vcard-temp:x:update"   /* XEP-0153 */
#define NS_VCARD         "vcard-temp"                                  /* XEP-0054 */
#define NS_PING          "urn:xmpp:ping"                               /* XEP-0199 */
#define NS_VERSION       "jabber:iq:version"                           /* XEP-0092 */
#define NS_TIME          "urn:xmpp:time"                               /* XEP-0202 */
#define NS_DELAY         "urn:xmpp:delay"                              /* XEP-0203 */
#define NS_SERVERINFO    "http://jabber.org/network/serverinfo"        /* XEP-0157 */
#define NS_SID           "urn:xmpp:sid:0"                              /* XEP-0359 */
#define NS_REGISTER      "jabber:iq:register"                          /* XEP-0077 */
#define NS_OOB           "jabber:x:oob"                                /* XEP-0066 */
#define NS_RSM           "http://jabber.org/protocol/rsm"              /* XEP-0059 */
#define NS_SEARCH        "jabber:iq:search"                            /* XEP-0055 */
#define NS_CARBONS       "urn:xmpp:carbons:2"                          /* XEP-0280 */
#define NS_LAST          "jabber:iq:last"                              /* XEP-0012 */
#define NS_PUBSUB        "http://jabber.org/protocol/pubsub"           /* XEP-0060 */
#define NS_LIMITS        "urn:xmpp:stream-limits:0"                    /* XEP-0478 */

#endif
