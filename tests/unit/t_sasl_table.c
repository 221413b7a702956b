/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of PLAIN and SCRAM, one table each of what they may not be. */
#include "tests/unit/scram.h"

struct look { const char *mechanism; struct slice message; enum sasl_result want; const char *name; };

#define ROW(mech, text, want) { mech, SLICE_INIT(text), want, mech " " #text }
#define S1 "SCRAM-SHA-1"
static const struct look looks[] = {
	/* SASL-06: PLAIN */
	ROW("PLAIN", "\0lucia\0s", SASL_DONE),
	ROW("PLAIN", "\0\xc3\xb1u\0\xc3\xb1", SASL_DONE),
	ROW("PLAIN", "", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "\0", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "lucia", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "\0lucia", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "\0lucia\0", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "\0\0s", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "\0lucia\0s\0", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "\0lucia\0s\0t", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "\0luc\xc3\0s", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "\0lucia\0\xff", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "\xc0\x80\0lucia\0s", SASL_FAIL_MALFORMED),
	ROW("PLAIN", "\0lu cia\0s", SASL_FAIL_NOT_AUTHORIZED),
	ROW("PLAIN", "\0lucia@example.org\0s", SASL_FAIL_NOT_AUTHORIZED),
	/* SASL-01: on behalf of someone else */
	ROW("PLAIN", "lucia\0lucia\0s", SASL_DONE),
	ROW("PLAIN", "LUCIA\0lucia\0s", SASL_DONE),
	ROW("PLAIN", "lucia@example.org\0Lucia\0s", SASL_DONE),
	ROW("PLAIN", "Lucia@EXAMPLE.org\0lucia\0s", SASL_DONE),
	ROW("PLAIN", "eva\0lucia\0s", SASL_FAIL_AUTHZID),
	ROW("PLAIN", "eva@example.org\0lucia\0s", SASL_FAIL_AUTHZID),
	ROW("PLAIN", "lucia@example.com\0lucia\0s", SASL_FAIL_AUTHZID),
	ROW("PLAIN", "lucia@example.org/phone\0lucia\0s", SASL_FAIL_AUTHZID),
	ROW("PLAIN", "example.org\0lucia\0s", SASL_FAIL_AUTHZID),
	ROW("PLAIN", "@example.org\0lucia\0s", SASL_FAIL_AUTHZID),
	ROW("PLAIN", "lucia@\0lucia\0s", SASL_FAIL_AUTHZID),
	ROW(S1, "n,a=lucia,n=lucia,r=x", SASL_DONE),
	ROW(S1, "n,a=LUCIA@example.org,n=lucia,r=x", SASL_DONE),
	ROW(S1, "n,a=eva,n=lucia,r=x", SASL_FAIL_AUTHZID),
	ROW(S1, "n,a=eva@example.org,n=lucia,r=x", SASL_FAIL_AUTHZID),
	ROW(S1, "n,a=lucia@example.org/phone,n=lucia,r=x", SASL_FAIL_AUTHZID),
	/* SASL-04, SASL-06, SASL-14: the first message of SCRAM */
	ROW(S1, "n,,n=lucia,r=fyko", SASL_DONE),
	ROW(S1, "y,,n=lucia,r=fyko", SASL_DONE),
	ROW(S1, "n,a=bbbbb,", SASL_FAIL_MALFORMED),
	ROW(S1, "", SASL_FAIL_MALFORMED),
	ROW(S1, "n", SASL_FAIL_MALFORMED),
	ROW(S1, "n,", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=lucia", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=lucia,", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=lucia,r=", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,a=,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,r=fyko,n=lucia", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,m=1,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=lucia,r=fyko,m=1", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=lucia,r=fyko,e=1", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=lucia,r=fyko,", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=lucia,r=fy ko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=lucia,r=fy\0ko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=luc\0ia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=luc\xe9,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=luc=ia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=luc=2c,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=luc=2,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=luc=,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=luc=3Dia,r=fyko", SASL_DONE),
	ROW(S1, "n,,n=luc=2Cia,r=fyko", SASL_DONE),
	ROW(S1, "n,,n=luc=40ia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "N,,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "nn,,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, ",,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "p,,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "p=,,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "p=tls unique,,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,b=eva,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,,n=lucia,r=fyko", SASL_FAIL_MALFORMED),
	ROW(S1, "n,,n=lu/cia,r=fyko", SASL_FAIL_NOT_AUTHORIZED),
};

static void look_table(void)
{
	for (size_t i = 0; i < COUNT(looks); i++) {
		struct sasl *s;
		enum sasl_result r = sasl_look(&s, &unbound, slice_of(looks[i].mechanism), &looks[i].message);

		ok(r == looks[i].want && (s != NULL) == (r == SASL_DONE), looks[i].name);
		if (r != looks[i].want)
			printf("# got %d\n", (int)r);
		sasl_free(&s);
	}
}

static enum sasl_result look_long(const char *mechanism, const char *before, size_t n, const char *after, size_t after_n)
{
	struct buf text = { 0 };
	enum sasl_result r;
	struct slice in;
	struct sasl *s;

