/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/store.h — what one open store holds; known inside xdb_ldap only. */
#ifndef XDB_LDAP_STORE_H
#define XDB_LDAP_STORE_H

#include "base/list.h"
#include "base/loop.h"
#include "base/tls.h"
#include "xdb_ldap/map.h"
#include "xdb_ldap/root.h"
#include "xdb_ldap/rules.h"
#include "xdb_ldap/xdb.h"

struct comeback;
struct conn;
struct fresh;
struct met;
struct sound;
struct tempo;
struct watch;
struct wrong;

enum security {
	LINK_CLEAR,     /* ldap:// without StartTLS: to a loopback address only */
	LINK_STARTTLS, LINK_TLS,
	LINK_LOCAL,     /* ldapi:// */
};

/* One URI of the configuration, and what is known of it: a circuit breaker.
 * After a failure nobody tries before retry_ms, and then one alone. */
struct server {
	const char *uri, *host, *port;  /* host: a path with LINK_LOCAL */
	enum security security;
	unsigned failures;              /* in a row; 0: believed to be well */
	int64_t failing_ms;             /* since when, if failures != 0 */
	int64_t retry_ms, tried_ms;
	bool is_tried;                  /* a connection is being made, as a probe */
	bool is_refusing;               /* it does not like our name: no hurry */
	bool is_behind;                 /* another is in use: it may lack changes */
};

enum { QUEUE_MOST = 1024 };

/* Connections of one use.  The search pool keeps its connections up and bound
 * as the service; the bind pool makes them when they are needed, and whoever
 * bound last is who such a connection is: it never searches (LDAP-07).  The
 * watchers have one connection of their own, as the service too, so that a long
 * refresh stands in nobody's way.  Where some servers are read and others written
 * to (write_uri), the latter have a pool like the searchers'. */
enum pool_use { POOL_SEARCH, POOL_BIND, POOL_WATCH, POOL_WRITE };

struct pool {
	struct xdb *db;
	enum pool_use use;
	struct server *servers;         /* a piece of the store's, best first */
	unsigned server_n;
	struct conn **conns;
	unsigned conn_n;
	struct conn *probe;             /* looks whether a better server is back */
	struct comeback *comeback;      /* and what the probe found */
	bool is_held;                   /* nothing is sent for a moment */
	struct list queue;              /* calls waiting for a connection */
	unsigned queue_n;
	struct timer wake;
};

struct xdb {
	struct arena arena;             /* owns the strings */
	struct tls_context *tls;
	struct buf bind_password;       /* wiped at the end */
	struct wrong *wrong;
	struct budget *budget;
	struct tempo *tempo;
	struct watch *watch;            /* NULL: nobody wants to know */
	struct names names;
	struct root root;
	struct rules rules;
	const char *password_policy;    /* "": not known */
	unsigned wrong_binds;           /* 0: as the policy says */
	xdb_address_fn *address;        /* NULL: any is one */
	const char *domain, *people_base, *people_filter, *groups_base;
	const char *profiles_base;      /* people_base with is_inline */
	const char *rooms_base, *requests_base;
	bool is_inline;
	struct buf people_normal;       /* people_base in normal form */
	const char *policies_base;      /* what people_base is part of (root.c) */
	const char *bind_dn;
	bool sasl_external, ignore_references;
	enum xdb_deref deref;
	int64_t connect_timeout_ms, timeout_ms, poll_interval_ms;
	int64_t refresh_interval_ms;
	struct server *servers;         /* those of write_uri first, then uri's */
	unsigned server_n, writer_n;
	struct pool search, binds, watchers, writes;
	struct pool *writer;            /* where writes go: `writes` or `search` */
	bool compares_nothing;          /* we may read who somebody is, and not compare it */
	bool filter_asks_groups;        /* people_filter has memberOf: no news says who left */
	struct met *met;                /* names of members, and whose they are */
	struct sound *sound;            /* values that were complained of; NULL: none */
	size_t seek_names;              /* at most in one filter; 0: as many as we like */
	struct fresh *fresh;            /* NULL: what is written is read at once */
	struct list ops;
	struct call *pager;             /* the paged search under way */
	struct list pagers;             /* those who wait for it to end */
	/* health */
	uint64_t operations, failures, requests;
	const char *why;
	/* May it take another's place? (xdb_succession) */
	enum proof { PROOF_NONE, PROOF_ASKED, PROOF_GOOD, PROOF_BAD } proof;
};

#endif
