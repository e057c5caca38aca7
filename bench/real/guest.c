/* SPDX-License-Identifier: Apache-2.0
 *
 * A job as a function of a guest.
 */
#include <mote_guest.h>

#include "real.h"

MOTE_EXPORT(uint64_t, job)
{
	return real_job();
}
