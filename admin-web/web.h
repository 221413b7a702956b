/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/web.h — the state of the web process. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/settings.h"
#include "base/list.h"
#include "xdb_ldap/xdb.h"

struct http;
struct logins;
struct throttle;
struct basic;

struct web {
	struct settings *settings;      /* swapped whole by a reload */
	struct xdb *db;
	struct http *http;
	struct logins *logins;          /* browsers that are signed in */
	struct throttle *throttle;      /* who guessed how often */
	struct basic *basic;            /* password checks of scripts, for a minute */
	struct list exchanges;          /* all that are not answered */
};

#endif
