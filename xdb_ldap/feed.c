/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/feed.c — one watched base: searches, what they bring, what that
 * means.  Attributes are few (map.c, SET_WATCH_…); whoever wants to know more
 * reads the one entry. */
#include "xdb_ldap/feed.h"

#include "base/log.h"
#include "base/map.h"
#include "xdb_ldap/conn.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/page.h"
#include "xdb_ldap/sight.h"
#include "xdb_ldap/values.h"
#include "xdb_ldap/watch.h"

enum {
	REST_FIRST_MS = 1000, REST_MOST_MS = 60 * 1000,
	SECOND_LOOK_MS = 2000,
	WHOLE_EVERY = 10,               /* polls: what was removed shows only then */
	OVERLAP_S = 5,                  /* changes take a moment to be visible */
	AHEAD_S = 10 * 60,              /* clocks differ */
};

static const char *const kind_texts[] = {
	[XDB_PERSON] = "people", [XDB_PROFILE] = "profiles",
	[XDB_ROOM] = "rooms", [XDB_GROUP] = "groups",
	[XDB_PEOPLE_BRANCH] = "branches", [XDB_GROUP_BRANCH] = "group_branches",
	[XDB_POLICY] = "policies",
};

/* --- telling ------------------------------------------------------------------------------ */

/* `news` without its kind and its UUID. */
static void tell(const struct feed *f, const unsigned char *uuid,
    struct xdb_news news)
{
	char text[SYNC_UUID_CHARS];

	sync_uuid_text(uuid, text);
	news.kind = f->kind;
	news.uuid = slice_make(text, sizeof text);
	watch_tell(f->watch, &news);
}

static void tell_row(const struct feed *f, const struct known_row *row,
    struct xdb_news news)
{
	tell(f, f->known.has_whose ? known_whose(&f->known, row) : row->uuid,
	    news);
}

static bool is_branch(const struct feed *f)
{
	return f->kind == XDB_PEOPLE_BRANCH || f->kind == XDB_GROUP_BRANCH;
}

/* What an entry was until now, who is below it moved with: `row` says where. */
static bool is_above(const struct feed *f, const struct known_row *row)
{
	return !f->watch->feeds[XDB_PERSON].has_all
	    || above_has(&f->watch->above, row->where);
}

/* Of a branch without people below it nobody wants to know. */
static bool is_of_nobody(const struct feed *f, const struct known_row *row)
{
	return f->kind == XDB_PEOPLE_BRANCH && !is_above(f, row);
}

/* A person may be what others stand below. */
static void tell_below(const struct feed *f, const struct known_row *row)
{
	if (f->kind == XDB_PERSON && above_has(&f->watch->above, row->where))
		watch_tell(f->watch, &(struct xdb_news){
		    .kind = XDB_PEOPLE_BRANCH, .uuid = SLICE("") });
}

/* The entry of this row is at `dn` now, with all below it, of which nobody tells. */
static void went(struct feed *f, const struct known_row *row, struct slice dn)
{
	struct above *above = &f->watch->above;

	tell_below(f, row);
	if (above_has(above, row->where))
		above_add_at(above, dn);
}

static void gone(struct feed *f, struct known_row *row)
{
	if (!is_of_nobody(f, row)) {
		f->changes++;
		tell_row(f, row, (struct xdb_news){ .is_gone = true });
	}
	tell_below(f, row);
	known_remove(&f->known, row);
}

/* --- one entry ------------------------------------------------------------------------------ */

/* A profile is somebody's; a person is who their own attribute says. */
static void owner_take(struct feed *f, struct known_row *row,
    const struct look *l, bool was_known)
{
	unsigned char *whose = known_whose(&f->known, row);
	unsigned char is[SYNC_UUID_BYTES] = { 0 };

	if (!sync_uuid_of_id(l->name, is))
		memset(is, 0, sizeof is);
	if (was_known && memcmp(whose, is, sizeof is) != 0)
		tell_row(f, row, (struct xdb_news){ .is_all = false });
	memcpy(whose, is, sizeof is);
}

