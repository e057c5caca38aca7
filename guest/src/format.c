/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the format and prints everything but floating point.
 */
#include "format.h"

#include "text.h"

void mote_guest_format_put(struct format_sink *sink, const char *text, size_t length)
{
	if (sink->length < sink->room) {
		size_t left = sink->room - sink->length;

		memcpy(sink->to + sink->length, text, length < left ? length : left);
	}
	sink->length += length;
}

void mote_guest_format_repeat(struct format_sink *sink, char byte, int count)
{
	char run[32];

	memset(run, byte, sizeof(run));
	for (; count > 0; count -= (int)sizeof(run))
		mote_guest_format_put(sink, run,
				      count < (int)sizeof(run) ? (size_t)count : sizeof(run));
}

void mote_guest_format_padded(struct format_sink *sink, const struct format_spec *spec,
			      const char *prefix, int zeros, const char *body, size_t length)
{
	size_t prefix_length = strlen(prefix);
	size_t total = prefix_length + (size_t)zeros + length;
	int padding = total < (size_t)spec->width ? spec->width - (int)total : 0;

	if (!spec->left && !spec->zero)
		mote_guest_format_repeat(sink, ' ', padding);
	mote_guest_format_put(sink, prefix, prefix_length);
	if (!spec->left && spec->zero)
		mote_guest_format_repeat(sink, '0', padding);
	mote_guest_format_repeat(sink, '0', zeros);
	mote_guest_format_put(sink, body, length);
	if (spec->left)
		mote_guest_format_repeat(sink, ' ', padding);
}

static void format_integer(struct format_sink *sink, struct format_spec *spec, uintmax_t value,
			   const char *sign)
{
	const char *alphabet = spec->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned int base = 10;
	char text[24]; /* 22 octal digits at most */
	char *end = text + sizeof(text), *at = end;
	int digits, zeros;

	if (spec->conversion == 'o')
		base = 8;
	else if (spec->conversion == 'x' || spec->conversion == 'X' || spec->conversion == 'p')
		base = 16;
	for (uintmax_t rest = value; rest; rest /= base)
		*--at = alphabet[rest % base];
	digits = (int)(end - at);
	if (spec->precision < 0)
		zeros = digits ? 0 : 1;
	else
		zeros = spec->precision > digits ? spec->precision - digits : 0;
	if (spec->alternate && base == 8 && !zeros)
		zeros = 1;
	if (spec->alternate && base == 16 && value)
		sign = spec->conversion == 'X' ? "0X" : "0x";
	if (spec->precision >= 0)
		spec->zero = false;
	mote_guest_format_padded(sink, spec, sign, zeros, at, (size_t)digits);
}

/* The argument list, in a structure so that functions can take from it in turn. */
struct arguments {
	va_list list;
};

static intmax_t take_signed(struct arguments *arguments, char length)
{
	switch (length) {
	case 'H':
		return (signed char)va_arg(arguments->list, int);
	case 'h':
		return (short)va_arg(arguments->list, int);
	case 'l':
		return va_arg(arguments->list, long);
	case 'L':
		return va_arg(arguments->list, long long);
	case 'j':
		return va_arg(arguments->list, intmax_t);
	case 'z':
	case 't':
		return va_arg(arguments->list, ptrdiff_t);
	default:
		return va_arg(arguments->list, int);
	}
}

static uintmax_t take_unsigned(struct arguments *arguments, char length)
{
	switch (length) {
	case 'H':
		return (unsigned char)va_arg(arguments->list, unsigned int);
	case 'h':
		return (unsigned short)va_arg(arguments->list, unsigned int);
	case 'l':
		return va_arg(arguments->list, unsigned long);
	case 'L':
		return va_arg(arguments->list, unsigned long long);
	case 'j':
		return va_arg(arguments->list, uintmax_t);
	case 'z':
	case 't':
		return va_arg(arguments->list, size_t);
	default:
		return va_arg(arguments->list, unsigned int);
	}
}

static void format_signed(struct format_sink *sink, struct format_spec *spec, intmax_t value)
{
	const char *sign = "";

	if (value < 0)
		sign = "-";
	else if (spec->plus)
		sign = "+";
	else if (spec->blank)
		sign = " ";
	spec->alternate = false;
	format_integer(sink, spec, value < 0 ? 0 - (uintmax_t)value : (uintmax_t)value, sign);
}

/* Bytes before `end`, the NUL, or the maximum. */
static size_t length_until(const char *text, char end, size_t maximum)
{
	size_t length = 0;

	while (length < maximum && text[length] && text[length] != end)
		length++;
	return length;
}

