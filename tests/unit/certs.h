/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/certs.h — a private authority and certificates for one test,
 * made by openssl(1) in a directory of its own, gone with certs_fini(). */
#ifndef TESTS_CERTS_H
#define TESTS_CERTS_H

#include <sys/wait.h>

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/tap.h"

static char certs_dir[64];
static char certs_names[24][128];
static unsigned certs_turn;

/* Path of a file in the directory; from a ring of 24. */
static inline const char *certs_path(const char *file)
{
	char *path = certs_names[certs_turn++ % COUNT(certs_names)];

	snprintf(path, sizeof *certs_names, "%s/%s", certs_dir, file);
	return path;
}

/* Runs a program found in PATH, silently; true when it exits with 0. */
static inline bool certs_run(const char *const *argv)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (freopen("/dev/null", "r", stdin) == NULL
		    || freopen("/dev/null", "w", stdout) == NULL
		    || freopen(certs_path("log"), "a", stderr) == NULL)
			_exit(126);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static inline void certs_write(const char *file, const char *text)
{
	FILE *f = fopen(certs_path(file), "w");

	if (f != NULL) {
		fputs(text, f);
		fclose(f);
	}
}

/* `kind` as for genpkey -algorithm / -pkeyopt; opt NULL: none. */
static inline bool certs_key(const char *file, const char *kind, const char *opt)
{
	const char *argv[] = { "openssl", "genpkey", "-algorithm", kind, "-out",
		certs_path(file), opt != NULL ? "-pkeyopt" : NULL, opt, NULL };

	return certs_run(argv);
}

/* <name>.pem for <name>.key, signed by the authority with hash `md`. */
static inline bool certs_sign(const char *name, const char *md, const char *san)
{
	char key[40], csr[40], pem[40], ext[40], text[256];

	snprintf(key, sizeof key, "%s.key", name);
	snprintf(csr, sizeof csr, "%s.csr", name);
	snprintf(pem, sizeof pem, "%s.pem", name);
	snprintf(ext, sizeof ext, "%s.ext", name);
	snprintf(text, sizeof text, "subjectAltName=%s\n", san);
	certs_write(ext, text);
	const char *request[] = { "openssl", "req", "-new", "-key",
		certs_path(key), "-subj", "/CN=tertulia test", "-out",
		certs_path(csr), NULL };
	const char *sign[] = { "openssl", "x509", "-req", "-in",
		certs_path(csr), "-CA", certs_path("ca.pem"), "-CAkey",
		certs_path("ca.key"), "-CAcreateserial", md, "-days", "2",
		"-extfile", certs_path(ext), "-out", certs_path(pem), NULL };

	return certs_run(request) && certs_run(sign);
}

static inline int certs_unlink(const char *path, const struct stat *st,
    int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static inline void certs_fini(void)
{
	nftw(certs_dir, certs_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

/* The authority, and ec.key/ec.pem for "im.example.org" and 127.0.0.1. */
static inline bool certs_init(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(certs_dir, sizeof certs_dir, "%.40s/tertulia-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(certs_dir) == NULL
	    || !certs_key("ca.key", "EC", "ec_paramgen_curve:P-256"))
		return false;
	const char *ca[] = { "openssl", "req", "-x509", "-key",
		certs_path("ca.key"), "-subj", "/CN=tertulia test CA", "-days",
		"2", "-out", certs_path("ca.pem"), NULL };

	return certs_run(ca)
	    && certs_key("ec.key", "EC", "ec_paramgen_curve:P-256")
	    && certs_sign("ec", "-sha256", "DNS:im.example.org,IP:127.0.0.1");
}

#endif
