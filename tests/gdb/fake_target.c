/* SPDX-License-Identifier: Apache-2.0
 *
 * A pretended guest for tests of the debugger's protocol.  It runs inside of resume, so that a
 * session is the same each time.
 */
#include "fake_target.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "hypervisor/arch/aarch64/aarch64_gdb.h"
#include "hypervisor/arch/x86_64/x86_64_gdb.h"
#include "hypervisor/arch/x86_64/x86_64_monitor.h"

/* ---- State ------------------------------------------------------------------------------- */

static uint8_t *value_at(struct fake_target *fake, unsigned number)
{
	struct mote_gdb_place place = {0, 0, false};

	mote_gdb_find_register(fake->guest.registers, number, &place);
	return fake->values + place.offset;
}

uint64_t fake_register(const struct fake_target *fake, unsigned number)
{
	return mote_get64(value_at((struct fake_target *)fake, number));
}

void fake_set_register(struct fake_target *fake, unsigned number, uint64_t value)
{
	mote_put64(value_at(fake, number), value);
}

/* Every register has a value of its own. */
static void make(struct fake_target *fake, const struct mote_gdb_description *registers,
		 unsigned instruction_bytes)
{
	memset(fake, 0, sizeof(*fake));
	fake->instruction_bytes = instruction_bytes;
	fake->auxv[0] = 9; /* AT_ENTRY, and AT_NULL */
	fake->auxv[1] = FAKE_CODE;
	fake->guest = (struct mote_gdb_guest){
		.registers = registers,
		.text_address = FAKE_BASE,
		.thread_address = FAKE_THREAD,
		.auxv = (const uint8_t *)fake->auxv,
		.auxv_bytes = 4 * sizeof(fake->auxv[0]),
	};
	for (size_t i = 0; i < mote_gdb_value_bytes(registers); i++)
		fake->values[i] = (uint8_t)i;
	fake_set_register(fake, registers->pc, FAKE_CODE);
	fake_set_register(fake, registers->sp, FAKE_STACK);
}

void fake_target_x86_64(struct fake_target *fake, bool avx)
{
	make(fake, mote_x86_64_gdb_describe(avx ? MOTE_X86_64_FEATURE_AVX : 0), 1);
	memset(fake->memory + (FAKE_CODE - FAKE_BASE), 0x90, FAKE_INSTRUCTIONS); /* nop */
}

void fake_target_aarch64(struct fake_target *fake)
{
	make(fake, mote_aarch64_gdb_describe(0), 4);
	fake->stops_before_access = true;
	for (unsigned i = 0; i < FAKE_INSTRUCTIONS; i++)
		mote_put32(fake->memory + (FAKE_CODE - FAKE_BASE) + 4 * i, 0xd503201f); /* nop */
}

void fake_stop(struct fake_target *fake, enum mote_gdb_stop_kind kind, enum mote_gdb_signal signal)
{
	fake->is_running = false;
	fake->stop = (struct mote_gdb_stop){
		.kind = kind,
		.signal = signal,
		.pc = fake_register(fake, fake->guest.registers->pc),
		.sp = fake_register(fake, fake->guest.registers->sp),
	};
	fake->has_stopped = true;
}

/* ---- Running ----------------------------------------------------------------------------- */

static uint64_t pc_of(const struct fake_target *fake)
{
	return fake_register(fake, fake->guest.registers->pc);
}

static bool has_breakpoint(const struct fake_target *fake, uint64_t address)
{
	for (size_t i = 0; i < fake->point_count; i++)
		if (fake->points[i].point <= MOTE_GDB_HARDWARE_BREAKPOINT &&
		    fake->points[i].address == address)
			return true;
	return false;
}

static const struct fake_point *find_watch(const struct fake_target *fake)
{
	for (size_t i = 0; i < fake->point_count; i++)
		if (fake->points[i].point >= MOTE_GDB_WATCH_WRITE &&
		    FAKE_COUNTER - fake->points[i].address < fake->points[i].bytes)
			return &fake->points[i];
	return NULL;
}

