/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/sync.c — the values of RFC 4533's controls and messages.
 *
 * Tags are implicit (RFC 4533 appendix), so one octet says what comes. */
#include "xdb_ldap/sync.h"

enum {
	TAG_BOOLEAN = 0x01, TAG_OCTETS = 0x04, TAG_ENUMERATED = 0x0a,
	TAG_SEQUENCE = 0x30, TAG_SET = 0x31,
	TAG_NEW_COOKIE = 0x80, TAG_REFRESH_DELETE = 0xa1,
	TAG_REFRESH_PRESENT = 0xa2, TAG_ID_SET = 0xa3,
	MODE_REFRESH_AND_PERSIST = 3,
};

/* --- BER, as much as is needed ------------------------------------------------------------ */

static unsigned octet(struct slice *rest)
{
	unsigned char c = (unsigned char)rest->p[0];

	*rest = slice_make(rest->p + 1, rest->n - 1);
	return c;
}

/* X.690 §8.1.3: the short form, or 1 to 4 octets of the long one. */
static bool length_read(struct slice *rest, size_t *n_r)
{
	unsigned first, more;

	if (rest->n == 0)
		return false;
	first = octet(rest);
	*n_r = first;
	if (first < 0x80)
		return true;
	more = first & 0x7f;
	if (more == 0 || more > 4 || more > rest->n)
		return false;
	for (*n_r = 0; more != 0; more--)
		*n_r = *n_r << 8 | octet(rest);
	return true;
}

static bool is_next(struct slice rest, unsigned tag)
{
	return rest.n != 0 && (unsigned char)rest.p[0] == tag;
}

static bool take(struct slice *rest, unsigned tag, struct slice *content_r)
{
	size_t n;

	if (!is_next(*rest, tag))
		return false;
	octet(rest);
	if (!length_read(rest, &n) || n > rest->n)
		return false;
	*content_r = slice_make(rest->p, n);
	*rest = slice_make(rest->p + n, rest->n - n);
	return true;
}

static bool take_one_octet(struct slice *rest, unsigned tag, unsigned *value_r)
{
	struct slice content;

	if (!take(rest, tag, &content) || content.n != 1)
		return false;
	*value_r = (unsigned char)content.p[0];
	return true;
}

/* The whole of `value` is one element of this tag. */
static bool is_whole(struct slice value, unsigned tag, struct slice *content_r)
{
	return take(&value, tag, content_r) && value.n == 0;
}

/* --- pieces ----------------------------------------------------------------------------------- */

static bool uuid_take(struct slice *rest, struct slice *uuid_r)
{
	return take(rest, TAG_OCTETS, uuid_r) && uuid_r->n == SYNC_UUID_BYTES;
}

static bool cookie_take(struct slice *rest, struct slice *cookie_r)
{
	*cookie_r = slice_make(NULL, 0);
	return !is_next(*rest, TAG_OCTETS)
	    || (take(rest, TAG_OCTETS, cookie_r)
	    && cookie_r->n <= SYNC_COOKIE_MOST);
}

static bool flag_take(struct slice *rest, bool *flag)
{
	unsigned value;

	if (!is_next(*rest, TAG_BOOLEAN))
		return true;            /* the default stays */
	if (!take_one_octet(rest, TAG_BOOLEAN, &value))
		return false;
	*flag = value != 0;
	return true;
}

/* --- reading ------------------------------------------------------------------------------------ */

bool sync_entry_read(struct slice value, struct sync_entry *entry_r)
{
	struct slice in;
	unsigned state;

	if (!is_whole(value, TAG_SEQUENCE, &in)
	    || !take_one_octet(&in, TAG_ENUMERATED, &state)
	    || state > SYNC_DELETE || !uuid_take(&in, &entry_r->uuid)
	    || !cookie_take(&in, &entry_r->cookie) || in.n != 0)
		return false;
	entry_r->state = (enum sync_state)state;
	return true;
}

bool sync_done_read(struct slice value, struct sync_done *done_r)
{
	struct slice in;

	done_r->is_of_deletes = false;
	return is_whole(value, TAG_SEQUENCE, &in)
	    && cookie_take(&in, &done_r->cookie)
	    && flag_take(&in, &done_r->is_of_deletes) && in.n == 0;
}

static bool phase_read(struct slice in, struct sync_info *info)
{
	info->is_done = true;
	return cookie_take(&in, &info->cookie)
	    && flag_take(&in, &info->is_done) && in.n == 0;
}

static bool id_set_read(struct slice in, struct sync_info *info)
{
	struct slice rest, uuid;

	if (!cookie_take(&in, &info->cookie)
	    || !flag_take(&in, &info->is_of_deletes)
	    || !take(&in, TAG_SET, &info->uuids) || in.n != 0)
		return false;
	for (rest = info->uuids; rest.n != 0; )
		if (!uuid_take(&rest, &uuid))
			return false;
	return true;
}

