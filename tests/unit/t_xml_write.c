/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: what comes out, byte for byte, and that nothing breaks out. */
#include "tests/tap.h"
#include "xml/ns.h"
#include "xml/utf8.h"
#include "xml/write.h"

/* Every byte at every place of an eight, among plain ones: as one by one. */
static void every_byte_everywhere(void)
{
	struct buf whole = { 0 }, alone = { 0 }, expected = { 0 };
	unsigned wrong = 0;

	for (unsigned byte = 0; byte < 256; byte++)
		for (size_t at = 0; at < 24; at++) {
			char text[24];

			memset(text, at % 2 != 0 ? '~' : ' ', sizeof text);
			text[at] = (char)byte;
			buf_clear(&whole);
			buf_clear(&alone);
			buf_clear(&expected);
			write_escaped(&whole, slice_make(text, sizeof text));
			write_escaped(&alone, slice_make(text + at, 1));
			buf_add(&expected, slice_make(text, at));
			buf_add(&expected, buf_slice(&alone));
			buf_add(&expected, slice_make(text + at + 1,
			    sizeof text - at - 1));
			wrong += !slice_eq(buf_slice(&whole), buf_slice(&expected));
		}
	is_int(wrong, 0, "XML-07 every byte is escaped wherever it stands");
	buf_fini(&whole);
	buf_fini(&alone);
	buf_fini(&expected);
}

static void calls(void)
{
	struct buf out = { 0 };
	struct xml_writer w;

	write_init(&w, &out, NS_CLIENT);
	write_open(&w, NS_CLIENT, "iq");
	write_attr_cstr(&w, "id", "a'b\"<>&\t\n\r");
	write_attr(&w, "to", slice_make(NULL, 0));
	write_lang(&w, SLICE("es"));
	write_open(&w, NS_ROSTER, "query");
	write_leaf(&w, NS_ROSTER, "item", SLICE("a<b>&'\"\r\n"));
	write_leaf(&w, NS_CLIENT, "x", SLICE(""));
	write_close(&w);
	write_close(&w);
	is_slice(buf_slice(&out), SLICE(
	    "<iq id='a&apos;b&quot;&lt;&gt;&amp;&#9;&#10;&#13;' xml:lang='es'>"
	    "<query xmlns='jabber:iq:roster'><item>a&lt;b&gt;&amp;'\"&#13;\n</item>"
	    "<x xmlns='jabber:client'/></query></iq>"),
	    "XML-07 namespaces only where they change, everything escaped");
	buf_fini(&out);
}

static void never_ill_formed(void)
{
	struct buf out = { 0 };
	struct xml_writer w;

	write_init(&w, &out, NULL);
	write_open(&w, NULL, "a");
	write_attr(&w, "b", SLICE("x\0y\x01\xff\xc3"));
	write_text(&w, SLICE("\xed\xa0\x80" "caf\xc3\xa9\xef\xbf\xbf"));
	write_close(&w);
	is_slice(buf_slice(&out), SLICE("<a b='x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd'>"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "caf\xc3\xa9"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd</a>"),
	    "XML-07 bytes that no XML may hold leave as U+FFFD");
	ok(utf8_is_good(buf_slice(&out)), "XML-04 what is written passes the gate");
	buf_fini(&out);
}

static void prefixes(struct arena *a)
{
	struct buf out = { 0 };
	struct xml_writer w;
	struct elem *e = elem_new(a, NS_CLIENT, "message");
	struct attr three = { NULL, SLICE_INIT("urn:a"), SLICE_INIT("q"), SLICE_INIT("3") };
	struct attr two = { &three, SLICE_INIT("urn:b"), SLICE_INIT("p"), SLICE_INIT("2") };
	struct attr one = { &two, SLICE_INIT("urn:a"), SLICE_INIT("p"), SLICE_INIT("1") };

	e->attrs = &one;
	elem_add(a, elem_add(a, e, NS_XML, "odd"), NS_CLIENT, "in");
	elem_add(a, e, NS_STREAM, "features");
	elem_add(a, e, "", "none");
	write_init(&w, &out, NS_CLIENT);
	write_elem(&w, e);
	is_slice(buf_slice(&out), SLICE(
	    "<message xmlns:a1='urn:a' a1:p='1' xmlns:a2='urn:b' a2:p='2' a1:q='3'>"
	    "<xml:odd><in/></xml:odd>"
	    "<features xmlns='http://etherx.jabber.org/streams'/>"
	    "<none xmlns=''/></message>"),
	    "XML-17 prefixes for attributes in namespaces and for xml:");
	buf_clear(&out);
	write_init(&w, &out, NS_CLIENT);
	write_open(&w, NS_STREAM, "error");
	write_leaf(&w, NS_STREAM_ERROR, "not-well-formed", SLICE(""));
	write_close(&w);
	is_slice(buf_slice(&out), SLICE("<stream:error><not-well-formed "
	    "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"),
	    "stream: is the prefix of what stands directly in a stream");
	buf_fini(&out);
}

static void stanzas(struct arena *a)
{
	struct buf out = { 0 };
	struct elem *m = elem_new(a, NS_CLIENT, "message");
	struct write_as as = { .from = SLICE("ann@x'/>"), .id = SLICE("") };

	elem_set_cstr(a, m, "id", "1");
	elem_set_cstr(a, m, "to", "bob@x");
	elem_set_cstr(a, m, "from", "forged@x");
	elem_set_lang(a, m, SLICE("es"));
	elem_add_text_child(a, m, NS_CLIENT, "body", SLICE("]]>"));
	write_stanza(&out, m, &as);
	is_slice(buf_slice(&out), SLICE("<message from='ann@x&apos;/&gt;' to='bob@x' "
	    "xml:lang='es'><body>]]&gt;</body></message>"),
	    "XML-07 addresses are replaced, kept, dropped, and escaped");
	buf_clear(&out);
	write_stanza(&out, m, NULL);
	is_slice(buf_slice(&out), SLICE("<message id='1' to='bob@x' from='forged@x' "
	    "xml:lang='es'><body>]]&gt;</body></message>"),
	    "without replacements the tree as it is");
	is_slice(elem_attr(m, "from"), SLICE("forged@x"), "the tree is not changed");
	buf_fini(&out);
}

static void stream_header(void)
{
	struct buf out = { 0 };
	struct write_header h = { .id = SLICE("i'd"), .from = SLICE("example.org"),
	    .lang = SLICE("en") };

	write_stream_header(&out, &h);
	is_slice(buf_slice(&out), SLICE("<?xml version='1.0'?><stream:stream "
	    "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
	    "id='i&apos;d' from='example.org' xml:lang='en' version='1.0'>"),
	    "stream header");
	buf_clear(&out);
	write_stream_footer(&out);
	is_slice(buf_slice(&out), SLICE("</stream:stream>"), "stream footer");
	buf_fini(&out);
}

int main(void)
{
	struct arena a = { NULL };

	every_byte_everywhere();
	calls();
	never_ill_formed();
	prefixes(&a);
	stanzas(&a);
	stream_header();
	arena_fini(&a);
	return done();
}
