/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_cyrus.c — see net/sasl_cyrus.h. */
#include "net/sasl_cyrus.h"

#include <assert.h>
#include <stdlib.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <sasl/saslutil.h>
#include <uv.h>

#include "base/crypto.h"
#include "base/log.h"
#include "net/sasl_verifier.h"

struct cyrus {
	sasl_conn_t *conn;
	sasl_channel_binding_t binding;         /* kept by Cyrus as a pointer */
};

/* For the call into Cyrus that this thread makes now. */
static _Thread_local const char *prefetched;
static const char *keytab;              /* NULL: no GSSAPI; while Cyrus starts */
static bool has_own_random;

/* In place of the library's generator (by the rules of dynamic linking the
 * program's own definition is the one that counts): that one goes on from 48
 * bits, and a nonce has to be unguessable (security TLS-08). */
void sasl_rand(sasl_rand_t *pool, char *out, unsigned n)
{
	(void)pool;
	crypto_random(out, n);
}

static int cyrus_option(void *ctx, const char *plugin, const char *option,
    const char **result_r, unsigned *n_r)
{
	(void)ctx, (void)plugin;
	if (strcmp(option, "auxprop_plugin") == 0)
		*result_r = "prefetch";
	else if (strcmp(option, "mech_list") == 0)
		*result_r = "SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 EXTERNAL "
		    "GSSAPI";
	else if (strcmp(option, "keytab") == 0 && keytab != NULL)
		*result_r = keytab;
	else
		return SASL_FAIL;
	if (n_r != NULL)
		*n_r = (unsigned)strlen(*result_r);
	return SASL_OK;
}

static int cyrus_log(void *ctx, int level, const char *text)
{
	(void)ctx;
	/* Beyond "debug" are traces that contain passwords. */
	if (level > SASL_LOG_NONE && level <= SASL_LOG_DEBUG)
		log_event(LOG_DEBUG, "cyrus-sasl", "-", "text=%s",
		    log_text(slice_of(text)));
	return SASL_OK;
}

static int cyrus_no_configuration(void *ctx, char **path_r)
{
	static char nowhere[] = "/nonexistent";

	(void)ctx;
	*path_r = nowhere;
	return SASL_OK;
}

static int cyrus_file(void *ctx, const char *file, sasl_verify_type_t type)
{
	const char *slash = strrchr(file, '/');
	struct slice name = slice_of(slash != NULL ? slash + 1 : "");

	(void)ctx;
	return type == SASL_VRFY_PLUGIN
	    && (slice_starts(name, SLICE("libscram."))
	    || (keytab != NULL && slice_starts(name, SLICE("libgssapiv2."))))
	    ? SASL_OK : SASL_CONTINUE;
}

/* The rule of net/sasl.h was applied to the first message already. */
static int cyrus_authzid(sasl_conn_t *conn, void *ctx, const char *user,
    unsigned user_n, const char *authid, unsigned authid_n, const char *realm,
    unsigned realm_n, struct propctx *props)
{
	(void)conn, (void)ctx, (void)user, (void)user_n, (void)authid;
	(void)authid_n, (void)realm, (void)realm_n, (void)props;
	return SASL_OK;
}

/* Called once for the person and once for the authzid. */
static int prefetch_lookup(void *ctx, sasl_server_params_t *params,
    unsigned flags, const char *user, unsigned user_n)
{
	(void)ctx, (void)user, (void)user_n;
	if ((flags & SASL_AUXPROP_AUTHZID) != 0)
		return SASL_OK;
	if (prefetched == NULL)         /* EXTERNAL, GSSAPI: nothing need be known */
		return SASL_OK;
	return params->utils->prop_set(params->propctx, "*authPassword",
	    prefetched, -1);
}

