/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: what each input becomes, whole, byte by byte and cut at each place.
 *
 * The outcome of an input is written as one line: H for the header, each child
 * as the writer writes it, F for the footer, "!" and a word for an error. */
#include "tests/tap.h"

#include <stdlib.h>

#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/write.h"

static const struct parse_limits limits = { 1000, 8, 32, 10, 0 };

static const char *const errors[] = {
	[PARSE_NOT_WELL_FORMED] = "not-well-formed",
	[PARSE_RESTRICTED] = "restricted", [PARSE_BAD_ENCODING] = "bad-encoding",
	[PARSE_BAD_FORMAT] = "bad-format", [PARSE_BAD_PREFIX] = "bad-prefix",
	[PARSE_TOO_LARGE] = "too-large", [PARSE_NOT_STREAM] = "not-stream",
};

static void write_child(struct buf *out, const struct elem *e)
{
	struct xml_writer w;

	write_init(&w, out, NS_CLIENT);
	write_elem(&w, e);
}

/* Feeds one piece; false after an error. */
static bool feed(struct parser *p, struct slice in, struct buf *out)
{
	for (;;) {
		struct arena a;
		struct elem *e;
		enum parse_error error;
		enum parse_event ev = parser_feed(p, &in, &a, &e, &error);

		switch (ev) {
		case PARSE_MORE:
			return in.n == 0;
		case PARSE_HEADER:
			buf_adds(out, "H ");
			break;
		case PARSE_ELEMENT:
			write_child(out, e);
			buf_addc(out, ' ');
			break;
		case PARSE_FOOTER:
			buf_adds(out, "F ");
			break;
		case PARSE_ERROR:
			buf_addf(out, "!%s ", errors[error]);
			return false;
		}
		arena_fini(&a);
	}
}

/* In pieces of `step` bytes, the first of `first`. */
static void outcome(struct slice in, size_t first, size_t step, struct buf *out)
{
	struct parser *p = parser_new(&limits);
	size_t at = 0;

	buf_clear(out);
	while (at < in.n) {
		size_t n = at == 0 ? first : step;
		/* A copy of its own, so that reading beyond it is seen. */
		char *piece;

		n = n < in.n - at ? n : in.n - at;
		piece = mem_dup(in.p + at, n);
		at += n;
		if (!feed(p, slice_make(piece, n), out))
			at = in.n;
		free(piece);
	}
	parser_free(&p);
}

static bool same_however_cut(struct slice in, struct slice want)
{
	struct buf out = { 0 };
	bool same;

	outcome(in, 1, 1, &out);
	same = slice_eq(buf_slice(&out), want);
	for (size_t cut = 1; cut < in.n && same; cut++) {
		outcome(in, cut, in.n, &out);
		same = slice_eq(buf_slice(&out), want);
	}
	if (!same)
		printf("# cut: " SLICE_FMT "\n", SLICE_ARG(buf_slice(&out)));
	buf_fini(&out);
	return same;
}

#define HEAD "<stream:stream xmlns='jabber:client' " \
	"xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='x'>"
#define DECL "<?xml version='1.0'?>"

