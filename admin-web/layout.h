/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/layout.h — what all pages share: frame, forms, small parts. */
#ifndef WEB_LAYOUT_H
#define WEB_LAYOUT_H

#include "admin-web/exchange.h"
#include "admin-web/page.h"

/* Which entry of the menu is the current one. */
enum section { SECTION_NONE, SECTION_PEOPLE, SECTION_ROOMS, SECTION_ONLINE };

/* Everything up to the page's own content, heading included; writes to
 * x->reply.body and sets status 200 unless one is set. */
void layout_begin(struct exchange *x, struct page *p, enum section section,
    const char *title);
/* The frame of pages for people who are not signed in: one card. */
void layout_begin_card(struct exchange *x, struct page *p, const char *title);
/* The rest; answers the exchange. */
void layout_end(struct exchange *x, struct page *p);
/* A whole page about x->reply.status; does not answer. */
void layout_error(struct exchange *x, const char *detail);

/* --- parts -------------------------------------------------------------------------- */

void part_heading(struct page *p, const char *text);            /* h2 */
void part_text(struct page *p, const char *class, const char *text);    /* p */
/* A box that is read out at once: role alert or status. */
void part_alert(struct page *p, const char *text);
void part_notice(struct page *p, const char *text);
void part_link(struct page *p, const char *class, const char *path, const char *text);
/* One line of a description list; empty values are left out. */
void part_fact(struct page *p, const char *name, struct slice value);
/* A table with its head, open for rows; page_close() twice ends it. */
void part_table(struct exchange *x, struct page *p, const enum text *heads,
    size_t n);
void part_badge(struct page *p, const char *kind, const char *text);

/* <form method=post> with the login's token. */
void form_begin(struct exchange *x, struct page *p, const char *action,
    const char *class);
void form_hidden(struct page *p, const char *name, const char *value);

struct field {
	const char *name, *type;        /* type as <input>'s; "textarea" */
	enum text label;
	enum text help;                 /* T_COUNT: none */
	struct slice value;
	const char *autocomplete;       /* NULL: off */
	bool is_required, is_focused;
	unsigned least, most;           /* characters; 0: any */
};
/* Label, control, help and, when x->fault names it, the complaint. */
void form_field(struct exchange *x, struct page *p, const struct field *f);
void form_check(struct exchange *x, struct page *p, const char *name,
    enum text label, enum text help, bool is_on);
void form_button(struct page *p, const char *class, const char *text);

#endif
