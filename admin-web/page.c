/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/page.c — the one writer of HTML. */
#include "admin-web/page.h"

#include <assert.h>

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static bool is_void(const char *name)
{
	static const char *const names[] = { "meta", "link", "input", "br", "hr",
		"img", NULL };

	return is_one_of(name, names);
}

/* Text of ours may contain any character; these five have a meaning. */
static void add_escaped(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '&':
			buf_add(out, SLICE("&amp;"));
			break;
		case '<':
			buf_add(out, SLICE("&lt;"));
			break;
		case '>':
			buf_add(out, SLICE("&gt;"));
			break;
		case '"':
			buf_add(out, SLICE("&quot;"));
			break;
		case '\'':
			buf_add(out, SLICE("&#39;"));
			break;
		default:
			/* Controls have no reference in HTML. */
			if ((unsigned char)s.p[i] >= ' ' || s.p[i] == '\n'
			    || s.p[i] == '\t')
				buf_addc(out, s.p[i]);
			else
				buf_add(out, SLICE("\xef\xbf\xbd"));
		}
}

static bool is_link(const char *name)
{
	static const char *const names[] = { "href", "action", "src",
		"formaction", NULL };

	return is_one_of(name, names);
}

static bool is_safe_link(struct slice value)
{
	if (value.n != 0 && value.p[0] == '#')
		return true;
	if (value.n != 0 && value.p[0] == '/')
		return value.n == 1 || (value.p[1] != '/' && value.p[1] != '\\');
	return slice_starts(value, SLICE("https://"))
	    || slice_starts(value, SLICE("mailto:"))
	    || slice_starts(value, SLICE("xmpp:"));
}

static void tag_finish(struct page *p)
{
	if (p->in_tag)
		buf_addc(p->out, '>');
	p->in_tag = false;
}

void page_init(struct page *p, struct buf *out)
{
	*p = (struct page){ .out = out };
	buf_adds(out, "<!DOCTYPE html>\n");
}

void page_open(struct page *p, const char *name)
{
	tag_finish(p);
	assert(p->depth < PAGE_DEPTH);
	assert(p->depth == 0 || !is_void(p->open[p->depth - 1]));
	p->open[p->depth++] = name;
	buf_addc(p->out, '<');
	buf_adds(p->out, name);
	p->in_tag = true;
}

void page_attr(struct page *p, const char *name, struct slice value)
{
	assert(p->in_tag);
	assert(strncmp(name, "on", 2) != 0 && strcmp(name, "style") != 0);
	if (is_link(name) && !is_safe_link(value))
		value = SLICE("#");
	buf_addc(p->out, ' ');
	buf_adds(p->out, name);
	buf_adds(p->out, "=\"");
	add_escaped(p->out, value);
	buf_addc(p->out, '"');
}

void page_attr_cstr(struct page *p, const char *name, const char *value)
{
	if (value != NULL)
		page_attr(p, name, slice_of(value));
}

void page_flag(struct page *p, const char *name)
{
	assert(p->in_tag);
	buf_addc(p->out, ' ');
	buf_adds(p->out, name);
}

void page_text(struct page *p, struct slice text)
{
	tag_finish(p);
	assert(p->depth != 0 && !is_void(p->open[p->depth - 1]));
	add_escaped(p->out, text);
}

void page_cstr(struct page *p, const char *text)
{
	page_text(p, slice_of(text));
}

/* A line of its own for what stands in blocks: readable sources, easy diffs. */
static bool is_block(const char *name)
{
	static const char *const names[] = { "html", "head", "body", "header",
		"main", "footer", "nav", "section", "div", "form", "fieldset",
		"table", "thead", "tbody", "tr", "ul", "ol", "li", "dl", "p", "h1",
		"h2", "h3", "meta", "link", "title", "dd", "option", "select",
		"article", NULL };

	return is_one_of(name, names);
}

void page_close(struct page *p)
{
	const char *name;

	tag_finish(p);
	assert(p->depth != 0);
	name = p->open[--p->depth];
	if (!is_void(name)) {
		buf_adds(p->out, "</");
		buf_adds(p->out, name);
		buf_addc(p->out, '>');
	}
	if (is_block(name))
		buf_addc(p->out, '\n');
}

void page_end(struct page *p)
{
	while (p->depth != 0)
		page_close(p);
}

void page_open_class(struct page *p, const char *name, const char *class)
{
	page_open(p, name);
	page_attr_cstr(p, "class", class);
}

void page_leaf(struct page *p, const char *name, const char *class,
    struct slice text)
{
	page_open_class(p, name, class);
	page_text(p, text);
	page_close(p);
}

void page_leaf_cstr(struct page *p, const char *name, const char *class,
    const char *text)
{
	page_leaf(p, name, class, slice_of(text));
}
