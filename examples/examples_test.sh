#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# examples_test.sh BUILD: runs the examples as their README says, and checks their output.  Also
# runs in an emulated machine, so it uses plain sh.
set -u
build=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
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

# lines PATTERN: the number of printed lines that match
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
	for example in hello plugin parser filter readme pool zig demo; do
		echo "$word - examples.$example: no writable /dev/kvm"
	done
	exit $failed
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printed=$("$build/examples/hello/hello_host" "$build/examples/guests/hello")
[ "$printed" = "Hello, World!" ]
verdict hello $? "it printed: $printed"

printed=$(cd "$build/examples/plugin" && ./plugin plugin_discount plugin_thief 2>&1)
code=$?
show
[ $code = 0 ] && [ "$(lines '^plugin_discount: 200 melons cost 450.00$')" = 1 ] &&
	[ "$(lines '^plugin_thief: plugin dropped: guest fault: memory access: read of 0x')" = 1 ]
verdict plugin $? "exit code $code"

# tar_head SIZE: a header whose member has that size, in octal digits.
tar_head()
{
	printf evil
	head -c 120 /dev/zero
	printf %s "$1"
	head -c 377 /dev/zero
}

{ tar_head 00000001000; head -c 1024 /dev/zero; } >"$work/good.tar"
tar_head 37777777000 >"$work/loop.tar"
tar_head 10000000000 >"$work/crash.tar"
head -c 1048577 /dev/zero >"$work/large.tar"
printed=$(cd "$work" && "$build/examples/parser/parser" "$build/examples/parser/parser_tar" \
	loop.tar good.tar crash.tar large.tar good.tar 2>&1)
code=$?
show
[ $code = 1 ] && [ "$(lines '^good.tar: 1 files, 512 bytes$')" = 2 ] &&
	[ "$(lines '^loop.tar: refused: .* CPU-time deadline$')" = 1 ] &&
	[ "$(lines '^crash.tar: refused: guest fault: memory access: read of 0x')" = 1 ] &&
	[ "$(lines '^large.tar: refused: larger than 1048576 bytes$')" = 1 ]
verdict parser $? "exit code $code"

printf 'P6\n2 1\n255\n\377\000\000\000\377\000' >"$work/in.ppm"
printf 'P6\n2 1\n255\n\065\065\065\266\266\266' >"$work/gray.ppm"
printed=$("$build/examples/filter/filter" "$build/examples/filter/filter_gray" "$work/in.ppm" \
	"$work/out.ppm" 2>&1) && cmp "$work/out.ppm" "$work/gray.ppm"
verdict filter $? "it printed: $printed"

# The commands of the README's section about these three, in its order and in one shell.
if [ -r "$root/README.md" ] && [ -d "$root/docs" ] && command -v tar >/dev/null; then
	# shellcheck disable=SC2016
	commands=$(sed -n '/^## Three more$/,/^## The tool$/{/^```sh$/,/^```$/{/^```/!p}}' \
		"$root/README.md" | sed "s|/tmp/|$work/|g; s|build/default|$build|g")
	rm -f "$work/in.ppm" "$work/out.ppm"
	printed=$(cd "$root" && sh -ec "$commands" 2>&1)
	code=$?
	show
	[ $code = 0 ] && [ "$(lines '^plugin_discount: 200 melons cost 450.00$')" = 1 ] &&
		[ "$(lines '^plugin_thief: plugin dropped: guest fault: ')" = 1 ] &&
		[ "$(lines '/docs.tar: [1-9][0-9]* files, [1-9][0-9]* bytes$')" = 1 ] &&
		cmp "$work/out.ppm" "$work/gray.ppm"
	verdict readme $? "exit code $code"
else
	echo "skip - examples.readme: no source tree, or no tar"
fi

printed=$("$build/examples/pool/pool" "$build/examples/pool/pool_worker" 5 200 8 \
	"${MOTE_TEST_SLOW:-1}" 2>&1)
code=$?
show
[ $code = 0 ] && [ "$(lines '^pool: 200 sandboxes, put back [1-9][0-9]* times, 0 times in vain$')" = 1 ]
verdict pool $? "exit code $code"

tool=${MOTE_TEST_CLI:-$build/cli/mote}
if [ -x "$build/examples/zig/zig_words" ] && [ -x "$tool" ]; then
	printed=$("$tool" run "$build/examples/zig/zig_words" longest "a text of words" 2>&1)
	show
	[ "$(lines '^words$')" = 1 ] && [ "$(lines '^guest info: 5 bytes$')" = 1 ]
	verdict zig $?
else
	echo "skip - examples.zig: no zig when this was built, or no tool here"
fi

if [ -x "$build/examples/demo/demo" ]; then
	files=/usr/include
	[ -d $files ] || files=/lib # of the emulated machine
	printed=$(sh "$root/scripts/demo" "$build" $files)
	code=$?
	show
	[ $code = 0 ] && [ "$(lines '^hostile: caught, ')" = 10 ] &&
		[ $(($(lines '^script: ') + 4 * $(lines '^demo: without scripts'))) = 4 ] &&
		[ "$(lines '^inflate: .* bytes, equal to the original$')" = 1 ] &&
		[ "$(lines '^inflate: .* MB/s in the micro VM, .* ([0-9.]* of native); [0-9]* VM exits$')" = 2 ]
	verdict demo $? "exit code $code"
else
	echo "skip - examples.demo: not built (package zlib1g-dev)"
fi
exit $failed
