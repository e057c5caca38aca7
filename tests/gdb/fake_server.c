/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_server MACHINE [IMAGE]: serves a pretended guest over its standard input and output, until
 * the client has left.  For `target remote | fake_server MACHINE`.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocator.h"
#include "fake_target.h"
#include "hypervisor/gdb/server.h"

static struct fake_target fake;
static struct mote_gdb_target target;
static int left[2]; /* a pipe that is written to when the client has left */

static void detach(void *user)
{
	fake_target_functions.detach(user);
	if (write(left[1], "", 1) != 1)
		abort();
}

/* The image's bytes, as a file of a name that is nowhere in the file system. */
static void read_image(const char *path)
{
	static uint8_t bytes[4 << 20];
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return;
	fake.guest.file_bytes = fread(bytes, 1, sizeof(bytes), file);
	fake.guest.file = bytes;
	fake.guest.file_name = "/nowhere/guest.elf";
	fclose(file);
}

int main(int argc, char **argv)
{
	const struct mote_gdb_server_options options = {.address = "fd:0,1"};
	struct mote_gdb_server *server;
	mote_error error = MOTE_ERROR_INIT;
	char byte;

	if (argc < 2 || pipe(left) != 0)
		return 2;
	if (strcmp(argv[1], "aarch64") == 0)
		fake_target_aarch64(&fake);
	else
		fake_target_x86_64(&fake, true);
	fake.is_endless = true;
	if (argc > 2)
		read_image(argv[2]);
	target = fake_target_functions;
	target.detach = detach;
	if (mote_gdb_server_open(&mote_default_allocator, &options, &target, &fake, &fake.guest,
				 &server, &error) != MOTE_OK) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	if (read(left[0], &byte, 1) != 1)
		return 1;
	mote_gdb_server_close(server);
	fprintf(stderr, "left: %u points, %u killed\n", (unsigned)fake.point_count, fake.killed);
	return 0;
}
