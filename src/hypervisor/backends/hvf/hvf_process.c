/* SPDX-License-Identifier: Apache-2.0
 *
 * The process's VM, its addresses and ASIDs, and the vCPUs of its threads.
 */
#include "hypervisor/backends/hvf/hvf_process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "allocator.h"
#include "error_internal.h"
#include "hypervisor/arch/aarch64/aarch64_registers.h"
#include "hypervisor/backends/hvf/hvf_internal.h"

enum { LAST_ASID = 65535, LAST_SHORT_ASID = 255 }; /* of 16 bits, and of 8 */

/* What an ASID's translations are.  The flush that is due makes those CLEAN that were DIRTY when it
 * became due; one that is LIVE then stays so. */
enum asid_state { CLEAN, LIVE, DIRTY };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static int prepare_error;

/* Under the lock. */
static struct {
	const struct mote_hvf_system *system; /* NULL: there is no VM */
	uint32_t users;
	struct mote_address_space addresses;
	uint8_t asids[LAST_ASID + 1]; /* enum asid_state */
	uint32_t last_asid, next_asid;
} process = {.addresses.allocator = &mote_default_allocator};

static _Atomic uint32_t generation;
static _Atomic uint64_t next_serial = 1;
static _Atomic bool flush_due;

/* ---- Failures ------------------------------------------------------------------------------ */

static const char *text_of(mote_hv_return code)
{
	static const struct {
		uint32_t code;
		const char *text;
	} texts[] = {
#define TEXT(NAME, code, text) {code, text},
		MOTE_HV_RETURN_MAP(TEXT)
#undef TEXT
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].code == (uint32_t)code)
			return texts[i].text;
	return NULL;
}

static mote_status status_of(mote_hv_return code)
{
	if (code == MOTE_HV_DENIED || code == MOTE_HV_UNSUPPORTED)
		return MOTE_NO_HYPERVISOR;
	return code == MOTE_HV_NO_RESOURCES ? MOTE_LIMIT : MOTE_HYPERVISOR;
}

static const char *remedy_of(mote_hv_return code)
{
	if (code == MOTE_HV_DENIED)
		return "; sign the program with the entitlement com.apple.security.hypervisor";
	if (code == MOTE_HV_NO_RESOURCES)
		return "; have fewer threads in a call at a time";
	return "";
}

mote_status mote_hvf_of_code(mote_status status, mote_hv_return code, mote_error *error)
{
	if (error != NULL) {
		error->domain = MOTE_DOMAIN_HYPERVISOR;
		error->os_code = code;
	}
	return status;
}

mote_status mote_hvf_fail(mote_error *error, mote_hv_return code, const char *what)
{
	const char *text = text_of(code);
	const mote_status status = mote_fail(error, status_of(code), "%s: %s (0x%08lx)%s", what,
					     text != NULL ? text : "unknown error",
					     (unsigned long)(uint32_t)code, remedy_of(code));

	return mote_hvf_of_code(status, code, error);
}

/* ---- Code of the host's, in the VM --------------------------------------------------------- */

/*
 * Forgets what all processors have cached of any ASID of this VM, and then stores where nothing is,
 * which is an exit.  Runs at EL1 without stage 1, so its address is guest-physical: 0.
 * Arm ARM (DDI 0487), C5.5 (TLBI), K11.5 (the barriers around it).
 */
static const _Alignas(MOTE_HVF_PAGE_BYTES) uint32_t flush_code[MOTE_HVF_PAGE_BYTES / 4] = {
	0xd5033a9f, /* dsb ishst */
	0xd508831f, /* tlbi vmalle1is */
	0xd5033b9f, /* dsb ish */
	0xd5033fdf, /* isb */
	0xb900001f, /* str wzr, [x0] */
	0x14000000, /* b . */
};

enum {
	FLUSH_GPA = 0,
	FLUSHED_GPA = 2 * MOTE_HVF_PAGE_BYTES, /* where nothing is */
	INTERRUPTIONS = 1000,
};

#define SCTLR_EL1 MOTE_HV_SYS_REG(3, 0, 1, 0, 0)

