/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/passmod.c — DER (X.690 §8.1.3), as far as a sequence of three texts needs it. */
#include "xdb_ldap/passmod.h"

#include <assert.h>

enum {
	TAG_SEQUENCE = 0x30,
	TAG_WHO = 0x80, TAG_OLD, TAG_NEW,       /* RFC 3062 §2: [0], [1], [2] */
	LENGTH_MOST = 0xffff,
};

static size_t length_size(size_t n)
{
	return n < 0x80 ? 1 : n < 0x100 ? 2 : 3;
}

static size_t part_size(struct slice s)
{
	return s.n != 0 ? 1 + length_size(s.n) + s.n : 0;
}

static void head_write(struct buf *out, int tag, size_t n)
{
	size_t more = length_size(n) - 1;

	assert(n <= LENGTH_MOST);
	buf_addc(out, (char)tag);
	if (more != 0)
		buf_addc(out, (char)(0x80 | more));
	if (more == 2)
		buf_addc(out, (char)(n >> 8));
	buf_addc(out, (char)n);
}

static void part_write(struct buf *out, int tag, struct slice s)
{
	if (s.n == 0)
		return;
	head_write(out, tag, s.n);
	buf_add(out, s);
}

void passmod_write(struct buf *out, struct slice who, struct slice was,
    struct slice is)
{
	size_t n = part_size(who) + part_size(was) + part_size(is);

	buf_reserve(out, 1 + length_size(n) + n);
	head_write(out, TAG_SEQUENCE, n);
	part_write(out, TAG_WHO, who);
	part_write(out, TAG_OLD, was);
	part_write(out, TAG_NEW, is);
}
