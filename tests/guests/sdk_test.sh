#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# sdk_test.sh GUEST_FOLDER: installs the guest SDK and builds guests with what is installed: with
# every compiler and linker that is here, through pkg-config and through CMake.  Checks what comes
# out, and what must not compile.
set -u
guest=$(realpath "$1")
tests=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

ok() { echo "ok - guest_sdk.$1"; }
not_ok() { echo "not ok - guest_sdk.$1: $2"; failed=1; }
skip() { echo "skip - guest_sdk.$1: $2"; }

cmake -S "$guest" -B "$work/build" -DCMAKE_INSTALL_PREFIX="$work/sdk" -DCMAKE_INSTALL_LIBDIR=lib \
	>"$work/log" 2>&1 && cmake --build "$work/build" --target install >>"$work/log" 2>&1
if [ ! -f "$work/sdk/lib/mote-guest/libmote_guest.a" ]; then
	not_ok installs "$(tail -3 "$work/log" | tr '\n' ' ')"
	exit 1
fi
ok installs
export PKG_CONFIG_PATH=$work/sdk/lib/pkgconfig
cflags=$(pkg-config --cflags mote-guest)
libs=$(pkg-config --libs mote-guest)
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Werror"

# check_layout NAME FILE: a guest that the host will accept.
check_layout()
{
	local headers relocations
	headers=$(readelf -hlSW "$2")
	relocations=$(readelf -rW "$2")
	if grep -qE '^ +LOAD .* RWE ' <<<"$headers"; then
		not_ok "$1" "a segment is writable and executable"
	elif grep -qE 'INTERP|GNU_STACK.*E ' <<<"$headers"; then
		not_ok "$1" "an interpreter or an executable stack"
	elif ! grep -qE 'NOTE .*R ' <<<"$headers" || ! readelf -nW "$2" | grep -q '^  mote '; then
		not_ok "$1" "no note"
	elif grep -E 'R_[A-Z]' <<<"$relocations" | grep -qvE 'R_[A-Z0-9_]*_RELATIVE'; then
		not_ok "$1" "a relocation that is not RELATIVE"
	elif readelf -dW "$2" | grep -qE 'TEXTREL|RELR|NEEDED'; then
		not_ok "$1" "TEXTREL, RELR or NEEDED"
	else
		ok "$1"
	fi
}

# builds NAME COMPILER-AND-FLAGS SOURCE...: builds one guest and checks it.
builds()
{
	local name=$1 compiler=$2 link=$libs
	shift 2
	case $compiler in *-static\ *|*-static) link=${libs/-static-pie/} ;; esac
	# The words of these variables are meant to be split.
	# shellcheck disable=SC2086
	if $compiler $warnings $cflags "$@" -o "$work/out" $link >"$work/log" 2>&1; then
		check_layout "$name" "$work/out"
	else
		not_ok "$name" "$(head -3 "$work/log" | tr '\n' ' ')"
	fi
}

# exports and imports of $work/out, as "name name ..."
names()
{
	objcopy -O binary -j "$1" --set-section-flags "$1=alloc,contents" "$work/out" \
		"$work/table" &&
		strings -n 3 "$work/table" | grep -E '^[a-z_0-9]+$' | tr '\n' ' '
}

variants()
{
	local compiler=$1 label=$2 zlib flags
	zlib=$("${compiler%% *}" -print-file-name=libz.a)
	builds "$label.hello" "$compiler -O2" "$guest/../examples/guests/hello.c"
	builds "$label.nothing" "$compiler -O2" "$tests/sdk/nothing.c"
	builds "$label.fixed_address" "$compiler -O2 -static" "$guest/../examples/guests/hello.c"
	builds "$label.fixed_address_nothing" "$compiler -O2 -static" "$tests/sdk/nothing.c"
	for flags in "-O0 -std=c11" "-O2 -std=gnu11" "-O3 -std=gnu17" \
		"-Os -g -fno-stack-protector"; do
		builds "$label.echo${flags// /_}" "$compiler $flags" "$tests/echo.c"
		builds "$label.callbacks${flags// /_}" "$compiler $flags" "$tests/callbacks.c"
	done
	builds "$label.several_files" "$compiler -O2" "$tests/sdk/first.c" "$tests/sdk/second.c"
	if [ "$(names mote_exports)" = "from_first from_second " ]; then
		ok "$label.all_exports_are_there"
	else
		not_ok "$label.all_exports_are_there" "$(names mote_exports)"
	fi
	if [ "$(names mote_imports | xargs -n 1 | sort -u)" = used_by_both ]; then
		ok "$label.unused_imports_are_not"
	else
		not_ok "$label.unused_imports_are_not" "$(names mote_imports)"
	fi
	if [ -f "$zlib" ]; then
		builds "$label.zlib" "$compiler -O2" "$tests/sdk/inflate.c" "$zlib"
	else
		skip "$label.zlib" "no libz.a (zlib1g-dev)"
	fi
}

