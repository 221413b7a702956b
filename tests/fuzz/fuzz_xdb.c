/* SPDX-License-Identifier: Apache-2.0 */
/* Values and names from a directory that anybody may have written (LDAP-17):
 * what is read and written again says the same; any bytes are one value of a
 * filter and one RDN of a DN (LDAP-02, -03). */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "xdb_ldap/dn.h"
#include "xdb_ldap/entry.h"
#include "xdb_ldap/filter.h"
#include "xdb_ldap/option.h"
#include "xdb_ldap/sync.h"
#include "xdb_ldap/values.h"

static void try_item(struct arena *a, struct slice in)
{
	struct xdb_roster_item item, again;
	struct buf out = { 0 };

	if (!roster_item_read(a, in, &item))
		return;
	roster_item_write(&out, &item);
	assert(roster_item_read(a, buf_slice(&out), &again));
	assert(slice_eq(item.jid, again.jid) && slice_eq(item.name, again.name));
	assert(item.subscription == again.subscription);
	assert(item.ask == again.ask && item.approved == again.approved);
	assert(text_is_lines(item.name) && text_is_lines(item.jid));
	assert(slice_eq(value_jid(a, buf_slice(&out)), item.jid));
	buf_fini(&out);
}

static void try_person(struct arena *a, struct slice in)
{
	struct xdb_room_person person, again;
	struct xdb_pending pending;
	struct xdb_room_option option;
	struct buf out = { 0 };

	if (room_person_read(a, in, &person)) {
		room_person_write(&out, &person);
		assert(room_person_read(a, buf_slice(&out), &again));
		assert(slice_eq(person.jid, again.jid));
		assert(slice_eq(person.nick, again.nick));
		assert(slice_eq(person.reason, again.reason));
	}
	buf_clear(&out);
	if (pending_read(a, in, &pending)) {
		pending_write(&out, &pending);
		assert(pending_read(a, buf_slice(&out), &pending));
	}
	buf_clear(&out);
	if (room_option_read(a, in, &option) != OPTION_NONE) {
		room_option_write(&out, &option);
		assert(room_option_read(a, buf_slice(&out), &option)
		    == OPTION_READ);
	}
	buf_fini(&out);
}

static void try_filter(struct slice in)
{
	struct buf out = { 0 }, shape = { 0 };
	const char *why = NULL;

	assert(filter_is_valid(in, &why) || why != NULL);
	filter_eq(&out, "uid", in);
	assert(filter_shape(&shape, buf_slice(&out)));
	assert(slice_is(buf_slice(&shape), "(uid=)"));
	buf_fini(&out);
	buf_fini(&shape);
}

static void try_dn(struct arena *a, struct slice in)
{
	struct buf normal = { 0 }, again = { 0 };
	struct slice value;

	if (dn_normal(&normal, in) && normal.n <= DN_BYTES_MOST) {
		assert(dn_normal(&again, buf_slice(&normal)));
		assert(slice_eq(buf_slice(&normal), buf_slice(&again)));
	}
	(void)dn_parent(in);
	if (in.n != 0 && in.n < 1000 && memchr(in.p, '\0', in.n) == NULL
	    && text_is_utf8(in)) {
		const char *dn = dn_make(a, "uid", in, "ou=people,dc=x");

		assert(dn_first(a, slice_of(dn), "uid", &value));
		assert(slice_eq(value, in));
		assert(slice_is(dn_parent(slice_of(dn)), "ou=people,dc=x"));
	}
	buf_fini(&normal);
	buf_fini(&again);
}

/* What is found lies within what was given, and a UUID is one. */
static void try_piece(struct slice in, struct slice piece)
{
	assert(piece.p == NULL
	    || (piece.p >= in.p && piece.p + piece.n <= in.p + in.n));
}

static void try_sync(struct slice in)
{
	struct sync_entry entry;
	struct sync_info info;
	struct sync_done done;
	struct slice uuid;

	if (sync_entry_read(in, &entry)) {
		try_piece(in, entry.cookie);
		try_piece(in, entry.uuid);
		assert(entry.uuid.n == SYNC_UUID_BYTES);
	}
	if (sync_done_read(in, &done))
		try_piece(in, done.cookie);
	if (!sync_info_read(in, &info))
		return;
	try_piece(in, info.cookie);
	while (sync_uuid_next(&info.uuids, &uuid)) {
		try_piece(in, uuid);
		assert(uuid.n == SYNC_UUID_BYTES);
	}
	assert(info.uuids.n == 0);
}

static void try_uuid(struct slice in)
{
	unsigned char uuid[SYNC_UUID_BYTES];
	char text[SYNC_UUID_CHARS];

	if (!sync_uuid_of(in, uuid))
		return;
	sync_uuid_text(uuid, text);
	assert(slice_eq_nocase(in, slice_make(text, sizeof text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_make(data, size);
	struct arena a = { 0 };
	int64_t seconds;

	try_item(&a, in);
	try_person(&a, in);
	try_filter(in);
	try_dn(&a, in);
	try_sync(in);
	try_uuid(in);
	if (time_read(in, &seconds)) {
		struct buf out = { 0 };

		time_write(&out, seconds);
		buf_fini(&out);
	}
	arena_fini(&a);
	return 0;
}
