/* SPDX-License-Identifier: Apache-2.0 */
/* base/tls_record.c — see base/tls_record.h; sections are those of RFC 8446.
 *
 *   a record   type 23, version 0303, length | AEAD(data, type, zeros), tag
 *
 * The header is the additional data; the nonce is the direction's IV xor its
 * record number.  Whatever is not as it must be ends the connection: with an
 * alert, once, and nothing is read or written after it. */
#include "base/tls_record.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/log.h"

enum {
	HEADER = 5, TAG = 16, IV = 12, KEY_MOST = 32,
	PLAIN_MOST = 1 << 14,                   /* §5.1 */
	SEALED_MOST = PLAIN_MOST + 256,         /* §5.2: what a header may say */
	RECORD_MOST = HEADER + SEALED_MOST,
	EMPTY_MOST = 32,        /* records in a row that say nothing (CPU for free) */
	/* §5.5: AES-GCM keys are good for 2^24.5 records. */
	KEY_RECORDS = 1 << 24,
};

enum content { ALERT = 21, HANDSHAKE = 22, DATA = 23 };
enum { KEY_UPDATE = 24, UPDATE_BYTES = 5 };     /* type, 24-bit length 1, request */
enum { WARNING = 1, FATAL = 2 };
enum alert {
	CLOSE_NOTIFY = 0, UNEXPECTED_MESSAGE = 10, BAD_RECORD_MAC = 20,
	RECORD_OVERFLOW = 22, DECODE_ERROR = 50, USER_CANCELED = 90,
};

static const struct suite {
	const char *name, *cipher;
	const EVP_MD *(*hash)(void);
	size_t key_n;
} suites[] = {
	{ "TLS_AES_256_GCM_SHA384",       "AES-256-GCM",       EVP_sha384, 32 },
	{ "TLS_CHACHA20_POLY1305_SHA256", "ChaCha20-Poly1305", EVP_sha256, 32 },
	{ "TLS_AES_128_GCM_SHA256",       "AES-128-GCM",       EVP_sha256, 16 },
};

struct direction {
	uint64_t number;                /* of the next record under this key */
	size_t secret_n;
	unsigned char secret[TLS_SECRET_MOST], key[KEY_MOST], iv[IV];
};

struct tls_records {
	int fd;
	bool owes_update;               /* new keys before the next data (§4.6.3) */
	unsigned empty;                 /* records in a row that said nothing */
	enum tls_result end;            /* TLS_OK: not yet */
	const char *why;
	const struct suite *suite;
	size_t most;
	struct direction in, out;
	/* Empty but while the socket gave part of a record, or took part of one,
	 * or a reader had little room. */
	struct buf ahead, behind, rest;
	size_t behind_says;             /* bytes of the caller's that `behind` is */
};

/* --- keys ------------------------------------------------------------------ */

/* §7.1 HKDF-Expand-Label with an empty context; n is a hash's size at most,
 * so that one round of HKDF-Expand (RFC 5869 §2.3) gives it. */
static void expand(const struct suite *s, const struct direction *d,
    const char *label, unsigned char *out, size_t n)
{
	unsigned char info[64], block[EVP_MAX_MD_SIZE];
	size_t label_n = strlen(label), at = 0;
	unsigned block_n = 0;

	info[at++] = (unsigned char)(n >> 8);
	info[at++] = (unsigned char)n;
	info[at++] = (unsigned char)(6 + label_n);
	memcpy(info + at, "tls13 ", 6);
	memcpy(info + at + 6, label, label_n);
	at += 6 + label_n;
	info[at++] = 0;
	info[at++] = 1;                 /* the round */
	if (HMAC(s->hash(), d->secret, (int)d->secret_n, info, at, block,
	    &block_n) == NULL || block_n < n)
		panic("HKDF failed");
	memcpy(out, block, n);
	OPENSSL_cleanse(block, sizeof block);
}

