/* SPDX-License-Identifier: Apache-2.0 */
/* xdb_ldap/spelling.h — names as people type them: without accents, or with.
 *
 * LDAP compares without case and with accents, so a search for "garcia" does not
 * find "García".  Its approximate matching would, and much else by its sound.  So
 * we ask for all spellings a word of Spanish and its neighbours can have: none or
 * one accent on a vowel, none or one ñ or ç. */
#ifndef XDB_LDAP_SPELLING_H
#define XDB_LDAP_SPELLING_H

#include "base/str.h"

enum { SPELLINGS_MOST = 48 };

/* Lower case without accents, of Latin letters up to U+017F; the rest stays. */
struct slice spelling_fold(struct arena *a, struct slice name);
/* As it was typed first; gives how many. */
size_t spelling_variants(struct arena *a, struct slice word,
    struct slice out[SPELLINGS_MOST]);

#endif