/* A person was changed, and in nothing that we look at.  Who is sent while all is
 * read is one of all, and by polling are some again and again: the stamp says who was
 * changed meanwhile, but for one that counts seconds. */
static bool is_slight(const struct feed *f, const struct known_row *was,
    const struct look *l)
{
	return f->kind == XDB_PERSON && (f->state == FEED_LIVE
	    || (f->is_polling && !f->is_whole && !l->has_stamp) || was->stamp != l->stamp);
}

static void entry_take(struct feed *f, const unsigned char *uuid,
    const struct look *l)
{
	struct known_row *row = known_get(&f->known, uuid);
	bool was_known = row->seen != 0;
	/* What is in a new branch makes its own news. */
	bool is_new = !was_known ? !is_branch(f)
	    : l->print == 0 || row->print != l->print;
	bool is_told = is_new || is_slight(f, row, l);
	uint32_t where = above_mark(&f->watch->above, l->dn);

	if (was_known && is_new && is_of_nobody(f, row))
		is_new = is_told = false;
	if (was_known && row->where != where)
		went(f, row, l->dn);
	if (f->kind == XDB_PERSON) {
		above_add(&f->watch->above, l->dn);
		somebody_offer(&f->watch->who, l->dn);
	}
	row->where = where;
	row->seen = f->round;
	row->print = l->print;
	row->stamp = l->stamp;
	if (is_new)
		row->changed = ++f->changes;
	if (f->known.has_whose)
		owner_take(f, row, l, was_known);
	if (is_told)
		tell_row(f, row, (struct xdb_news){ .is_slight = !is_new,
		    .name = f->kind == XDB_ROOM ? l->name : SLICE(""),
		    .dn = f->kind == XDB_GROUP ? l->dn : SLICE("") });
}

static void entry_is_there(struct feed *f, const unsigned char *uuid)
{
	struct known_row *row = known_find(&f->known, uuid);

	if (row != NULL)
		row->seen = f->round;
}

/* One that we never heard of may be in somebody's memory all the same; but a branch
 * or a policy is in nobody's.  (After a break slapd names whatever was changed anywhere below and
 * is not what we ask for, a person for one.) */
static void entry_is_gone(struct feed *f, const unsigned char *uuid)
{
	struct known_row *row = known_find(&f->known, uuid);

	if (row != NULL)
		gone(f, row);
	else if (!f->known.has_whose && !(f->has_all
	    && (is_branch(f) || f->kind == XDB_POLICY)))
		tell(f, uuid, (struct xdb_news){ .is_gone = true });
}

static const unsigned char *bytes(struct slice s)
{
	return (const unsigned char *)s.p;
}

/* --- when a reading is done --------------------------------------------------------------------- */

static void missed(struct feed *f, const struct known_row *row)
{
	if (f->kind == XDB_PERSON)      /* whoever has them in memory reads again */
		tell_row(f, row, (struct xdb_news){ .is_slight = true });
	known_pass(&f->known);
}

static void sweep(void *ctx)
{
	struct feed *f = ctx;

	while (!known_is_swept(&f->known)) {
		struct known_row *row = known_sweep(&f->known, f->sweep_since);

		if (row != NULL && row->seen >= f->gone_since)
			missed(f, row);
		else if (row != NULL)
			gone(f, row);
		if (!chore_has_time()) {
			chore_start(&f->sweep);
			return;
		}
	}
	f->has_all = true;
	f->swept_ms = f->sweep_began_ms;
	if (is_branch(f))
		return;
	watch_tell(f->watch, &(struct xdb_news){ .kind = f->kind, .is_all = true });
}

/* It ends also when the connection does: what it needs to know is known. */
static void sweep_start(struct feed *f)
{
	f->gone_since = f->is_patient ? f->sweep_since : f->round;
	f->sweep_since = f->round;
	f->sweep_began_ms = f->began_ms;
	f->known.swept = 0;
	chore_start(&f->sweep);
}

