/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_message.c — see net/sasl_message.h. */
#include "net/sasl_message.h"

#include "xml/utf8.h"

static bool is_text(struct slice s, size_t most)
{
	return s.n <= most && utf8_is_good(s);
}

bool plain_read(struct slice in, struct plain_message *m_r)
{
	struct slice rest;

	if (in.n > SASL_MESSAGE_MOST
	    || !slice_cut(in, '\0', &m_r->authzid, &rest)
	    || !slice_cut(rest, '\0', &m_r->name, &m_r->password))
		return false;
	/* utf8_is_good refuses a NUL in the password too. */
	return is_text(m_r->authzid, SASL_NAME_MOST * 2)
	    && m_r->name.n != 0 && is_text(m_r->name, SASL_NAME_MOST)
	    && m_r->password.n != 0
	    && is_text(m_r->password, SASL_PASSWORD_MOST);
}

bool external_read(struct slice in, struct slice *authzid_r)
{
	*authzid_r = in;
	return is_text(in, SASL_NAME_MOST * 2);
}

/* X.690 §10.1: a length in as few bytes as it takes. */
static bool take_length(struct slice *rest, size_t *length_r)
{
	unsigned char first;
	size_t n, length = 0;

	if (rest->n == 0)
		return false;
	first = (unsigned char)rest->p[0];
	n = first < 0x80 ? 0 : first & 0x7fu;
	if (n > 3 || n >= rest->n || first == 0x80)
		return false;
	for (size_t i = 1; i <= n; i++)
		length = length << 8 | (unsigned char)rest->p[i];
	if (n == 0)
		length = first;
	else if (length < 0x80 || length >> 8 * (n - 1) == 0)
		return false;
	*rest = slice_make(rest->p + 1 + n, rest->n - 1 - n);
	*length_r = length;
	return true;
}

/* `tag`, and a length that goes to the end */
static bool take_whole(struct slice *rest, unsigned char tag)
{
	size_t length;

	if (rest->n == 0 || (unsigned char)rest->p[0] != tag)
		return false;
	*rest = slice_make(rest->p + 1, rest->n - 1);
	return take_length(rest, &length) && length == rest->n;
}

bool gssapi_first_read(struct slice in)
{
	/* OID 1.2.840.113554.1.2.2, TOK_ID 01 00 */
	static const struct slice kerberos = SLICE_INIT(
	    "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00");
	enum { TOKEN = 0x60, AP_REQ = 0x6e };   /* [APPLICATION 0], 14 */
	struct slice rest = in;

	if (in.n > SASL_TICKET_MOST || !take_whole(&rest, TOKEN)
	    || !slice_starts(rest, kerberos))
		return false;
	rest = slice_make(rest.p + kerberos.n, rest.n - kerberos.n);
	return take_whole(&rest, AP_REQ) && rest.n != 0;
}

/* The value of the next `key=value` in `rest`, up to a comma or the end; false
 * when another key stands there or the value is empty. */
static bool take(struct slice *rest, char key, struct slice *value_r)
{
	struct slice head, tail;

	slice_cut(*rest, ',', &head, &tail);
	if (head.n < 3 || head.p[0] != key || head.p[1] != '=')
		return false;
	*value_r = slice_make(head.p + 2, head.n - 2);
	*rest = slice_make(head.p + head.n, rest->n - head.n);
	return true;
}

static bool take_comma(struct slice *rest)
{
	if (rest->n == 0 || rest->p[0] != ',')
		return false;
	*rest = slice_make(rest->p + 1, rest->n - 1);
	return true;
}

/* cb-name = 1*(ALPHA / DIGIT / "." / "-"), RFC 5056 §7 */
static bool is_binding_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		    || (c >= '0' && c <= '9') || c == '.' || c == '-'))
			return false;
	}
	return s.n != 0 && s.n <= 64;
}

/* printable = %x21-2B / %x2D-7E: no comma */
static bool is_nonce(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e || s.p[i] == ',')
			return false;
	return s.n != 0 && s.n <= SASL_NONCE_MOST;
}

static bool is_base64(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		    || (c >= '0' && c <= '9') || c == '+' || c == '/'
		    || c == '='))
			return false;
	}
	return s.n != 0 && s.n % 4 == 0;
}

static bool take_flag(struct slice *rest, struct scram_first *m)
{
	if (rest->n == 0)
		return false;
	m->flag = rest->p[0];
	if (m->flag == 'p')
		return take(rest, 'p', &m->binding)
		    && is_binding_name(m->binding);
	*rest = slice_make(rest->p + 1, rest->n - 1);
	return m->flag == 'n' || m->flag == 'y';
}

/* gs2-header = gs2-cbind-flag "," [ authzid ] "," */
static bool take_gs2(struct slice *rest, struct scram_first *m)
{
	const char *start = rest->p;

	if (!take_flag(rest, m) || !take_comma(rest))
		return false;
	if (rest->n != 0 && rest->p[0] != ','
	    && !take(rest, 'a', &m->authzid))
		return false;
	if (!take_comma(rest))
		return false;
	m->gs2 = slice_make(start, (size_t)(rest->p - start));
	return true;
}

bool scram_first_read(struct slice in, struct scram_first *m_r)
{
	struct slice rest = in;

	*m_r = (struct scram_first){ 0 };
	return in.n <= SASL_MESSAGE_MOST && utf8_is_good(in)
	    && take_gs2(&rest, m_r)
	    && take(&rest, 'n', &m_r->name) && take_comma(&rest)
	    && take(&rest, 'r', &m_r->nonce) && is_nonce(m_r->nonce)
	    && rest.n == 0;
}

bool scram_final_read(struct slice in, struct scram_final *m_r)
{
	struct slice rest = in;

	return in.n <= SASL_MESSAGE_MOST
	    && take(&rest, 'c', &m_r->binding) && is_base64(m_r->binding)
	    && take_comma(&rest)
	    && take(&rest, 'r', &m_r->nonce) && is_nonce(m_r->nonce)
	    && take_comma(&rest)
	    && take(&rest, 'p', &m_r->proof) && is_base64(m_r->proof)
	    && rest.n == 0;
}

/* What the escape at s.p[at] stands for; '\0': it is none. */
static char escaped(struct slice s, size_t at)
{
	if (s.n - at < 3)
		return '\0';
	if (memcmp(s.p + at, "=2C", 3) == 0)
		return ',';
	return memcmp(s.p + at, "=3D", 3) == 0 ? '=' : '\0';
}

bool scram_name_decode(struct slice in, struct buf *out)
{
	size_t before = out->n, i = 0;

	while (i < in.n && in.p[i] != ',') {
		char c = in.p[i] == '=' ? escaped(in, i) : in.p[i];

		if (c == '\0')
			break;
		i += in.p[i] == '=' ? 3 : 1;
		buf_addc(out, c);
	}
	if (i == in.n && out->n != before
	    && is_text(slice_make(out->p + before, out->n - before),
	    SASL_NAME_MOST * 2))
		return true;
	out->n = before;
	return false;
}
