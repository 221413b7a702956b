/* SPDX-License-Identifier: Apache-2.0 */
/* base/tls_peer.c — see base/tls_peer.h. */
#include "base/tls_peer.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <inttypes.h>
#include <time.h>

#include "base/enc.h"

enum {
	ISSUER_BYTES = 4096, SERIAL_DIGITS = 64,
	CHAIN_MOST = 10, CHAIN_BYTES = 64 * 1024,
};

bool tls_peer_is_client(struct x509_st *cert)
{
	return (X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) != 0
	    && (X509_get_extended_key_usage(cert) & XKU_SSL_CLIENT) != 0;
}

/* --- names --------------------------------------------------------------------- */

/* Nothing that could end a line or a C string, or change what is read. */
static bool is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n != 0 && s.n <= TLS_PEER_NAME_BYTES;
}

/* The string types of both names hold UTF-8, or ASCII, which is. */
static bool is_utf8(const ASN1_STRING *s)
{
	unsigned char *copy = NULL;
	int n = ASN1_STRING_to_UTF8(&copy, s);
	bool is_same = n >= 0 && n == ASN1_STRING_length(s);

	OPENSSL_free(copy);
	return is_same;
}

static bool add_name(struct buf *out, const char *key, const ASN1_STRING *value)
{
	struct slice text = slice_make(ASN1_STRING_get0_data(value),
	    (size_t)ASN1_STRING_length(value));

	if (!is_plain(text) || !is_utf8(value))
		return false;
	buf_addf(out, "%s ", key);
	buf_add(out, text);
	buf_addc(out, '\n');
	return true;
}

/* An otherName of another kind is not our business. */
static bool add_other(struct buf *out, const OTHERNAME *name)
{
	if (OBJ_obj2nid(name->type_id) != NID_XmppAddr)
		return true;
	return name->value != NULL && name->value->type == V_ASN1_UTF8STRING
	    && add_name(out, "jid", name->value->value.utf8string);
}

static bool add_alternative(struct buf *out, const GENERAL_NAME *name)
{
	switch (name->type) {
	case GEN_OTHERNAME:
		return add_other(out, name->d.otherName);
	case GEN_EMAIL:
		return add_name(out, "mail", name->d.rfc822Name);
	default:
		return true;
	}
}

static bool is_named(const GENERAL_NAME *name)
{
	return name->type == GEN_OTHERNAME || name->type == GEN_EMAIL;
}

static bool add_alternatives(struct buf *out, X509 *cert)
{
	int critical, named = 0;
	GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name,
	    &critical, NULL);
	/* -1: there is none; -2: several; 0, 1: one that cannot be decoded. */
	bool is_good = all != NULL || critical == -1;

	for (int i = 0; i < sk_GENERAL_NAME_num(all) && is_good; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

		named += is_named(name);
		is_good = named <= TLS_PEER_NAMES && add_alternative(out, name);
	}
	GENERAL_NAMES_free(all);
	return is_good;
}

/* --- which certificate it is ------------------------------------------------------ */

static bool add_serial(struct buf *out, X509 *cert)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *digits = number != NULL ? BN_bn2dec(number) : NULL;
	bool is_good = digits != NULL && strlen(digits) <= SERIAL_DIGITS;

	if (is_good)
		buf_addf(out, "serial %s\n", digits);
	OPENSSL_free(digits);
	BN_free(number);
	return is_good;
}

static bool add_issuer(struct buf *out, X509 *cert)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n = 0;
	bool is_good = false;

	/* Beyond ASCII as UTF-8; control characters are escaped. */
	if (memory != NULL && X509_NAME_print_ex(memory,
	    X509_get_issuer_name(cert), 0,
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_get_mem_data(memory, &text);
	if (n > 0 && n <= ISSUER_BYTES) {
		buf_adds(out, "issuer ");
		buf_add(out, slice_make(text, (size_t)n));
		buf_addc(out, '\n');
		is_good = true;
	}
	BIO_free(memory);
	return is_good;
}

static bool add_digest(struct buf *out, X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (X509_digest(cert, EVP_sha256(), digest, &n) != 1)
		return false;
	buf_adds(out, "sha256 ");
	enc_hex(out, slice_make(digest, n));
	buf_addc(out, '\n');
	return true;
}

/* --- how long it counts -------------------------------------------------------------- */

static bool seconds_of(const ASN1_TIME *time, int64_t *s_r)
{
	struct tm tm;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*s_r = (int64_t)timegm(&tm);
	return true;
}

/* RFC 6120 §13.7.2.3: the authorities it depends on count as well. */
static bool add_until(struct buf *out, STACK_OF(X509) *chain)
{
	int64_t until_s = INT64_MAX, s;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		if (!seconds_of(X509_get0_notAfter(sk_X509_value(chain, i)), &s))
			return false;
		if (s < until_s)
			until_s = s;
	}
	buf_addf(out, "until %" PRId64 "\n", until_s);
	return true;
}

