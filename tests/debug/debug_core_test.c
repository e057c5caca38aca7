/* SPDX-License-Identifier: Apache-2.0
 *
 * Cores of a guest that a debugger has stopped: they are what the debugger sees.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mote/core.h>

#include "client.h"
#include "fixture.h"
#include "machine.h"
#include "sandbox/sandbox_internal.h"

static mote_engine *engine;
static mote_sandbox *sandbox;
static mote_error error;
static struct client client;
static char path[64];

static void begin(void)
{
	error = (mote_error)MOTE_ERROR_INIT;
	client.fd = -1;
	sandbox = NULL;
	snprintf(path, sizeof(path), "/tmp/mote-debug-core-%d", (int)getpid());
	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "debug_O0", NULL);
	if (mote_sandbox_set_core_options(sandbox, NULL, &error) == MOTE_OK &&
	    mote_sandbox_dump_core(sandbox, path, &error) == MOTE_UNSUPPORTED)
		SKIP("a library without cores");
}

static void end(void)
{
	if (client.fd >= 0)
		client_close(&client);
	fixture_destroy(sandbox, engine);
	unlink(path);
}

/* ---- The guest --------------------------------------------------------------------------- */

static uint64_t find_leaf(void)
{
	const struct mote_elf *elf = &sandbox->image->elf;
	const uint64_t first = elf->segments[0].address;
	const char *name;
	uint64_t offset;

	for (uint64_t at = first; at < first + 0x20000; at++)
		if (mote_elf_nearest_symbol(elf, at, &name, &offset) && strcmp(name, "leaf") == 0)
			return at - offset + sandbox->layout.image_bias;
	FAIL("no function leaf");
}

static const char *ask(const char *format, uint64_t number)
{
	char packet[64];

	snprintf(packet, sizeof(packet), format, (unsigned long long)number);
	return client_ask(&client, packet);
}

/* A register by gdb's number: 8 bytes, the lowest first. */
static uint64_t read_register(unsigned number)
{
	const char *text = ask("p%llx", number);
	uint64_t value = 0;

	REQUIRE_EQ(strlen(text), 16);
	for (unsigned i = 8; i-- > 0;) {
		unsigned byte;

		REQUIRE(sscanf(text + 2 * i, "%2x", &byte) == 1);
		value = value << 8 | byte;
	}
	return value;
}

/* Returns what it was. */
static uint64_t write_register(unsigned number, uint64_t value)
{
	const uint64_t before = read_register(number);
	char packet[64];
	int length = snprintf(packet, sizeof(packet), "P%x=", number);

	for (unsigned i = 0; i < 8; i++)
		length += snprintf(packet + length, sizeof(packet) - (size_t)length, "%02x",
				   (unsigned)(value >> 8 * i & 0xff));
	CHECK_STR(client_ask(&client, packet), "OK");
	return before;
}

static void *call_work(void *user)
{
	mote_value argument = mote_value_u64(6);

	*(mote_value *)user = fixture_call(sandbox, "work", &argument, 1);
	return NULL;
}

/* ---- The core ---------------------------------------------------------------------------- */

struct core {
	uint8_t *bytes;
	size_t length;
};

static struct core read_core(const char *name)
{
	struct core core;

	core.bytes = (uint8_t *)test_read_file(name, &core.length);
	REQUIRE(core.length > sizeof(Elf64_Ehdr));
	return core;
}

/* In the note NT_PRSTATUS, which is the first one, by Linux's order of registers. */
static uint64_t core_register(const struct core *core, unsigned number)
{
	const Elf64_Ehdr *header = (const void *)core->bytes;
	const Elf64_Phdr *notes = (const void *)(core->bytes + header->e_phoff);
	uint64_t value;

	REQUIRE_EQ(notes->p_type, PT_NOTE);
	memcpy(&value, core->bytes + notes->p_offset + 12 + 8 + 112 + 8 * (size_t)number,
	       sizeof(value));
	return value;
}

static const Elf64_Phdr *core_segment(const struct core *core, uint64_t address)
{
	const Elf64_Ehdr *header = (const void *)core->bytes;
	const Elf64_Phdr *segments = (const void *)(core->bytes + header->e_phoff);

	for (unsigned i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD &&
		    address - segments[i].p_vaddr < segments[i].p_memsz)
			return &segments[i];
	FAIL("0x%llx is not in the core", (unsigned long long)address);
}

