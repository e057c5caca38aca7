/* SPDX-License-Identifier: Apache-2.0
 *
 * Random instructions as guests: what a case is, how one is made up, how one is
 * run.  instructions_generate.c makes up, instructions_case.c writes the guest,
 * instructions_fuzz.c runs it, instructions_main.c is the program that does all of it for a
 * while.
 */
#ifndef MOTE_FUZZ_INSTRUCTIONS_H
#define MOTE_FUZZ_INSTRUCTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "guest_image.h"

/*
 * A case, byte for byte: flags, kind of RFLAGS, seed of the registers, then code.
 */
enum {
	CASE_FLAGS = 0,
	CASE_RFLAGS = 1,
	CASE_SEED = 2,
	CASE_CODE = 10,
	CASE_MAXIMUM_CODE = 512,
	CASE_MOST = CASE_CODE + CASE_MAXIMUM_CODE,
};

enum case_flags {
	CASE_VECTORS = 1,  /* vector registers are filled first */
	CASE_PAGE_END = 2, /* the code's last byte is the page's last */
	CASE_LOOP = 4,	   /* behind the code: a jump back to its beginning */
	CASE_READY = 8,	   /* behind the code: the doorbell that ends a call, then back */
	CASE_CPU = 16,	   /* under a CPU-time deadline instead of a wall-clock one */
	CASE_X87 = 32,	   /* control words of x87 and SSE unmask exceptions */
};

/* Where the parts of such a guest are in its memory. */
struct guest_map {
	uint64_t monitor, tables, stack, stack_end, mailbox, thread, heap, end;
};

/* A generator of random numbers (xorshift64*). */
struct prng {
	uint64_t state; /* not 0 */
};

uint64_t prng_next(struct prng *prng);
uint32_t prng_below(struct prng *prng, uint32_t limit);

/* Makes up a case.  Returns its length. */
size_t instructions_generate(struct prng *prng, const struct guest_map *map, uint8_t *bytes);

/* Writes a case's code and data into an image from guest_image_make. */
void instructions_prepare(struct guest_image *image, const struct guest_map *map,
			  const uint8_t *bytes, size_t length);

/* What became of the cases so far. */
enum { OUTCOME_KINDS = 14, OUTCOME_STATUSES = 28 };

struct instructions_statistics {
	uint64_t cases, witnesses;
	uint64_t statuses[OUTCOME_STATUSES]; /* by mote_status */
	uint64_t kinds[OUTCOME_KINDS];	     /* by mote_fault_kind */
	uint64_t vectors[32];
	uint64_t slowest_ns;
	char odd[8][400]; /* texts of faults that no instruction should be able to cause */
	uint64_t odd_count;
};

/* The map, known once a guest was made.  Opens the hypervisor when that has not been done. */
const struct guest_map *instructions_map(void);

/* Runs a case and checks what comes of it; witness: then also that the next guest is well. */
void instructions_run(const uint8_t *bytes, size_t length, int witness);

const struct instructions_statistics *instructions_get_statistics(void);

#endif