static void read_all(struct feed *f, enum log_level level)
{
	log_event(level, "ldap-watch", "-",
	    "what=%s entries=%zu ms=%lld whole=%d sweeps=%d",
	    kind_texts[f->kind], f->known.n,
	    (long long)(loop_now_ms() - f->began_ms), f->is_whole,
	    f->must_sweep);
	if (f->is_whole)
		f->took_ms = loop_now_ms() - f->began_ms;
	if (f->must_sweep)
		sweep_start(f);
	f->must_sweep = false;
}

/* --- searching ------------------------------------------------------------------------------------ */

static void rest(struct feed *f, int64_t ms)
{
	f->state = FEED_RESTING;
	f->msgid = 0;
	timer_start(&f->rest, ms);
	watch_turn_over(f->watch, f);
}

static void rest_after_failure(struct feed *f, int code)
{
	int64_t ms = REST_FIRST_MS, now = loop_now_ms();

	if (now - f->failed_ms > 2 * REST_MOST_MS)
		f->failures = 0;        /* it was well for a while */
	f->failed_ms = now;
	for (unsigned i = 0; i < f->failures && ms < REST_MOST_MS; i++)
		ms *= 2;
	f->failures++;
	/* Policies that we may not see are a way to live. */
	log_event(f->kind == XDB_POLICY && f->failures > 1 ? LOG_DEBUG : LOG_WARN,
	    "ldap-watch-ended", "-", "what=%s base=%s code=%d meaning=%s",
	    kind_texts[f->kind], log_text(slice_of(f->base)), code,
	    log_text(slice_of(ldap_err2string(code))));
	rest(f, ms < REST_MOST_MS ? ms : REST_MOST_MS);
}

static int search(struct feed *f, const char *filter, LDAPControl **controls)
{
	struct xdb *db = f->watch->db;
	char **attrs = (char **)(void *)db->names.sets[f->set];

	return ldap_search_ext(f->watch->conn->ld, f->base, f->scope, filter,
	    attrs, 0, controls, NULL, NULL, 0, &f->msgid);
}

static int search_sync(struct feed *f)
{
	struct buf value = { 0 };
	LDAPControl sync = { .ldctl_oid = (char[]){ SYNC_REQUEST_OID },
		.ldctl_iscritical = 1 };
	LDAPControl *controls[] = { &sync, NULL };
	int rc;

	f->is_whole = f->cookie.n == 0;
	sync_request_write(&value, buf_slice(&f->cookie));
	sync.ldctl_value.bv_len = value.n;
	sync.ldctl_value.bv_val = value.p;
	rc = search(f, f->filter, controls);
	buf_fini(&value);
	return rc;
}

/* What changed since the latest change we know of, and a bit before. */
static void filter_since(struct buf *out, const struct feed *f)
{
	struct buf since = { 0 };
	int64_t seconds;

	if (f->is_whole || !time_read(buf_slice(&f->newest), &seconds)) {
		filter_raw(out, f->filter);
		return;
	}
	time_write(&since, seconds - OVERLAP_S);
	filter_open(out, '&');
	filter_raw(out, f->filter);
	filter_least(out, f->watch->db->names.rows[ATTR_MODIFIED].name,
	    buf_slice(&since));
	filter_close(out);
	buf_fini(&since);
}

/* The same filter for all pages: `newest` moves when they are all there. */
static int search_page(struct feed *f)
{
	LDAPControl page;
	LDAPControl *controls[] = { &page, NULL };
	int rc = page_control(f->watch->conn->ld, PAGE_ENTRIES,
	    buf_slice(&f->page), &page);

	if (rc == LDAP_SUCCESS)
		rc = search(f, buf_cstr(&f->asked), controls);
	ldap_memfree(page.ldctl_value.bv_val);
	return rc;
}

void feed_turn(struct feed *f)
{
	int rc = search_page(f);

	if (rc != LDAP_SUCCESS)
		rest_after_failure(f, rc);
}

static int search_poll(struct feed *f)
{
	f->is_whole = f->polls++ % WHOLE_EVERY == 0 || f->newest.n == 0;
	buf_clear(&f->asked);
	filter_since(&f->asked, f);
	buf_clear(&f->page);
	return watch_turn(f->watch, f) ? search_page(f) : LDAP_SUCCESS;
}

