/* SPDX-License-Identifier: Apache-2.0
 *
 * Parses arguments strictly: a word is a value of its type from its first to its
 * last byte, or an error.
 */
#include "arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "text.h"
#include "tool.h"

/* What a reader made of a word. */
enum outcome { READ, MALFORMED, OUT_OF_RANGE };

/* ---- Integers ---------------------------------------------------------------------------- */

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return 16;
}

/* Sign and magnitude: -5, 10, 0x1F. */
static enum outcome read_magnitude(const char *word, bool *negative, uint64_t *magnitude)
{
	unsigned base = 10;
	uint64_t value = 0;
	bool fits = true;

	*negative = *word == '-';
	word += *negative;
	if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
		base = 16;
		word += 2;
	}
	if (*word == '\0')
		return MALFORMED;
	for (; *word != '\0'; word++) {
		unsigned digit = (unsigned)digit_value(*word);

		if (digit >= base)
			return MALFORMED;
		fits = fits && value <= (UINT64_MAX - digit) / base;
		value = value * base + digit;
	}
	*magnitude = value;
	return fits ? READ : OUT_OF_RANGE;
}

static enum outcome read_unsigned(const char *word, uint64_t most, uint64_t *value)
{
	bool negative;
	uint64_t magnitude;
	enum outcome outcome = read_magnitude(word, &negative, &magnitude);

	if (outcome != READ)
		return outcome;
	if (magnitude > most || (negative && magnitude > 0))
		return OUT_OF_RANGE;
	*value = magnitude;
	return READ;
}

static enum outcome read_signed(const char *word, int64_t most, int64_t *value)
{
	bool negative;
	uint64_t magnitude;
	enum outcome outcome = read_magnitude(word, &negative, &magnitude);

	if (outcome != READ)
		return outcome;
	if (magnitude > (uint64_t)most + negative)
		return OUT_OF_RANGE;
	/* The lowest number has no positive counterpart. */
	*value = !negative	  ? (int64_t)magnitude
		 : magnitude == 0 ? 0
				  : -(int64_t)(magnitude - 1) - 1;
	return READ;
}

/* ---- The other types --------------------------------------------------------------------- */

static enum outcome read_float(const char *word, bool is_f32, mote_value *value)
{
	char *end;
	double number;

	/* strtod skips blanks and takes a plus sign and nan(...); none of them is a number here. */
	if (strchr("-.0123456789inIN", word[0]) == NULL || strchr(word, '(') != NULL)
		return MALFORMED;
	errno = 0;
	if (is_f32)
		number = (double)(value->as.f32 = strtof(word, &end));
	else
		number = value->as.f64 = strtod(word, &end);
	if (end == word || *end != '\0')
		return MALFORMED;
	/* Too small a number is rounded as any other; too large a one has no neighbour. */
	return errno == ERANGE && isinf(number) ? OUT_OF_RANGE : READ;
}

static enum outcome read_bool(const char *word, bool *value)
{
	if (strcmp(word, "true") == 0 || strcmp(word, "1") == 0)
		*value = true;
	else if (strcmp(word, "false") == 0 || strcmp(word, "0") == 0)
		*value = false;
	else
		return MALFORMED;
	return READ;
}

static enum outcome read_scalar(const char *word, mote_value *value)
{
	enum outcome outcome;
	uint64_t number = 0;
	int64_t integer = 0;

	switch (value->type) {
	case MOTE_TYPE_I32:
		outcome = read_signed(word, INT32_MAX, &integer);
		value->as.i32 = (int32_t)integer;
		return outcome;
	case MOTE_TYPE_U32:
		outcome = read_unsigned(word, UINT32_MAX, &number);
		value->as.u32 = (uint32_t)number;
		return outcome;
	case MOTE_TYPE_I64:
		return read_signed(word, INT64_MAX, &value->as.i64);
	case MOTE_TYPE_U64:
		return read_unsigned(word, UINT64_MAX, &value->as.u64);
	case MOTE_TYPE_F32:
	case MOTE_TYPE_F64:
		return read_float(word, value->type == MOTE_TYPE_F32, value);
	case MOTE_TYPE_BOOL:
		return read_bool(word, &value->as.boolean);
	default:
		return MALFORMED;
	}
}

/* ---- Putting them together --------------------------------------------------------------- */

