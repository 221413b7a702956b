/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/filter.h — search filters, written so that a value stays a value.
 *
 * RFC 4515 text.  Values from outside go only through filter_eq, filter_has and
 * filter_begins,
 * which escape; the one raw piece is the people_filter of the configuration,
 * and that was checked by filter_is_valid when the store was opened (LDAP-02). */
#ifndef XDB_LDAP_FILTER_H
#define XDB_LDAP_FILTER_H

#include "base/str.h"

enum { FILTER_DEPTH_MOST = 16 };

/* "(&", "(|" or "(!" … ")". */
void filter_open(struct buf *out, char kind);
void filter_close(struct buf *out);
void filter_eq(struct buf *out, const char *attribute, struct slice value);
/* (attribute>=value), by the attribute's own order. */
void filter_least(struct buf *out, const char *attribute, struct slice value);
/* (attribute=*value*); an empty value asks for the attribute's presence. */
void filter_has(struct buf *out, const char *attribute, struct slice value);
/* (attribute=value*) */
void filter_begins(struct buf *out, const char *attribute, struct slice value);
void filter_present(struct buf *out, const char *attribute);
/* A filter of the configuration, already checked. */
void filter_raw(struct buf *out, const char *checked);

/* The whole text is one well-formed filter, at most FILTER_DEPTH_MOST deep. */
bool filter_is_valid(struct slice text, const char **why_r);
/* Writes the structure without the values, as "(&(uid=)(cn=*))": two filters
 * of one shape differ in values alone.  False: not a filter. */
bool filter_shape(struct buf *out, struct slice text);

/* Calls `fn` for each (attribute=value) whose attribute is called so, with the value as
 * it is; a comparison of another kind, or by a rule, is given without one (NULL). */
typedef void filter_value_fn(struct slice value, void *ctx);
void filter_values(struct slice text, const char *attribute, filter_value_fn *fn,
    void *ctx);

/* A letter, then letters, digits and '-': an attribute's short name. */
bool filter_is_attribute(struct slice name);

#endif
