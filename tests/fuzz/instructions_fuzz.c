/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any instructions as a guest, in a real VM.  Whatever they are, only
 * a status that a guest may cause comes out, in time; what the guest may not
 * write is as it was; and the next guest works and finds clean registers.
 */
#define _GNU_SOURCE /* syscall */
#include "instructions.h"

#include <asm/prctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "guest_image.h"
#include "sandbox/sandbox_internal.h"

enum {
	DEADLINE_NS = 20000000,
	LATE_SECONDS = 2,
	MAXIMUM_CALLS = 3,
	STATE_BYTES = 4096,    /* what the witness tells */
	STATE_SELECTORS = 136, /* within: ds, es, fs, gs */
	STATE_XSAVE = 0x200,   /* within: its XSAVE area */
	KEPT_PAGES = 64,
};

static struct {
	mote_engine *engine;
	struct guest_map map;
	struct guest_image image; /* of the case */
	struct guest_image witness;
	uint8_t reference[STATE_BYTES]; /* what the first witness told */
	struct instructions_statistics statistics;
} now;

const char *fuzz_missing(void)
{
	return access("/dev/kvm", R_OK | W_OK) == 0 ? NULL : "/dev/kvm cannot be used";
}

const struct instructions_statistics *instructions_get_statistics(void)
{
	return &now.statistics;
}

/* ---- The witness ------------------------------------------------------------------------- */

#define STORE(register, at) "mov %" register ", " GUEST_DATA_TEXT "+" #at "\n\t"

/*
 * Stores its registers as it finds them, then gives them as the result of "run".  The mailbox's
 * fields by their offsets: 64 call_data_gva, 136 call.result.
 */
__asm__(".pushsection .rodata\n"
	"fuzz_witness:\n\t" STORE("rax", 0) STORE("rbx", 8) STORE("rcx", 16) STORE("rdx", 24)
		STORE("rsi", 32) STORE("rdi", 40) STORE("rsp", 48) STORE("rbp", 56) STORE("r8", 64)
			STORE("r9", 72) STORE("r10", 80) STORE("r11", 88) STORE("r12", 96)
				STORE("r13", 104) STORE("r14", 112)
					STORE("r15",
					      120) "pushfq\n\t"
						   "popq " GUEST_DATA_TEXT "+128\n\t"
						   "movw %ds, " GUEST_DATA_TEXT "+136\n\t"
						   "movw %es, " GUEST_DATA_TEXT "+138\n\t"
						   "movw %fs, " GUEST_DATA_TEXT "+140\n\t"
						   "movw %gs, " GUEST_DATA_TEXT "+142\n\t"
						   "mov $1, %eax\n\t"
						   "cpuid\n\t"
						   "test $0x8000000, %ecx\n\t" /* OSXSAVE */
						   "jz 1f\n\t"
						   "mov $-1, %eax\n\t"
						   "mov $-1, %edx\n\t"
						   "xsave64 " GUEST_DATA_TEXT "+0x1000\n\t"
						   "jmp 2f\n"
						   "1:\tfxsave64 " GUEST_DATA_TEXT "+0x1000\n"
						   "2:\tmov %rdi, %rbx\n"
						   "3:\tout %eax, $0x50\n\t"
						   "mov 64(%rbx), %rdi\n\t"
						   "mov $" GUEST_DATA_TEXT ", %esi\n\t"
						   "mov $0x200, %ecx\n\t"
						   "rep movsb\n\t"
						   "mov $" GUEST_DATA_TEXT "+0x1000, %esi\n\t"
						   "mov $0xe00, %ecx\n\t"
						   "rep movsb\n\t"
						   "movl $9, 136(%rbx)\n\t" /* bytes */
						   "movl $0x1000, 140(%rbx)\n\t"
						   "movq $0, 144(%rbx)\n\t"
						   "jmp 3b\n"
						   "fuzz_witness_end:\n"
						   ".popsection\n");
extern const uint8_t fuzz_witness[], fuzz_witness_end[];

/* ---- Guests ------------------------------------------------------------------------------ */

