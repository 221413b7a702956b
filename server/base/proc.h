/* SPDX-License-Identifier: Apache-2.0 */
/* base/proc.h — what a child process gets from its supervisor.
 *
 * tertuliad opens the listening sockets and starts the programs that serve
 * them.  It tells a child about its descriptors in TERTULIA_FDS, words of the
 * form kind:fd; kinds are c2s, c2s_tls, web and ready, the end of a pipe into
 * which the child writes one byte once it serves. */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stddef.h>

#define PROC_FDS "TERTULIA_FDS"

/* Fills `fds` with the inherited descriptors of a kind, in the order of the
 * setting; gives how many there are (at most `room`).  They become
 * close-on-exec.  A list that makes no sense ends the process. */
size_t proc_inherited(const char *kind, int *fds, size_t room);

/* Tells the supervisor that this process serves; once, later calls and calls
 * without a supervisor do nothing. */
void proc_ready(void);

#endif
