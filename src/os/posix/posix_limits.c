/* SPDX-License-Identifier: Apache-2.0 */
#include "error_internal.h"

const char mote_memory_limits[] = "the process may have reached its limit on addresses "
				  "(RLIMIT_AS) or on data (RLIMIT_DATA)";
