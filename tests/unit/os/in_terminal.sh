#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# in_terminal.sh COMMAND [ARGUMENT...]: runs it in a terminal, which Wine makes a console of; prints
# what it writes to its standard output.  Without script(1), in none.
set -euo pipefail
command -v script >/dev/null || exec "$@"
output=$(mktemp)
trap 'rm -f "$output"' EXIT
code=0
SHELL=/bin/bash script -qec "$(printf '%q ' "$@") >$(printf %q "$output")" /dev/null \
	</dev/null >/dev/null || code=$?
cat "$output"
exit $code
