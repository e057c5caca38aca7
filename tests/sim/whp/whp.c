/* SPDX-License-Identifier: Apache-2.0
 *
 * Partitions of the simulated Windows Hypervisor Platform, with the rules of the real one (sources:
 * Microsoft's reference of the API; OpenVMM, vmm_core/virt_whp; QEMU, target/i386/whpx):
 *
 *  1. The number of processors is said before the set-up (E_INVALID_PARTITION_CONFIG), and nothing
 *     of the structure changes after it.
 *     A property may have a larger buffer than it needs.
 *  2. VPs are created after the set-up, with an index below that number, once each.
 *  3. Ranges of memory are whole pages, and a new one replaces what was there; what is unmapped was
 *     mapped (GPA_RANGE_NOT_FOUND).
 *  4. A process's memory is in one partition, and a partition has one process's
 *     (PARTITION_ALREADY_EXISTS).
 *  5. A cancellation stays until a run has seen it.
 *  6. Values of registers are at multiples of 16 bytes; a name that is unknown fails a call before
 *     anything is set.  The base of the APIC cannot be set (E_ACCESSDENIED).
 *  7. RIP stays on the instruction of an exit, but for a halt; of an access to memory there is
 *     neither size nor value.
 *  8. Extended state is compacted, of one size, which a call without a buffer tells.
 *  9. After its creation a VP has the base 0xf0000 in CS, not the processor's 0xffff0000.
 * 10. One run at a time; what deletes a VP or partition that runs ends the program.
 *
 * Not as on a real machine: interrupts, timers, nested guests; memory that is mapped may be
 * executed; speed.
 */
#define _GNU_SOURCE /* strtok_r */
#include "sim/whp/whp_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct whp_partition *partitions[WHP_PARTITIONS];
static _Atomic size_t count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sim_whp_rules rules;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A child that is forked finds it free. */
static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void prepare(void)
{
	pthread_atfork(before_fork, after_fork, after_fork);
}

void whp_violation(const char *format, ...)
{
	va_list arguments;
	char text[200];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fprintf(stderr, "simulated WHP: %s\n", text);
	abort();
}

