/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/page.h — the one writer of HTML: it escapes by construction.
 *
 * Text and attribute values may be anything; element and attribute names are
 * ours.  Elements that are left open, closed twice or given an attribute after
 * their content are faults of ours and end the process in the tests.  A link
 * (href, action, src) that is neither a path of this site nor https: or xmpp:
 * becomes "#": no text from outside can run as script (WEB-05). */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "base/str.h"

enum { PAGE_DEPTH = 32 };

struct page {
	struct buf *out;                        /* borrowed */
	const char *open[PAGE_DEPTH];           /* names of the open elements */
	unsigned depth;
	bool in_tag;                            /* "<p class=…" without its '>' yet */
};

void page_init(struct page *p, struct buf *out);        /* writes the doctype */

void page_open(struct page *p, const char *name);
void page_attr(struct page *p, const char *name, struct slice value);
void page_attr_cstr(struct page *p, const char *name, const char *value);      /* NULL: nothing */
void page_flag(struct page *p, const char *name);       /* <input required> */
void page_text(struct page *p, struct slice text);
void page_cstr(struct page *p, const char *text);
void page_close(struct page *p);                        /* void elements, too */
void page_end(struct page *p);                          /* closes all */

/* <name class=…>text</name>; class NULL: none. */
void page_leaf(struct page *p, const char *name, const char *class, struct slice text);
void page_leaf_cstr(struct page *p, const char *name, const char *class, const char *text);
void page_open_class(struct page *p, const char *name, const char *class);

#endif
