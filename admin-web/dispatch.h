/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/dispatch.h — from a whole request to the handler of its route:
 * who is it, may they, is what they sent in the shape the route wants. */
#ifndef WEB_DISPATCH_H
#define WEB_DISPATCH_H

struct exchange;

/* Ends in the handler, or in an answer that says why not. */
void dispatch(struct exchange *x);

#endif
