/* SPDX-License-Identifier: Apache-2.0 */
/* core/control.h — the control socket: the web process and operators ask here.
 *
 * One JSON object a line (at most 64 KiB), answered in order by one line:
 *
 *   {"id":1,"op":"sessions"}      {"id":1,"ok":true,"sessions":[…]}
 *   {"id":2,"op":"nonsense"}      {"id":2,"ok":false,"error":"…"}
 *
 * The table of operations is control_ops.c.  Who may connect: our own user and
 * root, by the kernel's word (SO_PEERCRED), besides the socket's mode 0600. */
#ifndef CORE_CONTROL_H
#define CORE_CONTROL_H

#include <jansson.h>
#include <stdbool.h>

bool control_start(const char *path, const char **why_r);
void control_stop(void);

/* control_ops.c: fills `answer` (an object); NULL, or what is wrong. */
const char *control_run(const char *op, const json_t *request, json_t *answer);

#endif