static void read_again(struct feed *f)
{
	int rc;

	timer_stop(&f->rest);
	f->state = FEED_READING;
	f->is_patient = false;
	f->round++;
	f->began_ms = loop_now_ms();
	buf_clear(&f->staged);
	rc = f->is_polling ? search_poll(f) : search_sync(f);
	f->must_sweep = f->is_whole;
	if (rc != LDAP_SUCCESS)
		rest_after_failure(f, rc);
}

static void rested(void *ctx)
{
	struct feed *f = ctx;

	if (f->state == FEED_LIVE) {            /* the second look */
		ldap_abandon_ext(f->watch->conn->ld, f->msgid, NULL, NULL);
		buf_clear(&f->cookie);
	}
	read_again(f);
}

void feed_anew(struct feed *f, bool is_patient)
{
	if (f->state == FEED_OFF || f->is_polling || (is_patient
	    && (f->state != FEED_LIVE || timer_is_on(&f->rest))))
		return;                 /* what it does anyway is no less */
	if (f->msgid != 0)
		ldap_abandon_ext(f->watch->conn->ld, f->msgid, NULL, NULL);
	f->failures = 0;
	buf_clear(&f->cookie);
	read_again(f);
	f->is_patient = is_patient;
}

void feed_begin(struct feed *f, bool is_polling)
{
	f->is_polling = is_polling;
	f->polls = 0;
	f->failures = 0;
	read_again(f);
}

void feed_stop(struct feed *f)
{
	timer_stop(&f->rest);
	f->state = FEED_OFF;
	f->msgid = 0;
	watch_turn_over(f->watch, f);
}

bool feed_is_up(const struct feed *f)
{
	return f->state == FEED_LIVE || (f->is_polling && f->polls > 1);
}

/* --- messages: RFC 4533 ------------------------------------------------------------------------------ */

/* §3.3.1: during a refresh a cookie says where we are when it is through. */
static void cookie_take(struct feed *f, struct slice cookie)
{
	struct buf *to = f->state == FEED_LIVE ? &f->cookie : &f->staged;

	if (cookie.p == NULL)
		return;
	buf_clear(to);
	buf_add(to, cookie);
}

static void refreshed(struct feed *f)
{
	if (f->state == FEED_LIVE)
		return;
	f->state = FEED_LIVE;
	if (f->staged.n != 0) {
		buf_clear(&f->cookie);
		buf_add(&f->cookie, buf_slice(&f->staged));
	}
	/* slapd 2.5.13, restarted and then written to before we were back, says
	 * refreshDelete and not a word of what was deleted before (measured): so
	 * a refresh that named only changes is followed by one of everything. */
	if (!f->is_whole && !f->must_sweep)
		timer_start(&f->rest, SECOND_LOOK_MS);
	read_all(f, f->is_patient ? LOG_DEBUG : LOG_INFO);
}

static void id_set_take(struct feed *f, struct slice uuids, bool is_of_deletes)
{
	struct slice uuid;

	while (sync_uuid_next(&uuids, &uuid))
		if (is_of_deletes)
			entry_is_gone(f, bytes(uuid));
		else
			entry_is_there(f, bytes(uuid));
}

static bool info_take(struct feed *f, const struct sync_info *i)
{
	cookie_take(f, i->cookie);
	switch (i->kind) {
	case SYNC_NEW_COOKIE:
		return true;
	case SYNC_ID_SET:
		id_set_take(f, i->uuids, i->is_of_deletes);
		return true;
	case SYNC_REFRESH_PRESENT:
		/* §3.4.1: what was not mentioned is no more. */
		f->must_sweep = f->must_sweep || f->state == FEED_READING;
		break;
	case SYNC_REFRESH_DELETE:
		break;
	}
	if (i->is_done)
		refreshed(f);
	return true;
}

