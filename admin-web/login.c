/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/login.c — browsers that are signed in. */
#include "admin-web/login.h"

#include <stdlib.h>

#include "admin-web/auth.h"
#include "admin-web/web.h"
#include "base/crypto.h"
#include "base/map.h"

enum { ID_BYTES = 32, ID_HEX = 64 };

struct login {
	unsigned char proof[32];        /* SHA-256 of the id; the map's key */
	struct arena arena;             /* owns the token */
	struct arena who_arena;         /* owns who: renewed with it */
	struct who who;
	const char *token;
	int64_t began_ms, seen_ms, asked_ms;    /* asked: does it still hold? */
	enum text notice;               /* to be shown once; T_COUNT: none */
	struct list link;               /* longest silent first */
};

struct logins {
	struct map by_proof;
	struct list age;
	struct list *exchanges;         /* borrowed */
};

static struct slice key_of(const struct login *l)
{
	return slice_make(l->proof, sizeof l->proof);
}

struct logins *logins_new(struct list *exchanges)
{
	struct logins *all = NEW(struct logins);

	list_init(&all->age);
	all->exchanges = exchanges;
	return all;
}

/* Others of this browser may be waiting for their answer. */
static void login_drop(struct logins *all, struct login *l)
{
	struct exchange *x;

	LIST_EACH(x, all->exchanges, struct exchange, link)
		if (x->login == l)
			x->login = NULL;
	map_take(&all->by_proof, key_of(l));
	list_remove(&l->link);
	arena_fini(&l->arena);
	arena_fini(&l->who_arena);
	free(l);
}

static void login_take_who(struct login *l, const struct who *who)
{
	arena_fini(&l->who_arena);
	who_copy(&l->who_arena, &l->who, who);
	l->asked_ms = loop_now_ms();
}

void logins_free(struct logins **lp)
{
	struct login *l;

	if (*lp == NULL)
		return;
	LIST_EACH(l, &(*lp)->age, struct login, link)
		login_drop(*lp, l);
	map_fini(&(*lp)->by_proof);
	free(*lp);
	*lp = NULL;
}

void logins_doubt(struct logins *all)
{
	struct login *l;

	LIST_EACH(l, &all->age, struct login, link)
		l->asked_ms = loop_now_ms() - AUTH_FRESH_MS;
}

/* Over at its next request; what is under way is answered. */
void logins_end_person(struct logins *all, const char *uid)
{
	struct login *l;

	LIST_EACH(l, &all->age, struct login, link)
		if (strcmp(l->who.uid, uid) == 0)
			l->began_ms = loop_now_ms() - LOGIN_WHOLE_MS;
}

/* --- cookies --------------------------------------------------------------------------- */

struct slice login_cookie(const struct exchange *x, const char *name)
{
	struct slice rest = exchange_header(x, "cookie"), pair, is, value;
	struct slice found = { "", 0 };
	size_t n = 0;

	while (rest.n != 0) {
		slice_cut(rest, ';', &pair, &rest);
		slice_cut(slice_trim(pair), '=', &is, &value);
		if (slice_is(is, name)) {
			found = value;
			n++;
		}
	}
	return n == 1 ? found : slice_make("", 0);
}

static void cookie_set(struct exchange *x, const char *value, const char *age)
{
	reply_header(x, "Set-Cookie", exchange_printf(x,
	    LOGIN_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s",
	    value, age));
}

static void proof_of(struct slice id, unsigned char *proof)
{
	crypto_digest(HASH_SHA256, id, proof);
}

static struct login *login_find(const struct exchange *x)
{
	struct logins *all = x->web->logins;
	struct slice id = login_cookie(x, LOGIN_COOKIE);
	unsigned char proof[32];
	struct login *l;
	int64_t now = loop_now_ms();

	if (id.n != ID_HEX)
		return NULL;
	proof_of(id, proof);
	l = map_find(&all->by_proof, slice_make(proof, sizeof proof));
	if (l == NULL)
		return NULL;
	if (now - l->seen_ms >= LOGIN_IDLE_MS || now - l->began_ms >= LOGIN_WHOLE_MS) {
		login_drop(all, l);
		return NULL;
	}
	l->seen_ms = now;
	list_remove(&l->link);
	list_push(&all->age, &l->link);
	return l;
}

/* --- who is it? ------------------------------------------------------------------------- */

struct recognising { exchange_fn *then; };

static void looked_again(struct exchange *x, enum auth_standing standing)
{
	struct recognising *r = x->before;

	/* It may have ended meanwhile. */
	x->login = login_find(x);
	if (standing == AUTH_UNKNOWN) {
		exchange_fail(x, 503, T_DIRECTORY_DOWN);
		return;
	}
	if (x->login != NULL && standing == AUTH_FALLEN)
		login_drop(x->web->logins, x->login);
	if (x->login != NULL)
		login_take_who(x->login, &x->who);
	else
		x->who = (struct who){ 0 };
	r->then(x);
}

void login_recognise(struct exchange *x, exchange_fn *then)
{
	struct recognising *r;

	x->login = login_find(x);
	if (x->login == NULL) {
		then(x);
		return;
	}
	who_copy(&x->arena, &x->who, &x->login->who);
	if (loop_now_ms() - x->login->asked_ms < AUTH_FRESH_MS) {
		then(x);
		return;
	}
	r = ARENA_NEW(&x->arena, struct recognising);
	r->then = then;
	x->before = r;
	auth_again(x, looked_again);
}

void login_begin(struct exchange *x)
{
	struct logins *all = x->web->logins;
	struct login *l = NEW(struct login), *old = login_find(x);
	struct buf id = { 0 }, token = { 0 };

	if (old != NULL)
		login_drop(all, old);
	while (map_count(&all->by_proof) >= LOGINS_MOST)
		login_drop(all, LIST_FIRST(&all->age, struct login, link));
	crypto_token(&id, ID_BYTES);
	crypto_token(&token, ID_BYTES);
	proof_of(buf_slice(&id), l->proof);
	l->token = slice_cstr(&l->arena, buf_slice(&token));
	login_take_who(l, &x->who);
	l->notice = T_COUNT;
	l->began_ms = l->seen_ms = l->asked_ms;
	map_put(&all->by_proof, key_of(l), l);
	list_push(&all->age, &l->link);
	x->login = l;
	cookie_set(x, buf_cstr(&id), "");
	buf_wipe(&id);
	buf_wipe(&token);
}

void login_end(struct exchange *x)
{
	if (x->login != NULL)
		login_drop(x->web->logins, x->login);
	x->login = NULL;
	cookie_set(x, "", "; Max-Age=0");
}

const char *login_token(const struct exchange *x)
{
	return x->login != NULL ? x->login->token : NULL;
}

bool login_token_is(const struct exchange *x, struct slice token)
{
	return x->login != NULL
	    && slice_eq_secret(slice_of(x->login->token), token);
}

void login_notice(struct exchange *x, enum text notice)
{
	if (x->login != NULL)
		x->login->notice = notice;
}

enum text login_notice_take(struct exchange *x)
{
	enum text notice = x->login != NULL ? x->login->notice : T_COUNT;

	login_notice(x, T_COUNT);
	return notice;
}
