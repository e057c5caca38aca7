/* SPDX-License-Identifier: Apache-2.0
 *
 * What foreign programs use of /dev/mshv and mote does not: accepted, with little effect.
 */
#ifndef MOTE_SIM_MSHV_FOREIGN_H
#define MOTE_SIM_MSHV_FOREIGN_H

#include "sim/mshv/mshv_internal.h"

/* Requests of a partition. */
#define MSHV_IRQFD MOTE_MSHV_REQUEST(MOTE_MSHV_IN, 0x03, 16)
#define MSHV_IOEVENTFD MOTE_MSHV_REQUEST(MOTE_MSHV_IN, 0x04, 32)
#define MSHV_SET_MSI_ROUTING MOTE_MSHV_REQUEST(MOTE_MSHV_IN, 0x05, 8)
#define MSHV_GET_ACCESS_BITMAP MOTE_MSHV_REQUEST(MOTE_MSHV_BOTH, 0x06, 32)

enum { MSHV_STATE_TIMERS = 4, MSHV_STATE_TIMERS_BYTES = 200 };

enum mshv_foreign_call {
	MSHV_CALL_CLEAR_INTERRUPT = 0x56,
	MSHV_CALL_INTERCEPT_RESULT = 0x91,
	MSHV_CALL_ASSERT_INTERRUPT = 0x94,
	MSHV_CALL_SIGNAL_EVENT = 0xc0,
	MSHV_CALL_POST_MESSAGE = 0xc1,
	MSHV_CALL_GET_ACCESS_STATES = 0xc9,
	MSHV_CALL_GET_PROPERTY_EX = 0x101,
};

enum {
	MSHV_PROPERTY_PROCESSORS_PER_SOCKET = 0x50003,
	MSHV_PROPERTY_EX_CAPABILITIES = 0x90007,
	MSHV_PROPERTY_EX_ASSIGNABLE_SYNTHETIC = 0x90009,
};

/* Out of the kernel's tree; the descriptor goes into the structure. */
#define MSHV_CREATE_DEVICE MOTE_MSHV_REQUEST(MOTE_MSHV_BOTH, 0x08, 12)

struct mshv_create_device {
	uint32_t type, fd, flags;
};

/* Requests of such a device. */
#define MSHV_SET_ATTRIBUTE MOTE_MSHV_REQUEST(MOTE_MSHV_IN, 0x00, 24)
#define MSHV_GET_ATTRIBUTE MOTE_MSHV_REQUEST(MOTE_MSHV_IN, 0x01, 24)
#define MSHV_HAS_ATTRIBUTE MOTE_MSHV_REQUEST(MOTE_MSHV_IN, 0x02, 24)

/* -ENOTTY for what it does not know. */
long mshv_foreign_ioctl(struct file *file, unsigned long request, void *argument,
			struct file **made);
long mshv_passed_on_ioctl(unsigned long request);

#endif
