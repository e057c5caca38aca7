/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest of every part that a linker can get wrong: thread-local variables of several alignments,
 * constructors in their order, pointers that are relocated, memory that is zero.
 */
#include <mote_guest.h>
#include <string.h>

static _Thread_local int small = 7;
static _Thread_local char wide[64] __attribute__((aligned(64))) = "wide";
static _Thread_local char zero[100] __attribute__((aligned(32)));
static const char *const table[] = {"a", "b", "c"};
static char big[100000];
static volatile int order[4], count; /* volatile: not worked out by the compiler */

static void first(void)
{
	order[count++] = 1;
}

__attribute__((section(".preinit_array"), used)) static void (*const before_all)(void) = first;

__attribute__((constructor)) static void second(void)
{
	order[count++] = 2;
}

static bool is_zero(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* index: 1; not a constant, so that the compiler does not know the answers. */
MOTE_EXPORT(mote_string, check, (uint32_t, index))
{
	if (small != 7)
		return "a small thread-local variable is wrong";
	if (strcmp(wide, "wide") != 0 || (uintptr_t)wide % 64 != 0)
		return "a wide thread-local variable is wrong";
	if (!is_zero(zero, sizeof(zero)) || (uintptr_t)zero % 32 != 0)
		return "a thread-local variable of zeros is wrong";
	if (!is_zero(big, sizeof(big)))
		return "memory is not zero";
	if (count != 2 || order[0] != 1 || order[1] != 2)
		return "constructors ran out of order";
	if (strcmp(table[index % 3], "b") != 0)
		return "a pointer is wrong";
	big[index] = 1;
	small++;
	return small == 8 ? "all is well" : "a thread-local variable cannot be written";
}
