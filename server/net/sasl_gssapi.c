/* SPDX-License-Identifier: Apache-2.0 */
/* net/sasl_gssapi.c — see net/sasl_gssapi.h. */
#include "net/sasl_gssapi.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/list.h"
#include "base/loop.h"

enum {
	AT_ONCE = 2,                    /* of the pool's four threads */
	QUEUE_MOST = 64,                /* steps that wait for one of them */
	STEPS_MOST = 6,                 /* token, nothing, choice; and some patience */
};

struct gssapi {
	struct list link;               /* in the queue */
	struct cyrus *cyrus;            /* the pool's while is_working */
	struct buf in, out;
	enum cyrus_answer answer;
	unsigned steps;
	bool is_working, is_abandoned;
	/* borrowed */
	const char *keytab;
	gssapi_done_fn *done;
	void *ctx;
};

static struct list queue = { &queue, &queue };
static unsigned queue_n, working_n;

struct gssapi *gssapi_new(const char *host, const char *keytab)
{
	struct gssapi *g = NEW(struct gssapi);

	g->keytab = keytab;
	list_init(&g->link);
	g->cyrus = cyrus_new_gssapi(host);
	return g;
}

/* --- the end: a context is let go under the same lock as steps are made ----------- */

static void dispose(void *ctx)                  /* on the thread pool */
{
	struct gssapi *g = ctx;

	cyrus_free(&g->cyrus);
}

static void disposed(void *ctx)
{
	struct gssapi *g = ctx;

	buf_wipe(&g->in);
	buf_wipe(&g->out);
	free(g);
}

static void leave_queue(struct gssapi *g)
{
	if (!list_is_linked(&g->link))
		return;
	list_remove(&g->link);
	queue_n--;
}

void gssapi_free(struct gssapi **gp)
{
	struct gssapi *g = *gp;

	*gp = NULL;
	if (g == NULL)
		return;
	leave_queue(g);
	if (g->is_working)
		g->is_abandoned = true;
	else
		loop_work(dispose, disposed, g);
}

/* --- steps -------------------------------------------------------------------------- */

/* Whether there is one, in MIT's format: Cyrus would tell the client that the
 * ticket was bad, and MIT's library loses memory each time. */
static bool has_keytab(const char *path)
{
	char version[2] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_there = fd >= 0 && read(fd, version, 2) == 2
	    && version[0] == 5 && version[1] == 2;

	if (fd >= 0)
		close(fd);
	return is_there;
}

static void work(void *ctx)                     /* on the thread pool */
{
	struct gssapi *g = ctx;

	if (g->steps > 1)
		g->answer = cyrus_step(g->cyrus, buf_slice(&g->in), &g->out);
	else if (has_keytab(g->keytab))
		g->answer = cyrus_begin(g->cyrus, "GSSAPI", NULL,
		    buf_slice(&g->in), &g->out);
	else
		g->answer = CYRUS_BROKEN;
}

static void worked(void *ctx);

/* A keytab on a disk that does not answer holds up as many threads, and no more. */
static void start_next(void)
{
	struct gssapi *g;

	while (working_n < AT_ONCE
	    && (g = LIST_FIRST(&queue, struct gssapi, link)) != NULL) {
		leave_queue(g);
		g->is_working = true;
		working_n++;
		loop_work(work, worked, g);
	}
}

static void worked(void *ctx)
{
	struct gssapi *g = ctx, *own = g;

	g->is_working = false;
	working_n--;
	start_next();
	if (g->is_abandoned)
		gssapi_free(&own);
	else
		g->done(g->ctx, g->answer, buf_slice(&g->out));
}

bool gssapi_step(struct gssapi *g, struct slice message, gssapi_done_fn *done,
    void *ctx)
{
	if (g->is_working || list_is_linked(&g->link) || queue_n == QUEUE_MOST
	    || g->steps == STEPS_MOST)
		return false;
	g->steps++;
	buf_clear(&g->in);
	buf_clear(&g->out);
	buf_add(&g->in, message);
	g->done = done;
	g->ctx = ctx;
	queue_n++;
	list_push(&queue, &g->link);
	start_next();
	return true;
}

bool gssapi_who(const struct gssapi *g, struct slice *principal_r,
    struct slice *authzid_r)
{
	const char *principal, *authzid;

	if (!cyrus_names(g->cyrus, &principal, &authzid))
		return false;
	*principal_r = slice_of(principal);
	/* Cyrus puts the one in the place of the other. */
	*authzid_r = slice_of(strcmp(authzid, principal) != 0 ? authzid : "");
	return true;
}

/* --- who it is ------------------------------------------------------------------------ */

static bool is_realm(struct slice realm, const struct conf_list *realms)
{
	for (size_t i = 0; i < realms->n; i++)
		if (slice_is(realm, realms->v[i]))
			return true;
	return false;
}

/* RFC 1964 §2.1.1: a '/' parts components, '\' makes the next sign a letter. */
static bool is_one_name(struct slice user)
{
	for (size_t i = 0; i < user.n; i++)
		if (strchr("/\\@", user.p[i]) != NULL)  /* a NUL too */
			return false;
	return user.n != 0;
}

bool gssapi_user(struct slice principal, const struct conf_list *realms,
    struct slice *user_r)
{
	const char *at = principal.n != 0
	    ? memrchr(principal.p, '@', principal.n) : NULL;
	struct slice realm;

	if (at == NULL)
		return false;
	*user_r = slice_make(principal.p, (size_t)(at - principal.p));
	realm = slice_make(at + 1, principal.n - user_r->n - 1);
	return is_realm(realm, realms) && is_one_name(*user_r);
}
