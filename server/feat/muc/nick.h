/* SPDX-License-Identifier: Apache-2.0 */
/* feat/muc/nick.h — what may be a nick (XEP-0045 §17.1). */
#ifndef FEAT_MUC_NICK_H
#define FEAT_MUC_NICK_H

#include "base/str.h"

enum { NICK_BYTES_MOST = 256 };         /* security DOS-11 */

/* `in` is a prepared resource.  Spaces at the ends go and runs of them become
 * one, so that nobody hides behind another's name with a space more; false
 * when nothing or too much is left.  *nick_r is `in` itself or in the arena. */
bool nick_clean(struct arena *a, struct slice in, struct slice *nick_r);

#endif
