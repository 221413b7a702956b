/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/cert.c — certificates in files and of servers, looked at (OpenSSL).
 *
 * Whether a certificate is trusted is asked of base/tls, which does it as the
 * server will; here it is only read, so that a refusal can be explained. */
#include "ctl/cert.h"

#include <arpa/inet.h>
#include <poll.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "ctl/wire.h"

static int64_t seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void name_add(struct buf *names, const GENERAL_NAME *name)
{
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
	const unsigned char *p;
	char text[INET6_ADDRSTRLEN] = "";
	int n;

	if (type != GEN_DNS && type != GEN_IPADD)
		return;
	p = ASN1_STRING_get0_data(value);
	n = ASN1_STRING_length(value);
	buf_adds(names, names->n != 0 ? ", " : "");
	if (type == GEN_DNS)
		buf_add(names, slice_make(p, (size_t)n));
	else if (inet_ntop(n == 4 ? AF_INET : AF_INET6, p, text, sizeof text)
	    != NULL && (n == 4 || n == 16))
		buf_adds(names, text);
}

/* Takes x509. */
static void cert_take(struct cert *c, X509 *x509)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL,
	    NULL);

	*c = (struct cert){ .x509 = x509 };
	c->begins = seconds_of(X509_get0_notBefore(x509));
	c->ends = seconds_of(X509_get0_notAfter(x509));
	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++)
		name_add(&c->names, sk_GENERAL_NAME_value(all, i));
	GENERAL_NAMES_free(all);
}

bool cert_read(const char *path, struct cert *cert_r, const char **why_r)
{
	BIO *in = BIO_new_file(path, "r");
	X509 *x509 = in != NULL ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;

	BIO_free(in);
	ERR_clear_error();
	*why_r = "no certificate in PEM form is in it";
	if (x509 != NULL)
		cert_take(cert_r, x509);
	return x509 != NULL;
}

static void file_take(struct cert_file *f, const X509_INFO *one)
{
	if (one->x509 != NULL) {
		int64_t begins = seconds_of(X509_get0_notBefore(one->x509));
		int64_t ends = seconds_of(X509_get0_notAfter(one->x509));

		f->cert_n++;
		f->begins = begins > f->begins ? begins : f->begins;
		f->ends = ends < f->ends ? ends : f->ends;
	}
	if (one->crl != NULL) {
		const ASN1_TIME *next = X509_CRL_get0_nextUpdate(one->crl);
		int64_t ends = next != NULL ? seconds_of(next) : INT64_MAX;

		f->list_n++;
		f->lists_end = ends < f->lists_end ? ends : f->lists_end;
	}
}

void cert_file_read(const char *path, struct cert_file *file_r)
{
	BIO *in = BIO_new_file(path, "r");
	STACK_OF(X509_INFO) *all = in != NULL
	    ? PEM_X509_INFO_read_bio(in, NULL, NULL, NULL) : NULL;

	*file_r = (struct cert_file){ .ends = INT64_MAX, .lists_end = INT64_MAX };
	for (int i = 0; i < sk_X509_INFO_num(all); i++)
		file_take(file_r, sk_X509_INFO_value(all, i));
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	BIO_free(in);
	ERR_clear_error();
}

/* True when it came to a certificate, however the handshake ended. */
static bool shake(SSL *ssl, int fd, int64_t until_ms)
{
	for (;;) {
		struct pollfd p = { .fd = fd };
		int ret, left;

		ERR_clear_error();
		ret = SSL_do_handshake(ssl);
		if (ret == 1 || SSL_get0_peer_certificate(ssl) != NULL)
			return SSL_get0_peer_certificate(ssl) != NULL;
		ret = SSL_get_error(ssl, ret);
		p.events = ret == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		left = (int)(until_ms - wire_now_ms());
		if ((ret != SSL_ERROR_WANT_READ && ret != SSL_ERROR_WANT_WRITE)
		    || left <= 0 || poll(&p, 1, left) <= 0)
			return false;
	}
}

static bool is_address(const char *host)
{
	unsigned char bytes[sizeof (struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1
	    || inet_pton(AF_INET6, host, bytes) == 1;
}

bool cert_fetch(int fd, const char *host, int64_t limit_ms, struct cert *cert_r)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = ctx != NULL ? SSL_new(ctx) : NULL;
	bool is_there = false;

	if (ssl != NULL && SSL_set_fd(ssl, fd) == 1) {
		/* Only looked at: nothing is ever sent over this connection. */
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
		if (!is_address(host))
			SSL_set_tlsext_host_name(ssl, (char *)(uintptr_t)host);
		SSL_set_connect_state(ssl);
		is_there = shake(ssl, fd, wire_now_ms() + limit_ms);
	}
	if (is_there)
		cert_take(cert_r, SSL_get1_peer_certificate(ssl));
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return is_there;
}

bool cert_covers(const struct cert *c, const char *host)
{
	if (is_address(host))
		return X509_check_ip_asc(c->x509, host, 0) == 1;
	return X509_check_host(c->x509, host, strlen(host),
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
	    | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}

void cert_fini(struct cert *c)
{
	X509_free(c->x509);
	buf_fini(&c->names);
	*c = (struct cert){ 0 };
}
