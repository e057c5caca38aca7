/* SPDX-License-Identifier: Apache-2.0
 *
 * The interface of the Windows Hypervisor Platform that is the same on all architectures: own
 * declarations.  Source: Microsoft, "Windows Hypervisor Platform API definitions", and the headers
 * WinHvPlatform.h and WinHvPlatformDefs.h of the Windows SDK and of mingw-w64, which
 * tests/unit/hypervisor/backends/whp compares.
 */
#ifndef MOTE_WHP_ABI_H
#define MOTE_WHP_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "hypervisor/backends/hyperv/hyperv_abi.h"
#include "hypervisor/virtual_machine.h"

typedef int32_t mote_whp_result; /* HRESULT: negative when it failed */
typedef void *mote_whp_partition;

/* X(NAME, code, "text"): those that are told apart, or named. */
#define MOTE_WHP_RESULT_MAP(X)                                                                     \
	X(E_INVALIDARG, 0x80070057u, "invalid argument")                                           \
	X(E_ACCESSDENIED, 0x80070005u, "access denied")                                            \
	X(E_OUTOFMEMORY, 0x8007000eu, "out of memory")                                             \
	X(E_NO_RESOURCES, 0x800705aau, "not enough system resources")                              \
	X(E_COMMITMENT_LIMIT, 0x800705afu, "the page file is too small")                           \
	X(E_UNKNOWN_CAPABILITY, 0x80370300u, "unknown capability")                                 \
	X(E_INSUFFICIENT_BUFFER, 0x80370301u, "buffer too small")                                  \
	X(E_UNKNOWN_PROPERTY, 0x80370302u, "unknown property")                                     \
	X(E_UNSUPPORTED_CONFIG, 0x80370303u, "unsupported configuration of the hypervisor")        \
	X(E_INVALID_PARTITION_CONFIG, 0x80370304u, "invalid configuration of the partition")       \
	X(E_GPA_RANGE_NOT_FOUND, 0x80370305u, "no such range of guest-physical memory")            \
	X(E_VP_ALREADY_EXISTS, 0x80370306u, "the virtual processor exists already")                \
	X(E_VP_DOES_NOT_EXIST, 0x80370307u, "the virtual processor does not exist")                \
	X(E_INVALID_VP_STATE, 0x80370308u, "invalid state of the virtual processor")               \
	X(E_INVALID_REGISTER_NAME, 0x80370309u, "invalid name of a register")                      \
	X(E_UNSUPPORTED_PROCESSOR, 0x80370310u, "unsupported processor configuration")             \
	X(E_PARTITION_ALREADY_EXISTS, 0xc0370008u, "this process's memory is another partition's")

#define MOTE_WHP_OK 0

enum mote_whp_code {
#define MOTE_WHP_ENUM(NAME, code, text) MOTE_WHP_##NAME = (int)(code),
	MOTE_WHP_RESULT_MAP(MOTE_WHP_ENUM)
#undef MOTE_WHP_ENUM
};

enum mote_whp_capability {
	MOTE_WHP_CAPABILITY_PRESENT = 0,
	MOTE_WHP_CAPABILITY_FEATURES = 1,
	MOTE_WHP_CAPABILITY_EXITS = 2,
	MOTE_WHP_CAPABILITY_ADDRESS_BITS = 0x100a,
};

/* Of MOTE_WHP_CAPABILITY_FEATURES. */
#define MOTE_WHP_FEATURE_XSAVE (1ull << 2)
#define MOTE_WHP_FEATURE_ARM64 (1ull << 11)

enum mote_whp_property {
	MOTE_WHP_PROPERTY_EXITS = 1,
	MOTE_WHP_PROPERTY_SECURITY_DOMAIN = 3,
	MOTE_WHP_PROPERTY_PROCESSOR_COUNT = 0x1fff,
};

/* Of the exits: an access that the tables of the hypervisor do not allow. */
#define MOTE_WHP_EXIT_GPA_ACCESS_FAULT (1ull << 14)

enum mote_whp_map_flags {
	MOTE_WHP_MAP_READ = 1u << 0,
	MOTE_WHP_MAP_WRITE = 1u << 1,
	MOTE_WHP_MAP_EXECUTE = 1u << 2,
};

enum mote_whp_translate_flags {
	MOTE_WHP_TRANSLATE_READ = 1u << 0,
	MOTE_WHP_TRANSLATE_WRITE = 1u << 1,
};

/* Of a VP: WHV_PROCESSOR_RUNTIME_COUNTERS. */
enum { MOTE_WHP_COUNTER_RUNTIME = 0 };
struct mote_whp_runtime {
	uint64_t total_100ns, hypervisor_100ns;
};
_Static_assert(sizeof(struct mote_whp_runtime) == 16, "WHV_PROCESSOR_RUNTIME_COUNTERS");

struct mote_whp_translated { /* WHV_TRANSLATE_GVA_RESULT */
	uint32_t code;	     /* 0: it is translated */
	uint32_t zero;
};

struct mote_whp_cpuid { /* WHV_CPUID_OUTPUT */
	uint32_t eax, ebx, ecx, edx;
};

