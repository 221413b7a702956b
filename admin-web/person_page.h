/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/person_page.h — the page that shows an activation link, once. */
#ifndef WEB_PERSON_PAGE_H
#define WEB_PERSON_PAGE_H

#include "admin-web/person.h"

void person_page_link(struct exchange *x, const struct person *who,
    const char *link);

#endif
