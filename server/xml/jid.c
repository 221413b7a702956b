/* SPDX-License-Identifier: Apache-2.0 */
/* xml/jid.c — addresses: the ASCII way by table, the rest by prep.c.
 *
 * For ASCII all profiles, old and new, agree: lower case for local part and
 * domain, nothing for the resource, and a set of bytes that each part may
 * have.  The longest text in play is JID_PART_MOST per part, checked before
 * and after preparation (security RTE-13). */
#include "xml/jid.h"

#include <arpa/inet.h>

#include "xml/prep.h"

enum { LOCAL = 1, DOMAIN = 2, RESOURCE = 4, ASCII = 8 };
enum { LABEL_MOST = 63, NAME_MOST = 253 };

/* Which part may have a byte.  RFC 7622 §3.3.1 takes "&'/:<>@ from the local
 * part; a domain has letters, digits, hyphens and dots; what is not ASCII is
 * prep.c's to judge. */
#define R (ASCII | RESOURCE)
#define LR (R | LOCAL)
#define LDR (LR | DOMAIN)
static const uint8_t allowed[256] = {
	[' '] = R,              ['!'] = LR,             ['"'] = R,
	['#' ... '%'] = LR,     ['&' ... '\''] = R,     ['(' ... ','] = LR,
	['-' ... '.'] = LDR,    ['/'] = R,              ['0' ... '9'] = LDR,
	[':'] = R,              [';'] = LR,             ['<'] = R,
	['='] = LR,             ['>'] = R,              ['?'] = LR,
	['@'] = R,              ['A' ... 'Z'] = LDR,    ['[' ... '`'] = LR,
	['a' ... 'z'] = LDR,    ['{' ... '~'] = LR,
	[0x80 ... 0xff] = LOCAL | DOMAIN | RESOURCE,
};

enum fast { FAST_DONE, FAST_NEVER, FAST_NOT_ASCII };

