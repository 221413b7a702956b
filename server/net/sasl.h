/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl.h — SASL as a server, always in the same three moves:
 *
 *   1. sasl_look: the client's first message is parsed strictly by ourselves;
 *      it names the person (SASL-01..07);
 *   2. the caller fetches from the directory what the name needs;
 *   3. sasl_step: the mechanism runs in memory (Cyrus SASL for SCRAM and
 *      EXTERNAL), or, for PLAIN, the caller checks the password by an LDAP bind.
 *
 * With EXTERNAL the person is named by the certificate of the TLS client, which
 * was verified in the handshake, or by what the directory says of it.  With GSSAPI
 * the ticket names the person, so move 3 comes before move 2: sasl_run.
 *
 * One rule for authzid: empty, or the bare JID or local part of the person
 * authenticated, after preparation; anything else is invalid-authzid.
 * <sasl/sasl.h> is included in net/sasl_cyrus.c alone. */
#ifndef NET_SASL_H
#define NET_SASL_H

#include "base/str.h"
#include "xml/jid.h"

enum sasl_result {
	SASL_DONE = 0,          /* authenticated; `out` is the success data      */
	SASL_MORE,              /* `out` is the challenge                        */
	/* RFC 6120 §6.5, ready to be sent: */
	SASL_FAIL_ABORTED, SASL_FAIL_ENCODING, SASL_FAIL_AUTHZID,
	SASL_FAIL_MECHANISM, SASL_FAIL_MALFORMED, SASL_FAIL_NOT_AUTHORIZED,
	SASL_FAIL_TEMPORARY, SASL_FAIL_ENCRYPTION, SASL_FAIL_DISABLED,
	SASL_FAIL_EXPIRED,
	SASL_FAIL_DOWNGRADE,            /* not-authorized; the log says why */
};
const char *sasl_failure_name(enum sasl_result r);      /* "not-authorized" … */

struct sasl_binding {                   /* what this connection can bind to */
	struct slice unique, exporter, end_point;       /* empty: not available */
	bool is_tls13;
	struct slice certificate;       /* base/tls_peer.h; empty: none that passed */
	/* Offer PLAIN alone, where it is on offer: who introduced itself by name
	 * has no verifiers yet (core/introduction.h). */
	bool is_plain_only;
};

struct sasl_conf {
	const char *domain;
	const struct conf_list *mechanisms;     /* [sasl] mechanisms */
	unsigned iterations;
	const struct conf_list *certificate_names;      /* NULL: no EXTERNAL */
	const char *keytab;                     /* NULL or "": no GSSAPI */
	const char *kerberos_host;              /* service principal: xmpp/<host> */
	const struct conf_list *kerberos_realms;        /* of people */
};
/* Once, before the first exchange; false and a reason when Cyrus is unusable.
 * Also makes the secret from which salts of unknown people are derived; it is
 * kept in `state_dir` so that they survive a restart (SASL-07). */
bool sasl_start(const struct sasl_conf *conf, const char *state_dir, const char **why_r);
void sasl_stop(void);
/* Another conf, for exchanges that begin from now on; of Kerberos the realms alone. */
void sasl_reload(const struct sasl_conf *conf);

/* Mechanism names on offer for a connection, in order, into `names` (static
 * strings); -PLUS only when it can bind, EXTERNAL only for a certificate by which
 * somebody of ours can log in. */
size_t sasl_offer(const struct sasl_binding *binding, const char **names, size_t room);

/* True for half of all names, the same at each call and after a restart: how to
 * treat a name that is nobody's, so that the treatment tells nothing. */
bool sasl_coin(struct slice name);

struct sasl;                            /* one exchange */

/* Move 1.  `mechanism` must be one that was offered; `initial` is the decoded
 * initial response, NULL when the client sent none (then SASL_MORE with an
 * empty challenge, and sasl_first takes the response).  On SASL_DONE and
 * SASL_MORE the exchange is in *sp, otherwise that is NULL; after SASL_DONE
 * sasl_name() is known. */
enum sasl_result sasl_look(struct sasl **sp, const struct sasl_binding *binding,
    struct slice mechanism, const struct slice *initial);
enum sasl_result sasl_first(struct sasl *s, struct slice response);
/* Canonical local part; empty while nobody is named. */
struct slice sasl_name(const struct sasl *s);
const char *sasl_mechanism(const struct sasl *s);       /* for the log */
enum sasl_kind { SASL_PLAIN, SASL_SCRAM, SASL_EXTERNAL, SASL_GSSAPI };
enum sasl_kind sasl_kind(const struct sasl *s);
struct slice sasl_password(const struct sasl *s);       /* PLAIN; wiped by sasl_free */

/* EXTERNAL after SASL_DONE of move 1, when it needs the directory to name the
 * person: who has one of these mail addresses, or this certificate (by its issuer
 * and serial number, then by its digest in hex).  NULL: the person is named.
 * Valid as long as the exchange and the binding's slices. */
struct sasl_search {
	struct slice mails[8];
	size_t mail_n;                  /* 0: by the certificate */
	struct slice serial, issuer, sha256;
};
const struct sasl_search *sasl_search(const struct sasl *s);
/* It is this person, whose name is prepared here; now the authzid counts. */
enum sasl_result sasl_found(struct sasl *s, struct slice name);

/* Move 3 for EXTERNAL: nothing is left to be proved, so it ends at once. */
enum sasl_result sasl_prove(struct sasl *s);

/* Moves of GSSAPI, on the thread pool: after SASL_DONE of move 1 with an empty
 * response, then with each that comes.  `ran` is called from the loop, never after
 * sasl_free: SASL_MORE and the challenge; SASL_DONE, and sasl_name() is known; or
 * a failure.  One at a time. */
typedef void sasl_ran_fn(void *ctx, enum sasl_result r, struct slice out);
void sasl_run(struct sasl *s, struct slice response, sasl_ran_fn *ran, void *ctx);

/* Move 3 for SCRAM: the person's verifiers (RFC 5803 text), or none for an
 * unknown person or one without: then a made-up one, the same at each try, is
 * used and the end is SASL_FAIL_NOT_AUTHORIZED.  First call answers the
 * message that sasl_look read. */
enum sasl_result sasl_begin(struct sasl *s, const struct slice *verifiers, size_t n, struct buf *out);
enum sasl_result sasl_step(struct sasl *s, struct slice response, struct buf *out);
void sasl_free(struct sasl **sp);

/* New verifiers for all SCRAM hashes on offer, as RFC 5803 text; slow by
 * purpose (PBKDF2): run it on the thread pool.  Gives how many, none for a
 * password that no client could prepare (RFC 8265 §4); `out[i]` are buffers the
 * caller wipes. */
enum { SASL_VERIFIERS = 3 };
size_t sasl_make_verifiers(struct slice password, unsigned iterations, struct buf out[SASL_VERIFIERS]);
/* One that fits no password, and takes as long to find out (SCRAM-SHA-256). */
void sasl_unfit_verifier(unsigned iterations, struct buf *out);
/* Is it the verifier of this password?  As slow. */
bool sasl_is_verifier_of(struct slice verifier, struct slice password);

#endif