static const char *expected(mote_type type, enum outcome outcome)
{
	static const char *const ranges[MOTE_TYPE_COUNT] = {
		[MOTE_TYPE_I32] = "out of range (-2147483648 to 2147483647)",
		[MOTE_TYPE_U32] = "out of range (0 to 4294967295)",
		[MOTE_TYPE_I64] = "out of range (-9223372036854775808 to 9223372036854775807)",
		[MOTE_TYPE_U64] = "out of range (0 to 18446744073709551615)",
		[MOTE_TYPE_F32] = "out of range (up to 3.4028235e+38)",
		[MOTE_TYPE_F64] = "out of range (up to 1.7976931348623157e+308)",
	};

	if (outcome == OUT_OF_RANGE)
		return ranges[type];
	if (type == MOTE_TYPE_BOOL)
		return "not true, false, 1 or 0";
	return type == MOTE_TYPE_F32 || type == MOTE_TYPE_F64 ? "not a number" : "not an integer";
}

/* What a copy of a string or bytes takes of the mailbox at most. */
static uint64_t mailbox_share(size_t length)
{
	return ((uint64_t)length + 1 + 15) & ~(uint64_t)15;
}

static int read_bytes(const char *word, uint64_t limit, size_t index, struct arguments *arguments,
		      struct problem *problem)
{
	mote_value *value = &arguments->values[index];
	void *data;
	size_t length;
	int code;

	if (word[0] != '@') {
		*value = mote_value_bytes(word, strlen(word));
		return EXIT_FINE;
	}
	if (word[1] == '\0')
		return problem_usage(problem, "an argument @ needs the name of a file, or - for "
					      "standard input");
	code = input_read(word + 1, (size_t)(limit - arguments->mailbox_bytes), &data, &length,
			  problem);
	if (code != EXIT_FINE)
		return code;
	arguments->owned[index] = data;
	*value = mote_value_bytes(data, length);
	return EXIT_FINE;
}

static int read_one(const char *function, const char *word, uint64_t limit, size_t index,
		    struct arguments *arguments, struct problem *problem)
{
	mote_value *value = &arguments->values[index];
	enum outcome outcome;
	int code = EXIT_FINE;

	if (value->type == MOTE_TYPE_STRING || value->type == MOTE_TYPE_BYTES) {
		if (value->type == MOTE_TYPE_STRING)
			*value = mote_value_string(word);
		else
			code = read_bytes(word, limit, index, arguments, problem);
		if (code != EXIT_FINE)
			return code;
		arguments->mailbox_bytes +=
			mailbox_share(value->type == MOTE_TYPE_STRING ? value->as.string.length
								      : value->as.bytes.length);
		if (arguments->mailbox_bytes > limit)
			return problem_set(problem, EXIT_PROBLEM, "too_large",
					   "the arguments take more than the %" PRIu64
					   " bytes that one call can take",
					   limit);
		return EXIT_FINE;
	}
	outcome = read_scalar(word, value);
	if (outcome == READ)
		return EXIT_FINE;
	return problem_usage(problem, "argument %zu of %s, %s: \"%s\" is %s", index + 1, function,
			     mote_type_name(value->type), word, expected(value->type, outcome));
}

static int check_count(const mote_image_function *function, char **words, int count,
		       struct problem *problem)
{
	char signature[MOTE_SIGNATURE_TEXT_BYTES];
	bool option = false;

	if (count == function->signature.argument_count)
		return EXIT_FINE;
	for (int i = 0; i < count; i++)
		option = option || strncmp(words[i], "--", 2) == 0;
	mote_signature_format(&function->signature, signature);
	return problem_usage(problem, "%s is %s: it takes %d argument%s, not %d%s", function->name,
			     signature, function->signature.argument_count,
			     function->signature.argument_count == 1 ? "" : "s", count,
			     option ? " (options must come before the function)" : "");
}

static int check_standard_input(const mote_signature *signature, char **words,
				struct problem *problem)
{
	int uses = 0;

	for (int i = 0; i < signature->argument_count; i++)
		uses += signature->arguments[i] == MOTE_TYPE_BYTES && strcmp(words[i], "@-") == 0;
	if (uses < 2)
		return EXIT_FINE;
	return problem_usage(problem, "only one argument can be standard input (@-)");
}

int arguments_read(const mote_image_function *function, char **words, int count,
		   uint64_t mailbox_limit, struct arguments *arguments, struct problem *problem)
{
	int code;

	*arguments = (struct arguments){.count = 0};
	code = check_count(function, words, count, problem);
	if (code == EXIT_FINE)
		code = check_standard_input(&function->signature, words, problem);
	if (code != EXIT_FINE)
		return code;
	arguments->count = (size_t)count;
	for (size_t i = 0; code == EXIT_FINE && i < arguments->count; i++) {
		arguments->values[i].type = (mote_type)function->signature.arguments[i];
		code = read_one(function->name, words[i], mailbox_limit, i, arguments, problem);
	}
	return code;
}

void arguments_release(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->count; i++)
		free(arguments->owned[i]);
	arguments->count = 0;
}