static char lowered(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* `to` has room for in.n bytes. */
static enum fast prep_ascii(unsigned part, struct slice in, char *to)
{
	unsigned all = part | ASCII;

	if (in.n == 0 || in.n > JID_PART_MOST)
		return FAST_NEVER;
	for (size_t i = 0; i < in.n; i++) {
		all &= allowed[(unsigned char)in.p[i]];
		to[i] = part == RESOURCE ? in.p[i] : lowered(in.p[i]);
	}
	if ((all & part) == 0)
		return FAST_NEVER;
	return (all & ASCII) != 0 ? FAST_DONE : FAST_NOT_ASCII;
}

static bool local(struct slice in, struct prep_text *out)
{
	enum fast fast = prep_ascii(LOCAL, in, out->p);

	out->n = in.n;
	return fast == FAST_DONE || (fast == FAST_NOT_ASCII && prep_local(in, out));
}

static bool resource(struct slice in, struct prep_text *out)
{
	enum fast fast = prep_ascii(RESOURCE, in, out->p);

	out->n = in.n;
	return fast == FAST_DONE ||
	    (fast == FAST_NOT_ASCII && prep_resource(in, out));
}

/* "[…]": an IPv6 address, in the form that RFC 5952 recommends. */
static bool literal(struct slice in, struct prep_text *out)
{
	char text[INET6_ADDRSTRLEN] = "", canonical[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (in.n < 2 || in.n - 2 >= sizeof text || in.p[in.n - 1] != ']')
		return false;
	memcpy(text, in.p + 1, in.n - 2);
	if (strlen(text) != in.n - 2 || inet_pton(AF_INET6, text, &address) != 1 ||
	    inet_ntop(AF_INET6, &address, canonical, sizeof canonical) == NULL)
		return false;
	out->n = strlen(canonical) + 2;
	out->p[0] = '[';
	memcpy(out->p + 1, canonical, out->n - 2);
	out->p[out->n - 1] = ']';
	return true;
}

enum names { NAMES_GOOD, NAMES_BAD, NAMES_CODED };

/* Labels of an ASCII name; "--" as third and fourth is reserved for codes such
 * as "xn--", which ICU reads. */
static enum names check_labels(struct slice name)
{
	bool more = true, coded = false;

	if (name.n > NAME_MOST)
		return NAMES_BAD;
	while (more) {
		struct slice label;

		more = slice_cut(name, '.', &label, &name);
		if (label.n == 0 || label.n > LABEL_MOST || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return NAMES_BAD;
		coded = coded ||
		    (label.n >= 4 && label.p[2] == '-' && label.p[3] == '-');
	}
	return coded ? NAMES_CODED : NAMES_GOOD;
}

static bool domain(struct slice in, struct prep_text *out)
{
	enum fast fast;
	enum names names;

	if (in.n != 0 && in.p[0] == '[')
		return literal(in, out);
	if (in.n > 1 && in.p[in.n - 1] == '.')
		in.n--;
	fast = prep_ascii(DOMAIN, in, out->p);
	out->n = in.n;
	if (fast != FAST_DONE)
		return fast == FAST_NOT_ASCII && prep_domain(in, out);
	names = check_labels(slice_make(out->p, out->n));
	return names == NAMES_GOOD || (names == NAMES_CODED && prep_domain(in, out));
}

static struct slice text_slice(const struct prep_text *text)
{
	return slice_make(text->p, text->n);
}

struct split { struct slice local, domain, resource; bool has_local, has_resource; };

static struct split split(struct slice text)
{
	struct slice none = { NULL, 0 }, bare;
	struct split s;

	s.has_resource = slice_cut(text, '/', &bare, &s.resource);
	s.has_local = slice_cut(bare, '@', &s.local, &s.domain);
	if (!s.has_local) {
		s.domain = bare;
		s.local = none;
	}
	return s;
}

static char *add(char *to, struct slice s)
{
	if (s.n != 0)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

size_t jid_join_room(struct slice l, struct slice d, struct slice r)
{
	return arena_room(l.n + d.n + r.n + 3);         /* @ / NUL */
}

static char *join(struct arena *a, struct slice l, struct slice d, struct slice r)
{
	char *text = arena_raw(a, jid_join_room(l, d, r)), *p = add(text, l);

	if (l.n != 0)
		*p++ = '@';
	p = add(p, d);
	if (r.n != 0)
		*p++ = '/';
	p = add(p, r);
	*p = '\0';
	return text;
}

/* The usual address, all ASCII: preparing changes no length, so it is done in
 * place.  False: not that simple, or no address at all. */
static bool parse_ascii(struct arena *a, const struct split *s, struct jid *jid_r)
{
	struct slice l = s->local, d = s->domain, r = s->resource;
	char *text, *at;

	if (l.n > JID_PART_MOST || d.n > NAME_MOST || r.n > JID_PART_MOST)
		return false;
	text = join(a, l, d, r);
	at = text + l.n + s->has_local;
	if (prep_ascii(DOMAIN, d, at) != FAST_DONE ||
	    check_labels(slice_make(at, d.n)) != NAMES_GOOD)
		return false;
	if (s->has_local && prep_ascii(LOCAL, l, text) != FAST_DONE)
		return false;
	if (s->has_resource && prep_ascii(RESOURCE, r, at + d.n + 1) != FAST_DONE)
		return false;
	*jid_r = (struct jid){ text, (uint16_t)l.n, (uint16_t)d.n, (uint16_t)r.n };
	return true;
}

static bool parse_any(struct arena *a, const struct split *s, struct jid *jid_r)
{
	struct prep_text l, d, r;

	l.n = r.n = 0;
	if (!domain(s->domain, &d) || (s->has_local && !local(s->local, &l)) ||
	    (s->has_resource && !resource(s->resource, &r)))
		return false;
	*jid_r = jid_join(a, text_slice(&l), text_slice(&d), text_slice(&r));
	return true;
}

bool jid_parse(struct arena *a, struct slice text, struct jid *jid_r)
{
	struct split s = split(text);

	return parse_ascii(a, &s, jid_r) || parse_any(a, &s, jid_r);
}

struct jid jid_join(struct arena *a, struct slice l, struct slice d,
    struct slice r)
{
	return (struct jid){ join(a, l, d, r),
	    (uint16_t)l.n, (uint16_t)d.n, (uint16_t)r.n };
}

bool jid_with_resource(struct arena *a, const struct jid *bare,
    struct slice in, struct jid *jid_r)
{
	struct prep_text text;

	if (!resource(in, &text))
		return false;
	*jid_r = jid_join(a, jid_local(bare), jid_domain(bare), text_slice(&text));
	return true;
}

struct jid jid_dup(struct arena *a, const struct jid *j)
{
	struct jid copy = *j;

	copy.text = slice_cstr(a, jid_full(j));
	return copy;
}

struct jid jid_bare_dup(struct arena *a, const struct jid *j)
{
	struct jid copy = *j;

	copy.text = slice_cstr(a, jid_bare(j));
	copy.resource_n = 0;
	return copy;
}

static bool prep_part(struct arena *a,
    bool part(struct slice, struct prep_text *), struct slice in,
    struct slice *out_r)
{
	struct prep_text text;

	if (!part(in, &text))
		return false;
	*out_r = slice_dup(a, text_slice(&text));
	return true;
}

bool jid_prep_local(struct arena *a, struct slice in, struct slice *out_r)
{
	return prep_part(a, local, in, out_r);
}

bool jid_prep_domain(struct arena *a, struct slice in, struct slice *out_r)
{
	return prep_part(a, domain, in, out_r);
}

bool jid_prep_resource(struct arena *a, struct slice in, struct slice *out_r)
{
	return prep_part(a, resource, in, out_r);
}

bool jid_prep_password(struct arena *a, struct slice in, struct slice *out_r)
{
	return prep_part(a, prep_password, in, out_r);
}

bool jid_prep_bare(struct arena *a, struct slice in, struct slice *out_r)
{
	struct jid jid;

	if (!jid_parse(a, in, &jid) || jid.resource_n != 0)
		return false;
	*out_r = jid_bare(&jid);
	return true;
}