static const struct { const char *name; struct slice in; const char *want; } cases[] = {
#define CASE(name, in, want) { name, SLICE_INIT(in), want }
	/* what is good */
	CASE("a stream", DECL HEAD "<message><body>Hola &amp; adi\xc3\xb3s</body></message> \n"
	    "<presence/><iq/></stream:stream>",
	    "H <message><body>Hola &amp; adi\xc3\xb3s</body></message> <presence/> <iq/> F "),
	CASE("no XML declaration", HEAD "<a/>", "H <a/> "),
	CASE("XML-03 UTF-8 byte order mark tolerated", "\xef\xbb\xbf" DECL HEAD "<a/>", "H <a/> "),
	CASE("XML-03 encoding utf-8", "<?xml version=\"1.0\" encoding='utf-8' ?>\n" HEAD, "H "),
	CASE("XML-03 standalone yes", "<?xml version='1.0' standalone='yes'?>" HEAD, "H "),
	CASE("white space before the header", " \r\n\t" HEAD "<a/>", "H <a/> "),
	CASE("single and double quotes, '>' and the other quote in values",
	    HEAD "<a b=\"it's > 1\" c='\"'/>", "H <a b='it&apos;s &gt; 1' c='&quot;'/> "),
	CASE("white space in tags", HEAD "<a  b = 'c'\n\t/><d\n>e</d\r >", "H <a b='c'/> <d>e</d> "),
	CASE("XML-02 CDATA is text", HEAD "<a>x<![CDATA[<b>&amp;]] >]]]>y</a>",
	    "H <a>x&lt;b&gt;&amp;amp;]] &gt;]y</a> "),
	CASE("XML-02 empty CDATA", HEAD "<a><![CDATA[]]></a>", "H <a/> "),
	CASE("references to characters and the five entities",
	    HEAD "<a>&#65;&#x42;&lt;&gt;&amp;&quot;&apos;&#13;</a>",
	    "H <a>AB&lt;&gt;&amp;\"'&#13;</a> "),
	CASE("line ends are normalised", HEAD "<a b='1\n2'>1\r\n2\r3</a>", "H <a b='1 2'>1\n2\n3</a> "),
	CASE("names not ASCII", HEAD "<\xc3\xb1 \xc3\xa1='1'></\xc3\xb1>", "H <\xc3\xb1 \xc3\xa1='1'/> "),
	CASE("U+10FFFF", HEAD "<a>\xf4\x8f\xbf\xbf</a>", "H <a>\xf4\x8f\xbf\xbf</a> "),
	/* XML-17 */
	CASE("XML-17 other prefix for streams", "<s:stream xmlns='jabber:client' "
	    "xmlns:s='http://etherx.jabber.org/streams'><s:x/><a/></s:stream>",
	    "H <stream:x/> <a/> F "),
	CASE("XML-17 streams as default namespace", "<stream xmlns='http://etherx.jabber.org/streams' "
	    "xmlns:c='jabber:client'><c:message><c:body/><error/></c:message></stream>",
	    "H <message><body/><error xmlns='http://etherx.jabber.org/streams'/></message> F "),
	CASE("XML-17 prefixes declared in the header", "<stream:stream xmlns='jabber:client' "
	    "xmlns:stream='http://etherx.jabber.org/streams' xmlns:e=\"urn:&amp;e'\" "
	    "xmlns:xml='http://www.w3.org/XML/1998/namespace'><e:a e:b='c' xml:lang='es'/>",
	    "H <a xmlns='urn:&amp;e&apos;' xmlns:a1='urn:&amp;e&apos;' a1:b='c' xml:lang='es'/> "),
	CASE("XML-17 no default namespace", "<s:stream xmlns:s='http://etherx.jabber.org/streams'><a/>",
	    "H <a xmlns=''/> "),
	CASE("XML-17 prefixed stanza", HEAD "<c:iq xmlns:c='jabber:client'><c:q/></c:iq>",
	    "H <iq><q/></iq> "),
	CASE("XML-17 prefix declared anew", HEAD "<stream:a xmlns:stream='urn:x'><stream:b/></stream:a>",
	    "H <a xmlns='urn:x'><b/></a> "),
	CASE("XML-17 empty xmlns", HEAD "<a xmlns=''><b xmlns='jabber:client'/></a><c/>",
	    "H <a xmlns=''><b xmlns='jabber:client'/></a> <c/> "),
	CASE("XML-17 an element of the xml namespace", HEAD "<a><xml:b/></a>", "H <a><xml:b/></a> "),
	CASE("XML-17 what a child declares ends with it", HEAD "<x:a xmlns:x='urn:x'/><x:a/>",
	    "H <a xmlns='urn:x'/> !bad-prefix "),
	CASE("XML-17 unbound prefix", HEAD "<x:a/>", "H !bad-prefix "),
	CASE("XML-17 unbound prefix of an attribute", HEAD "<a x:b=''/>", "H !bad-prefix "),
	CASE("XML-17 unbound prefix in the header", "<stream:stream>", "!bad-prefix "),
	CASE("XML-17 prefix undeclared", HEAD "<a xmlns:stream=''/>", "H !bad-prefix "),
	CASE("XML-17 xmlns as a prefix", HEAD "<xmlns:a/>", "H !bad-prefix "),
	CASE("XML-17 two attributes of one expanded name",
	    HEAD "<a xmlns:x='u' xmlns:y='u' x:b='' y:b=''/>", "H !not-well-formed "),
	/* What cuts off receivers: they separate names by these, or want URIs. */
	CASE("XML-05 '}' in a namespace", HEAD "<a xmlns='a}b'/>", "H !not-well-formed "),
	CASE("XML-05 '|' in a prefix's namespace", HEAD "<p:a xmlns:p='a|b'/>", "H !not-well-formed "),
	CASE("XML-05 space in a namespace", HEAD "<a xmlns='jabber:client iq'/>", "H !not-well-formed "),
	CASE("XML-05 line feed in a namespace", HEAD "<a xmlns='a&#10;b'/>", "H !not-well-formed "),
	CASE("XML-05 other letters in a namespace", HEAD "<a xmlns='\xc3\xb1'/>", "H !not-well-formed "),
	CASE("XML-05 no URI in the header", "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
	    "xmlns:a='&lt;'>", "!not-well-formed "),
	CASE("XML-05 all that a URI may have", HEAD "<a xmlns=\"Az09-._~:/?#@!$&amp;'()*+,;=%20\"/>",
	    "H <a xmlns='Az09-._~:/?#@!$&amp;&apos;()*+,;=%20'/> "),
	/* XML-01, -02: what RFC 6120 §11.1 forbids */
	CASE("XML-01 document type before the header", DECL "<!DOCTYPE a>" HEAD, "!restricted "),
	CASE("XML-01 document type without declaration", "<!DOCTYPE a [<!ENTITY b 'c'>]>" HEAD, "!restricted "),
	CASE("XML-01 document type after the header", HEAD "<!DOCTYPE a>", "H !restricted "),
	CASE("XML-01 document type in a child", HEAD "<a><!DOCTYPE b></a>", "H !restricted "),
	CASE("XML-01 entity declaration in a child", HEAD "<a><!ENTITY b 'c'></a>", "H !restricted "),
	CASE("XML-02 comment before the header", "<!-- -->" HEAD, "!restricted "),
	CASE("XML-02 comment between children", HEAD "<!-- -->", "H !restricted "),
	CASE("XML-02 comment in a child", HEAD "<a><!-- --></a>", "H !restricted "),
	CASE("XML-02 instruction before the header", DECL "<?a b?>" HEAD, "!restricted "),
	CASE("XML-02 instruction at the very start", "<?xml-stylesheet a?>" HEAD, "!restricted "),
	CASE("XML-02 instruction between children", HEAD "<?a b?>", "H !restricted "),
	CASE("XML-02 instruction in a child", HEAD "<a><?b c?></a>", "H !restricted "),
	CASE("XML-02 undeclared entity in text", HEAD "<a>&nbsp;</a>", "H !not-well-formed "),
	CASE("XML-02 undeclared entity in an attribute", HEAD "<a b='&c;'/>", "H !not-well-formed "),
	CASE("XML-14 CDATA between children", HEAD "<![CDATA[a]]>", "H !bad-format "),
	CASE("XML-14 CDATA before the header", "<![CDATA[a]]>", "!bad-format "),
	CASE("XML-02 nothing but '<!' between children", HEAD "<!>", "H !restricted "),
	CASE("XML-02 broken CDATA", HEAD "<a><![CDAT[a]]></a>", "H !not-well-formed "),
	/* XML-03 */
	CASE("XML-03 version 1.1", "<?xml version='1.1'?>" HEAD, "!bad-format "),
	CASE("XML-03 UTF-16 declared", "<?xml version='1.0' encoding='UTF-16'?>" HEAD, "!bad-encoding "),
	CASE("XML-03 ISO-8859-1 declared", "<?xml version='1.0' encoding='ISO-8859-1'?>" HEAD, "!bad-encoding "),
	CASE("XML-03 declaration after white space", " " DECL HEAD, "!restricted "),
	CASE("XML-03 declaration twice", DECL DECL HEAD, "!restricted "),
	CASE("XML-03 declaration in the stream", HEAD DECL, "H !restricted "),
	CASE("XML-03 declaration in a child", HEAD "<a>" DECL "</a>", "H !restricted "),
	CASE("XML-03 declaration without version", "<?xml encoding='UTF-8'?>" HEAD, "!not-well-formed "),
	CASE("XML-03 broken declaration", "<?xml version='1.0'>" HEAD, "!not-well-formed "),
	CASE("XML-03 UTF-16 little endian", "\xff\xfe<\0s\0", "!bad-encoding "),
	CASE("XML-03 UTF-16 big endian", "\xfe\xff\0<\0s", "!bad-encoding "),
	CASE("XML-03 UTF-16 without mark", "\0<\0s", "!bad-encoding "),
	CASE("XML-03 half a byte order mark", "\xef\xbb<a/>", "!bad-encoding "),
	/* XML-04, -05 */
	CASE("XML-04 overlong '<'", HEAD "<a>\xc0\xbc" "b/></a>", "H !bad-encoding "),
	CASE("XML-04 surrogate", HEAD "<a>\xed\xa0\x80</a>", "H !bad-encoding "),
	CASE("XML-04 U+FFFF", HEAD "<a>\xef\xbf\xbf</a>", "H !bad-encoding "),
	CASE("XML-04 above U+10FFFF", HEAD "<a b='\xf4\x90\x80\x80'/>", "H !bad-encoding "),
	CASE("XML-04 lead byte before a tag", HEAD "<a>\xe2\x82</a>", "H !bad-encoding "),
	CASE("XML-04 lead byte before '>'", HEAD "<a\xc3>", "H !bad-encoding "),
	CASE("XML-04 NUL", HEAD "<a>\0</a>", "H !bad-encoding "),
	CASE("XML-04 control character", HEAD "<a>\x08</a>", "H !not-well-formed "),
	CASE("XML-04 control character by reference", HEAD "<a>&#8;</a>", "H !not-well-formed "),
	CASE("XML-04 surrogate by reference", HEAD "<a>&#xd800;</a>", "H !not-well-formed "),
	CASE("XML-05 separator raw in a namespace", HEAD "<a xmlns='u\x01v'/>", "H !not-well-formed "),
	CASE("XML-05 separator by reference in a namespace", HEAD "<a xmlns='u&#1;v'/>", "H !not-well-formed "),
	CASE("XML-05 separator in a name", HEAD "<a\x01" "b/>", "H !not-well-formed "),
	/* well-formedness at once, not when the child is complete */
	CASE("RFC 6120 §4.9.3.13 no closing tag", HEAD "<message><body>No closing tag!</message>",
	    "H !not-well-formed "),
	CASE("wrong end tag, child still open", HEAD "<a><b></c>", "H !not-well-formed "),
	CASE("end tag of nothing", HEAD "</a>", "H !not-well-formed "),
	CASE("end tag before the header", "</stream:stream>", "!not-well-formed "),
	CASE("end tag with an attribute", HEAD "<a></a b=''>", "H !not-well-formed "),
	CASE("'<' in a tag", HEAD "<a <b", "H !not-well-formed "),
	CASE("'<' in a value", HEAD "<a b='<", "H !not-well-formed "),
	CASE("'<' twice", HEAD "<<a", "H !not-well-formed "),
	CASE("space after '<'", HEAD "< a", "H !not-well-formed "),
	CASE("'/' inside a tag", HEAD "<a/b", "H !not-well-formed "),
	CASE("name begins with a digit", HEAD "<1", "H !not-well-formed "),
	CASE("attribute without value", HEAD "<a b/>", "H !not-well-formed "),
	CASE("attribute twice", HEAD "<a b='' b=''/>", "H !not-well-formed "),
	CASE("attributes without space between", HEAD "<a b=''c=''/>", "H !not-well-formed "),
	CASE("]]> in text", HEAD "<a>]]></a>", "H !not-well-formed "),
	CASE("lonely '&'", HEAD "<a>a & b</a>", "H !not-well-formed "),
	CASE("two colons in a name", HEAD "<a:b:c xmlns:a='u'/>", "H !not-well-formed "),
	/* XML-14 */
	CASE("XML-14 text between children", HEAD "<a/>text", "H <a/> !bad-format "),
	CASE("XML-14 reference between children", HEAD "&#32;", "H !bad-format "),
	CASE("XML-14 text before the header", "GET / HTTP/1.1", "!not-well-formed "),
	CASE("XML-14 a stanza before the stream", "<message/>", "!bad-format "),
	CASE("XML-14 an open stanza before the stream", "<message>", "!not-stream "),
	CASE("XML-14 another root", "<stream xmlns='jabber:client'>", "!not-stream "),
	CASE("XML-14 a stream that is over at once", "<stream:stream "
	    "xmlns:stream='http://etherx.jabber.org/streams'/>", "!bad-format "),
	CASE("XML-14 white space after the footer", HEAD "</stream:stream> \n", "H F "),
	CASE("XML-14 a child after the footer", HEAD "</stream:stream><a/>", "H F !bad-format "),
	CASE("XML-14 a second footer", HEAD "</stream:stream></stream:stream>", "H F !bad-format "),
	CASE("XML-14 a second header is a child", HEAD HEAD "</stream:stream>",
	    "H <stream:stream version='1.0' to='x'/> "),
};

