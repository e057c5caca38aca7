/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of the backend's table with the names of their arguments: for functions that stand
 * in their places and hand on.
 */
#ifndef MOTE_SIM_HVF_TABLE_H
#define MOTE_SIM_HVF_TABLE_H

#include "hypervisor/backends/hvf/hvf_abi.h"

/* clang-format off */
/* X(name, parameters, arguments) */
#define SIM_HVF_TABLE_MAP(X)                                                                       \
	X(vm_create, (void *config), (config))                                                     \
	X(vm_destroy, (void), ())                                                                  \
	X(vm_map, (void *hva, uint64_t ipa, size_t bytes, uint64_t flags),                         \
	  (hva, ipa, bytes, flags))                                                                \
	X(vm_unmap, (uint64_t ipa, size_t bytes), (ipa, bytes))                                    \
	X(vm_get_max_vcpu_count, (uint32_t *most), (most))                                         \
	X(vm_config_get_default_ipa_size, (uint32_t *bits), (bits))                                \
	X(vcpu_create, (uint64_t *vcpu, struct mote_hv_exit **exit, void *config),                 \
	  (vcpu, exit, config))                                                                    \
	X(vcpu_destroy, (uint64_t vcpu), (vcpu))                                                   \
	X(vcpu_run, (uint64_t vcpu), (vcpu))                                                       \
	X(vcpus_exit, (const uint64_t *vcpus, uint32_t number), (vcpus, number))                   \
	X(vcpu_get_reg, (uint64_t vcpu, uint32_t reg, uint64_t *value), (vcpu, reg, value))        \
	X(vcpu_set_reg, (uint64_t vcpu, uint32_t reg, uint64_t value), (vcpu, reg, value))         \
	X(vcpu_get_sys_reg, (uint64_t vcpu, uint16_t reg, uint64_t *value), (vcpu, reg, value))    \
	X(vcpu_set_sys_reg, (uint64_t vcpu, uint16_t reg, uint64_t value), (vcpu, reg, value))     \
	X(vcpu_get_simd_fp_reg, (uint64_t vcpu, uint32_t reg, mote_hv_vector *value),              \
	  (vcpu, reg, value))                                                                      \
	X(vcpu_set_simd_fp_reg, (uint64_t vcpu, uint32_t reg, mote_hv_vector value),               \
	  (vcpu, reg, value))                                                                      \
	X(vcpu_set_vtimer_mask, (uint64_t vcpu, bool masked), (vcpu, masked))
/* clang-format on */

#endif
