/* SPDX-License-Identifier: Apache-2.0 */
/* xml/stanza.c — kinds and types by table, results, errors, time stamps. */
#include "xml/stanza.h"

#include <time.h>

#include "xml/ns.h"

/* An error repeats the request's payload up to this size, so that a flood of
 * large requests is not answered by a flood of large errors (XML-18). */
enum { ERROR_PAYLOAD_MOST = 4096 };

static const char *const kinds[] = {
	[STANZA_MESSAGE] = "message", [STANZA_PRESENCE] = "presence",
	[STANZA_IQ] = "iq",
};
static const char *const iq_types[] = {
	[IQ_GET] = "get", [IQ_SET] = "set", [IQ_RESULT] = "result",
	[IQ_ERROR] = "error",
};
static const char *const message_types[] = {
	[MESSAGE_NORMAL] = "normal", [MESSAGE_CHAT] = "chat",
	[MESSAGE_GROUPCHAT] = "groupchat", [MESSAGE_HEADLINE] = "headline",
	[MESSAGE_ERROR] = "error",
};
static const char *const presence_types[] = {
	[PRESENCE_AVAILABLE] = NULL,            /* has no type at all */
	[PRESENCE_UNAVAILABLE] = "unavailable",
	[PRESENCE_SUBSCRIBE] = "subscribe", [PRESENCE_SUBSCRIBED] = "subscribed",
	[PRESENCE_UNSUBSCRIBE] = "unsubscribe",
	[PRESENCE_UNSUBSCRIBED] = "unsubscribed", [PRESENCE_PROBE] = "probe",
	[PRESENCE_ERROR] = "error",
};

/* Index of `word` in the table, or `n` when it is not there. */
static unsigned word_index(struct slice word, const char *const *words,
    unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (words[i] != NULL && slice_is(word, words[i]))
			return i;
	return n;
}

enum stanza_kind stanza_kind(const struct elem *e)
{
	if (!slice_is(e->ns, NS_CLIENT))
		return STANZA_NONE;
	return (enum stanza_kind)word_index(e->name, kinds, COUNT(kinds));
}

enum iq_type stanza_iq_type(const struct elem *e)
{
	return (enum iq_type)word_index(elem_attr(e, "type"), iq_types,
	    COUNT(iq_types));
}

/* RFC 6121 §5.2.2: none or an unknown one is "normal". */
enum message_type stanza_message_type(const struct elem *e)
{
	unsigned i = word_index(elem_attr(e, "type"), message_types,
	    COUNT(message_types));

	return i == COUNT(message_types) ? MESSAGE_NORMAL : (enum message_type)i;
}

enum presence_type stanza_presence_type(const struct elem *e)
{
	struct slice type = elem_attr(e, "type");

	if (type.p == NULL)
		return PRESENCE_AVAILABLE;
	return (enum presence_type)word_index(type, presence_types,
	    COUNT(presence_types));
}

static const struct { const char *name, *type; } errors[] = {
	[SE_BAD_REQUEST] = { "bad-request", "modify" },
	[SE_CONFLICT] = { "conflict", "cancel" },
	[SE_FEATURE_NOT_IMPLEMENTED] = { "feature-not-implemented", "cancel" },
	[SE_FORBIDDEN] = { "forbidden", "auth" },
	[SE_GONE] = { "gone", "cancel" },
	[SE_INTERNAL_SERVER_ERROR] = { "internal-server-error", "cancel" },
	[SE_ITEM_NOT_FOUND] = { "item-not-found", "cancel" },
	[SE_JID_MALFORMED] = { "jid-malformed", "modify" },
	[SE_NOT_ACCEPTABLE] = { "not-acceptable", "modify" },
	[SE_NOT_ALLOWED] = { "not-allowed", "cancel" },
	[SE_NOT_AUTHORIZED] = { "not-authorized", "auth" },
	[SE_POLICY_VIOLATION] = { "policy-violation", "modify" },
	[SE_RECIPIENT_UNAVAILABLE] = { "recipient-unavailable", "wait" },
	[SE_REDIRECT] = { "redirect", "modify" },
	[SE_REGISTRATION_REQUIRED] = { "registration-required", "auth" },
	[SE_REMOTE_SERVER_NOT_FOUND] = { "remote-server-not-found", "cancel" },
	[SE_REMOTE_SERVER_TIMEOUT] = { "remote-server-timeout", "wait" },
	[SE_RESOURCE_CONSTRAINT] = { "resource-constraint", "wait" },
	[SE_SERVICE_UNAVAILABLE] = { "service-unavailable", "cancel" },
	[SE_SUBSCRIPTION_REQUIRED] = { "subscription-required", "auth" },
	[SE_UNDEFINED_CONDITION] = { "undefined-condition", "cancel" },
	[SE_UNEXPECTED_REQUEST] = { "unexpected-request", "wait" },
};

const char *stanza_error_name(enum stanza_error e)
{
	return errors[e].name;
}

const char *stanza_error_type(enum stanza_error e)
{
	return errors[e].type;
}

/* The same kind and id, addresses exchanged. */
static struct elem *answer_to(struct arena *a, const struct elem *request,
    const char *type)
{
	struct elem *e = elem_new_slice(a, request->ns, request->name);

	elem_set(a, e, "from", elem_attr(request, "to"));
	elem_set(a, e, "to", elem_attr(request, "from"));
	elem_set(a, e, "id", elem_attr(request, "id"));
	elem_set_cstr(a, e, "type", type);
	return e;
}

