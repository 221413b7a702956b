/* SPDX-License-Identifier: Apache-2.0 */
/* xml/tree.c — elements, attributes and joined text into one arena. */
#include "xml/tree.h"

#include "xml/ns.h"

/* What most stanzas consist of is pointed at and not copied. */
static const struct slice known[] = {
	SLICE_INIT(NS_CLIENT), SLICE_INIT(NS_STREAM), SLICE_INIT(NS_XML),
	SLICE_INIT(NS_TLS), SLICE_INIT(NS_SASL), SLICE_INIT(NS_BIND),
	SLICE_INIT(NS_SESSION), SLICE_INIT(NS_STANZA_ERROR),
	SLICE_INIT(NS_ROSTER), SLICE_INIT(NS_DISCO_INFO),
	SLICE_INIT(NS_DISCO_ITEMS), SLICE_INIT(NS_DATA), SLICE_INIT(NS_CAPS),
	SLICE_INIT(NS_MUC), SLICE_INIT(NS_MUC_USER), SLICE_INIT(NS_MUC_ADMIN),
	SLICE_INIT(NS_MUC_OWNER), SLICE_INIT(NS_VCARD), SLICE_INIT(NS_PING),
	SLICE_INIT(NS_VERSION), SLICE_INIT(NS_TIME), SLICE_INIT(NS_DELAY),
	SLICE_INIT(NS_SID), SLICE_INIT(NS_CARBONS), SLICE_INIT(NS_PUBSUB),
};

void tree_init(struct tree *t, struct arena *a, struct buf *text, size_t room)
{
	*t = (struct tree){ .arena = a, .text = text, .room = room };
	buf_clear(text);
}

void tree_fail(struct tree *t, enum parse_error error)
{
	if (t->error == PARSE_OK)
		t->error = error;
}

/* Takes n bytes from what the tree may have. */
static bool afford(struct tree *t, size_t n)
{
	if (t->error == PARSE_OK && n > t->room)
		t->error = PARSE_TOO_LARGE;
	if (t->error != PARSE_OK)
		return false;
	t->room -= n;
	return true;
}

static const struct slice *find(const struct slice *in, size_t n, struct slice s)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(in[i], s))
			return &in[i];
	return NULL;
}

static struct slice shared_ns(struct tree *t, struct slice ns)
{
	const struct slice *same = find(t->recent, COUNT(t->recent), ns);

	if (same != NULL)
		return *same;
	same = find(known, COUNT(known), ns);
	if (same == NULL && !afford(t, ns.n))
		return SLICE("");
	ns = same != NULL ? *same : slice_dup(t->arena, ns);
	t->recent[t->next_recent++ % TREE_RECENT] = ns;
	return ns;
}

/* "namespace U+0001 local" or "local"; false: too long. */
static bool split(const char *full, struct slice *ns_r, struct slice *name_r)
{
	size_t n = strnlen(full, PARSE_NS_MOST + 1 + PARSE_NAME_MOST + 1);

	if (!slice_cut(slice_make(full, n), TREE_SEPARATOR, ns_r, name_r)) {
		*name_r = *ns_r;
		*ns_r = SLICE("");
	}
	return ns_r->n <= PARSE_NS_MOST && name_r->n <= PARSE_NAME_MOST;
}

/* Node, name and value in one piece of memory. */
static struct attr *attr_new(struct tree *t, const char *full, const char *text)
{
	struct slice ns, name, value = slice_of(text);
	struct attr *at;
	char *p;

	if (!split(full, &ns, &name))
		tree_fail(t, PARSE_TOO_LARGE);
	if (!afford(t, sizeof *at + name.n + value.n + 2))
		return NULL;
	at = arena_raw(t->arena, sizeof *at + name.n + value.n + 2);
	p = (char *)(at + 1);
	memcpy(p, name.p, name.n + 1);
	memcpy(p + name.n + 1, value.p, value.n + 1);
	at->next = NULL;
	at->ns = ns.n != 0 ? shared_ns(t, ns) : ns;
	at->name = slice_make(p, name.n);
	at->value = slice_make(p + name.n + 1, value.n);
	return at;
}

static void flush_text(struct tree *t)
{
	struct slice text = buf_slice(t->text);

	if (text.n != 0 && afford(t, sizeof (struct node) + text.n))
		elem_add_text(t->arena, t->at, slice_dup(t->arena, text));
	if (text.n != 0)                /* it may be a password */
		explicit_bzero(t->text->p, text.n);
	buf_clear(t->text);
}

static struct elem *elem_for(struct tree *t, const char *full)
{
	struct slice ns, name;

	if (!split(full, &ns, &name))
		tree_fail(t, PARSE_TOO_LARGE);
	if (!afford(t, sizeof (struct elem) + sizeof (struct node) + name.n))
		return NULL;
	return elem_new_slice(t->arena, ns.n != 0 ? shared_ns(t, ns) : ns,
	    slice_dup(t->arena, name));
}

void tree_open(struct tree *t, const char *name, const char *const *attrs)
{
	struct elem *e = elem_for(t, name);
	struct attr **end;

	if (e == NULL)
		return;
	end = &e->attrs;
	for (; *attrs != NULL && t->error == PARSE_OK; attrs += 2)
		if ((*end = attr_new(t, attrs[0], attrs[1])) != NULL)
			end = &(*end)->next;
	if (t->at != NULL) {
		flush_text(t);
		elem_add_elem(t->arena, t->at, e);
	} else if (t->top == NULL) {
		t->top = e;
	} else {                                /* a second one beside the first */
		tree_fail(t, PARSE_NOT_WELL_FORMED);
	}
	t->at = e;
}

void tree_text(struct tree *t, struct slice piece)
{
	if (t->at == NULL)
		tree_fail(t, PARSE_BAD_FORMAT);
	if (t->error == PARSE_OK)
		buf_add_secret(t->text, piece);
}

void tree_close(struct tree *t)
{
	if (t->at == NULL)
		tree_fail(t, PARSE_NOT_WELL_FORMED);
	if (t->error != PARSE_OK)
		return;
	flush_text(t);
	t->at = t->at->parent;
}
