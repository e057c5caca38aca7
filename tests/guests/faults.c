/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: everything a program can do wrong, one function each.  None of
 * them returns, except where a comment says so.
 */
#undef NDEBUG /* also in a release build */
#include <assert.h>
#include <instructions.h>
#include <mote_guest.h>
#include <stdlib.h>
#include <string.h>

MOTE_IMPORT(uint32_t, host_tick, (uint32_t, v))

/* To be called when a fault is expected and did not come. */
static void survived(const char *what)
{
	mote_abort("survived: %s", what);
}

/* Hides where a pointer comes from. */
static void *launder(const volatile void *pointer)
{
	void *result = (void *)(uintptr_t)pointer;

	__asm__ volatile("" : "+r"(result));
	return result;
}

typedef void function(void);

static function *as_function(void *pointer)
{
	function *result;

	memcpy(&result, &pointer, sizeof(result));
	return result;
}

static void do_nothing(void)
{
}

MOTE_EXPORT(uint32_t, still_alive)
{
	return 1;
}

/* ---- Memory ------------------------------------------------------------------------------- */

MOTE_EXPORT(void, null_read)
{
	(void)*(volatile char *)launder(NULL);
	survived("null_read");
}

MOTE_EXPORT(void, null_write)
{
	*(volatile char *)launder(NULL) = 1;
	survived("null_write");
}

MOTE_EXPORT(uint32_t, read_at, (uint64_t, address))
{
	return *(volatile uint8_t *)launder((void *)(uintptr_t)address);
}

MOTE_EXPORT(void, write_at, (uint64_t, address))
{
	*(volatile uint8_t *)launder((void *)(uintptr_t)address) = 0xcc;
	survived("write_at");
}

MOTE_EXPORT(void, jump_to, (uint64_t, address))
{
	as_function(launder((void *)(uintptr_t)address))();
	survived("jump_to");
}

MOTE_EXPORT(void, write_code)
{
	function *victim = do_nothing;
	void *address;

	memcpy(&address, &victim, sizeof(address));
	*(volatile unsigned char *)launder(address) = 0xc3;
	survived("write_code");
}

MOTE_EXPORT(void, write_constant)
{
	static const char constant[] = "constant";

	*(volatile char *)launder(constant) = 'C';
	survived("write_constant");
}

/* Behind RELRO: a constant with an address in it. */
static const char *const relocated[] = {"one", "two"};

MOTE_EXPORT(void, write_relro)
{
	*(const char *volatile *)launder(relocated) = "three";
	survived("write_relro");
}

MOTE_EXPORT(void, jump_heap)
{
	unsigned char *code = malloc(16);

	code[0] = 0xc3; /* ret */
	as_function(launder(code))();
	survived("jump_heap");
}

MOTE_EXPORT(void, jump_stack)
{
	volatile unsigned char code[16] = {0xc3};

	as_function(launder(code))();
	survived("jump_stack");
}

MOTE_EXPORT(void, jump_data)
{
	static unsigned char code[16] = {0xc3};

	as_function(launder(code))();
	survived("jump_data");
}

/* Code of the caller's choice, handed over as an argument. */
MOTE_EXPORT(void, jump_argument, (mote_bytes, code))
{
	as_function(launder(code.data))();
	survived("jump_argument");
}

static uint32_t recurse(volatile uint32_t *depth)
{
	volatile uint32_t here[64];

	if (*depth == UINT32_MAX) /* a stack of 1 TiB */
		return 0;
	here[0] = *depth + 1;
	return recurse(here) + here[0];
}

MOTE_EXPORT(uint32_t, overflow_stack)
{
	volatile uint32_t depth = 0;

	return recurse(&depth);
}

/* ---- Instructions ------------------------------------------------------------------------- */

MOTE_EXPORT(void, undefined_instruction)
{
	instruction_undefined();
	survived("undefined_instruction");
}

MOTE_EXPORT(int32_t, divide, (int32_t, a), (int32_t, b))
{
	return instruction_divide(a, b);
}

MOTE_EXPORT(void, halt)
{
	instruction_halt();
	survived("halt");
}

MOTE_EXPORT(void, disable_interrupts)
{
	instruction_disable_interrupts();
	survived("disable_interrupts");
}

MOTE_EXPORT(void, system_call)
{
	instruction_system_call();
	survived("system_call");
}

MOTE_EXPORT(void, breakpoint)
{
	instruction_breakpoint();
	survived("breakpoint");
}

MOTE_EXPORT(void, closed_port)
{
	instruction_ring(0x80);
	survived("closed_port");
}

/* An open port, but not with enough bytes. */
MOTE_EXPORT(void, short_doorbell)
{
	instruction_ring_short(MOTE_ABI_PORT_READY);
	survived("short_doorbell");
}

MOTE_EXPORT(void, read_port)
{
	instruction_read_port(MOTE_ABI_PORT_READY);
	survived("read_port");
}

/* ---- Ends --------------------------------------------------------------------------------- */

MOTE_EXPORT(void, call_abort)
{
	abort();
}

MOTE_EXPORT(void, abort_with, (mote_string, text))
{
	mote_abort("%s", text);
}

MOTE_EXPORT(void, call_exit, (int32_t, status))
{
	exit(status);
}

MOTE_EXPORT(void, fail_assertion)
{
	volatile int two = 2;

	assert(two == 3);
}

static void __attribute__((noinline)) write_forward(volatile char *at, size_t length)
{
	for (size_t i = 0; i < length; i++)
		at[i] = 'A';
}

MOTE_EXPORT(void, smash_stack)
{
	char buffer[16] = "";

	write_forward(launder(buffer), 64);
}

MOTE_EXPORT(void, free_twice)
{
	char *volatile memory = malloc(100);

	free(memory);
	free(memory);
	survived("free_twice");
}

MOTE_EXPORT(void, free_wild)
{
	char *memory = calloc(1, 100);

	free(launder(memory + 16));
	survived("free_wild");
}

MOTE_EXPORT(void, overrun_heap)
{
	char *memory = calloc(1, 100), *next = calloc(1, 100);

	memset(launder(memory), 'A', 128);
	free(launder(next));
	survived("overrun_heap");
}

MOTE_EXPORT(mote_bytes, huge_result)
{
	mote_bytes result = {launder(relocated), (size_t)1 << 40};

	return result;
}

MOTE_EXPORT(mote_string, null_string)
{
	return NULL;
}

/* ---- Loops: only a kill ends them --------------------------------------------------------- */

MOTE_EXPORT(void, spin)
{
	for (;;)
		instruction_pause();
}

MOTE_EXPORT(void, tick_once)
{
	host_tick(1);
}

MOTE_EXPORT(void, spin_host)
{
	for (;;)
		host_tick(1);
}

MOTE_EXPORT(void, spin_log)
{
	for (;;)
		mote_log(MOTE_LOG_ERROR, "still here");
}
