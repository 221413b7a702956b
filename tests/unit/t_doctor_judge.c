/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/judge, ctl/report: what the doctor thinks of what it saw. */
#include "ctl/judge.h"
#include "ctl/report.h"
#include "ctl/schema.h"
#include "tests/tap.h"

static void test_complaints(void)
{
	static const struct { const char *line; bool is_secret; } all[] = {
		{ "/etc/t.conf:9: [tls] key: /k can be read by others", true },
		{ "/etc/t.conf: [ldap] bind_password_file: /p: gone", true },
		{ "/etc/t.conf:3: [web] bind_password_file: /p: gone", true },
		{ "/etc/t.conf:3: [sasl] keytab: /k can be read by others", true },
		{ "/etc/t.conf:3: [sasl] kerberos_realms: name the realm", false },
		{ "/etc/t.conf:9: [tls] certificate: /c: gone", false },
		{ "/etc/t.conf:9: [tls] keys is no setting", false },
		{ "", false },
	};

	for (size_t i = 0; i < COUNT(all); i++)
		okf(judge_is_secret(slice_of(all[i].line)) == all[i].is_secret,
		    "complaint %zu belongs to its check", i);
}

static void test_filter_names(void)
{
	static const struct { const char *filter, *names; } all[] = {
		{ "(!(eduPersonPrivacy=*))", "eduPersonPrivacy " },
		{ "(&(a=b)(|(c>=1)(d~=\\28e=f\\29))(!(g;lang-es=*)))", "a c d g " },
		{ "(cn:dn:2.4.6:=x)(", "" },
		{ "(cn:caseExactMatch:=(x)", "" },
		{ "(cn:caseExactMatch:=x)", "cn " },
		{ "(2.5.4.3=x)", "" },
		{ "cn=x", "" },
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		struct slice names[JUDGE_NAMES_MOST];
		struct arena a = { NULL };
		struct buf got = { 0 };
		size_t n = judge_filter_names(&a, slice_of(all[i].filter), names);

		for (size_t k = 0; k < n; k++)
			buf_addf(&got, SLICE_FMT " ", SLICE_ARG(names[k]));
		is_str(buf_cstr(&got), all[i].names, all[i].filter);
		buf_fini(&got);
		arena_fini(&a);
	}
}

#define KEY(size, first, second) size "\0\x02\0\x01R" first second "\0\0\0\x01key"
#define XMPP "\0\x04xmpp"
#define HOST "\0\x01h"

static void test_keytabs(void)
{
	static const struct { const char *name; struct slice file; bool is_good; unsigned keys; } all[] = {
		{ "one key", SLICE_INIT("\x05\x02" KEY("\0\0\0\x15", XMPP, HOST)), true, 1 },
		{ "two", SLICE_INIT("\x05\x02" KEY("\0\0\0\x15", XMPP, HOST) KEY("\0\0\0\x15", XMPP, HOST)), true, 2 },
		{ "one of another host", SLICE_INIT("\x05\x02" KEY("\0\0\0\x15", XMPP, "\0\x01i")), true, 0 },
		{ "one of another service", SLICE_INIT("\x05\x02" KEY("\0\0\0\x15", "\0\x04imap", HOST)), true, 0 },
		{ "a hole", SLICE_INIT("\x05\x02" KEY("\xff\xff\xff\xeb", XMPP, HOST)), true, 0 },
		{ "no key", SLICE_INIT("\x05\x02"), true, 0 },
		{ "nothing", SLICE_INIT(""), false, 0 },
		{ "the first format", SLICE_INIT("\x05\x01"), false, 0 },
		{ "text", SLICE_INIT("xmpp/h@R\n"), false, 0 },
		{ "half a key", SLICE_INIT("\x05\x02\0\0\0\x15\0\x02\0\x01R"), false, 0 },
		{ "half a size", SLICE_INIT("\x05\x02\0\0"), false, 0 },
		{ "a size beyond all", SLICE_INIT("\x05\x02\x7f\xff\xff\xff"), false, 0 },
		{ "the largest hole", SLICE_INIT("\x05\x02\x80\0\0\0"), false, 0 },
	};
	unsigned keys;

	for (size_t i = 0; i < COUNT(all); i++)
		okf(judge_keytab(all[i].file, "xmpp", "h", &keys) == all[i].is_good
		    && keys == all[i].keys, "keytab with %s", all[i].name);
}