static mote_status host(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	static const char data[] = "from the host";

	(void)user, (void)error;
	FUZZ_CHECK(count == 3 && arguments[0].type == MOTE_TYPE_STRING);
	FUZZ_CHECK(strlen(arguments[0].as.string.data) == arguments[0].as.string.length);
	*result = mote_value_bytes(data, arguments[1].as.bytes.length % sizeof(data));
	return MOTE_OK;
}

static mote_sandbox *create(const struct guest_image *image)
{
	const mote_host_function function = {
		.name = "host", .signature = GUEST_IMPORT, .call = host};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;

	options.memory_bytes = GUEST_MEMORY_BYTES;
	options.stack_bytes = 16384;
	options.mailbox_bytes = 4096;
	options.buffer_space_bytes = 4096;
	options.host_functions = &function;
	options.host_function_count = 1;
	if (mote_sandbox_create_from_bytes(now.engine, image, sizeof(*image), &options, &sandbox,
					   &error) != MOTE_OK)
		FUZZ_BROKEN("the next sandbox cannot be created: %s", error.text);
	return sandbox;
}

static void destroy(mote_sandbox *sandbox)
{
	mote_sandbox_destroy(sandbox);
}

/* Runs the witness and takes what it found. */
static void ask_witness(uint8_t state[STATE_BYTES])
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_sandbox *sandbox = create(&now.witness);
	mote_error error = MOTE_ERROR_INIT;
	mote_function function;
	mote_value result;

	options.wall_ns = (uint64_t)60 * 1000000000;
	if (mote_sandbox_find(sandbox, "run", GUEST_EXPORT, &function, &error) != MOTE_OK ||
	    mote_sandbox_start(sandbox, &options, &error) != MOTE_OK ||
	    mote_sandbox_call(sandbox, function, NULL, 0, &options, &result, &error) != MOTE_OK)
		FUZZ_BROKEN("the next sandbox does not work: %s", error.text);
	FUZZ_CHECK(result.as.bytes.length == STATE_BYTES);
	memcpy(state, result.as.bytes.data, STATE_BYTES);
	/* XSTATE_BV: a component may count as in use although it is as after reset. */
	memset(state + STATE_XSAVE + 512, 0, 8);
	/* KVM without hardware virtualization lets what a guest loads into ds, es, fs and gs stay
	 * in the host's thread, where the next guest finds it: null, or the host's flat data
	 * segment. */
	if (access("/sys/module/kvm_pvm", F_OK) == 0)
		memset(state + STATE_SELECTORS, 0, 8);
	destroy(sandbox);
}

static bool all_zero(const uint8_t *bytes, size_t count)
{
	while (count > 0 && bytes[count - 1] == 0)
		count--;
	return count == 0;
}

/* Registers as the ABI promises them; behind the legacy part all extended state is zero. */
static void check_reference(const uint8_t *state)
{
	const uint8_t *area = state + STATE_XSAVE;

	FUZZ_CHECK(all_zero(state, 40) && all_zero(state + 56, 72)); /* not rdi, rsp */
	FUZZ_CHECK(area[0] == 0x7f && area[1] == 0x03 && all_zero(area + 2, 22));
	FUZZ_CHECK(area[24] == 0x80 && area[25] == 0x1f && all_zero(area + 26, 2));
	FUZZ_CHECK(all_zero(area + 32, 512 - 32 - 48));
	FUZZ_CHECK(all_zero(area + 576, STATE_BYTES - STATE_XSAVE - 576));
}

static void check_witness(void)
{
	uint8_t state[STATE_BYTES];

	ask_witness(state);
	for (size_t i = 0; i < STATE_BYTES; i++)
		if (state[i] != now.reference[i])
			FUZZ_BROKEN("the next guest finds 0x%02x instead of 0x%02x at byte %zu of "
				    "its state",
				    state[i], now.reference[i], i);
	now.statistics.witnesses++;
}

static void read_map(void)
{
	mote_sandbox *sandbox = create(&now.witness);
	const struct mote_layout_region *regions = sandbox->layout.regions;

	now.map = (struct guest_map){
		.monitor = regions[MOTE_LAYOUT_MONITOR].gva,
		.tables = regions[MOTE_LAYOUT_TABLES].gva,
		.stack = regions[MOTE_LAYOUT_STACK].gva,
		.stack_end = regions[MOTE_LAYOUT_STACK].gva + regions[MOTE_LAYOUT_STACK].bytes,
		.mailbox = regions[MOTE_LAYOUT_MAILBOX].gva,
		.thread = regions[MOTE_LAYOUT_THREAD].gva,
		.heap = regions[MOTE_LAYOUT_HEAP].gva,
		.end = MOTE_RAM_GVA + sandbox->layout.ram_bytes,
	};
	destroy(sandbox);
}

