/* SPDX-License-Identifier: Apache-2.0
 *
 * Where user code is when a vCPU has stopped anywhere.
 */
#include "hypervisor/sandbox_vm.h"

#include "stopped.h"
#include "test.h"

static mote_exception_state stopped;

static mote_status give_state(struct mote_vm *vm, mote_exception_state *state, mote_error *error)
{
	(void)vm;
	(void)error;
	*state = stopped;
	return MOTE_OK;
}

/* Lays out a monitor and asks. */
static struct mote_guest_event locate(void (*stop)(const struct mote_monitor *monitor))
{
	static uint8_t memory[MOTE_MONITOR_BYTES];
	static const struct mote_vm_ops ops = {.exception_state = give_state};
	struct mote_vm vm = {.ops = &ops};
	struct mote_sandbox_vm sandbox_vm = {
		.vm = &vm,
		.monitor = {.memory = memory, .gva = 0x10000, .gpa = 0x10000},
	};
	struct mote_guest_event event;
	mote_error error = MOTE_ERROR_INIT;

	stop(&sandbox_vm.monitor);
	REQUIRE_OK(mote_sandbox_vm_locate(&sandbox_vm, &event, &error), &error);
	return event;
}

static void behind_the_exit(const struct mote_monitor *monitor)
{
	stop_in_monitor(monitor, 0x401234, 0x20ff0, true, &stopped);
}

static void at_the_exit(const struct mote_monitor *monitor)
{
	stop_in_monitor(monitor, 0x401234, 0x20ff0, false, &stopped);
}

static void in_user_code(const struct mote_monitor *monitor)
{
	(void)monitor;
	stop_in_user(0x401234, &stopped);
}

static void user_code_is_found_in_the_monitor(void)
{
	void (*const stops[])(const struct mote_monitor *) = {behind_the_exit, at_the_exit};

	for (size_t i = 0; i < TEST_COUNT(stops); i++) {
		struct mote_guest_event event = locate(stops[i]);

		CHECK(event.in_monitor);
		CHECK_EQ(event.exception.pc, 0x401234);
		CHECK_EQ(event.exception.sp, 0x20ff0);
	}
}

static void user_code_is_where_the_vcpu_is(void)
{
	CHECK(!locate(in_user_code).in_monitor);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(user_code_is_found_in_the_monitor),
		CASE(user_code_is_where_the_vcpu_is),
	};

	return test_main("sandbox_vm", cases, TEST_COUNT(cases), argc, argv);
}
