/* SPDX-License-Identifier: Apache-2.0
 *
 * What every fuzz target shares: its two entry points, its checks, a reader that
 * turns fuzzed bytes into decisions.  A target is one file NAME_fuzz.c; libFuzzer
 * drives it (scripts/fuzz), or regression.c with the files of corpus/NAME and
 * regressions/NAME.
 */
#ifndef MOTE_FUZZ_H
#define MOTE_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>

/* The target itself; libFuzzer's name for it.  Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Why the target cannot run on this machine, or NULL. */
const char *fuzz_missing(void);

/* A property that must hold whatever the input: says what was broken, and aborts. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_broken(__FILE__, __LINE__, "%s", #condition);                         \
	} while (0)

#define FUZZ_BROKEN(...) fuzz_broken(__FILE__, __LINE__, __VA_ARGS__)

void fuzz_broken(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));

/* That a failure says so in one printable line. */
void fuzz_check_error(mote_status status, const mote_error *error);

/* Fuzzed bytes, taken from the front.  Behind their end come zeros. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

uint8_t fuzz_u8(struct fuzz_input *input);
uint16_t fuzz_u16(struct fuzz_input *input);
uint32_t fuzz_u32(struct fuzz_input *input);
uint64_t fuzz_u64(struct fuzz_input *input);

/* A number below limit (which is not 0). */
uint32_t fuzz_below(struct fuzz_input *input, uint32_t limit);

/* Copies up to bytes of the input; the rest of `to` becomes 0. */
void fuzz_bytes(struct fuzz_input *input, void *to, size_t bytes);

/* A 64-bit number near where code tends to go wrong: small, or at an edge, or anything. */
uint64_t fuzz_edge(struct fuzz_input *input);

#endif
