/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_own.h — what the files of SASL share; nobody else includes it.
 *
 * sasl_offer.c has the table of mechanisms and what of it is on offer; each kind of
 * mechanism is a file (sasl_plain.c, sasl_scram.c, sasl_external.c, sasl_ticket.c)
 * that ends in a struct sasl_method; sasl.c has what is the same for all: the first
 * move, names, authzids.  A further kind is a file and a row. */
#ifndef NET_SASL_OWN_H
#define NET_SASL_OWN_H

#include "net/sasl.h"
#include "net/sasl_certificate.h"
#include "net/sasl_cyrus.h"
#include "net/sasl_gssapi.h"
#include "net/sasl_verifier.h"

struct mechanism;
struct sasl_setup;

/* What each kind does in its own way. */
struct sasl_method {
	enum sasl_kind kind;
	size_t message_most;            /* bytes of the client's first */
	/* Is there what it needs?  NULL: [sasl] mechanisms names it, or not. */
	bool (*is_on)(const struct sasl_setup *setup);
	/* Is it for a connection that has this?  NULL: for any. */
	bool (*is_for)(const struct mechanism *m, const struct sasl_binding *b);
	/* Takes what it needs of the connection.  NULL: nothing. */
	void (*open)(struct sasl *s, const struct sasl_binding *b);
	/* Move 1: reads s->message.  On SASL_DONE the person is named, or the
	 * directory (sasl_search) or the ticket (sasl_run) will name it. */
	enum sasl_result (*look)(struct sasl *s);
};
extern const struct sasl_method sasl_plain, sasl_scram, sasl_external, sasl_ticket;

struct mechanism {
	const char *name;
	const struct sasl_method *method;
	const struct verifier_hash *hash;       /* SCRAM */
	bool is_plus;
};

/* What sasl_start() was told, the same for all exchanges. */
struct sasl_setup {
	char *domain;
	const struct conf_list *certificate_names;      /* NULL: no EXTERNAL */
	const struct conf_list *kerberos_realms;
	const char *keytab;             /* NULL: no GSSAPI */
	char *kerberos_host;
	unsigned iterations;
	unsigned char secret[VERIFIER_SECRET];
};
const struct sasl_setup *sasl_setup(void);

/* On offer, in order; NULL behind the last. */
const struct mechanism *sasl_offered(size_t i);
/* NULL: this connection was not offered any of that name. */
const struct mechanism *sasl_offered_find(struct slice name,
    const struct sasl_binding *b);
/* Is there PLAIN, for anybody? */
bool sasl_has_plain(void);

enum sasl_state { SASL_WANTS_FIRST, SASL_LOOKED, SASL_BEGUN, SASL_OVER };

struct sasl {
	const struct mechanism *mechanism;
	enum sasl_state state;
	struct buf message;             /* the client's first; may hold a password */
	struct slice password, authzid; /* in it; the authzid of EXTERNAL */
	struct certificate certificate; /* EXTERNAL: whom it can be */
	struct arena arena;
	struct slice name;              /* canonical, in the arena */
	struct cyrus *cyrus;
	/* SCRAM */
	struct buf unique, exporter, end_point; /* the connection's */
	struct buf final_binding;       /* what c= has to be */
	struct buf binding_data;
	char binding_name[32];          /* "": none */
	/* GSSAPI */
	struct gssapi *gssapi;
	sasl_ran_fn *ran;
	void *ran_ctx;
};

/* Names the person, who asks to act as `authzid`.  A name that no account can have
 * fails like one that nobody has. */
enum sasl_result sasl_look_name(struct sasl *s, struct slice name,
    struct slice authzid);
/* Empty, or the person named: local part or bare JID, as prepared. */
bool sasl_is_own(struct sasl *s, struct slice authzid);
/* What Cyrus said; the exchange goes on, or is over. */
enum sasl_result sasl_result_of(struct sasl *s, enum cyrus_answer answer);

/* Starts Cyrus, for GSSAPI with a krb5.conf of our own in `state_dir`, once the
 * setup is known. */
bool sasl_ticket_start(const char *state_dir, const char **why_r);

#endif