static bool intermediate(struct feed *f, LDAPMessage *msg)
{
	struct berval *value = NULL;
	struct sync_info info;
	char *oid = NULL;
	bool is_good = true;

	if (ldap_parse_intermediate(f->watch->conn->ld, msg, &oid, &value, NULL,
	    0) != LDAP_SUCCESS)
		return false;
	if (oid != NULL && strcmp(oid, SYNC_INFO_OID) == 0)
		is_good = value != NULL && sync_info_read(slice_make(
		    value->bv_val, value->bv_len), &info)
		    && info_take(f, &info);
	ldap_memfree(oid);
	ber_bvfree(value);
	return is_good;
}

static bool synced_entry(struct feed *f, LDAPMessage *msg,
    const struct sync_entry *e)
{
	struct look l;

	switch (e->state) {
	case SYNC_PRESENT:
		entry_is_there(f, bytes(e->uuid));
		break;
	case SYNC_DELETE:
		entry_is_gone(f, bytes(e->uuid));
		break;
	case SYNC_ADD:
	case SYNC_MODIFY:
		if (!look_read(f, msg, &l))
			return false;
		entry_take(f, bytes(e->uuid), &l);
		break;
	}
	cookie_take(f, e->cookie);
	return true;
}

/* The controls first: reading attributes writes into the message. */
static bool sync_entry(struct feed *f, LDAPMessage *msg)
{
	LDAPControl **controls = NULL, *c;
	struct sync_entry e;
	bool is_good;

	if (ldap_get_entry_controls(f->watch->conn->ld, msg, &controls)
	    != LDAP_SUCCESS)
		return false;
	c = controls != NULL
	    ? ldap_control_find(SYNC_STATE_OID, controls, NULL) : NULL;
	is_good = c != NULL && sync_entry_read(slice_make(
	    c->ldctl_value.bv_val, c->ldctl_value.bv_len), &e)
	    && synced_entry(f, msg, &e);
	ldap_controls_free(controls);
	return is_good;
}

/* --- messages: polling ------------------------------------------------------------------------------------ */

/* A time that is yet to come, written while a server's clock was wrong, is nobody's
 * present: all that is changed until then would be older.  Those entries are found
 * again by each poll, as what was changed last is, and are no news. */
static bool is_present(struct slice modified)
{
	int64_t at_s;

	return time_read(modified, &at_s) && at_s <= wall_now_ms() / 1000 + AHEAD_S;
}

static void newest_take(struct feed *f, struct slice modified)
{
	/* GeneralizedTime in UTC sorts as text. */
	if (slice_cmp(modified, buf_slice(&f->staged)) <= 0
	    || !text_is_clean(modified) || !is_present(modified))
		return;
	buf_clear(&f->staged);
	buf_add(&f->staged, modified);
}

static bool polled_entry(struct feed *f, LDAPMessage *msg)
{
	unsigned char uuid[SYNC_UUID_BYTES];
	struct look l;

	if (!look_read(f, msg, &l))
		return false;
	if (!sync_uuid_of_id(l.uuid, uuid))
		return true;            /* nothing to know it by again */
	entry_take(f, uuid, &l);
	newest_take(f, l.modified);
	return true;
}

/* --- the end of a search ------------------------------------------------------------------------------------ */

/* What the code of a search that has RFC 4533's control means. */
enum ending { GO_ON, FROM_NOTHING, BY_POLLING, LATER };

static enum ending ending_of(const struct feed *f, int code)
{
	switch (code) {
	case LDAP_SUCCESS:              /* it does not persist, then: ask again */
		return GO_ON;
	case SYNC_REFRESH_REQUIRED:
	case LDAP_UNWILLING_TO_PERFORM: /* OpenLDAP: we know more than it does */
		return f->is_whole ? LATER : FROM_NOTHING;
	case LDAP_UNAVAILABLE_CRITICAL_EXTENSION: /* this database does not offer it */
	case LDAP_SIZELIMIT_EXCEEDED:   /* or not all of it; there are pages */
		return BY_POLLING;
	default:        /* OpenLDAP does not follow aliases here: a protocol error */
		return code == LDAP_PROTOCOL_ERROR
		    && f->watch->db->deref != DEREF_NEVER ? BY_POLLING : LATER;
	}
}

