/* SPDX-License-Identifier: Apache-2.0
 *
 * The interface of /dev/mshv, and of the Microsoft hypervisor behind it, that is the same on all
 * architectures: own declarations.  Sources: Linux, include/uapi/linux/mshv.h; the hypervisor's
 * Top Level Functional Specification and Linux, include/hyperv/hvhdk.h, hvgdk_mini.h.
 */
#ifndef MOTE_MSHV_ABI_H
#define MOTE_MSHV_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "hypervisor/backends/hyperv/hyperv_abi.h"

/* ---- Requests of Linux ----------------------------------------------------------------------- */

#define MOTE_MSHV_REQUEST(direction, number, bytes)                                                \
	((unsigned long)(direction) << 30 | (unsigned long)(bytes) << 16 | 0xb8ul << 8 | (number))

enum { MOTE_MSHV_NONE = 0, MOTE_MSHV_IN = 1, MOTE_MSHV_OUT = 2, MOTE_MSHV_BOTH = 3 };

/* Of the device.  The number names version 1 of the structure, whatever follows. */
#define MOTE_MSHV_CREATE_PARTITION MOTE_MSHV_REQUEST(MOTE_MSHV_IN, 0x00, 16)
/* Of a partition. */
#define MOTE_MSHV_INITIALIZE_PARTITION MOTE_MSHV_REQUEST(MOTE_MSHV_NONE, 0x00, 0)
#define MOTE_MSHV_CREATE_VP MOTE_MSHV_REQUEST(MOTE_MSHV_IN, 0x01, 4)
#define MOTE_MSHV_SET_GUEST_MEMORY MOTE_MSHV_REQUEST(MOTE_MSHV_IN, 0x02, 32)
/* Of a partition or a VP; since Linux 6.19 of the device, too. */
#define MOTE_MSHV_ROOT_HVCALL MOTE_MSHV_REQUEST(MOTE_MSHV_BOTH, 0x07, 32)
/* Of a VP. */
#define MOTE_MSHV_RUN_VP MOTE_MSHV_REQUEST(MOTE_MSHV_OUT, 0x00, 256)
#define MOTE_MSHV_GET_VP_STATE MOTE_MSHV_REQUEST(MOTE_MSHV_BOTH, 0x01, 16)
#define MOTE_MSHV_SET_VP_STATE MOTE_MSHV_REQUEST(MOTE_MSHV_BOTH, 0x02, 16)

enum mote_mshv_partition_flags {
	MOTE_MSHV_PARTITION_LAPIC = 1u << 0,
	MOTE_MSHV_PARTITION_X2APIC = 1u << 1,
	MOTE_MSHV_PARTITION_SUPER_PAGES = 1u << 2,
	/* The structure is version 2.  Since Linux 6.19. */
	MOTE_MSHV_PARTITION_FEATURES = 1u << 3,
	MOTE_MSHV_PARTITION_NESTED = 1u << 4,
	MOTE_MSHV_PARTITION_SMT = 1u << 5,
};

enum { MOTE_MSHV_FEATURE_BANKS = 2 };

/* mshv_create_partition (16 bytes) and mshv_create_partition_v2. */
struct mote_mshv_create_partition {
	uint64_t flags, isolation; /* 0: none */
	uint16_t feature_banks;
	uint8_t reserved[6];
	uint64_t disabled_features[MOTE_MSHV_FEATURE_BANKS];
	uint64_t reserved_banks[2];
	uint64_t disabled_xsave; /* x86_64 */
};
_Static_assert(sizeof(struct mote_mshv_create_partition) == 64, "mshv_create_partition_v2");

enum mote_mshv_memory_flags {
	MOTE_MSHV_MEMORY_WRITABLE = 1u << 0,
	MOTE_MSHV_MEMORY_EXECUTABLE = 1u << 1,
	MOTE_MSHV_MEMORY_UNMAP = 1u << 2,
};

struct mote_mshv_memory { /* mshv_user_mem_region */
	uint64_t bytes, frame, address;
	uint8_t flags, reserved[7];
};
_Static_assert(sizeof(struct mote_mshv_memory) == 32, "mshv_user_mem_region");

struct mote_mshv_hypercall { /* mshv_root_hvcall */
	uint16_t code;
	uint16_t count; /* of a repeated call: in: all; out: done */
	uint16_t in_bytes, out_bytes;
	uint16_t status; /* enum mote_mshv_status */
	uint8_t reserved[6];
	uint64_t in, out; /* addresses */
};
_Static_assert(sizeof(struct mote_mshv_hypercall) == 32, "mshv_root_hvcall");

enum mote_mshv_state_type { MOTE_MSHV_STATE_LAPIC, MOTE_MSHV_STATE_XSAVE };