static void format_string(struct format_sink *sink, struct format_spec *spec, const char *text)
{
	size_t length;

	if (!text)
		text = "(null)";
	length = length_until(text, 0, spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision);
	spec->zero = false;
	mote_guest_format_padded(sink, spec, "", 0, text, length);
}

static bool format_one(struct format_sink *sink, struct format_spec *spec,
		       struct arguments *arguments)
{
	char byte;

	switch (spec->conversion) {
	case 'd':
	case 'i':
		format_signed(sink, spec, take_signed(arguments, spec->length));
		return true;
	case 'u':
		spec->alternate = false;
		/* fallthrough */
	case 'o':
	case 'x':
	case 'X':
		format_integer(sink, spec, take_unsigned(arguments, spec->length), "");
		return true;
	case 'p':
		spec->alternate = true;
		format_integer(sink, spec, (uintptr_t)va_arg(arguments->list, void *), "");
		return true;
	case 'c':
		byte = (char)va_arg(arguments->list, int);
		spec->zero = false;
		mote_guest_format_padded(sink, spec, "", 0, &byte, 1);
		return true;
	case 's':
		format_string(sink, spec, va_arg(arguments->list, const char *));
		return true;
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
		if (spec->length == 'D')
			mote_guest_format_double(sink, spec,
						 (double)va_arg(arguments->list, long double));
		else
			mote_guest_format_double(sink, spec, va_arg(arguments->list, double));
		return true;
	case '%':
		mote_guest_format_put(sink, "%", 1);
		return true;
	default:
		return false;
	}
}

static const char *read_flags(const char *at, struct format_spec *spec)
{
	for (;; at++) {
		switch (*at) {
		case '-':
			spec->left = true;
			break;
		case '0':
			spec->zero = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->blank = true;
			break;
		case '#':
			spec->alternate = true;
			break;
		default:
			return at;
		}
	}
}

static const char *read_number(const char *at, struct arguments *arguments, int *number)
{
	*number = 0;
	if (*at == '*') {
		*number = va_arg(arguments->list, int);
		return at + 1;
	}
	for (; *at >= '0' && *at <= '9'; at++)
		if (*number < INT32_MAX / 10)
			*number = *number * 10 + (*at - '0');
	return at;
}

static const char *read_length(const char *at, struct format_spec *spec)
{
	if (at[0] == 'h' && at[1] == 'h') {
		spec->length = 'H';
		return at + 2;
	}
	if (at[0] == 'l' && at[1] == 'l') {
		spec->length = 'L';
		return at + 2;
	}
	if (*at == 'L')
		spec->length = 'D';
	else if (*at == 'h' || *at == 'l' || *at == 'z' || *at == 'j' || *at == 't')
		spec->length = *at;
	return spec->length ? at + 1 : at;
}

static const char *read_spec(const char *at, struct arguments *arguments, struct format_spec *spec)
{
	*spec = (struct format_spec){.precision = -1};
	at = read_flags(at, spec);
	at = read_number(at, arguments, &spec->width);
	if (spec->width < 0) {
		spec->left = true;
		spec->width = spec->width == INT32_MIN ? INT32_MAX : -spec->width;
	}
	if (*at == '.')
		at = read_number(at + 1, arguments, &spec->precision);
	if (spec->precision < 0)
		spec->precision = -1;
	at = read_length(at, spec);
	spec->conversion = *at;
	return *at ? at + 1 : at;
}

static void format_all(struct format_sink *sink, const char *format, struct arguments *arguments)
{
	while (*format) {
		const char *percent = format + length_until(format, '%', SIZE_MAX);
		struct format_spec spec;

		mote_guest_format_put(sink, format, (size_t)(percent - format));
		if (!*percent)
			return;
		format = read_spec(percent + 1, arguments, &spec);
		if (!format_one(sink, &spec, arguments))
			mote_abort("a text has the conversion %.*s, which mote_log does not know",
				   (int)(format - percent), percent);
	}
}

size_t mote_guest_format(char *to, size_t bytes, const char *format, va_list list)
{
	struct format_sink sink = {to, bytes - 1, 0};
	struct arguments arguments;
	size_t length;

	va_copy(arguments.list, list);
	format_all(&sink, format, &arguments);
	va_end(arguments.list);
	length = sink.length < bytes ? sink.length : bytes - 1;
	to[length] = 0;
	return length;
}
