/* SPDX-License-Identifier: Apache-2.0
 *
 * The files of /dev/mshv and their requests, with the rules of Linux's driver
 * (drivers/hv/mshv_root_main.c, include/uapi/linux/mshv.h):
 *
 *  1. A partition is created with known flags alone (EINVAL); the second part of the structure is
 *     read with the flag for it, from 6.19 on.
 *  2. Memory and VPs wait for the initialization (EIO).
 *  3. A region is whole pages (EINVAL), overlaps no other in guest-physical addresses (EEXIST), and
 *     is unmapped as it was mapped (EINVAL).  Before 6.19 it is pinned: it does not overlap in this
 *     process's addresses (EEXIST), which may be written to (EFAULT).
 *  4. A VP has an index below 256 (EINVAL) of its own (EEXIST), and begins suspended.
 *  5. A partition lives until its last file is closed, and no page of a VP is mapped.
 *  6. A run ends with a message (0), or by a signal that arrives after it began (EINTR).
 *  7. State is copied from and to whole pages; too few: EINVAL, with what is needed.
 *
 * Not as on a real machine: interrupts, timers, privileged levels (VTL), isolation; memory that is
 * mapped may be executed; pinned memory still follows the host's changes; speed.
 */
#define _GNU_SOURCE /* memfd_create, fileno */
#include "sim/mshv/mshv_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/mshv/mshv_foreign.h"

static _Atomic size_t partitions;

void mshv_violation(const char *format, ...)
{
	va_list arguments;
	char text[200];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fprintf(stderr, "simulated MSHV: %s\n", text);
	abort();
}

size_t sim_mshv_partitions(void)
{
	return atomic_load(&partitions);
}

size_t mshv_page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static bool is_zero(const void *bytes, size_t count)
{
	const uint8_t *byte = bytes;

	while (count > 0 && *byte == 0) {
		byte++;
		count--;
	}
	return count == 0;
}

/* What went wrong in the hypervisor, or for lack of this process's descriptors or memory. */
static int no_resource(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM ? -code : -EIO;
}

/* ---- Life ------------------------------------------------------------------------------------ */

struct file *mshv_make_file(enum mshv_kind kind, struct partition *partition, struct vp *vp)
{
	struct file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	*file = (struct file){.kind = kind, .references = 1, .partition = partition, .vp = vp};
	if (partition)
		atomic_fetch_add(&partition->references, 1);
	return file;
}

struct file *mshv_open(void)
{
	return mshv_make_file(MSHV_DEVICE, NULL, NULL);
}

struct file *mshv_hold(struct file *file)
{
	atomic_fetch_add(&file->references, 1);
	return file;
}

static void free_vp(struct vp *vp)
{
	if (!vp)
		return;
	sim_close_mapping(vp->pages, 2 * mshv_page_bytes());
	sim_close_descriptor(vp->pages_fd);
	if (vp->core)
		sim_vcpu_free(vp->core);
	for (int i = 0; i < MSHV_STATES; i++)
		free(vp->states[i]);
	pthread_mutex_destroy(&vp->lock);
	free(vp);
}

static void free_partition(struct partition *partition)
{
	for (int i = 0; i < MSHV_VPS; i++)
		free_vp(partition->vps[i]);
	for (int i = 0; i < MSHV_REGIONS; i++)
		free(partition->accessed[i]);
	if (partition->machine)
		sim_machine_free(partition->machine);
	pthread_mutex_destroy(&partition->lock);
	free(partition);
	atomic_fetch_sub(&partitions, 1);
}

void mshv_release(struct file *file)
{
	struct partition *partition = file->partition;

	if (atomic_fetch_sub(&file->references, 1) > 1)
		return;
	free(file);
	if (partition && atomic_fetch_sub(&partition->references, 1) == 1)
		free_partition(partition);
}

/* ---- Rule 1 ---------------------------------------------------------------------------------- */

static uint64_t known_flags(void)
{
	const uint64_t flags = MOTE_MSHV_PARTITION_LAPIC | MOTE_MSHV_PARTITION_X2APIC |
			       MOTE_MSHV_PARTITION_SUPER_PAGES;

	if (sim_mshv_rules()->kernel < SIM_MSHV_6_19)
		return flags;
	return flags | MOTE_MSHV_PARTITION_FEATURES | MOTE_MSHV_PARTITION_NESTED |
	       MOTE_MSHV_PARTITION_SMT;
}

