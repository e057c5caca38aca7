/* SPDX-License-Identifier: Apache-2.0
 *
 * A parser of tar archives as found in the wild: it trusts what it reads.  A size can lead it out
 * of the archive, or back to the beginning forever.
 */
#include <mote_guest.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK = 512, SIZE_AT = 124 };

MOTE_EXPORT(mote_string, list, (mote_bytes, archive))
{
	static char listing[4096];
	const char *bytes = archive.data;
	uint32_t files = 0;
	uint64_t total = 0;

	if (archive.length < BLOCK)
		return "empty";
	for (uint32_t at = 0; bytes[at] != '\0';) {
		uint32_t size = (uint32_t)strtoul(bytes + at + SIZE_AT, NULL, 8);

		files++;
		total += size;
		at += BLOCK + ((size + BLOCK - 1) & ~(uint32_t)(BLOCK - 1));
	}
	snprintf(listing, sizeof(listing), "%u files, %llu bytes", (unsigned)files,
		 (unsigned long long)total);
	return listing;
}
