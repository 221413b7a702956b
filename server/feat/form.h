/* SPDX-License-Identifier: Apache-2.0 */
/* feat/form.h — data forms (XEP-0004). */
#ifndef FEAT_FORM_H
#define FEAT_FORM_H

#include "xml/elem.h"

/* <x/> of a type ("form", "result", "submit") with its hidden FORM_TYPE; an
 * empty title: none. */
struct elem *form_new(struct arena *a, const char *type, struct slice title,
    const char *form_type);
/* type and label NULL: none.  Values are borrowed. */
struct elem *form_add(struct arena *a, struct elem *x, const char *var,
    const char *type, const char *label);
void form_add_value(struct arena *a, struct elem *field, struct slice value);
void form_add_option(struct arena *a, struct elem *field, const char *label,
    struct slice value);
/* A field of one value without type and label, as results have. */
void form_add_fact(struct arena *a, struct elem *x, const char *var,
    struct slice value);

/* Is it a form of this FORM_TYPE?  One without FORM_TYPE is of any. */
bool form_is(struct arena *a, const struct elem *x, const char *form_type);
/* The first value of a field; false: there is no such field. */
bool form_value(struct arena *a, const struct elem *x, const char *var,
    struct slice *value_r);
/* xs:boolean; false: it is none. */
bool form_flag(struct slice value, bool *flag_r);

#endif
