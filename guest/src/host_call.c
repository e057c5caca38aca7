/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of host functions: arguments into host_call and its data area, ring,
 * result back.
 */
#include "runtime.h"
#include "text.h"

extern MOTE_GUEST_HIDDEN const struct mote_abi_import __start_mote_imports[];

struct mote_abi_value mote_guest_put_string(mote_string string)
{
	size_t length;

	if (!string)
		mote_abort("a null pointer was handed to the host as a string");
	length = strlen(string);
	/* See mote_guest_put_bytes. */
	return mote_guest_value(MOTE_TYPE_STRING,
				length > UINT32_MAX ? UINT32_MAX : (uint32_t)length,
				(uintptr_t)string);
}

static bool has_data(const struct mote_abi_value *value)
{
	return value->type == MOTE_TYPE_STRING || value->type == MOTE_TYPE_BYTES;
}

/* What a value takes in the data area: its bytes, and the NUL of a string. */
static uint64_t data_taken(const struct mote_abi_value *value)
{
	return (uint64_t)value->length + (value->type == MOTE_TYPE_STRING);
}

/* The parts of the data area that are still free: below and above what must stay in place. */
struct area {
	uint64_t low, low_end;
	uint64_t high, high_end;
};

static bool take(uint64_t *cursor, uint64_t end, uint64_t bytes, uint64_t *offset)
{
	uint64_t start = (*cursor + 15) & ~UINT64_C(15);

	if (start > end || bytes > end - start) {
		/* The last one may stand unaligned. */
		start = *cursor;
		if (bytes > end - start)
			return false;
	}
	*offset = start;
	*cursor = start + bytes;
	return true;
}

/*
 * An argument may be (part of) the result of the previous host call and then lies in the data area:
 * it is handed over where it is, and everything else is put around it.
 */
static void keep_in_place(const struct mote_abi_import *import, struct mote_abi_value *values,
			  struct area *area)
{
	uint64_t area_bytes = mote_guest_runtime.data_bytes;
	uint64_t begin = area_bytes, end = 0;

	for (uint8_t i = 0; i < import->argument_count; i++) {
		uint64_t offset = values[i].bits - (uintptr_t)mote_guest_runtime.host_call_data;
		uint64_t bytes = data_taken(&values[i]);

		if (!has_data(&values[i]) || bytes > area_bytes || offset > area_bytes - bytes)
			continue;
		begin = offset < begin ? offset : begin;
		end = offset + bytes > end ? offset + bytes : end;
	}
	if (begin > end)
		begin = end = 0;
	*area = (struct area){0, begin, end, area_bytes};
}

static _Noreturn void too_much(const struct mote_abi_import *import, uint64_t bytes)
{
	mote_abort("import %s: its arguments take %llu bytes, but the mailbox holds %lu",
		   import->name, (unsigned long long)bytes,
		   (unsigned long)mote_guest_runtime.data_bytes);
}

static void place_arguments(const struct mote_abi_import *import, struct mote_abi_value *values)
{
	unsigned char *data = mote_guest_runtime.host_call_data;
	uint64_t total = 0;
	struct area area;

	for (uint8_t i = 0; i < import->argument_count; i++)
		total += has_data(&values[i]) ? data_taken(&values[i]) : 0;
	if (total > mote_guest_runtime.data_bytes)
		too_much(import, total);
	keep_in_place(import, values, &area);
	for (uint8_t i = 0; i < import->argument_count; i++) {
		uint64_t source = values[i].bits;
		uint64_t bytes = data_taken(&values[i]);
		uint64_t offset = source - (uintptr_t)data;

		if (!has_data(&values[i]))
			continue;
		if (offset > area.high_end - bytes) {
			if (!take(&area.high, area.high_end, bytes, &offset) &&
			    !take(&area.low, area.low_end, bytes, &offset))
				too_much(import, total);
			memcpy(data + offset, (const void *)(uintptr_t)source, values[i].length);
			/* Strings of other languages have none of their own. */
			if (values[i].type == MOTE_TYPE_STRING)
				data[offset + values[i].length] = '\0';
		}
		values[i].bits = offset;
	}
}

struct mote_abi_value mote_guest_host_call(const struct mote_abi_import *import,
					   const struct mote_abi_value *arguments)
{
	struct mote_guest_runtime *runtime = &mote_guest_runtime;
	struct mote_abi_call *call = &runtime->mailbox->host_call;
	struct mote_abi_value result;
	bool data = false;

	for (uint8_t i = 0; i < import->argument_count; i++) {
		call->arguments[i] = arguments[i];
		data |= has_data(&arguments[i]);
	}
	if (data)
		place_arguments(import, call->arguments);
	call->function = (uint32_t)(import - __start_mote_imports);
	call->argument_count = import->argument_count;
	MOTE_GUEST_RING(MOTE_ABI_PORT_HOST_CALL);

	result = call->result;
	runtime->host_result_bytes = 0;
	if (has_data(&result)) {
		runtime->host_result_bytes = (uint32_t)(result.bits + data_taken(&result));
		result.bits += (uintptr_t)runtime->host_call_data;
	}
	return result;
}