	buf_add(&text, slice_make(before, strlen(before + 1) + 1));
	for (size_t i = 0; i < n; i++)
		buf_addc(&text, 'x');
	buf_add(&text, slice_make(after, after_n));
	in = buf_slice(&text);
	r = sasl_look(&s, &unbound, slice_of(mechanism), &in);
	buf_fini(&text);
	if (r == SASL_DONE && mechanism[0] == 'S') {
		r = sasl_begin(s, NULL, 0, &text);
		buf_fini(&text);
	}
	sasl_free(&s);
	return r;
}

static void long_messages(void)
{
	ok(look_long("PLAIN", "\0l", 900, "\0s", 2) == SASL_DONE, "a long name");
	ok(look_long("PLAIN", "\0l", 1100, "\0s", 2) == SASL_FAIL_MALFORMED, "SASL-06 a name of 1101 bytes");
	ok(look_long(S1, "n,,n=", 1000, ",r=fyko", 7) == SASL_MORE, "the longest name that SCRAM takes");
	for (size_t n = 1010; n < 1014; n++)
		okf((look_long(S1, "n,,n=", n, ",r=fyko", 7) == SASL_MORE) == (n <= 1011),
		    "DOS-07 a name of %zu bytes, of which Cyrus holds 1011", n);
	ok(look_long(S1, "n,,n=l,r=", 512, "", 0) == SASL_MORE, "the longest nonce");
	ok(look_long(S1, "n,,n=l,r=", 513, "", 0) == SASL_FAIL_MALFORMED, "SASL-06 a longer one");
	ok(look_long(S1, "n,,n=l,r=", 5000, "", 0) == SASL_FAIL_MALFORMED, "SASL-06 a message of 5000 bytes");
}

/* One change to a final message that was right: the part `from` becomes `with`,
 * or, where that begins with a plus, has it added. */
struct mutation { const char *name; char from; const char *with; enum sasl_result want; };

static void mutate(struct buf *out, struct slice final, const struct mutation *m)
{
	bool is_done = false;
	struct slice part;

	while (final.n != 0) {
		slice_cut(final, ',', &part, &final);
		if (out->n != 0)
			buf_addc(out, ',');
		if (part.p[0] == m->from && !is_done) {
			is_done = true;
			if (m->with[0] == '+')
				buf_add(out, part);
			buf_adds(out, m->with + (m->with[0] == '+'));
			continue;
		}
		buf_add(out, part);
	}
}

static void final_table(void)
{
	static const struct mutation rows[] = {
		{ "unchanged", 'z', "", SASL_DONE },
		{ "another header in c=", 'c', "c=eSws", SASL_FAIL_NOT_AUTHORIZED },
		{ "an authzid put into c=", 'c', "c=bixhPWV2YSw=", SASL_FAIL_NOT_AUTHORIZED },
		{ "c= not base64", 'c', "c=bi_s", SASL_FAIL_MALFORMED },
		{ "c= empty", 'c', "c=", SASL_FAIL_MALFORMED },
		{ "no c=", 'c', "d=biws", SASL_FAIL_MALFORMED },
		{ "m= in front", 'c', "m=1,c=biws", SASL_FAIL_MALFORMED },
		{ "another nonce", 'r', "r=fyko", SASL_FAIL_NOT_AUTHORIZED },
		{ "a longer nonce", 'r', "+x", SASL_FAIL_NOT_AUTHORIZED },
		{ "an empty nonce", 'r', "r=", SASL_FAIL_MALFORMED },
		{ "no nonce", 'r', "s=fyko", SASL_FAIL_MALFORMED },
		{ "an extension", 'r', "+,e=1", SASL_FAIL_MALFORMED },
		{ "another proof", 'p', "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", SASL_FAIL_NOT_AUTHORIZED },
		{ "a short proof", 'p', "p=v0X8v3Bz2T0CJGbJQyF0X+HI", SASL_FAIL_MALFORMED },
		{ "a long proof", 'p', "p=v0X8v3Bz2T0CJGbJQyF0X+HI4TsAAAAA", SASL_FAIL_MALFORMED },
		{ "a proof with loose bits", 'p', "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Tt=", SASL_FAIL_MALFORMED },
		{ "an empty proof", 'p', "p=", SASL_FAIL_MALFORMED },
		{ "something behind the proof", 'p', "+,x=y", SASL_FAIL_MALFORMED },
		{ "two proofs", 'p', "+,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", SASL_FAIL_MALFORMED },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client c = { .hash = HASH_SHA1, .gs2 = "n,,", .name = "user",
			.nonce = "fyko+d2lbbFgONRv9qkxdawL", .password = "pencil" };
		struct buf out = { 0 }, final = { 0 };
		enum sasl_result r;
		struct slice first;
		struct sasl *s;

		client_first(&c);
		first = buf_slice(&c.first);
		sasl_look(&s, &unbound, SLICE(S1), &first);
		sasl_begin(s, verifiers, verifiers_n, &out);
		client_final(&c, buf_slice(&out));
		mutate(&final, buf_slice(&c.final), &rows[i]);
		r = sasl_step(s, buf_slice(&final), &out);
		okf(r == rows[i].want, "SASL-14 final message: %s", rows[i].name);
		if (r != SASL_DONE)
			okf(sasl_step(s, buf_slice(&c.final), &out) == SASL_FAIL_MALFORMED,
			    "  and no second try in the exchange");
		sasl_free(&s);
		buf_fini(&out);
		buf_fini(&final);
		client_fini(&c);
	}
}

int main(void)
{
	if (!scram_start())
		return done();
	look_table();
	long_messages();
	final_table();
	return scram_done();
}
