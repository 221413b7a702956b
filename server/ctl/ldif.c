/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/ldif.c — one line, never folded: RFC 2849 asks nobody to. */
#include "ctl/ldif.h"

#include "base/enc.h"

/* SAFE-STRING, and no space at the end (note 8). */
static bool is_safe(struct slice value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < ' ' || value.p[i] > '~')
			return false;
	return value.n == 0 || (strchr(" :<", value.p[0]) == NULL
	    && value.p[value.n - 1] != ' ');
}

void ldif_line(struct buf *out, const char *name, struct slice value)
{
	if (is_safe(value)) {
		buf_addf(out, "%s: " SLICE_FMT "\n", name, SLICE_ARG(value));
		return;
	}
	buf_addf(out, "%s:: ", name);
	enc_base64(out, value);
	buf_addc(out, '\n');
}
