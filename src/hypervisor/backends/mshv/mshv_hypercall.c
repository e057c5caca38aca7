/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypercalls through the driver, and what comes of those that fail.  Source: Linux,
 * drivers/hv/mshv_root_main.c, mshv_ioctl_passthru_hvcall.
 */
#include <errno.h>
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/mshv/mshv_internal.h"
#include "os/os_error.h"

/* How often in a row a call may end without progress.  Before Linux 6.19 it does so once for each
 * page of memory that the hypervisor asks for. */
enum { MOST_TRIES = 1000 };

mote_status mote_mshv_fail(mote_error *error, int code, const char *what)
{
	return mote_os_fail(error, MOTE_DOMAIN_HYPERVISOR, code, what);
}

int mote_mshv_request(const struct mote_mshv *mshv, int fd, unsigned long request, void *argument)
{
	int result = -EINTR;

	for (int i = 0; result == -EINTR && i < MOST_TRIES; i++)
		result = mote_mshv_ioctl(mshv, fd, request, argument);
	return result;
}

static const char *status_text(uint16_t status)
{
	switch (status) {
#define X(NAME, code, text)                                                                        \
	case MOTE_MSHV_##NAME:                                                                     \
		return text;
		MOTE_MSHV_STATUS_MAP(X)
#undef X
	default:
		return "unknown status";
	}
}

/* What the hypervisor says tells more than the errno that the driver makes of it. */
static mote_status fail_call(mote_error *error, int code, uint16_t status, const char *name)
{
	if (status == MOTE_MSHV_SUCCESS)
		return mote_mshv_fail(error, code, name);
	if (status == MOTE_MSHV_INSUFFICIENT_MEMORY)
		return mote_mshv_fail(error, ENOMEM, name);
	return mote_os_fail_code(error, MOTE_HYPERVISOR, MOTE_DOMAIN_HYPERVISOR, code,
				 "%s: the hypervisor says %u, %s", name, status,
				 status_text(status));
}

/* One attempt.  0, or a negative errno with a status. */
static int attempt(const struct mote_mshv *mshv, int fd, struct mote_mshv_hypercall *call)
{
	call->status = MOTE_MSHV_SUCCESS;
	return mote_mshv_request(mshv, fd, MOTE_MSHV_ROOT_HVCALL, call);
}

mote_status mote_mshv_call(const struct mote_mshv *mshv, int fd, struct mote_mshv_hypercall *call,
			   const char *name, mote_error *error)
{
	const uint16_t count = call->count;
	int result = -EAGAIN;

	for (int i = 0; result == -EAGAIN && i < MOST_TRIES; i++) {
		/* The driver has put there how many the last attempt did. */
		call->count = count;
		result = attempt(mshv, fd, call);
	}
	return result < 0 ? fail_call(error, -result, call->status, name) : MOTE_OK;
}

/* ---- Registers ------------------------------------------------------------------------------- */

/* A repeated call for some of count registers, from the first on.  done: how many it did. */
typedef int (*repeat)(struct mote_mshv_vm *vm, size_t first, size_t count, size_t *done,
		      uint16_t *status, void *user);

/* A call that was cut short goes on where it stopped. */
static mote_status all_of(struct mote_mshv_vm *vm, repeat call, void *user, size_t count,
			  const char *name, mote_error *error)
{
	size_t first = 0;
	int idle = 0;

	while (first < count) {
		uint16_t status = MOTE_MSHV_SUCCESS;
		size_t done = 0;
		int result = call(vm, first, count - first, &done, &status, user);

		if (done > count - first)
			done = count - first;
		first += done;
		idle = done > 0 ? 0 : idle + 1;
		if (result < 0 && (result != -EAGAIN || idle >= MOST_TRIES))
			return fail_call(error, -result, status, name);
		if (result >= 0 && done == 0)
			return mote_fail(error, MOTE_HYPERVISOR, "%s: it did nothing", name);
	}
	return MOTE_OK;
}

struct getting {
	const uint32_t *names;
	struct mote_hyperv_value *values;
};

