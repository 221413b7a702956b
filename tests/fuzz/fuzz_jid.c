/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses from strangers: whatever is accepted is canonical, so preparing it
 * again changes nothing, and its parts put together are the whole (RTE-13). */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "base/alloc.h"
#include "xml/jid.h"
#include "xml/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct jid jid, again;

	if (jid_parse(&a, slice_make((const char *)data, size), &jid)) {
		assert(jid_parse(&a, jid_full(&jid), &again));
		assert(jid_eq(&jid, &again));
		assert(utf8_is_good(jid_full(&jid)));
		again = jid_join(&a, jid_local(&jid), jid_domain(&jid),
		    jid_resource(&jid));
		assert(jid_eq(&jid, &again));
		assert(jid.local_n <= JID_PART_MOST
		    && jid.domain_n <= JID_PART_MOST
		    && jid.resource_n <= JID_PART_MOST);
	}
	arena_fini(&a);
	return 0;
}
