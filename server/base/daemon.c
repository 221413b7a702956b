/* SPDX-License-Identifier: Apache-2.0 */
/* base/daemon.c — a long-running program and the system around it. */
#include "base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

void daemon_notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path != NULL ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof to.sun_path || (*path != '/' && *path != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (*path == '@')               /* an abstract name */
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL,
	    (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		log_event(LOG_WARN, "notify-failed", "-", "error=\"%s\"",
		    strerror(errno));
	if (fd >= 0)
		close(fd);
}

static bool is_unwanted(const char *name)
{
	static const char *const starts[] = {
		"LDAP", "SASL_", "LD_", "OPENSSL_", "GNUTLS_", "SSL_",
		"SSLKEYLOGFILE", "KRB5", "UV_", "TERTULIA_FDS",
	};

	if (strncmp(name, "LD_LIBRARY_PATH=", 16) == 0)
		return false;
	for (size_t i = 0; i < COUNT(starts); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

void daemon_clean_environment(void)
{
	for (size_t i = 0; environ[i] != NULL; ) {
		struct slice name, value;
		char *copy;

		if (!is_unwanted(environ[i])) {
			i++;
			continue;
		}
		slice_cut(slice_of(environ[i]), '=', &name, &value);
		copy = slice_new(name);
		if (unsetenv(copy) != 0)
			fatal("environment: %s cannot be removed", copy);
		free(copy);
	}
	setenv("LDAPNOINIT", "1", 1);
	/* A library's first call of a function is looked up with all registers saved on
	 * the stack, vectors too: memcpy leaves passwords in those (ld.so(8)). */
	setenv("LD_BIND_NOW", "1", 1);
}

bool daemon_write_file(const char *path, struct slice text)
{
	struct buf beside = { 0 };
	bool is_good;
	int fd, error;

	buf_addf(&beside, "%s.new", path);
	fd = open(buf_cstr(&beside), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	is_good = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n
	    && rename(buf_cstr(&beside), path) == 0;
	error = errno;
	if (fd >= 0)
		close(fd);
	buf_fini(&beside);
	errno = error;
	return is_good;
}