static int get_some(struct mote_mshv_vm *vm, size_t first, size_t count, size_t *done,
		    uint16_t *status, void *user)
{
	const struct getting *get = user;
	struct {
		struct mote_mshv_registers head;
		uint32_t names[MOTE_MSHV_GET_MOST];
	} in = {{0}, {0}};
	struct mote_mshv_hypercall call = {
		.code = MOTE_MSHV_CALL_GET_REGISTERS,
		.count = (uint16_t)(count < MOTE_MSHV_GET_MOST ? count : MOTE_MSHV_GET_MOST),
		.in = (uintptr_t)&in,
		.out = (uintptr_t)(get->values + first),
	};
	int result;

	memcpy(in.names, get->names + first, call.count * sizeof(in.names[0]));
	call.in_bytes = (uint16_t)(sizeof(in.head) + call.count * sizeof(in.names[0]));
	call.out_bytes = (uint16_t)(call.count * sizeof(get->values[0]));
	result = attempt(vm->mshv, vm->vp, &call);
	*done = result == 0 || result == -EAGAIN ? call.count : 0;
	*status = call.status;
	return result;
}

mote_status mote_mshv_get_registers(struct mote_hyperv_vm *vm, const uint32_t *names,
				    struct mote_hyperv_value *values, size_t count,
				    mote_error *error)
{
	struct getting get = {names, values};

	return all_of((struct mote_mshv_vm *)vm, get_some, &get, count, "HVCALL_GET_VP_REGISTERS",
		      error);
}

struct setting {
	const uint32_t *names;
	const struct mote_hyperv_value *values;
};

static int set_some(struct mote_mshv_vm *vm, size_t first, size_t count, size_t *done,
		    uint16_t *status, void *user)
{
	const struct setting *set = user;
	struct {
		struct mote_mshv_registers head;
		struct mote_mshv_register registers[MOTE_MSHV_SET_MOST];
	} in;
	struct mote_mshv_hypercall call = {
		.code = MOTE_MSHV_CALL_SET_REGISTERS,
		.count = (uint16_t)(count < MOTE_MSHV_SET_MOST ? count : MOTE_MSHV_SET_MOST),
		.in = (uintptr_t)&in,
	};
	int result;

	in.head = (struct mote_mshv_registers){0};
	for (uint16_t i = 0; i < call.count; i++)
		in.registers[i] = (struct mote_mshv_register){
			.name = set->names[first + i],
			.value = set->values[first + i],
		};
	call.in_bytes = (uint16_t)(sizeof(in.head) + call.count * sizeof(in.registers[0]));
	result = attempt(vm->mshv, vm->vp, &call);
	*done = result == 0 || result == -EAGAIN ? call.count : 0;
	*status = call.status;
	return result;
}

mote_status mote_mshv_set_registers(struct mote_hyperv_vm *vm, const uint32_t *names,
				    const struct mote_hyperv_value *values, size_t count,
				    mote_error *error)
{
	struct setting set = {names, values};

	return all_of((struct mote_mshv_vm *)vm, set_some, &set, count, "HVCALL_SET_VP_REGISTERS",
		      error);
}

mote_status mote_mshv_set_register(struct mote_mshv_vm *vm, uint32_t name, uint64_t value,
				   mote_error *error)
{
	const struct mote_hyperv_value whole = {value, 0};

	return mote_mshv_set_registers(&vm->hyperv, &name, &whole, 1, error);
}

/* ---- Properties ------------------------------------------------------------------------------ */

mote_status mote_mshv_set_property(const struct mote_mshv *mshv, int partition, uint32_t code,
				   uint64_t value, mote_error *error)
{
	struct mote_mshv_property in = {.code = code, .value = value};
	struct mote_mshv_hypercall call = {
		.code = MOTE_MSHV_CALL_SET_PROPERTY,
		.in_bytes = sizeof(in),
		.in = (uintptr_t)&in,
	};

	return mote_mshv_call(mshv, partition, &call, "HVCALL_SET_PARTITION_PROPERTY", error);
}