static void sync_ended(struct feed *f, int code)
{
	switch (ending_of(f, code)) {
	case GO_ON:
		refreshed(f);
		rest(f, REST_FIRST_MS);
		return;
	case FROM_NOTHING:
		log_event(LOG_INFO, "ldap-watch-anew", "-", "what=%s code=%d",
		    kind_texts[f->kind], code);
		buf_clear(&f->cookie);
		read_again(f);
		return;
	case BY_POLLING:
		log_event(LOG_INFO, "ldap-watch-polls", "-",
		    "what=%s code=%d meaning=%s", kind_texts[f->kind], code,
		    log_text(slice_of(ldap_err2string(code))));
		feed_begin(f, true);
		return;
	case LATER:
		rest_after_failure(f, code);
		return;
	}
}

static void poll_ended(struct feed *f, int code)
{
	if (code != LDAP_SUCCESS) {
		f->polls -= f->is_whole;        /* it was not */
		rest_after_failure(f, code);
		return;
	}
	if (f->page.n != 0) {
		feed_turn(f);
		return;
	}
	if (slice_cmp(buf_slice(&f->staged), buf_slice(&f->newest)) > 0) {
		buf_clear(&f->newest);
		buf_add(&f->newest, buf_slice(&f->staged));
	}
	read_all(f, f->polls == 1 ? LOG_INFO : LOG_DEBUG);
	rest(f, f->watch->db->poll_interval_ms);
}

static bool ended(struct feed *f, LDAPMessage *msg)
{
	LDAPControl **controls = NULL, *c = NULL;
	struct sync_done done;
	int code;

	if (ldap_parse_result(f->watch->conn->ld, msg, &code, NULL, NULL, NULL,
	    &controls, 0) != LDAP_SUCCESS)
		return false;
	if (controls != NULL)
		c = ldap_control_find(SYNC_DONE_OID, controls, NULL);
	if (c != NULL && sync_done_read(slice_make(c->ldctl_value.bv_val,
	    c->ldctl_value.bv_len), &done)) {
		cookie_take(f, done.cookie);
		f->must_sweep = f->must_sweep || !done.is_of_deletes;
	}
	if (f->is_polling)
		page_next(f->watch->conn->ld, controls, &f->page);
	ldap_controls_free(controls);
	f->msgid = 0;
	if (f->is_polling)
		poll_ended(f, code);
	else
		sync_ended(f, code);
	return true;
}

static void nonsense(struct feed *f)
{
	buf_clear(&f->cookie);
	if (f->msgid != 0)
		ldap_abandon_ext(f->watch->conn->ld, f->msgid, NULL, NULL);
	rest_after_failure(f, LDAP_DECODING_ERROR);
}

