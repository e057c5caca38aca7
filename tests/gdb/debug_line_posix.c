/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "debug_line.h"

int debug_line_open(void)
{
	const char *path = getenv("MOTE_BED_LINE");
	const int fd = path != NULL ? open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	struct termios raw;

	if (fd < 0)
		return -1;
	if (tcgetattr(fd, &raw) == 0) {
		cfmakeraw(&raw);
		if (tcsetattr(fd, TCSANOW, &raw) == 0)
			return fd;
	}
	close(fd);
	return -1;
}
