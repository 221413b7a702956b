/* SPDX-License-Identifier: Apache-2.0 */
/* core/parts.h — what the im process is made of, made from its settings: at the
 * start, and again when it is told to read them anew (core/reload.h). */
#ifndef CORE_PARTS_H
#define CORE_PARTS_H

#include "base/settings.h"
#include "base/tls.h"
#include "net/sasl.h"
#include "xdb_ldap/xdb.h"

/* NULL: what is wrong was written to stderr, or to the log. */
struct settings *parts_settings(const char *path);
struct tls_context *parts_tls(const struct settings *s);
/* NULL and a reason: these settings cannot work.  Whether a server is there, and
 * takes the password, shows later. */
struct xdb *parts_store(const struct settings *s, const char **why_r);
/* Strings and lists are the settings'. */
struct sasl_conf parts_sasl(const struct settings *s);
void parts_log(const struct settings *s);

#endif
