/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fake/io.h — clients without sockets: what they say is parsed and given
 * to the core as events, what the core says is kept. */
#ifndef TESTS_FAKE_IO_H
#define TESTS_FAKE_IO_H

#include "net/io.h"

/* A connection behind TLS; `xml` is what it says first (may be ""). */
conn_id fake_io_open(void);
void fake_io_say(conn_id c, const char *xml);
/* What was said to it since the last call; "" nothing.  Borrowed. */
const char *fake_io_heard(conn_id c);
bool fake_io_is_closed(conn_id c);              /* the core closed it */
void fake_io_hang_up(conn_id c);                /* the client is gone */
void fake_io_reset(void);                       /* hangs up all */

#endif
