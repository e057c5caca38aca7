/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots: the state of a guest between two calls, to which sandboxes are put back.
 *
 * A snapshot holds the guest's memory and registers, and nothing of the host's: no host functions,
 * deadlines or statistics.  SHARED BUFFERS (mote/buffer.h) ARE NOT IN IT AND ARE NOT RESTORED: one
 * that the guest may write to carries data from one call to the next.
 *
 * A snapshot can be saved to a file and loaded by another process.  Files are not trusted: a
 * hostile one can do to the host what a hostile guest image can, and no more.
 *
 * Putting a sandbox back costs what was written since, not what memory there is.  docs/snapshots.md
 * says what is clean afterwards, and what is not.
 */
#ifndef MOTE_SNAPSHOT_H
#define MOTE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>
#include <mote/image.h>
#include <mote/sandbox.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable; any number of sandboxes and threads use it at the same time. */
typedef struct mote_snapshot mote_snapshot;

typedef struct mote_snapshot_options {
	size_t size; /* sizeof(mote_snapshot_options) of the caller */
	/* A guest that has not started yet is started first, under these deadlines.  As in
	 * mote_call_options. */
	uint64_t wall_ns;
	uint64_t cpu_ns;
} mote_snapshot_options;

/* clang-format off */
#define MOTE_SNAPSHOT_OPTIONS_INIT {sizeof(mote_snapshot_options), 0, 0}
/* clang-format on */

/* MOTE_SNAPSHOT_OPTIONS_INIT as a function.  As mote_sandbox_options_init. */
MOTE_API void mote_snapshot_options_init(mote_snapshot_options *options, size_t size);

/*
 * Takes a snapshot of a sandbox, which goes on as before.  What earlier calls left in its memory,
 * arguments and results too, is in the snapshot.
 *
 * options    may be NULL
 * snapshot   written on success; end it with mote_snapshot_destroy.  It keeps engine and image
 *            alive
 * error      may be NULL
 *
 * Returns    MOTE_OK; MOTE_INVALID_ARGUMENT, MOTE_POISONED, MOTE_BUSY (in a call, or under a
 *            debugger), MOTE_FORKED, MOTE_NO_MEMORY, MOTE_LIMIT, MOTE_OS, MOTE_HYPERVISOR; what
 *            mote_sandbox_start returns.  Call mote_sandbox_is_poisoned to find out whether the
 *            sandbox is as it was.
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_snapshot_take(mote_sandbox *sandbox, const mote_snapshot_options *options,
					mote_snapshot **snapshot, mote_error *error);

/*
 * Gives up a snapshot.  Sandboxes that were put back to it or made from it keep it alive.
 *
 * snapshot   may be NULL
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_snapshot_destroy(mote_snapshot *snapshot);

/*
 * Puts a sandbox back to a snapshot, also one that is poisoned; then it no longer is.  Memory of
 * the last result stays valid until the next call.
 *
 * snapshot   of a sandbox of the same engine, image and options; NULL: the one that was last taken
 *            of this sandbox, that it was last put back to, or that it was made from
 * error      may be NULL
 *
 * Returns    MOTE_OK.
 *            The sandbox is as it was: MOTE_INVALID_ARGUMENT (also when there is no snapshot yet),
 *            MOTE_WRONG_SNAPSHOT, MOTE_BUSY (in a call, or under a debugger), MOTE_FORKED; MOTE_OS,
 *            MOTE_NO_MEMORY, MOTE_LIMIT when it is not poisoned.
 *            The sandbox is poisoned, and this may be tried again: MOTE_OS, MOTE_HYPERVISOR,
 *            MOTE_NO_MEMORY, MOTE_LIMIT.
 *            The sandbox was destroyed meanwhile: MOTE_KILLED.
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_restore(mote_sandbox *sandbox, mote_snapshot *snapshot,
					  mote_error *error);

/*
 * Creates a sandbox in the state of a snapshot: started, between two calls.
 *
 * options    may be NULL; sizes are 0, or those of the snapshot (MOTE_WRONG_SNAPSHOT), which also
 *            says whether the guest may read time stamps; everything else is the sandbox's own
 * sandbox    written on success; end it with mote_sandbox_destroy
 * error      may be NULL
 *
 * Returns    as mote_sandbox_create; also MOTE_WRONG_SNAPSHOT
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_create_from_snapshot(mote_snapshot *snapshot,
						       const mote_sandbox_options *options,
						       mote_sandbox **sandbox, mote_error *error);

/* What is in a snapshot. */
typedef struct mote_snapshot_information {
	size_t size;	       /* sizeof(mote_snapshot_information) of the caller */
	mote_image *image;     /* borrowed: as long as the snapshot */
	uint64_t memory_bytes; /* of the guest */
	uint64_t pages; /* of 4096 bytes that are not all zeros: what it takes of host memory */
	uint64_t vcpu_bytes; /* of registers, as the hypervisor holds them */
} mote_snapshot_information;

