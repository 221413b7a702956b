/* SPDX-License-Identifier: Apache-2.0 */
/* core/introduction.h — a client that says who it is before it logs in.
 *
 * Before the first login there are no SCRAM verifiers, and clients such as
 * profanity (libstrophe) never try PLAIN where SCRAM is on offer: a person with
 * nothing but a directory password would be shut out.  Those clients name
 * themselves in the header of the encrypted stream (RFC 6120 §4.7.1), so we look
 * whether the person has verifiers and offer PLAIN alone when there are none.
 *
 * For a name that is nobody's a coin that depends on the name alone decides, so
 * neither answer tells whether a person exists (security SASL-07).  When the
 * directory is slow or away everything is offered: the login itself will say.  It
 * costs the directory nothing: the login that follows asks no more (core/account.h). */
#ifndef CORE_INTRODUCTION_H
#define CORE_INTRODUCTION_H

#include "xml/jid.h"

struct introduction;

/* Never called from within introduction_new(); may free the introduction. */
typedef void introduced_fn(void *ctx, const struct jid *who, bool is_plain_only);

struct introduction *introduction_new(const struct jid *who, introduced_fn *done, void *ctx);
void introduction_free(struct introduction **ip);

#endif
