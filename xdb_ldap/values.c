/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/values.c — words in one value, and times. */
#include "xdb_ldap/values.h"

#include <time.h>

#include "base/enc.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/sync.h"

/* --- words -------------------------------------------------------------------- */

static void word_write(struct buf *out, struct slice word)
{
	if (word.n == 0)
		buf_addc(out, '-');
	else if (slice_is(word, "-"))
		buf_adds(out, "%2D");
	else
		enc_percent(out, word, "");
}

static void next_word_write(struct buf *out, struct slice word)
{
	buf_addc(out, ' ');
	word_write(out, word);
}

static bool word_read(struct arena *a, struct slice *rest, struct slice *word_r)
{
	struct buf text = { 0 };
	struct slice raw;
	bool ok;

	if (!slice_word(rest, &raw))
		return false;
	if (slice_is(raw, "-")) {
		*word_r = slice_make("", 0);
		return true;
	}
	/* Whatever a client can send: names and groups may have lines, too. */
	ok = dec_percent(&text, raw) && text_is_lines(buf_slice(&text));
	if (ok)
		*word_r = slice_dup(a, buf_slice(&text));
	buf_fini(&text);
	return ok;
}

/* Nothing there is fine and empty; something odd is not. */
static bool word_read_if(struct arena *a, struct slice *rest, struct slice *word_r)
{
	*word_r = slice_make("", 0);
	*rest = slice_trim(*rest);
	return rest->n == 0 || word_read(a, rest, word_r);
}

static bool jid_read(struct arena *a, struct slice *rest, struct slice *jid_r)
{
	return word_read(a, rest, jid_r) && jid_r->n != 0;
}

struct slice value_jid(struct arena *a, struct slice value)
{
	struct slice jid;

	return jid_read(a, &value, &jid) ? jid : slice_make("", 0);
}

/* --- roster items --------------------------------------------------------------- */

static const char *const subscriptions[] = {
	[SUB_NONE] = "none", [SUB_TO] = "to", [SUB_FROM] = "from",
	[SUB_BOTH] = "both",
};

void roster_item_write(struct buf *out, const struct xdb_roster_item *item)
{
	word_write(out, item->jid);
	buf_addf(out, " %s %d %d", subscriptions[item->subscription],
	    item->ask, item->approved);
	next_word_write(out, item->name);
	for (size_t i = 0; i < item->group_n; i++)
		if (item->groups[i].n != 0)
			next_word_write(out, item->groups[i]);
}

static bool subscription_read(struct slice *rest, enum xdb_subscription *sub_r)
{
	struct slice word;

	if (!slice_word(rest, &word))
		return false;
	for (size_t i = 0; i < COUNT(subscriptions); i++)
		if (slice_is(word, subscriptions[i])) {
			*sub_r = (enum xdb_subscription)i;
			return true;
		}
	return false;
}

static bool flag_read(struct slice *rest, bool *flag_r)
{
	struct slice word;

	if (!slice_word(rest, &word) || word.n != 1
	    || (word.p[0] != '0' && word.p[0] != '1'))
		return false;
	*flag_r = word.p[0] == '1';
	return true;
}

static bool groups_read(struct arena *a, struct slice rest,
    struct xdb_roster_item *item)
{
	struct slice found[ROSTER_GROUPS_MOST];
	size_t n = 0;

	for (rest = slice_trim(rest); rest.n != 0; rest = slice_trim(rest))
		if (n == COUNT(found) || !word_read(a, &rest, &found[n++]))
			return false;
	item->groups = arena_alloc(a, (n + 1) * sizeof *found);
	item->group_n = n;
	memcpy(item->groups, found, n * sizeof *found);
	return true;
}

bool roster_item_read(struct arena *a, struct slice value,
    struct xdb_roster_item *item_r)
{
	struct xdb_roster_item item = { .group_n = 0 };

	if (!jid_read(a, &value, &item.jid)
	    || !subscription_read(&value, &item.subscription)
	    || !flag_read(&value, &item.ask)
	    || !flag_read(&value, &item.approved)
	    || !word_read_if(a, &value, &item.name)
	    || !groups_read(a, value, &item))
		return false;
	*item_r = item;
	return true;
}

/* --- requests, room people ------------------------------------------------------- */

void pending_write(struct buf *out, const struct xdb_pending *pending)
{
	word_write(out, pending->jid);
	if (pending->status.n != 0)
		next_word_write(out, pending->status);
}

static bool last_word_read_if(struct arena *a, struct slice rest,
    struct slice *word_r)
{
	return word_read_if(a, &rest, word_r) && slice_trim(rest).n == 0;
}

bool pending_read(struct arena *a, struct slice value, struct xdb_pending *pending_r)
{
	struct xdb_pending p;

	if (!jid_read(a, &value, &p.jid) || !last_word_read_if(a, value, &p.status))
		return false;
	*pending_r = p;
	return true;
}

