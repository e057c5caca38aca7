/* SPDX-License-Identifier: Apache-2.0
 *
 * A pessimistic model of what processors have cached of stage 1, by ASID: every leaf that a run
 * could have used stays cached until code of the guest flushes everything.  Not modelled: entries
 * of intermediate levels, stage 2, TTBR1, granules other than 4 KiB.
 */
#ifndef MOTE_SIM_TLB_AARCH64_H
#define MOTE_SIM_TLB_AARCH64_H

#include "sim/core/core_aarch64.h"

/* Before a run: NULL, or what the run would find that its tables no longer say. */
const char *sim_tlb_check(const struct sim_machine *machine, const struct sim_vcpu *vcpu);
/* Forgets it all: a new VM. */
void sim_tlb_clear(void);
/* What the model takes of this process's memory. */
size_t sim_tlb_bytes(void);

#endif
