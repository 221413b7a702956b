/* SPDX-License-Identifier: Apache-2.0 */
/* base/picture.c — kinds of pictures by their first bytes. */
#include "base/picture.h"

static const struct { const char *magic; size_t n; const char *type; } kinds[] = {
	{ "\xff\xd8\xff", 3, "image/jpeg" },
	{ "\x89PNG\r\n\x1a\n", 8, "image/png" },
	{ "GIF87a", 6, "image/gif" },
	{ "GIF89a", 6, "image/gif" },
};

const char *picture_type(struct slice bytes)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (slice_starts(bytes, slice_make(kinds[i].magic, kinds[i].n)))
			return kinds[i].type;
	return NULL;
}
