/* SPDX-License-Identifier: Apache-2.0
 *
 * Act two: guests that attack.  Each one runs in its own sandbox; one line says what it tried and
 * what stopped it.
 */
#include "demo.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct attack {
	const char *function; /* void(bytes); the argument shows the guest where the mailbox is */
	const char *tries;
	mote_status status;
	mote_fault_kind faults[2]; /* with MOTE_GUEST_FAULT: x86_64's, aarch64's */
};

#define FAULT(kind)                                                                                \
	MOTE_GUEST_FAULT,                                                                          \
	{                                                                                          \
		MOTE_FAULT_##kind, MOTE_FAULT_##kind                                               \
	}

static const struct attack attacks[] = {
	{"write_code", "writes to its own code", FAULT(MEMORY)},
	{"jump_heap", "jumps to its heap", FAULT(MEMORY)},
	{"touch_page_zero", "touches page zero", FAULT(MEMORY)},
	{"overflow_stack", "overflows its stack", FAULT(STACK_OVERFLOW)},
	{"privileged", "executes a privileged instruction", FAULT(PRIVILEGE)},
	/* The processor has a bitmap of open ports, or the host refuses anything but a doorbell. */
	{"closed_port",
	 "writes to a closed port",
	 MOTE_GUEST_FAULT,
	 {MOTE_FAULT_PRIVILEGE, MOTE_FAULT_DOORBELL}},
	{"wild_doorbell", "rings for a host function that does not exist", FAULT(MAILBOX)},
	{"odd_doorbell", "rings the doorbell with one byte", FAULT(DOORBELL)},
	{"lying_length", "lies about a length in the mailbox", FAULT(MAILBOX)},
	{"loop", "loops forever", MOTE_KILLED, {MOTE_FAULT_OTHER, MOTE_FAULT_OTHER}},
};

/* Kills the call as soon as the guest is running. */
static void *kill_when_running(void *user)
{
	mote_interrupt_state state = MOTE_INTERRUPT_STATE_INIT;
	mote_interrupt *interrupt = user;

	do
		(void)mote_interrupt_get_state(interrupt, &state, NULL);
	while (!state.running);
	mote_interrupt_kill(interrupt);
	return NULL;
}

static mote_status run(mote_sandbox *sandbox, const struct attack *attack, mote_error *error)
{
	mote_interrupt *interrupt = mote_sandbox_get_interrupt(sandbox);
	mote_value argument = mote_value_bytes("x", 1);
	mote_function function;
	pthread_t killer;
	bool kill = attack->status == MOTE_KILLED;
	mote_status status;

	status = mote_sandbox_find(sandbox, attack->function, "void(bytes)", &function, error);
	if (status != MOTE_OK)
		return status;
	if (kill && pthread_create(&killer, NULL, kill_when_running, interrupt) != 0)
		return MOTE_OS;
	status = mote_sandbox_call(sandbox, function, &argument, 1, NULL, NULL, error);
	if (kill)
		pthread_join(killer, NULL);
	return status;
}

static bool is_caught(mote_sandbox *sandbox, const struct attack *attack, mote_status status)
{
	const mote_fault *fault = mote_sandbox_get_fault(sandbox);

	if (status != attack->status || !mote_sandbox_is_poisoned(sandbox))
		return false;
	if (status != MOTE_GUEST_FAULT)
		return true;
	return fault != NULL &&
	       fault->kind == attack->faults[fault->registers.machine == MOTE_MACHINE_AARCH64];
}

static bool attempt(mote_engine *engine, mote_image *image, const struct attack *attack)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	mote_status status = mote_sandbox_create(engine, image, NULL, &sandbox, &error);
	bool caught = false;

	if (status == MOTE_OK) {
		status = run(sandbox, attack, &error);
		caught = is_caught(sandbox, attack, status);
	}
	printf("hostile: %s %s: %s\n", caught ? "caught," : "NOT CAUGHT,", attack->tries,
	       status == MOTE_OK ? "not detected" : error.text);
	mote_sandbox_destroy(sandbox);
	return caught;
}

bool demo_hostile(mote_engine *engine, const char *path)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image;
	bool good = true;

	if (mote_image_open(engine, path, &image, &error) != MOTE_OK) {
		printf("hostile: FAILED: %s\n", error.text);
		return false;
	}
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		good = attempt(engine, image, &attacks[i]) && good;
	mote_image_release(image);
	return good;
}
