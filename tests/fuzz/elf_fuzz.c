/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: any bytes as a guest image.  Reads it, inspects it, loads it into
 * memory without a VM.  The padding of the ELF identification, which mote does
 * not look at, chooses the layout.
 */
#include "fuzz.h"
#include "image_check.h"

enum { CHOICES = 9 /* offset of the padding */ };

const char *fuzz_missing(void)
{
	return NULL;
}

static struct image_check_request read_request(const uint8_t *data)
{
	const uint8_t *choices = data + CHOICES;

	return (struct image_check_request){
		.address_base = choices[0] & 1 ? 1ull << 32 : 0,
		.stack_bytes = (uint64_t)(choices[1] + 1) * 1024,
		.heap_bytes = (uint64_t)choices[2] * 4096,
		.data_bytes = (uint64_t)(choices[3] + 1) * 256,
		.buffer_bytes = (uint64_t)choices[5] * 16384,
		.slack_bytes = (uint64_t)(choices[4] + 32) * 4096,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_check_request request;
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image = NULL;
	mote_status status = mote_image_from_bytes(NULL, data, size, "fuzz.elf", &image, &error);

	if (status != MOTE_OK) {
		FUZZ_CHECK(image == NULL);
		FUZZ_CHECK(status == MOTE_BAD_IMAGE || status == MOTE_WRONG_ABI);
		fuzz_check_error(status, &error);
		return 0;
	}
	image_check_inspection(image);
	request = read_request(data);
	image_check_load(image, &request);
	mote_image_release(image);
	return 0;
}
