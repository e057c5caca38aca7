/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: the printf family against known answers.
 */
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "libc_check.h"

static const char *printed(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *printed(const char *format, ...)
{
	static char text[2048];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	CHECK(length == (int)strlen(text));
	return text;
}

#define PRINTS(expected, ...)                                                                      \
	do {                                                                                       \
		const char *got = printed(__VA_ARGS__);                                            \
		if (strcmp(got, expected)) {                                                       \
			failures++;                                                                \
			mote_log(MOTE_LOG_ERROR, "%s:%d: printed '%s', not '%s'", __FILE__,        \
				 __LINE__, got, expected);                                         \
		}                                                                                  \
	} while (0)

static void test_integers(void)
{
	PRINTS("0 -1 2147483647", "%d %d %d", 0, -1, INT_MAX);
	PRINTS("-2147483648 4294967295", "%d %u", INT_MIN, UINT_MAX);
	PRINTS("-9223372036854775808", "%lld", LLONG_MIN);
	PRINTS("18446744073709551615", "%llu", ULLONG_MAX);
	PRINTS("ffffffffffffffff 1777777777777777777777", "%lx %lo", ULONG_MAX, ULONG_MAX);
	PRINTS("[   42] [42   ] [00042] [+42] [ 42]", "[%5d] [%-5d] [%05d] [%+d] [% d]", 42, 42, 42,
	       42, 42);
	PRINTS("[  042] [042  ] [+042 ]", "[%5.3d] [%-5.3d] [%-+5.3d]", 42, 42, 42);
	PRINTS("0xff 0XFF 0377 0 0", "%#x %#X %#o %#x %#o", 255, 255, 255, 0, 0);
	PRINTS("[] [0] [0x00002a]", "[%.0d] [%#.0o] [%#08x]", 0, 0, 42);
	PRINTS("-1 255 -1 65535", "%hhd %hhu %hd %hu", 255, 255, 65535, 65535);
	PRINTS("1 2 3 4", "%zu %td %jd %" PRIu64, (size_t)1, (ptrdiff_t)2, (intmax_t)3,
	       (uint64_t)4);
	PRINTS("[   7] [7   ] [0.5]", "[%*d] [%*d] [%.*f]", 4, 7, -4, 7, 1, 0.5);
}

static void test_texts(void)
{
	char five[5];

	PRINTS("a%b", "%c%%%s", 'a', "b");
	PRINTS("[  abc] [abc  ] [ab] []", "[%5s] [%-5s] [%.2s] [%.0s]", "abc", "abc", "abc", "abc");
	PRINTS("0x1234", "%p", (void *)0x1234);
	CHECK(snprintf(five, sizeof(five), "%s", "abcdefgh") == 8 && !strcmp(five, "abcd"));
	CHECK(snprintf(NULL, 0, "%d", 12345) == 5);
	CHECK(sprintf(five, "%d", 1234) == 4 && !strcmp(five, "1234"));
}

void test_print(void)
{
	test_integers();
	test_texts();
}

static void test_fixed(void)
{
	PRINTS("0.000000 -0.000000 1.500000", "%f %f %f", 0.0, -0.0, 1.5);
	PRINTS("0 2 2 4 0. 10", "%.0f %.0f %.0f %.0f %#.0f %.0f", 0.5, 1.5, 2.5, 3.5, 0.0, 9.5);
	PRINTS("0.1000000000000000055511151231257827021181583404541015625", "%.55f", 0.1);
	PRINTS("123456789012345683968.0", "%.1f", 123456789012345680000.0);
	PRINTS("0.00 0.01 1.00 0.99", "%.2f %.2f %.2f %.2f", 0.001, 0.009, 0.999, 0.994);
	PRINTS("[    3.14] [3.14    ] [00003.14] [+3.14] [-0003.14]",
	       "[%8.2f] [%-8.2f] [%08.2f] [%+.2f] [%08.2f]", 3.14159, 3.14159, 3.14159, 3.14159,
	       -3.14159);
	PRINTS("inf -inf nan INF [  inf]", "%f %f %f %F [%05f]", __builtin_inf(), -__builtin_inf(),
	       __builtin_nan(""), __builtin_inf(), __builtin_inf());
	PRINTS("1.500000", "%Lf", 1.5L);
	CHECK(strlen(printed("%f", 1.7976931348623157e308)) == 309 + 7);
	CHECK(!strncmp(printed("%.1f", 1.7976931348623157e308),
		       "17976931348623157081452742373170435", 35));
}

static void test_exponents(void)
{
	PRINTS("0.000000e+00 1.000000e+00 1.234568e+04", "%e %e %e", 0.0, 1.0, 12345.6789);
	PRINTS("1e+01 1.E-05 9.99e+99 1.00e+100", "%.0e %#.0E %.2e %.2e", 9.9, 0.00001, 9.99e99,
	       9.999e99);
	PRINTS("4.940656e-324 2.2250738585072014e-308", "%e %.16e", 4.9406564584124654e-324,
	       2.2250738585072014e-308);
	PRINTS("0 1 100000 1e+06 0.0001 1e-05", "%g %g %g %g %g %g", 0.0, 1.0, 100000.0, 1000000.0,
	       0.0001, 0.00001);
	PRINTS("0.1 3.14159 1.23457e+08 1.00000 1.E+01 0.30000000000000004",
	       "%g %g %g %#g %#.1G %.17g", 0.1, 3.14159265, 123456789.0, 1.0, 10.0, 0.1 + 0.2);
	PRINTS("[     1e+10] [1e+10     ] [000001e+10]", "[%10g] [%-10g] [%010g]", 1e10, 1e10,
	       1e10);
}

void test_print_double(void)
{
	test_fixed();
	test_exponents();
}
