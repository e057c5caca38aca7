/* SPDX-License-Identifier: Apache-2.0
 *
 * On aarch64 every hypervisor describes an access that has a valid syndrome.
 */
#include "poor.h"

const bool poor_leaves_undescribed = false;
const uint32_t poor_doorbell_calls = 0;

mote_status poor_exit(struct mote_vm *kvm, struct mote_vm_exit *exit, mote_error *error)
{
	(void)kvm;
	(void)exit;
	(void)error;
	return MOTE_OK;
}
