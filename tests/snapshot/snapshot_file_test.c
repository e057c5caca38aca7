/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshot files: what is loaded is what was saved, in any process; and what a hostile file says is
 * not believed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "clean.h"
#include "sandbox/snapshot_file.h"

enum {
	SAVED = MOTE_SNAPSHOT_HEADER_BYTES,
	PAGES = SAVED + MOTE_SAVED_BYTES,
	RECORD = MOTE_SNAPSHOT_PAGE_RECORD_BYTES,
};

static char folder[64], path[80];

static void begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/mote-snapshot-XXXXXX");
	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/s", folder);
}

static void end(void)
{
	if (folder[0] == '\0')
		return;
	(void)unlink(path);
	CHECK_EQ(rmdir(folder), 0); /* nothing else was left in it */
	folder[0] = '\0';
}

/* ---- Files -------------------------------------------------------------------------------- */

struct file {
	uint8_t *bytes;
	size_t length;
};

static struct file read_file(void)
{
	struct file file;

	file.bytes = test_read_file(path, &file.length);
	REQUIRE(file.bytes != NULL);
	return file;
}

static void write_file(const struct file *file)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	REQUIRE(fd >= 0);
	REQUIRE(write(fd, file->bytes, file->length) == (ssize_t)file->length);
	close(fd);
}

/* With a checksum that is right. */
static void write_signed(struct file *file)
{
	const size_t at = file->length - MOTE_SHA256_BYTES;
	struct mote_sha256 hash;

	mote_sha256_begin(&hash);
	mote_sha256_add(&hash, file->bytes, at);
	mote_sha256_end(&hash, file->bytes + at);
	write_file(file);
}

static void save(const mote_snapshot *snapshot)
{
	mote_error error = MOTE_ERROR_INIT;

	REQUIRE_OK(mote_snapshot_save(snapshot, path, &error), &error);
}

static mote_snapshot *load(mote_engine *engine, mote_image *image)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;

	REQUIRE_OK(mote_snapshot_load(engine, image, path, &snapshot, &error), &error);
	return snapshot;
}

static void refuse(mote_engine *engine, mote_image *image, mote_status expected, const char *text)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;

	CHECK_STATUS(mote_snapshot_load(engine, image, path, &snapshot, &error), expected, &error);
	CHECK_CONTAINS(error.text, text);
	CHECK(snapshot == NULL);
}

static mote_sandbox *clone_of(mote_snapshot *snapshot)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *clone = NULL;

	options.host_functions = fixture_functions(&options.host_function_count);
	REQUIRE_OK(mote_sandbox_create_from_snapshot(snapshot, &options, &clone, &error), &error);
	return clone;
}

/* ---- What is loaded ----------------------------------------------------------------------- */

static int save_here(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot;

	(void)CALL0(sandbox, "count");
	snapshot = clean_take(sandbox);
	save(snapshot);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
	return 0;
}

static int load_here(void)
{
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image = NULL;
	mote_snapshot *snapshot;
	mote_sandbox *clone;

	REQUIRE_OK(mote_image_open(engine, test_guest("snapshot"), &image, &error), &error);
	snapshot = load(engine, image);
	mote_image_release(image);
	for (unsigned i = 0; i < 2; i++) {
		clone = clone_of(snapshot);
		/* It has counted twice: 1000 + 0 + 7, and three each time. */
		CHECK_EQ(CALL0(clone, "count").as.u32, 1007 + 9);
		CHECK(CALL0(clone, "get_generation").as.u64 != 0);
		CHECK_EQ(CALL0(clone, "get_hooks").as.u32, 1);
		mote_sandbox_destroy(clone);
	}
	mote_snapshot_destroy(snapshot);
	mote_engine_release(engine);
	return 0;
}

static void another_process_loads_it(void)
{
	test_need_hypervisor();
	CHECK_EQ(fixture_in_a_child(save_here), 0);
	CHECK_EQ(fixture_in_a_child(load_here), 0);
}

struct loader {
	mote_engine *engine;
	mote_image *image;
	pthread_t thread;
	pthread_barrier_t *start;
	mote_snapshot *snapshot;
};

static void *load_beside_others(void *user)
{
	struct loader *loader = user;

	pthread_barrier_wait(loader->start);
	if (mote_snapshot_load(loader->engine, loader->image, path, &loader->snapshot, NULL) !=
	    MOTE_OK)
		loader->snapshot = NULL;
	return NULL;
}

