/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/check_login.c — what people log in with when it is no password. */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "ctl/cert.h"
#include "ctl/checks.h"
#include "ctl/judge.h"

static bool can_be_asked(struct doctor *d, struct result *r)
{
	const struct settings *s = d->settings;
	const char *why = NULL;
	struct tls_context *tls = tls_context_server(s->tls.certificate,
	    s->tls.key, NULL, &why);
	bool is_good = tls != NULL && tls_context_ask(tls,
	    s->tls.client_ca_file, s->tls.client_crl_file, &why);

	tls_context_free(&tls);
	if (is_good)
		return true;
	result_say(r, VERDICT_FAULT, "%s", why);
	result_next(r, "put certificates into [tls] client_ca_file, and lists of "
	    "revoked ones into client_crl_file, in PEM form");
	return false;
}

static void judge_authorities(struct result *r, const struct cert_file *f,
    int64_t now)
{
	int days;
	enum verdict v = judge_days(f->begins, f->ends, now, &days);

	if (v == VERDICT_OK)
		return;
	if (v == VERDICT_FAULT)
		result_say(r, v, "an authority is not valid today");
	else
		result_say(r, v, "an authority is valid for %d more days", days);
	result_next(r, "renew it in [tls] client_ca_file, and send tertuliad "
	    "SIGHUP: whom it signed for cannot log in when it ends");
}

/* Nobody passes by a list that is too old. */
static void judge_lists(struct result *r, const struct cert_file *f, int64_t now)
{
	if (f->list_n != 0 && f->lists_end > now)
		return;
	result_say(r, VERDICT_FAULT, f->list_n != 0
	    ? "a list of revoked certificates is out of date"
	    : "there is no list of revoked certificates");
	result_next(r, "fetch current ones of each authority into [tls] "
	    "client_crl_file, and send tertuliad SIGHUP; until then nobody can "
	    "log in by a certificate");
}

void check_client_certificates(struct doctor *d, struct result *r)
{
	const struct settings *s = d->settings;
	int64_t now = (int64_t)time(NULL);
	struct cert_file authorities, lists;

	if (*s->tls.client_ca_file == '\0') {
		result_say(r, VERDICT_OK, "nobody is asked for one: [tls] "
		    "client_ca_file is empty");
		return;
	}
	if (!can_be_asked(d, r))
		return;
	cert_file_read(s->tls.client_ca_file, &authorities);
	judge_authorities(r, &authorities, now);
	if (*s->tls.client_crl_file != '\0') {
		cert_file_read(s->tls.client_crl_file, &lists);
		judge_lists(r, &lists, now);
	}
	if (r->verdict == VERDICT_OK)
		result_say(r, VERDICT_OK, "believed when one of %u authorities "
		    "signed them", authorities.cert_n);
}

/* --- the keytab ------------------------------------------------------------------ */

enum { KEYTAB_BYTES = 256 * 1024 };

/* False, and errno, when it cannot be read. */
static bool read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	buf_reserve(out, KEYTAB_BYTES);
	while ((n = read(fd, out->p + out->n, KEYTAB_BYTES - out->n)) > 0)
		out->n += (size_t)n;
	close(fd);
	return n == 0;
}

void check_keytab(struct doctor *d, struct result *r)
{
	const struct settings *s = d->settings;
	struct buf file = { 0 };
	unsigned keys = 0;

	if (*s->sasl.keytab == '\0') {
		result_say(r, VERDICT_OK, "nobody logs in by Kerberos: [sasl] "
		    "keytab is empty");
	} else if (!read_file(s->sasl.keytab, &file)) {
		result_say(r, VERDICT_FAULT, "%s: %s", s->sasl.keytab,
		    strerror(errno));
		result_next(r, "run as the service's user or as root, and make "
		    "the keytab its own, mode 600");
	} else if (!judge_keytab(buf_slice(&file), "xmpp",
	    s->sasl.kerberos_host, &keys)) {
		result_say(r, VERDICT_FAULT, "%s is no keytab", s->sasl.keytab);
		result_next(r, "write one with ktadd of kadmin");
	} else if (keys == 0) {
		result_say(r, VERDICT_FAULT, "%s has no key of xmpp/%s",
		    s->sasl.keytab, s->sasl.kerberos_host);
		result_next(r, "add it with ktadd of kadmin, or name the host of "
		    "the key that is there in [sasl] kerberos_host");
	} else {
		result_say(r, VERDICT_OK, "%u keys of xmpp/%s", keys,
		    s->sasl.kerberos_host);
	}
	buf_wipe(&file);
}