struct mote_mshv_state { /* mshv_get_set_vp_state */
	uint8_t type, reserved[3];
	uint32_t bytes;	 /* whole pages; out: needed */
	uint64_t buffer; /* an address, of a page */
};
_Static_assert(sizeof(struct mote_mshv_state) == 16, "mshv_get_set_vp_state");

/* ---- Hypercalls ------------------------------------------------------------------------------ */

/* Those that the driver passes on.  The input of each begins with the partition's id, which the
 * driver fills in. */
enum mote_mshv_hypercall_code {
	MOTE_MSHV_CALL_GET_PROPERTY = 0x44,
	MOTE_MSHV_CALL_SET_PROPERTY = 0x45, /* of a partition alone */
	MOTE_MSHV_CALL_INSTALL_INTERCEPT = 0x4d,
	MOTE_MSHV_CALL_GET_REGISTERS = 0x50, /* repeated */
	MOTE_MSHV_CALL_SET_REGISTERS = 0x51, /* repeated */
	MOTE_MSHV_CALL_TRANSLATE = 0x52,
	MOTE_MSHV_CALL_GET_CPUID = 0xf4, /* repeated */
};

/* X(NAME, code, "meaning"): hv_status. */
#define MOTE_MSHV_STATUS_MAP(X)                                                                    \
	X(INVALID_CODE, 2, "invalid hypercall code")                                               \
	X(INVALID_INPUT, 3, "invalid hypercall input")                                             \
	X(INVALID_ALIGNMENT, 4, "invalid alignment")                                               \
	X(INVALID_PARAMETER, 5, "invalid parameter")                                               \
	X(ACCESS_DENIED, 6, "access denied")                                                       \
	X(INVALID_PARTITION_STATE, 7, "invalid partition state")                                   \
	X(OPERATION_DENIED, 8, "operation denied")                                                 \
	X(UNKNOWN_PROPERTY, 9, "unknown property")                                                 \
	X(OUT_OF_RANGE, 10, "property value out of range")                                         \
	X(INSUFFICIENT_MEMORY, 11, "insufficient memory")                                          \
	X(INVALID_PARTITION, 13, "invalid partition id")                                           \
	X(INVALID_VP, 14, "invalid VP index")                                                      \
	X(NOT_FOUND, 16, "not found")                                                              \
	X(INVALID_VP_STATE, 21, "invalid VP state")                                                \
	X(INVALID_REGISTER_VALUE, 80, "invalid register value")

enum mote_mshv_status {
	MOTE_MSHV_SUCCESS = 0,
#define X(NAME, code, text) MOTE_MSHV_##NAME = code,
	MOTE_MSHV_STATUS_MAP(X)
#undef X
};

enum mote_mshv_property_code {
	MOTE_MSHV_PROPERTY_PRIVILEGES = 0x10000,	 /* before the initialization */
	MOTE_MSHV_PROPERTY_SYNTHETIC_FEATURES = 0x10001, /* before the initialization */
	MOTE_MSHV_PROPERTY_TIME_FREEZE = 0x30003,
	MOTE_MSHV_PROPERTY_REFERENCE_TIME = 0x30005,
	MOTE_MSHV_PROPERTY_ACCESS_TRACKING = 0x50005,
	MOTE_MSHV_PROPERTY_UNKNOWN_MSR = 0x50017, /* 0: #GP */
	/* aarch64, before the initialization */
	MOTE_MSHV_PROPERTY_GICD_BASE = 0x50028,
	MOTE_MSHV_PROPERTY_GITS_BASE = 0x50029,
	MOTE_MSHV_PROPERTY_GIC_LPI_BITS = 0x5002a,
	MOTE_MSHV_PROPERTY_GIC_PPI_TIMER = 0x5002b,
	MOTE_MSHV_PROPERTY_GIC_PPI_PMU = 0x5002d,
	MOTE_MSHV_PROPERTY_VENDOR = 0x60000,
	MOTE_MSHV_PROPERTY_XSAVE_FEATURES = 0x60002,
	MOTE_MSHV_PROPERTY_ADDRESS_BITS = 0x60006,
	MOTE_MSHV_PROPERTY_XSAVE_STATES = 0x60007,
	MOTE_MSHV_PROPERTY_XSAVE_BYTES = 0x60008,
	MOTE_MSHV_PROPERTY_CLOCK_FREQUENCY = 0x60009,
	MOTE_MSHV_PROPERTY_FEATURES_0 = 0x6000a,
	MOTE_MSHV_PROPERTY_FEATURES_1 = 0x6000b,
};

struct mote_mshv_property { /* hv_input_get/set_partition_property */
	uint64_t partition;
	uint32_t code, zero;
	uint64_t value; /* in to set; GET_PROPERTY's input ends before it */
};
_Static_assert(sizeof(struct mote_mshv_property) == 24, "hv_input_set_partition_property");