static int prefetch_init(const sasl_utils_t *utils, int most, int *version_r,
    sasl_auxprop_plug_t **plugin_r, const char *name)
{
	static char plugin_name[] = "prefetch";
	static sasl_auxprop_plug_t plugin = {
		.name = plugin_name, .auxprop_lookup = prefetch_lookup,
	};

	(void)name;
	if (most < SASL_AUXPROP_PLUG_VERSION)
		return SASL_BADVERS;
	has_own_random = utils->rand == sasl_rand;
	*version_r = SASL_AUXPROP_PLUG_VERSION;
	*plugin_r = &plugin;
	return SASL_OK;
}

/* Cyrus keeps callbacks of all types as one. */
#define CALLBACK(fn) (sasl_callback_ft)(void (*)(void))(fn)

static const sasl_callback_t callbacks[] = {
	{ SASL_CB_GETOPT, CALLBACK(cyrus_option), NULL },
	{ SASL_CB_LOG, CALLBACK(cyrus_log), NULL },
	{ SASL_CB_GETCONFPATH, CALLBACK(cyrus_no_configuration), NULL },
	{ SASL_CB_VERIFYFILE, CALLBACK(cyrus_file), NULL },
	{ SASL_CB_PROXY_POLICY, CALLBACK(cyrus_authzid), NULL },
	{ SASL_CB_LIST_END, NULL, NULL },
};

static bool has_mechanism(const char *name)
{
	const char **at = sasl_global_listmech();

	while (at != NULL && *at != NULL && strcmp(*at, name) != 0)
		at++;
	return at != NULL && *at != NULL;
}

/* All of ours were found among the plugins. */
static bool has_scram(void)
{
	for (const struct verifier_hash *h = verifier_hashes;
	    h->scheme != NULL; h++)
		if (!has_mechanism(h->scheme))
			return false;
	return true;
}

/* --- several threads ------------------------------------------------------------ */

static void *lock_new(void)
{
	uv_mutex_t *m = NEW(uv_mutex_t);

	if (uv_mutex_init(m) != 0)
		panic("no lock for Cyrus SASL");
	return m;
}

static int lock_take(void *lock)
{
	uv_mutex_lock(lock);
	return SASL_OK;
}

static int lock_give(void *lock)
{
	uv_mutex_unlock(lock);
	return SASL_OK;
}

static void lock_free(void *lock)
{
	uv_mutex_destroy(lock);
	free(lock);
}

/* --- start and end ----------------------------------------------------------------- */

/* Of a list of files the first that says something of a setting decides. */
static void kerberos_prepare(const struct cyrus_kerberos *k)
{
	struct buf list = { 0 };

	keytab = k->keytab;
	buf_addf(&list, "%s:/etc/krb5.conf", k->conf);
	setenv("KRB5_CONFIG", buf_cstr(&list), 1);
	buf_fini(&list);
}

bool cyrus_start(const struct cyrus_kerberos *kerberos, const char **why_r)
{
	*why_r = NULL;
	unsetenv("SASL_PATH");
	unsetenv("SASL_CONF_PATH");
	if (kerberos != NULL)
		kerberos_prepare(kerberos);
	sasl_set_mutex(lock_new, lock_take, lock_give, lock_free);
	if (sasl_server_init(callbacks, "tertulia") != SASL_OK
	    || sasl_auxprop_add_plugin("prefetch", prefetch_init) != SASL_OK)
		*why_r = "Cyrus SASL does not start";
	else if (!has_own_random)
		*why_r = "Cyrus SASL insists on its own random numbers";
	else if (!has_scram())
		*why_r = "Cyrus SASL has no SCRAM (package libsasl2-modules)";
	else if (keytab != NULL && !has_mechanism("GSSAPI"))
		*why_r = "keytab: Cyrus SASL has no GSSAPI (package "
		    "libsasl2-modules-gssapi-mit)";
	keytab = NULL;
	return *why_r == NULL;
}

void cyrus_stop(void)
{
	sasl_server_done();
}

