/* SPDX-License-Identifier: Apache-2.0
 *
 * The floor: a bare VM that uses /dev/kvm directly, without libmote, with the same
 * privilege level, page tables, memory type and doorbell instruction as mote's.
 */
#ifndef MOTE_BENCH_FLOOR_H
#define MOTE_BENCH_FLOOR_H

#include <stdbool.h>
#include <stddef.h>

#include "bench.h"

/* What all VMs share. */
struct floor_host;

struct floor_vm {
	int vm_fd, vcpu_fd, memory_fd;
	void *ram;
	void *run; /* the vCPU's shared page */
};

enum floor_program {
	FLOOR_RING, /* rings the doorbell forever */
	FLOOR_SPIN, /* never exits */
};

bool floor_open(struct bench *bench, struct floor_host **host);
void floor_close(struct floor_host *host);

/* A VM with BENCH_SMALL_MEMORY of memory. */
bool floor_create(struct floor_host *host, enum floor_program program, struct floor_vm *vm);
void floor_destroy(struct floor_host *host, struct floor_vm *vm);

/* Runs to the next doorbell. */
bool floor_ring(struct floor_host *host, struct floor_vm *vm);

/* Runs FLOOR_SPIN until a signal ends it. */
bool floor_spin(struct floor_host *host, struct floor_vm *vm);

/* BENCH_BLOCK bytes of guest memory. */
void *floor_block(struct floor_vm *vm);

#endif