/* GET_REGISTERS: names (uint32_t) follow; out: 16 bytes for each.  SET_REGISTERS: structures
 * mote_mshv_register follow. */
struct mote_mshv_registers {
	uint64_t partition;
	uint32_t vp;
	uint8_t vtl, zero[3];
};
_Static_assert(sizeof(struct mote_mshv_registers) == 16, "hv_input_get_vp_registers");

struct mote_mshv_register { /* hv_register_assoc */
	uint32_t name, zero_1;
	uint64_t zero_2;
	struct mote_hyperv_value value;
};
_Static_assert(sizeof(struct mote_mshv_register) == 32, "hv_register_assoc");

/* The hypervisor takes an input of one page. */
enum { MOTE_MSHV_INPUT_BYTES = 4096 };
enum {
	MOTE_MSHV_SET_MOST = (MOTE_MSHV_INPUT_BYTES - sizeof(struct mote_mshv_registers)) /
			     sizeof(struct mote_mshv_register),
	MOTE_MSHV_GET_MOST = MOTE_MSHV_INPUT_BYTES / sizeof(struct mote_hyperv_value),
};
_Static_assert(MOTE_MSHV_SET_MOST == 127 && MOTE_MSHV_GET_MOST == 256, "registers of one call");

enum { MOTE_MSHV_INTERCEPT_EXCEPTION = 3 };

struct mote_mshv_intercept { /* hv_input_install_intercept */
	uint64_t partition;
	uint32_t access; /* 0: none; 4: execution */
	uint32_t type;
	uint64_t parameter; /* of an exception: the vector, 16 bits */
};
_Static_assert(sizeof(struct mote_mshv_intercept) == 24, "hv_input_install_intercept");

enum mote_mshv_translate_flags {
	MOTE_MSHV_TRANSLATE_READ = 1u << 0,
	MOTE_MSHV_TRANSLATE_WRITE = 1u << 1,
	MOTE_MSHV_TRANSLATE_EXECUTE = 1u << 2,
	MOTE_MSHV_TRANSLATE_ANY_PRIVILEGE = 1u << 3,
};

struct mote_mshv_translate { /* hv_input_translate_virtual_address */
	uint64_t partition;
	uint32_t vp, zero;
	uint64_t flags, page; /* a virtual address without its last 12 bits */
};
_Static_assert(sizeof(struct mote_mshv_translate) == 32, "hv_input_translate_virtual_address");

struct mote_mshv_translated { /* hv_output_translate_virtual_address */
	uint32_t result;      /* 0: success */
	uint32_t information;
	uint64_t frame;
};
_Static_assert(sizeof(struct mote_mshv_translated) == 16, "hv_output_translate_virtual_address");

/* Registers of all architectures. */
enum mote_mshv_register_name {
	MOTE_MSHV_EXPLICIT_SUSPEND = 0x00000, /* the driver's */
	MOTE_MSHV_INTERCEPT_SUSPEND = 0x00001,
	MOTE_MSHV_INTERNAL_ACTIVITY = 0x00004,
	MOTE_MSHV_PENDING_INTERRUPTION = 0x10002,
	MOTE_MSHV_INTERRUPT_STATE = 0x10003,
	MOTE_MSHV_PENDING_EVENT_0 = 0x10004,
	MOTE_MSHV_PENDING_EVENT_1 = 0x10005,
	MOTE_MSHV_DELIVERABILITY = 0x10006,
};

/* ---- Messages: why RUN_VP returned ----------------------------------------------------------- */

enum mote_mshv_message_type {
	MOTE_MSHV_MESSAGE_NONE = 0,
	MOTE_MSHV_MESSAGE_UNMAPPED_GPA = (int)0x80000000u,
	MOTE_MSHV_MESSAGE_GPA_INTERCEPT = (int)0x80000001u,
	MOTE_MSHV_MESSAGE_INVALID_REGISTER = (int)0x80000020u,
	MOTE_MSHV_MESSAGE_UNRECOVERABLE = (int)0x80000021u,
	MOTE_MSHV_MESSAGE_X64_IO_PORT = (int)0x80010000u,
	MOTE_MSHV_MESSAGE_X64_EXCEPTION = (int)0x80010003u,
	MOTE_MSHV_MESSAGE_X64_HALT = (int)0x80010007u,
	MOTE_MSHV_MESSAGE_ARM64_RESET = (int)0x8001000cu,
};

struct mote_mshv_message { /* hv_message */
	uint32_t type;	   /* enum mote_mshv_message_type */
	uint8_t payload_bytes, flags, zero[2];
	uint64_t sender;
	uint8_t payload[240];
};
_Static_assert(sizeof(struct mote_mshv_message) == 256, "hv_message");

#endif