/* Also the first ones of an image. */
static void threads_load_it_at_once(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);
	struct loader loaders[4];
	pthread_barrier_t start;
	mote_image *image = NULL;

	save(snapshot);
	REQUIRE_EQ(pthread_barrier_init(&start, NULL, TEST_COUNT(loaders)), 0);
	REQUIRE_OK(mote_image_open(engine, test_guest("snapshot"), &image, NULL), NULL);
	for (size_t i = 0; i < TEST_COUNT(loaders); i++) {
		loaders[i] = (struct loader){.engine = engine, .image = image, .start = &start};
		REQUIRE_EQ(pthread_create(&loaders[i].thread, NULL, load_beside_others,
					  &loaders[i]),
			   0);
	}
	for (size_t i = 0; i < TEST_COUNT(loaders); i++) {
		pthread_join(loaders[i].thread, NULL);
		CHECK(loaders[i].snapshot != NULL);
		mote_snapshot_destroy(loaders[i].snapshot);
	}
	pthread_barrier_destroy(&start);
	mote_image_release(image);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* Which extended state counts as in use is not in a file; on x86_64 the gate has it. */
static bool is_lost(uint64_t gate_offset)
{
	enum { GATE_COMPONENTS = 0x400 };

	return MOTE_ARCH_MACHINE == MOTE_MACHINE_X86_64 && gate_offset / 8 == GATE_COMPONENTS / 8;
}

static void check_gate(const uint8_t *a, const uint8_t *b)
{
	for (uint64_t i = 0; i < MOTE_GATE_BYTES; i++)
		if (a[i] != b[i] && !is_lost(i))
			FAIL("byte 0x%llx of the gate differs", (unsigned long long)i);
}

/* What a guest may write is as in the snapshot that was saved, and what it may not is as well. */
static void check_memory(const mote_sandbox *sandbox, const mote_snapshot *saved,
			 const mote_snapshot *loaded)
{
	const uint64_t record = sandbox->layout.regions[MOTE_LAYOUT_MAILBOX].gva;
	const uint64_t monitor_end = MOTE_RAM_GVA + MOTE_MONITOR_BYTES;
	const uint8_t *a = saved->memory.hva, *b = loaded->memory.hva;

	REQUIRE_EQ(loaded->memory.bytes, saved->memory.bytes);
	for (uint64_t at = 0; at < saved->memory.bytes; at += MOTE_PAGE_BYTES) {
		const uint64_t gva = MOTE_RAM_GVA + at;

		/* The monitor's stack has what interrupted the guest last. */
		if (gva == record || gva + MOTE_PAGE_BYTES == monitor_end)
			continue;
		if (gva == sandbox->layout.regions[MOTE_LAYOUT_GATE].gva)
			check_gate(a + at, b + at);
		else if (memcmp(a + at, b + at, MOTE_PAGE_BYTES) != 0)
			FAIL("the page at 0x%llx differs", (unsigned long long)gva);
	}
}

static void check_registers(mote_snapshot *saved, mote_snapshot *loaded)
{
	mote_sandbox *clones[2] = {clone_of(saved), clone_of(loaded)};
	uint8_t bytes[2][MOTE_SAVED_BYTES];
	mote_error error = MOTE_ERROR_INIT;

	for (unsigned i = 0; i < 2; i++) {
		struct mote_vm *vm = clones[i]->vm.vm;
		mote_regs regs;
		mote_sregs sregs;
		mote_fpu fpu;

		REQUIRE_OK(vm->ops->regs(vm, &regs, &error), &error);
		REQUIRE_OK(vm->ops->sregs(vm, &sregs, &error), &error);
		REQUIRE_OK(vm->ops->fpu(vm, &fpu, &error), &error);
		mote_saved_pack(&regs, &sregs, &fpu, bytes[i]);
		mote_sandbox_destroy(clones[i]);
	}
	CHECK_MEM(bytes[1], bytes[0], MOTE_SAVED_BYTES);
}

/* A page of the image's own data. */
static uint8_t *data_page(mote_sandbox *sandbox)
{
	const struct mote_snapshot_memory memory = {&sandbox->layout, &sandbox->tables,
						    sandbox->ram.hva};
	const struct mote_layout_region *image = &sandbox->layout.regions[MOTE_LAYOUT_IMAGE];
	static const uint8_t zeros[MOTE_PAGE_BYTES];

	for (uint64_t at = image->gva; at < image->gva + image->bytes; at += MOTE_PAGE_BYTES) {
		uint8_t *page = mote_snapshot_guest_page(&memory, at);

		if (page != NULL && memcmp(page, zeros, sizeof(zeros)) != 0)
			return page;
	}
	FAIL("the guest has no data");
}