size_t sim_whp_partitions(void)
{
	return atomic_load(&count);
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static bool take_word(const char *word)
{
	static const struct {
		const char *word;
		bool *rule;
	} flags[] = {
		{"absent", &rules.absent},
		{"old", &rules.old},
		{"lazy", &rules.lazy},
		{"taken", &rules.taken},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(flags[i].word, word) == 0) {
			*flags[i].rule = true;
			return true;
		}
	if (strncmp(word, "cancel=", 7) != 0)
		return false;
	rules.cancel = (unsigned)strtoul(word + 7, NULL, 10);
	return rules.cancel != 0;
}

static void take_all(void)
{
	const char *list = getenv("MOTE_TEST_WHP");
	char words[256] = "", *rest = words;

	if (list != NULL)
		strncat(words, list, sizeof(words) - 1);
	for (char *word = strtok_r(rest, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		if (!take_word(word)) {
			fprintf(stderr, "MOTE_TEST_WHP: %s is not a rule\n", word);
			exit(2);
		}
}

struct sim_whp_rules *sim_whp_rules(void)
{
	pthread_once(&once, take_all);
	return &rules;
}

/* ---- Capabilities ---------------------------------------------------------------------------- */

static uint32_t capability_bytes(uint32_t code)
{
	switch (code) {
	case MOTE_WHP_CAPABILITY_PRESENT:
		return 4;
	case MOTE_WHP_CAPABILITY_FEATURES:
	case MOTE_WHP_CAPABILITY_EXITS:
		return 8;
	case MOTE_WHP_CAPABILITY_ADDRESS_BITS:
		return rules.old ? 0 : 4;
	default:
		return whp_arch_capability_bytes(code);
	}
}

static mote_whp_result get_capability(uint32_t code, void *buffer, uint32_t bytes,
				      uint32_t *written)
{
	const uint32_t needed = capability_bytes(code);
	uint64_t value = 0;

	if (needed == 0)
		return MOTE_WHP_E_UNKNOWN_CAPABILITY;
	if (bytes < needed)
		return MOTE_WHP_E_INSUFFICIENT_BUFFER;
	if (code == MOTE_WHP_CAPABILITY_PRESENT)
		value = !rules.absent;
	else if (code == MOTE_WHP_CAPABILITY_FEATURES)
		value = whp_arch_features();
	else if (code == MOTE_WHP_CAPABILITY_EXITS)
		value = rules.old ? 0 : MOTE_WHP_EXIT_GPA_ACCESS_FAULT;
	else if (code == MOTE_WHP_CAPABILITY_ADDRESS_BITS)
		value = 40;
	memcpy(buffer, &value, needed);
	if (written)
		*written = needed;
	return MOTE_WHP_OK;
}

/* ---- Partitions ------------------------------------------------------------------------------ */

struct whp_partition *whp_find(mote_whp_partition handle)
{
	struct whp_partition *found = NULL;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < WHP_PARTITIONS && !found; i++)
		if (partitions[i] && partitions[i] == handle)
			found = partitions[i];
	pthread_mutex_unlock(&lock);
	return found;
}

struct vp *whp_find_vp(mote_whp_partition handle, uint32_t index)
{
	struct whp_partition *partition = whp_find(handle);

	return partition && index < MSHV_VPS ? partition->hypervisors.vps[index] : NULL;
}

/* False: there are too many. */
static bool keep(struct whp_partition *partition)
{
	bool kept = false;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < WHP_PARTITIONS && !kept; i++)
		if (!partitions[i]) {
			partitions[i] = partition;
			kept = true;
		}
	pthread_mutex_unlock(&lock);
	return kept;
}

static void free_partition(struct whp_partition *partition)
{
	if (partition->hypervisors.machine)
		sim_machine_free(partition->hypervisors.machine);
	pthread_mutex_destroy(&partition->lock);
	pthread_mutex_destroy(&partition->hypervisors.lock);
	free(partition);
}

static mote_whp_result create_partition(mote_whp_partition *handle)
{
	struct whp_partition *partition = calloc(1, sizeof(*partition));
	uint64_t mask;

	if (!partition)
		return MOTE_WHP_E_OUTOFMEMORY;
	pthread_mutex_init(&partition->lock, NULL);
	pthread_mutex_init(&partition->hypervisors.lock, NULL);
	mask = sim_block_signals(); /* KVM would give up */
	partition->hypervisors.machine = sim_machine_make(0);
	sim_restore_signals(mask);
	if (!partition->hypervisors.machine || !keep(partition)) {
		free_partition(partition);
		return MOTE_WHP_E_NO_RESOURCES;
	}
	atomic_fetch_add(&count, 1);
	*handle = partition;
	return MOTE_WHP_OK;
}

static mote_whp_result set_exits(struct whp_partition *partition, uint64_t exits)
{
	if (exits & ~(rules.old ? 0 : MOTE_WHP_EXIT_GPA_ACCESS_FAULT))
		return MOTE_WHP_E_INVALIDARG;
	partition->exits = exits;
	return MOTE_WHP_OK;
}

static mote_whp_result set_processors(struct whp_partition *partition, uint32_t processors)
{
	if (processors < 1 || processors > 64)
		return MOTE_WHP_E_INVALIDARG;
	partition->processors = processors;
	return MOTE_WHP_OK;
}

static mote_whp_result set_property(mote_whp_partition handle, uint32_t code, const void *value,
				    uint32_t bytes)
{
	struct whp_partition *partition = whp_find(handle);
	const uint32_t needed =
		code == MOTE_WHP_PROPERTY_EXITS ? sizeof(uint64_t) : sizeof(uint32_t);
	uint64_t number = 0;

	if (!partition || !value)
		return MOTE_WHP_E_INVALIDARG;
	if (code != MOTE_WHP_PROPERTY_EXITS && partition->is_set_up)
		return MOTE_WHP_E_INVALID_PARTITION_CONFIG;
	if (code != MOTE_WHP_PROPERTY_EXITS && code != MOTE_WHP_PROPERTY_PROCESSOR_COUNT &&
	    code != MOTE_WHP_PROPERTY_SECURITY_DOMAIN)
		return whp_arch_property(code, bytes);
	if (bytes < needed)
		return MOTE_WHP_E_INVALIDARG;
	memcpy(&number, value, needed);
	if (code == MOTE_WHP_PROPERTY_EXITS)
		return set_exits(partition, number);
	if (code == MOTE_WHP_PROPERTY_PROCESSOR_COUNT)
		return set_processors(partition, (uint32_t)number);
	return rules.old ? MOTE_WHP_E_UNKNOWN_PROPERTY : MOTE_WHP_OK;
}

static mote_whp_result set_up(mote_whp_partition handle)
{
	struct whp_partition *partition = whp_find(handle);

	if (!partition)
		return MOTE_WHP_E_INVALIDARG;
	if (partition->is_set_up || partition->processors == 0)
		return MOTE_WHP_E_INVALID_PARTITION_CONFIG;
	partition->is_set_up = true;
	return MOTE_WHP_OK;
}

static void demand_idle(const struct whp_partition *partition, const char *what)
{
	if (atomic_load(&partition->runs) == getpid())
		whp_violation("%s while a VP runs", what);
}

static void delete_vp(struct whp_partition *partition, uint32_t index)
{
	struct vp *vp = partition->hypervisors.vps[index];

	partition->hypervisors.vps[index] = NULL;
	sim_vcpu_free(vp->core);
	pthread_mutex_destroy(&vp->lock);
	free(vp);
}

static mote_whp_result delete_partition(mote_whp_partition handle)
{
	struct whp_partition *partition = whp_find(handle);

	if (!partition)
		return MOTE_WHP_E_INVALIDARG;
	demand_idle(partition, "WHvDeletePartition");
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < WHP_PARTITIONS; i++)
		if (partitions[i] == partition)
			partitions[i] = NULL;
	pthread_mutex_unlock(&lock);
	for (uint32_t i = 0; i < MSHV_VPS; i++)
		if (partition->hypervisors.vps[i])
			delete_vp(partition, i);
	free_partition(partition);
	atomic_fetch_sub(&count, 1);
	return MOTE_WHP_OK;
}

