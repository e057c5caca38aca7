/* SPDX-License-Identifier: Apache-2.0
 *
 * Re-exports one of the two architectures under neutral names.  MOTE_ARCH_* may come from the
 * build; the compiler's target is the default.  One of three places that may have an #if on an
 * architecture (with backend.c and CMake).
 */
#ifndef MOTE_HYPERVISOR_ARCH_ARCH_H
#define MOTE_HYPERVISOR_ARCH_ARCH_H

#include "aarch64/aarch64_core.h"
#include "aarch64/aarch64_debug.h"
#include "aarch64/aarch64_gate.h"
#include "aarch64/aarch64_gdb.h"
#include "aarch64/aarch64_monitor.h"
#include "aarch64/aarch64_paging.h"
#include "aarch64/aarch64_registers.h"
#include "aarch64/aarch64_saved.h"
#include "aarch64/aarch64_system_call.h"
#include "aarch64/aarch64_thread.h"
#include "x86_64/x86_64_core.h"
#include "x86_64/x86_64_debug.h"
#include "x86_64/x86_64_gate.h"
#include "x86_64/x86_64_gdb.h"
#include "x86_64/x86_64_monitor.h"
#include "x86_64/x86_64_paging.h"
#include "x86_64/x86_64_registers.h"
#include "x86_64/x86_64_saved.h"
#include "x86_64/x86_64_system_call.h"
#include "x86_64/x86_64_thread.h"

#if !defined(MOTE_ARCH_X86_64) && !defined(MOTE_ARCH_AARCH64)
#if defined(__x86_64__) || defined(_M_X64)
#define MOTE_ARCH_X86_64 1
#elif defined(__aarch64__) || defined(_M_ARM64)
#define MOTE_ARCH_AARCH64 1
#else
#error "mote supports x86_64 and aarch64"
#endif
#endif

#if defined(MOTE_ARCH_X86_64)

