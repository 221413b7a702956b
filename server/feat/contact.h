/* SPDX-License-Identifier: Apache-2.0 */
/* feat/contact.h — XEP-0157: whom to write to about this service. */
#ifndef FEAT_CONTACT_H
#define FEAT_CONTACT_H

#include "xml/elem.h"

/* Adds the form to an answer to disco#info, when any address is configured. */
void contact_add_form(struct arena *a, struct elem *query);

#endif