static void what_is_loaded_is_what_was_saved(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	const struct mote_layout_region *heap = clean_region(sandbox, MOTE_LAYOUT_HEAP);
	const struct mote_layout_region *stack = clean_region(sandbox, MOTE_LAYOUT_STACK);
	mote_snapshot_information a = MOTE_SNAPSHOT_INFORMATION_INIT, b = a;
	mote_snapshot *saved, *loaded, *again;

	/* The last pages that it has, and the first. */
	(void)CALL(sandbox, "fill", mote_value_u64(heap->gva + heap->bytes - 8192),
		   mote_value_u64(8192), mote_value_u64(0x1122334455667788));
	(void)CALL(sandbox, "fill", mote_value_u64(stack->gva), mote_value_u64(4096),
		   mote_value_u64(~0ull));
	saved = clean_take(sandbox);
	save(saved);
	loaded = load(engine, mote_sandbox_get_image(sandbox));
	check_memory(sandbox, saved, loaded);
	check_registers(saved, loaded);
	CHECK_OK(mote_snapshot_inspect(saved, &a, NULL), NULL);
	CHECK_OK(mote_snapshot_inspect(loaded, &b, NULL), NULL);
	CHECK(b.pages + 1 >= a.pages && b.pages <= a.pages + 1); /* the monitor's stack */
	/* And once more: nothing is lost on the way. */
	save(loaded);
	again = load(engine, mote_sandbox_get_image(sandbox));
	check_memory(sandbox, saved, again);
	check_registers(saved, again);
	mote_snapshot_destroy(again);
	mote_snapshot_destroy(loaded);
	mote_snapshot_destroy(saved);
	fixture_destroy(sandbox, engine);
}

/* What was not zeros in the image may be zeros in the snapshot. */
static void zeros_are_loaded_as_zeros(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *saved, *loaded;

	memset(data_page(sandbox), 0, MOTE_PAGE_BYTES);
	saved = clean_take(sandbox);
	save(saved);
	loaded = load(engine, mote_sandbox_get_image(sandbox));
	check_memory(sandbox, saved, loaded);
	mote_snapshot_destroy(loaded);
	mote_snapshot_destroy(saved);
	fixture_destroy(sandbox, engine);
}

static void sandboxes_go_to_what_was_loaded(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL), *other = clean_another(sandbox);
	const mote_value rounds = mote_value_u32(10);
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *saved = clean_take(sandbox), *loaded;
	uint32_t counted = CALL0(sandbox, "count").as.u32;

	save(saved);
	mote_snapshot_destroy(saved);
	loaded = load(engine, mote_sandbox_get_image(sandbox));
	/* One that is far ahead, one that has not begun, and again; after a death too. */
	for (unsigned i = 0; i < 3; i++) {
		REQUIRE_OK(mote_sandbox_restore(sandbox, loaded, &error), &error);
		CHECK_EQ(CALL0(sandbox, "count").as.u32, counted);
		REQUIRE_OK(mote_sandbox_restore(other, loaded, &error), &error);
		CHECK_EQ(CALL0(other, "count").as.u32, counted);
		CHECK_STATUS(fixture_try(other, "die_later", &rounds, 1, NULL, &error),
			     MOTE_GUEST_FAULT, &error);
	}
	mote_sandbox_destroy(other);
	mote_snapshot_destroy(loaded);
	fixture_destroy(sandbox, engine);
}

