/* SPDX-License-Identifier: Apache-2.0
 *
 * How guests end: faults of compiled code with their kind, place and symbol,
 * aborts with their message, and a sandbox that is poisoned from then on.  And
 * log messages, which end nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "expected.h"
#include "fixture.h"

/* Runs one function of the guest "faults"; the caller destroys the sandbox. */
static mote_sandbox *run(mote_engine *engine, const char *name, const mote_value *arguments,
			 size_t count, mote_status expected, mote_error *error)
{
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);

	CHECK_EQ(CALL0(sandbox, "still_alive").as.u32, 1);
	CHECK(!mote_sandbox_get_fault(sandbox));
	CHECK_STATUS(fixture_try(sandbox, name, arguments, count, NULL, error), expected, error);
	CHECK_EQ(error->status, expected);
	return sandbox;
}

/* What was said first is said again at every later call, and what can be done. */
static void check_poisoned(mote_sandbox *sandbox, const mote_error *reason)
{
	mote_error error = MOTE_ERROR_INIT;
	char first[60];

	CHECK(mote_sandbox_is_poisoned(sandbox));
	for (int i = 0; i < 2; i++) {
		CHECK_STATUS(fixture_try(sandbox, "still_alive", NULL, 0, NULL, &error),
			     MOTE_POISONED, &error);
		memcpy(first, reason->text, sizeof(first) - 1);
		first[sizeof(first) - 1] = '\0';
		CHECK_CONTAINS(error.text, first);
		CHECK_CONTAINS(error.text, "put it back to a snapshot (mote_sandbox_restore)");
	}
	CHECK_STATUS(mote_sandbox_start(sandbox, NULL, &error), MOTE_POISONED, &error);
}

/* ---- Faults ------------------------------------------------------------------------------ */

struct expected_fault {
	const char *function;
	mote_fault_kind kind;
	uint32_t vector;
	mote_access access;
	const char *region;
};

static void check_fault(mote_engine *engine, const struct expected_fault *expected,
			const mote_value *arguments, size_t count)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox =
		run(engine, expected->function, arguments, count, MOTE_GUEST_FAULT, &error);
	const mote_fault *fault = mote_sandbox_get_fault(sandbox);

	REQUIRE(fault);
	CHECK_EQ(fault->kind, expected->kind);
	CHECK_EQ(fault->vector, expected->vector);
	CHECK_EQ(fault->access, expected->access);
	CHECK_STR(fault->region, expected->region);
	CHECK_CONTAINS(error.text, mote_fault_kind_text(fault->kind));
	/* A jump to somewhere else has left the function. */
	if (fault->access != MOTE_ACCESS_EXECUTE) {
		CHECK_STR(fault->symbol, expected->function);
		CHECK(fault->symbol_offset < 4096);
		CHECK_CONTAINS(error.text, expected->function);
	}
	check_poisoned(sandbox, &error);
	CHECK(mote_sandbox_get_fault(sandbox) == fault);
	fixture_destroy(sandbox, NULL);
}

static void memory_faults(void)
{
	static const struct expected_fault faults[] = {
		{"null_read", MOTE_FAULT_MEMORY, VECTOR_DATA, MOTE_ACCESS_READ, "null page"},
		{"null_write", MOTE_FAULT_MEMORY, VECTOR_DATA, MOTE_ACCESS_WRITE, "null page"},
		{"write_code", MOTE_FAULT_MEMORY, VECTOR_DATA, MOTE_ACCESS_WRITE, "image"},
		{"write_constant", MOTE_FAULT_MEMORY, VECTOR_DATA, MOTE_ACCESS_WRITE, "image"},
		{"jump_heap", MOTE_FAULT_MEMORY, VECTOR_FETCH, MOTE_ACCESS_EXECUTE, "heap"},
		{"jump_stack", MOTE_FAULT_MEMORY, VECTOR_FETCH, MOTE_ACCESS_EXECUTE, "stack"},
		{"jump_data", MOTE_FAULT_MEMORY, VECTOR_FETCH, MOTE_ACCESS_EXECUTE, "image"},
	};
	mote_engine *engine = fixture_engine();

	for (size_t i = 0; i < TEST_COUNT(faults); i++)
		check_fault(engine, &faults[i], NULL, 0);
	mote_engine_release(engine);
}

/* Constants with addresses in them are read-only too, after relocation. */
static void relocated_constants_are_read_only(void)
{
	static const struct expected_fault fault = {"write_relro", MOTE_FAULT_MEMORY, VECTOR_DATA,
						    MOTE_ACCESS_WRITE, "image"};
	mote_engine *engine = fixture_engine();

	check_fault(engine, &fault, NULL, 0);
	mote_engine_release(engine);
}