for compiler in gcc clang; do
	if ! command -v $compiler >/dev/null; then
		skip $compiler "not installed"
		continue
	fi
	variants $compiler $compiler
	if command -v ld.lld >/dev/null; then
		variants "$compiler -fuse-ld=lld" ${compiler}_lld
	else
		skip ${compiler}_lld "ld.lld is not installed"
	fi
done
if command -v gcc >/dev/null; then
	builds gcc.link_time_optimisation "gcc -O2 -flto" "$tests/sdk/first.c" "$tests/sdk/second.c"
fi

# compiles EXPECTED NAME CODE: whether this compiles, yes or no, with every compiler.
compiles()
{
	local result
	printf '#include <mote_guest.h>\n%s\n' "$3" >"$work/code.c"
	for compiler in gcc clang; do
		command -v $compiler >/dev/null || continue
		result=no
		# shellcheck disable=SC2086
		$compiler $cflags $warnings -c "$work/code.c" -o "$work/code.o" >"$work/log" 2>&1 &&
			result=yes
		if [ $result != "$1" ]; then
			not_ok "$2" "$compiler: $result; $(head -3 "$work/log" | tr '\n' ' ')"
			return
		fi
	done
	ok "$2"
}
rejects() { compiles no "rejects.$1" "$2"; }
accepts() { compiles yes "accepts.$1" "$2"; }

long=a_name_of_sixty_four_bytes_is_one_more_than_there_is_room_for___
seventeen=$(printf ', (bool, p%d)' {1..17})
sixteen=$(printf ', (bool, p%d)' {1..16})
use=$(printf '(void)p%d;' {1..16})
accepts unsigned_int 'MOTE_EXPORT(void, f, (unsigned int, v)) { (void)v; }'
accepts void_result 'MOTE_IMPORT(void, f, (double, v)) MOTE_EXPORT(void, g) { f(0); }'
accepts longest_name "MOTE_EXPORT(void, ${long%_}) { }"
accepts sixteen_arguments "MOTE_EXPORT(void, f$sixteen) { $use }"
accepts sixteen_imported "MOTE_IMPORT(bool, f$sixteen)"
rejects short_argument 'MOTE_EXPORT(void, f, (short, v)) { (void)v; }'
rejects pointer_argument 'MOTE_EXPORT(void, f, (void *, v)) { (void)v; }'
rejects void_argument 'MOTE_EXPORT(int32_t, f, (void, v)) { return 0; }'
structure='struct s { int v; };'
rejects structure_result "$structure MOTE_EXPORT(struct s, f) { struct s s = {0}; return s; }"
rejects char_result 'MOTE_EXPORT(char, f) { return 0; }'
rejects long_double 'MOTE_IMPORT(void, f, (long double, v)) MOTE_EXPORT(void, g) { f(0); }'
rejects mutable_string 'MOTE_IMPORT(char *, f) MOTE_EXPORT(void, g) { f(); }'
rejects long_export_name "MOTE_EXPORT(void, $long) { }"
rejects long_import_name "MOTE_IMPORT(void, $long)"
rejects seventeen_arguments "MOTE_EXPORT(void, f$seventeen) { $use (void)p17; }"

# The CMake package: three lines and a toolchain file.
mkdir "$work/project"
cp "$guest/../examples/guests/hello.c" "$work/project"
cat >"$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(hello C)
find_package(MoteGuest REQUIRED)
mote_add_guest(hello hello.c)
END
toolchain=$work/sdk/lib/cmake/MoteGuest/mote-guest-toolchain.cmake
for way in "" "-DCMAKE_TOOLCHAIN_FILE=$toolchain"; do
	name=cmake_package${way:+_with_toolchain_file}
	rm -rf "$work/hello"
	if cmake -S "$work/project" -B "$work/hello" -DCMAKE_PREFIX_PATH="$work/sdk" $way \
		>"$work/log" 2>&1 && cmake --build "$work/hello" >>"$work/log" 2>&1; then
		check_layout "$name" "$(ls "$work"/hello/hello*)"
	else
		not_ok "$name" "$(tail -3 "$work/log" | tr '\n' ' ')"
	fi
done
exit $failed
