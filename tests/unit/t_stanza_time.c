/* SPDX-License-Identifier: Apache-2.0 */
/* Reading dates and times (XEP-0082): what is one, and when. */
#include "tests/tap.h"
#include "xml/stanza.h"

static const struct { const char *text; int64_t ms; } good[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01T00:00:01Z", 1000 },
	{ "1969-12-31T23:59:59Z", -1000 },
	{ "2002-09-10T23:08:25Z", 1031699305000 },
	{ "2002-09-10T23:08:25.5Z", 1031699305500 },
	{ "2002-09-10T23:08:25.123456789Z", 1031699305123 },
	{ "2002-09-11T01:08:25+02:00", 1031699305000 },
	{ "2002-09-10T18:38:25-04:30", 1031699305000 },
	{ "2024-02-29T12:00:00Z", 1709208000000 },
	{ "9999-12-31T23:59:59Z", 253402300799000 },
};

static const char *const bad[] = {
	"", "Z", "2002-09-10", "23:08:25Z", "2002-09-10T23:08:25",
	"2002-09-10 23:08:25Z", "2002-09-10T23:08Z", "2002-9-10T23:08:25Z",
	"2002-13-10T23:08:25Z", "2002-00-10T23:08:25Z", "2002-09-00T23:08:25Z",
	"2002-09-31T23:08:25Z", "2023-02-29T12:00:00Z", "2002-09-10T24:00:00Z",
	"2002-09-10T23:60:25Z", "2002-09-10T23:08:25.Z", "2002-09-10T23:08:25z",
	"2002-09-10T23:08:25+0200", "2002-09-10T23:08:25+24:00",
	"2002-09-10T23:08:25Z ", " 2002-09-10T23:08:25Z", "+002-09-10T23:08:25Z",
	"20020910T23:08:25", "2002-09-10T23:08:25,5Z",
};

int main(void)
{
	int64_t ms;

	for (size_t i = 0; i < COUNT(good); i++) {
		struct buf again = { 0 };

		ms = 42;
		ok(stanza_time_parse(slice_of(good[i].text), &ms), good[i].text);
		is_int(ms, good[i].ms, good[i].text);
		stanza_time(&again, ms);
		ok(stanza_time_parse(buf_slice(&again), &ms) && ms == good[i].ms,
		    "what we write we read");
		buf_fini(&again);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		okf(!stanza_time_parse(slice_of(bad[i]), &ms), "\"%s\" is none",
		    bad[i]);
	return done();
}
