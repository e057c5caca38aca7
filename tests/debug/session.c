/* SPDX-License-Identifier: Apache-2.0
 *
 * A scripted debugger.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

static struct mote_debugger_answer stopped(void *user, struct mote_debug_vm *vm,
					   const struct mote_debug_stop *stop)
{
	struct session *session = user;

	session->vm = vm;
	session->stops++;
	return session->on_stop(session, stop);
}

void session_open(struct session *session)
{
	const char *guest = getenv("MOTE_TEST_DEBUG_GUEST");

	session->engine = fixture_engine();
	session->sandbox =
		fixture_sandbox(session->engine, guest != NULL ? guest : "debug_O0", NULL);
	session->error = (mote_error)MOTE_ERROR_INIT;
}

void session_attach(struct session *session)
{
	const struct mote_debugger debugger = {.stopped = stopped, .user = session};

	REQUIRE_OK(mote_sandbox_attach(session->sandbox, &debugger, &session->error),
		   &session->error);
}

void session_begin(struct session *session)
{
	session_open(session);
	session_attach(session);
}

void session_end(struct session *session)
{
	fixture_destroy(session->sandbox, session->engine);
}

mote_status session_try(struct session *session, const char *name, uint64_t argument,
			mote_value *result)
{
	const mote_value value = strcmp(name, "callout") == 0 || strcmp(name, "trap") == 0
					 ? mote_value_u32((uint32_t)argument)
					 : mote_value_u64(argument);
	mote_function function;

	REQUIRE_OK(mote_sandbox_find(session->sandbox, name, NULL, &function, &session->error),
		   &session->error);
	session->stops = 0;
	session->hits = 0;
	session->exits = session->sandbox->vm.exits;
	return mote_sandbox_call(session->sandbox, function, &value,
				 function.signature.argument_count, NULL, result, &session->error);
}

mote_value session_call(struct session *session, const char *name, uint64_t argument)
{
	mote_value result = {0};

	REQUIRE_OK(session_try(session, name, argument, &result), &session->error);
	return result;
}

uint64_t session_symbol(const struct session *session, const char *name)
{
	const struct mote_elf *elf = &session->sandbox->image->elf;
	enum { SYMBOL_BYTES = 24, SYMBOL_VALUE = 8 };

	for (size_t i = 0; i < elf->symbol_count; i++) {
		const uint8_t *symbol = elf->bytes + elf->symbols_offset + SYMBOL_BYTES * i;

		if (strcmp((const char *)elf->bytes + elf->strings_offset + mote_get32(symbol),
			   name) == 0)
			return mote_get64(symbol + SYMBOL_VALUE) +
			       session->sandbox->layout.image_bias;
	}
	FAIL("the guest has no symbol %s", name);
}

mote_regs session_regs(struct session *session)
{
	mote_regs regs;

	memset(&regs, 0, sizeof(regs));
	CHECK_OK(mote_debug_vm_registers(session->vm, &regs, &session->error), &session->error);
	return regs;
}

void session_set_regs(struct session *session, const mote_regs *regs)
{
	CHECK_OK(mote_debug_vm_set_registers(session->vm, regs, &session->error), &session->error);
}

void session_break(struct session *session, const char *name)
{
	CHECK_OK(mote_debug_vm_set_breakpoint(session->vm, session_symbol(session, name),
					      &session->error),
		 &session->error);
}

void session_clear(struct session *session, const char *name)
{
	mote_debug_vm_clear_breakpoint(session->vm, session_symbol(session, name));
}

void session_watch(struct session *session, uint64_t gva, uint64_t bytes, enum mote_watch_kind kind)
{
	CHECK_OK(mote_debug_vm_set_watch(session->vm, gva, bytes, kind, &session->error),
		 &session->error);
}

void session_unwatch(struct session *session, uint64_t gva, uint64_t bytes,
		     enum mote_watch_kind kind)
{
	CHECK_OK(mote_debug_vm_clear_watch(session->vm, gva, bytes, kind, &session->error),
		 &session->error);
}

uint64_t session_u64(struct session *session, uint64_t gva)
{
	uint64_t value = 0;

	CHECK_EQ(mote_debug_vm_read(session->vm, gva, &value, sizeof(value)), sizeof(value));
	return value;
}
