/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/replay.c — a fuzz target without the fuzzer: `make check` plays
 * every input of the corpus to it, whole, and cut short at many places, for
 * what reads beyond its end does so most often at a cut.  `make fuzz` links
 * clang's fuzzer instead of this file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_MOST = 1 << 20, CUTS = 64 };

/* A copy of exactly that size, so that a sanitizer sees one byte too many. */
static void play(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size != 0 ? size : 1);

	if (copy == NULL)
		exit(2);
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t load(const char *path, uint8_t *into)
{
	FILE *in = fopen(path, "rb");
	size_t n;

	if (in == NULL) {
		perror(path);
		exit(2);
	}
	n = fread(into, 1, INPUT_MOST, in);
	if (ferror(in) || !feof(in)) {
		fprintf(stderr, "%s: cannot be read, or is too long\n", path);
		exit(2);
	}
	fclose(in);
	return n;
}

int main(int argc, char **argv)
{
	uint8_t *input = malloc(INPUT_MOST);

	if (input == NULL)
		return 2;
	for (int i = 1; i < argc; i++) {
		size_t n = load(argv[i], input), step = n / CUTS + 1;

		fprintf(stderr, "%s\n", argv[i]);       /* who it was, if it dies */
		for (size_t cut = 0; cut < n; cut += step)
			play(input, cut);
		play(input, n);
	}
	free(input);
	return 0;
}
