/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the architectures in what the tool prints: aarch64.
 */
#ifndef MOTE_TEST_CLI_EXPECTED_H
#define MOTE_TEST_CLI_EXPECTED_H

#define MACHINE_NAME "aarch64"
/* Of a read where nothing is mapped: a data abort, translation fault at level 3. */
#define READ_VECTOR "36"
#define READ_ERROR_CODE "\"0x92000007\""
#define PC_NAME "pc"
#define FLAGS_NAME "pstate"

/* The other one, as a machine of ELF and its relocation that needs no symbol. */
#define OTHER_MACHINE_NAME "x86_64"
#define OTHER_MACHINE EM_X86_64
#define OTHER_RELATIVE R_X86_64_RELATIVE

#endif
