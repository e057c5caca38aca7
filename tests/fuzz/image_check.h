/* SPDX-License-Identifier: Apache-2.0
 *
 * What must hold of every guest image that was accepted, and of every guest
 * memory that was made from one.
 */
#ifndef MOTE_FUZZ_IMAGE_CHECK_H
#define MOTE_FUZZ_IMAGE_CHECK_H

#include "sandbox/image_internal.h"

/* Inspects everything that an image shows, and looks up symbols near addresses that matter. */
void image_check_inspection(const mote_image *image);

/* How guest memory is laid out, besides what the image says. */
struct image_check_request {
	uint64_t address_base, stack_bytes, heap_bytes, data_bytes, buffer_bytes, slack_bytes;
};

/*
 * Lays the image out in memory of the host and loads it there, without a VM, then looks at every
 * page: permissions, place, contents.  Returns whether it could be loaded.
 */
bool image_check_load(const mote_image *image, const struct image_check_request *request);

#endif
