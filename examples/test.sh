#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh BUILD: runs the examples as their README says, and looks at what they print.
set -uo pipefail
build=$1
failed=0

verdict()
{
	if [ "$2" = 0 ]; then
		echo "ok - examples.$1"
	else
		echo "not ok - examples.$1: ${3:-see above}"
		failed=1
	fi
}

if [ ! -w /dev/kvm ]; then
	word=skip
	[ "${MOTE_REQUIRE_BEDS:-}" != all ] || { word="not ok"; failed=1; }
	echo "$word - examples.hello: no /dev/kvm that can be written to"
	echo "$word - examples.demo: no /dev/kvm that can be written to"
	echo "$word - examples.pool: no /dev/kvm that can be written to"
	exit $failed
fi

printed=$("$build/examples/hello/hello_host" "$build/examples/guests/hello")
[ "$printed" = "Hello, World!" ]
verdict hello $? "it printed: $printed"

printed=$("$build/examples/pool/pool" "$build/examples/pool/pool_worker" 5)
code=$?
sed 's/^/# /' <<<"$printed"
verdict pool $code "exit code $code"

if [ -x "$build/examples/demo/demo" ]; then
	printed=$("$(dirname "$0")/../scripts/demo" "$build")
	code=$?
	sed 's/^/# /' <<<"$printed"
	[ $code = 0 ] && [ "$(grep -c '^hostile: caught, ' <<<"$printed")" = 10 ] &&
		grep -q 'equal to the original' <<<"$printed"
	verdict demo $? "exit code $code"
else
	echo "skip - examples.demo: not built (package zlib1g-dev)"
fi
exit $failed