const struct guest_map *instructions_map(void)
{
	mote_error error = MOTE_ERROR_INIT;

	if (now.engine != NULL)
		return &now.map;
	if (mote_engine_create(NULL, &now.engine, &error) != MOTE_OK)
		FUZZ_BROKEN("no engine: %s", error.text);
	guest_image_make(&now.image);
	guest_image_make(&now.witness);
	memcpy(now.witness.code, fuzz_witness, (size_t)(fuzz_witness_end - fuzz_witness));
	read_map();
	ask_witness(now.reference);
	check_reference(now.reference);
	return &now.map;
}

/* ---- The host's thread ------------------------------------------------------------------- */

/* What instructions of a guest could leave behind where the host's own are executed next. */
struct host_state {
	unsigned long fs_base, gs_base;
	uint64_t flags;
	uint32_t mxcsr;
	uint16_t control;
};

static struct host_state read_host(void)
{
	struct host_state state = {0};

	__asm__ volatile("pushfq; popq %0" : "=r"(state.flags));
	__asm__ volatile("stmxcsr %0" : "=m"(state.mxcsr));
	__asm__ volatile("fnstcw %0" : "=m"(state.control));
	state.flags &= 0x44500; /* AC, NT, DF, TF */
	if (syscall(SYS_arch_prctl, ARCH_GET_FS, &state.fs_base) != 0 ||
	    syscall(SYS_arch_prctl, ARCH_GET_GS, &state.gs_base) != 0)
		abort();
	return state;
}

static void check_host(const struct host_state *before)
{
	const struct host_state after = read_host();

	FUZZ_CHECK(after.flags == before->flags);
	FUZZ_CHECK(after.control == before->control);
	FUZZ_CHECK((after.mxcsr & ~0x3fu) == (before->mxcsr & ~0x3fu));
	FUZZ_CHECK(after.fs_base == before->fs_base && after.gs_base == before->gs_base);
}

/* ---- Running ----------------------------------------------------------------------------- */

/* What a guest may not change: the monitor but for its stack, page tables, its code and tables. */
struct kept {
	size_t count;
	const uint8_t *pages[KEPT_PAGES];
	uint8_t copies[KEPT_PAGES][MOTE_PAGE_BYTES];
};

static void keep(struct kept *kept, mote_sandbox *sandbox, uint64_t gva, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += MOTE_PAGE_BYTES) {
		const uint8_t *page = mote_layout_host(&sandbox->layout, sandbox->ram.hva, gva + at,
						       MOTE_PAGE_BYTES);

		FUZZ_CHECK(page != NULL && kept->count < KEPT_PAGES);
		kept->pages[kept->count] = page;
		memcpy(kept->copies[kept->count++], page, MOTE_PAGE_BYTES);
	}
}

static void keep_everything(struct kept *kept, mote_sandbox *sandbox)
{
	kept->count = 0;
	keep(kept, sandbox, now.map.monitor, MOTE_MONITOR_BYTES - MOTE_PAGE_BYTES);
	keep(kept, sandbox, now.map.tables, sandbox->tables.used_bytes);
	keep(kept, sandbox, GUEST_CODE, GUEST_CODE_BYTES);
	keep(kept, sandbox, GUEST_TABLES, 4096);
}

static void check_kept(const struct kept *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		if (memcmp(kept->pages[i], kept->copies[i], MOTE_PAGE_BYTES) != 0)
			FUZZ_BROKEN("the guest changed page %zu of those it may not change", i);
}