static void options_are_in_the_file(void)
{
	mote_snapshot_file_information information = MOTE_SNAPSHOT_FILE_INFORMATION_INIT;
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot, *loaded;
	mote_sandbox *sandbox, *clone;
	struct stat status;

	options.memory_bytes = 8 << 20;
	options.heap_bytes = 1 << 20;
	options.stack_bytes = 128 << 10;
	options.mailbox_bytes = 32 << 10;
	options.buffer_space_bytes = 1 << 30;
	options.forbid_timestamp = true;
	sandbox = clean_sandbox(engine, &options);
	snapshot = clean_take(sandbox);
	save(snapshot);
	REQUIRE_OK(mote_snapshot_inspect_file(path, &information, &error), &error);
	CHECK_EQ(information.format_version, 1);
	CHECK_EQ(information.abi_version, 1);
	CHECK_EQ(information.machine, MOTE_ARCH_MACHINE);
	CHECK(information.forbid_timestamp);
	CHECK_EQ(information.memory_bytes, 8 << 20);
	CHECK_EQ(information.heap_bytes, 1 << 20);
	CHECK_EQ(information.stack_bytes, 128 << 10);
	CHECK_EQ(information.mailbox_bytes, 32 << 10);
	CHECK_EQ(information.buffer_space_bytes, 1 << 30);
	CHECK(information.pages >= 2 && information.pages < 100);
	CHECK_EQ(stat(path, &status), 0);
	CHECK(!test_on_posix() || (status.st_mode & 0777) == 0600);
	CHECK_EQ(information.file_bytes, (uint64_t)status.st_size);
	loaded = load(engine, mote_sandbox_get_image(sandbox));
	clone = clone_of(loaded);
	CHECK(clone->forbid_timestamp);
	CHECK_EQ(CALL0(clone, "count").as.u32, CALL0(sandbox, "count").as.u32);
	mote_sandbox_destroy(clone);
	mote_snapshot_destroy(loaded);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* ---- Failures ----------------------------------------------------------------------------- */

static void wrong_arguments_and_files(void)
{
	mote_snapshot_file_information information = MOTE_SNAPSHOT_FILE_INFORMATION_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_image *image = mote_sandbox_get_image(sandbox);
	mote_snapshot *snapshot = clean_take(sandbox), *loaded = NULL;
	mote_error error = MOTE_ERROR_INIT;
	struct file file;

	CHECK_STATUS(mote_snapshot_save(NULL, path, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_snapshot_save(snapshot, NULL, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_snapshot_load(NULL, image, path, &loaded, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	CHECK_STATUS(mote_snapshot_load(engine, NULL, path, &loaded, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	CHECK_STATUS(mote_snapshot_load(engine, image, NULL, &loaded, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_snapshot_load(engine, image, path, NULL, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	CHECK_STATUS(mote_snapshot_inspect_file(NULL, &information, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	CHECK_STATUS(mote_snapshot_inspect_file(path, NULL, &error), MOTE_INVALID_ARGUMENT, &error);
	refuse(engine, image, MOTE_FILE, path);
	CHECK_STATUS(mote_snapshot_load(engine, image, folder, &loaded, &error), MOTE_FILE, &error);
	CHECK_STATUS(mote_snapshot_save(snapshot, folder, &error), MOTE_FILE, &error);
	CHECK_STATUS(mote_snapshot_save(snapshot, "/tmp/mote-no-such-folder/s", &error), MOTE_FILE,
		     &error);
	CHECK_STATUS(mote_snapshot_load(engine, image, test_guest("snapshot"), &loaded, &error),
		     MOTE_BAD_SNAPSHOT, &error);
	CHECK_CONTAINS(error.text, "not a snapshot");
	file = (struct file){NULL, 0};
	write_file(&file);
	refuse(engine, image, MOTE_BAD_SNAPSHOT, "not a snapshot");
	/* A file that was there stays, if the new one cannot be written. */
	save(snapshot);
	file = read_file();
	CHECK_STATUS(mote_snapshot_save(snapshot, "/proc/no", &error), MOTE_FILE, &error);
	file.length--;
	write_file(&file);
	refuse(engine, image, MOTE_BAD_SNAPSHOT, "too short");
	free(file.bytes);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static void save_at(struct file *file, mote_engine **engine, mote_sandbox **sandbox)
{
	mote_snapshot *snapshot;

	*engine = fixture_engine();
	*sandbox = clean_sandbox(*engine, NULL);
	snapshot = clean_take(*sandbox);
	save(snapshot);
	mote_snapshot_destroy(snapshot);
	*file = read_file();
}

static void snapshots_of_something_else(void)
{
	static const struct {
		size_t offset;
		uint64_t change;
		mote_status status;
		const char *text;
	} changes[] = {
		{8, 2, MOTE_WRONG_SNAPSHOT, "format version 3"},
		{12, 2, MOTE_WRONG_SNAPSHOT, "guest ABI 3"},
		{16, MOTE_MACHINE_X86_64 ^ MOTE_MACHINE_AARCH64, MOTE_BAD_SNAPSHOT, "too"},
		{24, 1 << 20, MOTE_WRONG_SNAPSHOT, "page size"},
		{32, 1, MOTE_WRONG_SNAPSHOT, "another guest image"},
		{56, 1ull << 63, MOTE_WRONG_SNAPSHOT, "another guest image"},
		{128 - 8, 1, MOTE_WRONG_SNAPSHOT, "this processor has not"},
		/* x86_64: AVX-512, which no guest has. */
		{64 + 8, 1 << 16, MOTE_WRONG_SNAPSHOT, "this processor has not"},
		/* More than fits its memory. */
		{136, 1 << 24, MOTE_BAD_SNAPSHOT, "a size is out of range"},
		{144, 1 << 24, MOTE_BAD_SNAPSHOT, "a size is out of range"},
		{176 + 16 * MOTE_LAYOUT_HEAP, 4096, MOTE_WRONG_SNAPSHOT, "laid out"},
		{176 + 16 * MOTE_LAYOUT_STACK + 8, 4096, MOTE_WRONG_SNAPSHOT, "laid out"},
	};
	mote_image *other = NULL;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	mote_engine *engine;
	struct file file;

	save_at(&file, &engine, &sandbox);
	for (size_t i = 0; i < TEST_COUNT(changes); i++) {
		uint8_t *at = file.bytes + changes[i].offset;

		mote_put64(at, mote_get64(at) ^ changes[i].change);
		write_signed(&file);
		refuse(engine, mote_sandbox_get_image(sandbox), changes[i].status, changes[i].text);
		mote_put64(at, mote_get64(at) ^ changes[i].change);
	}
	write_signed(&file);
	REQUIRE_OK(mote_image_open(engine, test_guest("faults"), &other, &error), &error);
	refuse(engine, other, MOTE_WRONG_SNAPSHOT, "another guest image");
	mote_image_release(other);
	mote_snapshot_destroy(load(engine, mote_sandbox_get_image(sandbox)));
	free(file.bytes);
	fixture_destroy(sandbox, engine);
}

/* A file's machine is what its registers' size is by. */
static void another_machine(void)
{
	const uint32_t machine = MOTE_MACHINE_X86_64 + MOTE_MACHINE_AARCH64 - MOTE_ARCH_MACHINE;
	mote_snapshot_file_information information = MOTE_SNAPSHOT_FILE_INFORMATION_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	mote_engine *engine;
	struct file file, other;
	size_t registers = mote_snapshot_saved_bytes(machine);

	save_at(&file, &engine, &sandbox);
	other.length = file.length - MOTE_SAVED_BYTES + registers;
	other.bytes = calloc(1, other.length);
	REQUIRE(other.bytes != NULL);
	memcpy(other.bytes, file.bytes, SAVED);
	memcpy(other.bytes + SAVED + registers, file.bytes + PAGES, file.length - PAGES);
	mote_put32(other.bytes + 16, machine);
	write_signed(&other);
	refuse(engine, mote_sandbox_get_image(sandbox), MOTE_WRONG_SNAPSHOT, "this host is");
	CHECK_OK(mote_snapshot_inspect_file(path, &information, &error), &error);
	CHECK_EQ(information.machine, machine);
	free(other.bytes);
	free(file.bytes);
	fixture_destroy(sandbox, engine);
}

/* ---- Hostile files ------------------------------------------------------------------------ */

static void pages_where_the_guest_may_not_write(void)
{
	mote_sandbox *sandbox;
	mote_engine *engine;
	struct file file;
	uint64_t places[32];
	size_t count = 0;

	save_at(&file, &engine, &sandbox);
	places[count++] = 0;
	places[count++] = 0xe000; /* aarch64: a doorbell, which it may write to */
	places[count++] = 0xf000;
	for (unsigned id = 0; id < MOTE_LAYOUT_REGIONS; id++)
		if (id != MOTE_LAYOUT_STACK && id != MOTE_LAYOUT_THREAD && id != MOTE_LAYOUT_HEAP)
			places[count++] = clean_region(sandbox, id)->gva;
	for (unsigned i = 1; i < MOTE_MONITOR_BYTES / MOTE_PAGE_BYTES; i++)
		places[count++] = MOTE_RAM_GVA + i * (uint64_t)MOTE_PAGE_BYTES;
	places[count++] = sandbox->image->elf.entry + sandbox->layout.image_bias;
	places[count++] = sandbox->image->elf.relro.begin + sandbox->layout.image_bias;
	places[count++] = clean_region(sandbox, MOTE_LAYOUT_TABLES)->gva + MOTE_PAGE_BYTES;
	places[count++] = mote_layout_ram_end(&sandbox->layout);
	places[count++] = 1ull << 47;
	places[count++] = ~0xfffull;
	file.length = PAGES + RECORD + MOTE_SHA256_BYTES;
	mote_put64(file.bytes + 168, 1);
	for (size_t i = 0; i < count; i++) {
		mote_put64(file.bytes + PAGES, places[i] & MOTE_PAGE_MASK);
		write_signed(&file);
		refuse(engine, mote_sandbox_get_image(sandbox), MOTE_BAD_SNAPSHOT, "may not write");
	}
	free(file.bytes);
	fixture_destroy(sandbox, engine);
}

/* A guest with any registers does what a guest does: it ends, or it works. */
static void run_briefly(mote_snapshot *snapshot)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_sandbox *clone = clone_of(snapshot);
	mote_error error = MOTE_ERROR_INIT;
	mote_function function;
	mote_status status;

	options.wall_ns = 5000000;
	REQUIRE_OK(mote_sandbox_find(clone, "count", NULL, &function, &error), &error);
	status = mote_sandbox_call(clone, function, NULL, 0, &options, NULL, &error);
	if (status != MOTE_OK && status != MOTE_GUEST_FAULT && status != MOTE_GUEST_ABORT &&
	    status != MOTE_WALL_DEADLINE)
		FAIL("status %s: %s", mote_status_name(status), error.text);
	mote_sandbox_destroy(clone);
}

static void any_bit_of_the_registers(void)
{
	const unsigned step = test_scale(8) == 8 ? 53 : 509;
	unsigned accepted = 0, refused = 0;
	mote_sandbox *sandbox;
	mote_engine *engine;
	struct file file;

	save_at(&file, &engine, &sandbox);
	for (unsigned bit = 0; bit < MOTE_SAVED_BYTES * 8; bit += step) {
		uint8_t *at = file.bytes + SAVED + bit / 8;
		mote_error error = MOTE_ERROR_INIT;
		mote_snapshot *snapshot = NULL;
		mote_status status;

		*at ^= (uint8_t)(1 << bit % 8);
		write_signed(&file);
		status = mote_snapshot_load(engine, mote_sandbox_get_image(sandbox), path,
					    &snapshot, &error);
		if (status == MOTE_OK)
			run_briefly(snapshot);
		else
			CHECK_STATUS(status, MOTE_BAD_SNAPSHOT, &error);
		accepted += status == MOTE_OK;
		refused += status != MOTE_OK;
		mote_snapshot_destroy(snapshot);
		*at ^= (uint8_t)(1 << bit % 8);
	}
	CHECK(accepted > 0 && refused > 0);
	free(file.bytes);
	fixture_destroy(sandbox, engine);
}

/* ---- Forks -------------------------------------------------------------------------------- */

static void a_child_neither_saves_nor_loads(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	mote_engine *engine;
	mote_snapshot *snapshot;
	struct file file;
	pid_t child;

	test_need_fork();
	save_at(&file, &engine, &sandbox);
	snapshot = clean_take(sandbox);
	child = fork();
	if (child == 0) {
		mote_snapshot *loaded = NULL;
		bool right = mote_snapshot_save(snapshot, path, &error) == MOTE_FORKED &&
			     mote_snapshot_load(engine, mote_sandbox_get_image(sandbox), path,
						&loaded, &error) == MOTE_FORKED;

		_exit(right ? 0 : 1);
	}
	fixture_check_child(child);
	mote_snapshot_destroy(snapshot);
	free(file.bytes);
	fixture_destroy(sandbox, engine);
}

int main(int argc, char **argv)
{
#define IN_A_FOLDER(function) CASE_WITHIN(function, begin, end)
	static const struct test_case cases[] = {
		IN_A_FOLDER(another_process_loads_it),
		IN_A_FOLDER(threads_load_it_at_once),
		IN_A_FOLDER(what_is_loaded_is_what_was_saved),
		IN_A_FOLDER(zeros_are_loaded_as_zeros),
		IN_A_FOLDER(sandboxes_go_to_what_was_loaded),
		IN_A_FOLDER(options_are_in_the_file),
		IN_A_FOLDER(wrong_arguments_and_files),
		IN_A_FOLDER(snapshots_of_something_else),
		IN_A_FOLDER(another_machine),
		IN_A_FOLDER(pages_where_the_guest_may_not_write),
		IN_A_FOLDER(any_bit_of_the_registers),
		IN_A_FOLDER(a_child_neither_saves_nor_loads),
	};
#undef IN_A_FOLDER

	return test_main("snapshot_file", cases, TEST_COUNT(cases), argc, argv);
}
