/* SPDX-License-Identifier: Apache-2.0
 *
 * The pessimistic model of stage 1's cached leaves.  Before a run the tables are walked: each leaf
 * that a processor may have cached of the ASID, or of all, must be in them as it was.  So what may
 * be cached of an ASID is what its tables had at its last run: a list of tables with leaves.
 * Arm ARM (DDI 0487), D8.3 (descriptors), D8.14 (maintenance).
 */
#include "sim/hvf/tlb_aarch64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASIDS = 1 << 16, ENTRIES = 512, LAST_LEVEL = 3, BUCKETS = 1 << 12 };

#define NOT_GLOBAL (1ull << 11)
#define ACCESSED (1ull << 10)
#define OF_SOFTWARE (0xfull << 55 | ACCESSED)
#define ADDRESS 0xfffffffff000ull
#define TLBI_VMALLE1IS 0xd508831fu

/* The leaves of one table as it was at one time; shared by all ASIDs that saw it so. */
struct content {
	struct content *next; /* in its bucket: what the table is now, as far as is known */
	uint64_t gpa, sum;    /* of all entries */
	uint32_t users;	      /* the bucket is one */
	uint32_t count;
	struct {
		uint32_t index;
		uint64_t value;
	} leaves[];
};

struct seen {
	uint64_t va;
	int level;
	struct content *content;
};

/* What is cached of an ASID. */
struct list {
	struct seen *tables;
	uint32_t count, room;
};

static struct content *buckets[BUCKETS];
static struct list lists[ASIDS], walked;
/* Leaves of all ASIDs: none, unless somebody forgot nG. */
static struct seen_global {
	uint64_t va, bytes, value;
} * globals;
static uint32_t global_count;
static size_t bytes_in_use;
static char text[200];

size_t sim_tlb_bytes(void)
{
	return bytes_in_use;
}

static void *grow(void *old, size_t bytes, size_t old_bytes)
{
	void *grown = realloc(old, bytes);

	if (!grown)
		abort();
	bytes_in_use += bytes - old_bytes;
	return grown;
}

static size_t size_of(uint32_t leaves)
{
	return sizeof(struct content) + leaves * sizeof(((struct content *)0)->leaves[0]);
}

static void release(struct content *content)
{
	if (--content->users > 0)
		return;
	bytes_in_use -= size_of(content->count);
	free(content);
}

static void empty(struct list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		release(list->tables[i].content);
	list->count = 0;
}

/* All tables and ASIDs. */
static void forget_all(void)
{
	for (size_t i = 0; i < ASIDS; i++)
		empty(&lists[i]);
	for (size_t i = 0; i < BUCKETS; i++)
		while (buckets[i]) {
			struct content *first = buckets[i];

			buckets[i] = first->next;
			release(first);
		}
	global_count = 0;
}

void sim_tlb_clear(void)
{
	forget_all();
}

/* ---- Tables -------------------------------------------------------------------------------- */

static bool is_leaf(uint64_t entry, int level)
{
	const bool is_page = level == LAST_LEVEL;

	return (entry & 1) && (entry & ACCESSED) && ((entry & 2) != 0) == is_page;
}

static bool is_table(uint64_t entry, int level)
{
	return level < LAST_LEVEL && (entry & 3) == 3;
}

static uint64_t sum_of(const uint64_t *entries, int level)
{
	uint64_t sum = (uint64_t)level;

	for (size_t i = 0; i < ENTRIES; i++)
		sum = (sum ^ (entries[i] & ~OF_SOFTWARE) ^ (entries[i] & ACCESSED)) *
		      0x9e3779b97f4a7c15ull;
	return sum;
}

static struct content *read_table(uint64_t gpa, const uint64_t *entries, int level, uint64_t sum)
{
	struct content *content;
	uint32_t count = 0;

	for (size_t i = 0; i < ENTRIES; i++)
		count += is_leaf(entries[i], level);
	content = grow(NULL, size_of(count), 0);
	*content = (struct content){.gpa = gpa, .sum = sum, .users = 1};
	for (uint32_t i = 0; i < ENTRIES; i++)
		if (is_leaf(entries[i], level)) {
			content->leaves[content->count].index = i;
			content->leaves[content->count++].value = entries[i];
		}
	return content;
}

/* The content of a table, which has one user more. */
static struct content *content_of(uint64_t gpa, const uint64_t *entries, int level)
{
	struct content **at = &buckets[gpa >> 12 & (BUCKETS - 1)];
	const uint64_t sum = sum_of(entries, level);
	struct content *found;

	while (*at && (*at)->gpa != gpa)
		at = &(*at)->next;
	found = *at;
	if (!found || found->sum != sum) {
		struct content *now = read_table(gpa, entries, level, sum);

		now->next = found ? found->next : NULL;
		*at = now;
		if (found)
			release(found);
		found = now;
	}
	found->users++;
	return found;
}

static void put(struct list *list, uint64_t va, int level, struct content *content)
{
	if (list->count == list->room) {
		const uint32_t room = list->room ? 2 * list->room : 8;

		list->tables = grow(list->tables, room * sizeof(*list->tables),
				    list->room * sizeof(*list->tables));
		list->room = room;
	}
	list->tables[list->count++] = (struct seen){va, level, content};
}

static void walk(const struct sim_machine *machine, uint64_t table, int level, uint64_t va)
{
	const uint64_t *entries = sim_machine_host(machine, table);

	if (!entries)
		return;
	put(&walked, va, level, content_of(table, entries, level));
	for (uint64_t i = 0; level < LAST_LEVEL && i < ENTRIES; i++)
		if (is_table(entries[i], level))
			walk(machine, entries[i] & ADDRESS, level + 1,
			     va + (i << (39 - 9 * level)));
}