struct cyrus *cyrus_new(const char *domain, const char *binding_name,
    struct slice binding)
{
	struct cyrus *c = NEW(struct cyrus);

	if (sasl_server_new("xmpp", domain, domain, NULL, NULL, NULL,
	    SASL_SUCCESS_DATA, &c->conn) != SASL_OK)
		return c;
	c->binding = (sasl_channel_binding_t){
		.name = binding_name, .critical = 1, .len = binding.n,
		.data = (const unsigned char *)binding.p,
	};
	if (binding.n != 0)
		sasl_setprop(c->conn, SASL_CHANNEL_BINDING, &c->binding);
	return c;
}

struct cyrus *cyrus_new_gssapi(const char *host)
{
	static const sasl_security_properties_t no_layer = { .max_ssf = 0 };
	struct cyrus *c = NEW(struct cyrus);

	if (sasl_server_new("xmpp", host, NULL, NULL, NULL, NULL,
	    SASL_SUCCESS_DATA, &c->conn) == SASL_OK
	    && sasl_setprop(c->conn, SASL_SEC_PROPS, &no_layer) == SASL_OK)
		return c;
	sasl_dispose(&c->conn);
	return c;
}

void cyrus_free(struct cyrus **cp)
{
	struct cyrus *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	if (c->conn != NULL)
		sasl_dispose(&c->conn);
	free(c);
}

static enum cyrus_answer answer_of(int r, const char *text, unsigned n,
    struct buf *out)
{
	switch (r) {
	case SASL_OK:
	case SASL_CONTINUE:
		buf_add(out, slice_make(text, n));
		return r == SASL_OK ? CYRUS_DONE : CYRUS_MORE;
	case SASL_NOMEM:
	case SASL_NOMECH:
	case SASL_NOTINIT:
		return CYRUS_BROKEN;
	default:
		return CYRUS_NO;
	}
}

enum cyrus_answer cyrus_begin(struct cyrus *c, const char *mechanism,
    const char *verifier, struct slice message, struct buf *out)
{
	const char *text = NULL;
	unsigned n = 0;
	int r;

	if (c->conn == NULL)
		return CYRUS_BROKEN;
	prefetched = verifier;
	r = sasl_server_start(c->conn, mechanism, message.p,
	    (unsigned)message.n, &text, &n);
	prefetched = NULL;
	return answer_of(r, text, n, out);
}

enum cyrus_answer cyrus_external(struct cyrus *c, const char *name,
    struct buf *out)
{
	const char *text = NULL;
	unsigned n = 0;

	if (c->conn == NULL
	    || sasl_setprop(c->conn, SASL_AUTH_EXTERNAL, name) != SASL_OK)
		return CYRUS_BROKEN;
	return answer_of(sasl_server_start(c->conn, "EXTERNAL", "", 0, &text,
	    &n), text, n, out);
}

enum cyrus_answer cyrus_step(struct cyrus *c, struct slice message,
    struct buf *out)
{
	const char *text = NULL;
	unsigned n = 0;
	/* An empty response is one: no pointer would mean that none came. */
	int r = sasl_server_step(c->conn, message.n != 0 ? message.p : "", (unsigned)message.n,
	    &text, &n);

	return answer_of(r, text, n, out);
}

bool cyrus_names(const struct cyrus *c, const char **authid_r,
    const char **authzid_r)
{
	const void *authid = NULL, *authzid = NULL, *ssf = NULL;

	if (c->conn == NULL
	    || sasl_getprop(c->conn, SASL_SSF, &ssf) != SASL_OK
	    || *(const sasl_ssf_t *)ssf != 0
	    || sasl_getprop(c->conn, SASL_AUTHUSER, &authid) != SASL_OK
	    || sasl_getprop(c->conn, SASL_USERNAME, &authzid) != SASL_OK
	    || authid == NULL || authzid == NULL)
		return false;
	*authid_r = authid;
	*authzid_r = authzid;
	return true;
}
