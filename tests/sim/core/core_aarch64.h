/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers of a simulated aarch64 vCPU, and its stage 1.
 */
#ifndef MOTE_SIM_CORE_AARCH64_H
#define MOTE_SIM_CORE_AARCH64_H

#include "sim/core/core.h"

enum { SIM_PC = 31, SIM_FPCR, SIM_FPSR, SIM_PSTATE, SIM_REGISTERS };

/* x0 to x30, and those above. */
uint64_t sim_get(const struct sim_vcpu *vcpu, unsigned reg);
int sim_set(struct sim_vcpu *vcpu, unsigned reg, uint64_t value);
void sim_get_vector(const struct sim_vcpu *vcpu, unsigned reg, void *bytes);
int sim_set_vector(struct sim_vcpu *vcpu, unsigned reg, const void *bytes);

/* By the encoding of MRS, in 16 bits; 0 where there is no such register. */
uint64_t sim_get_system(const struct sim_vcpu *vcpu, uint16_t encoding);
/* ENOENT: there is no such register. */
int sim_set_system(struct sim_vcpu *vcpu, uint16_t encoding, uint64_t value);
/* CCSIDR_EL1 by CSSELR_EL1; 0 where there is no such cache. */
uint64_t sim_get_cache(const struct sim_vcpu *vcpu, uint32_t selector);

/* Ticks of the machine's counter in a second. */
uint64_t sim_counter_hz(void);

enum sim_line { SIM_IRQ, SIM_FIQ };
/* Stays as it is until it is changed. */
int sim_set_line(struct sim_vcpu *vcpu, enum sim_line line, bool high);
/* Whether debug exceptions are exits: breakpoint instructions, and what MDSCR_EL1 and the debug
 * registers ask for. */
void sim_trap_debug(struct sim_vcpu *vcpu, bool trap);

#define SIM_SYSTEM(op0, op1, crn, crm, op2)                                                        \
	((uint16_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))
#define SIM_MDSCR SIM_SYSTEM(2, 0, 0, 2, 2)
#define SIM_SCTLR SIM_SYSTEM(3, 0, 1, 0, 0)
#define SIM_TTBR0 SIM_SYSTEM(3, 0, 2, 0, 0)
#define SIM_TTBR1 SIM_SYSTEM(3, 0, 2, 0, 1)
#define SIM_TCR SIM_SYSTEM(3, 0, 2, 0, 2)

#endif
