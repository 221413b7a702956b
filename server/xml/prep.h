/* SPDX-License-Identifier: Apache-2.0 */
/* xml/prep.h — the parts of an address that are not plain ASCII, on ICU.
 *
 * Used by jid.c alone, after its fast way gave up.  Each function writes the
 * canonical UTF-8 text into `out`, at most JID_PART_MOST bytes, and is
 * idempotent: what it gave, it gives again. */
#ifndef XML_PREP_H
#define XML_PREP_H

#include "xml/jid.h"

struct prep_text { size_t n; char p[JID_PART_MOST]; };

/* PRECIS UsernameCaseMapped (RFC 8265 §3.3), less what RFC 7622 §3.3.1 takes out. */
bool prep_local(struct slice in, struct prep_text *out);
/* PRECIS OpaqueString (RFC 8265 §4.2). */
bool prep_resource(struct slice in, struct prep_text *out);
/* The same for passwords, or what SASLprep (RFC 4013) makes of those that it refuses. */
bool prep_password(struct slice in, struct prep_text *out);
/* U-labels of IDNA2008 (UTS 46 without its transitional part). */
bool prep_domain(struct slice in, struct prep_text *out);

#endif
