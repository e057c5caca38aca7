/* SPDX-License-Identifier: Apache-2.0
 *
 * mote new: a folder with a guest that builds and runs, for others to begin with.
 */
#include <stdio.h>
#include <string.h>

#include "cli_os.h"
#include "options.h"
#include "output.h"
#include "tool.h"

/* @ stands for the name. */
static const char cmake_text[] = "cmake_minimum_required(VERSION 3.25)\n"
				 "project(@ C)\n"
				 "find_package(MoteGuest 0.1 REQUIRED)\n"
				 "mote_add_guest(@ @.c)\n";

static const char source_text[] =
	"#include <mote_guest.h>\n"
	"#include <stdio.h>\n"
	"\n"
	"/* string greet(string): what it returns must outlive the call, so it is static. */\n"
	"MOTE_EXPORT(mote_string, greet, (mote_string, name))\n"
	"{\n"
	"\tstatic char greeting[128];\n"
	"\n"
	"\tsnprintf(greeting, sizeof(greeting), \"Hello, %s!\", name);\n"
	"\treturn greeting;\n"
	"}\n"
	"\n"
	"/* u64 sum(bytes): the bytes are valid until the function returns. */\n"
	"MOTE_EXPORT(uint64_t, sum, (mote_bytes, data))\n"
	"{\n"
	"\tconst unsigned char *byte = data.data;\n"
	"\tuint64_t total = 0;\n"
	"\n"
	"\tfor (size_t i = 0; i < data.length; i++)\n"
	"\t\ttotal += byte[i];\n"
	"\treturn total;\n"
	"}\n";

static const char readme_text[] =
	"# @\n"
	"\n"
	"A guest of mote: native code that runs in a micro VM, one function call at a time.\n"
	"\n"
	"```sh\n"
	"cmake -B build && cmake --build build\n"
	"mote inspect build/@\n"
	"mote run build/@ greet World\n"
	"mote run build/@ sum @@README.md\n"
	"mote run --timeout 100ms build/@ sum @@README.md\n"
	"```\n"
	"\n"
	"If mote is installed in a place of its own, or only built, add that place to the first\n"
	"command: `-DCMAKE_PREFIX_PATH=/the/place`. A build folder is such a place, too.\n"
	"\n"
	"`man mote-guest` tells what guests can do, `man libmote` how a program calls them.\n";

static const struct {
	const char *name, *text;
} files[] = {
	{"CMakeLists.txt", cmake_text},
	{"@.c", source_text},
	{"README.md", readme_text},
	{".gitignore", "/build/\n"},
};

enum { FILES = sizeof(files) / sizeof(files[0]), MAXIMUM_NAME = 63, MAXIMUM_TEXT = 4096 };

/* ---- The name ---------------------------------------------------------------------------- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whatever the case of its letters.  word: in small ones. */
static bool is_word(const char *text, const char *word)
{
	for (; *text != '\0' && *word != '\0'; text++, word++)
		if ((*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text) != *word)
			return false;
	return *text == *word;
}

/* Targets that CMake makes itself, and a library that every guest is linked with. */
static bool is_reserved(const char *name)
{
	static const char *const names[] = {
		"all",	      "all_build",     "clean",	    "depend",  "edit_cache",
		"gcc",	      "help",	       "install",   "package", "package_source",
		"preinstall", "rebuild_cache", "run_tests", "test",    "zero_check"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_word(name, names[i]))
			return true;
	return false;
}

static int check_name(const char *name)
{
	size_t length = strlen(name);
	bool good = is_letter(name[0]) && length <= MAXIMUM_NAME;

	for (size_t i = 0; good && i < length; i++)
		good = is_letter(name[i]) || (name[i] >= '0' && name[i] <= '9') || name[i] == '-' ||
		       name[i] == '_';
	if (!good)
		return complain_usage("new",
				      "\"%s\" is not a valid guest name: a letter, then up to %d "
				      "letters, digits, - and _",
				      name, MAXIMUM_NAME - 1);
	if (is_reserved(name))
		return complain_usage("new", "\"%s\" has a meaning of its own in CMake", name);
	return EXIT_FINE;
}

/* ---- The folder -------------------------------------------------------------------------- */

static int complain_about(const char *folder, const char *name, int code)
{
	complain("%s%s%s: %s", folder, name[0] != '\0' ? "/" : "", name, cli_os_error_text(code));
	return EXIT_PROBLEM;
}

