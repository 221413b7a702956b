/* SPDX-License-Identifier: Apache-2.0 */
/* Forms, and what becomes of their values on a page: whatever is taken is
 * text, survives encoding, and is never markup (WEB-05, WEB-13). */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "admin-web/input.h"
#include "admin-web/page.h"
#include "admin-web/text.h"
#include "base/enc.h"

/* One element with one attribute and one text: so many marks and no more. */
static void check_page(struct slice value)
{
	struct buf out = { 0 };
	struct page p;
	size_t open = 0, quotes = 0;

	page_init(&p, &out);
	buf_clear(&out);
	page_open(&p, "b");
	page_attr(&p, "href", value);
	page_text(&p, value);
	page_end(&p);
	for (size_t i = 0; i < out.n; i++) {
		open += out.p[i] == '<';
		quotes += out.p[i] == '"';
		assert(out.p[i] != '\'' && out.p[i] != '\0');
	}
	assert(open == 2 && quotes == 2);
	assert(memmem(out.p, out.n, "href=\"javascript:", 17) == NULL);
	buf_fini(&out);
}

static void check_url(struct arena *a, struct slice value)
{
	struct buf url = { 0 }, back = { 0 };

	input_url_piece(&url, value);
	assert(dec_percent(&back, buf_slice(&url)));
	assert(slice_eq(buf_slice(&back), value));
	buf_fini(&url);
	buf_fini(&back);
	if (input_local_part(a, value) != NULL)
		assert(slice_is(slice_of(input_local_part(a, value)),
		    input_local_part(a, slice_of(input_local_part(a, value)))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = slice_make(data, size);
	struct arena a = { 0 };
	struct form f;

	if (form_parse(&a, s, &f)) {
		assert(f.n <= FORM_FIELDS_MOST);
		for (size_t i = 0; i < f.n; i++) {
			assert(input_is_text(f.v[i].value, true));
			assert(memchr(f.v[i].value.p, '\r', f.v[i].value.n) == NULL);
			check_page(f.v[i].value);
			check_url(&a, f.v[i].value);
		}
	}
	(void)input_json_depth(s);
	(void)input_media_is(s, "application/json");
	(void)input_is_mail(s);
	(void)input_is_blank(s);
	assert(lang_accepted(s) < LANG_COUNT);
	arena_fini(&a);
	return 0;
}
