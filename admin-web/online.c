/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/online.c — who is online now, as the im process says. */
#include <time.h>

#include "admin-web/layout.h"
#include "admin-web/pages.h"
#include "admin-web/web.h"

static struct slice member(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return slice_make(json_is_string(v) ? json_string_value(v) : "",
	    json_is_string(v) ? json_string_length(v) : 0);
}

static const struct presence { const char *show, *badge; enum text text; } presences[] = {
	{ "available", "badge good", T_PRESENCE_AVAILABLE },
	{ "chat",      "badge good", T_PRESENCE_CHAT },
	{ "away",      "badge",      T_PRESENCE_AWAY },
	{ "xa",        "badge",      T_PRESENCE_XA },
	{ "dnd",       "badge bad",  T_PRESENCE_DND },
};

static void write_presence(struct exchange *x, struct page *p, struct slice show)
{
	for (size_t i = 0; i < COUNT(presences); i++)
		if (slice_is(show, presences[i].show)) {
			part_badge(p, presences[i].badge,
			    say(x, presences[i].text));
			return;
		}
	part_badge(p, "badge none", say(x, T_PRESENCE_NONE));
}

static const char *ago(struct exchange *x, int64_t since_ms)
{
	int64_t minutes = (wall_now_ms() - since_ms) / 60000;

	if (minutes < 1)
		return say(x, T_JUST_NOW);
	if (minutes < 60)
		return say_with(x, T_AGO_MINUTES, exchange_printf(x, "%d",
		    (int)minutes), NULL);
	if (minutes < 48 * 60)
		return say_with(x, T_AGO_HOURS, exchange_printf(x, "%d",
		    (int)(minutes / 60)), NULL);
	return say_with(x, T_AGO_DAYS, exchange_printf(x, "%d",
	    (int)(minutes / 1440)), NULL);
}

static void write_since(struct exchange *x, struct page *p, int64_t since_ms)
{
	time_t seconds = (time_t)(since_ms / 1000);
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	page_open(p, "time");
	page_attr_cstr(p, "datetime", text);
	page_attr_cstr(p, "title", text);
	page_cstr(p, ago(x, since_ms));
	page_close(p);
}

static void cell_begin(struct exchange *x, struct page *p, enum text label)
{
	page_open(p, "td");
	page_attr_cstr(p, "data-label", say(x, label));
}

static void write_session(struct exchange *x, struct page *p, const json_t *s)
{
	struct slice bare, resource;

	slice_cut(member(s, "jid"), '/', &bare, &resource);
	page_open(p, "tr");
	page_open(p, "th");
	page_attr_cstr(p, "scope", "row");
	page_text(p, bare);
	page_close(p);
	cell_begin(x, p, T_PRESENCE);
	write_presence(x, p, member(s, "presence"));
	page_close(p);
	cell_begin(x, p, T_DEVICE);
	page_text(p, resource);
	page_close(p);
	cell_begin(x, p, T_SINCE);
	write_since(x, p, json_integer_value(json_object_get(s, "since")));
	page_close(p);
	cell_begin(x, p, T_FROM);
	page_text(p, member(s, "address"));
	page_leaf(p, "span", "dim block", member(s, "tls"));
	page_close(p);
	page_close(p);
}

static void write_table(struct exchange *x, struct page *p, const json_t *sessions)
{
	static const enum text heads[] = { T_ADDRESS, T_PRESENCE, T_DEVICE,
		T_SINCE, T_FROM };
	const json_t *s;
	size_t i;

	part_table(x, p, heads, COUNT(heads));
	json_array_foreach(sessions, i, s)
		write_session(x, p, s);
	page_close(p);
	page_close(p);
}

static void sessions_heard(struct exchange *x, const json_t *answer)
{
	const json_t *sessions = json_object_get(answer, "sessions");
	size_t n = json_array_size(sessions);
	struct page p;

	if (answer == NULL)
		x->reply.status = 503;
	layout_begin(x, &p, SECTION_ONLINE, say(x, T_ONLINE_NOW));
	if (answer == NULL)
		part_alert(&p, say(x, T_IM_DOWN));
	else
		part_text(&p, "dim", n == 0 ? say(x, T_NOBODY_ONLINE)
		    : say_with(x, T_ONLINE_COUNT, exchange_printf(x, "%zu", n),
		    NULL));
	if (n != 0)
		write_table(x, &p, sessions);
	layout_end(x, &p);
}

void page_online(struct exchange *x)
{
	exchange_ask(x, json_pack("{s:s}", "op", "sessions"), sessions_heard);
}