/* The structure as the driver sees it; false: EINVAL. */
static bool take_create(const void *argument, struct mote_mshv_create_partition *create)
{
	const size_t first_version = offsetof(struct mote_mshv_create_partition, feature_banks);

	memset(create, 0, sizeof(*create));
	memcpy(create, argument, first_version);
	if (create->flags & ~known_flags() || create->isolation != 0)
		return false;
	if (!(create->flags & MOTE_MSHV_PARTITION_FEATURES))
		return true;
	memcpy(create, argument, sizeof(*create));
	return create->feature_banks == MOTE_MSHV_FEATURE_BANKS &&
	       is_zero(create->reserved, sizeof(create->reserved)) &&
	       is_zero(create->reserved_banks, sizeof(create->reserved_banks));
}

static long create_partition(const void *argument, struct file **made)
{
	struct mote_mshv_create_partition create;
	struct partition *partition;

	if (!take_create(argument, &create))
		return -EINVAL;
	partition = calloc(1, sizeof(*partition));
	if (!partition)
		return -ENOMEM;
	atomic_fetch_add(&partitions, 1);
	pthread_mutex_init(&partition->lock, NULL);
	partition->has_lapic = create.flags & MOTE_MSHV_PARTITION_LAPIC;
	memcpy(partition->disabled_features, create.disabled_features,
	       sizeof(partition->disabled_features));
	partition->disabled_xsave = create.disabled_xsave;
	partition->machine = sim_machine_make(0);
	*made = partition->machine ? mshv_make_file(MSHV_PARTITION, partition, NULL) : NULL;
	if (!*made) {
		const int code = partition->machine ? ENOMEM : errno;

		free_partition(partition);
		return no_resource(code);
	}
	return 0;
}

/* ---- Rules 2 and 3 --------------------------------------------------------------------------- */

static bool overlaps(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
	return a < b + b_length && b < a + a_length;
}

static bool is_region(const struct mote_mshv_memory *memory)
{
	const uint8_t flags =
		MOTE_MSHV_MEMORY_WRITABLE | MOTE_MSHV_MEMORY_EXECUTABLE | MOTE_MSHV_MEMORY_UNMAP;
	const uint64_t odd = mshv_page_bytes() - 1;

	return memory->bytes != 0 &&
	       !((memory->bytes | memory->address | memory->frame << MOTE_HYPERV_FRAME_SHIFT) &
		 odd) &&
	       !(memory->flags & ~flags) && is_zero(memory->reserved, sizeof(memory->reserved));
}

static uint64_t frames(const struct mote_mshv_memory *memory)
{
	return memory->bytes >> MOTE_HYPERV_FRAME_SHIFT;
}

static struct mote_mshv_memory *find_region(struct partition *partition, uint64_t frame)
{
	struct mote_mshv_memory *region = partition->regions;

	for (; region < partition->regions + MSHV_REGIONS; region++)
		if (region->bytes != 0 && frame - region->frame < frames(region))
			return region;
	return NULL;
}

static long unmap_memory(struct partition *partition, const struct mote_mshv_memory *memory)
{
	struct mote_mshv_memory *region = find_region(partition, memory->frame);

	if (!region || region->frame != memory->frame || region->bytes != memory->bytes ||
	    region->address != memory->address)
		return -EINVAL;
	if (sim_machine_unmap(partition->machine, memory->frame << MOTE_HYPERV_FRAME_SHIFT,
			      memory->bytes) != 0)
		return -EIO;
	free(partition->accessed[region - partition->regions]);
	partition->accessed[region - partition->regions] = NULL;
	region->bytes = 0;
	return 0;
}

static bool is_taken(const struct mote_mshv_memory *region, const struct mote_mshv_memory *memory)
{
	if (region->bytes == 0)
		return false;
	if (overlaps(region->frame, frames(region), memory->frame, frames(memory)))
		return true;
	return sim_mshv_rules()->kernel < SIM_MSHV_6_19 &&
	       overlaps(region->address, region->bytes, memory->address, memory->bytes);
}

struct range {
	uint64_t begin, end;
	bool pinned;
};

static int open_maps(void *user)
{
	FILE **maps = user;

	*maps = fopen("/proc/self/maps", "re");
	return *maps ? dup(fileno(*maps)) : -1;
}

/* Whether this process may write to all of it. */
static bool can_be_pinned(uint64_t begin, uint64_t bytes)
{
	unsigned long long from, to;
	char line[512], writable;
	FILE *maps = NULL;
	int fd = sim_own_descriptor(open_maps, &maps);

	while (maps && begin < begin + bytes && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%llx-%llx %*c%c", &from, &to, &writable) != 3 || to <= begin)
			continue;
		if (from > begin || writable != 'w')
			break;
		bytes -= to - begin < bytes ? to - begin : bytes;
		begin = to;
	}
	if (maps)
		fclose(maps);
	sim_close_descriptor(fd);
	return bytes == 0;
}