bool sync_info_read(struct slice value, struct sync_info *info_r)
{
	struct slice in;

	*info_r = (struct sync_info){ .kind = SYNC_NEW_COOKIE };
	if (is_whole(value, TAG_NEW_COOKIE, &info_r->cookie))
		return info_r->cookie.n <= SYNC_COOKIE_MOST;
	if (is_whole(value, TAG_ID_SET, &in)) {
		info_r->kind = SYNC_ID_SET;
		return id_set_read(in, info_r);
	}
	if (is_whole(value, TAG_REFRESH_DELETE, &in))
		info_r->kind = SYNC_REFRESH_DELETE;
	else if (is_whole(value, TAG_REFRESH_PRESENT, &in))
		info_r->kind = SYNC_REFRESH_PRESENT;
	else
		return false;
	return phase_read(in, info_r);
}

bool sync_uuid_next(struct slice *uuids, struct slice *uuid_r)
{
	return uuids->n != 0 && uuid_take(uuids, uuid_r);
}

/* --- writing -------------------------------------------------------------------------------------- */

static void head_put(struct buf *out, unsigned tag, size_t n)
{
	buf_addc(out, (char)tag);
	if (n >= 0x100) {
		buf_addc(out, (char)0x82);
		buf_addc(out, (char)(n >> 8));
	} else if (n >= 0x80) {
		buf_addc(out, (char)0x81);
	}
	buf_addc(out, (char)(n & 0xff));
}

void sync_request_write(struct buf *out, struct slice cookie)
{
	struct buf in = { 0 };

	head_put(&in, TAG_ENUMERATED, 1);
	buf_addc(&in, MODE_REFRESH_AND_PERSIST);
	if (cookie.n != 0) {
		head_put(&in, TAG_OCTETS, cookie.n);
		buf_add(&in, cookie);
	}
	head_put(out, TAG_SEQUENCE, in.n);
	buf_add(out, buf_slice(&in));
	buf_fini(&in);
}

/* --- UUIDs as text ----------------------------------------------------------------------------------- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool is_after_dash(size_t i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

/* RFC 4530 §2.1, by way of RFC 4122 §3: written in lower case, read in any. */
bool sync_uuid_of(struct slice text, unsigned char *uuid_r)
{
	size_t at = 0;

	if (text.n != SYNC_UUID_CHARS)
		return false;
	for (size_t i = 0; i < SYNC_UUID_BYTES; i++) {
		if (is_after_dash(i) && text.p[at++] != '-')
			return false;
		if (digit(text.p[at]) < 0 || digit(text.p[at + 1]) < 0)
			return false;
		uuid_r[i] = (unsigned char)(digit(text.p[at]) << 4
		    | digit(text.p[at + 1]));
		at += 2;
	}
	return true;
}

/* 389 Directory Server puts these digits, in this order, into RFC 4533's UUIDs
 * (sync_nsuniqueid2uuid): so this is who the entry is in its messages too. */
static bool nsuniqueid_read(struct slice id, unsigned char *uuid_r)
{
	size_t at = 0;

	for (size_t i = 0; i < SYNC_UUID_BYTES; i++) {
		if (i != 0 && i % 4 == 0 && id.p[at++] != '-')
			return false;
		if (digit(id.p[at]) < 0 || digit(id.p[at + 1]) < 0)
			return false;
		uuid_r[i] = (unsigned char)(digit(id.p[at]) << 4
		    | digit(id.p[at + 1]));
		at += 2;
	}
	return true;
}

/* [MS-DTYP] §2.3.4.2: the first three fields are little-endian, and the text
 * that every tool shows is written from the most significant octet on. */
static const unsigned char guid_from[SYNC_UUID_BYTES] = { 3, 2, 1, 0, 5, 4,
	7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

static void guid_read(struct slice id, unsigned char *uuid_r)
{
	for (size_t i = 0; i < SYNC_UUID_BYTES; i++)
		uuid_r[i] = (unsigned char)id.p[guid_from[i]];
}

/* That order is its own inverse. */
bool sync_id_of_uuid(const char *attribute, struct slice uuid, struct buf *id)
{
	unsigned char bytes[SYNC_UUID_BYTES];
	bool is_guid = strcmp(attribute, "objectGUID") == 0;

	if ((!is_guid && strcmp(attribute, "nsUniqueId") != 0)
	    || !sync_uuid_of(uuid, bytes))
		return false;
	for (size_t i = 0; i < SYNC_UUID_BYTES; i++) {
		if (is_guid)
			buf_addc(id, (char)bytes[guid_from[i]]);
		else
			buf_addf(id, "%s%02x", i != 0 && i % 4 == 0 ? "-" : "",
			    bytes[i]);
	}
	return true;
}

bool sync_uuid_of_id(struct slice id, unsigned char *uuid_r)
{
	enum { NSUNIQUEID_CHARS = 35 };

	if (id.n == SYNC_UUID_BYTES) {
		guid_read(id, uuid_r);
		return true;
	}
	return id.n == NSUNIQUEID_CHARS ? nsuniqueid_read(id, uuid_r)
	    : sync_uuid_of(id, uuid_r);
}

void sync_uuid_text(const unsigned char *uuid, char *text_r)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SYNC_UUID_BYTES; i++) {
		if (is_after_dash(i))
			*text_r++ = '-';
		*text_r++ = digits[uuid[i] >> 4];
		*text_r++ = digits[uuid[i] & 15];
	}
}
