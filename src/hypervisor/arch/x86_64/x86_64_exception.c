/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of exception vectors.  Reserved vectors have a row too, since a
 * hostile or broken hypervisor could deliver them.
 */
#include "x86_64_exception.h"

#include "x86_64_monitor.h"

struct vector {
	const char *name;
	bool error_code;
	mote_fault_kind kind;
};

static const struct vector vectors[MOTE_X86_64_VECTORS] = {
	[0] = {"#DE", false, MOTE_FAULT_ARITHMETIC},
	[1] = {"#DB", false, MOTE_FAULT_SINGLE_STEP},
	[2] = {"NMI", false, MOTE_FAULT_OTHER},
	[3] = {"#BP", false, MOTE_FAULT_BREAKPOINT},
	[4] = {"#OF", false, MOTE_FAULT_PRIVILEGE},
	[5] = {"#BR", false, MOTE_FAULT_PRIVILEGE},
	[6] = {"#UD", false, MOTE_FAULT_INSTRUCTION},
	[7] = {"#NM", false, MOTE_FAULT_INSTRUCTION},
	[8] = {"#DF", true, MOTE_FAULT_OTHER},
	[9] = {"coprocessor segment overrun", false, MOTE_FAULT_OTHER},
	[10] = {"#TS", true, MOTE_FAULT_PRIVILEGE},
	[11] = {"#NP", true, MOTE_FAULT_PRIVILEGE},
	[12] = {"#SS", true, MOTE_FAULT_PRIVILEGE},
	[13] = {"#GP", true, MOTE_FAULT_PRIVILEGE},
	[14] = {"#PF", true, MOTE_FAULT_MEMORY},
	[15] = {"reserved", false, MOTE_FAULT_OTHER},
	[16] = {"#MF", false, MOTE_FAULT_ARITHMETIC},
	[17] = {"#AC", true, MOTE_FAULT_ALIGNMENT},
	[18] = {"#MC", false, MOTE_FAULT_OTHER},
	[19] = {"#XM", false, MOTE_FAULT_ARITHMETIC},
	[20] = {"#VE", false, MOTE_FAULT_OTHER},
	[21] = {"#CP", true, MOTE_FAULT_OTHER},
	[22] = {"reserved", false, MOTE_FAULT_OTHER},
	[23] = {"reserved", false, MOTE_FAULT_OTHER},
	[24] = {"reserved", false, MOTE_FAULT_OTHER},
	[25] = {"reserved", false, MOTE_FAULT_OTHER},
	[26] = {"reserved", false, MOTE_FAULT_OTHER},
	[27] = {"reserved", false, MOTE_FAULT_OTHER},
	[28] = {"#HV", false, MOTE_FAULT_OTHER},
	[29] = {"#VC", true, MOTE_FAULT_OTHER},
	[30] = {"#SX", true, MOTE_FAULT_OTHER},
	[31] = {"reserved", false, MOTE_FAULT_OTHER},
};

const char *mote_x86_64_vector_name(uint32_t vector)
{
	return vector < MOTE_X86_64_VECTORS ? vectors[vector].name : "no vector";
}

bool mote_x86_64_vector_has_error_code(uint32_t vector)
{
	return vector < MOTE_X86_64_VECTORS && vectors[vector].error_code;
}

mote_fault_kind mote_x86_64_vector_fault_kind(uint32_t vector)
{
	return vector < MOTE_X86_64_VECTORS ? vectors[vector].kind : MOTE_FAULT_OTHER;
}

mote_access mote_x86_64_page_fault_access(uint64_t error_code)
{
	if (error_code & MOTE_X86_64_PAGE_FAULT_FETCH)
		return MOTE_ACCESS_EXECUTE;
	return error_code & MOTE_X86_64_PAGE_FAULT_WRITE ? MOTE_ACCESS_WRITE : MOTE_ACCESS_READ;
}
