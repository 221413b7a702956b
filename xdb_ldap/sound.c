/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/sound.c — what is wrong with values, said once. */
#include "xdb_ldap/sound.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/map.h"
#include "xdb_ldap/values.h"

enum { REMEMBERED_MOST = 1024 };        /* entries and attributes; then anew */

struct sound { struct map said; };
struct said { size_t n; char key[]; };

bool sound_jid(const struct xdb *db, struct arena *a, struct slice *jid)
{
	return db->address == NULL || db->address(a, *jid, jid);
}

struct slice sound_value_jid(const struct xdb *db, struct arena *a,
    struct slice value)
{
	struct slice jid = value_jid(a, value);

	return jid.n != 0 && sound_jid(db, a, &jid) ? jid : slice_make(NULL, 0);
}

bool sound_local(const struct xdb *db, struct arena *a, struct slice *name)
{
	struct buf text = { 0 };
	struct slice jid, domain;
	bool is_good;

	buf_add(&text, *name);
	buf_addf(&text, "@%s", db->domain);
	jid = buf_slice(&text);
	is_good = name->n != 0 && (db->address == NULL || (sound_jid(db, a, &jid)
	    && slice_cut(jid, '@', name, &domain)));
	buf_fini(&text);
	return is_good;
}

static void forget(struct sound *s)
{
	struct said *one;
	size_t at = 0;

	while ((one = map_next(&s->said, &at)) != NULL)
		free(one);
	map_fini(&s->said);
}

void sound_free(struct sound **sp)
{
	if (*sp != NULL)
		forget(*sp);
	free(*sp);
	*sp = NULL;
}

static void remember(struct xdb *db, struct slice key, size_t n)
{
	struct said *one = mem_new(sizeof *one + key.n);

	if (db->sound == NULL)
		db->sound = NEW(struct sound);
	if (map_count(&db->sound->said) >= REMEMBERED_MOST)
		forget(db->sound);
	one->n = n;
	memcpy(one->key, key.p, key.n);
	map_put(&db->sound->said, slice_make(one->key, key.n), one);
}

/* Was it said, and as many? */
static bool is_known(struct xdb *db, struct slice key, size_t n)
{
	struct said *one = db->sound != NULL
	    ? map_find(&db->sound->said, key) : NULL;

	if (one == NULL || one->n == n)
		return one != NULL;
	free(map_take(&db->sound->said, key));
	return false;
}

void sound_tell(struct xdb *db, const char *event, struct slice dn, enum attr attr,
    size_t n)
{
	const char *name = db->names.rows[attr].name;
	struct buf key = { 0 };

	if (n == 0 && db->sound == NULL)
		return;
	buf_addf(&key, "%s %s ", event, name);
	buf_add(&key, dn);
	if (!is_known(db, buf_slice(&key), n) && n != 0) {
		log_event(LOG_WARN, event, "-", "attribute=%s count=%zu entry=%s",
		    name, n, log_text(dn));
		remember(db, buf_slice(&key), n);
	}
	buf_fini(&key);
}

void sound_say(struct xdb *db, const struct entry *e, enum attr attr, size_t n)
{
	sound_tell(db, "values-unreadable", e->dn, attr, n);
}
