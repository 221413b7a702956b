/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/cert.h — what a certificate says: whose it is, and until when. */
#ifndef CTL_CERT_H
#define CTL_CERT_H

#include "base/str.h"

struct x509_st;

struct cert {
	struct x509_st *x509;
	int64_t begins, ends;           /* seconds since 1970 */
	struct buf names;               /* "a.example, b.example" */
};

/* The first certificate of a PEM file. */
bool cert_read(const char *path, struct cert *cert_r, const char **why_r);
/* The one a TLS server shows on this socket, trusted or not, within limit_ms. */
bool cert_fetch(int fd, const char *host, int64_t limit_ms, struct cert *cert_r);
/* By its dNSName or iPAddress values, as RFC 6125 §6.4 wants it. */
bool cert_covers(const struct cert *cert, const char *host);
/* What a PEM file holds: certificates, and lists of revoked ones. */
struct cert_file {
	unsigned cert_n, list_n;
	int64_t begins, ends;           /* while all its certificates are valid */
	int64_t lists_end;              /* when the first list wants to be renewed */
};
/* Nothing, when it cannot be read. */
void cert_file_read(const char *path, struct cert_file *file_r);
void cert_fini(struct cert *cert);

#endif
