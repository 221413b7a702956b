/* SPDX-License-Identifier: Apache-2.0 */
/* tests/clients/lent.h — strings of a request, lent to the store: on the heap,
 * exactly as long as they are, overwritten and freed when they are taken back. */
#ifndef TESTS_CLIENTS_LENT_H
#define TESTS_CLIENTS_LENT_H

#include <jansson.h>
#include <stdlib.h>

#include "base/str.h"

enum { STRINGS_MOST = 256 };

static struct { char *p; size_t n; } lent[STRINGS_MOST];
static size_t lent_n;

static struct slice lend(const json_t *j)
{
	size_t n = json_string_length(j);
	char *p = malloc(n != 0 ? n : 1);

	memcpy(p, json_string_value(j), n);
	lent[lent_n].p = p;
	lent[lent_n++].n = n;
	return slice_make(p, n);
}

static void take_back(void)
{
	while (lent_n != 0) {
		lent_n--;
		memset(lent[lent_n].p, 'Z', lent[lent_n].n);
		free(lent[lent_n].p);
	}
}

static struct slice text(const json_t *q, const char *key)
{
	const json_t *j = json_object_get(q, key);

	return j != NULL && json_is_string(j) ? lend(j) : slice_make(NULL, 0);
}

static uint64_t number(const json_t *q, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(q, key));
}

static struct slice *texts(const json_t *q, const char *key, size_t *n_r)
{
	const json_t *list = json_object_get(q, key);
	struct slice *v;

	*n_r = json_array_size(list);
	v = calloc(*n_r + 1, sizeof *v);
	for (size_t i = 0; i < *n_r; i++)
		v[i] = lend(json_array_get(list, i));
	lent[lent_n].p = (char *)v;
	lent[lent_n++].n = *n_r * sizeof *v;
	return v;
}

#endif
