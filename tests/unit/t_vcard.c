/* SPDX-License-Identifier: Apache-2.0 */
/* One vCard of directory and remainder: what is read, what may be written. */
#include "feat/vcard_merge.h"
#include "tests/tap.h"
#include "xml/ns.h"
#include "xml/parse.h"
#include "xml/write.h"

static struct slice mails[] = { SLICE_INIT("ana@example.org"),
	SLICE_INIT("aruiz@example.org") };
static struct slice phones[] = { SLICE_INIT("+34 954 55 10 00") };
static struct slice units[] = { SLICE_INIT("Física"), SLICE_INIT("Óptica") };

static struct xdb_vcard ana(void)
{
	return (struct xdb_vcard){
		.person = { .uid = SLICE("aruiz"), .cn = SLICE("Ana Ruiz Gil"),
			.given_name = SLICE("Ana"), .sn = SLICE("Ruiz Gil"),
			.title = SLICE("Catedrática <1>") },
		.mails = mails, .mail_n = 2, .phones = phones, .phone_n = 1,
		.organisation = SLICE("Universidad"), .units = units,
		.unit_n = 2, .photo = SLICE("\xff\xd8\xff\xe0 and more"),
		.photo_type = "image/jpeg",
	};
}

static struct elem *parse(struct arena *a, const char *inner)
{
	static const struct parse_limits limits = { 1 << 20, 20, 1000, 20, 0 };
	struct buf text = { 0 };
	enum parse_error error;
	struct elem *e;

	buf_addf(&text, "<vCard xmlns='vcard-temp'>%s</vCard>", inner);
	e = parse_document(a, buf_slice(&text), &limits, &error);
	buf_fini(&text);
	return e;
}

static struct slice text_of(struct arena *a, const struct elem *e)
{
	struct buf out = { 0 };
	struct xml_writer w;
	struct slice text;

	write_init(&w, &out, NS_VCARD);
	write_elem(&w, e);
	text = slice_dup(a, buf_slice(&out));
	buf_fini(&out);
	return text;
}

static void reading(struct arena *a)
{
	struct xdb_vcard v = ana();

	is_slice(text_of(a, vcard_merge(a, &v)), SLICE("<vCard>"
	    "<FN>Ana Ruiz Gil</FN>"
	    "<N><FAMILY>Ruiz Gil</FAMILY><GIVEN>Ana</GIVEN></N>"
	    "<PHOTO><TYPE>image/jpeg</TYPE><BINVAL>/9j/4CBhbmQgbW9yZQ==</BINVAL></PHOTO>"
	    "<EMAIL><INTERNET/><USERID>ana@example.org</USERID></EMAIL>"
	    "<EMAIL><INTERNET/><USERID>aruiz@example.org</USERID></EMAIL>"
	    "<TEL><WORK/><VOICE/><NUMBER>+34 954 55 10 00</NUMBER></TEL>"
	    "<TITLE>Catedrática &lt;1&gt;</TITLE>"
	    "<ORG><ORGNAME>Universidad</ORGNAME><ORGUNIT>Física</ORGUNIT>"
	    "<ORGUNIT>Óptica</ORGUNIT></ORG></vCard>"),
	    "the directory's fields as a vCard");
	v = (struct xdb_vcard){ .person = { .cn = SLICE("Eva") } };
	is_slice(text_of(a, vcard_merge(a, &v)),
	    SLICE("<vCard><FN>Eva</FN></vCard>"), "what is not there is left out");
	v.person.display_name = SLICE("Eva L.");
	v.remainder = SLICE("<vCard xmlns='vcard-temp'><FN>Eve</FN>"
	    "<NICKNAME>e</NICKNAME><X-ODD>&amp;</X-ODD></vCard>");
	is_slice(text_of(a, vcard_merge(a, &v)), SLICE("<vCard><FN>Eva L.</FN>"
	    "<NICKNAME>e</NICKNAME><X-ODD>&amp;</X-ODD></vCard>"),
	    "the remainder stands behind, the directory wins");
	v.remainder = SLICE("<vCard xmlns='vcard-temp'><FN>");
	ok(vcard_merge(a, &v) == NULL, "a broken remainder is not an empty one");
	v.remainder = SLICE("<x xmlns='vcard-temp'/>");
	ok(vcard_merge(a, &v) == NULL, "nor is another element");
}