struct elem *stanza_result(struct arena *a, const struct elem *request)
{
	return answer_to(a, request, "result");
}

static size_t attrs_size(const struct elem *e)
{
	size_t n = 0;

	for (const struct attr *at = e->attrs; at != NULL; at = at->next)
		n += at->ns.n + at->name.n + at->value.n;
	return n;
}

/* About as many bytes as the payload takes on the wire. */
static size_t payload_size(const struct elem *top)
{
	const struct elem *e = top;
	const struct node *n = e->first;
	size_t size = 0;

	while (n != NULL || e != top) {
		if (n == NULL) {
			n = e->place->next;
			e = e->parent;
		} else if (n->elem == NULL) {
			size += n->text.n;
			n = n->next;
		} else {
			e = n->elem;
			size += 2 * e->name.n + e->ns.n + attrs_size(e) + 8;
			n = e->first;
		}
	}
	return size;
}

static void payload_copy(struct arena *a, struct elem *to,
    const struct elem *request)
{
	const struct elem *child = elem_child(request, NULL, NULL);

	if (payload_size(request) > ERROR_PAYLOAD_MOST)
		return;
	for (; child != NULL; child = elem_next(child, NULL, NULL))
		elem_add_elem(a, to, elem_copy(a, child));
}

struct elem *stanza_error(struct arena *a, const struct elem *request,
    enum stanza_error error, const char *text)
{
	struct elem *e = answer_to(a, request, "error");
	struct elem *cause = elem_new_slice(a, e->ns, SLICE("error"));

	payload_copy(a, e, request);
	elem_add_elem(a, e, cause);
	elem_set_cstr(a, cause, "type", errors[error].type);
	elem_add(a, cause, NS_STANZA_ERROR, errors[error].name);
	if (text != NULL)
		elem_set_lang(a, elem_add_text_child(a, cause, NS_STANZA_ERROR,
		    "text", slice_of(text)), SLICE("en"));
	return e;
}

void stanza_time(struct buf *out, int64_t wall_ms)
{
	int64_t ms = wall_ms % 1000;
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;
	char text[48];

	if (ms < 0) {
		ms += 1000;
		s--;
	}
	gmtime_r(&s, &tm);
	buf_add(out, slice_make(text, strftime(text, sizeof text,
	    "%Y-%m-%dT%H:%M:%S", &tm)));
	buf_addf(out, ".%03dZ", (int)ms);
}

/* Exactly `digits` decimal digits and the mark behind them ('\0': none). */
static bool cut_number(struct slice *s, unsigned digits, char mark,
    unsigned most, int *value_r)
{
	size_t n = digits + (mark != '\0');
	uint64_t value;

	if (s->n < n || !slice_number(slice_make(s->p, digits), most, &value)
	    || (mark != '\0' && s->p[digits] != mark))
		return false;
	*value_r = (int)value;
	*s = slice_make(s->p + n, s->n - n);
	return true;
}

/* ".123456" as milliseconds; nothing is none. */
static bool cut_fraction(struct slice *s, int *ms_r)
{
	int unit = 100;
	size_t i = 1;

	*ms_r = 0;
	if (s->n == 0 || s->p[0] != '.')
		return true;
	for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++, unit /= 10)
		*ms_r += (s->p[i] - '0') * unit;
	*s = slice_make(s->p + i, s->n - i);
	return i > 1;
}

/* "Z", "+01:00" */
static bool is_offset(struct slice s, int *minutes_r)
{
	int sign = s.n != 0 && s.p[0] == '-' ? -1 : 1, hours, minutes;

	*minutes_r = 0;
	if (slice_is(s, "Z"))
		return true;
	if (s.n == 0 || (s.p[0] != '+' && s.p[0] != '-'))
		return false;
	s = slice_make(s.p + 1, s.n - 1);
	if (!cut_number(&s, 2, ':', 23, &hours)
	    || !cut_number(&s, 2, '\0', 59, &minutes))
		return false;
	*minutes_r = sign * (hours * 60 + minutes);
	return s.n == 0;
}

bool stanza_time_parse(struct slice text, int64_t *wall_ms_r)
{
	struct tm tm = { .tm_isdst = 0 }, back;
	int ms, minutes;
	time_t s;

	if (!cut_number(&text, 4, '-', 9999, &tm.tm_year)
	    || !cut_number(&text, 2, '-', 12, &tm.tm_mon)
	    || !cut_number(&text, 2, 'T', 31, &tm.tm_mday)
	    || !cut_number(&text, 2, ':', 23, &tm.tm_hour)
	    || !cut_number(&text, 2, ':', 59, &tm.tm_min)
	    || !cut_number(&text, 2, '\0', 59, &tm.tm_sec)
	    || !cut_fraction(&text, &ms) || !is_offset(text, &minutes))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	back = tm;
	s = timegm(&back);
	/* A day that the month has not would have become another. */
	if (back.tm_mday != tm.tm_mday || back.tm_mon != tm.tm_mon)
		return false;
	*wall_ms_r = ((int64_t)s - minutes * 60) * 1000 + ms;
	return true;
}

void stanza_add_delay(struct arena *a, struct elem *stanza, struct slice from,
    int64_t wall_ms)
{
	struct elem *delay = elem_add(a, stanza, NS_DELAY, "delay");
	struct buf stamp = { 0 };

	stanza_time(&stamp, wall_ms);
	if (from.n != 0)
		elem_set(a, delay, "from", from);
	elem_set(a, delay, "stamp", slice_dup(a, buf_slice(&stamp)));
	buf_fini(&stamp);
}
