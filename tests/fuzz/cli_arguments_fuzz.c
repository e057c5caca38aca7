/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any words as the command line of `mote run`, and as the arguments of
 * a guest function of any signature.  Nothing is read but the words; what is
 * accepted means what it says.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "fuzz.h"
#include "input.h"
#include "run_setup.h"
#include "text.h"
#include "text/text.h"
#include "tool.h"

enum { MAXIMUM_WORDS = 24, LIMIT = 4096 };

void __wrap_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
int __wrap_complain_usage(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

const char *fuzz_missing(void)
{
	return NULL;
}

/* ---- What the tool would do outside of itself -------------------------------------------- */

static void check_complaint(const char *format, va_list arguments)
{
	char text[4096];

	FUZZ_CHECK(vsnprintf(text, sizeof(text), format, arguments) > 0);
}

void __wrap_complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	check_complaint(format, arguments);
	va_end(arguments);
}

int __wrap_complain_usage(const char *command, const char *format, ...)
{
	va_list arguments;

	FUZZ_CHECK(command != NULL);
	va_start(arguments, format);
	check_complaint(format, arguments);
	va_end(arguments);
	return EXIT_USAGE;
}

/* Instead of input.c: a file's contents follow from its name. */
int input_read(const char *path, size_t limit, void **data, size_t *length, struct problem *problem)
{
	size_t bytes = strlen(path) * 97 % 1500;

	if (path[0] == '!' || bytes > limit)
		return problem_set(problem, EXIT_PROBLEM, "file", "%s: cannot be read", path);
	*data = calloc(1, bytes + 1);
	if (*data == NULL)
		abort();
	*length = bytes;
	return EXIT_FINE;
}

/* ---- Arguments --------------------------------------------------------------------------- */

/* The C library's opinion of an integer, for words that it and the tool read alike. */
static void check_integer(const char *word, const mote_value *value)
{
	bool negative = word[0] == '-';
	const char *digits = word + negative;
	bool hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	unsigned long long magnitude;
	char *end;

	FUZZ_CHECK(digits[0] >= '0' && digits[0] <= '9');
	errno = 0;
	magnitude = strtoull(digits, &end, hexadecimal ? 16 : 10);
	FUZZ_CHECK(errno == 0 && *end == '\0');
	if (value->type == MOTE_TYPE_U32 || value->type == MOTE_TYPE_U64) {
		uint64_t is = value->type == MOTE_TYPE_U32 ? value->as.u32 : value->as.u64;

		FUZZ_CHECK(is == magnitude && !(negative && magnitude > 0));
	} else {
		int64_t is = value->type == MOTE_TYPE_I32 ? value->as.i32 : value->as.i64;

		FUZZ_CHECK((uint64_t)is == (negative ? 0 - magnitude : magnitude));
		FUZZ_CHECK((is < 0) == (negative && magnitude > 0));
	}
}

static void check_float(const char *word, const mote_value *value)
{
	double is = value->type == MOTE_TYPE_F32 ? (double)value->as.f32 : value->as.f64;

	FUZZ_CHECK(strchr(" \t\n+", word[0]) == NULL);
	FUZZ_CHECK(!isinf(is) || strpbrk(word, "iI") != NULL);
}

static void check_argument(const char *word, const mote_value *value)
{
	switch (value->type) {
	case MOTE_TYPE_STRING:
		FUZZ_CHECK(value->as.string.data == word);
		FUZZ_CHECK(value->as.string.length == strlen(word));
		break;
	case MOTE_TYPE_BYTES:
		FUZZ_CHECK(value->as.bytes.data != NULL);
		if (word[0] != '@')
			FUZZ_CHECK(value->as.bytes.length == strlen(word));
		break;
	case MOTE_TYPE_BOOL:
		FUZZ_CHECK(value->as.boolean == (word[0] == 't' || word[0] == '1'));
		break;
	case MOTE_TYPE_F32:
	case MOTE_TYPE_F64:
		check_float(word, value);
		break;
	default:
		check_integer(word, value);
	}
}