/* clang-format off */
/* X(name, parameters, arguments): every function that is used.  The names in WinHvPlatform.dll
 * begin with WHv. */
#define MOTE_WHP_COMMON_MAP(X)                                                                     \
	X(GetCapability, (uint32_t code, void *buffer, uint32_t bytes, uint32_t *written),         \
	  (code, buffer, bytes, written))                                                          \
	X(CreatePartition, (mote_whp_partition *partition), (partition))                           \
	X(SetPartitionProperty,                                                                    \
	  (mote_whp_partition partition, uint32_t code, const void *buffer, uint32_t bytes),       \
	  (partition, code, buffer, bytes))                                                        \
	X(SetupPartition, (mote_whp_partition partition), (partition))                             \
	X(DeletePartition, (mote_whp_partition partition), (partition))                            \
	X(MapGpaRange, (mote_whp_partition partition, void *source, uint64_t gpa, uint64_t bytes,  \
	                uint32_t flags),                                                           \
	  (partition, source, gpa, bytes, flags))                                                  \
	X(UnmapGpaRange, (mote_whp_partition partition, uint64_t gpa, uint64_t bytes),             \
	  (partition, gpa, bytes))                                                                 \
	X(TranslateGva, (mote_whp_partition partition, uint32_t vp, uint64_t gva, uint32_t flags,  \
	                 struct mote_whp_translated *result, uint64_t *gpa),                       \
	  (partition, vp, gva, flags, result, gpa))                                                \
	X(CreateVirtualProcessor, (mote_whp_partition partition, uint32_t vp, uint32_t flags),     \
	  (partition, vp, flags))                                                                  \
	X(DeleteVirtualProcessor, (mote_whp_partition partition, uint32_t vp), (partition, vp))    \
	X(RunVirtualProcessor,                                                                     \
	  (mote_whp_partition partition, uint32_t vp, void *exit, uint32_t bytes),                 \
	  (partition, vp, exit, bytes))                                                            \
	X(CancelRunVirtualProcessor, (mote_whp_partition partition, uint32_t vp, uint32_t flags),  \
	  (partition, vp, flags))                                                                  \
	X(GetVirtualProcessorRegisters,                                                            \
	  (mote_whp_partition partition, uint32_t vp, const uint32_t *names, uint32_t count,       \
	   struct mote_hyperv_value *values),                                                      \
	  (partition, vp, names, count, values))                                                   \
	X(SetVirtualProcessorRegisters,                                                            \
	  (mote_whp_partition partition, uint32_t vp, const uint32_t *names, uint32_t count,       \
	   const struct mote_hyperv_value *values),                                                \
	  (partition, vp, names, count, values))                                                   \
	X(GetVirtualProcessorCounters,                                                             \
	  (mote_whp_partition partition, uint32_t vp, uint32_t set, void *buffer, uint32_t bytes,  \
	   uint32_t *written),                                                                     \
	  (partition, vp, set, buffer, bytes, written))

/* Missing before Windows 11 and Server 2022: NULL. */
#define MOTE_WHP_OPTIONAL_MAP(X)                                                                   \
	X(MapGpaRange2, (mote_whp_partition partition, void *process, void *source, uint64_t gpa,  \
	                 uint64_t bytes, uint32_t flags),                                          \
	  (partition, process, source, gpa, bytes, flags))

/* x86_64 alone, and the last one on new versions of Windows alone: NULL. */
#define MOTE_WHP_X64_MAP(X)                                                                        \
	X(GetVirtualProcessorXsaveState,                                                           \
	  (mote_whp_partition partition, uint32_t vp, void *buffer, uint32_t bytes,                \
	   uint32_t *written),                                                                     \
	  (partition, vp, buffer, bytes, written))                                                 \
	X(SetVirtualProcessorXsaveState,                                                           \
	  (mote_whp_partition partition, uint32_t vp, const void *buffer, uint32_t bytes),         \
	  (partition, vp, buffer, bytes))                                                          \
	X(GetVirtualProcessorCpuidOutput,                                                          \
	  (mote_whp_partition partition, uint32_t vp, uint32_t eax, uint32_t ecx,                  \
	   struct mote_whp_cpuid *output),                                                         \
	  (partition, vp, eax, ecx, output))

#define MOTE_WHP_FUNCTION_MAP(X)                                                                   \
	MOTE_WHP_COMMON_MAP(X)                                                                     \
	MOTE_WHP_OPTIONAL_MAP(X)                                                                   \
	MOTE_WHP_X64_MAP(X)
/* clang-format on */

/* A process without code of its own, whose memory a partition has: see whp_surrogate.h. */
struct mote_whp_surrogate;

/* The functions, from the DLL or a simulator, and surrogates. */
struct mote_whp_system {
	struct mote_system base;
#define MOTE_WHP_MEMBER(name, parameters, arguments) mote_whp_result(*name) parameters;
	MOTE_WHP_FUNCTION_MAP(MOTE_WHP_MEMBER)
#undef MOTE_WHP_MEMBER
	const struct mote_whp_surrogate_ops *surrogates;
};

/* The platform of this machine.  NULL, and why: a text of a line. */
const struct mote_whp_system *mote_whp_real_system(const char **reason);

#endif
