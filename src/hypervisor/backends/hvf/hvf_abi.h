/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypervisor.framework on Apple silicon, as this backend uses it: own declarations of types,
 * numbers and functions.  Source: Apple, Hypervisor framework, hv_vm.h, hv_vcpu.h, hv_error.h.
 */
#ifndef MOTE_HVF_ABI_H
#define MOTE_HVF_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hypervisor/virtual_machine.h"

typedef int32_t mote_hv_return;

/* X(NAME, code, "meaning"): hv_return_t. */
#define MOTE_HV_RETURN_MAP(X)                                                                      \
	X(ERROR, 0xfae94001u, "error")                                                             \
	X(BUSY, 0xfae94002u, "busy")                                                               \
	X(BAD_ARGUMENT, 0xfae94003u, "bad argument")                                               \
	X(ILLEGAL_GUEST_STATE, 0xfae94004u, "illegal guest state")                                 \
	X(NO_RESOURCES, 0xfae94005u, "no resources")                                               \
	X(NO_DEVICE, 0xfae94006u, "no virtual machine or vCPU")                                    \
	X(DENIED, 0xfae94007u, "denied")                                                           \
	X(UNSUPPORTED, 0xfae9400fu, "unsupported")

#define MOTE_HV_SUCCESS 0
/* The numbers of a signed type do not fit an enum. */
#define MOTE_HV_ERROR ((mote_hv_return)0xfae94001u)
#define MOTE_HV_BUSY ((mote_hv_return)0xfae94002u)
#define MOTE_HV_BAD_ARGUMENT ((mote_hv_return)0xfae94003u)
#define MOTE_HV_NO_RESOURCES ((mote_hv_return)0xfae94005u)
#define MOTE_HV_NO_DEVICE ((mote_hv_return)0xfae94006u)
#define MOTE_HV_DENIED ((mote_hv_return)0xfae94007u)
#define MOTE_HV_UNSUPPORTED ((mote_hv_return)0xfae9400fu)

/* hv_memory_flags_t */
enum { MOTE_HV_MEMORY_READ = 1, MOTE_HV_MEMORY_WRITE = 2, MOTE_HV_MEMORY_EXEC = 4 };

/* hv_exit_reason_t */
enum mote_hv_exit_reason {
	MOTE_HV_EXIT_CANCELED,
	MOTE_HV_EXIT_EXCEPTION,
	MOTE_HV_EXIT_VTIMER_ACTIVATED,
	MOTE_HV_EXIT_UNKNOWN,
};

/* hv_vcpu_exit_t: the framework writes it, before a run returns. */
struct mote_hv_exit {
	uint32_t reason;
	uint64_t syndrome; /* ESR_EL2 */
	uint64_t virtual_address;
	uint64_t physical_address;
};
_Static_assert(sizeof(struct mote_hv_exit) == 32, "hv_vcpu_exit_t");

/* hv_reg_t: x0 to x30, and these. */
enum mote_hv_register {
	MOTE_HV_REG_PC = 31,
	MOTE_HV_REG_FPCR,
	MOTE_HV_REG_FPSR,
	MOTE_HV_REG_CPSR,
};

/* hv_sys_reg_t: the encoding of MRS, Arm ARM (DDI 0487), C5.1.3. */
#define MOTE_HV_SYS_REG(op0, op1, crn, crm, op2)                                                   \
	((uint16_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))

/* hv_simd_fp_uchar16_t: passed by value, in a vector register. */
typedef uint8_t mote_hv_vector __attribute__((vector_size(16)));

/* X(result, name, parameters): every function that is used.  The names in the framework begin with
 * hv_. */
#define MOTE_HV_FUNCTION_MAP(X)                                                                    \
	X(vm_create, (void *config))                                                               \
	X(vm_destroy, (void))                                                                      \
	X(vm_map, (void *hva, uint64_t ipa, size_t bytes, uint64_t flags))                         \
	X(vm_unmap, (uint64_t ipa, size_t bytes))                                                  \
	X(vm_get_max_vcpu_count, (uint32_t * count))                                               \
	X(vcpu_create, (uint64_t * vcpu, struct mote_hv_exit * *exit, void *config))               \
	X(vcpu_destroy, (uint64_t vcpu))                                                           \
	X(vcpu_run, (uint64_t vcpu))                                                               \
	X(vcpus_exit, (const uint64_t *vcpus, uint32_t count))                                     \
	X(vcpu_get_reg, (uint64_t vcpu, uint32_t reg, uint64_t * value))                           \
	X(vcpu_set_reg, (uint64_t vcpu, uint32_t reg, uint64_t value))                             \
	X(vcpu_get_sys_reg, (uint64_t vcpu, uint16_t reg, uint64_t * value))                       \
	X(vcpu_set_sys_reg, (uint64_t vcpu, uint16_t reg, uint64_t value))                         \
	X(vcpu_get_simd_fp_reg, (uint64_t vcpu, uint32_t reg, mote_hv_vector * value))             \
	X(vcpu_set_simd_fp_reg, (uint64_t vcpu, uint32_t reg, mote_hv_vector value))               \
	X(vcpu_set_vtimer_mask, (uint64_t vcpu, bool masked))

/* Since macOS 13.0: NULL before. */
#define MOTE_HV_OPTIONAL_MAP(X) X(vm_config_get_default_ipa_size, (uint32_t * bits))

/* The functions, from the framework or a simulator. */
struct mote_hvf_system {
	struct mote_system base;
#define MOTE_HV_MEMBER(name, parameters) mote_hv_return(*name) parameters;
	MOTE_HV_FUNCTION_MAP(MOTE_HV_MEMBER)
	MOTE_HV_OPTIONAL_MAP(MOTE_HV_MEMBER)
#undef MOTE_HV_MEMBER
	/* The highest ASID to use; 0: the highest that there is. */
	uint32_t last_asid;
};

/* The framework of this machine.  NULL, and why: not there, or a function is missing. */
const struct mote_hvf_system *mote_hvf_real_system(const char **reason);

#endif
