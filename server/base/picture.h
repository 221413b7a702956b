/* SPDX-License-Identifier: Apache-2.0 */
/* base/picture.h — what kind of picture some bytes are, by their beginning:
 * whoever says so otherwise may err, or lie. */
#ifndef BASE_PICTURE_H
#define BASE_PICTURE_H

#include "base/str.h"

/* "image/jpeg", "image/png", "image/gif"; NULL: none of these. */
const char *picture_type(struct slice bytes);

#endif
