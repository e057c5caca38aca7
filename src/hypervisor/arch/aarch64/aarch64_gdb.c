/* SPDX-License-Identifier: Apache-2.0
 *
 * The aarch64 registers of user code in gdb's order and formats.
 * GDB manual, G.5.1 (AArch64 features).
 */
#include "aarch64_gdb.h"

#include <string.h>

#include "bytes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- The description --------------------------------------------------------------------- */

static const char core_types[] = "<flags id=\"cpsr_flags\" size=\"4\">\n"
				 "<field name=\"SP\" start=\"0\" end=\"0\"/>\n"
				 "<field name=\"EL\" start=\"2\" end=\"3\"/>\n"
				 "<field name=\"nRW\" start=\"4\" end=\"4\"/>\n"
				 "<field name=\"F\" start=\"6\" end=\"6\"/>\n"
				 "<field name=\"I\" start=\"7\" end=\"7\"/>\n"
				 "<field name=\"A\" start=\"8\" end=\"8\"/>\n"
				 "<field name=\"D\" start=\"9\" end=\"9\"/>\n"
				 "<field name=\"SS\" start=\"21\" end=\"21\"/>\n"
				 "<field name=\"V\" start=\"28\" end=\"28\"/>\n"
				 "<field name=\"C\" start=\"29\" end=\"29\"/>\n"
				 "<field name=\"Z\" start=\"30\" end=\"30\"/>\n"
				 "<field name=\"N\" start=\"31\" end=\"31\"/>\n"
				 "</flags>\n";

static const struct mote_gdb_registers core[] = {
	{"x%u", "int", NULL, 31, 8},
	{"sp", "data_ptr", NULL, 1, 8},
	{"pc", "code_ptr", NULL, 1, 8},
	{"cpsr", "cpsr_flags", NULL, 1, 4},
};

static const char fpu_types[] = "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>\n"
				"<vector id=\"v2u\" type=\"uint64\" count=\"2\"/>\n"
				"<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>\n"
				"<vector id=\"v4u\" type=\"uint32\" count=\"4\"/>\n"
				"<vector id=\"v8u\" type=\"uint16\" count=\"8\"/>\n"
				"<vector id=\"v16u\" type=\"uint8\" count=\"16\"/>\n"
				"<vector id=\"v1u\" type=\"uint128\" count=\"1\"/>\n"
				"<union id=\"aarch64v\">\n"
				"<field name=\"d\" type=\"v2d\"/>\n"
				"<field name=\"du\" type=\"v2u\"/>\n"
				"<field name=\"f\" type=\"v4f\"/>\n"
				"<field name=\"su\" type=\"v4u\"/>\n"
				"<field name=\"hu\" type=\"v8u\"/>\n"
				"<field name=\"bu\" type=\"v16u\"/>\n"
				"<field name=\"qu\" type=\"v1u\"/>\n"
				"</union>\n";

static const struct mote_gdb_registers fpu[] = {
	{"v%u", "aarch64v", NULL, 32, 16},
	{"fpsr", "int", NULL, 1, 4},
	{"fpcr", "int", NULL, 1, 4},
};

static const struct mote_gdb_registers tls[] = {
	{"tpidr", "data_ptr", NULL, 1, 8},
};

/* In the order of the table below. */
#define SYSTEM_MAP(X) X(sctlr) X(ttbr0) X(tcr) X(mair) X(vbar) X(esr) X(far) X(elr) X(spsr)

static const struct mote_gdb_registers system_registers[] = {
#define SYSTEM_REGISTER(name) {#name "_el1", "int64", "system", 1, 8},
	SYSTEM_MAP(SYSTEM_REGISTER)};

static const struct mote_gdb_feature parts[] = {
	{"org.gnu.gdb.aarch64.core", core_types, core, COUNT(core), false},
	{"org.gnu.gdb.aarch64.fpu", fpu_types, fpu, COUNT(fpu), false},
	{"org.gnu.gdb.aarch64.tls", "", tls, COUNT(tls), false},
	{"mote.system", "", system_registers, COUNT(system_registers), true},
};

enum { SP = 31, PC = 32 };

const struct mote_gdb_description *mote_aarch64_gdb_describe(uint64_t features)
{
	static const struct mote_gdb_feature *const all[] = {
		&parts[0],
		&parts[1],
		&parts[2],
		&parts[3],
	};
	static const struct mote_gdb_description description = {"aarch64", all, COUNT(all), PC, SP};

	(void)features;
	return &description;
}

/* ---- Values ------------------------------------------------------------------------------ */

static void put32(uint8_t **at, uint64_t value)
{
	mote_put32(*at, (uint32_t)value);
	*at += 4;
}

static void put64(uint8_t **at, uint64_t value)
{
	mote_put64(*at, value);
	*at += 8;
}

static uint32_t take32(const uint8_t **at)
{
	*at += 4;
	return mote_get32(*at - 4);
}

static uint64_t take64(const uint8_t **at)
{
	*at += 8;
	return mote_get64(*at - 8);
}

void mote_aarch64_gdb_pack(const struct mote_aarch64_gdb_state *state, uint64_t features,
			   uint8_t *values)
{
	uint8_t *at = values;

	(void)features;
	for (unsigned i = 0; i < COUNT(state->regs.x); i++)
		put64(&at, state->regs.x[i]);
	put64(&at, state->regs.sp);
	put64(&at, state->regs.pc);
	put32(&at, state->regs.pstate);
	memcpy(at, state->fpu.v, sizeof(state->fpu.v));
	at += sizeof(state->fpu.v);
	put32(&at, state->fpu.fpsr);
	put32(&at, state->fpu.fpcr);
	put64(&at, state->sregs.tpidr_el0);
#define PUT_SYSTEM(name) put64(&at, state->sregs.name);
	SYSTEM_MAP(PUT_SYSTEM)
}

void mote_aarch64_gdb_unpack(const uint8_t *values, uint64_t features,
			     struct mote_aarch64_gdb_state *state)
{
	const uint8_t *at = values;

	(void)features;
	for (unsigned i = 0; i < COUNT(state->regs.x); i++)
		state->regs.x[i] = take64(&at);
	state->regs.sp = take64(&at);
	state->regs.pc = take64(&at);
	state->regs.pstate = (state->regs.pstate & ~(uint64_t)UINT32_MAX) | take32(&at);
	memcpy(state->fpu.v, at, sizeof(state->fpu.v));
	at += sizeof(state->fpu.v);
	state->fpu.fpsr = take32(&at);
	state->fpu.fpcr = take32(&at);
	state->sregs.tpidr_el0 = take64(&at);
}
