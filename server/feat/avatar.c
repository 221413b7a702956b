/* SPDX-License-Identifier: Apache-2.0 */
/* feat/avatar.c — XEP-0153: contacts learn of a photo by its hash in presence.
 *
 *   login ────► account loaded, with the photo ─┐
 *   touched ──► vCard read ─────────────────────┴► hash ──► sessions that say
 *                   otherwise say it, at once and with each presence to come
 *
 * Many clients say no hash, or that of what they found when they last looked: the
 * server knows.  The photo comes with the person's entry that a login reads in any
 * case, so at a login nothing is read for this, and a vCard when something of the
 * entry changed.  Who has no photo in the entry may have one in the vCard of the
 * profile, written by a client, which then says its hash itself.  Presence that was
 * directed somewhere, to a room for one, is its client's to renew. */
#include "feat/avatar.h"

#include <stdlib.h>

#include "base/enc.h"
#include "base/loop.h"
#include "core/host.h"
#include "feat/features.h"
#include "feat/presence.h"
#include "feat/vcard_merge.h"
#include "xml/ns.h"

enum { READING_MOST = 8, AGAIN_MS = 2000 };

struct avatar {                         /* of an account with sessions, touched since */
	struct list link;               /* among those that wait to be read */
	struct xdb_op *op;
	bool is_stale;                  /* touched while it was read */
	/* borrowed */
	struct account *account;
};

static struct map avatars;              /* bare JID -> struct avatar */
static struct list waiting = { &waiting, &waiting };
static unsigned reading_n;
static struct timer again;

static void pump(void *ctx);

/* --- what presence says -------------------------------------------------------------- */

static struct slice hash_of(struct arena *arena, const struct account *a)
{
	struct buf hex = { 0 };
	struct slice hash;

	if (!a->photo.is_there)
		return slice_make(NULL, 0);
	enc_hex(&hex, slice_make((const char *)a->photo.hash, PHOTO_HASH_BYTES));
	hash = slice_dup(arena, buf_slice(&hex));
	buf_fini(&hex);
	return hash;
}

/* Of an <x/> without <photo/> nothing is said yet (XEP-0153 §4.1), and of none the
 * client knows nothing of this: like no photo. */
static struct slice said(struct arena *arena, const struct elem *presence)
{
	const struct elem *x = elem_child(presence, NS_VCARD_UPDATE, "x");
	const struct elem *photo = x != NULL
	    ? elem_child(x, NS_VCARD_UPDATE, "photo") : NULL;

	return photo != NULL ? slice_trim(elem_text(arena, photo))
	    : slice_make(NULL, 0);
}

static struct elem *stamped(struct arena *arena, const struct elem *presence,
    struct slice hash)
{
	struct elem *copy = elem_copy(arena, presence), *x;

	elem_remove(copy, NS_VCARD_UPDATE, "x");
	x = elem_add(arena, copy, NS_VCARD_UPDATE, "x");
	elem_add_text_child(arena, x, NS_VCARD_UPDATE, "photo", hash);
	return copy;
}

/* Who is shown no photo says that there is none, and there is one: <x/> alone, for "not
 * known" (XEP-0153 §4.1).  The hash of one in the profile's vCard stays. */
static const struct elem *unclaimed(struct arena *arena,
    const struct elem *presence)
{
	const struct elem *x = elem_child(presence, NS_VCARD_UPDATE, "x");
	struct elem *copy;

	if (x == NULL || elem_child(x, NS_VCARD_UPDATE, "photo") == NULL
	    || said(arena, presence).n != 0)
		return presence;
	copy = elem_copy(arena, presence);
	elem_remove(copy, NS_VCARD_UPDATE, "x");
	elem_add(arena, copy, NS_VCARD_UPDATE, "x");
	return copy;
}

const struct elem *avatar_stamp(struct arena *arena, const struct account *a,
    const struct elem *presence)
{
	struct slice hash;

	if (!a->photo.is_known)
		return a->photo.is_hidden ? unclaimed(arena, presence) : presence;
	hash = hash_of(arena, a);
	return slice_eq_nocase(said(arena, presence), hash) ? presence
	    : stamped(arena, presence, hash);
}

static void tell(const struct account *a)
{
	struct session *s;

	LIST_EACH(s, &a->sessions, struct session, account_link) {
		struct arena arena = { NULL };
		const struct elem *is;

		if (session_is_available(s)) {
			is = avatar_stamp(&arena, a, s->presence);
			if (is != s->presence) {
				session_set_presence(s, is, s->priority);
				presence_again(s);
			}
		}
		arena_fini(&arena);
	}
}

