/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/wrong.c — two tables without chains: what comes overwrites what was
 * there.  A mark holds the state of the person (which password they had when
 * they were last read), so a change makes all their marks worthless at once. */
#include "xdb_ldap/wrong.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "base/map.h"

enum {
	MARKS = 4096, PEOPLE = 4096,
	KEEP_FIRST_MS = 30 * 1000,
	KEEP_MS = 10 * 60 * 1000,
	/* In a directory whose people have no pwdChangedTime: it would not tell
	 * of a change.  One time for all, known or not: it gives nobody away. */
	KEEP_BLIND_MS = 60 * 1000,
};

struct mark { unsigned char bytes[WRONG_MARK_BYTES]; int64_t until_ms; };
struct state { uint64_t who, changed; };

struct wrong {
	unsigned char key[32];
	bool has_times;                 /* somebody had a pwdChangedTime */
	struct mark marks[MARKS];
	struct state people[PEOPLE];
};

struct wrong *wrong_new(void)
{
	struct wrong *w = NEW(struct wrong);

	crypto_random(w->key, sizeof w->key);
	return w;
}

void wrong_free(struct wrong **wp)
{
	free(*wp);
	*wp = NULL;
}

/* 0: not read yet, or there is no pwdChangedTime. */
uint64_t wrong_state(const struct wrong *w, struct slice dn)
{
	uint64_t who = map_hash(dn);
	const struct state *s = &w->people[who % PEOPLE];

	return s->who == who ? s->changed : 0;
}

void wrong_mark(const struct wrong *w, struct slice dn, struct slice password,
    unsigned char *mark_r)
{
	uint64_t state = wrong_state(w, dn);
	struct buf text = { 0 };

	/* Neither a DN nor a password holds a NUL. */
	buf_reserve(&text, sizeof state + dn.n + password.n + 2);
	buf_add(&text, slice_make(&state, sizeof state));
	buf_add(&text, dn);
	buf_addc(&text, '\0');
	buf_add(&text, password);
	crypto_hmac(HASH_SHA256, slice_make(w->key, sizeof w->key),
	    buf_slice(&text), mark_r);
	buf_wipe(&text);
}

static size_t place_of(const unsigned char *mark)
{
	return (size_t)(mark[0] | mark[1] << 8) % MARKS;
}

bool wrong_is_known(const struct wrong *w, const unsigned char *mark,
    int64_t now_ms)
{
	const struct mark *m = &w->marks[place_of(mark)];

	return now_ms < m->until_ms
	    && slice_eq_secret(slice_make(m->bytes, sizeof m->bytes),
	    slice_make(mark, WRONG_MARK_BYTES));
}

void wrong_add(struct wrong *w, const unsigned char *mark, int64_t now_ms)
{
	struct mark *m = &w->marks[place_of(mark)];
	bool was_so = slice_eq_secret(slice_make(m->bytes, sizeof m->bytes),
	    slice_make(mark, WRONG_MARK_BYTES));

	memcpy(m->bytes, mark, sizeof m->bytes);
	m->until_ms = now_ms + (!was_so ? KEEP_FIRST_MS
	    : w->has_times ? KEEP_MS : KEEP_BLIND_MS);
}

static void state_put(struct wrong *w, struct slice dn, uint64_t changed)
{
	uint64_t who = map_hash(dn);

	w->people[who % PEOPLE] = (struct state){ .who = who, .changed = changed };
}

void wrong_saw(struct wrong *w, struct slice dn, struct slice password_changed)
{
	if (password_changed.n != 0)
		w->has_times = true;
	state_put(w, dn, password_changed.n != 0 ? map_hash(password_changed) : 0);
}

void wrong_forget(struct wrong *w, struct slice dn)
{
	uint64_t anything;

	crypto_random(&anything, sizeof anything);
	state_put(w, dn, anything);
}
