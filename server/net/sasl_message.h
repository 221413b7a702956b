/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_message.h — what clients say in PLAIN, SCRAM, EXTERNAL and GSSAPI, read strictly.
 *
 * Nothing of a client reaches Cyrus SASL or the directory that was not taken
 * apart here: exactly the fields of the grammar, in their order, of sane
 * length, in good UTF-8 (security SASL-04, SASL-06; Cyrus reads behind the end
 * of a short GS2 header, its issue 888).  Pure functions: slices in, slices of
 * the same bytes out. */
#ifndef NET_SASL_MESSAGE_H
#define NET_SASL_MESSAGE_H

#include "base/str.h"

enum {
	SASL_MESSAGE_MOST = 4096,       /* bytes of any message                  */
	SASL_NAME_MOST = 1023,          /* of a name, decoded: a part of a JID   */
	SASL_PASSWORD_MOST = 1024,
	SASL_NONCE_MOST = 512,
	SASL_TICKET_MOST = 48 * 1024,   /* of GSSAPI: groups travel in tickets   */
};

/* RFC 4616 §2: [authzid] NUL authcid NUL passwd. */
struct plain_message { struct slice authzid, name, password; };
bool plain_read(struct slice in, struct plain_message *m_r);

/* RFC 4422 appendix A: nothing, or an authzid; UTF-8 without NUL. */
bool external_read(struct slice in, struct slice *authzid_r);

/* RFC 4752 §3.1: a token of Kerberos 5 (RFC 2743 §3.1, RFC 4121 §4.1) that is an
 * AP-REQ, and all lengths say the same.  What is sealed in it only the holder of
 * the keytab can read. */
bool gssapi_first_read(struct slice in);

/* RFC 5802 §7, client-first-message; extensions are not taken, so that a
 * mandatory one cannot be overlooked. */
struct scram_first {
	char flag;                      /* 'n', 'y' or 'p'                       */
	struct slice binding;           /* 'p': the name behind p=               */
	struct slice gs2;               /* the header with its last comma        */
	struct slice authzid, name;     /* still encoded; authzid p NULL: none   */
	struct slice nonce;
};
bool scram_first_read(struct slice in, struct scram_first *m_r);

/* client-final-message: c=, r=, p= and nothing else. */
struct scram_final { struct slice binding, nonce, proof; };
bool scram_final_read(struct slice in, struct scram_final *m_r);

/* A saslname: =2C is a comma, =3D an equals sign, no other '='.  False leaves
 * `out` as it was; also when the name is empty, too long or not good UTF-8. */
bool scram_name_decode(struct slice in, struct buf *out);

#endif
