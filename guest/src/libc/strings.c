/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparison without regard to ASCII case.
 */
#include <strings.h>

#include <ctype.h>
#include <stdint.h>

int strncasecmp(const char *a, const char *b, size_t maximum)
{
	for (; maximum; a++, b++, maximum--) {
		int x = tolower((unsigned char)*a), y = tolower((unsigned char)*b);

		if (x != y || !x)
			return x - y;
	}
	return 0;
}

int strcasecmp(const char *a, const char *b)
{
	return strncasecmp(a, b, SIZE_MAX);
}