static void arguments_are_not_executable(void)
{
	static const struct expected_fault fault = {"jump_argument", MOTE_FAULT_MEMORY,
						    VECTOR_FETCH, MOTE_ACCESS_EXECUTE, "mailbox"};
	const mote_value code = mote_value_bytes(CODE_RETURN, 4);
	mote_engine *engine = fixture_engine();

	check_fault(engine, &fault, &code, 1);
	mote_engine_release(engine);
}

static void wild_pointers(void)
{
	static const struct expected_fault faults[] = {
		{"read_at", MOTE_FAULT_MEMORY, VECTOR_DATA, MOTE_ACCESS_READ, "outside memory"},
		{"write_at", MOTE_FAULT_MEMORY, VECTOR_DATA, MOTE_ACCESS_WRITE, "outside memory"},
		{"jump_to", MOTE_FAULT_MEMORY, VECTOR_FETCH, MOTE_ACCESS_EXECUTE, "outside memory"},
	};
	const mote_value address = mote_value_u64(0x123456789000);
	mote_engine *engine = fixture_engine();

	for (size_t i = 0; i < TEST_COUNT(faults); i++)
		check_fault(engine, &faults[i], &address, 1);
	mote_engine_release(engine);
}

static void stack_overflow(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = run(engine, "overflow_stack", NULL, 0, MOTE_GUEST_FAULT, &error);
	const mote_fault *fault = mote_sandbox_get_fault(sandbox);

	REQUIRE(fault);
	CHECK_EQ(fault->kind, MOTE_FAULT_STACK_OVERFLOW);
	CHECK_EQ(fault->access, MOTE_ACCESS_WRITE);
	CHECK_STR(fault->region, "stack guard");
	CHECK_CONTAINS(error.text, "; raise stack_bytes");
	CHECK_STR(fault->symbol, "recurse");
	check_poisoned(sandbox, &error);
	fixture_destroy(sandbox, engine);
}

static void instruction_faults(void)
{
#define EXPECTED(function, kind, vector, access, region)                                           \
	{function, MOTE_FAULT_##kind, vector, MOTE_ACCESS_##access, region},
	static const struct expected_fault faults[] = {EXPECTED_INSTRUCTION_FAULTS(EXPECTED)};
	mote_engine *engine = fixture_engine();

	for (size_t i = 0; i < TEST_COUNT(faults); i++)
		check_fault(engine, &faults[i], NULL, 0);
	mote_engine_release(engine);
}

static void divisions_without_a_quotient(void)
{
	static const struct expected_fault division = {"divide", MOTE_FAULT_ARITHMETIC,
						       VECTOR_DIVISION, MOTE_ACCESS_NONE, ""};
	const mote_value zero[] = {mote_value_i32(1), mote_value_i32(0)};
	const mote_value overflow[] = {mote_value_i32(INT32_MIN), mote_value_i32(-1)};
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox;

	if (EXPECTED_DIVISION_FAULTS) {
		check_fault(engine, &division, zero, 2);
		check_fault(engine, &division, overflow, 2);
	} else {
		sandbox = fixture_sandbox(engine, "faults", NULL);
		CHECK_EQ(CALL(sandbox, "divide", zero[0], zero[1]).as.i32, 0);
		CHECK_EQ(CALL(sandbox, "divide", overflow[0], overflow[1]).as.i32, INT32_MIN);
		fixture_destroy(sandbox, NULL);
	}
	mote_engine_release(engine);
}

static void system_call(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = run(engine, "system_call", NULL, 0, MOTE_GUEST_FAULT, &error);
	const mote_fault *fault = mote_sandbox_get_fault(sandbox);

	REQUIRE(fault);
	CHECK(EXPECTED_SYSTEM_CALL(fault));
	CHECK_EQ(fault->access, MOTE_ACCESS_NONE);
	CHECK_CONTAINS(error.text, ": system call, at 0x");
	CHECK_STR(fault->symbol, "system_call");
	CHECK_EQ(fault->registers.machine, EXPECTED_MACHINE);
	CHECK_EQ(EXPECTED_PC(&fault->registers), fault->pc);
	fixture_destroy(sandbox, engine);
}

/* ---- Aborts ------------------------------------------------------------------------------ */

static void check_abort(mote_engine *engine, const char *function, const mote_value *arguments,
			size_t count, const char *part)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = run(engine, function, arguments, count, MOTE_GUEST_ABORT, &error);

	CHECK_CONTAINS(error.text, "guest aborted: ");
	CHECK_CONTAINS(error.text, part);
	for (const char *at = error.text; *at; at++)
		CHECK((unsigned char)*at >= ' ' && *at != 0x7f);
	CHECK(!mote_sandbox_get_fault(sandbox));
	check_poisoned(sandbox, &error);
	fixture_destroy(sandbox, NULL);
}

