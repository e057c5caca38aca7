/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: string.h, ctype.h, numbers, sorting, setjmp, atomics.
 */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jump.h"
#include "libc_check.h"

#define AREA 320

/* Every length, offset and distance up to a few vectors, against a loop over bytes. */
static bool moves(size_t from, size_t to, size_t length)
{
	static unsigned char area[AREA], expected[AREA];
	bool same = true;

	for (size_t i = 0; i < AREA; i++)
		area[i] = expected[i] = (unsigned char)(i * 7 + 3);
	for (volatile size_t i = 0; i < length; i++)
		expected[to + i] = (unsigned char)((from + i) * 7 + 3);
	memmove(area + to, area + from, length);
	for (volatile size_t i = 0; i < AREA; i++)
		same = same && area[i] == expected[i];
	return same;
}

static bool sets(size_t to, size_t length)
{
	static unsigned char area[AREA];
	bool right = true;

	for (volatile size_t i = 0; i < AREA; i++)
		area[i] = 0x11;
	memset(area + to, 0x1ee, length);
	for (volatile size_t i = 0; i < AREA; i++)
		right = right && area[i] == (i >= to && i < to + length ? 0xee : 0x11);
	return right;
}

static void test_compare(void)
{
	char a[40] = "abcdefghijklmnopqrstuvwxyz0123456789", b[40];

	for (size_t i = 0; i < 36; i++) {
		memcpy(b, a, sizeof(a));
		b[i]++;
		CHECK(memcmp(a, b, 36) < 0 && memcmp(b, a, 36) > 0 && !memcmp(a, b, i));
		CHECK(strcmp(a, b) < 0 && strncmp(a, b, i) == 0 && strncmp(b, a, i + 1) > 0);
		CHECK(memchr(a, a[i], 36) == a + i && !memchr(a, a[i], i));
	}
	CHECK(memcmp("\xff", "\x01", 1) > 0 && strcmp("\xff", "\x01") > 0);
	CHECK(!memcmp(a, b, 0));
}

void test_memory(void)
{
	for (size_t length = 0; length <= 150; length++) {
		for (size_t offset = 0; offset < 18; offset++)
			CHECK(moves(offset, 170 - offset, length) && sets(offset, length));
		for (size_t distance = 0; distance <= 80; distance += distance < 34 ? 1 : 7) {
			CHECK(moves(8, 8 + distance, length));
			CHECK(moves(8 + distance, 8, length));
		}
	}
	test_compare();
}

static void test_search(void)
{
	const char *text = "one two two three";

	CHECK(strchr(text, 't') == text + 4 && strchr(text, 0) == text + 17 && !strchr(text, 'x'));
	CHECK(strrchr(text, 't') == text + 12 && strrchr(text, 0) == text + 17);
	CHECK(strstr(text, "two th") == text + 8 && strstr(text, "") == text &&
	      !strstr(text, "four"));
	CHECK(strspn(text, "eno") == 3 && strcspn(text, " ") == 3);
	CHECK(strpbrk(text, "hw") == text + 5 && !strpbrk(text, "xyz"));
}

static void test_length(void)
{
	char text[64];

	for (size_t start = 0; start < 16; start++) {
		for (size_t length = 0; length < 40; length++) {
			memset(text, 'x', sizeof(text));
			text[start + length] = 0;
			CHECK(strlen(text + start) == length);
			CHECK(strnlen(text + start, 20) == (length < 20 ? length : 20));
		}
	}
}

static void test_copies(void)
{
	char to[16], *rest, *copy = strdup("heap"), words[] = ",a,,bc,";

	CHECK(copy && !strcmp(copy, "heap"));
	free(copy);
	copy = strndup("heap", 2);
	CHECK(copy && !strcmp(copy, "he"));
	free(copy);
	memset(to, 'x', sizeof(to));
	CHECK(strncpy(to, "ab", 4) == to && !memcmp(to, "ab\0\0x", 5));
	CHECK(strcpy(to, "abc") == to && strcat(to, "de") == to && !strcmp(to, "abcde"));
	CHECK(strncat(to, "fghi", 2) == to && !strcmp(to, "abcdefg"));
	CHECK(stpcpy(to, "xy") == to + 2);
	CHECK(!strcmp(strtok_r(words, ",", &rest), "a") &&
	      !strcmp(strtok_r(NULL, ",", &rest), "bc") && !strtok_r(NULL, ",", &rest));
	CHECK(!strcasecmp("AbC", "aBc") && strncasecmp("abX", "ABc", 2) == 0 &&
	      strcasecmp("a", "B") < 0);
}

