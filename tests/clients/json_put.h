/* SPDX-License-Identifier: Apache-2.0 */
/* tests/clients/json_put.h — the store's bytes as JSON: what is no text is told by
 * its length. */
#ifndef TESTS_CLIENTS_JSON_PUT_H
#define TESTS_CLIENTS_JSON_PUT_H

#include <jansson.h>
#include <stdio.h>

#include "base/str.h"

static json_t *bytes(struct slice s)
{
	json_t *j = json_stringn(s.p != NULL ? s.p : "", s.n);
	char note[32];

	if (j != NULL)
		return j;
	snprintf(note, sizeof note, "(%zu bytes)", s.n);
	return json_string(note);
}

static void put(json_t *o, const char *key, struct slice s)
{
	if (s.n != 0)
		json_object_set_new(o, key, bytes(s));
}

static void put_all(json_t *o, const char *key, const struct slice *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, bytes(v[i]));
	json_object_set_new(o, key, list);
}

#endif