static int map_error(int code)
{
	return code == ENOSPC ? -ENOMEM : code == EINVAL ? -EFAULT : -code;
}

static long map_memory(struct partition *partition, const struct mote_mshv_memory *memory)
{
	const unsigned flags = memory->flags & MOTE_MSHV_MEMORY_WRITABLE ? SIM_WRITE : 0;
	struct mote_mshv_memory *place = NULL;
	int code;

	for (int i = MSHV_REGIONS - 1; i >= 0; i--) {
		if (is_taken(&partition->regions[i], memory))
			return -EEXIST;
		if (partition->regions[i].bytes == 0)
			place = &partition->regions[i];
	}
	if (!place)
		return -ENOMEM;
	if (sim_mshv_rules()->kernel < SIM_MSHV_6_19 &&
	    !can_be_pinned(memory->address, memory->bytes))
		return -EFAULT;
	if (!partition->is_initialized)
		return -EIO;
	code = sim_machine_map(partition->machine, memory->frame << MOTE_HYPERV_FRAME_SHIFT,
			       (void *)(uintptr_t)memory->address, memory->bytes,
			       SIM_READ | SIM_EXECUTE | flags);
	if (code != 0)
		return map_error(code);
	*place = *memory;
	return 0;
}

static long set_memory(struct partition *partition, const struct mote_mshv_memory *memory)
{
	if (!is_region(memory))
		return -EINVAL;
	return memory->flags & MOTE_MSHV_MEMORY_UNMAP ? unmap_memory(partition, memory)
						      : map_memory(partition, memory);
}

/* ---- Rules 4 and 5 --------------------------------------------------------------------------- */

