/* SPDX-License-Identifier: Apache-2.0
 *
 * %f, %e and %g, from exact decimal digits.
 */
#include "format.h"

#include "text.h"

/* Digits [first, first + count) of a decimal; outside of what it has they are 0. */
static void put_digits(struct format_sink *sink, const struct format_decimal *decimal, int first,
		       int count)
{
	int leading = first < 0 ? -first : 0;
	int present;

	if (leading > count)
		leading = count;
	mote_guest_format_repeat(sink, '0', leading);
	first += leading;
	count -= leading;
	present = decimal->count > first ? decimal->count - first : 0;
	if (present > count)
		present = count;
	mote_guest_format_put(sink, decimal->digits + (present ? first : 0), (size_t)present);
	mote_guest_format_repeat(sink, '0', count - present);
}

static int exponent_text(char *text, int exponent, char letter)
{
	int magnitude = exponent < 0 ? -exponent : exponent;
	int length = 0;

	text[length++] = letter;
	text[length++] = exponent < 0 ? '-' : '+';
	if (magnitude >= 100)
		text[length++] = (char)('0' + magnitude / 100);
	text[length++] = (char)('0' + magnitude / 10 % 10);
	text[length++] = (char)('0' + magnitude % 10);
	return length;
}

/* How the digits are laid out. */
struct layout {
	int before; /* digits before the point */
	int first;  /* index of the first of them; negative: zeros come first */
	int behind; /* digits behind the point */
	char exponent[8];
	int exponent_length;
};

static void plan_fixed(struct layout *layout, struct format_decimal *decimal, int precision)
{
	mote_guest_format_round(decimal, decimal->point > INT32_MAX - precision
						 ? decimal->count
						 : decimal->point + precision);
	if (!decimal->count)
		decimal->point = 0;
	layout->before = decimal->point > 0 ? decimal->point : 1;
	layout->first = decimal->point > 0 ? 0 : decimal->point - 1;
	layout->behind = precision;
	layout->exponent_length = 0;
}

static void plan_exponent(struct layout *layout, struct format_decimal *decimal, int precision,
			  char letter)
{
	mote_guest_format_round(decimal, precision == INT32_MAX ? precision : precision + 1);
	layout->before = 1;
	layout->first = 0;
	layout->behind = precision;
	layout->exponent_length =
		exponent_text(layout->exponent, decimal->count ? decimal->point - 1 : 0, letter);
}

static void plan_general(struct layout *layout, struct format_decimal *decimal,
			 const struct format_spec *spec, int precision)
{
	int exponent;

	if (!precision)
		precision = 1;
	mote_guest_format_round(decimal, precision);
	exponent = decimal->count ? decimal->point - 1 : 0;
	if (exponent < -4 || exponent >= precision) {
		plan_exponent(layout, decimal, precision - 1, spec->conversion == 'G' ? 'E' : 'e');
	} else {
		plan_fixed(layout, decimal, precision - 1 - exponent);
	}
	if (!spec->alternate) {
		/* Trailing zeros go. */
		int last = decimal->count;

		while (last && decimal->digits[last - 1] == '0')
			last--;
		last -= layout->first + layout->before;
		if (last < layout->behind)
			layout->behind = last > 0 ? last : 0;
	}
}

static void put_layout(struct format_sink *sink, const struct format_spec *spec, const char *sign,
		       const struct format_decimal *decimal, const struct layout *layout)
{
	bool dot = layout->behind || spec->alternate;
	long long total = (long long)strlen(sign) + layout->before + dot + layout->behind +
			  layout->exponent_length;
	int padding = total < spec->width ? (int)(spec->width - total) : 0;

	if (!spec->left && !spec->zero)
		mote_guest_format_repeat(sink, ' ', padding);
	mote_guest_format_put(sink, sign, strlen(sign));
	if (!spec->left && spec->zero)
		mote_guest_format_repeat(sink, '0', padding);
	put_digits(sink, decimal, layout->first, layout->before);
	if (dot)
		mote_guest_format_put(sink, ".", 1);
	put_digits(sink, decimal, layout->first + layout->before, layout->behind);
	mote_guest_format_put(sink, layout->exponent, (size_t)layout->exponent_length);
	if (spec->left)
		mote_guest_format_repeat(sink, ' ', padding);
}

static const char *sign_of(const struct format_spec *spec, bool negative)
{
	if (negative)
		return "-";
	if (spec->plus)
		return "+";
	return spec->blank ? " " : "";
}

void mote_guest_format_double(struct format_sink *sink, const struct format_spec *spec,
			      double value)
{
	bool capital = spec->conversion >= 'A' && spec->conversion <= 'Z';
	int precision = spec->precision < 0 ? 6 : spec->precision;
	const char *sign = sign_of(spec, __builtin_signbit(value));
	struct format_decimal decimal;
	struct layout layout;

	if (!__builtin_isfinite(value)) {
		struct format_spec plain = *spec;
		const char *text = value == value ? "inf" : "nan";

		if (capital)
			text = value == value ? "INF" : "NAN";
		plain.zero = false;
		mote_guest_format_padded(sink, &plain, sign, 0, text, 3);
		return;
	}
	mote_guest_format_decimal(&decimal, value < 0 ? -value : value);
	if (spec->conversion == 'f' || spec->conversion == 'F')
		plan_fixed(&layout, &decimal, precision);
	else if (spec->conversion == 'e' || spec->conversion == 'E')
		plan_exponent(&layout, &decimal, precision, spec->conversion);
	else
		plan_general(&layout, &decimal, spec, precision);
	put_layout(sink, spec, sign, &decimal, &layout);
}