static void streams(void)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < COUNT(cases); i++) {
		outcome(cases[i].in, cases[i].in.n, 1, &out);
		is_slice(buf_slice(&out), slice_of(cases[i].want), cases[i].name);
		okf(same_however_cut(cases[i].in, slice_of(cases[i].want)),
		    "%s, byte by byte and cut anywhere", cases[i].name);
	}
	buf_fini(&out);
}

static void header(void)
{
	struct parser *p = parser_new(&limits);
	struct slice in = SLICE(DECL "<stream:stream xmlns='jabber:client' from='a@b' "
	    "xmlns:stream='http://etherx.jabber.org/streams' xml:lang='es'><a/>");
	struct arena a;
	struct elem *e;
	enum parse_error error;

	ok(parser_is_idle(p), "a new parser is idle");
	ok(parser_feed(p, &in, &a, &e, &error) == PARSE_HEADER, "header");
	ok(elem_is(e, NS_STREAM, "stream") && e->first == NULL, "the root without children");
	is_slice(elem_attr(e, "from"), SLICE("a@b"), "its attributes");
	is_slice(elem_attr(e, "xmlns"), SLICE(NS_CLIENT),
	    "XML-17 the content's namespace stands as attribute xmlns");
	is_slice(elem_attr_ns(e, NS_XML, "lang"), SLICE("es"), "xml:lang");
	arena_fini(&a);
	is_slice(in, SLICE("<a/>"), "what follows is not eaten");
	parser_restart(p);
	in = SLICE("<message>");
	ok(parser_feed(p, &in, &a, &e, &error) == PARSE_ERROR, "after a restart a header is wanted");
	in = SLICE(HEAD);
	ok(parser_feed(p, &in, &a, &e, &error) == PARSE_ERROR && in.n == 0 &&
	    error == PARSE_NOT_STREAM && e == NULL, "XML-15 after an error nothing is parsed");
	parser_restart(p);
	in = SLICE(HEAD "<a><b>");
	ok(parser_feed(p, &in, &a, &e, &error) == PARSE_HEADER, "restarted again");
	arena_fini(&a);
	ok(parser_is_idle(p), "idle between children");
	ok(parser_feed(p, &in, &a, &e, &error) == PARSE_MORE, "a child is open");
	ok(!parser_is_idle(p), "then it is not idle");
	parser_restart(p);
	ok(parser_is_idle(p), "a restart forgets the open child");
	parser_free(&p);
	ok(p == NULL, "freed");
}

