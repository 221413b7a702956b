/* SPDX-License-Identifier: Apache-2.0 */
/* core/proof.c — one verifier of a person's, or one that fits nothing. */
#include "core/proof.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/loop.h"
#include "core/host.h"
#include "net/sasl.h"

enum { PROOFS_MOST = 64 };

struct proof {
	struct list link;
	struct buf password, verifier;  /* password: wiped as soon as it was used */
	bool fits;
	proof_fn *fn;                   /* NULL: nobody wants to know any more */
	void *ctx;
};

static struct list all = { &all, &all };
static unsigned proof_n;

static void proof_free(struct proof *p)
{
	list_remove(&p->link);
	buf_wipe(&p->password);
	buf_wipe(&p->verifier);
	free(p);
	proof_n--;
}

static void derive(void *ctx)                   /* on the thread pool */
{
	struct proof *p = ctx;

	p->fits = sasl_is_verifier_of(buf_slice(&p->verifier),
	    buf_slice(&p->password));
	buf_wipe(&p->password);
}

static void derived(void *ctx)
{
	struct proof *p = ctx;
	proof_fn *fn = p->fn;
	void *whose = p->ctx;
	bool fits = p->fits;

	proof_free(p);
	if (fn != NULL)
		fn(fits, whose);
}

/* The same hash for everybody, for the time it takes. */
static struct slice choose(const struct slice *verifiers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_starts(verifiers[i], SLICE("SCRAM-SHA-256$")))
			return verifiers[i];
	return n != 0 ? verifiers[0] : SLICE("");
}

struct proof *proof_start(const struct slice *verifiers, size_t n,
    struct slice password, proof_fn *fn, void *ctx)
{
	struct proof *p;

	if (proof_n >= PROOFS_MOST)
		return NULL;
	proof_n++;
	p = NEW(struct proof);
	list_push(&all, &p->link);
	p->fn = fn;
	p->ctx = ctx;
	buf_reserve(&p->password, password.n + 1);
	buf_add(&p->password, password);
	if (n != 0)
		buf_add(&p->verifier, choose(verifiers, n));
	else
		sasl_unfit_verifier(host.settings->sasl.scram_iterations,
		    &p->verifier);
	loop_work(derive, derived, p);
	return p;
}

void proof_cancel(struct proof **pp)
{
	if (*pp != NULL)
		(*pp)->fn = NULL;
	*pp = NULL;
}

void proofs_stop(void)
{
	struct proof *p;

	while ((p = LIST_FIRST(&all, struct proof, link)) != NULL)
		proof_free(p);
}
