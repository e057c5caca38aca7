/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers from text.  One reader does the work; the functions differ in range.
 */
#include <stdlib.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct number {
	unsigned long long magnitude; /* ULLONG_MAX when it does not fit */
	bool negative;
	bool overflow;
};

static int digit_value(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (isalpha((unsigned char)c))
		return tolower((unsigned char)c) - 'a' + 10;
	return INT_MAX;
}

static const char *skip_prefix(const char *text, int *base)
{
	bool hexadecimal =
		text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && digit_value(text[2]) < 16;

	if ((*base == 0 || *base == 16) && hexadecimal) {
		*base = 16;
		return text + 2;
	}
	if (*base == 0)
		*base = text[0] == '0' ? 8 : 10;
	return text;
}

static struct number read_number(const char *text, char **end, int base)
{
	struct number number = {0, false, false};
	const char *at = text;
	bool any = false;

	if (end)
		*end = (char *)(uintptr_t)text;
	if (base < 0 || base == 1 || base > 36) {
		errno = EINVAL;
		return number;
	}
	while (isspace((unsigned char)*at))
		at++;
	if (*at == '-' || *at == '+')
		number.negative = *at++ == '-';
	at = skip_prefix(at, &base);
	for (; digit_value(*at) < base; at++, any = true)
		if (__builtin_mul_overflow(number.magnitude, (unsigned int)base,
					   &number.magnitude) ||
		    __builtin_add_overflow(number.magnitude, (unsigned int)digit_value(*at),
					   &number.magnitude))
			number.overflow = true;
	if (any && end)
		*end = (char *)(uintptr_t)at;
	return number;
}

static long long read_signed(const char *text, char **end, int base, long long minimum,
			     long long maximum)
{
	struct number number = read_number(text, end, base);
	unsigned long long limit =
		number.negative ? 0ull - (unsigned long long)minimum : (unsigned long long)maximum;

	if (number.overflow || number.magnitude > limit) {
		errno = ERANGE;
		return number.negative ? minimum : maximum;
	}
	return (long long)(number.negative ? 0 - number.magnitude : number.magnitude);
}

static unsigned long long read_unsigned(const char *text, char **end, int base,
					unsigned long long maximum)
{
	struct number number = read_number(text, end, base);

	if (number.overflow || number.magnitude > maximum) {
		errno = ERANGE;
		return maximum;
	}
	return number.negative ? (0 - number.magnitude) & maximum : number.magnitude;
}

long strtol(const char *restrict text, char **restrict end, int base)
{
	return (long)read_signed(text, end, base, LONG_MIN, LONG_MAX);
}

long long strtoll(const char *restrict text, char **restrict end, int base)
{
	return read_signed(text, end, base, LLONG_MIN, LLONG_MAX);
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
	return (unsigned long)read_unsigned(text, end, base, ULONG_MAX);
}

unsigned long long strtoull(const char *restrict text, char **restrict end, int base)
{
	return read_unsigned(text, end, base, ULLONG_MAX);
}

int atoi(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

long atol(const char *text)
{
	return strtol(text, NULL, 10);
}

long long atoll(const char *text)
{
	return strtoll(text, NULL, 10);
}
