/* SPDX-License-Identifier: Apache-2.0 */
/* xml/utf8.h — the gate that every byte passes before anything else reads it.
 *
 * Strict UTF-8 (RFC 3629: no overlong form, no surrogate, nothing above
 * U+10FFFF) and, of that, what XML 1.0 §2.2 allows: no control character but
 * TAB, LF and CR, no U+FFFE and U+FFFF.  What passes here means the same to
 * every parser behind it (security XML-04). */
#ifndef XML_UTF8_H
#define XML_UTF8_H

#include "base/str.h"

enum { UTF8_START = 0 };

/* Goes on from *state (UTF8_START at first and between whole characters) and
 * gives how many bytes are good; fewer than s.n: the next one is refused. */
size_t utf8_gate(uint8_t *state, struct slice s);

/* All of `s` is good and its last character complete. */
bool utf8_is_good(struct slice s);

/* Bytes of the one good character at the beginning of `s`, 1 to 4; 0: none. */
size_t utf8_char(struct slice s);

#endif