static void both_phones(struct arena *a)
{
	struct xdb_vcard v = ana();

	v.remainder = SLICE("<vCard xmlns='vcard-temp'>"
	    "<TEL><HOME/><NUMBER>123</NUMBER></TEL>"
	    "<TEL><NUMBER>+34 954 55 10 00</NUMBER></TEL></vCard>");
	is_int(elem_children(vcard_merge(a, &v))
	    - elem_children(vcard_merge(a, &(struct xdb_vcard){
	    .person = v.person, .mails = mails, .mail_n = 2, .phones = phones,
	    .phone_n = 1, .organisation = v.organisation, .photo = v.photo,
	    .photo_type = v.photo_type })), 1,
	    "a second phone is added, one the directory learnt is not doubled");
}

/* `sent` gives what is stored, or the field that is refused (`!TEL`). */
static const struct { const char *name, *sent, *want; } cases[] = {
	{ "what was read is written back: nothing to store",
	  "<FN>Ana Ruiz Gil</FN><N><FAMILY>Ruiz Gil</FAMILY><GIVEN>Ana</GIVEN></N>"
	  "<TITLE>Catedrática &lt;1&gt;</TITLE>", "" },
	{ "another order, blanks and empty children are no change",
	  "<N> <GIVEN> Ana </GIVEN><MIDDLE/><FAMILY>Ruiz Gil</FAMILY></N>", "" },
	{ "a photo in lines of base64, with another type, is no change",
	  "<PHOTO><BINVAL>/9j/4CBh\nbmQgbW9y\n  ZQ==\n</BINVAL><TYPE>image/jpg</TYPE></PHOTO>",
	  "" },
	{ "a field of one's own is kept",
	  "<NICKNAME>anita</NICKNAME><BDAY>1970-01-01</BDAY>",
	  "<NICKNAME>anita</NICKNAME><BDAY>1970-01-01</BDAY>" },
	{ "empty lines of a form are not kept",
	  "<NICKNAME/><TEL><HOME/><NUMBER/></TEL><ADR><STREET> </STREET></ADR>",
	  "" },
	{ "a field that is left out is no change", "<URL>https://x/</URL>",
	  "<URL>https://x/</URL>" },
	{ "another name is refused", "<FN>Doña Ana</FN>", "!FN" },
	{ "half a name is refused", "<N><FAMILY>Ruiz Gil</FAMILY></N>", "!N" },
	{ "a middle name more is refused",
	  "<N><FAMILY>Ruiz Gil</FAMILY><GIVEN>Ana</GIVEN><MIDDLE>M</MIDDLE></N>",
	  "!N" },
	{ "a name beside the name is refused", "<FN>Ana Ruiz Gil</FN><FN>A</FN>",
	  "!FN" },
	{ "another photo is refused", "<PHOTO><BINVAL>AAAA</BINVAL></PHOTO>",
	  "!PHOTO" },
	{ "another unit is refused",
	  "<ORG><ORGNAME>Universidad</ORGNAME><ORGUNIT>Física</ORGUNIT></ORG>",
	  "!ORG" },
	{ "a private phone beside the directory's is kept",
	  "<TEL><WORK/><NUMBER>+34 954 55 10 00</NUMBER></TEL>"
	  "<TEL><HOME/><NUMBER>123</NUMBER></TEL>",
	  "<TEL><HOME/><NUMBER>123</NUMBER></TEL>" },
	{ "a phone instead of the directory's is refused",
	  "<TEL><WORK/><NUMBER>+34 954 55 10 01</NUMBER></TEL>", "!TEL" },
	{ "one of two addresses left out is no change",
	  "<EMAIL><USERID>ana@example.org</USERID></EMAIL>", "" },
	{ "one of two addresses changed is refused",
	  "<EMAIL><USERID>ana@example.org</USERID></EMAIL>"
	  "<EMAIL><USERID>a@example.org</USERID></EMAIL>", "!EMAIL" },
	{ "what looks like XML stays text", "<DESC>&lt;/vCard&gt;&amp;</DESC>",
	  "<DESC>&lt;/vCard&gt;&amp;</DESC>" },
	{ "a foreign element is kept with its namespace",
	  "<x xmlns='urn:x' y='1'><z/></x>", "<x xmlns='urn:x' y='1'><z/></x>" },
};

static const struct vcard_policy nothing = { 0, 64 };

