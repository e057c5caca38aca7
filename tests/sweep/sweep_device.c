/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of functions of a device file, each entry of which can fail.  The
 * failure itself comes from the C library below the table, so that the way from
 * errno to error is the real one.  A request that has no row in the hypervisor's
 * own file (sweep_kvm.c) fails the sweep: how it can fail has to be written down.
 */
#include "sweep_device.h"

#include <errno.h>
#include <string.h>

#include "bed_systems.h"
#include "engine_internal.h"
#include "hypervisor/backends/linux/linux_device.h"
#ifdef SWEEP_SIMULATED
#include "sim/systems.h"
#endif

/* Whatever they say, the descriptor and the mapping are gone. */
static struct sweep_entry close_entry = {
	.name = "close",
	.failures = {{EIO, SWEEP(OK), NULL, false}, {EINTR, SWEEP(OK), NULL, false}},
};

static struct sweep_entry unmap_entry = {
	.name = "munmap",
	.failures = {{ENOMEM, SWEEP(OK), NULL, false}, {EINVAL, SWEEP(OK), NULL, false}},
};

static struct sweep_entry map_entry = {
	.name = "mmap",
	.text = "mmap of the ",
	.failures = {{EIO, SWEEP(HYPERVISOR), NULL, false},
		     {EINVAL, SWEEP(HYPERVISOR), NULL, false},
		     {ENOMEM, SWEEP(NO_MEMORY), NULL, false}},
};

static struct sweep_entry protect_entry = {
	.name = "mprotect",
	.text = "mprotect of guest memory",
	.failures = {SWEEP_ANY},
};

static struct sweep_entry duplicate_entry = {
	.name = "fcntl",
	.text = "F_DUPFD_CLOEXEC",
	.failures = {{EINVAL, SWEEP(HYPERVISOR), NULL, false}, {EMFILE, SWEEP(LIMIT), NULL, false}},
};

/* A kick goes on without it. */
static struct sweep_entry replace_entry = {
	.name = "dup3",
	.text = "dup3",
	.failures = {{EIO, SWEEP(OK) | SWEEP(HYPERVISOR), NULL, false}},
};

/* A table that fails, and what it knows of its hypervisor. */
struct failing {
	struct mote_linux_device table;
	const struct sweep_device *device;
};

#ifdef SWEEP_SIMULATED
static const struct mote_system *const *below(void)
{
	return sim_wanted() != NULL ? sim_wanted()->systems() : test_systems();
}

/* A simulated device makes many calls of the C library for one of the table, which fails itself. */
static bool fails_itself(void)
{
	return sim_wanted() != NULL;
}
#else
static const struct mote_system *const *below(void)
{
	return test_systems();
}

static bool fails_itself(void)
{
	return false;
}
#endif

static const struct mote_linux_device *real(const struct mote_linux_device *table)
{
	return mote_linux_device_find(below(), table->base.kind);
}

/* Calls the real table.  Its own system calls are no uses of os/.  done: it is done whatever it
 * says. */
#define THROUGH(entry, done, table, function, ...)                                                 \
	do {                                                                                       \
		const int code = sweep_use(SWEEP_HYPERVISOR, entry);                               \
		bool before;                                                                       \
		int result = 0;                                                                    \
                                                                                                   \
		if (!fails_itself())                                                               \
			sweep_force(code);                                                         \
		before = sweep_exempt(true);                                                       \
		if (code == 0 || (done) || !fails_itself())                                        \
			result = real(table)->function(real(table), __VA_ARGS__);                  \
		(void)sweep_exempt(before);                                                        \
		sweep_force(0);                                                                    \
		return code != 0 && fails_itself() ? -code : result;                               \
	} while (0)

/* Other files than the hypervisor's. */
static struct sweep_entry other_entry = {
	.name = "open",
	.text = "open /dev/null",
	.failures = {{EIO, SWEEP(HYPERVISOR), NULL, false},
		     {EMFILE, SWEEP(LIMIT), "is limited to", false},
		     {ENOMEM, SWEEP(NO_MEMORY), NULL, false}},
};

static int fail_open(const struct mote_linux_device *table, const char *path)
{
	if (strcmp(path, "/dev/null") == 0)
		THROUGH(&other_entry, false, table, open, path);
	THROUGH(((const struct failing *)table)->device->open, false, table, open, path);
}

static int fail_close(const struct mote_linux_device *table, int fd)
{
	THROUGH(&close_entry, true, table, close, fd);
}

static int fail_ioctl(const struct mote_linux_device *table, int fd, unsigned long number,
		      void *argument)
{
	static struct sweep_entry unknown = {.name = "ioctl"};
	const struct sweep_device *device = ((const struct failing *)table)->device;
	struct sweep_entry *entry = &unknown;

	for (size_t i = 0; i < device->request_count; i++)
		if (device->requests[i].number == number)
			entry = &device->requests[i].entry;
	if (!CHECK(entry != &unknown))
		test_note("ioctl 0x%lx has no row in %s", number, device->file);
	THROUGH(entry, false, table, ioctl, fd, number, argument);
}

static int fail_map(const struct mote_linux_device *table, int fd, size_t bytes, void **address)
{
	THROUGH(&map_entry, false, table, map, fd, bytes, address);
}

static int fail_unmap(const struct mote_linux_device *table, void *address, size_t bytes)
{
	THROUGH(&unmap_entry, true, table, unmap, address, bytes);
}

static int fail_duplicate(const struct mote_linux_device *table, int fd)
{
	THROUGH(&duplicate_entry, false, table, duplicate, fd);
}

static int fail_replace(const struct mote_linux_device *table, int fd, int by)
{
	THROUGH(&replace_entry, false, table, replace, fd, by);
}

static int fail_protect(const struct mote_linux_device *table, void *address, size_t bytes,
			bool writable)
{
	THROUGH(&protect_entry, false, table, protect, address, bytes, writable);
}

/* One table for each hypervisor that is built. */
#define X(KIND, name)                                                                              \
	extern const struct sweep_device sweep_##name;                                             \
	static const struct failing failing_##name = {                                             \
		.table =                                                                           \
			{                                                                          \
				.base = {MOTE_BACKEND_##KIND},                                     \
				.open = fail_open,                                                 \
				.close = fail_close,                                               \
				.ioctl = fail_ioctl,                                               \
				.map = fail_map,                                                   \
				.unmap = fail_unmap,                                               \
				.duplicate = fail_duplicate,                                       \
				.replace = fail_replace,                                           \
				.protect = fail_protect,                                           \
			},                                                                         \
		.device = &sweep_##name,                                                           \
	};
SWEEP_DEVICES
#undef X

bool sweep_without_cow;

mote_status sweep_create_engine(const mote_engine_options *options, mote_engine **engine,
				mote_error *error)
{
	static const struct mote_system *const systems[] = {
#define X(KIND, name) &failing_##name.table.base,
		SWEEP_DEVICES
#undef X
			NULL,
	};
	mote_status status;

	status = mote_engine_create_with_systems(options, systems, engine, error);
	if (status == MOTE_OK && sweep_without_cow)
		(*engine)->hypervisor->capabilities.host_cow = false;
	return status;
}