static bool add_chain(struct buf *out, STACK_OF(X509) *chain)
{
	struct buf all = { 0 };
	bool is_good = sk_X509_num(chain) <= CHAIN_MOST;

	for (int i = 0; i < sk_X509_num(chain) && is_good; i++) {
		unsigned char *der = NULL;
		int n = i2d_X509(sk_X509_value(chain, i), &der);

		is_good = n > 0 && all.n + (size_t)n <= CHAIN_BYTES;
		if (is_good)
			buf_add(&all, slice_make(der, (size_t)n));
		OPENSSL_free(der);
	}
	if (is_good) {
		buf_adds(out, "chain ");
		enc_base64(out, buf_slice(&all));
		buf_addc(out, '\n');
	}
	buf_fini(&all);
	return is_good;
}

bool tls_peer_read(struct slice text, int64_t *until_s_r, struct slice *chain_r)
{
	struct slice line, key, value;
	bool has_until = false;
	uint64_t s;

	*chain_r = slice_make(NULL, 0);
	while (text.n != 0) {
		slice_cut(text, '\n', &line, &text);
		slice_cut(line, ' ', &key, &value);
		if (slice_is(key, "until"))
			has_until = slice_number(value, UINT32_MAX * 64ULL, &s);
		else if (slice_is(key, "chain"))
			*chain_r = value;
	}
	*until_s_r = has_until ? (int64_t)s : 0;
	return has_until && chain_r->n != 0;
}

/* --- and whether it still does --------------------------------------------------------- */

static STACK_OF(X509) *chain_read(struct slice text)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct buf all = { 0 };
	const unsigned char *p, *end;

	if (dec_base64(&all, text)) {
		p = (const unsigned char *)all.p;
		for (end = p + all.n; p != end; ) {
			X509 *one = d2i_X509(NULL, &p, (long)(end - p));

			if (one == NULL || sk_X509_push(chain, one) == 0) {
				X509_free(one);
				break;
			}
		}
	}
	buf_fini(&all);
	return chain;
}

/* What only says that a list is not there, or not of today, is passed over; so a
 * list that is too old still revokes. */
static int pass_over(int is_good, X509_STORE_CTX *store)
{
	switch (X509_STORE_CTX_get_error(store)) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
		return 1;
	default:
		return is_good;
	}
}

bool tls_peer_is_still_good(struct ssl_ctx_st *ctx, struct slice text,
    const char **why_r)
{
	STACK_OF(X509) *chain = chain_read(text);
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	bool is_good = false;

	*why_r = "it cannot be read";
	if (sk_X509_num(chain) > 0 && store != NULL && X509_STORE_CTX_init(store,
	    SSL_CTX_get_cert_store(ctx), sk_X509_value(chain, 0), chain) == 1) {
		/* As libssl sets it up for a handshake. */
		X509_STORE_CTX_set_default(store, "ssl_client");
		X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(store),
		    SSL_CTX_get0_param(ctx));
		X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(store),
		    SSL_CTX_get_security_level(ctx));
		X509_STORE_CTX_set_verify_cb(store, pass_over);
		is_good = X509_verify_cert(store) == 1;
		*why_r = X509_verify_cert_error_string(
		    X509_STORE_CTX_get_error(store));
	}
	X509_STORE_CTX_free(store);
	sk_X509_pop_free(chain, X509_free);
	ERR_clear_error();
	return is_good;
}

/* --- all of it ------------------------------------------------------------------------------ */

bool tls_peer_write(struct stack_st_X509 *chain, struct buf *out)
{
	X509 *cert = sk_X509_value(chain, 0);
	size_t before = out->n;
	bool is_good = add_alternatives(out, cert) && add_serial(out, cert)
	    && add_issuer(out, cert) && add_digest(out, cert)
	    && add_until(out, chain) && add_chain(out, chain);

	ERR_clear_error();
	if (!is_good)
		out->n = before;
	return is_good;
}
