/* SPDX-License-Identifier: Apache-2.0
 *
 * What simulated hypervisors are made of, over /dev/kvm: guest-physical memory, and vCPUs whose
 * exits leave the instruction that caused them undone.  Knows no hypervisor's name; a skin (hvf,
 * mshv) gives it the functions and the rules of one.  Machines know nothing of each other; of one
 * machine the memory is changed, and a vCPU is used, by one thread at a time.
 */
#ifndef MOTE_SIM_CORE_H
#define MOTE_SIM_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Memory -------------------------------------------------------------------------------- */

enum { SIM_READ = 1, SIM_WRITE = 2, SIM_EXECUTE = 4 };

struct sim_machine;

/* address_bits: aarch64; 0: as many as there are.  NULL, with errno. */
struct sim_machine *sim_machine_make(unsigned address_bits);
void sim_machine_free(struct sim_machine *machine);

/* Descriptors and mappings of this process that are the simulator's. */
size_t sim_descriptors(void);
size_t sim_mappings(void);
/* A skin's own: what makes a descriptor is called without the process's limit for them, and the
 * descriptor moves out of the way of the program's.  -1, with errno. */
int sim_own_descriptor(int (*make)(void *user), void *user);
void sim_close_descriptor(int fd);
/* Maps a descriptor for as long as the simulator wants; NULL, with errno. */
void *sim_own_mapping(int fd, size_t bytes);
void sim_close_mapping(void *mapping, size_t bytes);

/* 0 or an error number: EEXIST when a part of it is mapped, ENOSPC. */
int sim_machine_map(struct sim_machine *machine, uint64_t gpa, void *hva, uint64_t bytes,
		    unsigned flags);
/* Also a part of what was mapped at one time.  ENOENT when not all of it is mapped. */
int sim_machine_unmap(struct sim_machine *machine, uint64_t gpa, uint64_t bytes);
/* The same with whatever is mapped there. */
int sim_machine_clear(struct sim_machine *machine, uint64_t gpa, uint64_t bytes);
/* The same, with other flags; without any, accesses are exits. */
int sim_machine_protect(struct sim_machine *machine, uint64_t gpa, uint64_t bytes, unsigned flags);
/* The host's address of a guest-physical one; NULL: nothing is there. */
void *sim_machine_host(const struct sim_machine *machine, uint64_t gpa);

/* ---- vCPUs --------------------------------------------------------------------------------- */

struct sim_vcpu;

enum sim_exit_kind {
	SIM_CANCELLED, /* sim_vcpu_cancel */
	SIM_SIGNAL,    /* a signal is pending for this thread */
	SIM_ABORT,     /* an access where nothing is, or that is not allowed */
	SIM_CALL,      /* of the hypervisor: HVC */
	SIM_DEBUG,
	SIM_PORT,     /* x86_64 */
	SIM_HALT,     /* x86_64 */
	SIM_SHUTDOWN, /* x86_64: a triple fault */
	SIM_REFUSED,  /* x86_64: no processor has such registers; nothing has run */
	SIM_OTHER,
};

enum { SIM_INSTRUCTION_BYTES = 16 };

struct sim_exit {
	enum sim_exit_kind kind;
	unsigned access; /* SIM_READ, SIM_WRITE or SIM_EXECUTE: of an abort or a port */
	bool is_mapped;	 /* an abort: something is there, which may not be accessed so */
	/* aarch64: as ESR_EL2 and FAR_EL2 say it, and the guest-physical address (x86_64, too). */
	uint64_t syndrome, virtual_address, physical_address;
	bool is_reboot; /* SIM_CALL: of PSCI */
	/* x86_64: the instruction, and how long it is; 0: unknown. */
	uint8_t instruction[SIM_INSTRUCTION_BYTES], instruction_bytes, length;
	/* x86_64: a port access. */
	uint16_t port;
	uint8_t port_bytes;
	bool is_string, is_repeated;
	uint8_t vector; /* x86_64: SIM_DEBUG: 1 or 3 */
	char why[64];	/* SIM_OTHER: what KVM said */
};

/* A vCPU after its reset; NULL, with errno. */
struct sim_vcpu *sim_vcpu_make(struct sim_machine *machine);
/* To be made again by somebody else. */
void sim_vcpu_free(struct sim_vcpu *vcpu);

/*
 * On the thread of the vCPU.  0 or an error number.  mask: NULL, and signals end no run; or what
 * sim_block_signals returned, and a signal that is not in it, and arrives before the end, ends the
 * run.
 */
int sim_vcpu_run(struct sim_vcpu *vcpu, const uint64_t *mask, struct sim_exit *exit);
/* Of this thread, all of them, as a system call holds handlers back: a signal that arrives from
 * here on is the call's, one whose handler has run is not.  Returns the mask for
 * sim_restore_signals. */
uint64_t sim_block_signals(void);
void sim_restore_signals(uint64_t mask);
/* From any thread: ends the run, or else the next one. */
void sim_vcpu_cancel(struct sim_vcpu *vcpu);
/* The processor time that its runs have taken. */
uint64_t sim_vcpu_cpu_ns(const struct sim_vcpu *vcpu);

/* Of this vCPU's code: what its tables say now.  false: they map nothing there. */
bool sim_translate(const struct sim_vcpu *vcpu, uint64_t va, uint64_t *gpa);

#endif
