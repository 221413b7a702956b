/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/schema.c — the assembler puts the schema into the program, so that what
 * is asked of the server is what is shipped with it. */
#include "ctl/schema.h"

/* The blank line between them ends the first entry. */
__asm__(".pushsection .rodata\n"
    ".global ctl_schema_ldif\n.global ctl_schema_ldif_end\n"
    "ctl_schema_ldif:\n"
    ".incbin \"schema/rfc8284.ldif\"\n.ascii \"\\n\"\n"
    ".incbin \"schema/tertulia.ldif\"\n"
    "ctl_schema_ldif_end:\n.byte 0\n.popsection\n");
extern const char ctl_schema_ldif[], ctl_schema_ldif_end[];

struct slice schema_ldif(void)
{
	return slice_make(ctl_schema_ldif,
	    (size_t)(ctl_schema_ldif_end - ctl_schema_ldif));
}
