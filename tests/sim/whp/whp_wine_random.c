/* SPDX-License-Identifier: Apache-2.0
 *
 * bcryptprimitives.dll, which programs in new Rust have random numbers from and Wine 8 lacks.
 */
#include <stdint.h>
#include <sys/random.h>

__attribute__((ms_abi)) int32_t ProcessPrng(uint8_t *data, uint64_t bytes);

__attribute__((ms_abi)) int32_t ProcessPrng(uint8_t *data, uint64_t bytes)
{
	while (bytes != 0) {
		const ssize_t count = getrandom(data, bytes, 0);

		if (count > 0) {
			data += count;
			bytes -= (uint64_t)count;
		}
	}
	return 1;
}
