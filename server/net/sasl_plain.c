/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_plain.c — PLAIN (RFC 4616): a name and a password, for the caller to
 * check. */
#include "net/sasl_message.h"
#include "net/sasl_own.h"

static enum sasl_result plain_look(struct sasl *s)
{
	struct plain_message m;

	if (!plain_read(buf_slice(&s->message), &m))
		return SASL_FAIL_MALFORMED;
	s->password = m.password;
	return sasl_look_name(s, m.name, m.authzid);
}

const struct sasl_method sasl_plain = {
	.kind = SASL_PLAIN, .message_most = SASL_MESSAGE_MOST,
	.look = plain_look,
};

struct slice sasl_password(const struct sasl *s)
{
	return s->password;
}
