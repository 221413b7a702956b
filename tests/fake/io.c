/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fake/io.c — included by the test that wants it. */
#include "tests/fake/io.h"

#include <assert.h>

#include "core/stream.h"
#include "xml/ns.h"

enum { CONNS = 16 };

static struct fake_conn {
	struct parser *parser;
	struct buf out, heard, waiting;
	bool is_open, is_closed, is_paused;
} conns[CONNS];

static const struct parse_limits limits = { 262144, 64, 2000, 64, 0 };

static struct fake_conn *conn_of(conn_id c)
{
	assert(c >= 1 && c <= CONNS);
	return &conns[c - 1];
}

conn_id fake_io_open(void)
{
	static const struct io_peer peer = { .address = "198.51.100.7:4711", .is_secured = true,
		.is_tls13 = true, .tls_version = "TLSv1.3", .tls_cipher = "TLS_AES_256_GCM_SHA384" };
	struct io_event ev = { .kind = IO_OPENED, .peer = &peer };

	for (conn_id c = 1; c <= CONNS; c++)
		if (!conn_of(c)->is_open) {
			*conn_of(c) = (struct fake_conn){ .is_open = true, .parser = parser_new(&limits) };
			ev.conn = c;
			stream_io_event(&ev, NULL);
			return c;
		}
	assert(!"no connection left");
	return 0;
}

static void one_event(conn_id c, enum parse_event got, struct io_event *ev)
{
	static const enum io_kind kinds[] = { [PARSE_HEADER] = IO_HEADER, [PARSE_ELEMENT] = IO_ELEMENT,
		[PARSE_FOOTER] = IO_FOOTER, [PARSE_ERROR] = IO_MALFORMED };

	ev->kind = kinds[got];
	ev->conn = c;
	stream_io_event(ev, NULL);
}

void fake_io_say(conn_id c, const char *xml)
{
	struct fake_conn *k = conn_of(c);
	struct slice in = slice_of(xml);

	while (k->is_open && !k->is_closed) {
		struct io_event ev = { .conn = c };
		enum parse_event got = parser_feed(k->parser, &in, &ev.arena, &ev.elem, &ev.error);

		if (got == PARSE_MORE)
			return;
		one_event(c, got, &ev);
	}
}

const char *fake_io_heard(conn_id c)
{
	struct fake_conn *k = conn_of(c);

	buf_clear(&k->heard);
	buf_add(&k->heard, buf_slice(&k->out));
	buf_clear(&k->out);
	return buf_cstr(&k->heard);
}

bool fake_io_is_closed(conn_id c)
{
	return conn_of(c)->is_closed;
}

void fake_io_hang_up(conn_id c)
{
	struct fake_conn *k = conn_of(c);
	struct io_event ev = { .kind = IO_CLOSED, .conn = c, .why = IO_BY_PEER };

	if (!k->is_open)
		return;
	k->is_open = false;
	stream_io_event(&ev, NULL);
	parser_free(&k->parser);
	buf_fini(&k->out);
	buf_fini(&k->heard);
}

void fake_io_reset(void)
{
	for (conn_id c = 1; c <= CONNS; c++)
		fake_io_hang_up(c);
}

/* --- the contract of net/io.h, as far as the core calls it ---------------------------- */

void io_send(conn_id c, struct slice bytes)
{
	if (conn_of(c)->is_open)
		buf_add(&conn_of(c)->out, bytes);
}

void io_close(conn_id c)
{
	conn_of(c)->is_closed = true;
}

void io_start_tls(conn_id c)
{
	(void)c;
}

void io_restart(conn_id c)
{
	parser_restart(conn_of(c)->parser);
}

void io_authenticated(conn_id c)
{
	parser_set_limits(conn_of(c)->parser, &limits);
}

void io_pause(conn_id c)
{
	conn_of(c)->is_paused = true;
}

void io_resume(conn_id c)
{
	conn_of(c)->is_paused = false;
}

void io_counts_get(struct io_counts *counts_r)
{
	*counts_r = (struct io_counts){ 0 };
}
