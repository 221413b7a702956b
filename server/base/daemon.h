/* SPDX-License-Identifier: Apache-2.0 */
/* base/daemon.h — a long-running program and the system around it. */
#ifndef BASE_DAEMON_H
#define BASE_DAEMON_H

#include "base/str.h"

/* systemd's readiness protocol, "READY=1" and its like; nothing without
 * $NOTIFY_SOCKET.  What cannot be sent is logged. */
void daemon_notify(const char *text);

/* Takes away the variables that steer libraries: for this program and those it
 * starts, the configuration alone decides (security OPS-14). */
void daemon_clean_environment(void);

/* Whole or not at all: written beside `path`, mode 0600, and renamed.  False
 * with errno set. */
bool daemon_write_file(const char *path, struct slice text);

#endif