static mote_hv_return start_flush(const struct mote_hvf_thread *thread)
{
	const struct mote_hvf_system *system = thread->system;
	mote_hv_return code =
		system->vcpu_set_sys_reg(thread->vcpu, SCTLR_EL1, MOTE_AARCH64_SCTLR_RES1);

	if (code == MOTE_HV_SUCCESS)
		code = system->vcpu_set_reg(thread->vcpu, MOTE_HV_REG_CPSR,
					    MOTE_AARCH64_PSTATE_DAIF | MOTE_AARCH64_PSTATE_EL1H);
	if (code == MOTE_HV_SUCCESS)
		code = system->vcpu_set_reg(thread->vcpu, MOTE_HV_REG_PC, FLUSH_GPA);
	if (code == MOTE_HV_SUCCESS)
		code = system->vcpu_set_reg(thread->vcpu, 0, FLUSHED_GPA);
	return code;
}

/* Under the lock.  A kick that was meant for a run before this one may end it. */
static mote_status flush(struct mote_hvf_thread *thread, mote_error *error)
{
	mote_hv_return code = mote_hvf_rescue(thread);

	thread->holds = 0;
	for (int i = 0; i < INTERRUPTIONS && code == MOTE_HV_SUCCESS; i++) {
		code = start_flush(thread);
		if (code == MOTE_HV_SUCCESS)
			code = thread->system->vcpu_run(thread->vcpu);
		if (code != MOTE_HV_SUCCESS || thread->exit->reason != MOTE_HV_EXIT_EXCEPTION)
			continue;
		if (thread->exit->physical_address != FLUSHED_GPA)
			break;
		atomic_store(&flush_due, false);
		return MOTE_OK;
	}
	if (code != MOTE_HV_SUCCESS)
		return mote_hvf_fail(error, code, "flush of the TLB");
	return mote_fail(error, MOTE_HYPERVISOR, "flush of the TLB: exit %lu, syndrome 0x%llx",
			 (unsigned long)thread->exit->reason,
			 (unsigned long long)thread->exit->syndrome);
}

mote_status mote_hvf_flush(struct mote_hvf_thread *thread, mote_error *error)
{
	mote_status status = MOTE_OK;

	if (!atomic_load(&flush_due))
		return MOTE_OK;
	pthread_mutex_lock(&lock);
	if (atomic_load(&flush_due)) /* still */
		status = flush(thread, error);
	pthread_mutex_unlock(&lock);
	return status;
}

/* ---- Threads that end, processes that fork ------------------------------------------------- */

void mote_hvf_lock(void)
{
	pthread_mutex_lock(&lock);
}

void mote_hvf_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

bool mote_hvf_process_is(uint32_t of)
{
	return of == atomic_load(&generation);
}

/* Under the lock.  False: it stays. */
static bool destroy_vcpu(struct mote_hvf_thread *thread)
{
	if (mote_hvf_rescue(thread) != MOTE_HV_SUCCESS) {
		thread->unsaved->thread = NULL; /* its registers are lost */
		thread->unsaved = NULL;
	}
	thread->holds = 0;
	return thread->system->vcpu_destroy(thread->vcpu) == MOTE_HV_SUCCESS;
}

static void end_thread(void *thread)
{
	pthread_mutex_lock(&lock);
	if (mote_hvf_process_is(((struct mote_hvf_thread *)thread)->generation))
		destroy_vcpu(thread);
	pthread_mutex_unlock(&lock);
	mote_release(&mote_default_allocator, thread);
}

/* The child has one thread, and neither VM nor vCPU. */
static void in_child(void)
{
	process.system = NULL;
	process.users = 0;
	atomic_fetch_add(&generation, 1);
	pthread_mutex_unlock(&lock);
}

static void prepare(void)
{
	prepare_error = pthread_key_create(&thread_key, end_thread);
	if (prepare_error == 0)
		prepare_error = pthread_atfork(mote_hvf_lock, mote_hvf_unlock, in_child);
}

/* ---- The VM -------------------------------------------------------------------------------- */

