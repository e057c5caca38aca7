/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads options and their values.
 */
#include "options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* Finds the option of a word. value: set when it is attached (--name=value, -ovalue), else NULL. */
static const struct option *find(const struct option *table, size_t count, const char *word,
				 const char **value)
{
	size_t length = strcspn(word, "=");

	*value = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct option *option = &table[i];

		if (word[1] == '-' && strlen(option->name) == length - 2 &&
		    strncmp(word + 2, option->name, length - 2) == 0) {
			*value = word[length] == '=' ? word + length + 1 : NULL;
			return option;
		}
		if (word[1] != '-' && option->letter != 0 && word[1] == option->letter &&
		    (word[2] == '\0' || option->reader != NULL)) {
			*value = word[2] != '\0' ? word + 2 : NULL;
			return option;
		}
	}
	return NULL;
}

/* Takes the option at argv[*at], and its value with it. */
static int take(int argc, char **argv, int *at, const struct option *table, size_t count,
		void *values)
{
	const char *word = argv[*at], *value, *problem;
	const struct option *option = find(table, count, word, &value);
	void *to;

	if (option == NULL)
		return complain_usage(argv[0], "unknown option %s", word);
	to = (char *)values + option->offset;
	if (option->reader == NULL) {
		if (value != NULL)
			return complain_usage(argv[0], "option --%s takes no value", option->name);
		*(bool *)to = true;
		return 0;
	}
	if (value == NULL) {
		if (*at + 1 >= argc)
			return complain_usage(argv[0], "option %s needs a value", word);
		value = argv[++*at];
	}
	problem = option->reader(value, to);
	if (problem != NULL)
		return complain_usage(argv[0], "option --%s: \"%s\" is not %s", option->name, value,
				      problem);
	return 0;
}

int parse_options(int argc, char **argv, const struct option *table, size_t table_count,
		  void *values, struct operands *operands)
{
	bool ended = false;
	int at = 1;

	*operands = (struct operands){.limit = operands->limit};
	for (; at < argc && operands->count < operands->limit; at++) {
		if (!ended && strcmp(argv[at], "--") == 0) {
			ended = true;
		} else if (!ended && is_option(argv[at])) {
			int code = take(argc, argv, &at, table, table_count, values);

			if (code != 0)
				return code;
		} else {
			operands->operand[operands->count++] = argv[at];
		}
	}
	operands->rest = argv + at;
	operands->rest_count = argc - at;
	return 0;
}

/* ---- Values ------------------------------------------------------------------------------ */

const char *read_size(const char *text, void *to)
{
	static const char problem[] = "a size such as 65536, 64K, 16M or 1G";
	static const char units[] = "KMG";
	unsigned long long number;
	unsigned shift = 0;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return problem;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (*end != '\0') {
		char letter = (char)(*end >= 'a' && *end <= 'z' ? *end - 'a' + 'A' : *end);
		const char *unit = strchr(units, letter);

		if (unit == NULL || (end[1] != '\0' && strcmp(end + 1, "iB") != 0))
			return problem;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	if (errno != 0 || number == 0 || number > UINT64_MAX >> shift)
		return "a size above 0 that fits 64 bits";
	*(uint64_t *)to = (uint64_t)number << shift;
	return NULL;
}

/* The part after the point, in units of 10^-9. */
static bool read_fraction(const char **at, uint64_t *billionths)
{
	uint64_t scale = 1000000000;

	*billionths = 0;
	if (**at != '.')
		return true;
	(*at)++;
	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		scale /= 10; /* what is finer than 10^-9 does not count */
		*billionths += scale * (uint64_t)(**at - '0');
	}
	return true;
}

/* 0 for an unknown unit. */
static uint64_t unit_ns(const char *unit)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"", 1000000000},	{"ns", 1},	    {"us", 1000},	 {"ms", 1000000},
		     {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].name) == 0)
			return units[i].ns;
	return 0;
}

const char *read_duration(const char *text, void *to)
{
	static const char problem[] = "a time such as 10ms, 1.5s, 2m or 30 (seconds)";
	static const char range[] = "a time of 1ns to 100000h";
	static const uint64_t most = 100000ull * 3600 * 1000000000;
	uint64_t whole, billionths, unit, ns;
	char *end;
	const char *at;

	if (text[0] < '0' || text[0] > '9')
		return problem;
	errno = 0;
	whole = strtoull(text, &end, 10);
	at = end;
	if (!read_fraction(&at, &billionths))
		return problem;
	unit = unit_ns(at);
	if (unit == 0)
		return problem;
	if (errno != 0 || whole > most / unit)
		return range;
	/* Both halves of the fraction's product fit: a unit is a multiple of 10^9, or less than
	 * it. */
	ns = unit >= 1000000000 ? unit / 1000000000 * billionths : unit * billionths / 1000000000;
	ns += whole * unit;
	if (ns == 0 || ns > most)
		return range;
	*(uint64_t *)to = ns;
	return NULL;
}

const char *read_path(const char *text, void *to)
{
	if (text[0] == '\0')
		return "the name of a file";
	*(const char **)to = text;
	return NULL;
}

const char *read_debug_address(const char *text, void *to)
{
	/* The library takes open files, too; those of the tool are its own affair. */
	if (text[0] == '\0' || strncmp(text, "fd:", 3) == 0)
		return "127.0.0.1:PORT, [::1]:PORT or unix:/PATH";
	*(const char **)to = text;
	return NULL;
}

/* "one of a, b, c".  NULL ends the names. */
static const char *one_of(const char *const *names)
{
	static char text[128];
	size_t length = (size_t)snprintf(text, sizeof(text), "one of %s", names[0]);

	for (size_t i = 1; names[i] != NULL && length < sizeof(text); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, ", %s", names[i]);
	return text;
}

#define NAME_OF(NAME, number, name, text) name,

const char *read_backend(const char *text, void *to)
{
	static const char *const names[] = {MOTE_BACKEND_MAP(NAME_OF) NULL};

	return mote_backend_from_name(text, to) ? NULL : one_of(names);
}

const char *read_log_level(const char *text, void *to)
{
	static const char *const names[] = {MOTE_LOG_MAP(NAME_OF) NULL};

	for (int level = MOTE_LOG_OFF; level <= MOTE_LOG_TRACE; level++)
		if (strcmp(text, mote_log_level_name((mote_log_level)level)) == 0) {
			*(mote_log_level *)to = (mote_log_level)level;
			return NULL;
		}
	return one_of(names);
}
