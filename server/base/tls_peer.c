/* SPDX-License-Identifier: Apache-2.0 */
/* base/tls_peer.c — see base/tls_peer.h. */
#include "base/tls_peer.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/enc.h"

enum { ISSUER_BYTES = 4096, SERIAL_DIGITS = 64 };

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

bool tls_peer_write(struct x509_st *cert, struct buf *out)
{
	size_t before = out->n;
	bool is_good = add_alternatives(out, cert) && add_serial(out, cert)
	    && add_issuer(out, cert) && add_digest(out, cert);

	ERR_clear_error();
	if (!is_good)
		out->n = before;
	return is_good;
}