/* clang-format off */
#define MOTE_SNAPSHOT_INFORMATION_INIT {sizeof(mote_snapshot_information), NULL, 0, 0, 0}
/* clang-format on */

/* MOTE_SNAPSHOT_INFORMATION_INIT as a function.  As mote_sandbox_options_init. */
MOTE_API void mote_snapshot_information_init(mote_snapshot_information *information, size_t size);

/*
 * Describes a snapshot.
 *
 * information  its size is set; written on success
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_snapshot_inspect(const mote_snapshot *snapshot,
					   mote_snapshot_information *information,
					   mote_error *error);

/*
 * Saves a snapshot.  The file holds the memory that the guest may write, and the registers that
 * programs see; what it lacks, loading takes from the image.  It is written under a temporary name
 * in its folder, with mode 0600, and takes the place of what had its name before.  It holds what
 * the guest had in memory, secrets too, and nothing shows that somebody has changed it on purpose:
 * keep it as you keep the guest image.
 *
 * path       of the file
 * error      may be NULL
 *
 * Returns    MOTE_OK; MOTE_INVALID_ARGUMENT, MOTE_FILE, MOTE_FORKED, MOTE_NO_MEMORY, MOTE_LIMIT,
 *            MOTE_OS, MOTE_HYPERVISOR; MOTE_BAD_SNAPSHOT: the guest has set registers to what no
 *            file may have.  If it is not MOTE_OK, there is no new file.
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_snapshot_save(const mote_snapshot *snapshot, const char *path,
					mote_error *error);

/*
 * Loads a snapshot that was saved, perhaps by another process or on another machine.
 *
 * engine     that sandboxes will be created with
 * image      the one that the snapshot was taken of, byte for byte
 * path       of the file.  It is read once, and not needed any more
 * snapshot   written on success; end it with mote_snapshot_destroy.  It keeps engine and image
 *            alive
 * error      may be NULL
 *
 * Returns    MOTE_OK; MOTE_INVALID_ARGUMENT, MOTE_FILE, MOTE_FORKED, MOTE_NO_MEMORY, MOTE_LIMIT,
 *            MOTE_OS, MOTE_HYPERVISOR, MOTE_WRONG_MACHINE (of the image); MOTE_BAD_SNAPSHOT: not a
 *            snapshot file, or damaged, or nothing that mote wrote; MOTE_WRONG_SNAPSHOT: of another
 *            image, machine or version, or this processor lacks what the guest may have found
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_snapshot_load(mote_engine *engine, mote_image *image, const char *path,
					mote_snapshot **snapshot, mote_error *error);

/* What a file says of its snapshot. */
typedef struct mote_snapshot_file_information {
	size_t size; /* sizeof(mote_snapshot_file_information) of the caller */
	uint32_t format_version;
	uint32_t abi_version;
	mote_machine machine;
	bool forbid_timestamp;
	uint8_t image_sha256[32]; /* of the guest image's file */
	uint64_t file_bytes;
	/* The options of its sandbox.  Loading takes no more host memory than pages need, but these
	 * many addresses. */
	uint64_t memory_bytes, heap_bytes, stack_bytes, mailbox_bytes, buffer_space_bytes;
	uint64_t pages; /* of 4096 bytes, that the file holds */
} mote_snapshot_file_information;

/* clang-format off */
#define MOTE_SNAPSHOT_FILE_INFORMATION_INIT                                                        \
	{sizeof(mote_snapshot_file_information), 0, 0, (mote_machine)0, false, {0}, 0, 0, 0, 0, 0, 0, 0}
/* clang-format on */

/* MOTE_SNAPSHOT_FILE_INFORMATION_INIT as a function.  As mote_sandbox_options_init. */
MOTE_API void mote_snapshot_file_information_init(mote_snapshot_file_information *information,
						  size_t size);

/*
 * Describes a snapshot file, of any machine, after checking its checksum.  Needs no hypervisor.
 *
 * path       of the file
 * information  its size is set; written on success
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_FILE, MOTE_BAD_SNAPSHOT, MOTE_WRONG_SNAPSHOT (of
 *            another version)
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_snapshot_inspect_file(const char *path,
						mote_snapshot_file_information *information,
						mote_error *error);

#ifdef __cplusplus
}
#endif
#endif
