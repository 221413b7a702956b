/* SPDX-License-Identifier: Apache-2.0 */
/* base/log.h — one line per event: `level event who key=value …`.
 *
 *   info  session-bound  c2s/4711 lucia@example.org/phone  sessions=2
 *
 * Never a message body, never a secret.  Text that came from a peer is passed
 * through %S-like helper log_text(), which escapes controls and quotes.
 *
 * error: an operator must act.  warn: something is off and the service goes on.
 * info: life of sessions and rooms.  debug: for developers. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* `path` NULL or "stderr": standard error.  May be called again (reopen);
 * false and the old target kept when the file cannot be opened. */
bool log_open(const char *path, enum log_level least, const char **why_r);

/* event: a fixed word-with-dashes; who: "c2s/12 ann@…" or "-"; then key=value. */
void log_event(enum log_level level, const char *event, const char *who,
    const char *fmt, ...) FORMAT(4, 5);

/* A printable, quoted copy of peer's text, cut at 120 bytes; from a small ring
 * of static buffers (valid for the next 7 calls on this thread). */
const char *log_text(struct slice s);

/* Start-up cannot go on: message to standard error, exit 1. */
void fatal(const char *fmt, ...) FORMAT(1, 2) __attribute__((noreturn));
/* Our own promise is broken: message, abort. */
void panic(const char *fmt, ...) FORMAT(1, 2) __attribute__((noreturn));

#endif
