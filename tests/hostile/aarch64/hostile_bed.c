/* SPDX-License-Identifier: Apache-2.0
 *
 * Which kind of machine this is, on aarch64.
 */
#include "hostile.h"

enum hostile_bed hostile_bed(void)
{
	return test_in_bed("arm64") ? ARM64_BED : HARDWARE;
}

bool hostile_applies(unsigned int where)
{
	return where & hostile_bed();
}
