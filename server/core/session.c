/* SPDX-License-Identifier: Apache-2.0 */
/* core/session.c — bound resources: by number and by full JID. */
#include "core/session.h"

#include <stdio.h>

#include "base/loop.h"
#include "core/feature.h"
#include "core/stream.h"

static struct map by_jid, by_id;
static uint64_t last_id;

static struct slice id_key(const uint64_t *id)
{
	return slice_make(id, sizeof *id);
}

struct session *session_by_id(uint64_t id)
{
	return map_find(&by_id, id_key(&id));
}

struct session *session_find(const struct jid *full)
{
	return map_find(&by_jid, jid_full(full));
}

size_t session_count(void)
{
	return map_count(&by_id);
}

struct session *session_next(size_t *at)
{
	return map_next(&by_id, at);
}

struct session *session_open(struct stream *st, struct account *a,
    const struct jid *full)
{
	/* One block, of 350 bytes: an arena that grows begins with 1 KiB. */
	struct arena arena = arena_with_room(arena_room(sizeof (struct session))
	    + arena_dup_room(jid_full(full).n));
	struct session *s = ARENA_NEW(&arena, struct session);

	s->id = ++last_id;
	s->jid = jid_dup(&arena, full);
	s->arena = arena;
	s->account = a;
	account_hold(a);
	list_push(&a->sessions, &s->account_link);
	a->session_n++;
	list_init(&s->jobs);
	s->since_ms = wall_now_ms();
	s->stream = st;
	map_put(&by_jid, jid_full(&s->jid), s);
	map_put(&by_id, id_key(&s->id), s);
	hook_session_bound(s);
	return s;
}

void session_close(struct session **sp)
{
	struct session *s = *sp;
	struct arena arena = s->arena;  /* the session is inside it */
	struct job *j;

	*sp = NULL;
	s->stream = NULL;               /* nothing more goes to the client */
	hook_session_gone(s);
	while ((j = LIST_FIRST(&s->jobs, struct job, link)) != NULL)
		job_free(&j);
	map_take(&by_jid, jid_full(&s->jid));
	map_take(&by_id, id_key(&s->id));
	list_remove(&s->account_link);
	s->account->session_n--;
	account_release(&s->account);
	arena_fini(&s->presence_arena);
	arena_fini(&arena);
}

/* --- sending -------------------------------------------------------------------- */

void session_send_bytes(struct session *s, struct slice xml)
{
	if (s->stream != NULL)
		stream_send(s->stream, xml);
}

void session_send_as(struct session *s, const struct elem *stanza,
    const struct write_as *as)
{
	static struct buf scratch;      /* kept: no allocation per stanza */

	if (s->stream == NULL)
		return;
	buf_clear(&scratch);
	write_stanza(&scratch, stanza, as);
	stream_send(s->stream, buf_slice(&scratch));
	if (scratch.room > 256 * 1024)
		buf_fini(&scratch);
}

void session_send(struct session *s, const struct elem *stanza)
{
	session_send_as(s, stanza, &(struct write_as){ .from = { NULL, 0 } });
}

/* --- presence --------------------------------------------------------------------- */

bool session_is_available(const struct session *s)
{
	return s->presence != NULL;
}

void session_set_presence(struct session *s, const struct elem *presence,
    int priority)
{
	/* To measure: it is kept for hours, and most are 160 bytes, not 1 KiB. */
	struct arena fresh = arena_with_room(elem_copy_room(presence));
	struct elem *copy = elem_copy(&fresh, presence);

	arena_fini(&s->presence_arena);
	s->presence_arena = fresh;
	s->presence = copy;
	s->priority = priority;
}

void session_clear_presence(struct session *s)
{
	arena_fini(&s->presence_arena);
	s->presence = NULL;
	s->priority = 0;
}

const char *session_who(const struct session *s)
{
	static char ring[4][160];
	static unsigned turn;
	char *out = ring[turn++ % COUNT(ring)];

	snprintf(out, sizeof ring[0], "c2s/%llu %.100s",
	    (unsigned long long)(s->stream != NULL ? stream_conn(s->stream)
	    : s->id), s->jid.text);
	return out;
}