/* made: whether it was not there before. */
static int make_folder(const char *path, bool *made, struct cli_os_folder *folder)
{
	bool empty = true;
	int code = cli_os_folder_make(path, made);

	if (code == 0 && !*made)
		code = cli_os_folder_is_empty(path, &empty);
	if (code == 0 && !empty) {
		complain("%s: exists and is not empty", path);
		return EXIT_PROBLEM;
	}
	if (code == 0)
		code = cli_os_folder_open(path, folder);
	return code != 0 ? complain_about(path, "", code) : EXIT_FINE;
}

/* ---- The files --------------------------------------------------------------------------- */

/* Puts the name in the place of each @; @@ is one @. */
static size_t fill_in(const char *text, const char *name, char to[MAXIMUM_TEXT])
{
	size_t length = 0, name_length = strlen(name);

	for (; *text != '\0' && length + MAXIMUM_NAME < MAXIMUM_TEXT; text++) {
		if (text[0] == '@' && text[1] == '@') {
			to[length++] = *text++;
		} else if (text[0] == '@') {
			memcpy(to + length, name, name_length);
			length += name_length;
		} else {
			to[length++] = *text;
		}
	}
	to[length] = '\0';
	return length;
}

static int write_file(const struct cli_os_folder *folder, const char *name, const char *text)
{
	char contents[MAXIMUM_TEXT];
	size_t length = fill_in(text, folder->path, contents);
	int code = cli_os_folder_write(folder, name, contents, length);

	return code != 0 ? complain_about(folder->path, name, code) : EXIT_FINE;
}

/* All of them, or none. */
static int write_files(const struct cli_os_folder *folder)
{
	char names[FILES][MAXIMUM_TEXT];
	size_t done = 0;
	int code = EXIT_FINE;

	for (; done < FILES && code == EXIT_FINE; done++) {
		fill_in(files[done].name, folder->path, names[done]);
		code = write_file(folder, names[done], files[done].text);
	}
	if (code != EXIT_FINE)
		for (size_t i = 0; i + 1 < done; i++)
			cli_os_folder_remove_file(folder, names[i]);
	return code;
}

/* ---- What to do next --------------------------------------------------------------------- */

/* Whether a shell takes every byte of text for itself. */
static bool is_plain_path(const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+:";

	return strspn(text, plain) == strlen(text);
}

/*
 * The option that tells CMake where the guest SDK is, with a space before it: the tool lies two
 * folders below that place, as in /the/place/bin/mote.  Empty where CMake looks anyway, and where
 * the place is not known.
 */
static void place_option(char *option, size_t capacity)
{
	char place[1024];

	option[0] = '\0';
	if (!cli_os_program_path(place, sizeof(place)))
		return;
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(place, '/');

		if (slash == NULL)
			return;
		*slash = '\0';
	}
	if (place[0] != '\0' && strcmp(place, "/usr") != 0 && strcmp(place, "/usr/local") != 0 &&
	    is_plain_path(place))
		snprintf(option, capacity, " -DCMAKE_PREFIX_PATH=%s", place);
}

static int print_next_step(const char *name)
{
	char option[1100];
	struct output output;

	place_option(option, sizeof(option));
	output_standard(&output);
	output_format(&output, "%s: CMakeLists.txt, %s.c, README.md\n\n", name, name);
	output_format(&output, "  cd %s\n  cmake -B build%s && cmake --build build\n", name,
		      option);
	output_format(&output, "  mote run build/%s greet World\n", name);
	return output_finish(&output);
}

/* Makes the folder with the files, or nothing. */
static int make_guest(const char *name)
{
	struct cli_os_folder folder;
	bool made = false;
	int code = make_folder(name, &made, &folder);

	if (code == EXIT_FINE) {
		code = write_files(&folder);
		cli_os_folder_close(&folder);
	}
	if (code != EXIT_FINE && made)
		cli_os_folder_remove(name);
	return code;
}

int command_new(int argc, char **argv)
{
	bool help = false;
	const struct option table[] = {{"help", 'h', NULL, 0}};
	struct operands operands = {.limit = 2};
	int code = parse_options(argc, argv, table, 1, &help, &operands);

	if (code != EXIT_FINE)
		return code;
	if (help)
		return print_help("new");
	if (operands.count != 1)
		return complain_usage("new", operands.count == 0 ? "no name given"
								 : "more than one name given");
	code = check_name(operands.operand[0]);
	if (code == EXIT_FINE)
		code = make_guest(operands.operand[0]);
	return code == EXIT_FINE ? print_next_step(operands.operand[0]) : code;
}