/* --- reading ------------------------------------------------------------------------------ */

/* The bytes of <BINVAL/>, which some write in lines. */
static void bytes_of(struct arena *arena, const struct elem *card, struct buf *out)
{
	const struct elem *photo = elem_child(card, NS_VCARD, "PHOTO");
	const struct elem *value = photo != NULL
	    ? elem_child(photo, NS_VCARD, "BINVAL") : NULL;
	struct slice rest = value != NULL ? elem_text(arena, value)
	    : slice_make(NULL, 0), word;
	struct buf text = { 0 };

	while (slice_word(&rest, &word))
		buf_add(&text, word);
	dec_base64(out, buf_slice(&text));
	buf_fini(&text);
}

static void take(struct account *a, const struct xdb_vcard *v)
{
	struct arena arena = { NULL };
	const struct elem *card = vcard_merge(&arena, v);
	struct buf bytes = { 0 };

	if (card == NULL) {             /* broken, which is not "no photo" */
		arena_fini(&arena);
		return;
	}
	bytes_of(&arena, card, &bytes);
	if (bytes.n == 0 && v->is_photo_hidden)
		account_photo_hide(a);
	else
		account_photo_take(a, buf_slice(&bytes));
	buf_fini(&bytes);
	arena_fini(&arena);
}

static void wait_for_turn(struct avatar *av)
{
	av->is_stale = false;
	list_push(&waiting, &av->link);
	loop_defer(pump, &waiting);
}

static void loaded(const struct xdb_result *res, void *ctx)
{
	struct avatar *av = ctx;

	av->op = NULL;
	reading_n--;
	if (res->status == XDB_OK) {
		take(av->account, res->vcard);
		tell(av->account);
	} else if (res->status == XDB_DOWN || res->status == XDB_BUSY) {
		if (!timer_is_on(&again))
			timer_start(&again, AGAIN_MS);
		av->is_stale = true;    /* nothing is known: what is said stays */
	}
	if (av->is_stale)
		wait_for_turn(av);
	loop_defer(pump, &waiting);
}

static void pump(void *ctx)
{
	struct avatar *av;

	(void)ctx;
	while (reading_n < READING_MOST && !timer_is_on(&again)
	    && (av = LIST_FIRST(&waiting, struct avatar, link)) != NULL) {
		list_remove(&av->link);
		reading_n++;
		av->op = xdb_vcard_load(host.xdb, jid_local(&av->account->jid));
		xdb_then(av->op, loaded, av);
	}
}

void avatar_touched(struct account *a)
{
	struct avatar *av = map_find(&avatars, jid_bare(&a->jid));

	if (list_is_empty(&a->sessions))
		return;
	if (av == NULL) {
		av = NEW(struct avatar);
		list_init(&av->link);
		av->account = a;
		map_put(&avatars, jid_bare(&a->jid), av);
	}
	av->is_stale = av->op != NULL;
	if (av->op == NULL && !list_is_linked(&av->link))
		wait_for_turn(av);
}

/* --- life ------------------------------------------------------------------------------------ */

static void forget(struct avatar *av)
{
	if (av->op != NULL)
		reading_n--;
	xdb_cancel(&av->op);
	list_remove(&av->link);
	free(av);
}

/* News came between the login's reading and now. */
static void avatar_session_bound(struct session *s)
{
	if (!s->account->photo.is_touched)
		return;
	s->account->photo.is_touched = false;
	avatar_touched(s->account);
}

static void avatar_session_gone(struct session *s)
{
	struct avatar *av;

	if (s->account->session_n > 1)
		return;
	av = map_take(&avatars, jid_bare(&s->account->jid));
	if (av == NULL)
		return;
	/* What is not read now is for who comes next. */
	s->account->photo.is_touched = av->op != NULL || list_is_linked(&av->link);
	forget(av);
}

static bool avatar_start(const char **why_r)
{
	(void)why_r;
	timer_init(&again, pump, NULL);
	return true;
}

static void avatar_stop(void)
{
	struct avatar *av;
	size_t at = 0;

	timer_stop(&again);
	while ((av = map_next(&avatars, &at)) != NULL)
		forget(av);
	map_fini(&avatars);
	loop_undefer(&waiting);
}

static const struct hooks hooks = {
	.session_bound = avatar_session_bound,
	.session_gone = avatar_session_gone,
	.person_touched = avatar_touched,
};

const struct feature feature_avatar = {
	.name = "avatar",
	.spec = "XEP-0153",
	.hooks = &hooks,
	.start = avatar_start,
	.stop = avatar_stop,
};