static void stop_at_watch(struct fake_target *fake, const struct fake_point *watch)
{
	/* Within resume, so that nobody looks in between. */
	fake_stop(fake, MOTE_GDB_STOP_WATCH, MOTE_GDB_SIGTRAP);
	fake->stop.watch = watch->point;
	fake->stop.watch_address = FAKE_COUNTER;
}

/* One instruction; it may end with a stop. */
static void step(struct fake_target *fake)
{
	const uint64_t index = (pc_of(fake) - FAKE_CODE) / fake->instruction_bytes;
	const bool is_store = index % FAKE_STORE_EVERY == FAKE_STORE_EVERY - 1;
	const struct fake_point *watch = is_store ? find_watch(fake) : NULL;
	uint8_t *counter = fake->memory + (FAKE_COUNTER - FAKE_BASE);
	uint64_t next = pc_of(fake) + fake->instruction_bytes;

	if (watch != NULL && fake->stops_before_access) {
		stop_at_watch(fake, watch);
		return;
	}
	if (is_store)
		mote_put32(counter, mote_get32(counter) + 1);
	if (index + 1 >= FAKE_INSTRUCTIONS)
		next = FAKE_CODE;
	fake_set_register(fake, fake->guest.registers->pc, next);
	if (next == FAKE_CODE && !fake->is_endless)
		fake_stop(fake, MOTE_GDB_STOP_EXITED, MOTE_GDB_SIGNAL_NONE);
	else if (watch != NULL)
		stop_at_watch(fake, watch);
	else if (has_breakpoint(fake, next))
		fake_stop(fake, MOTE_GDB_STOP_BREAKPOINT, MOTE_GDB_SIGTRAP);
}

/* An endless program without a stop is broken in to. */
static void run(struct fake_target *fake, const struct mote_gdb_resume *how)
{
	for (unsigned i = 0; i < 2 * FAKE_INSTRUCTIONS && !fake->has_stopped; i++) {
		step(fake);
		if (fake->has_stopped || how->kind == MOTE_GDB_CONTINUE)
			continue;
		if (how->kind == MOTE_GDB_STEP || pc_of(fake) < how->begin ||
		    pc_of(fake) >= how->end)
			fake_stop(fake, MOTE_GDB_STOP_SIGNAL, MOTE_GDB_SIGTRAP);
	}
}

static void fake_resume(void *user, const struct mote_gdb_resume *resume)
{
	struct fake_target *fake = user;

	fake->resume = *resume;
	fake->is_running = true;
	if (resume->signal == MOTE_GDB_SIGNAL_NONE)
		run(fake, resume);
	else
		fake_stop(fake, MOTE_GDB_STOP_TERMINATED, resume->signal);
	fake->resumed++;
}

static void fake_attach(void *user)
{
	struct fake_target *fake = user;

	fake->attached++;
	fake_stop(fake, MOTE_GDB_STOP_SIGNAL, MOTE_GDB_SIGTRAP);
}

static void fake_detach(void *user)
{
	struct fake_target *fake = user;

	fake->detached++;
	fake->point_count = 0;
}

static void fake_kill(void *user)
{
	((struct fake_target *)user)->killed++;
}

static void fake_break_in(void *user)
{
	struct fake_target *fake = user;

	fake->broken_in++;
	if (fake->is_running)
		fake_stop(fake, MOTE_GDB_STOP_SIGNAL, MOTE_GDB_SIGINT);
}

static bool fake_take_stop(void *user, struct mote_gdb_stop *stop)
{
	struct fake_target *fake = user;
	const bool has_stopped = atomic_exchange(&fake->has_stopped, false);

	if (has_stopped)
		*stop = fake->stop;
	return has_stopped;
}

static void fake_perform(void *user, void (*work)(void *argument), void *argument)
{
	struct fake_target *fake = user;

	atomic_fetch_add(&fake->performed, 1);
	while (atomic_load(&fake->keeps_waiting))
		sched_yield();
	work(argument);
}

/* ---- Registers and memory ---------------------------------------------------------------- */

