/* SPDX-License-Identifier: Apache-2.0 */
/* Change numbers of servers: which copy has what the other has. */
#include "tests/tap.h"
#include "xdb_ldap/csn.h"

#define A1 "20261122135910.000001Z#000000#001#000000"
#define A2 "20261122135910.000002Z#000000#001#000000"
#define A3 "20261122135910.000002Z#000001#001#000000"
#define B1 "20261122135911.000000Z#000000#002#000000"
#define B2 "20261122140000.000000Z#000000#002#000000"

static const struct {
	const char *have[3], *need[3];
	bool covers;
	const char *name;
} cases[] = {
	{ { A1 }, { A1 }, true, "the same" },
	{ { A2 }, { A1 }, true, "one change more" },
	{ { A1 }, { A2 }, false, "one change less" },
	{ { A2 }, { A3 }, false, "less within one microsecond" },
	{ { A1, B1 }, { B1, A1 }, true, "two servers in any order" },
	{ { A2, B1 }, { A1, B2 }, false, "ahead of one, behind the other" },
	{ { A2 }, { A1, B1 }, false, "never heard of a server" },
	{ { A1, B1 }, { B1 }, true, "heard of one more" },
	{ { NULL }, { A1 }, false, "nothing at all" },
	{ { NULL }, { NULL }, true, "nothing is needed" },
	{ { A1 }, { "x", A1 }, true, "what is no number is left out" },
	{ { "20261122135910Z#000000#001#000000" }, { A1 }, false,
	  "an old server's number is none" },
};

static struct csn_set set_of(const char *const *texts)
{
	struct csn_set set;
	struct slice v[3];
	size_t n = 0;

	while (n < 3 && texts[n] != NULL) {
		v[n] = slice_of(texts[n]);
		n++;
	}
	csn_take(&set, v, n);
	return set;
}

int main(void)
{
	struct slice many[CSN_MOST + 8];
	struct csn_set set;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct csn_set have = set_of(cases[i].have);
		struct csn_set need = set_of(cases[i].need);

		ok(csn_covers(&have, &need) == cases[i].covers, cases[i].name);
	}
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = SLICE(A1);
	csn_take(&set, many, COUNT(many));
	is_int(set.n, CSN_MOST, "no more than there is room for");
	return done();
}
