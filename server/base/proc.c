/* SPDX-License-Identifier: Apache-2.0 */
/* base/proc.c — inherited descriptors and the ready byte. */
#include "base/proc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

static int fd_of(struct slice number, struct slice word)
{
	uint64_t fd;

	if (!slice_number(number, 65535, &fd)
	    || fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
		fatal("%s: %s names no open descriptor; this program is started "
		    "by tertuliad", PROC_FDS, log_text(word));
	return (int)fd;
}

size_t proc_inherited(const char *kind, int *fds, size_t room)
{
	struct slice rest = slice_of(getenv(PROC_FDS)), word, is, number;
	size_t n = 0;

	while (n < room && slice_word(&rest, &word)) {
		slice_cut(word, ':', &is, &number);
		if (slice_is(is, kind))
			fds[n++] = fd_of(number, word);
	}
	return n;
}

void proc_ready(void)
{
	static bool is_told;
	int fd;

	if (is_told || proc_inherited("ready", &fd, 1) == 0)
		return;
	is_told = true;
	if (write(fd, "\n", 1) != 1)
		log_event(LOG_WARN, "ready-not-told", "-", "supervisor=gone");
	close(fd);
}
