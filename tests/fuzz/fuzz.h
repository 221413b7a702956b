/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz/fuzz.h — what a fuzz target is: fuzz_<name>.c defines this one
 * function, and tests/fuzz/corpus/<name>/ holds inputs worth keeping.  It must
 * return 0, leak nothing, and may abort() where a promise is broken. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
