/* SPDX-License-Identifier: Apache-2.0 */
/* admin-web/files.c — files that the assembler puts into the program. */
#include "admin-web/files.h"

#include <stdio.h>

#include "base/crypto.h"

/* name: the symbol; file: where it is, seen from the top of the tree. */
#define EMBED(name, file) \
	__asm__(".pushsection .rodata\n" \
	    ".global file_" #name "\n.global file_" #name "_end\n" \
	    "file_" #name ":\n.incbin \"" file "\"\n" \
	    "file_" #name "_end:\n.byte 0\n.popsection\n"); \
	extern const char file_##name[], file_##name##_end[]

EMBED(style, "admin-web/style.css");
EMBED(icon, "admin-web/icon.svg");
EMBED(openapi, "admin-web/openapi.json");

static const struct file {
	const char *path, *type;
	const char *p, *end;
	bool may_cache;
} files[] = {
	{ "/style.css", "text/css; charset=utf-8", file_style, file_style_end, true },
	{ "/icon.svg", "image/svg+xml", file_icon, file_icon_end, true },
	{ "/api/v1/openapi.json", "application/json", file_openapi,
	    file_openapi_end, false },
};

static struct slice content(const struct file *f)
{
	return slice_make(f->p, (size_t)(f->end - f->p));
}

void file_get(struct exchange *x)
{
	for (size_t i = 0; i < COUNT(files); i++) {
		if (!slice_is(x->guard.path, files[i].path))
			continue;
		x->reply.status = 200;
		x->reply.type = files[i].type;
		x->reply.may_cache = files[i].may_cache && x->guard.query.n != 0;
		buf_add(&x->reply.body, content(&files[i]));
		exchange_answer(x);
		return;
	}
	panic("file_get: a route without its file");
}

const char *file_path(const char *path)
{
	static char versioned[COUNT(files)][64];

	for (size_t i = 0; i < COUNT(files); i++) {
		unsigned char hash[32];

		if (strcmp(files[i].path, path) != 0)
			continue;
		if (versioned[i][0] == '\0') {
			crypto_digest(HASH_SHA256, content(&files[i]), hash);
			snprintf(versioned[i], sizeof versioned[i],
			    "%s?v=%02x%02x%02x%02x", path, hash[0], hash[1],
			    hash[2], hash[3]);
		}
		return versioned[i];
	}
	panic("file_path: %s is no file of ours", path);
}
