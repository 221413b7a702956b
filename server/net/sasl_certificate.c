/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_certificate.c — see net/sasl_certificate.h. */
#include "net/sasl_certificate.h"

#include "base/conf.h"
#include "xml/jid.h"

struct names { struct slice v[TLS_PEER_NAMES]; size_t n; };

struct lines {
	struct names jids, mails;
	struct slice serial, issuer, sha256;
};

static void names_add(struct names *names, struct slice name)
{
	if (names->n < COUNT(names->v))
		names->v[names->n++] = name;
}

static void line_take(struct lines *l, struct slice key, struct slice value)
{
	if (slice_is(key, "jid"))
		names_add(&l->jids, value);
	else if (slice_is(key, "mail"))
		names_add(&l->mails, value);
	else if (slice_is(key, "serial"))
		l->serial = value;
	else if (slice_is(key, "issuer"))
		l->issuer = value;
	else if (slice_is(key, "sha256"))
		l->sha256 = value;
}

static void lines_read(struct slice text, struct lines *l)
{
	struct slice line, key, value;

	*l = (struct lines){ .jids.n = 0 };
	while (text.n != 0) {
		slice_cut(text, '\n', &line, &text);
		if (slice_cut(line, ' ', &key, &value))
			line_take(l, key, value);
	}
}

/* --- ways -------------------------------------------------------------------------- */

/* One address in two spellings is one. */
static bool has_name(const struct certificate *c, struct slice local)
{
	for (size_t i = 0; i < c->name_n; i++)
		if (slice_eq(c->names[i], local))
			return true;
	return false;
}

/* RFC 6120 §13.7.1.4: a bare address; one that is none of a person of ours
 * names nobody here. */
static void by_xmpp(struct arena *a, const struct lines *l, const char *domain,
    struct certificate *c)
{
	struct jid jid;

	for (size_t i = 0; i < l->jids.n; i++)
		if (jid_parse(a, l->jids.v[i], &jid) && jid.resource_n == 0
		    && jid.local_n != 0 && slice_is(jid_domain(&jid), domain)
		    && !has_name(c, jid_local(&jid)))
			c->names[c->name_n++] = jid_local(&jid);
}

static void by_mail(struct arena *a, const struct lines *l, const char *domain,
    struct certificate *c)
{
	(void)a, (void)domain;
	c->is_search = true;
	c->search.mail_n = l->mails.n;
	for (size_t i = 0; i < l->mails.n; i++)
		c->search.mails[i] = l->mails.v[i];
}

static void by_entry(struct arena *a, const struct lines *l, const char *domain,
    struct certificate *c)
{
	(void)a, (void)domain;
	c->is_search = true;
	c->search.serial = l->serial;
	c->search.issuer = l->issuer;
	c->search.sha256 = l->sha256;
}

static bool has_jid(const struct lines *l)
{
	return l->jids.n != 0;
}

static bool has_mail(const struct lines *l)
{
	return l->mails.n != 0;
}

static bool has_all(const struct lines *l)
{
	return l->serial.n != 0 && l->issuer.n != 0 && l->sha256.n != 0;
}

static const struct way {
	const char *word;
	bool (*is_said)(const struct lines *l);
	void (*read)(struct arena *a, const struct lines *l, const char *domain,
	    struct certificate *c);
} ways_known[] = {
	{ "xmpp",  has_jid,  by_xmpp  },
	{ "mail",  has_mail, by_mail  },
	{ "entry", has_all,  by_entry },
};

static const struct way *way_find(const char *word)
{
	for (size_t i = 0; i < COUNT(ways_known); i++)
		if (strcmp(ways_known[i].word, word) == 0)
			return &ways_known[i];
	return NULL;
}

bool certificate_read(struct arena *a, struct slice text,
    const struct conf_list *ways, const char *domain, struct certificate *c_r)
{
	struct lines l;

	*c_r = (struct certificate){ .name_n = 0 };
	if (text.n == 0 || ways == NULL)
		return false;
	lines_read(text, &l);
	for (size_t i = 0; i < ways->n; i++) {
		const struct way *way = way_find(ways->v[i]);

		if (way == NULL || !way->is_said(&l))
			continue;
		way->read(a, &l, domain, c_r);
		break;
	}
	return c_r->name_n != 0 || c_r->is_search;
}