void feed_message(struct feed *f, LDAPMessage *msg)
{
	bool is_good = true;

	switch (ldap_msgtype(msg)) {
	case LDAP_RES_SEARCH_ENTRY:
		is_good = f->is_polling ? polled_entry(f, msg)
		    : sync_entry(f, msg);
		break;
	case LDAP_RES_INTERMEDIATE:
		is_good = f->is_polling || intermediate(f, msg);
		break;
	case LDAP_RES_SEARCH_RESULT:
		is_good = ended(f, msg);
		break;
	default:
		break;                  /* references are not followed */
	}
	if (!is_good)
		nonsense(f);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static const char *class_filter(struct feed *f, const char *const *classes)
{
	struct buf filter = { 0 };
	const char *made;

	filter_open(&filter, '|');
	for (; *classes != NULL; classes++)
		filter_eq(&filter,
		    f->watch->db->names.rows[ATTR_OBJECT_CLASS].name,
		    slice_of(*classes));
	filter_close(&filter);
	made = slice_cstr(&f->arena, buf_slice(&filter));
	buf_fini(&filter);
	return made;
}

/* People may stand below anything, and below people. */
static const char *others_filter(struct feed *f)
{
	struct buf filter = { 0 };
	const char *made;

	filter_open(&filter, '!');
	filter_raw(&filter, f->watch->db->people_filter);
	filter_close(&filter);
	made = slice_cstr(&f->arena, buf_slice(&filter));
	buf_fini(&filter);
	return made;
}

void feed_init(struct feed *f, struct watch *w, enum xdb_watched kind)
{
	static const char *const profiles[] = { CLASS_PROFILE, NULL };
	static const char *const users[] = { CLASS_USER, NULL };
	static const char *const rooms[] = { CLASS_ROOM, NULL };
	static const char *const policies[] = { CLASS_POLICY, NULL };
	const char *const *const classes[] = { [XDB_PROFILE] = profiles,
		[XDB_ROOM] = rooms, [XDB_GROUP] = map_group_classes,
		[XDB_GROUP_BRANCH] = map_branch_classes,
		[XDB_POLICY] = policies };
	const struct xdb *db = w->db;
	const struct feed rows[] = {
		[XDB_PERSON] = { .base = db->people_base,
			.scope = LDAP_SCOPE_SUBTREE, .set = SET_WATCH_PERSON,
			.filter = db->people_filter, .named_by = ATTR_NAME },
		[XDB_PROFILE] = { .base = db->profiles_base,
			.scope = LDAP_SCOPE_ONELEVEL, .set = SET_WATCH_PROFILE,
			.named_by = ATTR_PERSON_UUID,
			.known.has_whose = true },
		[XDB_ROOM] = { .base = db->rooms_base,
			.scope = LDAP_SCOPE_ONELEVEL, .set = SET_WATCH_ROOM,
			.named_by = ATTR_ROOM_NAME },
		[XDB_GROUP] = { .base = db->groups_base,
			.scope = LDAP_SCOPE_SUBTREE, .set = SET_WATCH_GROUP,
			.named_by = ATTR_ENTRY_UUID },
		[XDB_PEOPLE_BRANCH] = { .base = db->people_base,
			.scope = LDAP_SCOPE_SUBTREE, .set = SET_WATCH_BRANCH,
			.named_by = ATTR_ENTRY_UUID },
		[XDB_GROUP_BRANCH] = { .base = db->groups_base,
			.scope = LDAP_SCOPE_SUBTREE, .set = SET_WATCH_BRANCH,
			.named_by = ATTR_ENTRY_UUID },
		[XDB_POLICY] = { .base = db->people_base,
			.scope = LDAP_SCOPE_SUBTREE, .set = SET_WATCH_POLICY,
			.named_by = ATTR_ENTRY_UUID },
	};

	*f = rows[kind];
	f->watch = w;
	f->kind = kind;
	if (kind == XDB_PROFILE && db->is_inline) {
		f->scope = LDAP_SCOPE_SUBTREE;
		f->named_by = ATTR_UUID;        /* the person's is its own */
		f->filter = class_filter(f, users);
	}
	if (kind == XDB_PEOPLE_BRANCH)
		f->filter = others_filter(f);
	if (f->filter == NULL)
		f->filter = class_filter(f, classes[kind]);
	list_init(&f->turn);
	timer_init(&f->rest, rested, f);
	chore_init(&f->sweep, sweep, f);
}

/* Where policies may be is in the root DSE.  FreeIPA's people have an ipaUniqueID, and RFC 4533 there names them by
 * nsUniqueId: so each row says who that is. */
void feed_named(struct feed *f)
{
	const struct xdb *db = f->watch->db;
	const struct map_row *rows = db->names.rows;

	if (f->kind == XDB_POLICY && db->policies_base != NULL)
		f->base = db->policies_base;
	if (f->kind != XDB_PERSON || strcmp(rows[ATTR_UUID].name,
	    rows[ATTR_ENTRY_UUID].name) == 0)
		return;
	f->known.has_whose = true;
	f->named_by = ATTR_UUID;
}

void feed_fini(struct feed *f)
{
	timer_stop(&f->rest);
	chore_stop(&f->sweep);
	known_fini(&f->known);
	buf_fini(&f->cookie);
	buf_fini(&f->staged);
	buf_fini(&f->newest);
	buf_fini(&f->asked);
	buf_fini(&f->page);
	arena_fini(&f->arena);
}
