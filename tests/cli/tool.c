/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run of the tool has to look like, on every system.
 */
#include "tool.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expected.h"
#include "test.h"

/* ---- Running ----------------------------------------------------------------------------- */

void tool_clear(struct tool *tool)
{
	free(tool->output);
	free(tool->errors);
	*tool = (struct tool)TOOL_INIT;
}

void tool_run_prepared(struct tool *tool, const char *const *arguments)
{
	tool_start(tool, arguments);
	tool_finish(tool);
}

void tool_run(struct tool *tool, const char *const *arguments)
{
	*tool = (struct tool)TOOL_INIT;
	tool_run_prepared(tool, arguments);
}

/* ---- Judging ----------------------------------------------------------------------------- */

bool is_error_line(const char *text)
{
	size_t length = strlen(text);

	if (strncmp(text, "mote: ", 6) != 0 || length < 10 || text[length - 1] != '\n')
		return false;
	for (size_t i = 0; i + 1 < length; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

/* A failed check whose text says what happened instead. */
static void judge(const struct tool *tool, bool good, const char *what, const char *expected)
{
	char text[1600];

	if (good)
		return;
	snprintf(text, sizeof(text),
		 "%s: code %d, printed \"%.300s\", errors \"%.300s\"; expected %s", what,
		 tool->code, tool->output, tool->errors, expected);
	for (char *at = text; *at; at++) /* it becomes one line */
		if ((unsigned char)*at < 0x20)
			*at = '?';
	test_check(false, TEST_HERE_(text, false));
}

void tool_expect(const struct tool *tool, const char *what, int code, const char *output)
{
	char expected[400];

	snprintf(expected, sizeof(expected), "code %d, \"%.300s\"", code, output);
	judge(tool, tool->code == code && !strcmp(tool->output, output) && !tool->errors_length,
	      what, expected);
}

void tool_expect_error(const struct tool *tool, const char *what, int code, const char *part)
{
	char expected[400];

	snprintf(expected, sizeof(expected), "code %d, one line of error with \"%.300s\"", code,
		 part);
	judge(tool,
	      tool->code == code && is_error_line(tool->errors) && !tool->output_length &&
		      strstr(tool->errors, part),
	      what, expected);
}

/* ---- Files ------------------------------------------------------------------------------- */

const char *test_file(const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", test_folder(), name);
	return path;
}

void test_make_other_machine(char *image)
{
	Elf64_Ehdr *header = (void *)image;
	const Elf64_Shdr *sections = (const void *)(image + header->e_shoff);

	header->e_machine = OTHER_MACHINE;
	for (unsigned i = 0; i < header->e_shnum; i++) {
		Elf64_Rela *relocations = (void *)(image + sections[i].sh_offset);

		for (size_t at = 0; sections[i].sh_type == SHT_RELA &&
				    at < sections[i].sh_size / sizeof(*relocations);
		     at++)
			relocations[at].r_info = ELF64_R_INFO(0, OTHER_RELATIVE);
	}
}
