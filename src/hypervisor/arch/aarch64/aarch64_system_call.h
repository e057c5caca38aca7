/* SPDX-License-Identifier: Apache-2.0
 *
 * System call instructions of aarch64: `svc` is an exception of its own class, of the monitor.
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_SYSTEM_CALL_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_SYSTEM_CALL_H

#include "../monitor.h"
#include "aarch64_syndrome.h"

#define MOTE_AARCH64_SYSTEM_CALL_BYTES 4u

static inline bool mote_aarch64_system_call_jumped(const struct mote_exception *exception)
{
	(void)exception;
	return false;
}

static inline bool mote_aarch64_system_call_is(const struct mote_exception *exception,
					       const uint8_t code[MOTE_AARCH64_SYSTEM_CALL_BYTES])
{
	(void)code;
	return exception->vector == MOTE_AARCH64_EC_SVC;
}

static inline void mote_aarch64_system_call_refuse(struct mote_exception *exception, uint64_t at)
{
	(void)exception;
	(void)at;
}

#endif
