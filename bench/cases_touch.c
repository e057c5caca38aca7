/* SPDX-License-Identifier: Apache-2.0
 *
 * The first touch of memory: a new sandbox writes to each page of 32 MiB, against the host doing so
 * in new memory of its own.
 */
#define _DEFAULT_SOURCE /* madvise */
#include <stdint.h>
#include <sys/mman.h>

#include "bench.h"

enum { PAGES = 8192, PAGE_BYTES = 4096, BYTES = PAGES * PAGE_BYTES, HUGE_PAGE_BYTES = 2 << 20 };

struct touch {
	struct bench_guest guest;
	int advice; /* of the native memory */
};

static bool touch_natively(void *user)
{
	const struct touch *touch = user;
	unsigned char *memory = mmap(NULL, BYTES + HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *pages;

	if (memory == MAP_FAILED)
		return bench_fail(touch->guest.bench, "no memory");
	pages = memory + (-(uintptr_t)memory & (HUGE_PAGE_BYTES - 1));
	madvise(pages, BYTES, touch->advice);
	for (size_t i = 0; i < PAGES; i++)
		++*(volatile unsigned char *)(pages + i * PAGE_BYTES);
	munmap(memory, BYTES + HUGE_PAGE_BYTES);
	return true;
}

static bool live(struct touch *touch, uint32_t pages)
{
	const mote_value count = mote_value_u32(pages);
	const bool good = bench_guest_create(&touch->guest) &&
			  bench_guest_call(&touch->guest, &count, 1, NULL, NULL);

	bench_guest_destroy(&touch->guest);
	return good;
}

static bool touch_in_guest(void *user)
{
	return live(user, PAGES);
}

static bool touch_nothing(void *user)
{
	return live(user, 0);
}

/* Each row beside native memory of the same kind. */
bool bench_case_touch(struct bench *bench)
{
	static const struct {
		const char *name;
		bool huge;
	} rows[] = {{"touch-32MiB", false}, {"touch-32MiB-huge", true}};
	struct touch touch = {.advice = 0};
	bool good =
		bench_guest_open(bench, &touch.guest, "bench_large_pages", "touch", "void(u32)");

	touch.guest.options.memory_bytes = BYTES + (4 << 20);
	for (size_t i = 0; good && i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct bench_pair pair = {
			.name = rows[i].name,
			.reference = "new memory, native",
			.floor = {.once = touch_natively},
			.mote = {.once = touch_in_guest, .without = touch_nothing},
			.user = &touch,
			.counted = 1,
		};

		touch.advice = rows[i].huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
		touch.guest.options.huge_pages = rows[i].huge;
		good = bench_compare(bench, &pair);
	}
	bench_guest_close(&touch.guest);
	return good;
}
