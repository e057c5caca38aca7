/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the architectures in what the tool prints: x86_64.
 */
#ifndef MOTE_TEST_CLI_EXPECTED_H
#define MOTE_TEST_CLI_EXPECTED_H

#define MACHINE_NAME "x86_64"
/* Of a read where nothing is mapped. */
#define READ_VECTOR "14"
#define READ_ERROR_CODE "\"0x4\""
#define PC_NAME "rip"
#define FLAGS_NAME "rflags"

/* The other one, as a machine of ELF and its relocation that needs no symbol. */
#define OTHER_MACHINE_NAME "aarch64"
#define OTHER_MACHINE EM_AARCH64
#define OTHER_RELATIVE R_AARCH64_RELATIVE

#endif