/* ---- Comparison ---------------------------------------------------------------------------- */

static bool contradicts(const char *what, uint32_t asid, uint64_t va, uint64_t cached, uint64_t now)
{
	snprintf(text, sizeof(text),
		 "%s: ASID %lu, VA 0x%llx: 0x%llx may be cached, the tables say 0x%llx", what,
		 (unsigned long)asid, (unsigned long long)va, (unsigned long long)cached,
		 (unsigned long long)now);
	return false;
}

static bool differ(uint64_t a, uint64_t b)
{
	return ((a ^ b) & ~OF_SOFTWARE) != 0;
}

/* 0: it is none.  from: where to look, for indices that grow. */
static uint64_t leaf_of(const struct content *content, uint32_t index, uint32_t *from)
{
	while (*from < content->count && content->leaves[*from].index < index)
		++*from;
	return *from < content->count && content->leaves[*from].index == index
		       ? content->leaves[*from].value
		       : 0;
}

static const struct content *find(const struct list *list, const struct seen *wanted)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->tables[i].va == wanted->va && list->tables[i].level == wanted->level)
			return list->tables[i].content;
	return NULL;
}

/* Each leaf that was seen is there. */
static bool keeps(const struct seen *seen, const struct content *now, uint32_t asid)
{
	const struct content *then = seen->content;
	const int shift = 39 - 9 * seen->level;
	uint32_t from = 0;

	for (uint32_t i = 0; i < then->count && then != now; i++) {
		const uint32_t index = then->leaves[i].index;
		const uint64_t cached = then->leaves[i].value;
		const uint64_t said = now ? leaf_of(now, index, &from) : 0;

		if (differ(cached, said))
			return contradicts(
				said ? "the translation has changed" : "the translation is gone",
				asid, seen->va + ((uint64_t)index << shift), cached, said);
	}
	return true;
}

/* Of other ASIDs too. */
static bool agrees_with_globals(const struct seen *seen, uint32_t asid)
{
	const uint64_t bytes = 1ull << (39 - 9 * seen->level);

	for (uint32_t g = 0; g < global_count; g++)
		for (uint32_t i = 0; i < seen->content->count; i++) {
			const uint64_t va = seen->va + seen->content->leaves[i].index * bytes;
			const uint64_t value = seen->content->leaves[i].value;

			if (va < globals[g].va + globals[g].bytes && globals[g].va < va + bytes &&
			    (bytes != globals[g].bytes || differ(value, globals[g].value)))
				return contradicts("another translation is global", asid, va,
						   globals[g].value, value);
		}
	return true;
}

static void remember_globals(const struct seen *seen)
{
	for (uint32_t i = 0; i < seen->content->count; i++)
		if (!(seen->content->leaves[i].value & NOT_GLOBAL)) {
			const uint64_t bytes = 1ull << (39 - 9 * seen->level);

			globals = grow(globals, (global_count + 1) * sizeof(*globals),
				       global_count * sizeof(*globals));
			globals[global_count++] = (struct seen_global){
				seen->va + seen->content->leaves[i].index * bytes, bytes,
				seen->content->leaves[i].value};
		}
}

static bool agree(const struct list *cached, uint32_t asid)
{
	for (uint32_t i = 0; i < cached->count; i++)
		if (!keeps(&cached->tables[i], find(&walked, &cached->tables[i]), asid))
			return false;
	for (uint32_t i = 0; i < walked.count; i++)
		if (!agrees_with_globals(&walked.tables[i], asid))
			return false;
	return true;
}

/* What was walked is what may be cached from now on. */
static void keep(struct list *cached)
{
	const struct list old = *cached;

	for (uint32_t i = 0; i < walked.count; i++)
		if (!find(cached, &walked.tables[i]) ||
		    find(cached, &walked.tables[i]) != walked.tables[i].content)
			remember_globals(&walked.tables[i]);
	*cached = walked;
	walked = old;
	empty(&walked);
}

/* Without stage 1, code that soon executes TLBI VMALLE1IS: the form without IS reaches one
 * processor alone. */
static bool flushes(const struct sim_machine *machine, const struct sim_vcpu *vcpu)
{
	const uint64_t pc = sim_get(vcpu, SIM_PC);
	const uint32_t *word;

	for (uint64_t at = pc; at < pc + 32; at += 4) {
		word = sim_machine_host(machine, at);
		if (word && *word == TLBI_VMALLE1IS)
			return true;
	}
	return false;
}

const char *sim_tlb_check(const struct sim_machine *machine, const struct sim_vcpu *vcpu)
{
	uint64_t tcr, ttbr0, holder;
	uint32_t asid;

	if (!(sim_get_system(vcpu, SIM_SCTLR) & 1)) {
		if (flushes(machine, vcpu))
			forget_all();
		return NULL;
	}
	tcr = sim_get_system(vcpu, SIM_TCR);
	ttbr0 = sim_get_system(vcpu, SIM_TTBR0);
	holder = tcr >> 22 & 1 ? sim_get_system(vcpu, SIM_TTBR1) : ttbr0;
	asid = (uint32_t)(holder >> 48) & (tcr >> 36 & 1 ? 0xffff : 0xff);
	walk(machine, ttbr0 & ADDRESS, LAST_LEVEL - (64 - (int)(tcr & 63) - 13) / 9, 0);
	if (!agree(&lists[asid], asid)) {
		empty(&walked);
		return text;
	}
	keep(&lists[asid]);
	return NULL;
}
