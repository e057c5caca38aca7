/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a guest: take over the mailbox, run the constructors, then serve
 * one call after the other.  Between calls it is parked in the doorbell.
 */
#include "runtime.h"
#include "text.h"

/* tables.inc, which cannot include abi.h, has these two as plain numbers. */
_Static_assert(MOTE_ABI_NOTE_IMAGE == 1, "change src/tables.inc too");
_Static_assert(MOTE_ABI_VERSION == 1, "change src/tables.inc too");

/* Some that were compiled for other C libraries expect what main gets. */
typedef void constructor(int argc, char **argv, char **environment);

/* Defined by the linker. */
extern MOTE_GUEST_HIDDEN constructor *const __preinit_array_start[];
extern MOTE_GUEST_HIDDEN constructor *const __preinit_array_end[];
extern MOTE_GUEST_HIDDEN constructor *const __init_array_start[];
extern MOTE_GUEST_HIDDEN constructor *const __init_array_end[];
extern MOTE_GUEST_HIDDEN const struct mote_guest_export __start_mote_exports[];
extern MOTE_GUEST_HIDDEN const struct mote_guest_export __stop_mote_exports[];

/* Hooks of MOTE_RESTORED, if the program has any. */
typedef void restored_hook(uint64_t generation);
extern MOTE_GUEST_HIDDEN restored_hook *const __start_mote_restored[] __attribute__((weak));
extern MOTE_GUEST_HIDDEN restored_hook *const __stop_mote_restored[] __attribute__((weak));

/* Relocations of IFUNCs, where a program has them; only the linker of one without PIE defines
 * these. */
extern MOTE_GUEST_HIDDEN const char __rela_iplt_start[] __attribute__((weak));
extern MOTE_GUEST_HIDDEN const char __rela_iplt_end[] __attribute__((weak));

struct mote_guest_runtime mote_guest_runtime;

static void take_over(struct mote_abi_mailbox *mailbox)
{
	struct mote_guest_runtime *runtime = &mote_guest_runtime;

	runtime->mailbox = mailbox;
	runtime->call_data = (unsigned char *)(uintptr_t)mailbox->call_data_gva;
	runtime->host_call_data = (unsigned char *)(uintptr_t)mailbox->host_call_data_gva;
	runtime->data_bytes = mailbox->data_bytes;
	runtime->heap = (uintptr_t)mailbox->heap_gva;
	runtime->heap_bytes = (size_t)mailbox->heap_bytes;
	runtime->random[0] = mailbox->random[0];
	runtime->random[1] = mailbox->random[1];
	runtime->generation = mailbox->generation;
}

/* The host has put the program back to an earlier state.  Not inlined: the canary changes before
 * functions that use it are called. */
static __attribute__((noinline)) void begin_generation(const struct mote_abi_mailbox *mailbox)
{
	struct mote_guest_runtime *runtime = &mote_guest_runtime;

	runtime->generation = mailbox->generation;
	runtime->random[0] = mailbox->random[0];
	runtime->random[1] = mailbox->random[1];
	for (restored_hook *const *hook = __start_mote_restored; hook != __stop_mote_restored;
	     hook++)
		(*hook)(runtime->generation);
}

/*
 * Puts the data of a result where the host can read it.  Data that is in the data area already,
 * such as an argument handed back, stays where it is.
 */
static void place_result(const struct mote_guest_export *function, struct mote_abi_value *result)
{
	unsigned char *area = mote_guest_runtime.call_data;
	uint32_t area_bytes = mote_guest_runtime.data_bytes;
	uint64_t taken = (uint64_t)result->length + (result->type == MOTE_TYPE_STRING);
	uint64_t offset = result->bits - (uintptr_t)area;

	if (taken > area_bytes)
		mote_abort("export %s: its result takes %llu bytes, but the mailbox holds %lu",
			   function->name, (unsigned long long)taken, (unsigned long)area_bytes);
	if (offset > area_bytes - taken) {
		memmove(area, (const void *)(uintptr_t)result->bits, result->length);
		offset = 0;
	}
	/* Strings of other languages have none of their own. */
	if (result->type == MOTE_TYPE_STRING)
		area[offset + result->length] = '\0';
	result->bits = offset;
}

