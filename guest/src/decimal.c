/* SPDX-License-Identifier: Apache-2.0
 *
 * The exact decimal digits of a double.  A double is an integer times a power of
 * two; the part before the binary point is divided by 10^9 and the part behind
 * it multiplied by 10^9 until nothing is left.  Nothing is rounded here.
 */
#include "format.h"

#include "text.h"

#define BILLION 1000000000u

/* Little-endian.  Before the point: 1024 bits; behind it: 1074 bits. */
#define WORDS 36

struct big {
	uint32_t words[WORDS];
	int used;
};

static void trim(struct big *big)
{
	while (big->used && !big->words[big->used - 1])
		big->used--;
}

/* big = mantissa << shift */
static void set_shifted(struct big *big, uint64_t mantissa, int shift)
{
	int word = shift / 32, bit = shift % 32;
	uint64_t low = mantissa << bit, high = bit ? mantissa >> (64 - bit) : 0;

	memset(big, 0, sizeof(*big));
	big->words[word] = (uint32_t)low;
	big->words[word + 1] = (uint32_t)(low >> 32);
	big->words[word + 2] = (uint32_t)high;
	big->used = WORDS;
	trim(big);
}

static uint32_t divide_by_billion(struct big *big)
{
	uint64_t rest = 0;

	for (int i = big->used - 1; i >= 0; i--) {
		rest = rest << 32 | big->words[i];
		big->words[i] = (uint32_t)(rest / BILLION);
		rest %= BILLION;
	}
	trim(big);
	return (uint32_t)rest;
}

/* Multiplies a fraction of `words` words by 10^9; returns what rose above the point. */
static uint32_t multiply_by_billion(struct big *big, int words)
{
	uint64_t carry = 0;

	for (int i = 0; i < words; i++) {
		carry += (uint64_t)big->words[i] * BILLION;
		big->words[i] = (uint32_t)carry;
		carry >>= 32;
	}
	return (uint32_t)carry;
}

static bool is_zero(const struct big *big, int words)
{
	for (int i = 0; i < words; i++)
		if (big->words[i])
			return false;
	return true;
}

static void write_nine(char *to, uint32_t value)
{
	for (int i = 8; i >= 0; i--) {
		to[i] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* Writes the integer's digits; returns their number. */
static int integer_digits(char *digits, uint64_t mantissa, int shift)
{
	uint32_t groups[36];
	struct big big;
	int count = 0;

	set_shifted(&big, mantissa, shift);
	while (big.used)
		groups[count++] = divide_by_billion(&big);
	for (int i = 0; i < count; i++)
		write_nine(digits + 9 * i, groups[count - 1 - i]);
	return 9 * count;
}

/* Writes the digits of mantissa / 2^bits, which is below 1; returns their number. */
static int fraction_digits(char *digits, uint64_t mantissa, int bits)
{
	int words = (bits + 31) / 32;
	struct big big;
	int count = 0;

	set_shifted(&big, mantissa, words * 32 - bits);
	for (; !is_zero(&big, words); count += 9)
		write_nine(digits + count, multiply_by_billion(&big, words));
	return count;
}

static void strip_zeros(struct format_decimal *decimal)
{
	int zeros = 0;

	while (decimal->count && decimal->digits[decimal->count - 1] == '0')
		decimal->count--;
	while (zeros < decimal->count && decimal->digits[zeros] == '0')
		zeros++;
	decimal->count -= zeros;
	decimal->point -= zeros;
	memmove(decimal->digits, decimal->digits + zeros, (size_t)decimal->count);
	if (!decimal->count)
		decimal->point = 0;
}

void mote_guest_format_decimal(struct format_decimal *decimal, double value)
{
	uint64_t bits, mantissa, whole;
	int exponent;

	memcpy(&bits, &value, sizeof(bits));
	exponent = (int)(bits >> 52 & 0x7ff);
	mantissa = bits & ((UINT64_C(1) << 52) - 1);
	if (exponent)
		mantissa |= UINT64_C(1) << 52;
	else
		exponent = 1;
	exponent -= 1075; /* value = mantissa * 2^exponent */

	decimal->count = 0;
	if (exponent >= 0) {
		decimal->count = integer_digits(decimal->digits, mantissa, exponent);
		decimal->point = decimal->count;
	} else {
		whole = exponent > -64 ? mantissa >> -exponent : 0;
		if (whole)
			mantissa &= (UINT64_C(1) << -exponent) - 1;
		decimal->point = integer_digits(decimal->digits, whole, 0);
		decimal->count = decimal->point + fraction_digits(decimal->digits + decimal->point,
								  mantissa, -exponent);
	}
	strip_zeros(decimal);
}

void mote_guest_format_round(struct format_decimal *decimal, int count)
{
	bool up;
	int i;

	if (count >= decimal->count)
		return;
	if (count < 0) {
		decimal->count = 0;
		return;
	}
	up = decimal->digits[count] > '5';
	if (decimal->digits[count] == '5')
		/* No trailing zeros: whatever follows makes it more than a half. */
		up = decimal->count > count + 1 ||
		     (count && (decimal->digits[count - 1] - '0') % 2);
	decimal->count = count;
	if (!up)
		return;
	for (i = count - 1; i >= 0 && decimal->digits[i] == '9'; i--)
		decimal->digits[i] = '0';
	if (i >= 0) {
		decimal->digits[i]++;
		return;
	}
	/* 9.99 became 10.0: one digit more before the point. */
	memmove(decimal->digits + 1, decimal->digits, (size_t)count);
	decimal->digits[0] = '1';
	decimal->count = count + 1;
	decimal->point++;
}