/* §7.3 */
static void take_keys(const struct suite *s, struct direction *d)
{
	expand(s, d, "key", d->key, s->key_n);
	expand(s, d, "iv", d->iv, IV);
	d->number = 0;
}

/* §7.2: the old secret is gone. */
static void renew_keys(const struct suite *s, struct direction *d)
{
	expand(s, d, "traffic upd", d->secret, d->secret_n);
	take_keys(s, d);
}

/* --- one cipher context for each thread, cipher and direction --------------- */

static _Thread_local EVP_CIPHER_CTX *contexts[COUNT(suites)][2];

static EVP_CIPHER_CTX *context_new(const struct suite *s, int is_sealing)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, s->cipher, NULL);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c == NULL || EVP_CipherInit_ex2(c, cipher, NULL, NULL, is_sealing,
	    NULL) != 1)
		panic("no %s", s->cipher);
	EVP_CIPHER_free(cipher);
	return c;
}

/* Keyed and ready for the direction's next record, which it counts. */
static EVP_CIPHER_CTX *context_for(const struct suite *s, struct direction *d,
    bool is_sealing)
{
	EVP_CIPHER_CTX **c = &contexts[s - suites][is_sealing];
	unsigned char nonce[IV];

	if (*c == NULL)
		*c = context_new(s, is_sealing);
	memcpy(nonce, d->iv, IV);
	for (int i = 0; i < 8; i++)
		nonce[IV - 1 - i] ^= (unsigned char)(d->number >> 8 * i);
	d->number++;
	if (EVP_CipherInit_ex2(*c, NULL, d->key, nonce, is_sealing, NULL) != 1)
		panic("%s takes no key", s->cipher);
	return *c;
}

void tls_records_thread_fini(void)
{
	for (size_t i = 0; i < COUNT(suites); i++)
		for (int k = 0; k < 2; k++) {
			EVP_CIPHER_CTX_free(contexts[i][k]);
			contexts[i][k] = NULL;
		}
}

/* --- sealing and opening ------------------------------------------------------ */

static void put_header(unsigned char *out, size_t sealed)
{
	static const unsigned char begin[] = { DATA, 3, 3 };

	memcpy(out, begin, sizeof begin);
	out[3] = (unsigned char)(sealed >> 8);
	out[4] = (unsigned char)sealed;
}

/* Writes one record, of n + HEADER + 1 + TAG bytes; gives how many. */
static size_t seal(struct tls_records *r, enum content type, const void *p,
    size_t n, unsigned char *out)
{
	EVP_CIPHER_CTX *c = context_for(r->suite, &r->out, true);
	unsigned char *body = out + HEADER, kind = (unsigned char)type;
	int done = 0, one = 0;

	assert(n <= PLAIN_MOST);
	put_header(out, n + 1 + TAG);
	if (EVP_EncryptUpdate(c, NULL, &one, out, HEADER) != 1
	    || EVP_EncryptUpdate(c, body, &done, p, (int)n) != 1
	    || EVP_EncryptUpdate(c, body + n, &one, &kind, 1) != 1
	    || EVP_EncryptFinal_ex(c, body + n + 1, &one) != 1
	    || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG,
	    body + n + 1) != 1)
		panic("a record cannot be sealed");
	return HEADER + n + 1 + TAG;
}

/* Opens the record at p, whose body has n bytes, in place; false: forged. */
static bool open_record(struct tls_records *r, unsigned char *p, size_t n)
{
	EVP_CIPHER_CTX *c = context_for(r->suite, &r->in, false);
	unsigned char *body = p + HEADER;
	int done = 0;

	return EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG,
	    body + n - TAG) == 1
	    && EVP_DecryptUpdate(c, NULL, &done, p, HEADER) == 1
	    && EVP_DecryptUpdate(c, body, &done, body, (int)(n - TAG)) == 1
	    && EVP_DecryptFinal_ex(c, body + n - TAG, &done) == 1;
}

