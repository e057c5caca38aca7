/* SPDX-License-Identifier: Apache-2.0
 *
 * The texts of mote_log and mote_abort, formatted as by printf: where the text goes, what
 * a conversion says, and the decimal digits of a double.
 */
#ifndef MOTE_GUEST_FORMAT_H
#define MOTE_GUEST_FORMAT_H

#include "runtime.h"

/* Text that may be longer than its room; length counts all of it. */
struct format_sink {
	char *to;
	size_t room;
	size_t length;
};

/* One conversion, as read from the format. */
struct format_spec {
	bool left, zero, plus, blank, alternate;
	int width;
	int precision; /* -1: not given */
	char length;   /* of the argument: 0 h H(hh) l L(ll) z j t D(long double) */
	char conversion;
};

/*
 * value = 0.d1d2d3... * 10^point, exactly.  A finite double has at most 309 digits before the
 * decimal point and 1074 behind it.
 */
struct format_decimal {
	int count; /* of digits; no leading zeros; 0 for zero */
	int point;
	char digits[1400]; /* '0' to '9' */
};

/* What vsnprintf does, but for what it returns, and conversions that it does not know: a, n, wide
 * characters.  These end the guest, since a text that lacks something would not show it. */
MOTE_GUEST_HIDDEN size_t mote_guest_format(char *to, size_t bytes, const char *format,
					   va_list arguments);

MOTE_GUEST_HIDDEN void mote_guest_format_put(struct format_sink *sink, const char *text,
					     size_t length);
MOTE_GUEST_HIDDEN void mote_guest_format_repeat(struct format_sink *sink, char byte, int count);

/* Puts sign or prefix, zeros and body with the padding that spec asks for. */
MOTE_GUEST_HIDDEN void mote_guest_format_padded(struct format_sink *sink,
						const struct format_spec *spec, const char *prefix,
						int zeros, const char *body, size_t length);

/* value: finite, not negative. */
MOTE_GUEST_HIDDEN void mote_guest_format_decimal(struct format_decimal *decimal, double value);

/* Keeps the first `count` digits (none if not positive), rounded half to even. */
MOTE_GUEST_HIDDEN void mote_guest_format_round(struct format_decimal *decimal, int count);

MOTE_GUEST_HIDDEN void mote_guest_format_double(struct format_sink *sink,
						const struct format_spec *spec, double value);

#endif
