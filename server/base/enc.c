/* SPDX-License-Identifier: Apache-2.0 */
/* base/enc.c — base64, hex and percent encoding; decoders are strict because
 * what they read comes from peers (RFC 6120 §6.4.2: incorrect-encoding). */
#include "base/enc.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void enc_base64(struct buf *out, struct slice in)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t left = in.n;

	buf_reserve(out, (in.n + 2) / 3 * 4);
	for (; left >= 3; p += 3, left -= 3) {
		char quad[4] = { alphabet[p[0] >> 2],
			alphabet[(p[0] & 3) << 4 | p[1] >> 4],
			alphabet[(p[1] & 15) << 2 | p[2] >> 6],
			alphabet[p[2] & 63] };

		buf_add(out, slice_make(quad, 4));
	}
	if (left != 0) {
		unsigned b = left == 2 ? p[1] : 0;
		char quad[4] = { alphabet[p[0] >> 2],
			alphabet[(p[0] & 3U) << 4 | b >> 4],
			left == 2 ? alphabet[(b & 15) << 2] : '=', '=' };

		buf_add(out, slice_make(quad, 4));
	}
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool quad_decode(struct buf *out, const char *q, int pad)
{
	int v[4] = { 0, 0, 0, 0 };
	char bytes[3];

	for (int i = 0; i < 4 - pad; i++)
		if ((v[i] = base64_value(q[i])) < 0)
			return false;
	/* Bits that the padding cuts off must be zero, else two texts mean one value. */
	if ((pad == 2 && (v[1] & 15) != 0) || (pad == 1 && (v[2] & 3) != 0))
		return false;
	bytes[0] = (char)(v[0] << 2 | v[1] >> 4);
	bytes[1] = (char)((v[1] & 15) << 4 | v[2] >> 2);
	bytes[2] = (char)((v[2] & 3) << 6 | v[3]);
	buf_add(out, slice_make(bytes, (size_t)(3 - pad)));
	return true;
}

bool dec_base64(struct buf *out, struct slice in)
{
	size_t start = out->n;

	if (in.n % 4 != 0)
		return false;
	buf_reserve(out, in.n / 4 * 3); /* it may be a secret, and does not move */
	for (size_t i = 0; i < in.n; i += 4) {
		const char *q = in.p + i;
		bool last = i + 4 == in.n;
		int pad = last && q[3] == '=' ? (q[2] == '=' ? 2 : 1) : 0;

		if (!quad_decode(out, q, pad)) {
			out->n = start;
			return false;
		}
	}
	return true;
}

static const char hex_digits[] = "0123456789abcdef";

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void enc_hex(struct buf *out, struct slice in)
{
	buf_reserve(out, in.n * 2);
	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		buf_addc(out, hex_digits[c >> 4]);
		buf_addc(out, hex_digits[c & 15]);
	}
}

bool dec_hex(struct buf *out, struct slice in)
{
	size_t start = out->n;

	for (size_t i = 0; i < in.n; i += 2) {
		int hi = hex_value(in.p[i]);
		int lo = i + 1 < in.n ? hex_value(in.p[i + 1]) : -1;

		if (hi < 0 || lo < 0) {
			out->n = start;
			return false;
		}
		buf_addc(out, (char)(hi << 4 | lo));
	}
	return true;
}

void enc_percent(struct buf *out, struct slice in, const char *also)
{
	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (c > 0x20 && c != 0x7f && c != '%' && strchr(also, c) == NULL) {
			buf_addc(out, (char)c);
			continue;
		}
		buf_addc(out, '%');
		buf_addc(out, hex_digits[c >> 4]);
		buf_addc(out, hex_digits[c & 15]);
	}
}

bool dec_percent(struct buf *out, struct slice in)
{
	size_t start = out->n;

	buf_reserve(out, in.n);         /* it may be a secret, and does not move */
	for (size_t i = 0; i < in.n; i++) {
		int hi, lo;

		if (in.p[i] != '%') {
			buf_addc(out, in.p[i]);
			continue;
		}
		hi = i + 1 < in.n ? hex_value(in.p[i + 1]) : -1;
		lo = i + 2 < in.n ? hex_value(in.p[i + 2]) : -1;
		if (hi < 0 || lo < 0 || (hi | lo) == 0) {
			out->n = start;
			return false;
		}
		buf_addc(out, (char)(hi << 4 | lo));
		i += 2;
	}
	return true;
}