void room_person_write(struct buf *out, const struct xdb_room_person *person)
{
	word_write(out, person->jid);
	if (person->nick.n != 0 || person->reason.n != 0)
		next_word_write(out, person->nick);
	if (person->reason.n != 0)
		next_word_write(out, person->reason);
}

bool room_person_read(struct arena *a, struct slice value,
    struct xdb_room_person *person_r)
{
	struct xdb_room_person p = { .affiliation = AFF_NONE };

	if (!jid_read(a, &value, &p.jid) || !word_read_if(a, &value, &p.nick)
	    || !last_word_read_if(a, value, &p.reason))
		return false;
	*person_r = p;
	return true;
}

bool room_note_read(struct slice jid, struct slice *uuid_r)
{
	unsigned char uuid[SYNC_UUID_BYTES];
	struct slice bare;

	return slice_cut(jid, '/', &bare, uuid_r) && sync_uuid_of(*uuid_r, uuid);
}

/* --- time --------------------------------------------------------------------------- */

static bool digits_read(struct slice *s, size_t n, int most, int *value_r)
{
	uint64_t value;

	if (s->n < n || !slice_number(slice_make(s->p, n), (uint64_t)most, &value))
		return false;
	*value_r = (int)value;
	*s = slice_make(s->p + n, s->n - n);
	return true;
}

/* Minutes and seconds may be left out (RFC 4517 §3.3.13), together or the latter. */
static bool minutes_read(struct slice *s, struct tm *tm)
{
	bool has_minutes = s->n != 0 && s->p[0] >= '0' && s->p[0] <= '9';

	if (has_minutes && !digits_read(s, 2, 59, &tm->tm_min))
		return false;
	return !has_minutes || s->n == 0 || s->p[0] < '0' || s->p[0] > '9'
	    || digits_read(s, 2, 60, &tm->tm_sec);
}

/* The year 0 is slapo-ppolicy(5)'s way to say that it is no time. */
bool time_read(struct slice value, int64_t *seconds_r)
{
	struct tm tm = { 0 };
	int year, month;

	if (!digits_read(&value, 4, 9999, &year)
	    || !digits_read(&value, 2, 12, &month)
	    || !digits_read(&value, 2, 31, &tm.tm_mday)
	    || !digits_read(&value, 2, 23, &tm.tm_hour)
	    || !minutes_read(&value, &tm)
	    || year == 0 || month == 0 || tm.tm_mday == 0)
		return false;
	/* A fraction is allowed and does not matter; the zone must be UTC. */
	if (value.n == 0 || value.p[value.n - 1] != 'Z'
	    || (value.n > 1 && value.p[0] != '.' && value.p[0] != ','))
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	*seconds_r = (int64_t)timegm(&tm);
	return true;
}

void time_write(struct buf *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm);
	buf_adds(out, text);
}

/* --- how it went to read a list ------------------------------------------------------- */

static void number_write(struct buf *out, size_t n)
{
	buf_addf(out, " %zu", n);
}

void bound_state_write(struct buf *out, const struct xdb_bound_state *state)
{
	if (state->read_s != 0)
		time_write(out, state->read_s);
	else
		buf_addc(out, '-');
	number_write(out, state->matched);
	number_write(out, state->unresolved);
	if (state->failed_s == 0 && state->uuid.n == 0)
		return;
	buf_addc(out, ' ');
	if (state->failed_s != 0)
		time_write(out, state->failed_s);
	else
		buf_addc(out, '-');
	next_word_write(out, state->why);
	if (state->uuid.n == 0)
		return;
	next_word_write(out, state->uuid);
	next_word_write(out, state->dn);
}

static bool time_word_read(struct arena *a, struct slice *rest, int64_t *seconds_r)
{
	struct slice word;

	*seconds_r = 0;
	return word_read_if(a, rest, &word)
	    && (word.n == 0 || time_read(word, seconds_r));
}

static bool number_read(struct slice *rest, size_t *n_r)
{
	struct slice word;
	uint64_t n;

	if (!slice_word(rest, &word) || !slice_number(word, UINT32_MAX, &n))
		return false;
	*n_r = (size_t)n;
	return true;
}

bool bound_state_read(struct arena *a, struct slice value,
    struct xdb_bound_state *state_r)
{
	struct xdb_bound_state s = { .read_s = 0 };

	if (!time_word_read(a, &value, &s.read_s)
	    || !number_read(&value, &s.matched)
	    || !number_read(&value, &s.unresolved)
	    || !time_word_read(a, &value, &s.failed_s)
	    || !word_read_if(a, &value, &s.why)
	    || !word_read_if(a, &value, &s.uuid)
	    || !word_read_if(a, &value, &s.dn)
	    || (s.uuid.n != 0) != (s.dn.n != 0) || slice_trim(value).n != 0)
		return false;
	*state_r = s;
	return true;
}