bool whp_claim(struct whp_partition *partition, const void *process)
{
	bool free_for_us;

	pthread_mutex_lock(&lock);
	free_for_us = !partition->process || partition->process == process;
	for (size_t i = 0; i < WHP_PARTITIONS && free_for_us; i++)
		if (partitions[i] && partitions[i] != partition &&
		    partitions[i]->process == process)
			free_for_us = false;
	if (free_for_us)
		partition->process = process;
	pthread_mutex_unlock(&lock);
	return free_for_us;
}

/* ---- VPs ------------------------------------------------------------------------------------- */

static mote_whp_result create_vp(mote_whp_partition handle, uint32_t index, uint32_t flags)
{
	struct whp_partition *partition = whp_find(handle);

	if (!partition || !partition->is_set_up || flags != 0 || index >= partition->processors)
		return MOTE_WHP_E_INVALIDARG;
	if (partition->hypervisors.vps[index])
		return MOTE_WHP_E_VP_ALREADY_EXISTS;
	if (index != 0)
		return MOTE_WHP_E_NO_RESOURCES; /* one is enough here */
	return whp_make_vp(partition);
}

static mote_whp_result delete_one(mote_whp_partition handle, uint32_t index)
{
	struct whp_partition *partition = whp_find(handle);

	if (!whp_find_vp(handle, index))
		return MOTE_WHP_E_VP_DOES_NOT_EXIST;
	demand_idle(partition, "WHvDeleteVirtualProcessor");
	delete_vp(partition, index);
	return MOTE_WHP_OK;
}

/* ---- The table ------------------------------------------------------------------------------- */

const struct mote_whp_system *sim_whp_table(void)
{
	static struct mote_whp_system table = {
		.base = {MOTE_BACKEND_WHP},
		.GetCapability = get_capability,
		.CreatePartition = create_partition,
		.SetPartitionProperty = set_property,
		.SetupPartition = set_up,
		.DeletePartition = delete_partition,
		.MapGpaRange = whp_map,
		.UnmapGpaRange = whp_unmap,
		.TranslateGva = whp_translate,
		.CreateVirtualProcessor = create_vp,
		.DeleteVirtualProcessor = delete_one,
		.RunVirtualProcessor = whp_run,
		.CancelRunVirtualProcessor = whp_cancel,
		.GetVirtualProcessorRegisters = whp_get_registers,
		.SetVirtualProcessorRegisters = whp_set_registers,
		.GetVirtualProcessorCounters = whp_counters,
	};

	table.MapGpaRange2 = sim_whp_rules()->old ? NULL : whp_map_2;
	whp_arch_functions(&table);
	return &table;
}
