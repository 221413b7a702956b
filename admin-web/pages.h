/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/pages.h — handlers of the pages, for the table in routes.c. */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

struct exchange;

/* signin.c */
void page_home(struct exchange *x);
void page_signin(struct exchange *x);
void post_signin(struct exchange *x);
void post_signout(struct exchange *x);
void post_language(struct exchange *x);
void page_me(struct exchange *x);

/* people.c, person_page.c */
void page_people(struct exchange *x);
void page_person_new(struct exchange *x);
void post_person_new(struct exchange *x);
void page_person(struct exchange *x);
void post_person_account(struct exchange *x);
void post_person_status(struct exchange *x);
void post_person_link(struct exchange *x);
void page_person_delete(struct exchange *x);
void post_person_delete(struct exchange *x);

/* orphans.c */
void page_orphans(struct exchange *x);
void page_orphan_delete(struct exchange *x);
void post_orphan_delete(struct exchange *x);

/* activate.c */
void page_activate(struct exchange *x);
void post_activate(struct exchange *x);

/* password.c */
void page_password(struct exchange *x);
void post_password(struct exchange *x);

/* rooms.c */
void page_rooms(struct exchange *x);
void page_room_new(struct exchange *x);
void post_room_new(struct exchange *x);
void page_room(struct exchange *x);
void post_room(struct exchange *x);
void page_room_delete(struct exchange *x);
void post_room_delete(struct exchange *x);

/* online.c */
void page_online(struct exchange *x);

#endif
