/* SPDX-License-Identifier: Apache-2.0
 *
 * Where there is no KVM there is no pretended backend over it: every hypervisor is as it is.
 */
#include "poor.h"

#include <stdio.h>
#include <stdlib.h>

unsigned poor_kinds(void)
{
	const char *wanted = getenv("MOTE_TEST_POOR");

	if (wanted != NULL && wanted[0] != '\0') {
		fprintf(stderr, "MOTE_TEST_POOR: not on this system\n");
		exit(2);
	}
	return 0;
}

uint64_t poor_address_base(void)
{
	return 0;
}

void poor_adopt(struct mote_hypervisor *hypervisor)
{
	(void)hypervisor;
	(void)poor_kinds();
}
