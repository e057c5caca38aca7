/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading a snapshot file of 1 MiB of data, against reading it and computing its checksum, which
 * nothing that checks a file can do without.
 */
#define _GNU_SOURCE /* mkdtemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "floor.h"
#include "sha256.h"

enum { PAGES = 256, FILE_BYTES_AT_MOST = 2 << 20 };

struct load {
	struct bench *bench;
	struct floor_host *host;
	struct floor_vm other; /* the VM that is alive all the time */
	struct bench_guest guest;
	char folder[32], path[48];
	uint8_t *bytes;
	uint8_t checksum;
};

static bool failed(struct load *load, const char *what, const mote_error *error)
{
	return bench_fail(load->bench, "%s: %s", what, error->text);
}

static bool read_and_sum(void *user)
{
	struct load *load = user;
	uint8_t digest[MOTE_SHA256_BYTES];
	FILE *file = fopen(load->path, "rbe");
	struct mote_sha256 hash;
	size_t length;

	if (!file)
		return bench_fail(load->bench, "%s cannot be read", load->path);
	setvbuf(file, NULL, _IONBF, 0);
	length = fread(load->bytes, 1, FILE_BYTES_AT_MOST, file);
	fclose(file);
	mote_sha256_begin(&hash);
	mote_sha256_add(&hash, load->bytes, length);
	mote_sha256_end(&hash, digest);
	load->checksum ^= digest[0]; /* the compiler must not notice that nobody needs it */
	return length > PAGES * 4096;
}

static bool load_file(void *user)
{
	struct load *load = user;
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot;

	if (mote_snapshot_load(load->bench->engine, load->guest.image, load->path, &snapshot,
			       &error) != MOTE_OK)
		return failed(load, "load", &error);
	mote_snapshot_destroy(snapshot);
	return true;
}

/* Of a guest that has written to all its pages. */
static bool save_file(struct load *load)
{
	const mote_value pages = mote_value_u32(PAGES);
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot;
	bool good;

	if (!bench_guest_create(&load->guest) ||
	    !bench_guest_call(&load->guest, &pages, 1, NULL, NULL))
		return false;
	if (mote_snapshot_take(load->guest.sandbox, NULL, &snapshot, &error) != MOTE_OK)
		return failed(load, "take", &error);
	good = mote_snapshot_save(snapshot, load->path, &error) == MOTE_OK ||
	       failed(load, "save", &error);
	mote_snapshot_destroy(snapshot);
	bench_guest_destroy(&load->guest);
	return good;
}

static bool open_load(struct bench *bench, struct load *load)
{
	*load = (struct load){.bench = bench, .folder = "/tmp/mote-bench-XXXXXX"};
	load->bytes = malloc(FILE_BYTES_AT_MOST);
	if (!load->bytes)
		return bench_fail(bench, "no memory");
	memset(load->bytes, 1, FILE_BYTES_AT_MOST);
	if (!mkdtemp(load->folder))
		return bench_fail(bench, "there is no folder /tmp to write to");
	snprintf(load->path, sizeof(load->path), "%s/s", load->folder);
	if (!bench_guest_open(bench, &load->guest, "bench_pages", "touch", "void(u32)"))
		return false;
	load->guest.options.memory_bytes = 2 << 20;
	return save_file(load);
}

static void close_load(struct load *load)
{
	unlink(load->path);
	rmdir(load->folder);
	bench_guest_close(&load->guest);
	free(load->bytes);
}

bool bench_case_load(struct bench *bench)
{
	struct load load;
	const struct bench_pair pair = {
		.name = "snapshot-load",
		.reference = "reading, SHA-256; another VM alive",
		.floor = {.once = read_and_sum},
		.mote = {.once = load_file},
		.user = &load,
		.target = 1.5,
		.counted_target = 1.5,
		.counted = 10,
		.cpu_time = true,
	};
	bool good = open_load(bench, &load) && floor_open(bench, &load.host) &&
		    floor_create(load.host, FLOOR_RING, &load.other);

	if (good) {
		good = floor_ring(load.host, &load.other) && bench_compare(bench, &pair);
		floor_destroy(load.host, &load.other);
	}
	floor_close(load.host);
	close_load(&load);
	return good;
}
