/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest code that only the x86_64 cases use.
 */
#ifndef MOTE_TESTS_CODE_X86_64_H
#define MOTE_TESTS_CODE_X86_64_H

#include "code.h"

/* A load of the value register that is half at OUTSIDE_GVA, half on the page behind (its reverse);
 * then ends. */
extern const struct code code_x86_64_split_load, code_x86_64_split_store;
extern const size_t code_x86_64_split_bytes;
/* One repeated string instruction, then code_end. */
extern const struct code code_x86_64_repeat_out, code_x86_64_repeat_in;
/* fxsave64 to DATA_GVA, fxrstor64 from it; then the doorbell. */
extern const struct code code_x86_64_save_fpu, code_x86_64_load_fpu;
/* The words at FS:0 and GS:0 to RAX and RBX; then the doorbell. */
extern const struct code code_x86_64_read_fs_gs;
/* CR2, CR3, CR0, CR4 (DR0 to DR3) to RAX, RBX, RCX, RDX; then hlt.  For supervisor mode. */
extern const struct code code_x86_64_read_control, code_x86_64_read_debug;

/* Stores the 16 registers in the order of their numbers, then RFLAGS, at DATA_GVA; doorbell. */
struct code code_x86_64_store_registers(void);

#endif