static enum mote_gdb_result fake_read_registers(void *user, uint8_t *values)
{
	const struct fake_target *fake = user;

	if (fake->fails)
		return MOTE_GDB_FAILED;
	memcpy(values, fake->values, mote_gdb_value_bytes(fake->guest.registers));
	return MOTE_GDB_OK;
}

/* No program counter beyond user space. */
static enum mote_gdb_result fake_write_registers(void *user, const uint8_t *values)
{
	struct fake_target *fake = user;
	struct mote_gdb_place pc = {0, 0, false};

	mote_gdb_find_register(fake->guest.registers, fake->guest.registers->pc, &pc);
	if (mote_get64(values + pc.offset) >> 47)
		return MOTE_GDB_REFUSED;
	memcpy(fake->values, values, mote_gdb_value_bytes(fake->guest.registers));
	return MOTE_GDB_OK;
}

static size_t fake_read_memory(void *user, uint64_t address, void *to, size_t bytes)
{
	const struct fake_target *fake = user;
	const uint64_t offset = address - FAKE_BASE;

	if (fake->fails || offset >= FAKE_BYTES)
		return 0;
	if (bytes > FAKE_BYTES - offset)
		bytes = FAKE_BYTES - (size_t)offset;
	memcpy(to, fake->memory + offset, bytes);
	return bytes;
}

static enum mote_gdb_result fake_write_memory(void *user, uint64_t address, const void *from,
					      size_t bytes)
{
	struct fake_target *fake = user;
	const uint64_t offset = address - FAKE_BASE;

	if (fake->fails || offset > FAKE_BYTES || bytes > FAKE_BYTES - offset)
		return MOTE_GDB_NO_MEMORY;
	memcpy(fake->memory + offset, from, bytes);
	return MOTE_GDB_OK;
}

static size_t find_point(const struct fake_target *fake, const struct fake_point *point)
{
	size_t i = 0;

	while (i < fake->point_count &&
	       (fake->points[i].point != point->point ||
		fake->points[i].address != point->address || fake->points[i].bytes != point->bytes))
		i++;
	return i;
}

static enum mote_gdb_result fake_insert(void *user, enum mote_gdb_point point, uint64_t address,
					uint64_t bytes)
{
	struct fake_target *fake = user;
	const struct fake_point inserted = {point, address, bytes};

	if (fake->fails || address - FAKE_BASE >= FAKE_BYTES)
		return MOTE_GDB_NO_MEMORY;
	if (find_point(fake, &inserted) < fake->point_count)
		return MOTE_GDB_OK;
	if (fake->point_count == FAKE_POINTS)
		return MOTE_GDB_TABLE_FULL;
	fake->points[fake->point_count++] = inserted;
	return MOTE_GDB_OK;
}

static enum mote_gdb_result fake_remove(void *user, enum mote_gdb_point point, uint64_t address,
					uint64_t bytes)
{
	struct fake_target *fake = user;
	const struct fake_point removed = {point, address, bytes};
	const size_t i = find_point(fake, &removed);

	if (i < fake->point_count)
		fake->points[i] = fake->points[--fake->point_count];
	return MOTE_GDB_OK;
}

static size_t fake_monitor(void *user, const char *command, char *text, size_t capacity)
{
	(void)user;
	if (strcmp(command, "quiet") == 0)
		return 0;
	if (strcmp(command, "long") == 0) {
		memset(text, 'x', capacity);
		return 2 * capacity;
	}
	return (size_t)snprintf(text, capacity, "no command %s\n", command);
}

const struct mote_gdb_target fake_target_functions = {
	.attach = fake_attach,
	.detach = fake_detach,
	.kill = fake_kill,
	.break_in = fake_break_in,
	.take_stop = fake_take_stop,
	.perform = fake_perform,
	.resume = fake_resume,
	.read_registers = fake_read_registers,
	.write_registers = fake_write_registers,
	.read_memory = fake_read_memory,
	.write_memory = fake_write_memory,
	.insert = fake_insert,
	.remove = fake_remove,
	.monitor = fake_monitor,
};