static void test_days(void)
{
	enum { DAY = 86400, NOW = 1000 * DAY };
	static const struct { int begins, ends, days; enum verdict v; } all[] = {
		{ -1, 100, 100, VERDICT_OK },
		{ -1, 21, 21, VERDICT_OK },
		{ -1, 20, 20, VERDICT_WARNING },
		{ -1, 0, 0, VERDICT_FAULT },
		{ -9, -3, -3, VERDICT_FAULT },
		{ 1, 100, 100, VERDICT_FAULT },
	};
	int days;

	for (size_t i = 0; i < COUNT(all); i++) {
		okf(judge_days(NOW + all[i].begins * DAY,
		    NOW + all[i].ends * DAY, NOW, &days) == all[i].v,
		    "verdict of a certificate with %d days", all[i].days);
		is_int(days, all[i].days, "its days");
	}
	ok(judge_days(0, NOW + 1, NOW, &days) == VERDICT_WARNING && days == 0,
	    "its last second is a warning still");
}

static void test_clock(void)
{
	ok(judge_clock(0) == VERDICT_OK && judge_clock(-5) == VERDICT_OK,
	    "five seconds do not matter");
	ok(judge_clock(6) == VERDICT_WARNING && judge_clock(-60)
	    == VERDICT_WARNING, "up to a minute is a warning, both ways");
	ok(judge_clock(61) == VERDICT_FAULT && judge_clock(-61) == VERDICT_FAULT,
	    "more is a fault, both ways");
}

static void test_indexes(void)
{
	static const struct slice values[] = {
		SLICE_INIT("objectClass eq"), SLICE_INIT("default eq,pres"),
		SLICE_INIT("cn,sn,mail eq,sub"), SLICE_INIT("jid"),
		SLICE_INIT("member pres"),
	};
	static const struct { const char *attr, *kind; bool want; } all[] = {
		{ "objectClass", "eq", true }, { "OBJECTCLASS", "eq", true },
		{ "objectClass", "sub", false }, { "sn", "sub", true },
		{ "s", "sub", false }, { "jid", "eq", true },
		{ "jid", "sub", false }, { "member", "eq", false },
		{ "uid", "eq", false }, { "mail", "eq", true },
	};

	for (size_t i = 0; i < COUNT(all); i++)
		okf(judge_has_index(values, COUNT(values), all[i].attr,
		    all[i].kind) == all[i].want, "index of %s by %s",
		    all[i].attr, all[i].kind);
	ok(!judge_has_index(NULL, 0, "uid", "eq"), "no index at all");
}

#define CSN(time, server) SLICE_INIT(time ".123456Z#000000#" server "#000000")

static void test_lag(void)
{
	static const struct slice newest[] = { CSN("20260901080100", "001"),
		CSN("20260901080000", "002") };
	static const struct slice behind[] = { CSN("20260901075930", "002"),
		CSN("20260901080100", "001") };
	static const struct slice lacks[] = { CSN("20260901080100", "001") };
	static const struct slice odd[] = { SLICE_INIT("nonsense") };

	is_int(judge_lag(newest, 2, newest, 2), 0, "itself");
	is_int(judge_lag(newest, 2, behind, 2), 30, "behind by one server");
	is_int(judge_lag(behind, 2, newest, 2), 0, "the other is not");
	is_int(judge_lag(newest, 2, lacks, 1), -1, "never heard of 002");
	is_int(judge_lag(odd, 1, lacks, 1), 0, "what is no CSN says nothing");
}

static void test_hashes(void)
{
	static const struct { const char *hash; bool want; } all[] = {
		{ "{SSHA}abc", false }, { "{ARGON2}$argon2id$v=19$m=65536", true },
		{ "{argon2}x", true }, { "{PBKDF2-SHA256}10000$a$b", false },
		{ "{PBKDF2-SHA512}600000$a$b", true }, { "{CRYPT}$6$salt$x", false },
		{ "{CRYPT}$6$rounds=200000$salt$x", true },
		{ "{CRYPT}$2b$12$x", true }, { "{CRYPT}$y$j9T$x", true },
		{ "clear", false }, { "", false }, { "{", false },
	};

	for (size_t i = 0; i < COUNT(all); i++)
		okf(judge_is_costly(slice_of(all[i].hash)) == all[i].want,
		    "cost of %s", all[i].hash);
}

static void test_names(void)
{
	static struct slice lucia[] = { SLICE_INIT("lucia") },
	    twin[] = { SLICE_INIT("Lucia") },
	    two[] = { SLICE_INIT("ana"), SLICE_INIT("ANA") },
	    odd[] = { SLICE_INIT("juan perez"), SLICE_INIT("a@b") };
	static const struct doctor_person people[] = {
		{ .dn = "uid=a", .names = lucia, .name_n = 1 },
		{ .dn = "uid=b", .names = two, .name_n = 2 },
		{ .dn = "uid=c", .names = odd, .name_n = 2 }, { .dn = "uid=d" },
		{ .dn = "uid=e", .names = twin, .name_n = 1 },
	};
	struct arena a = { NULL };
	struct judge_names n;

	judge_names(&a, people, 4, &n);
	is_int(n.shared, 0, "one person may have a name twice");
	is_int(n.unfit, 2, "spaces and at signs are in no address");
	ok(n.fit != 0, "others are");
	is_slice(n.unfit_name, SLICE("juan perez"), "the first is told");
	judge_names(&a, people, COUNT(people), &n);
	is_int(n.shared, 1, "LDAP-05 two people of one prepared name");
	is_slice(n.shared_name, SLICE("lucia"), "which");
	ok(strcmp(n.shared_dn[0], "uid=a") == 0
	    && strcmp(n.shared_dn[1], "uid=e") == 0, "and whose");
	arena_fini(&a);
}

