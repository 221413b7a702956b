/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/find.c — people found by people (XEP-0055): one search, whose filter is
 * made of what somebody typed into a form, in all the spellings it can have. */
#include "xdb_ldap/filter.h"
#include "xdb_ldap/people.h"
#include "xdb_ldap/person.h"
#include "xdb_ldap/spelling.h"

/* OpenLDAP's index of pieces has four letters and more (index_substr_any_len); that
 * of beginnings has two.  With 100,000 people a search without one costs a second. */
enum { WORDS_MOST = 4, FOUND_MOST = 1000, SHORT = 4 };

static bool is_short(struct slice piece)
{
	size_t n = 0;

	for (size_t i = 0; i < piece.n; i++)
		n += ((unsigned char)piece.p[i] & 0xc0) != 0x80;
	return n < SHORT;
}

/* A short piece is looked for where a word begins. */
static void add_piece(struct buf *filter, const char *attribute,
    struct slice piece)
{
	struct buf word = { 0 };

	if (!is_short(piece)) {
		filter_has(filter, attribute, piece);
		return;
	}
	buf_addf(&word, " " SLICE_FMT, SLICE_ARG(piece));
	filter_open(filter, '|');
	filter_begins(filter, attribute, piece);
	filter_has(filter, attribute, buf_slice(&word));
	filter_close(filter);
	buf_fini(&word);
}

static void add_spellings(struct xdb_op *op, struct buf *filter, enum attr attr,
    struct slice piece)
{
	struct slice spellings[SPELLINGS_MOST];
	size_t n = spelling_variants(&op->arena, piece, spellings);

	for (size_t i = 0; i < n; i++)
		add_piece(filter, op_name(op, attr), spellings[i]);
}

static void add_name(struct xdb_op *op, struct buf *filter, enum attr attr,
    struct slice piece)
{
	if (piece.n == 0)
		return;
	filter_open(filter, '|');
	add_spellings(op, filter, attr, piece);
	filter_close(filter);
}

/* Each word somewhere; user names and addresses have no accents. */
static void add_words(struct xdb_op *op, struct buf *filter, struct slice text)
{
	struct slice rest = text, word;

	for (unsigned i = 0; i < WORDS_MOST && slice_word(&rest, &word); i++) {
		filter_open(filter, '|');
		add_piece(filter, op_name(op, ATTR_NAME), word);
		add_piece(filter, op_name(op, ATTR_MAIL), word);
		add_spellings(op, filter, ATTR_CN, word);
		add_spellings(op, filter, ATTR_DISPLAY_NAME, word);
		filter_close(filter);
	}
}

bool xdb_filter_is_good(const char *text, const char **why_r)
{
	return text == NULL || *text == '\0'
	    || filter_is_valid(slice_of(text), why_r);
}

static const char *find_filter(struct xdb_op *op, const struct xdb_find *f)
{
	struct buf filter = { 0 };

	filter_open(&filter, '&');
	filter_raw(&filter, op->db->people_filter);
	filter_present(&filter, op_name(op, ATTR_NAME));
	if (f->filter != NULL && *f->filter != '\0')
		filter_raw(&filter, f->filter);
	if (f->name.n != 0)
		add_piece(&filter, op_name(op, ATTR_NAME), f->name);
	if (f->mail.n != 0)
		add_piece(&filter, op_name(op, ATTR_MAIL), f->mail);
	add_name(op, &filter, ATTR_GIVEN_NAME, f->given_name);
	add_name(op, &filter, ATTR_SN, f->sn);
	add_words(op, &filter, f->any);
	filter_close(&filter);
	return op_take(op, &filter);
}

struct xdb_op *xdb_people_find(struct xdb *db, const struct xdb_find *f)
{
	struct xdb_op *op = op_new(db, sizeof (struct people));
	struct people *p = op->data;
	const char *why = NULL;

	if (!xdb_filter_is_good(f->filter, &why)) {
		op_finish(op, XDB_BROKEN, why);
		return op;
	}
	p->call = call_search(op, &(struct search){
		.base = db->people_base, .scope = LDAP_SCOPE_SUBTREE,
		.filter = find_filter(op, f),
		.set = db->is_inline ? SET_INLINE_STATUS : SET_PERSON,
		.most = f->most == 0 || f->most > FOUND_MOST ? FOUND_MOST
		    : f->most });
	op_await(op, people_found);
	return op;
}
