#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# examples_test.sh BUILD: runs the examples as their README says, and looks at what they print.
# In an emulated machine too, so it keeps to plain sh.
set -u
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

# lines PATTERN: how many of what was printed
lines()
{
	printf '%s\n' "$printed" | grep -c "$1"
}

show()
{
	printf '%s\n' "$printed" | sed 's/^/# /'
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

printed=$("$build/examples/pool/pool" "$build/examples/pool/pool_worker" 5 200 8 \
	"${MOTE_TEST_SLOW:-1}" 2>&1)
code=$?
show
verdict pool $code "exit code $code"

if [ -x "$build/examples/demo/demo" ]; then
	files=/usr/include
	[ -d $files ] || files=/lib # of the emulated machine
	printed=$(sh "$(dirname "$0")/../scripts/demo" "$build" $files)
	code=$?
	show
	[ $code = 0 ] && [ "$(lines '^hostile: caught, ')" = 10 ] &&
		[ "$(lines '^inflate: .* bytes, equal to the original; [0-9]* VM exits$')" = 1 ] &&
		[ "$(lines '^inflate: [1-9][0-9]* MB/s in the micro VM, .* ([0-9.]* of native)$')" = 1 ]
	verdict demo $? "exit code $code"
else
	echo "skip - examples.demo: not built (package zlib1g-dev)"
fi
exit $failed