static mote_status make_vm(const struct mote_hvf_system *system, mote_error *error)
{
	mote_hv_return code = system->vm_create(NULL);

	if (code == MOTE_HV_BUSY)
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 "hv_vm_create: this process has a virtual machine of its own, and "
				 "macOS allows one");
	if (code != MOTE_HV_SUCCESS)
		return mote_hvf_fail(error, code, "hv_vm_create");
	code = system->vm_map((void *)(uintptr_t)flush_code, FLUSH_GPA, sizeof(flush_code),
			      MOTE_HV_MEMORY_READ | MOTE_HV_MEMORY_EXEC);
	if (code == MOTE_HV_SUCCESS)
		return MOTE_OK;
	system->vm_destroy();
	return mote_hvf_fail(error, code, "hv_vm_map of the flush");
}

static void begin(const struct mote_hvf_system *system, uint32_t address_bits)
{
	mote_address_space_end(&process.addresses); /* of a parent */
	process.system = system;
	process.addresses = (struct mote_address_space){
		.allocator = &mote_default_allocator,
		.begin = MOTE_HVF_FIRST_GPA,
		.end = 1ull << address_bits,
	};
	memset(process.asids, CLEAN, sizeof(process.asids));
	process.last_asid = system->last_asid != 0 ? system->last_asid : LAST_ASID;
	process.next_asid = 1;
	atomic_store(&flush_due, false);
}

mote_status mote_hvf_process_enter(const struct mote_hvf_system *system, uint32_t address_bits,
				   uint32_t *entered, mote_error *error)
{
	mote_status status = MOTE_OK;

	pthread_once(&once, prepare);
	if (prepare_error != 0)
		return mote_fail(error, MOTE_LIMIT,
				 "the process has no thread-specific data left, or no memory");
	pthread_mutex_lock(&lock);
	if (process.system == NULL)
		status = make_vm(system, error);
	if (status == MOTE_OK && process.system == NULL)
		begin(system, address_bits);
	else if (status == MOTE_OK && process.system != system)
		status = mote_fail(error, MOTE_BUSY,
				   "the virtual machine of this process belongs to another table");
	process.users += status == MOTE_OK;
	if (status == MOTE_OK)
		*entered = atomic_load(&generation);
	pthread_mutex_unlock(&lock);
	return status;
}

void mote_hvf_process_leave(void)
{
	struct mote_hvf_thread *own;

	pthread_mutex_lock(&lock);
	own = process.users == 1 ? mote_hvf_thread_find() : NULL;
	if (own != NULL && destroy_vcpu(own)) {
		pthread_setspecific(thread_key, NULL);
		mote_release(&mote_default_allocator, own);
	}
	if (--process.users == 0 && process.system->vm_destroy() == MOTE_HV_SUCCESS) {
		mote_address_space_end(&process.addresses);
		process.addresses.reserved = NULL;
		process.system = NULL;
	}
	pthread_mutex_unlock(&lock);
}

mote_status mote_hvf_reserve(uint64_t gva, uint64_t bytes, uint64_t *gpa, mote_error *error)
{
	mote_status status;

	pthread_mutex_lock(&lock);
	status = mote_address_space_reserve(&process.addresses, gva, bytes, gpa, error);
	pthread_mutex_unlock(&lock);
	return status;
}

void mote_hvf_release(uint64_t gpa)
{
	pthread_mutex_lock(&lock);
	mote_address_space_release(&process.addresses, gpa);
	pthread_mutex_unlock(&lock);
}

uint64_t mote_hvf_serial(void)
{
	return atomic_fetch_add(&next_serial, 1);
}

/* ---- ASIDs --------------------------------------------------------------------------------- */

#define ID_AA64MMFR0_EL1 MOTE_HV_SYS_REG(3, 0, 0, 7, 0)
#define ASID_BITS(mmfr0) ((mmfr0) >> 4 & 15)
#define ASID_BITS_16 2

/* Under the lock.  0: none is CLEAN. */
static uint32_t find_clean(void)
{
	for (uint32_t i = 0; i < process.last_asid; i++) {
		const uint32_t asid = process.next_asid;

		process.next_asid = asid == process.last_asid ? 1 : asid + 1;
		if (process.asids[asid] == CLEAN)
			return asid;
	}
	return 0;
}

/* Under the lock. */
static void clean_all(void)
{
	for (uint32_t asid = 1; asid <= process.last_asid; asid++)
		if (process.asids[asid] == DIRTY) {
			process.asids[asid] = CLEAN;
			atomic_store(&flush_due, true);
		}
}