static void writing(struct arena *a)
{
	struct xdb_vcard v = ana();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf want = { 0 };
		struct vcard_plan plan;
		const char *changed;
		struct slice rest;

		vcard_plan(a, &v, parse(a, cases[i].sent), &nothing, &plan);
		changed = plan.held;
		rest = plan.remainder;

		if (*cases[i].want == '!') {
			is_str(changed, cases[i].want + 1, cases[i].name);
			continue;
		}
		if (*cases[i].want != '\0')
			buf_addf(&want, "<vCard xmlns='vcard-temp'>%s</vCard>",
			    cases[i].want);
		ok(changed == NULL && slice_eq(rest, buf_slice(&want)),
		    cases[i].name);
		buf_fini(&want);
	}
}

static void round_trip(struct arena *a)
{
	struct xdb_vcard v = ana();
	struct vcard_plan plan;
	struct elem *first;

	v.remainder = SLICE("<vCard xmlns='vcard-temp'><NICKNAME>anita</NICKNAME>"
	    "<TEL><HOME/><NUMBER>123</NUMBER></TEL></vCard>");
	first = vcard_merge(a, &v);
	vcard_plan(a, &v, first, &nothing, &plan);
	ok(plan.held == NULL && plan.change_n == 0,
	    "a client may write back all it read");
	is_slice(plan.remainder, v.remainder, "and the remainder is what it was");
	vcard_plan(a, &v, first, &(struct vcard_policy){
	    ~(1u << XDB_VCARD_NICKNAME), 64 }, &plan);
	ok(plan.held == NULL && plan.unfit == NULL && plan.change_n == 0,
	    "no change of the person's own fields either");
}

/* What is the person's to change: `want` says the changes, field=value;value, and
 * then the remainder, or the field that is held, or why a value cannot be. */
static const struct { const char *name, *words, *sent, *want; } own_cases[] = {
	{ "a new photo", "photo",
	  "<PHOTO><TYPE>x</TYPE><BINVAL>R0lG\nODlh</BINVAL></PHOTO>",
	  "PHOTO=GIF89a" },
	{ "no photo any more", "photo", "<BDAY>1</BDAY>", "PHOTO= <BDAY>1</BDAY>" },
	{ "an empty one is none", "photo", "<PHOTO/>", "PHOTO=" },
	{ "a photo that stands elsewhere is kept, and is none here", "photo",
	  "<PHOTO><EXTVAL>https://x/</EXTVAL></PHOTO>",
	  "PHOTO= <PHOTO><EXTVAL>https://x/</EXTVAL></PHOTO>" },
	{ "a photo of no kind we know", "photo",
	  "<PHOTO><BINVAL>UklGRg==</BINVAL></PHOTO>",
	  "?The photo is neither JPEG nor PNG nor GIF." },
	{ "a photo that is no base64", "photo",
	  "<PHOTO><BINVAL>ñ</BINVAL></PHOTO>",
	  "?The photo's base64 cannot be read." },
	{ "a photo that is too large", "photo", "<PHOTO><BINVAL>"
	  "R0lGODlhAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	  "AAAAAAAAAAAAAAAAAAAA</BINVAL></PHOTO>",
	  "?The photo has 1 KiB; 0 are allowed." },
	{ "another title", "title", "<TITLE>Decana</TITLE>", "TITLE=Decana" },
	{ "a title in two lines", "title", "<TITLE>De\ncana</TITLE>",
	  "?TITLE must be one line." },
	{ "of two titles none", "title",
	  "<TITLE>Decana</TITLE><TITLE>Otra</TITLE>",
	  "?A vCard can have one TITLE here." },
	{ "nor of two photos", "photo", "<PHOTO><BINVAL>R0lGODlh</BINVAL></PHOTO>"
	  "<PHOTO><BINVAL>R0lGODdh</BINVAL></PHOTO>",
	  "?A vCard can have one PHOTO here." },
	{ "nor of two URLs", "url", "<URL>http://a/</URL><URL>http://b/</URL>",
	  "?A vCard can have one URL here." },
	{ "the same twice is one", "url title", "<URL>http://a/</URL><TITLE>D</TITLE>"
	  "<URL> http://a/ </URL><URL/><TITLE>D</TITLE>", "URL=http://a/;TITLE=D" },
	{ "two that are nobody's but one's own are kept", "title",
	  "<TITLE>D</TITLE><URL>http://a/</URL><URL>http://b/</URL>",
	  "TITLE=D <URL>http://a/</URL><URL>http://b/</URL>" },
	{ "what would be a label is of the URL", "url",
	  "<URL>http://a/mi página ñ</URL>", "URL=http://a/mi%20página%20ñ" },
	{ "and stays in one's own", "title",
	  "<TITLE>D</TITLE><URL>a b</URL>", "TITLE=D <URL>a b</URL>" },
	{ "a field that was not there", "url nickname",
	  "<URL>https://x/</URL><NICKNAME>a</NICKNAME>",
	  "NICKNAME=a;URL=https://x/" },
	{ "another address and one less", "mail",
	  "<EMAIL><USERID>ana@example.org</USERID></EMAIL>"
	  "<EMAIL><USERID>a@example.org</USERID></EMAIL>",
	  "EMAIL=ana@example.org,a@example.org" },
	{ "telephones by their kind", "mobile phone",
	  "<TEL><CELL/><NUMBER>600</NUMBER></TEL>"
	  "<TEL><HOME/><NUMBER>123</NUMBER></TEL>"
	  "<TEL><WORK/><VOICE/><NUMBER>+34 954 55 10 00</NUMBER></TEL>",
	  "TEL=600 <TEL><HOME/><NUMBER>123</NUMBER></TEL>" },
	{ "one's own mobile, and the directory's telephone", "mobile",
	  "<TEL><CELL/><NUMBER>600</NUMBER></TEL>"
	  "<TEL><WORK/><NUMBER>999</NUMBER></TEL>", "!TEL" },
	{ "what is not one's own stays held", "photo", "<FN>Ana</FN>", "!FN" },
	{ "the same is no change", "title mail", "<TITLE>Catedrática &lt;1&gt;</TITLE>"
	  "<EMAIL><USERID>aruiz@example.org</USERID></EMAIL>"
	  "<EMAIL><USERID>ana@example.org</USERID></EMAIL>", "" },
};

