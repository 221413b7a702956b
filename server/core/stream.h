/* SPDX-License-Identifier: Apache-2.0 */
/* core/stream.h — a client's stream: the state machine from header to bound. */
#ifndef CORE_STREAM_H
#define CORE_STREAM_H

#include "core/session.h"
#include "net/io.h"

/* Every event of net/io comes here. */
void stream_io_event(struct io_event *ev, void *ctx);

/* The job of this stream is over: the next element's turn. */
void stream_job_over(struct stream *st);
void stream_send(struct stream *st, struct slice xml);
/* Stream error (RFC 6120 §4.9; text NULL: none), close tag, close. */
void stream_fail(struct stream *st, const char *condition, const char *text);
/* </stream:stream> and close, without an error. */
void stream_end(struct stream *st);
/* Shutdown: every stream gets <system-shutdown/>. */
void stream_end_all(const char *condition);
size_t stream_count(void);

/* For the log; static ring. */
const char *stream_who(const struct stream *st);
const struct io_peer *stream_peer(const struct stream *st);
conn_id stream_conn(const struct stream *st);

#endif
