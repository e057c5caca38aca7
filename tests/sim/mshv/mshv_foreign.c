/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests of foreign programs: their arguments are checked, and nothing more is done.
 */
#include "sim/mshv/mshv_foreign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct irqfd {
	int32_t fd, resample;
	uint32_t gsi, flags;
};

struct ioeventfd {
	uint64_t match, address;
	uint32_t length;
	int32_t fd;
	uint32_t flags;
	uint8_t reserved[4];
};

struct msi_routing {
	uint32_t count, reserved;
};

struct access_bitmap {
	uint8_t type, operation, reserved[6];
	uint64_t pages, first, bitmap;
};

enum { IRQFD_FLAGS = 3, IOEVENTFD_FLAGS = 7, IOEVENTFD_PIO = 2, MOST_ROUTES = 4096 };

static bool is_access_bitmap(const struct access_bitmap *bitmap)
{
	static const uint8_t zero[sizeof(bitmap->reserved)];

	return bitmap->type <= 1 && bitmap->operation <= 2 && bitmap->pages != 0 &&
	       bitmap->bitmap != 0 && memcmp(bitmap->reserved, zero, sizeof(zero)) == 0;
}

enum { KEEP, CLEAR, SET };

/* The word of a frame's bit; NULL: no region has the frame, or there is no memory. */
static uint64_t *find_word(struct partition *partition, uint64_t frame, unsigned *bit)
{
	for (int i = 0; i < MSHV_REGIONS; i++) {
		const uint64_t frames = partition->regions[i].bytes >> MOTE_HYPERV_FRAME_SHIFT;
		const uint64_t at = frame - partition->regions[i].frame;

		if (at >= frames)
			continue;
		if (!partition->accessed[i])
			partition->accessed[i] = calloc((frames + 63) / 64, sizeof(uint64_t));
		*bit = at % 64;
		return partition->accessed[i] ? partition->accessed[i] + at / 64 : NULL;
	}
	return NULL;
}

/* The bits that the program has set: accesses of the guest set none. */
static long get_access_bitmap(struct partition *partition, const struct access_bitmap *bitmap)
{
	uint8_t *out = (uint8_t *)(uintptr_t)bitmap->bitmap;
	uint64_t tracks = 0;

	if (!is_access_bitmap(bitmap))
		return -EINVAL;
	mshv_get_property(partition, MOTE_MSHV_PROPERTY_ACCESS_TRACKING, &tracks);
	if (!(tracks & 1))
		return -EIO;
	memset(out, 0, (bitmap->pages + 7) / 8);
	for (uint64_t i = 0; i < bitmap->pages; i++) {
		unsigned bit;
		uint64_t *word = find_word(partition, bitmap->first + i, &bit);

		if (!word)
			continue;
		out[i / 8] |= (uint8_t)((*word >> bit & 1) << i % 8);
		if (bitmap->operation == CLEAR)
			*word &= ~(1ull << bit);
		else if (bitmap->operation == SET)
			*word |= 1ull << bit;
	}
	return 0;
}

static long create_device(struct file *file, struct file **made)
{
	*made = mshv_make_file(MSHV_PASSED_ON, file->partition, NULL);
	return *made ? 0 : -ENOMEM;
}

long mshv_passed_on_ioctl(unsigned long request)
{
	switch (request) {
	case MSHV_HAS_ATTRIBUTE:
		return 0;
	case MSHV_SET_ATTRIBUTE:
	case MSHV_GET_ATTRIBUTE:
		return -EFAULT;
	default:
		return -ENOTTY;
	}
}

long mshv_foreign_ioctl(struct file *file, unsigned long request, void *argument,
			struct file **made)
{
	const struct irqfd *irqfd = argument;
	const struct ioeventfd *ioeventfd = argument;
	const struct msi_routing *routing = argument;

	switch (request) {
	case MSHV_IRQFD:
		return irqfd->flags & ~(uint32_t)IRQFD_FLAGS ? -EINVAL : 0;
	case MSHV_IOEVENTFD:
		return ioeventfd->flags & ~(uint32_t)(IOEVENTFD_FLAGS & ~IOEVENTFD_PIO) ? -EINVAL
											: 0;
	case MSHV_SET_MSI_ROUTING:
		return routing->count > MOST_ROUTES || routing->reserved ? -EINVAL : 0;
	case MSHV_CREATE_DEVICE:
		return create_device(file, made);
	case MSHV_GET_ACCESS_BITMAP:
		return get_access_bitmap(file->partition, argument);
	default:
		return -ENOTTY;
	}
}
