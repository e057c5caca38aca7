# SPDX-License-Identifier: Apache-2.0
#
# Sourced by checks: the result lines that scripts/test counts.  shellcheck shell=bash

# skip CHECK REASON: it cannot run on this machine, which fails if the machine must have everything.
skip()
{
	if [ "${MOTE_REQUIRE_BEDS:-}" = all ]; then
		echo "not ok - $1: $2, and MOTE_REQUIRE_BEDS=all"
		return 1
	fi
	echo "skip - $1: $2"
}