static void aborts(void)
{
	mote_engine *engine = fixture_engine();
	const mote_value status = mote_value_i32(-3);

	check_abort(engine, "call_abort", NULL, 0, "abort() called");
	check_abort(engine, "call_exit", &status, 1, "exit(-3) called");
	check_abort(engine, "fail_assertion", NULL, 0, "two == 3");
	check_abort(engine, "smash_stack", NULL, 0, "stack smashing");
	check_abort(engine, "free_twice", NULL, 0, "already freed");
	check_abort(engine, "free_wild", NULL, 0, "not a pointer from malloc");
	check_abort(engine, "overrun_heap", NULL, 0, "heap corrupted");
	check_abort(engine, "huge_result", NULL, 0, "mailbox");
	check_abort(engine, "null_string", NULL, 0, "null pointer");
	mote_engine_release(engine);
}

static void abort_messages_are_printable(void)
{
	mote_engine *engine = fixture_engine();
	const mote_value plain = mote_value_string("out of cheese");
	const mote_value colour = mote_value_string("\x1b[31mred\x07 two\nlines\x7f");
	const mote_value hidden =
		mote_value_string("C1 \xc2\x9b RLO \xe2\x80\xae line \xe2\x80\xa8 bad \xff");
	const mote_value script = mote_value_string("h\xc3\xa9 \xe6\xbc\xa2");
	const mote_value empty = mote_value_string("");
	char text[1200];
	mote_value longest;

	check_abort(engine, "abort_with", &plain, 1, "guest aborted: out of cheese");
	check_abort(engine, "abort_with", &colour, 1, "?[31mred? two?lines?");
	check_abort(engine, "abort_with", &hidden, 1, "C1 ? RLO ? line ? bad ?");
	check_abort(engine, "abort_with", &script, 1, "h\xc3\xa9 \xe6\xbc\xa2");
	check_abort(engine, "abort_with", &empty, 1, "no message");
	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	longest = mote_value_string(text);
	check_abort(engine, "abort_with", &longest, 1, "yyyyyyyyyyyyyyyyyyyyyyyy");
	mote_engine_release(engine);
}

/* ---- Log messages ------------------------------------------------------------------------ */

struct entry {
	mote_log_level level;
	size_t length;
	char text[1100];
};

struct journal {
	struct entry entries[16];
	size_t count;
};

static void write_down(void *user, mote_log_level level, const char *text, size_t length)
{
	struct journal *journal = user;
	struct entry *entry;

	CHECK_EQ(strlen(text), length);
	if (journal->count == TEST_COUNT(journal->entries))
		return;
	entry = &journal->entries[journal->count++];
	entry->level = level;
	entry->length = length;
	strncpy(entry->text, text, sizeof(entry->text) - 1);
}

static mote_engine *logging_engine(struct journal *journal)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	test_need_hypervisor();
	memset(journal, 0, sizeof(*journal));
	options.log = write_down;
	options.log_user = journal;
	REQUIRE_OK(mote_engine_create(&options, &engine, &error), &error);
	return engine;
}

static void check_entry(const struct entry *entry, mote_log_level level, const char *text)
{
	CHECK_EQ(entry->level, level);
	CHECK_STR(entry->text, text);
}

/* Messages up to a level get through; the others never leave the guest. */
static void check_level(mote_log_level level, size_t messages)
{
	static const char *const texts[] = {"error 1", "warning two", "info 3", "debug 4",
					    "trace 5.0"};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	struct journal journal;
	mote_engine *engine = logging_engine(&journal);
	mote_sandbox_statistics statistics = MOTE_SANDBOX_STATISTICS_INIT;
	mote_sandbox *sandbox;
	size_t first = level >= MOTE_LOG_DEBUG; /* the constructor's */

	options.log_level = level;
	sandbox = fixture_sandbox(engine, "logs", &options);
	CALL0(sandbox, "log_all");
	REQUIRE_EQ(journal.count, first + messages);
	if (first)
		check_entry(&journal.entries[0], MOTE_LOG_DEBUG, "constructed");
	for (size_t i = 0; i < messages; i++)
		check_entry(&journal.entries[first + i], (mote_log_level)(i + 1), texts[i]);
	mote_sandbox_get_statistics(sandbox, &statistics, NULL);
	CHECK_EQ(statistics.log_messages, first + messages);
	CHECK_EQ(statistics.exits, 1 + first + messages);
	fixture_destroy(sandbox, engine);
}