static bool has(const struct slice *names, size_t n, const char *want)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(names[i], want))
			return true;
	return false;
}

static void test_schema(void)
{
	static const char small[] =
	    "dn: cn=x\nolcAttributeTypes: {0}( 1.2 NA\n ME 'first' DESC 'a 'b' )\n"
	    "olcAttributeTypes: {1}( 1.3 NAME ( 'second' 's' ) )\n"
	    "olcObjectClasses: {0}( 1.4 NAME 'third' )\n"
	    "description: ( 1.5 NAME 'fourth' )";
	struct arena a = { NULL };
	struct judge_schema s;

	judge_schema(&a, slice_of(small), &s);
	ok(s.attr_n == 2 && s.class_n == 1, "definitions are counted");
	ok(has(s.attrs, s.attr_n, "first"), "a folded line is one");
	ok(has(s.attrs, s.attr_n, "second"), "the first name of a list");
	ok(has(s.classes, s.class_n, "third"), "a class is no attribute");
	judge_schema(&a, schema_ldif(), &s);
	ok(has(s.attrs, s.attr_n, "jid") && has(s.attrs, s.attr_n, "imScram")
	    && has(s.classes, s.class_n, "imProfile"),
	    "the program carries the schema");
	arena_fini(&a);
}

static void test_report(void)
{
	static const struct { enum verdict v[2]; bool unsure; int code;
	    const char *sum; } all[] = {
		{ { VERDICT_OK, VERDICT_SKIPPED }, false, 0, "no fault found" },
		{ { VERDICT_OK, VERDICT_WARNING }, false, 1, "1 warning" },
		{ { VERDICT_FAULT, VERDICT_WARNING }, false, 2,
		    "1 fault, 1 warning" },
		{ { VERDICT_FAULT, VERDICT_FAULT }, false, 2, "2 faults" },
		{ { VERDICT_OK, VERDICT_SKIPPED }, true, 3,
		    "could not tell, 1 not looked at" },
		{ { VERDICT_FAULT, VERDICT_SKIPPED }, true, 2,
		    "1 fault, 1 not looked at" },
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		struct result r[] = { { .verdict = all[i].v[0] },
			{ .verdict = all[i].v[1], .is_unsure = all[i].unsure } };
		struct report_counts c = report_count(r, COUNT(r));
		struct buf sum = { 0 };

		is_int(report_code(&c), all[i].code, "exit code");
		report_sum(&sum, &c);
		is_str(buf_cstr(&sum), all[i].sum, "last line");
		buf_fini(&sum);
	}
}

static void test_result(void)
{
	struct result r = { 0 };

	result_say(&r, VERDICT_OK, "fine");
	result_say(&r, VERDICT_WARNING, "%d slow", 1);
	result_say(&r, VERDICT_WARNING, "%d late", 2);
	is_str(buf_cstr(&r.what), "1 slow; 2 late", "findings are joined");
	result_say(&r, VERDICT_FAULT, "broken");
	result_say(&r, VERDICT_OK, "fine again");
	result_say(&r, VERDICT_SKIPPED, "not looked at");
	ok(r.verdict == VERDICT_FAULT, "the worst verdict stays");
	is_str(buf_cstr(&r.what), "broken", "with what belongs to it");
	result_next(&r, "first");
	result_next(&r, "second");
	is_str(buf_cstr(&r.next), "first", "the first advice stays");
	buf_fini(&r.what);
	buf_fini(&r.next);
}

static void test_table(void)
{
	for (size_t i = 0; i < check_n; i++) {
		struct slice rest = slice_of(checks[i].needs), id;

		while (slice_word(&rest, &id)) {
			size_t k = 0;

			while (k < i && !slice_is(id, checks[k].id))
				k++;
			okf(k < i, "%s needs " SLICE_FMT ", made before",
			    checks[i].id, SLICE_ARG(id));
		}
	}
}

int main(void)
{
	test_complaints();
	test_filter_names();
	test_keytabs();
	test_days();
	test_clock();
	test_indexes();
	test_lag();
	test_hashes();
	test_names();
	test_schema();
	test_report();
	test_result();
	test_table();
	return done();
}