/* Two streams on one thread, each in the middle of something. */
static void shared_parser(void)
{
	struct parser *one = parser_new(&limits), *two = parser_new(&limits);
	struct buf a = { 0 }, b = { 0 };

	feed(one, SLICE(HEAD "<a><b>1"), &a);
	feed(two, SLICE(HEAD "<a><x:b"), &b);
	feed(one, SLICE("</b></a><c/>"), &a);
	feed(two, SLICE("/></a>"), &b);
	feed(one, SLICE("<d/>"), &a);
	is_slice(buf_slice(&a), SLICE("H <a><b>1</b></a> <c/> <d/> "),
	    "XML-15 one stream's error does not touch the others of the thread");
	is_slice(buf_slice(&b), SLICE("H !bad-prefix "), "and is its own");
	parser_free(&one);
	parser_free(&two);
	buf_fini(&a);
	buf_fini(&b);
}

static void documents(void)
{
	static const struct { const char *name; struct slice in; const char *want; } docs[] = {
		CASE("a document", " <v xmlns='vcard-temp'><FN>A</FN></v>\n", "<v xmlns='vcard-temp'><FN>A</FN></v>"),
		CASE("no namespace at all", "<v/>", "<v xmlns=''/>"),
		CASE("prefixes of streams are unknown", "<stream:v/>", "bad-prefix"),
		CASE("XML-14 a second root", "<v/><v/>", "bad-format"),
		CASE("XML-14 text behind", "<v/>x", "bad-format"),
		CASE("not complete", "<v>", "not-well-formed"),
		CASE("only an end tag", "</v>", "not-well-formed"),
		CASE("empty", "", "not-well-formed"),
		CASE("XML-02 comment", "<v><!-- --></v>", "restricted"),
		CASE("XML-03 declaration", DECL "<v/>", "restricted"),
		CASE("XML-04 bad encoding", "<v>\xff</v>", "bad-encoding"),
	};

	for (size_t i = 0; i < COUNT(docs); i++) {
		struct arena a = { NULL };
		struct buf out = { 0 };
		enum parse_error error;
		struct elem *e = parse_document(&a, docs[i].in, &limits, &error);

		if (e != NULL)
			write_child(&out, e);
		else
			buf_adds(&out, errors[error]);
		is_slice(buf_slice(&out), slice_of(docs[i].want), docs[i].name);
		buf_fini(&out);
		arena_fini(&a);
	}
}

int main(void)
{
	streams();
	header();
	shared_parser();
	documents();
	parse_thread_fini();
	return done();
}
