/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that is known about a guest fault, for programs.
 */
#include "fault_report.h"

#include "text.h"

#define X86_64_JSON(name) json_address(json, #name, regs->name);
#define AARCH64_JSON(name, member) json_address(json, #name, regs->member);

static void x86_64_json(struct json *json, const mote_x86_64_regs *regs)
{
	MOTE_X86_64_REGS_MAP(X86_64_JSON)
}

static void aarch64_json(struct json *json, const mote_aarch64_regs *regs)
{
	MOTE_AARCH64_REGS_MAP(AARCH64_JSON)
}

void registers_json(struct json *json, const mote_registers *registers)
{
	json_open_object(json, "registers");
	json_string(json, "machine", mote_machine_name(registers->machine));
	if (registers->machine == MOTE_MACHINE_X86_64)
		x86_64_json(json, &registers->as.x86_64);
	else
		aarch64_json(json, &registers->as.aarch64);
	json_close_object(json);
}

void fault_json(struct json *json, const mote_fault *fault)
{
	json_open_object(json, "fault");
	json_string(json, "kind", mote_fault_kind_name(fault->kind));
	if (fault->vector != MOTE_FAULT_NO_VECTOR)
		json_unsigned(json, "vector", fault->vector);
	else
		json_null(json, "vector");
	json_address(json, "error_code", fault->error_code);
	json_address(json, "pc", fault->pc);
	if (fault->access != MOTE_ACCESS_NONE) {
		json_address(json, "address", fault->address);
		json_string(json, "access", mote_access_name(fault->access));
		json_string(json, "region", fault->region);
	} else {
		json_null(json, "address");
		json_null(json, "access");
		json_null(json, "region");
	}
	if (fault->symbol[0] != '\0') {
		json_string(json, "symbol", fault->symbol);
		json_unsigned(json, "symbol_offset", fault->symbol_offset);
	} else {
		json_null(json, "symbol");
		json_null(json, "symbol_offset");
	}
	registers_json(json, &fault->registers);
	json_close_object(json);
}