static void check_arguments(const mote_signature *signature, char **words, int count)
{
	const mote_image_function function = {.name = "fuzzed", .signature = *signature};
	struct arguments arguments;
	struct problem problem = {.exit_code = EXIT_FINE};
	uint64_t bytes = 0;
	int code = arguments_read(&function, words, count, LIMIT, &arguments, &problem);

	if (code != EXIT_FINE) {
		FUZZ_CHECK(code == problem.exit_code);
		FUZZ_CHECK(code == EXIT_USAGE || code == EXIT_PROBLEM);
		FUZZ_CHECK(problem.text[0] != '\0' && problem.status[0] != '\0');
	} else {
		FUZZ_CHECK(count == signature->argument_count);
		FUZZ_CHECK(arguments.count == signature->argument_count);
		for (int i = 0; i < count; i++) {
			const mote_value *value = &arguments.values[i];

			FUZZ_CHECK(value->type == (mote_type)signature->arguments[i]);
			check_argument(words[i], value);
			if (value->type == MOTE_TYPE_STRING || value->type == MOTE_TYPE_BYTES)
				bytes += value->as.bytes.length;
		}
		FUZZ_CHECK(bytes <= arguments.mailbox_bytes && arguments.mailbox_bytes <= LIMIT);
	}
	arguments_release(&arguments);
}

/* ---- Options ----------------------------------------------------------------------------- */

static void check_options(int argc, char **argv)
{
	struct run_options options;
	int code = run_options_read(argc, argv, &options);

	if (code != EXIT_FINE || options.help) {
		FUZZ_CHECK(code == EXIT_FINE || code == EXIT_USAGE);
		run_options_release(&options);
		return;
	}
	FUZZ_CHECK(options.guest != NULL && options.word_count >= 0);
	FUZZ_CHECK(options.word_count == 0 || options.words + options.word_count == argv + argc);
	FUZZ_CHECK((unsigned)options.log_level <= MOTE_LOG_TRACE);
	FUZZ_CHECK(strcmp(mote_backend_name(options.backend), "") != 0);
	run_options_release(&options);
}

/* ---- Text -------------------------------------------------------------------------------- */

static void check_text(const char *text, size_t length, bool keep_lines)
{
	size_t capacity = ESCAPED_BYTES * length + 1, at = 0;
	char *escaped = malloc(capacity);
	size_t bytes;

	if (escaped == NULL)
		abort();
	bytes = escape_text(escaped, capacity, text, length, keep_lines);
	FUZZ_CHECK(bytes < capacity && escaped[bytes] == '\0' && bytes >= length);
	FUZZ_CHECK(utf8_valid(escaped, bytes));
	while (at < bytes) {
		uint32_t code = 0;

		at += mote_utf8_next(escaped + at, bytes - at, &code);
		FUZZ_CHECK(mote_is_printable(code) ||
			   (keep_lines && (code == '\n' || code == '\t')));
	}
	free(escaped);
	escaped = malloc(length / 2 + 1);
	if (escaped == NULL)
		abort();
	bytes = escape_text(escaped, length / 2 + 1, text, length, keep_lines);
	FUZZ_CHECK(bytes <= length / 2 && utf8_valid(escaped, bytes));
	free(escaped);
}

/* ---- The target -------------------------------------------------------------------------- */

/* The signature's bytes, a line feed, then words that end in NULs or line feeds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	mote_signature signature = {.argument_count =
					    fuzz_u8(&input) % (MOTE_MAXIMUM_ARGUMENTS + 1)};
	char *argv[MAXIMUM_WORDS + 2] = {(char[]){"run"}};
	char *text;
	int argc = 1;

	for (unsigned i = 0; i < signature.argument_count; i++)
		signature.arguments[i] = 1 + fuzz_u8(&input) % (MOTE_TYPE_COUNT - 1);
	text = calloc(1, input.left + 1);
	if (text == NULL)
		abort();
	if (input.left > 0)
		memcpy(text, input.at, input.left);
	check_text(text, input.left, true);
	check_text(text, input.left, false);
	for (size_t at = 0; at < input.left && argc <= MAXIMUM_WORDS; at += strlen(text + at) + 1) {
		text[at + strcspn(text + at, "\n")] = '\0';
		argv[argc++] = text + at;
	}
	check_arguments(&signature, argv + 1,
			argc - 1 < signature.argument_count ? argc - 1 : signature.argument_count);
	check_arguments(&signature, argv + 1, argc - 1);
	check_options(argc, argv);
	free(text);
	return 0;
}
