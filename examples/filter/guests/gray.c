/* SPDX-License-Identifier: Apache-2.0
 *
 * Turns pixels of red, green and blue into gray, in place.
 */
#include <mote_guest.h>

MOTE_EXPORT(void, gray, (mote_bytes, pixels))
{
	unsigned char *pixel = (unsigned char *)pixels.data; /* the host maps them writable */

	for (size_t i = 0; i + 2 < pixels.length; i += 3) {
		unsigned luma = 54u * pixel[i] + 183u * pixel[i + 1] + 19u * pixel[i + 2];

		pixel[i] = pixel[i + 1] = pixel[i + 2] = (unsigned char)(luma >> 8);
	}
}
