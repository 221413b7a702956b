/* SPDX-License-Identifier: Apache-2.0 */
/* base/enc.h — bytes as text: base64 (RFC 4648, strict), hex, percent. */
#ifndef BASE_ENC_H
#define BASE_ENC_H

#include "base/str.h"

void enc_base64(struct buf *out, struct slice in);
/* Strict: canonical alphabet, right padding, no white space, zero pad bits.
 * False leaves `out` as it was. */
bool dec_base64(struct buf *out, struct slice in);

void enc_hex(struct buf *out, struct slice in);                 /* lower case */
bool dec_hex(struct buf *out, struct slice in);

/* Percent-encodes controls, space, '%' and 0x7f and every byte in `also`. */
void enc_percent(struct buf *out, struct slice in, const char *also);
bool dec_percent(struct buf *out, struct slice in);             /* false: bad escape or %00 */

#endif