/* --- the socket ------------------------------------------------------------------ */

static enum tls_result ends(struct tls_records *r, enum tls_result how,
    const char *why)
{
	r->end = how;
	r->why = why;
	return how;
}

static bool is_later(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* *n_r is what the socket took, all of it with TLS_OK. */
static enum tls_result push(struct tls_records *r, const void *p, size_t n,
    size_t *n_r)
{
	ssize_t sent = send(r->fd, p, n, MSG_NOSIGNAL);

	*n_r = sent > 0 ? (size_t)sent : 0;
	if (sent < 0 && !is_later())
		return ends(r, TLS_CLOSED, strerror(errno));
	return *n_r == n ? TLS_OK : TLS_WANT_WRITE;
}

static enum tls_result push_behind(struct tls_records *r)
{
	enum tls_result result;
	size_t n;

	if (r->behind.n == 0)
		return TLS_OK;
	result = push(r, r->behind.p, r->behind.n, &n);
	if (result == TLS_OK)
		buf_fini(&r->behind);
	else
		buf_drop(&r->behind, n);
	return result;
}

/* One try, which is all an alert is worth. */
static void say_alert(struct tls_records *r, int level, enum alert what)
{
	unsigned char text[2] = { (unsigned char)level, (unsigned char)what };
	unsigned char record[HEADER + sizeof text + 1 + TAG];
	ssize_t sent;

	if (push_behind(r) != TLS_OK)
		return;
	sent = send(r->fd, record, seal(r, ALERT, text, sizeof text, record),
	    MSG_NOSIGNAL);
	(void)sent;
}

static enum tls_result refuse(struct tls_records *r, enum alert what,
    const char *why)
{
	say_alert(r, FATAL, what);
	return ends(r, TLS_FAILED, why);
}

/* --- what is read ------------------------------------------------------------------ */

/* §6: all alerts but these two are the end, whatever level they claim. */
static enum tls_result hear_alert(struct tls_records *r,
    const unsigned char *p, size_t n)
{
	if (n != 2)
		return refuse(r, DECODE_ERROR, "an alert of another length");
	if (p[1] == CLOSE_NOTIFY)
		return ends(r, TLS_CLOSED, "closed by the peer");
	if (p[1] == USER_CANCELED)
		return TLS_OK;          /* close_notify follows */
	return ends(r, TLS_FAILED, "an alert of the peer");
}

/* §4.6.3: KeyUpdate is all that a client may say after the handshake, since we
 * ask for no certificate; it stands alone in its record, for what comes behind
 * it is under other keys (§5.1).  Nobody cuts five bytes in two. */
static enum tls_result hear_handshake(struct tls_records *r,
    const unsigned char *p, size_t n)
{
	static const unsigned char begin[] = { KEY_UPDATE, 0, 0, 1 };

	if (n != UPDATE_BYTES || memcmp(p, begin, sizeof begin) != 0)
		return refuse(r, UNEXPECTED_MESSAGE, "a handshake after the handshake");
	if (p[4] > 1)
		return refuse(r, DECODE_ERROR, "a key update of no kind");
	renew_keys(r->suite, &r->in);
	/* Our answer comes before our next data; one for any number. */
	r->owes_update = r->owes_update || p[4] == 1;
	return TLS_OK;
}

/* Opens the record at p, whose body has n bytes.  *n_r bytes of data stand
 * behind its header then. */
static enum tls_result take_record(struct tls_records *r, unsigned char *p,
    size_t n, size_t *n_r)
{
	unsigned char *body = p + HEADER;
	size_t inner = n - TAG;

	*n_r = 0;
	if (!open_record(r, p, n))
		return refuse(r, BAD_RECORD_MAC, "a record that was not sealed by the peer");
	while (inner != 0 && body[inner - 1] == 0)      /* §5.4 padding */
		inner--;
	if (inner == 0)
		return refuse(r, UNEXPECTED_MESSAGE, "a record of no type");
	if (--inner > PLAIN_MOST)
		return refuse(r, RECORD_OVERFLOW, "a record that is too long");
	if (body[inner] != DATA || inner == 0) {
		if (++r->empty > EMPTY_MOST)
			return refuse(r, UNEXPECTED_MESSAGE, "nothing, too often");
	} else {
		r->empty = 0;
	}
	switch (body[inner]) {
	case DATA:
		*n_r = inner;
		return TLS_OK;
	case ALERT:
		return hear_alert(r, body, inner);
	case HANDSHAKE:
		return hear_handshake(r, body, inner);
	default:
		return refuse(r, UNEXPECTED_MESSAGE, "a record of an unknown type");
	}
}

/* The length of the body that a header promises; 0: no header of ours. */
static size_t promised(const unsigned char *header)
{
	return header[0] == DATA && header[1] == 3 && header[2] == 3
	    ? (size_t)header[3] << 8 | header[4] : 0;
}

/* Opens the whole records among the n bytes at p, moves their data together to
 * the front, and keeps what is left of a record for the next time. */
static size_t take_all(struct tls_records *r, unsigned char *p, size_t n)
{
	size_t at = 0, done = 0, data;

	while (r->end == TLS_OK && n - at >= HEADER) {
		size_t body = promised(p + at);

		if (body > SEALED_MOST)
			refuse(r, RECORD_OVERFLOW, "a record that is too long");
		else if (body <= TAG)
			refuse(r, UNEXPECTED_MESSAGE, "bytes that are no record");
		else if (n - at < HEADER + body)
			break;
		else if (take_record(r, p + at, body, &data) == TLS_OK) {
			memmove(p + done, p + at + HEADER, data);
			done += data;
			at += HEADER + body;
		}
	}
	if (r->end == TLS_OK)
		buf_add(&r->ahead, slice_make(p + at, n - at));
	return done;
}

/* `room` is enough for a record.  One recv: who polls comes again for more. */
static enum tls_result read_into(struct tls_records *r, unsigned char *p,
    size_t room, size_t *n_r)
{
	size_t have = r->ahead.n;
	ssize_t got = recv(r->fd, p + have, room - have, 0);

	*n_r = 0;
	if (got < 0 && is_later())
		return TLS_WANT_READ;
	if (got < 0)
		return ends(r, TLS_CLOSED, strerror(errno));
	if (got == 0)
		return ends(r, TLS_CLOSED, "connection ended");
	if (have != 0) {
		memcpy(p, r->ahead.p, have);
		buf_fini(&r->ahead);
	}
	*n_r = take_all(r, p, have + (size_t)got);
	/* Records were opened where they lay, and moved together: that is once more
	 * what the last of them said. */
	explicit_bzero(p + *n_r, have + (size_t)got - *n_r);
	if (*n_r != 0)
		return TLS_OK;          /* an end can wait */
	return r->end != TLS_OK ? r->end : TLS_WANT_READ;
}

/* Somebody with little room gets the beginning; the rest is kept. */
static enum tls_result read_by_rest(struct tls_records *r)
{
	struct buf whole = { 0 };
	enum tls_result result;
	size_t n;

	buf_reserve(&whole, RECORD_MOST);
	result = read_into(r, (unsigned char *)whole.p, RECORD_MOST, &n);
	whole.n = n;
	if (result == TLS_OK)
		r->rest = whole;
	else
		buf_fini(&whole);
	return result;
}

enum tls_result tls_records_read(struct tls_records *r, void *p, size_t room,
    size_t *n_r)
{
	enum tls_result result;

	*n_r = 0;
	if (r->rest.n == 0) {
		if (r->end != TLS_OK)
			return r->end;
		if (room >= RECORD_MOST)
			return read_into(r, p, room, n_r);
		result = read_by_rest(r);
		if (result != TLS_OK)
			return result;
	}
	*n_r = room < r->rest.n ? room : r->rest.n;
	memcpy(p, r->rest.p, *n_r);
	buf_drop(&r->rest, *n_r);
	if (r->rest.n == 0)
		buf_wipe(&r->rest);
	return TLS_OK;
}

bool tls_records_pending(const struct tls_records *r)
{
	return r->rest.n != 0 || r->end != TLS_OK;
}

/* --- what is written --------------------------------------------------------------- */

/* §4.6.3; also when a key has sealed all that it may. */
static size_t seal_update(struct tls_records *r, unsigned char *out)
{
	static const unsigned char update[UPDATE_BYTES] = { KEY_UPDATE, 0, 0, 1, 0 };
	size_t n;

	if (!r->owes_update && r->out.number < KEY_RECORDS)
		return 0;
	n = seal(r, HANDSHAKE, update, sizeof update, out);
	renew_keys(r->suite, &r->out);
	r->owes_update = false;
	return n;
}

/* As OpenSSL has it: a record that the socket did not take whole is kept, and
 * the bytes it says count as written only when the caller comes with them
 * again and it has gone. */
enum tls_result tls_records_write(struct tls_records *r, const void *p,
    size_t n, size_t *n_r)
{
	static _Thread_local unsigned char out[RECORD_MOST
	    + HEADER + UPDATE_BYTES + 1 + TAG];
	enum tls_result result = r->end != TLS_OK ? r->end : push_behind(r);
	size_t sealed, sent;

	*n_r = 0;
	assert(n != 0 && n >= r->behind_says);
	if (result == TLS_OK && r->behind_says != 0) {
		*n_r = r->behind_says;
		r->behind_says = 0;
		return TLS_OK;
	}
	if (result != TLS_OK)
		return result;
	n = n < r->most ? n : r->most;
	sealed = seal_update(r, out);
	sealed += seal(r, DATA, p, n, out + sealed);
	result = push(r, out, sealed, &sent);
	if (result == TLS_OK)
		*n_r = n;
	if (result != TLS_WANT_WRITE)
		return result;
	buf_add(&r->behind, slice_make(out + sent, sealed - sent));
	r->behind_says = n;
	return TLS_WANT_WRITE;
}

void tls_records_goodbye(struct tls_records *r)
{
	if (r->end != TLS_FAILED)
		say_alert(r, WARNING, CLOSE_NOTIFY);
}

const char *tls_records_why(const struct tls_records *r)
{
	return r->why;
}

/* --- birth and death ---------------------------------------------------------------- */

struct tls_records *tls_records_new(int fd)
{
	struct tls_records *r = NEW(struct tls_records);

	r->fd = fd;
	return r;
}

bool tls_records_secret(struct tls_records *r, bool is_ours, struct slice secret)
{
	struct direction *d = is_ours ? &r->out : &r->in;

	if (secret.n == 0 || secret.n > sizeof d->secret)
		return false;
	memcpy(d->secret, secret.p, secret.n);
	d->secret_n = secret.n;
	return true;
}

bool tls_records_begin(struct tls_records *r, const char *cipher, size_t most)
{
	const struct suite *s = suites;

	while (s < suites + COUNT(suites) && strcmp(s->name, cipher) != 0)
		s++;
	if (s == suites + COUNT(suites)
	    || r->in.secret_n != (size_t)EVP_MD_get_size(s->hash())
	    || r->out.secret_n != r->in.secret_n)
		return false;
	r->suite = s;
	r->most = most < PLAIN_MOST ? most : PLAIN_MOST;
	take_keys(s, &r->in);
	take_keys(s, &r->out);
	return true;
}

void tls_records_free(struct tls_records **rp)
{
	struct tls_records *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	buf_fini(&r->ahead);
	buf_fini(&r->behind);
	buf_wipe(&r->rest);
	OPENSSL_cleanse(r, sizeof *r);
	free(r);
}