#define MOTE_ARCH_MACHINE MOTE_MACHINE_X86_64
#define mote_arch_registers(registers) ((registers)->as.x86_64)
#define mote_regs_pc(regs) ((regs)->rip)
#define mote_exception_state_pc(state) ((state)->rip)
#define mote_regs_sp(regs) ((regs)->rsp)
#define mote_regs_frame(regs) ((regs)->rbp)
#define mote_regs_system_call_return(regs) ((regs)->rcx)
#define mote_regs_flags(regs) ((regs)->rflags)
#define mote_sregs_root(sregs) ((sregs)->cr3)
typedef mote_x86_64_regs mote_regs;
typedef struct mote_x86_64_sregs mote_sregs;
typedef struct mote_x86_64_fpu mote_fpu;
typedef struct mote_x86_64_debug_regs mote_debug_regs;
typedef struct mote_x86_64_debug_exit mote_debug_exit;
typedef struct mote_x86_64_gdb_state mote_user_state;
typedef struct mote_x86_64_exception_state mote_exception_state;
#define mote_power_on mote_x86_64_power_on
#define mote_regs_print mote_x86_64_regs_print
#define mote_sregs_print mote_x86_64_sregs_print
#define MOTE_SAVED_BYTES MOTE_X86_64_SAVED_BYTES
#define mote_saved_pack mote_x86_64_saved_pack
#define mote_saved_unpack mote_x86_64_saved_unpack
#define MOTE_PAGING_ROOT_LEVEL MOTE_X86_64_ROOT_LEVEL
#define mote_paging_bytes mote_x86_64_paging_bytes
#define mote_paging_init mote_x86_64_paging_init
#define mote_paging_map mote_x86_64_paging_map
#define mote_paging_unmap mote_x86_64_paging_unmap
#define mote_paging_walk mote_x86_64_paging_walk
#define MOTE_PAGING_REMEMBERS MOTE_X86_64_PAGING_REMEMBERS
#define mote_paging_track mote_x86_64_paging_track
#define mote_paging_serve mote_x86_64_paging_serve
#define mote_paging_written mote_x86_64_paging_written
#define MOTE_MONITOR_BYTES MOTE_X86_64_MONITOR_BYTES
#define MOTE_DOORBELL_BYTES MOTE_X86_64_DOORBELL_BYTES
#define mote_monitor_build mote_x86_64_monitor_build
#define mote_monitor_map mote_x86_64_monitor_map
#define mote_monitor_start mote_x86_64_monitor_start
#define MOTE_MONITOR_KEEPS false /* all system registers are set at once */
#define mote_monitor_keep(has, sregs) ((void)(has), (void)(sregs))
#define mote_monitor_exception mote_x86_64_monitor_exception
#define mote_monitor_is_doorbell mote_x86_64_monitor_is_doorbell
#define mote_monitor_store mote_x86_64_monitor_store
#define mote_monitor_port mote_x86_64_monitor_port
#define mote_vector_name mote_x86_64_vector_name
#define MOTE_SYSTEM_CALL_BYTES MOTE_X86_64_SYSTEM_CALL_BYTES
#define mote_system_call_jumped mote_x86_64_system_call_jumped
#define mote_system_call_is mote_x86_64_system_call_is
#define mote_system_call_refuse mote_x86_64_system_call_refuse
#define MOTE_GATE_BYTES MOTE_X86_64_GATE_BYTES
#define mote_gate_put mote_x86_64_gate_put
#define mote_gate_map mote_x86_64_gate_map
#define mote_thread_block_make mote_x86_64_thread_block_make
#define mote_thread_block_fill mote_x86_64_thread_block_fill
#define mote_thread_block_set_canary mote_x86_64_thread_block_set_canary
#define MOTE_MONITOR_STOP_BYTES MOTE_X86_64_MONITOR_STOP_BYTES
#define MOTE_CORE_MACHINE MOTE_X86_64_CORE_MACHINE
#define MOTE_CORE_REGISTERS_BYTES MOTE_X86_64_CORE_REGISTERS_BYTES
#define MOTE_CORE_FPU_BYTES MOTE_X86_64_CORE_FPU_BYTES
#define MOTE_CORE_EXTENDED_TYPE MOTE_X86_64_CORE_EXTENDED_TYPE
#define MOTE_CORE_EXTENDED_BYTES MOTE_X86_64_CORE_EXTENDED_BYTES
#define mote_core_registers mote_x86_64_core_registers
#define mote_core_fpu mote_x86_64_core_fpu
#define mote_core_extended mote_x86_64_core_extended
#define MOTE_BREAKPOINT_BYTES MOTE_X86_64_BREAKPOINT_BYTES
#define MOTE_WATCH_STOPS_BEFORE MOTE_X86_64_WATCH_STOPS_BEFORE
#define MOTE_STEP_FACILITY MOTE_X86_64_STEP_FACILITY
#define MOTE_PUSHED_FLAGS_MASK MOTE_X86_64_PUSHED_FLAGS_MASK
#define mote_breakpoint mote_x86_64_breakpoint
#define mote_debug_settle mote_x86_64_debug_settle
#define mote_debug_get mote_x86_64_debug_get
#define mote_debug_put mote_x86_64_debug_put
#define mote_debug_put_return mote_x86_64_debug_put_return
#define mote_debug_accepts mote_x86_64_debug_accepts
#define mote_debug_accepts_fpu mote_x86_64_debug_accepts_fpu
#define mote_debug_put_thread mote_x86_64_debug_put_thread
#define mote_debug_trap mote_x86_64_debug_trap
#define mote_debug_trap_pc mote_x86_64_debug_trap_pc
#define mote_debug_stores_flags mote_x86_64_debug_stores_flags
#define mote_debug_set_step_facility mote_x86_64_debug_set_step_facility
#define mote_debug_exclusive mote_x86_64_debug_exclusive
#define mote_debug_store_exclusive mote_x86_64_debug_store_exclusive
#define mote_debug_store_failed mote_x86_64_debug_store_failed
#define mote_gdb_describe mote_x86_64_gdb_describe
#define mote_gdb_pack mote_x86_64_gdb_pack
#define mote_gdb_unpack mote_x86_64_gdb_unpack

#else

