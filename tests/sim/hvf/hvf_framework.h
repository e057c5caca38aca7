/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of Hypervisor.framework that mote's backend does not use, for foreign programs, and
 * what the files of the simulated one have for each other.  A library exports these functions and
 * those of the table (hvf_framework.c).
 */
#ifndef MOTE_SIM_HVF_FRAMEWORK_H
#define MOTE_SIM_HVF_FRAMEWORK_H

#include <pthread.h>

#include "sim/core/core_aarch64.h"
#include "sim/hvf/hvf.h"

enum { SIM_HVF_PAGE_BYTES = 16384, SIM_HVF_DEFAULT_BITS = 36, SIM_HVF_MOST_BITS = 40 };

/* hv_interrupt_type_t, hv_cache_type_t, and an error that the backend does not know. */
enum { SIM_HVF_IRQ, SIM_HVF_FIQ, SIM_HVF_LINES };
enum { SIM_HVF_CACHE_DATA, SIM_HVF_CACHE_INSTRUCTION };
#define SIM_HVF_ILLEGAL_GUEST_STATE ((mote_hv_return)0xfae94004u)

struct vcpu {
	struct sim_vcpu *core; /* NULL: not in use */
	pthread_t owner;
	struct mote_hv_exit exit;
	/* Values that KVM does not take, as they were set. */
	uint64_t *set;
	uint8_t *is_set;
	uint64_t cpsr;
	bool cpsr_is_illegal;
	bool pending[SIM_HVF_LINES];
	bool traps_debug, traps_debug_registers;
	bool timer_is_masked;
	uint64_t timer_offset;
};

/* NULL: not this thread's. */
struct vcpu *sim_hvf_owned(uint64_t id);
/* After a run. */
void sim_hvf_lower_lines(struct vcpu *vcpu);
mote_hv_return sim_hvf_set_vtimer_mask(uint64_t id, bool masked);

/* The address bits of a configuration of a VM; NULL is the default one.  0: it is none. */
unsigned sim_hvf_config_bits(const void *config);
bool sim_hvf_is_vcpu_config(const void *config);
/* Of hv_sys_reg_t. */
bool sim_hvf_has_register(uint16_t reg);

#define SIM_HVF_EXPORT __attribute__((visibility("default")))

/* X(name, parameters): what they return is as in the table. */
#define SIM_HVF_FUNCTION_MAP(X)                                                                    \
	X(vm_protect, (uint64_t ipa, size_t bytes, uint64_t flags))                                \
	X(vm_allocate, (void **memory, size_t bytes, uint64_t flags))                              \
	X(vm_deallocate, (void *memory, size_t bytes))                                             \
	X(vm_config_get_max_ipa_size, (uint32_t * bits))                                           \
	X(vm_config_get_ipa_size, (void *config, uint32_t *bits))                                  \
	X(vm_config_set_ipa_size, (void *config, uint32_t bits))                                   \
	X(vcpu_config_get_feature_reg, (void *config, uint32_t reg, uint64_t *value))              \
	X(vcpu_config_get_ccsidr_el1_sys_reg_values,                                               \
	  (void *config, uint32_t type, uint64_t *values))                                         \
	X(vcpu_get_pending_interrupt, (uint64_t vcpu, uint32_t type, bool *pending))               \
	X(vcpu_set_pending_interrupt, (uint64_t vcpu, uint32_t type, bool pending))                \
	X(vcpu_get_exec_time, (uint64_t vcpu, uint64_t * time))                                    \
	X(vcpu_get_trap_debug_exceptions, (uint64_t vcpu, bool *trap))                             \
	X(vcpu_set_trap_debug_exceptions, (uint64_t vcpu, bool trap))                              \
	X(vcpu_get_trap_debug_reg_accesses, (uint64_t vcpu, bool *trap))                           \
	X(vcpu_set_trap_debug_reg_accesses, (uint64_t vcpu, bool trap))                            \
	X(vcpu_get_vtimer_mask, (uint64_t vcpu, bool *masked))                                     \
	X(vcpu_get_vtimer_offset, (uint64_t vcpu, uint64_t * offset))                              \
	X(vcpu_set_vtimer_offset, (uint64_t vcpu, uint64_t offset))

#define SIM_HVF_DECLARE(name, parameters) SIM_HVF_EXPORT mote_hv_return hv_##name parameters;
SIM_HVF_FUNCTION_MAP(SIM_HVF_DECLARE)
MOTE_HV_FUNCTION_MAP(SIM_HVF_DECLARE)
MOTE_HV_OPTIONAL_MAP(SIM_HVF_DECLARE)
#undef SIM_HVF_DECLARE

/* Objects; os_release is for all of them, and for NULL. */
SIM_HVF_EXPORT void *hv_vm_config_create(void);
SIM_HVF_EXPORT void *hv_vcpu_config_create(void);
SIM_HVF_EXPORT void *os_retain(void *object);
SIM_HVF_EXPORT void os_release(void *object);

#endif
