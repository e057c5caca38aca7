/* SPDX-License-Identifier: Apache-2.0
 *
 * A dynamic program that says its library's version over the second serial line of an emulated
 * machine, and waits until it has come back (scripts/check-bed).
 */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <termios.h>
#include <unistd.h>

#include <mote/mote.h>

/* Opens the line without echo and translation of bytes. */
static FILE *open_line(void)
{
	const char *path = getenv("MOTE_BED_LINE");
	int fd = path ? open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	struct termios raw;

	if (fd < 0 || tcgetattr(fd, &raw))
		return NULL;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSANOW, &raw) ? NULL : fdopen(fd, "r+");
}

static const char *talk(void)
{
	char said[64], answer[64] = "";
	FILE *line;

	if (!getauxval(AT_BASE))
		return "the program has no interpreter";
	line = open_line();
	if (!line)
		return "cannot open the line";
	snprintf(said, sizeof(said), "mote %s\n", mote_version());
	if (fputs(said, line) < 0 || fflush(line))
		return "cannot write to the line";
	if (!fgets(answer, sizeof(answer), line))
		return "cannot read from the line";
	fclose(line);
	return strcmp(answer, said) ? "another answer came" : NULL;
}

int main(void)
{
	const char *problem = talk();

	if (problem)
		printf("not ok - bed_line.dynamic_program_talks: %s\n", problem);
	else
		printf("ok - bed_line.dynamic_program_talks\n");
	return problem != NULL;
}