/* In hexadecimal, as the debugger gets it. */
static void core_memory(const struct core *core, uint64_t address, char text[33])
{
	const Elf64_Phdr *segment = core_segment(core, address);
	const uint8_t *bytes = core->bytes + segment->p_offset + (address - segment->p_vaddr);

	for (unsigned i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static void check_code(const struct core *core, uint64_t leaf, const char *original)
{
	char code[33];

	core_memory(core, leaf, code);
	CHECK_STR(code, original);
}

/* ---- Cases ------------------------------------------------------------------------------- */

static void a_stopped_call_is_what_the_debugger_sees(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait = true};
	const uint64_t leaf = find_leaf();
	mote_value result;
	pthread_t caller;
	char code[64];
	struct core core;
	uint64_t stack, scratch;

	REQUIRE_OK(client_listen(sandbox, &options, &error), &error);
	REQUIRE(pthread_create(&caller, NULL, call_work, &result) == 0);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	snprintf(code, sizeof(code), "%s", ask("m%llx,10", leaf));
	CHECK_STR(ask("Z0,%llx,1", leaf), "OK");
	CHECK_CONTAINS(client_ask(&client, "c"), "T05");
	CHECK_EQ(read_register(GDB_PC), leaf);
	stack = read_register(GDB_STACK);
	CHECK_STR(ask("Z4,%llx,8", stack), "OK");    /* its page is unmapped now */
	scratch = write_register(GDB_SCRATCH, 0x7e); /* which the vCPU may not know yet */

	REQUIRE_OK(mote_sandbox_dump_core(sandbox, path, &error), &error);
	core = read_core(path);
	CHECK_EQ(core_register(&core, CORE_PC), leaf);
	CHECK_EQ(core_register(&core, CORE_STACK), stack);
	CHECK_EQ(core_register(&core, CORE_SCRATCH), 0x7e);
	CHECK_EQ(core_segment(&core, stack)->p_flags, PF_R | PF_W);
	check_code(&core, leaf, code);
	free(core.bytes);

	/* The breakpoint is there again. */
	(void)write_register(GDB_SCRATCH, scratch);
	CHECK_STR(ask("z4,%llx,8", stack), "OK");
	CHECK_CONTAINS(client_ask(&client, "c"), "T05");
	CHECK_EQ(read_register(GDB_PC), leaf);
	CHECK_STR(client_ask(&client, "D"), "OK");
	pthread_join(caller, NULL);
	CHECK_EQ(result.as.u64, 25);
}

static void a_held_sandbox_too(void)
{
	const uint64_t leaf = find_leaf();
	struct core core;
	char code[64];

	CHECK_EQ(CALL(sandbox, "work", mote_value_u64(6)).as.u64, 25);
	REQUIRE_OK(client_listen(sandbox, NULL, &error), &error);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	snprintf(code, sizeof(code), "%s", ask("m%llx,10", leaf));
	CHECK_STR(ask("Z0,%llx,1", leaf), "OK");
	REQUIRE_OK(mote_sandbox_dump_core(sandbox, path, &error), &error);
	core = read_core(path);
	CHECK_EQ(core_register(&core, CORE_PC), read_register(GDB_PC));
	check_code(&core, leaf, code);
	free(core.bytes);
	CHECK_STR(client_ask(&client, "D"), "OK");
	CHECK_EQ(CALL(sandbox, "work", mote_value_u64(6)).as.u64, 25);
}

static void between_calls_as_ever(void)
{
	mote_value result;
	pthread_t caller;

	REQUIRE_OK(client_listen(sandbox, NULL, &error), &error);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	client_send(&client, "c");
	REQUIRE(pthread_create(&caller, NULL, call_work, &result) == 0);
	pthread_join(caller, NULL);
	REQUIRE_OK(mote_sandbox_dump_core(sandbox, path, &error), &error);
	CHECK_EQ(result.as.u64, 25);
}

static void *call_faulty(void *user)
{
	mote_value argument = mote_value_u64(16), result;
	mote_function function;

	REQUIRE_OK(mote_sandbox_find(sandbox, "faulty", NULL, &function, &error), &error);
	*(mote_status *)user =
		mote_sandbox_call(sandbox, function, &argument, 1, NULL, &result, &error);
	return NULL;
}

static void the_core_of_a_failed_call_has_no_breakpoints(void)
{
	const mote_debug_options options = {.size = sizeof(options), .wait = true};
	mote_core_options cores = MOTE_CORE_OPTIONS_INIT;
	const uint64_t leaf = find_leaf();
	mote_status status;
	pthread_t caller;
	struct core core;
	char code[64];

	cores.directory = "/tmp";
	cores.pattern = path + sizeof("/tmp");
	REQUIRE_OK(mote_sandbox_set_core_options(sandbox, &cores, &error), &error);
	REQUIRE_OK(client_listen(sandbox, &options, &error), &error);
	REQUIRE(pthread_create(&caller, NULL, call_faulty, &status) == 0);
	client_connect(&client, sandbox);
	CHECK_CONTAINS(client_ask(&client, "?"), "T05");
	snprintf(code, sizeof(code), "%s", ask("m%llx,10", leaf));
	CHECK_STR(ask("Z0,%llx,1", leaf), "OK");
	CHECK_CONTAINS(client_ask(&client, "c"), "T0b");
	CHECK_STR(client_ask(&client, "C0b"), "X0b");
	pthread_join(caller, NULL);
	CHECK_STATUS(status, MOTE_GUEST_FAULT, &error);
	REQUIRE(mote_sandbox_get_core_path(sandbox) != NULL);
	core = read_core(mote_sandbox_get_core_path(sandbox));
	check_code(&core, leaf, code);
	free(core.bytes);
}

#define CORE_CASE(name) CASE_WITHIN(name, begin, end)

static const struct test_case cases[] = {
	CORE_CASE(a_stopped_call_is_what_the_debugger_sees),
	CORE_CASE(a_held_sandbox_too),
	CORE_CASE(between_calls_as_ever),
	CORE_CASE(the_core_of_a_failed_call_has_no_breakpoints),
};

int main(int argc, char **argv)
{
	return test_main("debug_core", cases, TEST_COUNT(cases), argc, argv);
}
