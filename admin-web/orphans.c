/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/orphans.c — pages of accounts whose person is gone. */
#include "admin-web/layout.h"
#include "admin-web/login.h"
#include "admin-web/orphan.h"
#include "admin-web/pages.h"
#include "admin-web/web.h"

enum { SHOWN_MOST = 200 };

/* --- the list --------------------------------------------------------------------------- */

static void write_cell(struct exchange *x, struct page *p, enum text label,
    struct slice text)
{
	page_open(p, "td");
	page_attr_cstr(p, "data-label", say(x, label));
	page_text(p, text);
	page_close(p);
}

static void write_heir(struct exchange *x, struct page *p, struct slice heir)
{
	page_open(p, "td");
	page_attr_cstr(p, "data-label", say(x, T_HEIR));
	if (heir.n != 0)
		part_link(p, NULL, exchange_path(x, "/people/", heir),
		    slice_cstr(&x->arena, heir));
	else
		page_cstr(p, say(x, T_HEIR_NOBODY));
	page_close(p);
}

static void write_row(struct exchange *x, struct page *p,
    const struct xdb_orphan *o)
{
	page_open(p, "tr");
	page_open(p, "th");
	page_attr_cstr(p, "scope", "row");
	part_link(p, NULL, exchange_printf(x, "%s/delete", orphan_path(x, o)),
	    slice_cstr(&x->arena, o->jid));
	page_close(p);
	write_cell(x, p, T_ORPHAN_WAS, o->person_dn.n != 0 ? o->person_dn
	    : slice_of(say(x, T_ORPHAN_WAS_UNKNOWN)));
	write_heir(x, p, o->heir);
	page_close(p);
}

static void orphans_found(struct exchange *x, const struct xdb_result *res)
{
	static const enum text heads[] = { T_ADDRESS, T_ORPHAN_WAS, T_HEIR };
	struct page p;

	if (res->status != XDB_OK) {
		exchange_fail_xdb(x, res->status);
		return;
	}
	layout_begin(x, &p, SECTION_PEOPLE, say(x, T_ORPHANS));
	part_text(&p, NULL, say(x, T_ORPHANS_HELP));
	part_text(&p, "dim", res->n == 0 ? say(x, T_ORPHANS_NONE)
	    : say_with(x, res->is_cut ? T_ORPHANS_CUT : T_ORPHANS_COUNT,
	    exchange_printf(x, "%zu", res->n), NULL));
	if (res->n != 0) {
		part_table(x, &p, heads, COUNT(heads));
		for (size_t i = 0; i < res->n; i++)
			write_row(x, &p, orphan_of(x, &res->orphans[i]));
		page_close(&p);
		page_close(&p);
	}
	part_link(&p, "button", "/people", say(x, T_BACK_TO_PEOPLE));
	layout_end(x, &p);
}

void page_orphans(struct exchange *x)
{
	struct slice any = { NULL, 0 };

	exchange_await(x, xdb_orphan_list(x->web->db, any, any, SHOWN_MOST),
	    orphans_found);
}

/* --- removing one, after a question -------------------------------------------------------- */

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* What whoever administers the directory writes to give the account to the person
 * who has the name now.  A DN beyond ASCII would need base64 (RFC 2849): it is for
 * people to see, and can wait. */
static const char *gift(struct exchange *x, const struct xdb_orphan *o)
{
	const char *comma = memchr(o->dn.p, ',', o->dn.n);
	struct slice parent = comma == NULL ? slice_make(NULL, 0)
	    : slice_make(comma, (size_t)(o->dn.p + o->dn.n - comma));
	struct buf ldif = { 0 };
	const char *text;

	buf_addf(&ldif, "dn: " SLICE_FMT "\nchangetype: modrdn\nnewrdn: "
	    "imPersonUUID=" SLICE_FMT "\ndeleteoldrdn: 1\n", SLICE_ARG(o->dn),
	    SLICE_ARG(o->heir_uuid));
	if (is_ascii(o->heir_dn))
		buf_addf(&ldif, "\ndn: imPersonUUID=" SLICE_FMT SLICE_FMT
		    "\nchangetype: modify\nreplace: imPerson\nimPerson: "
		    SLICE_FMT "\n", SLICE_ARG(o->heir_uuid), SLICE_ARG(parent),
		    SLICE_ARG(o->heir_dn));
	text = slice_cstr(&x->arena, buf_slice(&ldif));
	buf_fini(&ldif);
	return text;
}

static void write_question(struct exchange *x, struct page *p,
    const struct xdb_orphan *o)
{
	page_open_class(p, "section", "panel");
	page_leaf(p, "p", "address", o->jid);
	part_text(p, NULL, say(x, T_ORPHAN_LOST));
	page_open(p, "dl");
	part_fact(p, say(x, T_ORPHAN_WAS), o->person_dn);
	part_fact(p, say(x, T_HEIR), o->heir);
	part_fact(p, say(x, T_ENTRY), o->dn);
	page_close(p);
	page_open_class(p, "div", "actions");
	form_begin(x, p, exchange_printf(x, "%s/delete", orphan_path(x, o)), NULL);
	form_button(p, "button danger", say(x, T_ORPHAN_DELETE));
	page_close(p);
	part_link(p, "button", "/orphans", say(x, T_CANCEL));
	page_close(p);
	page_close(p);
}

static void delete_asked(struct exchange *x, struct xdb_orphan *o)
{
	struct page p;

	layout_begin(x, &p, SECTION_PEOPLE, say_with(x, T_ORPHAN_DELETE_OF,
	    slice_cstr(&x->arena, o->jid), NULL));
	write_question(x, &p, o);
	if (o->heir.n != 0) {
		page_open_class(&p, "section", "panel");
		part_heading(&p, say(x, T_ORPHAN_GIVE));
		part_text(&p, NULL, say_with(x, T_ORPHAN_GIVE_HELP,
		    slice_cstr(&x->arena, o->heir), NULL));
		page_leaf_cstr(&p, "pre", "link", gift(x, o));
		page_close(&p);
	}
	layout_end(x, &p);
}

void page_orphan_delete(struct exchange *x)
{
	orphan_find(x, x->param[0], delete_asked);
}

static void orphan_deleted(struct exchange *x)
{
	login_notice(x, T_DONE_DELETED);
	exchange_redirect(x, "/orphans");
}

static void delete_found(struct exchange *x, struct xdb_orphan *o)
{
	orphan_delete(x, o, orphan_deleted);
}

void post_orphan_delete(struct exchange *x)
{
	orphan_find(x, x->param[0], delete_found);
}