#define MOTE_ARCH_MACHINE MOTE_MACHINE_AARCH64
#define mote_arch_registers(registers) ((registers)->as.aarch64)
#define mote_regs_pc(regs) ((regs)->pc)
#define mote_exception_state_pc(state) ((state)->pc)
#define mote_regs_sp(regs) ((regs)->sp)
#define mote_regs_frame(regs) ((regs)->x[29])
#define mote_regs_system_call_return(regs) ((regs)->pc)
#define mote_regs_flags(regs) ((regs)->pstate)
#define mote_sregs_root(sregs) ((sregs)->ttbr0)
typedef mote_aarch64_regs mote_regs;
typedef struct mote_aarch64_sregs mote_sregs;
typedef struct mote_aarch64_fpu mote_fpu;
typedef struct mote_aarch64_debug_regs mote_debug_regs;
typedef struct mote_aarch64_debug_exit mote_debug_exit;
typedef struct mote_aarch64_gdb_state mote_user_state;
typedef struct mote_aarch64_exception_state mote_exception_state;
#define mote_power_on mote_aarch64_power_on
#define mote_regs_print mote_aarch64_regs_print
#define mote_sregs_print mote_aarch64_sregs_print
#define MOTE_SAVED_BYTES MOTE_AARCH64_SAVED_BYTES
#define mote_saved_pack mote_aarch64_saved_pack
#define mote_saved_unpack mote_aarch64_saved_unpack
#define MOTE_PAGING_ROOT_LEVEL MOTE_AARCH64_ROOT_LEVEL
#define mote_paging_bytes mote_aarch64_paging_bytes
#define mote_paging_init mote_aarch64_paging_init
#define mote_paging_map mote_aarch64_paging_map
#define mote_paging_unmap mote_aarch64_paging_unmap
#define mote_paging_walk mote_aarch64_paging_walk
#define MOTE_PAGING_REMEMBERS MOTE_AARCH64_PAGING_REMEMBERS
#define mote_paging_track mote_aarch64_paging_track
#define mote_paging_serve mote_aarch64_paging_serve
#define mote_paging_written mote_aarch64_paging_written
#define MOTE_MONITOR_BYTES MOTE_AARCH64_MONITOR_BYTES
#define MOTE_DOORBELL_BYTES MOTE_AARCH64_DOORBELL_BYTES
#define mote_monitor_build mote_aarch64_monitor_build
#define mote_monitor_map mote_aarch64_monitor_map
#define mote_monitor_start mote_aarch64_monitor_start
#define MOTE_MONITOR_KEEPS true
#define mote_monitor_keep mote_aarch64_monitor_keep
#define mote_monitor_exception mote_aarch64_monitor_exception
#define mote_monitor_is_doorbell mote_aarch64_monitor_is_doorbell
#define mote_monitor_store mote_aarch64_monitor_store
#define mote_monitor_port mote_aarch64_monitor_port
#define mote_vector_name mote_aarch64_vector_name
#define MOTE_SYSTEM_CALL_BYTES MOTE_AARCH64_SYSTEM_CALL_BYTES
#define mote_system_call_jumped mote_aarch64_system_call_jumped
#define mote_system_call_is mote_aarch64_system_call_is
#define mote_system_call_refuse mote_aarch64_system_call_refuse
#define MOTE_GATE_BYTES MOTE_AARCH64_GATE_BYTES
#define mote_gate_put mote_aarch64_gate_put
#define mote_gate_map mote_aarch64_gate_map
#define mote_thread_block_make mote_aarch64_thread_block_make
#define mote_thread_block_fill mote_aarch64_thread_block_fill
#define mote_thread_block_set_canary mote_aarch64_thread_block_set_canary
#define MOTE_MONITOR_STOP_BYTES MOTE_AARCH64_MONITOR_STOP_BYTES
#define MOTE_CORE_MACHINE MOTE_AARCH64_CORE_MACHINE
#define MOTE_CORE_REGISTERS_BYTES MOTE_AARCH64_CORE_REGISTERS_BYTES
#define MOTE_CORE_FPU_BYTES MOTE_AARCH64_CORE_FPU_BYTES
#define MOTE_CORE_EXTENDED_TYPE MOTE_AARCH64_CORE_EXTENDED_TYPE
#define MOTE_CORE_EXTENDED_BYTES MOTE_AARCH64_CORE_EXTENDED_BYTES
#define mote_core_registers mote_aarch64_core_registers
#define mote_core_fpu mote_aarch64_core_fpu
#define mote_core_extended mote_aarch64_core_extended
#define MOTE_BREAKPOINT_BYTES MOTE_AARCH64_BREAKPOINT_BYTES
#define MOTE_WATCH_STOPS_BEFORE MOTE_AARCH64_WATCH_STOPS_BEFORE
#define MOTE_STEP_FACILITY MOTE_AARCH64_STEP_FACILITY
#define MOTE_PUSHED_FLAGS_MASK MOTE_AARCH64_PUSHED_FLAGS_MASK
#define mote_breakpoint mote_aarch64_breakpoint
#define mote_debug_settle mote_aarch64_debug_settle
#define mote_debug_get mote_aarch64_debug_get
#define mote_debug_put mote_aarch64_debug_put
#define mote_debug_put_return mote_aarch64_debug_put_return
#define mote_debug_accepts mote_aarch64_debug_accepts
#define mote_debug_accepts_fpu mote_aarch64_debug_accepts_fpu
#define mote_debug_put_thread mote_aarch64_debug_put_thread
#define mote_debug_trap mote_aarch64_debug_trap
#define mote_debug_trap_pc mote_aarch64_debug_trap_pc
#define mote_debug_stores_flags mote_aarch64_debug_stores_flags
#define mote_debug_set_step_facility mote_aarch64_debug_set_step_facility
#define mote_debug_exclusive mote_aarch64_debug_exclusive
#define mote_debug_store_exclusive mote_aarch64_debug_store_exclusive
#define mote_debug_store_failed mote_aarch64_debug_store_failed
#define mote_gdb_describe mote_aarch64_gdb_describe
#define mote_gdb_pack mote_aarch64_gdb_pack
#define mote_gdb_unpack mote_aarch64_gdb_unpack

#endif
#endif
