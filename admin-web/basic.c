/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/basic.c — HTTP Basic for scripts, with a short memory.
 *
 * A script that makes a hundred calls shall not cost the directory a hundred
 * slow binds.  What is kept for a minute is HMAC(random key, name NUL password)
 * and who that was: of no use to whoever could read it. */
#include "admin-web/auth.h"

#include <stdlib.h>

#include "admin-web/web.h"
#include "base/crypto.h"
#include "base/enc.h"

struct basic_entry {
	unsigned char proof[32];
	int64_t until_ms;               /* 0: free */
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

static const struct who *basic_find(struct basic *b, const unsigned char *proof)
{
	for (size_t i = 0; i < BASIC_ENTRIES; i++)
		if (b->entry[i].until_ms > loop_now_ms()
		    && slice_eq_secret(slice_make(b->entry[i].proof, 32),
		    slice_make(proof, 32)))
			return &b->entry[i].who;
	return NULL;
}

static void who_copy(struct arena *a, struct who *to, const struct who *from)
{
	to->uid = slice_cstr(a, slice_of(from->uid));
	to->name = slice_cstr(a, slice_of(from->name));
	to->dn = slice_dup(a, from->dn);
	to->is_admin = from->is_admin;
}

static void basic_keep(struct basic *b, const unsigned char *proof,
    const struct who *who)
{
	struct basic_entry *e = &b->entry[b->next++ % BASIC_ENTRIES];

	entry_forget(e);
	memcpy(e->proof, proof, sizeof e->proof);
	who_copy(&e->arena, &e->who, who);
	e->until_ms = loop_now_ms() + BASIC_MS;
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

void basic_check(struct exchange *x, exchange_fn *then)
{
	struct slice header = exchange_header(x, "authorization");
	struct presented *p;
	struct slice name, password;
	struct buf both = { 0 };
	const struct who *known;

	if (!credentials_read(header, &both, &name, &password)) {
		buf_wipe(&both);
		refuse(x);
		return;
	}
	p = ARENA_NEW(&x->arena, struct presented);
	p->then = then;
	crypto_hmac(HASH_SHA256, slice_make(x->web->basic->key, 32),
	    buf_slice(&both), p->proof);
	known = basic_find(x->web->basic, p->proof);
	if (known != NULL) {
		who_copy(&x->arena, &x->who, known);
		buf_wipe(&both);
		basic_authorised(x, then);
		return;
	}
	x->before = p;
	auth_check(x, name, password, basic_checked);
	buf_wipe(&both);
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
