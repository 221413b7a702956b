/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/control.h — asks the im process, through its control socket.
 *
 * One JSON object a line each way.  A call is one connection: it never finds
 * half of somebody else's answer, and an im process that was restarted in the
 * meantime needs no special case. */
#ifndef WEB_CONTROL_H
#define WEB_CONTROL_H

#include <jansson.h>
#include <stdbool.h>

struct control_call;

/* `answer`: the object with "ok":true, borrowed for the callback; NULL: the im
 * process cannot be reached, took too long or said no (the log has it).
 * `is_away`, with NULL alone: nobody listens there, so no im process runs. */
typedef void control_done_fn(const json_t *answer, bool is_away, void *ctx);

/* Takes `request`, an object with "op".  The callback runs once, from the loop,
 * within CONTROL_MS, unless the call is cancelled. */
enum { CONTROL_MS = 2000, CONTROL_ANSWER_MOST = 16 << 20 };
struct control_call *control_ask(const char *socket_path, json_t *request,
    control_done_fn *done, void *ctx);
void control_cancel(struct control_call **callp);

#endif
