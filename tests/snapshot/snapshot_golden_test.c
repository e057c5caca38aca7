/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshot files of earlier versions, and their guests, as golden/make made them: they are loaded
 * and go on.  A version that cannot must refuse them as MOTE_WRONG_SNAPSHOT, and says so here.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_internal.h"
#include "fixture.h"
#include "hypervisor/arch/arch.h"
#include "sha256.h"

static const struct golden {
	const char *guest, *snapshot;
	mote_machine machine;
	mote_status loaded; /* MOTE_OK, or MOTE_WRONG_SNAPSHOT */
} goldens[] = {
	{"golden_x86_64.guest", "golden_x86_64.snapshot", MOTE_MACHINE_X86_64, MOTE_OK},
	{"golden_aarch64.guest", "golden_aarch64.snapshot", MOTE_MACHINE_AARCH64, MOTE_OK},
};

/* As old as the file, and of a folder that the next call of test_guest changes. */
static mote_image *open_image(mote_engine *engine, const struct golden *golden)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image = NULL;
	size_t length;
	uint8_t *bytes = test_read_file(test_guest(golden->guest), &length);

	REQUIRE(bytes != NULL);
	REQUIRE_OK(mote_image_from_bytes(engine, bytes, length, golden->guest, &image, &error),
		   &error);
	free(bytes);
	return image;
}

/* ---- Anywhere ----------------------------------------------------------------------------- */

static void check_image(const struct golden *golden, const uint8_t *expected)
{
	uint8_t digest[MOTE_SHA256_BYTES];
	struct mote_sha256 hash;
	size_t length;
	uint8_t *bytes = test_read_file(test_guest(golden->guest), &length);

	REQUIRE(bytes != NULL);
	mote_sha256_begin(&hash);
	mote_sha256_add(&hash, bytes, length);
	mote_sha256_end(&hash, digest);
	free(bytes);
	CHECK_MEM(digest, expected, sizeof(digest));
}

static void are_inspected_on_any_machine(void)
{
	for (size_t i = 0; i < TEST_COUNT(goldens); i++) {
		mote_snapshot_file_information file = MOTE_SNAPSHOT_FILE_INFORMATION_INIT;
		mote_error error = MOTE_ERROR_INIT;

		CHECK_OK(mote_snapshot_inspect_file(test_guest(goldens[i].snapshot), &file, &error),
			 &error);
		CHECK_EQ(file.format_version, 1);
		CHECK_EQ(file.abi_version, 1);
		CHECK_EQ(file.machine, goldens[i].machine);
		CHECK_EQ(file.memory_bytes, 1 << 20);
		CHECK_EQ(file.mailbox_bytes, 4096);
		CHECK(!file.forbid_timestamp);
		CHECK(file.pages >= 4 && file.pages < 20);
		check_image(&goldens[i], file.image_sha256);
	}
}

/* Of the hosts that they were taken on. */
enum { GOLDEN_PAGE_BYTES = 4096 };

/* ---- On its machine ----------------------------------------------------------------------- */

static const struct golden *find_ours(void)
{
	for (size_t i = 0; i < TEST_COUNT(goldens); i++)
		if (goldens[i].machine == MOTE_ARCH_MACHINE)
			return &goldens[i];
	FAIL("there is no golden snapshot of this machine");
}

/* It had counted once, to 1061. */
static void check_clone(mote_snapshot *snapshot)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *clone = NULL;

	REQUIRE_OK(mote_sandbox_create_from_snapshot(snapshot, NULL, &clone, &error), &error);
	CHECK_EQ(CALL0(clone, "count").as.u32, 1065);
	CHECK_EQ(CALL0(clone, "count").as.u32, 1069);
	CHECK(CALL0(clone, "rounds_down").as.boolean);
	CHECK_EQ(CALL0(clone, "get_hooks").as.u32, 1);
	CHECK_OK(mote_sandbox_restore(clone, snapshot, &error), &error);
	CHECK_EQ(CALL0(clone, "count").as.u32, 1065);
	CHECK(CALL0(clone, "rounds_down").as.boolean);
	mote_sandbox_destroy(clone);
}

static void goes_on_where_it_was_taken(void)
{
	const struct golden *ours = find_ours();
	mote_engine *engine = fixture_engine();
	mote_image *image = open_image(engine, ours);
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;
	const bool fits = mote_engine_page_bytes(engine) == GOLDEN_PAGE_BYTES;

	CHECK_STATUS(mote_snapshot_load(engine, image, test_guest(ours->snapshot), &snapshot,
					&error),
		     fits ? ours->loaded : MOTE_WRONG_SNAPSHOT, &error);
	if (!fits)
		CHECK_CONTAINS(error.text, "another page size");
	if (snapshot != NULL)
		check_clone(snapshot);
	mote_snapshot_destroy(snapshot);
	mote_image_release(image);
	mote_engine_release(engine);
}

static void of_another_machine_is_refused(void)
{
	mote_engine *engine = fixture_engine();
	mote_image *image = open_image(engine, find_ours());

	for (size_t i = 0; i < TEST_COUNT(goldens); i++) {
		mote_error error = MOTE_ERROR_INIT;
		mote_snapshot *snapshot = NULL;

		if (goldens[i].machine == MOTE_ARCH_MACHINE)
			continue;
		CHECK_STATUS(mote_snapshot_load(engine, image, test_guest(goldens[i].snapshot),
						&snapshot, &error),
			     MOTE_WRONG_SNAPSHOT, &error);
		CHECK_CONTAINS(error.text, mote_machine_name(goldens[i].machine));
	}
	mote_image_release(image);
	mote_engine_release(engine);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(are_inspected_on_any_machine),
		CASE(goes_on_where_it_was_taken),
		CASE(of_another_machine_is_refused),
	};

	return test_main("snapshot_golden", cases, TEST_COUNT(cases), argc, argv);
}
