/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bare VM of one architecture (floor_<arch>.c) provides to floor.c.
 */
#ifndef MOTE_BENCH_FLOOR_ARCH_H
#define MOTE_BENCH_FLOOR_ARCH_H

#include <stdint.h>

#include "floor.h"

/* Guest memory begins at FLOOR_BASE, both guest-virtual and guest-physical. */
enum { FLOOR_PAGE = 4096, FLOOR_BASE = 0x10000, FLOOR_BLOCK = 0x10000 };

/* What all VMs of one architecture share. */
struct floor_arch;

struct floor_host {
	struct bench *bench;
	int kvm_fd;
	size_t run_bytes;
	struct floor_arch *arch;
};

bool floor_arch_open(struct floor_host *host);
void floor_arch_close(struct floor_host *host);

/* Writes program and page tables into fresh memory. */
void floor_arch_fill_memory(uint8_t *ram, enum floor_program program);

/* Makes a new vCPU ready to run the program in user mode. */
bool floor_arch_start(const struct floor_host *host, const struct floor_vm *vm);

/* Whether the vCPU exited at its doorbell. */
bool floor_arch_rang(const struct floor_vm *vm);

#endif
