/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of HTML: nothing that it is given becomes markup (WEB-05). */
#include "tests/tap.h"

#include <sys/wait.h>
#include <unistd.h>

#include "admin-web/page.h"

static const struct { const char *in, *out; } escapes[] = {
	{ "plain", "plain" }, { "a<b>c", "a&lt;b&gt;c" }, { "a&b", "a&amp;b" },
	{ "\"'", "&quot;&#39;" }, { "&lt;", "&amp;lt;" },
	{ "l\xc3\xba", "l\xc3\xba" }, { "a\nb\tc", "a\nb\tc" },
	{ "a\x01" "b", "a\xef\xbf\xbd" "b" }, { "a\rb", "a\xef\xbf\xbd" "b" },
	{ "</script><script>", "&lt;/script&gt;&lt;script&gt;" }, { "", "" },
};

static const struct { const char *in, *out; } links[] = {
	{ "/people", "/people" }, { "/", "/" }, { "#main", "#main" },
	{ "https://a.example/", "https://a.example/" },
	{ "xmpp:a@b?join", "xmpp:a@b?join" }, { "mailto:a@b", "mailto:a@b" },
	{ "//evil.example", "#" }, { "/\\evil.example", "#" }, { "", "#" },
	{ "javascript:alert(1)", "#" }, { "JavaScript:alert(1)", "#" },
	{ " javascript:alert(1)", "#" }, { "data:text/html,x", "#" },
	{ "http://a.example/", "#" }, { "people", "#" }, { "vbscript:x", "#" },
	{ "/a\"b", "/a&quot;b" },
};

static void check_escapes(void)
{
	struct buf out = { 0 }, want = { 0 };
	struct page p;

	for (size_t i = 0; i < COUNT(escapes); i++) {
		buf_clear(&out);
		buf_clear(&want);
		page_init(&p, &out);
		page_open(&p, "b");
		page_attr_cstr(&p, "title", escapes[i].in);
		page_cstr(&p, escapes[i].in);
		page_end(&p);
		buf_addf(&want, "<!DOCTYPE html>\n<b title=\"%s\">%s</b>",
		    escapes[i].out, escapes[i].out);
		is_slice(buf_slice(&out), buf_slice(&want), "WEB-05 escaped");
	}
	for (size_t i = 0; i < COUNT(links); i++) {
		buf_clear(&out);
		buf_clear(&want);
		page_init(&p, &out);
		page_open(&p, "a");
		page_attr_cstr(&p, "href", links[i].in);
		page_end(&p);
		buf_addf(&want, "<!DOCTYPE html>\n<a href=\"%s\"></a>", links[i].out);
		is_slice(buf_slice(&out), buf_slice(&want), links[i].in);
	}
	buf_fini(&out);
	buf_fini(&want);
}

/* Our own faults end the process. */
static void close_too_much(struct page *p) { page_close(p); }
static void text_nowhere(struct page *p) { page_cstr(p, "x"); }
static void attribute_late(struct page *p)
{
	page_leaf_cstr(p, "b", NULL, "x");
	page_attr_cstr(p, "id", "x");
}
static void handler_attribute(struct page *p)
{
	page_open(p, "b");
	page_attr_cstr(p, "onclick", "x");
}
static void style_attribute(struct page *p)
{
	page_open(p, "b");
	page_attr_cstr(p, "style", "x");
}
static void void_with_text(struct page *p)
{
	page_open(p, "br");
	page_cstr(p, "x");
}
static void too_deep(struct page *p)
{
	for (unsigned i = 0; i <= PAGE_DEPTH; i++)
		page_open(p, "b");
}

static const struct { void (*fault)(struct page *p); const char *name; } faults[] = {
	{ close_too_much, "closing what is not open" },
	{ text_nowhere, "text outside of everything" },
	{ attribute_late, "an attribute after the content" },
	{ handler_attribute, "an event handler" },
	{ style_attribute, "an inline style" },
	{ void_with_text, "text inside a void element" },
	{ too_deep, "too deep" },
};

static bool ends_process(void (*fault)(struct page *p))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct buf out = { 0 };
		struct page p;

		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(0);
		page_init(&p, &out);
		fault(&p);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid
	    && (WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

int main(void)
{
	struct buf out = { 0 };
	struct page p;

	check_escapes();
	page_init(&p, &out);
	page_open(&p, "form");
	page_open(&p, "input");
	page_attr_cstr(&p, "name", "q");
	page_attr_cstr(&p, "value", NULL);
	page_flag(&p, "required");
	page_close(&p);
	page_leaf_cstr(&p, "em", "dim", "x");
	page_end(&p);
	is_slice(buf_slice(&out), SLICE("<!DOCTYPE html>\n<form>"
	    "<input name=\"q\" required><em class=\"dim\">x</em></form>\n"),
	    "void elements, flags, absent attributes");
	for (size_t i = 0; i < COUNT(faults); i++)
		okf(ends_process(faults[i].fault), "a fault of ours: %s",
		    faults[i].name);
	buf_fini(&out);
	return done();
}