static void log_levels(void)
{
	check_level(MOTE_LOG_OFF, 0);
	check_level(MOTE_LOG_ERROR, 1);
	check_level(MOTE_LOG_WARNING, 2);
	check_level(MOTE_LOG_INFO, 3);
	check_level(MOTE_LOG_DEBUG, 4);
	check_level(MOTE_LOG_TRACE, 5);
}

static void log_texts(void)
{
	struct journal journal;
	mote_engine *engine = logging_engine(&journal);
	mote_sandbox *sandbox = fixture_sandbox(engine, "logs", NULL);

	CALL(sandbox, "log_string", mote_value_string(""));
	CALL(sandbox, "log_string", mote_value_string("100%s %n"));
	CALL0(sandbox, "log_lines");
	CALL0(sandbox, "log_errors");
	CALL0(sandbox, "log_long");
	CALL0(sandbox, "log_binary");
	REQUIRE_EQ(journal.count, 8);
	CHECK_STR(journal.entries[0].text, "");
	CHECK_STR(journal.entries[1].text, "100%s %n");
	CHECK_STR(journal.entries[2].text, "one");
	CHECK_STR(journal.entries[3].text, "two three");
	CHECK_STR(journal.entries[4].text, "rest");
	CHECK_STR(journal.entries[5].text, "to stderr");
	CHECK_EQ(journal.entries[6].length, 1023);
	/* Handed over as it is: the receiver knows where it goes. */
	CHECK_STR(journal.entries[7].text, "\x1b[31mred\x1b[0m \xff\xfe \r\n end");
	fixture_destroy(sandbox, engine);
}

/* No callback, no harm. */
static void log_without_callback(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "logs", NULL);

	CALL0(sandbox, "log_all");
	CALL(sandbox, "log_times", mote_value_u32(100));
	fixture_destroy(sandbox, engine);
}

/* ---- The SDK's own libc ------------------------------------------------------------------ */

static void libc_checks_itself(void)
{
	struct journal journal;
	mote_engine *engine = logging_engine(&journal);
	mote_sandbox *sandbox = fixture_sandbox(engine, "libc", NULL);
	uint32_t tests = CALL0(sandbox, "test_count").as.u32;
	char name[64] = "";

	CHECK(tests > 0);
	for (uint32_t i = 0; i < tests; i++) {
		mote_value text = CALL(sandbox, "test_name", mote_value_u32(i));

		strncpy(name, text.as.string.data, sizeof(name) - 1);
		journal.count = 0;
		CHECK(CALL(sandbox, "run_test", mote_value_u32(i)).as.boolean);
		for (size_t j = 0; j < journal.count; j++)
			test_note("%s: %s", name, journal.entries[j].text);
	}
	fixture_destroy(sandbox, engine);
}

static void thread_local_variables(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *one = fixture_sandbox(engine, "tls", NULL);
	mote_sandbox *two = fixture_sandbox(engine, "tls", NULL);

	CHECK_EQ(CALL0(one, "next_number").as.u32, 42);
	CHECK_EQ(CALL0(one, "next_number").as.u32, 43);
	CHECK_EQ(CALL0(two, "next_number").as.u32, 42);
	CHECK_STR(CALL0(one, "local_text").as.string.data, "thread local");
	CHECK_EQ(CALL0(one, "shared_number").as.i32, -5);
	CHECK(CALL0(one, "wide_is_right").as.boolean);
	fixture_destroy(one, NULL);
	fixture_destroy(two, engine);
}

static const struct test_case cases[] = {
	CASE(memory_faults),
	CASE(relocated_constants_are_read_only),
	CASE(arguments_are_not_executable),
	CASE(wild_pointers),
	CASE(stack_overflow),
	CASE(instruction_faults),
	CASE(divisions_without_a_quotient),
	CASE(system_call),
	CASE(aborts),
	CASE(abort_messages_are_printable),
	CASE(log_levels),
	CASE(log_texts),
	CASE(log_without_callback),
	CASE(libc_checks_itself),
	CASE(thread_local_variables),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_faults", cases, TEST_COUNT(cases), argc, argv);
}