static void test_classes(void)
{
	int counts[6] = {0};

	for (int c = EOF; c < 256; c++) {
		counts[0] += !!isalpha(c);
		counts[1] += !!isdigit(c);
		counts[2] += !!isspace(c);
		counts[3] += !!ispunct(c);
		counts[4] += !!isxdigit(c);
		counts[5] += !!isprint(c);
	}
	CHECK(counts[0] == 52 && counts[1] == 10 && counts[2] == 6 && counts[3] == 32 &&
	      counts[4] == 22 && counts[5] == 95);
	CHECK(toupper('a') == 'A' && tolower('Z') == 'z' && toupper('1') == '1');
}

void test_string(void)
{
	test_search();
	test_length();
	test_copies();
	test_classes();
}

void test_numbers(void)
{
	char *end;

	CHECK(atoi(" -42x") == -42 && atoll("9223372036854775807") == LLONG_MAX);
	CHECK(strtol("0x1fz", &end, 0) == 31 && *end == 'z');
	CHECK(strtol("0x", &end, 16) == 0 && *end == 'x');
	CHECK(strtol("077", NULL, 0) == 63 && strtol("zz", NULL, 36) == 35 * 36 + 35);
	CHECK(strtol("none", &end, 10) == 0 && *end == 'n');
	errno = 0;
	CHECK(strtol("9223372036854775808", NULL, 10) == LONG_MAX && errno == ERANGE);
	errno = 0;
	CHECK(strtol("-9223372036854775808", NULL, 10) == LONG_MIN && !errno);
	CHECK(strtoll("-9223372036854775809", NULL, 10) == LLONG_MIN && errno == ERANGE);
	errno = 0;
	CHECK(strtoull("18446744073709551615", NULL, 10) == ULLONG_MAX && !errno);
	CHECK(strtoull("18446744073709551616", NULL, 10) == ULLONG_MAX && errno == ERANGE);
	CHECK(strtoul("-1", NULL, 10) == ULONG_MAX);
	CHECK(abs(-3) == 3 && labs(-3L) == 3 && llabs(-3LL) == 3);
	CHECK(div(-7, 2).quot == -3 && div(-7, 2).rem == -1);
}

static int ascending(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

void test_sort(void)
{
	static int numbers[1000];
	bool sorted = true;
	int absent = -1;

	for (size_t count = 0; count < 1000; count = count * 2 + 1) {
		for (size_t i = 0; i < count; i++)
			numbers[i] = rand() % 500;
		qsort(numbers, count, sizeof(numbers[0]), ascending);
		for (size_t i = 1; i < count; i++)
			sorted = sorted && numbers[i - 1] <= numbers[i];
		for (size_t i = 0; i < count; i++) {
			int *found = bsearch(&numbers[i], numbers, count, sizeof(int), ascending);

			CHECK(found && *found == numbers[i]);
		}
		CHECK(!bsearch(&absent, numbers, count, sizeof(int), ascending));
	}
	CHECK(sorted);
}

static jmp_buf state;

static void leave(int value)
{
	longjmp(state, value);
}

void test_jump(void)
{
	volatile int passes = 0;
	int value = setjmp(state);

	passes++;
	if (value < 3)
		leave(value == 0 ? 0 : value + 1); /* 0 arrives as 1 */
	CHECK(value == 3 && passes == 4);
	CHECK(jump_keeps_registers(&state));
}

static atomic_uchar byte = 0xfe;
static _Atomic uint16_t half = 2;
static atomic_uint word = 5;
static _Atomic uint64_t wide = UINT64_C(0xffffffff);

/* Without a library for them, and without asking what the processor has. */
void test_atomics(void)
{
	unsigned int expected = 4;

	CHECK(atomic_fetch_add(&byte, 3) == 0xfe && byte == 1);
	CHECK(atomic_exchange(&half, 0xffff) == 2 && half == 0xffff);
	CHECK(!atomic_compare_exchange_strong(&word, &expected, 9) && expected == 5);
	CHECK(atomic_compare_exchange_strong(&word, &expected, 9) && word == 9);
	CHECK(atomic_fetch_add_explicit(&wide, 1, memory_order_relaxed) == UINT64_C(0xffffffff));
	CHECK(atomic_fetch_xor(&wide, 1) == UINT64_C(0x100000000) && wide == UINT64_C(0x100000001));
	atomic_thread_fence(memory_order_seq_cst);
}
