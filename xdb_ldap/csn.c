/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/csn.c — sets of change numbers, read and compared. */
#include "xdb_ldap/csn.h"

enum { SERVER_AT = 30, SERVER_CHARS = 3 };

static bool is_csn(struct slice v)
{
	static const char shape[] = "00000000000000.000000Z#000000#000#000000";

	if (v.n != CSN_CHARS)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		bool is_hex = (v.p[i] >= '0' && v.p[i] <= '9')
		    || (v.p[i] >= 'a' && v.p[i] <= 'f');

		if (shape[i] == '0' ? !is_hex : v.p[i] != shape[i])
			return false;
	}
	return true;
}

void csn_take(struct csn_set *set, const struct slice *values, size_t n)
{
	set->n = 0;
	for (size_t i = 0; i < n && set->n < CSN_MOST; i++)
		if (is_csn(values[i]))
			memcpy(set->v[set->n++], values[i].p, CSN_CHARS);
}

static const char *of_server(const struct csn_set *set, const char *csn)
{
	for (unsigned i = 0; i < set->n; i++)
		if (memcmp(set->v[i] + SERVER_AT, csn + SERVER_AT,
		    SERVER_CHARS) == 0)
			return set->v[i];
	return NULL;
}

bool csn_covers(const struct csn_set *have, const struct csn_set *need)
{
	for (unsigned i = 0; i < need->n; i++) {
		const char *last = of_server(have, need->v[i]);

		if (last == NULL || memcmp(last, need->v[i], CSN_CHARS) < 0)
			return false;
	}
	return true;
}