static const struct mote_guest_export *find(uint32_t index)
{
	size_t count = (size_t)(__stop_mote_exports - __start_mote_exports);

	if (index >= count)
		mote_abort("call of function %lu, but there are %zu", (unsigned long)index, count);
	return &__start_mote_exports[index];
}

/* The offsets of strings and bytes become addresses, in the mailbox itself. */
static struct mote_abi_value execute(const struct mote_guest_export *function,
				     struct mote_abi_value *arguments)
{
	for (uint8_t i = 0; i < function->argument_count; i++) {
		struct mote_abi_value *argument = &arguments[i];

		if (argument->type != MOTE_TYPE_STRING && argument->type != MOTE_TYPE_BYTES)
			continue;
		if (argument->bits & MOTE_ABI_ADDRESS)
			argument->bits &= ~MOTE_ABI_ADDRESS;
		else
			argument->bits += (uintptr_t)mote_guest_runtime.call_data;
	}
	return function->entry(arguments);
}

static void serve(struct mote_abi_call *call)
{
	const struct mote_guest_export *function = find(call->function);
	struct mote_abi_value result = execute(function, call->arguments);

	if (mote_guest_flush)
		mote_guest_flush();
	if (result.type == MOTE_TYPE_STRING || result.type == MOTE_TYPE_BYTES)
		place_result(function, &result);
	call->result = result;
}

/* Arguments and results of a batch stand in the data area. */
static void serve_batch(const struct mote_abi_mailbox *mailbox)
{
	const struct mote_guest_export *function = find(mailbox->call.function);
	struct mote_abi_value *arguments = (void *)mote_guest_runtime.call_data;
	struct mote_abi_value *results =
		(void *)(mote_guest_runtime.call_data + mailbox->batch_results_offset);
	uint32_t count = mailbox->batch_count;

	for (uint32_t i = 0; i < count; i++)
		results[i] = execute(function, arguments + (size_t)i * function->argument_count);
	if (mote_guest_flush)
		mote_guest_flush();
}

void mote_guest_construct(int argc, char **argv, char **environment)
{
	for (constructor *const *each = __preinit_array_start; each != __preinit_array_end; each++)
		(*each)(argc, argv, environment);
	for (constructor *const *each = __init_array_start; each != __init_array_end; each++)
		(*each)(argc, argv, environment);
}

void mote_guest_main(struct mote_abi_mailbox *mailbox)
{
	static char *nothing; /* for good: some keep its address */

	take_over(mailbox);
	/* The host sees the symbols of IFUNCs; this is for programs that were stripped of them. */
	if (&__rela_iplt_start[0] != &__rela_iplt_end[0])
		mote_abort("this program has an IFUNC, which nothing resolves; build it without "
			   "the attributes ifunc and target_clones");
	if (&mote_guest_constructs == NULL)
		mote_guest_construct(0, &nothing, &nothing);
	for (;;) {
		/* At the first round there may be a call already; later there always is one. */
		if (mailbox->batch_count != 0)
			serve_batch(mailbox);
		else if (mailbox->call.function != MOTE_ABI_NO_FUNCTION)
			serve(&mailbox->call);
		MOTE_GUEST_RING(MOTE_ABI_PORT_READY);
		if (mailbox->generation != mote_guest_runtime.generation) {
			mote_guest_renew_canary();
			begin_generation(mailbox);
		}
	}
}

const struct mote_abi_mailbox *mote_guest_mailbox(void)
{
	return mote_guest_runtime.mailbox;
}

size_t mote_call_capacity(void)
{
	return mote_guest_runtime.data_bytes;
}
