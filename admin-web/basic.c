/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/basic.c — HTTP Basic for scripts, with a short memory.
 *
 * A script that makes a hundred calls shall not cost the directory a hundred
 * slow binds.  What is kept for a minute is HMAC(random key, name NUL password)
 * and who that was: of no use to whoever could read it.  Whoever is locked, or has
 * another password, whatever tool did it, is asked for the bind again: so says the
 * account, which is looked at each second.  Where the directory does not tell when
 * passwords were changed, the second is all that is kept. */
#include "admin-web/auth.h"

#include <stdlib.h>

#include "admin-web/web.h"
#include "base/crypto.h"
#include "base/enc.h"

struct basic_entry {
	unsigned char proof[32];
	int64_t until_ms;               /* 0: free */
	int64_t asked_ms;               /* when the person stood, last */
	struct arena arena;
	struct who who;
};

struct basic {
	unsigned char key[32];
	struct basic_entry entry[BASIC_ENTRIES];
	size_t next;
};

struct basic *basic_new(void)
{
	struct basic *b = NEW(struct basic);

	crypto_random(b->key, sizeof b->key);
	return b;
}

static void entry_forget(struct basic_entry *e)
{
	explicit_bzero(e->proof, sizeof e->proof);
	e->until_ms = 0;
	arena_fini(&e->arena);
}

void basic_forget(struct basic *b)
{
	for (size_t i = 0; i < BASIC_ENTRIES; i++)
		entry_forget(&b->entry[i]);
}

void basic_forget_person(struct basic *b, const char *uid)
{
	for (size_t i = 0; i < BASIC_ENTRIES; i++)
		if (b->entry[i].until_ms != 0
		    && strcmp(b->entry[i].who.uid, uid) == 0)
			entry_forget(&b->entry[i]);
}

void basic_free(struct basic **bp)
{
	if (*bp == NULL)
		return;
	basic_forget(*bp);
	explicit_bzero((*bp)->key, sizeof (*bp)->key);
	free(*bp);
	*bp = NULL;
}

static struct basic_entry *basic_find(struct basic *b,
    const unsigned char *proof)
{
	for (size_t i = 0; i < BASIC_ENTRIES; i++)
		if (b->entry[i].until_ms > loop_now_ms()
		    && slice_eq_secret(slice_make(b->entry[i].proof, 32),
		    slice_make(proof, 32)))
			return &b->entry[i];
	return NULL;
}

static void entry_take_who(struct basic_entry *e, const struct who *who)
{
	arena_fini(&e->arena);
	who_copy(&e->arena, &e->who, who);
	e->asked_ms = loop_now_ms();
}

static void basic_keep(struct basic *b, const unsigned char *proof,
    const struct who *who)
{
	struct basic_entry *e = &b->entry[b->next++ % BASIC_ENTRIES];

	entry_forget(e);
	memcpy(e->proof, proof, sizeof e->proof);
	entry_take_who(e, who);
	e->until_ms = loop_now_ms() + (who->password_changed.n != 0 ? BASIC_MS
	    : AUTH_FRESH_MS);
}

/* --- the check ------------------------------------------------------------------------ */

struct presented { unsigned char proof[32]; exchange_fn *then; };

/* "Basic base64(name:password)", both UTF-8. */
static bool credentials_read(struct slice header, struct buf *both,
    struct slice *name_r, struct slice *password_r)
{
	struct slice scheme, rest;

	if (!slice_cut(header, ' ', &scheme, &rest)
	    || !slice_eq_nocase(scheme, SLICE("Basic"))
	    || !dec_base64(both, slice_trim(rest)))
		return false;
	return input_is_text(buf_slice(both), false)
	    && slice_cut(buf_slice(both), ':', name_r, password_r);
}

static void refuse(struct exchange *x)
{
	reply_header(x, "WWW-Authenticate",
	    "Basic realm=\"Tertulia\", charset=\"UTF-8\"");
	exchange_fail(x, 401, T_API_SIGN_IN);
}

static void basic_authorised(struct exchange *x, exchange_fn *then)
{
	if (x->who.is_admin) {
		then(x);
		return;
	}
	audit(x, x->route->action, slice_of(x->who.uid), "forbidden");
	exchange_fail(x, 403, T_ADMINS_ONLY);
}

static void basic_checked(struct exchange *x, enum auth_outcome outcome);
static void basic_looked_again(struct exchange *x, enum auth_standing standing);

/* The proof, too, which is what is kept of it. */
static bool basic_read(struct exchange *x, struct buf *both,
    struct slice *name_r, struct slice *password_r)
{
	struct presented *p = x->before;

	if (!credentials_read(exchange_header(x, "authorization"), both, name_r,
	    password_r))
		return false;
	crypto_hmac(HASH_SHA256, slice_make(x->web->basic->key, 32),
	    buf_slice(both), p->proof);
	return true;
}

static void basic_bind(struct exchange *x)
{
	struct buf both = { 0 };
	struct slice name, password;

	x->who = (struct who){ 0 };
	if (basic_read(x, &both, &name, &password))
		auth_check(x, name, password, basic_checked);
	else
		refuse(x);
	buf_wipe(&both);
}

static const struct basic_entry *basic_known(struct exchange *x)
{
	struct presented *p = x->before;
	struct buf both = { 0 };
	struct slice name, password;
	bool is_read = basic_read(x, &both, &name, &password);

	buf_wipe(&both);
	return is_read ? basic_find(x->web->basic, p->proof) : NULL;
}

void basic_check(struct exchange *x, exchange_fn *then)
{
	struct presented *p = ARENA_NEW(&x->arena, struct presented);
	const struct basic_entry *known;

	p->then = then;
	x->before = p;
	known = basic_known(x);
	if (known == NULL) {
		basic_bind(x);
		return;
	}
	who_copy(&x->arena, &x->who, &known->who);
	if (loop_now_ms() - known->asked_ms < AUTH_FRESH_MS)
		basic_authorised(x, then);
	else
		auth_again(x, basic_looked_again);
}

static void basic_looked_again(struct exchange *x, enum auth_standing standing)
{
	struct presented *p = x->before;
	struct basic_entry *e = basic_find(x->web->basic, p->proof);

	switch (standing) {
	case AUTH_STANDS:
		if (e != NULL)
			entry_take_who(e, &x->who);
		basic_authorised(x, p->then);
		return;
	case AUTH_FALLEN:
		if (e != NULL)
			entry_forget(e);
		basic_bind(x);
		return;
	case AUTH_UNKNOWN:
		exchange_fail(x, 503, T_DIRECTORY_DOWN);
		return;
	}
}

static void basic_checked(struct exchange *x, enum auth_outcome outcome)
{
	struct presented *p = x->before;

	switch (outcome) {
	case AUTH_GOOD:
		basic_keep(x->web->basic, p->proof, &x->who);
		basic_authorised(x, p->then);
		return;
	case AUTH_MUST_CHANGE:
	case AUTH_WRONG:
		refuse(x);
		return;
	case AUTH_WAIT:
		exchange_fail(x, 429, T_TOO_MANY_TRIES);
		return;
	case AUTH_DOWN:
		exchange_fail(x, 503, T_DIRECTORY_DOWN);
		return;
	}
}