/* The remainder is a whole vCard. */
static const char *expected(struct arena *a, const char *want)
{
	const char *rest = *want != '?' ? strstr(want, " <") : NULL;
	struct buf text = { 0 };
	const char *whole;

	if (rest == NULL)
		return want;
	buf_add(&text, slice_make(want, (size_t)(rest - want) + 1));
	buf_addf(&text, "<vCard xmlns='vcard-temp'>%s</vCard>", rest + 1);
	whole = slice_cstr(a, buf_slice(&text));
	buf_fini(&text);
	return whole;
}

static void plan_say(struct buf *out, const struct vcard_plan *p)
{
	for (size_t i = 0; i < p->change_n; i++) {
		buf_addf(out, "%s%s=", i != 0 ? ";" : "",
		    vcard_field_name(p->changes[i].field));
		for (size_t k = 0; k < p->changes[i].is_n; k++) {
			buf_adds(out, k != 0 ? "," : "");
			buf_add(out, p->changes[i].is[k]);
		}
	}
	if (p->remainder.n != 0)
		buf_addc(out, ' ');
	buf_add(out, p->remainder);
}

static void ones_own(struct arena *a)
{
	struct xdb_vcard v = ana();

	for (size_t i = 0; i < COUNT(own_cases); i++) {
		struct vcard_policy policy = { .photo_bytes = 64 };
		struct slice rest = slice_of(own_cases[i].words), word;
		struct vcard_plan plan;
		struct buf said = { 0 };

		while (slice_word(&rest, &word)) {
			const char *one = slice_cstr(a, word);
			const char *list[] = { one };

			policy.writable |= vcard_fields(&(struct conf_list){
			    .v = list, .n = 1 });
		}
		vcard_plan(a, &v, parse(a, own_cases[i].sent), &policy, &plan);
		if (plan.held != NULL || plan.unfit != NULL)
			buf_addf(&said, "%s%s", plan.held != NULL ? "!" : "?",
			    plan.held != NULL ? plan.held : plan.unfit);
		else
			plan_say(&said, &plan);
		is_str(buf_cstr(&said), expected(a, own_cases[i].want),
		    own_cases[i].name);
		buf_fini(&said);
	}
}

int main(void)
{
	struct arena a = { NULL };

	reading(&a);
	both_phones(&a);
	writing(&a);
	round_trip(&a);
	ones_own(&a);
	arena_fini(&a);
	parse_thread_fini();
	return done();
}