static int make_pages(void *user)
{
	const size_t bytes = 2 * mshv_page_bytes();
	int fd = memfd_create("mshv_vp", MFD_CLOEXEC);

	(void)user;
	if (fd >= 0 && ftruncate(fd, (off_t)bytes) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* 0 or an error number. */
static int begin_vp(struct vp *vp)
{
	vp->pages_fd = sim_own_descriptor(make_pages, NULL);
	if (vp->pages_fd < 0)
		return errno;
	vp->pages = sim_own_mapping(vp->pages_fd, 2 * mshv_page_bytes());
	if (!vp->pages)
		return errno;
	vp->core = sim_vcpu_make(vp->partition->machine);
	return vp->core ? mshv_arch_begin(vp) : errno == ENOSPC ? ENOMEM : errno;
}

static long create_vp(struct partition *partition, const uint32_t *index, struct file **made)
{
	struct vp *vp;
	int code;

	if (*index >= MSHV_VPS)
		return -EINVAL;
	if (partition->vps[*index])
		return -EEXIST;
	if (!partition->is_initialized)
		return -EIO;
	vp = calloc(1, sizeof(*vp));
	if (!vp)
		return -ENOMEM;
	*vp = (struct vp){.partition = partition,
			  .index = *index,
			  .pages_fd = -1,
			  .explicitly_suspended = true};
	pthread_mutex_init(&vp->lock, NULL);
	code = begin_vp(vp);
	*made = code == 0 ? mshv_make_file(MSHV_VP, partition, vp) : NULL;
	if (!*made) {
		free_vp(vp);
		return no_resource(code != 0 ? code : ENOMEM);
	}
	partition->vps[*index] = vp;
	return 0;
}

struct vp *mshv_find_vp(struct partition *partition, uint32_t index)
{
	return index < MSHV_VPS ? partition->vps[index] : NULL;
}

enum { REGISTER_PAGE, MESSAGE_PAGE, GHCB_PAGE, PAGES };

int mshv_page(struct file *file, uint64_t page, uint64_t *offset)
{
	if (file->kind != MSHV_VP)
		return -ENODEV;
	if (page >= PAGES)
		return -EINVAL;
	if (page == GHCB_PAGE)
		return -ENODEV;
	if (page == REGISTER_PAGE) {
		if (!mshv_arch_has_page() || sim_mshv_rules()->no_page)
			return -ENODEV;
		pthread_mutex_lock(&file->vp->lock);
		file->vp->page_is_used = true;
		mshv_arch_publish(file->vp);
		pthread_mutex_unlock(&file->vp->lock);
	}
	*offset = page * mshv_page_bytes();
	return file->vp->pages_fd;
}

/* ---- Rules 6 and 7 --------------------------------------------------------------------------- */

void *mshv_begin_message(struct vp *vp, uint32_t type, size_t bytes)
{
	struct mote_mshv_message *message = (void *)(vp->pages + mshv_page_bytes());

	memset(message, 0, sizeof(*message));
	message->type = type;
	message->payload_bytes = (uint8_t)bytes;
	return message->payload;
}

static long run_vp(struct vp *vp, void *argument, uint64_t mask)
{
	const long result = mshv_arch_run(vp, mask);

	vp->intercept_suspended = result == 0;
	vp->explicitly_suspended = result != 0;
	mshv_arch_publish(vp);
	if (result == 0)
		memcpy(argument, vp->pages + mshv_page_bytes(), sizeof(struct mote_mshv_message));
	return result;
}

/* States that nothing here depends on. */
static long move_plain_state(struct vp *vp, const struct mote_mshv_state *state, bool set)
{
	void *buffer = (void *)(uintptr_t)state->buffer;

	if (!vp->states[state->type])
		vp->states[state->type] = calloc(1, 4096);
	if (!vp->states[state->type])
		return -ENOMEM;
	memcpy(set ? vp->states[state->type] : buffer, set ? buffer : vp->states[state->type],
	       state->bytes);
	return 0;
}

static uint32_t state_bytes(const struct vp *vp, unsigned type)
{
	if (type == MOTE_MSHV_STATE_XSAVE)
		return mshv_arch_xsave_bytes(vp->partition);
	return type == MSHV_STATE_TIMERS ? MSHV_STATE_TIMERS_BYTES : 4096;
}

static long move_state(struct vp *vp, struct mote_mshv_state *state, bool set)
{
	const uint32_t given = state->bytes, odd = (uint32_t)mshv_page_bytes() - 1;
	void *buffer = (void *)(uintptr_t)state->buffer;

	if (state->type >= MSHV_STATES || !is_zero(state->reserved, sizeof(state->reserved)) ||
	    given == 0 || given & odd || state->buffer & odd)
		return -EINVAL;
	state->bytes = state_bytes(vp, state->type);
	if (state->bytes > given || state->bytes == 0)
		return -EINVAL;
	if (state->type != MOTE_MSHV_STATE_XSAVE)
		return move_plain_state(vp, state, set);
	if (!set)
		return mshv_arch_get_xsave(vp, buffer);
	return mshv_arch_set_xsave(vp, buffer);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static long vp_ioctl(struct file *file, unsigned long request, void *argument, uint64_t mask)
{
	switch (request) {
	case MOTE_MSHV_RUN_VP:
		return run_vp(file->vp, argument, mask);
	case MOTE_MSHV_GET_VP_STATE:
		return move_state(file->vp, argument, false);
	case MOTE_MSHV_SET_VP_STATE:
		return move_state(file->vp, argument, true);
	case MOTE_MSHV_ROOT_HVCALL:
		return mshv_hypercall(file, argument);
	default:
		return -ENOTTY;
	}
}

static long partition_ioctl(struct file *file, unsigned long request, void *argument,
			    struct file **made)
{
	switch (request) {
	case MOTE_MSHV_INITIALIZE_PARTITION:
		file->partition->is_initialized = true;
		return 0;
	case MOTE_MSHV_CREATE_VP:
		return create_vp(file->partition, argument, made);
	case MOTE_MSHV_SET_GUEST_MEMORY:
		return set_memory(file->partition, argument);
	case MOTE_MSHV_ROOT_HVCALL:
		return mshv_hypercall(file, argument);
	default:
		return mshv_foreign_ioctl(file, request, argument, made);
	}
}

static long device_ioctl(struct file *file, unsigned long request, void *argument,
			 struct file **made)
{
	if (request == MOTE_MSHV_CREATE_PARTITION)
		return create_partition(argument, made);
	if (request == MOTE_MSHV_ROOT_HVCALL && sim_mshv_rules()->kernel >= SIM_MSHV_6_19)
		return mshv_hypercall(file, argument);
	return -ENOTTY;
}

long mshv_ioctl(struct file *file, unsigned long request, void *argument, uint64_t mask,
		struct file **made)
{
	pthread_mutex_t *lock = NULL;
	long result;

	if (file->kind == MSHV_VP)
		lock = &file->vp->lock;
	else if (file->kind == MSHV_PARTITION)
		lock = &file->partition->lock;
	if (lock)
		pthread_mutex_lock(lock);
	if (file->kind == MSHV_VP)
		result = vp_ioctl(file, request, argument, mask);
	else if (file->kind == MSHV_PARTITION)
		result = partition_ioctl(file, request, argument, made);
	else if (file->kind == MSHV_DEVICE)
		result = device_ioctl(file, request, argument, made);
	else
		result = mshv_passed_on_ioctl(request);
	if (lock)
		pthread_mutex_unlock(lock);
	return result;
}
