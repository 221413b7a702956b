/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/usability.c — the value of the account usability response:
 *
 *   CHOICE { is_available     [0] INTEGER,       seconds to the password's end
 *            is_not_available [1] SEQUENCE {
 *              inactive              [0] BOOLEAN,
 *              reset                 [1] BOOLEAN,
 *              expired               [2] BOOLEAN,
 *              remaining_grace       [3] INTEGER OPTIONAL,
 *              seconds_before_unlock [4] INTEGER OPTIONAL } }
 *
 * Short forms of lengths only: no value here is longer. */
#include "xdb_ldap/usability.h"

enum { TAG_USABLE = 0x80, TAG_NOT_USABLE = 0xa1, TAG_FIRST = 0x80,
	INACTIVE = 0, RESET = 1, EXPIRED = 2, GRACE = 3, SECONDS = 4, FIELDS };

static bool take(struct slice *rest, unsigned *tag_r, struct slice *content_r)
{
	size_t n;

	if (rest->n < 2)
		return false;
	*tag_r = (unsigned char)rest->p[0];
	n = (unsigned char)rest->p[1];
	if (n > 0x7f || n > rest->n - 2)
		return false;
	*content_r = slice_make(rest->p + 2, n);
	*rest = slice_make(rest->p + 2 + n, rest->n - 2 - n);
	return true;
}

/* X.690 §8.3: two's complement, up to 8 octets; a boolean is one octet. */
static bool number_read(struct slice content, int64_t *value_r)
{
	uint64_t value;

	if (content.n == 0 || content.n > sizeof value)
		return false;
	value = (content.p[0] & 0x80) != 0 ? UINT64_MAX : 0;
	for (size_t i = 0; i < content.n; i++)
		value = value << 8 | (unsigned char)content.p[i];
	*value_r = (int64_t)value;
	return true;
}

static bool fields_read(struct slice rest, int64_t *fields)
{
	while (rest.n != 0) {
		struct slice content;
		unsigned tag;

		if (!take(&rest, &tag, &content) || tag < TAG_FIRST
		    || tag >= TAG_FIRST + FIELDS
		    || !number_read(content, &fields[tag - TAG_FIRST]))
			return false;
	}
	return true;
}

bool usability_read(struct slice value, struct usability *u_r)
{
	int64_t fields[FIELDS] = { 0 };
	struct slice content;
	unsigned tag;

	*u_r = (struct usability){ .is_there = false };
	if (!take(&value, &tag, &content) || value.n != 0)
		return false;
	if (tag == TAG_USABLE) {
		if (!number_read(content, &fields[SECONDS]))
			return false;
	} else if (tag != TAG_NOT_USABLE || !fields_read(content, fields)) {
		return false;
	}
	*u_r = (struct usability){ .is_there = true,
		.is_usable = tag == TAG_USABLE,
		.is_inactive = fields[INACTIVE] != 0,
		.must_change = fields[RESET] != 0,
		.has_expired = fields[EXPIRED] != 0,
		.grace = fields[GRACE], .seconds = fields[SECONDS] };
	return true;
}
