/* SPDX-License-Identifier: Apache-2.0 */
/* base/tls_record.h — the records of a TLS 1.3 connection whose handshake is
 * over (RFC 8446 §5), without the library's connection object.
 *
 * OpenSSL 3.0 keeps 14,500 bytes for a connection that says nothing: 7,632 of
 * them are struct SSL, mostly slots for pipelines that nobody uses, the rest
 * the handshake's keys, transcript, session, lists, and a cipher context of
 * 1,170 for each direction; no call gives them back.  What a server still does
 * with the connection after the handshake is little: to seal, to open, to
 * change keys when asked, to hear an alert.  That is done here, in 320 bytes;
 * every cipher and hash is OpenSSL's, and so is the handshake.  The cipher
 * contexts are the thread's: keying one for each record costs 0.16 µs, a third
 * of what the connection object cost above the cipher itself.
 *
 * For base/tls.c alone; results and calls are those of base/tls.h. */
#ifndef BASE_TLS_RECORD_H
#define BASE_TLS_RECORD_H

#include "base/tls.h"

enum { TLS_SECRET_MOST = 48 };          /* SHA-384's; RFC 8446 §7.1 */

struct tls_records;

struct tls_records *tls_records_new(int fd);
void tls_records_free(struct tls_records **rp);         /* wipes the keys */
/* client_ and server_application_traffic_secret_0, while the handshake runs;
 * false: longer than any. */
bool tls_records_secret(struct tls_records *r, bool is_ours, struct slice secret);
/* The handshake is over, and the next byte of the socket begins a record.
 * `cipher` by its name; no record sent says more than `most` bytes.  False: a
 * cipher or secrets that this does not know. */
bool tls_records_begin(struct tls_records *r, const char *cipher, size_t most);

enum tls_result tls_records_read(struct tls_records *r, void *p, size_t room,
    size_t *n_r);
bool tls_records_pending(const struct tls_records *r);
enum tls_result tls_records_write(struct tls_records *r, const void *p,
    size_t n, size_t *n_r);
void tls_records_goodbye(struct tls_records *r);
const char *tls_records_why(const struct tls_records *r);

/* Frees the thread's cipher contexts; at the end of a thread. */
void tls_records_thread_fini(void);

#endif