mote_status mote_hvf_asid_take(uint16_t *asid, mote_error *error)
{
	uint32_t found;

	pthread_mutex_lock(&lock);
	found = find_clean();
	if (found == 0) {
		clean_all();
		found = find_clean();
	}
	if (found != 0)
		process.asids[found] = LIVE;
	pthread_mutex_unlock(&lock);
	if (found == 0)
		return mote_fail(error, MOTE_LIMIT, "a process has %lu sandboxes at a time",
				 (unsigned long)process.last_asid);
	*asid = (uint16_t)found;
	return MOTE_OK;
}

/* Two ASIDs that a processor with 8 bits cannot tell apart would be one. */
mote_status mote_hvf_asid_limit(const struct mote_hvf_thread *thread, mote_error *error)
{
	uint64_t mmfr0;
	const mote_hv_return code =
		thread->system->vcpu_get_sys_reg(thread->vcpu, ID_AA64MMFR0_EL1, &mmfr0);

	if (code != MOTE_HV_SUCCESS)
		return mote_hvf_fail(error, code, "ID_AA64MMFR0_EL1");
	pthread_mutex_lock(&lock);
	if (ASID_BITS(mmfr0) != ASID_BITS_16 && process.last_asid > LAST_SHORT_ASID)
		process.last_asid = LAST_SHORT_ASID;
	pthread_mutex_unlock(&lock);
	return MOTE_OK;
}

void mote_hvf_asid_give_back(uint16_t asid)
{
	pthread_mutex_lock(&lock);
	process.asids[asid] = DIRTY;
	pthread_mutex_unlock(&lock);
}

/* ---- Threads ------------------------------------------------------------------------------- */

struct mote_hvf_thread *mote_hvf_thread_find(void)
{
	struct mote_hvf_thread *thread = pthread_getspecific(thread_key);

	return thread != NULL && mote_hvf_process_is(thread->generation) ? thread : NULL;
}

static mote_status make_vcpu(struct mote_hvf_thread *thread, mote_error *error)
{
	const struct mote_hvf_system *system = thread->system;
	mote_hv_return code = system->vcpu_create(&thread->vcpu, &thread->exit, NULL);
	mote_status status;

	if (code == MOTE_HV_NO_RESOURCES) {
		uint32_t most = 0;

		system->vm_get_max_vcpu_count(&most);
		status = mote_fail(error, MOTE_LIMIT,
				   "hv_vcpu_create: %lu threads of a process can be in a call at a "
				   "time, or have been and still run",
				   (unsigned long)most);
		return mote_hvf_of_code(status, code, error);
	}
	if (code != MOTE_HV_SUCCESS)
		return mote_hvf_fail(error, code, "hv_vcpu_create");
	/* No guest has a timer. */
	code = system->vcpu_set_vtimer_mask(thread->vcpu, true);
	status = code == MOTE_HV_SUCCESS ? mote_hvf_identify(thread, error)
					 : mote_hvf_fail(error, code, "hv_vcpu_set_vtimer_mask");
	if (status != MOTE_OK)
		system->vcpu_destroy(thread->vcpu);
	return status;
}

mote_status mote_hvf_thread_get(struct mote_hvf_thread **found, mote_error *error)
{
	struct mote_hvf_thread *thread = mote_hvf_thread_find();
	void *of_parent;
	mote_status status;

	*found = thread;
	if (thread != NULL)
		return MOTE_OK;
	thread = mote_allocate(&mote_default_allocator, sizeof(*thread));
	if (thread == NULL)
		return mote_fail_memory(error, "vCPU of a thread");
	thread->system = process.system;
	thread->generation = atomic_load(&generation);
	status = make_vcpu(thread, error);
	of_parent = pthread_getspecific(thread_key);
	if (status == MOTE_OK && pthread_setspecific(thread_key, thread) != 0) {
		status = mote_fail_memory(error, "vCPU of a thread");
		thread->system->vcpu_destroy(thread->vcpu);
	}
	if (status != MOTE_OK) {
		mote_release(&mote_default_allocator, thread);
		return status;
	}
	mote_release(&mote_default_allocator, of_parent);
	*found = thread;
	return MOTE_OK;
}