static void note_fault(const mote_fault *fault, const mote_error *error)
{
	struct instructions_statistics *statistics = &now.statistics;

	FUZZ_CHECK(fault != NULL && fault->registers.machine == MOTE_MACHINE_X86_64);
	FUZZ_CHECK((int)fault->kind > 0 && (int)fault->kind < OUTCOME_KINDS);
	statistics->kinds[fault->kind]++;
	if (fault->vector < 32)
		statistics->vectors[fault->vector]++;
	if (fault->kind != MOTE_FAULT_PHYSICAL && fault->kind != MOTE_FAULT_SHUTDOWN &&
	    fault->kind != MOTE_FAULT_OTHER)
		return;
	if (statistics->odd_count < 8)
		memcpy(statistics->odd[statistics->odd_count], error->text, sizeof(error->text));
	statistics->odd_count++;
}

/* Only what a guest may cause. */
static void check_status(mote_sandbox *sandbox, mote_status status, const mote_error *error)
{
	now.statistics.statuses[status]++;
	switch (status) {
	case MOTE_OK:
		FUZZ_CHECK(!mote_sandbox_is_poisoned(sandbox));
		return;
	case MOTE_GUEST_FAULT:
		note_fault(mote_sandbox_get_fault(sandbox), error);
		break;
	case MOTE_GUEST_ABORT:
	case MOTE_WALL_DEADLINE:
	case MOTE_CPU_DEADLINE:
		FUZZ_CHECK(mote_sandbox_get_fault(sandbox) == NULL);
		break;
	default:
		FUZZ_BROKEN("a guest caused %s: %s", mote_status_name(status), error->text);
	}
	FUZZ_CHECK(mote_sandbox_is_poisoned(sandbox));
	fuzz_check_error(status, error);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* A deadline that is late lets the guest run. The wall clock would blame it for a busy machine,
 * too; one that never comes is for the alarm. */
static void check_time(uint64_t begin, uint64_t cpu_begin)
{
	const char *slow = getenv("MOTE_TEST_SLOW");
	uint64_t took = now_ns(CLOCK_MONOTONIC) - begin;
	uint64_t cpu_took = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_begin;
	unsigned seconds =
		LATE_SECONDS * (unsigned)(slow != NULL && atoi(slow) > 0 ? atoi(slow) : 1);

	if (took > now.statistics.slowest_ns)
		now.statistics.slowest_ns = took;
	if (cpu_took > (uint64_t)seconds * 1000000000)
		FUZZ_BROKEN("a deadline of 20 ms came after %llu ms, %llu ms of them CPU time",
			    (unsigned long long)took / 1000000,
			    (unsigned long long)cpu_took / 1000000);
}

/* Enters the guest, then calls it a few times while it answers. */
static void enter(mote_sandbox *sandbox, bool cpu)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_status status = MOTE_OK;
	mote_function function;

	options.wall_ns = cpu ? 1000000000 : DEADLINE_NS; /* one that sleeps spends no CPU time */
	options.cpu_ns = cpu ? DEADLINE_NS : 0;
	FUZZ_CHECK(mote_sandbox_find(sandbox, "run", GUEST_EXPORT, &function, NULL) == MOTE_OK);
	for (unsigned i = 0; status == MOTE_OK && i <= MAXIMUM_CALLS; i++) {
		mote_error error = MOTE_ERROR_INIT;
		uint64_t begin = now_ns(CLOCK_MONOTONIC);
		uint64_t cpu_begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
		mote_value result;

		if (i == 0)
			status = mote_sandbox_start(sandbox, &options, &error);
		else
			status = mote_sandbox_call(sandbox, function, NULL, 0, &options, &result,
						   &error);
		check_time(begin, cpu_begin);
		check_status(sandbox, status, &error);
	}
}

void instructions_run(const uint8_t *bytes, size_t length, int witness)
{
	static struct kept kept;
	struct host_state before;
	mote_sandbox *sandbox;

	instructions_map();
	if (length <= CASE_CODE || length > CASE_MOST)
		return;
	instructions_prepare(&now.image, &now.map, bytes, length);
	sandbox = create(&now.image);
	keep_everything(&kept, sandbox);
	before = read_host();
	enter(sandbox, (bytes[CASE_FLAGS] & CASE_CPU) != 0);
	check_host(&before);
	check_kept(&kept);
	destroy(sandbox);
	now.statistics.cases++;
	if (witness)
		check_witness();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	instructions_run(data, size, 1);
	mote_engine_release(now.engine);
	now.engine = NULL;
	return 0;
}
