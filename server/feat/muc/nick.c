/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/nick.c — nicks that look the same are the same. */
#include "feat/muc/nick.h"

static bool is_clean(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ' '
		    && (i == 0 || i + 1 == s.n || s.p[i + 1] == ' '))
			return false;
	return true;
}

/* Preparation (RFC 8265 §4.2) has made every other space character this one. */
static struct slice squeezed(struct arena *a, struct slice in)
{
	char *out = arena_raw(a, in.n);
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] != ' ')
			out[n++] = in.p[i];
		else if (n != 0 && out[n - 1] != ' ')
			out[n++] = ' ';
	if (n != 0 && out[n - 1] == ' ')
		n--;
	return slice_make(out, n);
}

bool nick_clean(struct arena *a, struct slice in, struct slice *nick_r)
{
	if (in.n == 0)
		return false;
	*nick_r = is_clean(in) ? in : squeezed(a, in);
	return nick_r->n != 0 && nick_r->n <= NICK_BYTES_MOST;
}
