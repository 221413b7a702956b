/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/schema.h — the schema files, carried in the program. */
#ifndef CTL_SCHEMA_H
#define CTL_SCHEMA_H

#include "base/str.h"

/* schema/rfc8284.ldif and schema/tertulia.ldif, one after the other, as
 * ldapadd takes them. */
struct slice schema_ldif(void);

#endif
