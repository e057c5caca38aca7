#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# sdk_test.sh GUEST_FOLDER MOTE [MACHINE]: installs the guest SDK and builds guests with what is
# installed: with every compiler and linker that is here, through pkg-config and through CMake.  Checks
# what comes out, by readelf and by the tool MOTE, and what must not compile.  With MACHINE: for that
# machine instead of this one.
set -u
guest=$(realpath "$1")
mote=$(realpath "$2")
machine=${3:-}
suite=guest_sdk${machine:+_$machine}
prefix=${machine:+$machine-linux-gnu-}
tests=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

ok() { echo "ok - $suite.$1"; }
not_ok() { echo "not ok - $suite.$1: $2"; failed=1; }
skip() { echo "skip - $suite.$1: $2"; }

gcc=${prefix}gcc
clang="clang${machine:+ --target=$machine-linux-gnu}"
gxx=${prefix}g++
clangxx="clang++${machine:+ --target=$machine-linux-gnu}"
if [ -n "$machine" ] && ! command -v "$gcc" >/dev/null; then
	if [ "${MOTE_REQUIRE_BEDS:-}" = all ]; then
		not_ok compiler "$gcc is not installed, and MOTE_REQUIRE_BEDS=all"
	else
		skip compiler "$gcc is not installed"
	fi
	exit $failed
fi

# install_sdk OPTION...: the SDK into $work/sdk, as a project of its own, with more options for cmake.
install_sdk()
{
	rm -rf "$work/build" "$work/sdk"
	cmake -S "$guest" -B "$work/build" -DCMAKE_INSTALL_PREFIX="$work/sdk" \
		-DCMAKE_INSTALL_LIBDIR=lib "$@" >"$work/log" 2>&1 &&
		cmake --build "$work/build" --target install >>"$work/log" 2>&1
}

if [ -n "$machine" ]; then
	options=("-DCMAKE_TOOLCHAIN_FILE=$guest/cmake/mote-guest-toolchain.cmake"
		"-DMOTE_GUEST_MACHINE=$machine")
	if ! command -v clang >/dev/null; then
		skip installs_with_clang "not installed"
	elif install_sdk "${options[@]}" -DCMAKE_C_COMPILER=clang -DMOTE_WERROR=ON; then
		ok installs_with_clang
	else
		not_ok installs_with_clang "$(tail -3 "$work/log" | tr '\n' ' ')"
	fi
	install_sdk "${options[@]}" "-DCMAKE_C_COMPILER=$gcc"
else
	install_sdk
fi
if [ ! -f "$work/sdk/lib/mote-guest/libmote_guest.a" ]; then
	not_ok installs "$(tail -3 "$work/log" | tr '\n' ' ')"
	exit 1
fi
ok installs
export PKG_CONFIG_PATH=$work/sdk/lib/pkgconfig
cflags=$(pkg-config --cflags mote-guest)
cxxflags=$(pkg-config --variable=cxxflags mote-guest)
libs=$(pkg-config --libs mote-guest)
warnings="-Wall -Wextra -Wpedantic -Wshadow -Werror"
cwarnings="-Wmissing-prototypes -Wstrict-prototypes"

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
	elif readelf -sW "$2" | grep -qE ' (GLOBAL|WEAK) .* UND [^ ]'; then
		not_ok "$1" "an undefined symbol"
	elif ! "$mote" inspect "$2" | grep -q "^machine  ${machine:-$(uname -m)}\$"; then
		not_ok "$1" "mote inspect: $("$mote" inspect "$2" 2>&1 | head -3 | tr '\n' ' ')"
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
	case $compiler in
	*++*) compiler+=" $cxxflags" ;;
	*) compiler+=" $cflags $cwarnings" ;;
	esac
	# The words of these variables are meant to be split.
	# shellcheck disable=SC2086
	if $compiler $warnings "$@" -o "$work/out" $link >"$work/log" 2>&1; then
		check_layout "$name" "$work/out"
	else
		not_ok "$name" "$(head -3 "$work/log" | tr '\n' ' ')"
	fi
}

# freestanding NAME COMPILER-AND-FLAGS SOURCE...: the same without the C library.
freestanding()
{
	local cflags libs
	cflags=$(pkg-config --cflags mote-guest-freestanding)
	libs=$(pkg-config --libs mote-guest-freestanding)
	builds "$@"
}

# exports and imports of $work/out, as "name name ..."
names()
{
	"${prefix}objcopy" -O binary -j "$1" --set-section-flags "$1=alloc,contents" "$work/out" \
		"$work/table" &&
		strings -n 3 "$work/table" | grep -E '^[a-z_0-9]+$' | tr '\n' ' '
}

variants()
{
	local compiler=$1 label=$2 zlib headers flags
	# The words of this variable are meant to be split.
	# shellcheck disable=SC2086
	zlib=$($compiler -print-file-name=libz.a)
	headers=/usr/include
	if [ -n "$machine" ]; then # Debian's package for it, unpacked
		zlib=${MOTE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mote}/sysroot-arm64/root
		zlib+=/usr/lib/$machine-linux-gnu/libz.a
		headers=${zlib%/lib/*}/include
	fi
	mkdir -p "$work/zlib"
	find "$headers" -maxdepth 2 -name "z[lc]*.h" -exec cp -t "$work/zlib" {} + 2>"$work/log"
	builds "$label.hello" "$compiler -O2" "$guest/../examples/guests/hello.c"
	freestanding "$label.nothing" "$compiler -O2" "$tests/sdk/nothing.c"
	builds "$label.fixed_address" "$compiler -O2 -static" "$guest/../examples/guests/hello.c"
	freestanding "$label.fixed_address_nothing" "$compiler -O2 -static" "$tests/sdk/nothing.c"
	# A cross compiler has headers of its libc in a folder of its own.
	freestanding "$label.freestanding" "$compiler -O2 ${machine:+-DCROSS}" \
		"$tests/sdk/freestanding.c"
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
		builds "$label.zlib" "$compiler -O2 -isystem $work/zlib" "$tests/sdk/inflate.c" "$zlib"
	else
		skip "$label.zlib" "no libz.a (zlib1g-dev)"
	fi
}

for compiler in "$gcc" "$clang"; do
	label=${compiler%% *}
	label=${label#"$prefix"}
	if ! command -v "${compiler%% *}" >/dev/null; then
		skip "$label" "not installed"
		continue
	fi
	variants "$compiler" "$label"
	lto="$compiler -O3 -flto"
	if [ -n "$machine" ] && [ "$label" = gcc ]; then
		: # a cross gcc looks for an lld of its own
	elif ! command -v ld.lld >/dev/null; then
		skip "${label}_lld" "ld.lld is not installed"
	else
		variants "$compiler -fuse-ld=lld" "${label}_lld"
		[ "$label" = gcc ] || lto+=" -fuse-ld=lld"
	fi
	builds "$label.link_time_optimisation" "$lto" "$tests/sdk/first.c" "$tests/sdk/second.c"
done

# C++: built for every machine, and run on this one.
# plus_gives EXPECTED FUNCTION ARGUMENT...
plus_gives()
{
	local expected=$1 name=$plus.$2 printed
	shift
	printed=$("$mote" run "$work/out" "$@" 2>&1) || true
	if [ "$printed" = "$expected" ]; then
		ok "$name"
	else
		not_ok "$name" "$printed"
	fi
}

for compiler in "$gxx" "$clangxx"; do
	plus=${compiler%% *}
	plus=${plus#"$prefix"}
	plus=${plus/++/xx}
	if ! command -v "${compiler%% *}" >/dev/null; then
		skip "$plus" "not installed"
		continue
	fi
	builds "$plus.every_header" "$compiler -std=c++17 -O0 -DWITH_AN_IMPORT" "$tests/sdk/plus.cpp"
	builds "$plus.optimized" "$compiler -std=c++20 -O2" "$tests/sdk/plus.cpp"
	[ -z "$machine" ] || continue
	if [ ! -w /dev/kvm ]; then
		skip "$plus.runs" "no /dev/kvm"
		continue
	fi
	plus_gives 42 count
	plus_gives 49 area 7
	plus_gives 20 mix 1 2 3 4 5 1.5 2.5 true
	plus_gives HELLO shout hello
	plus_gives "guest info: said" say said
done

# compiles EXPECTED NAME CODE: whether this compiles, yes or no, with every compiler, as C and as C++.
# Where it does not, and $sentence is set, the first error is a line with the sentence in it.
compiles()
{
	local compiler result first more
	printf '#include <mote_guest.h>\n%s\n' "$3" >"$work/code.c"
	for compiler in "$gcc" "$clang" "$gxx" "$clangxx"; do
		command -v "${compiler%% *}" >/dev/null || continue
		result=no
		more="$cflags $cwarnings -x c"
		case $compiler in *++*) more="$cxxflags -std=c++17 -x c++" ;; esac
		# shellcheck disable=SC2086
		$compiler $warnings $more -c "$work/code.c" -o "$work/code.o" \
			>"$work/log" 2>&1 && result=yes
		first=$(grep -m 1 'error: ' "$work/log")
		if [ $result != "$1" ]; then
			not_ok "$2" "$compiler: $result; $(head -3 "$work/log" | tr '\n' ' ')"
			return
		elif [ $result = no ] && ! grep -qF -- "$sentence" <<<"$first"; then
			not_ok "$2" "$compiler says: $first"
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
sentence=
accepts unsigned_int 'MOTE_EXPORT(void, f, (unsigned int, v)) { (void)v; }'
accepts void_result 'MOTE_IMPORT(void, f, (double, v)) MOTE_EXPORT(void, g) { f(0); }'
accepts longest_name "MOTE_EXPORT(void, ${long%_}) { }"
accepts sixteen_arguments "MOTE_EXPORT(void, f$sixteen) { $use }"
accepts sixteen_imported "MOTE_IMPORT(bool, f$sixteen)"
accepts long_long 'MOTE_IMPORT(long long, f, (unsigned long long, v))
	MOTE_EXPORT(unsigned long long, g, (long long, v))
	{ return (unsigned long long)f((unsigned long long)v); }'
accepts long 'MOTE_IMPORT(long, f, (unsigned long, v))
	MOTE_EXPORT(unsigned long, g, (long, v)) { return (unsigned long)f((unsigned long)v); }'
sentence="cannot cross the border; use int32_t, uint32_t, int64_t, uint64_t, float, double, bool, \
mote_string or mote_bytes"
rejects short_argument 'MOTE_EXPORT(void, f, (short, v)) { (void)v; }'
rejects pointer_argument 'MOTE_EXPORT(void, f, (void *, v)) { (void)v; }'
structure='struct s { int v; };'
rejects structure_result "$structure MOTE_EXPORT(struct s, f) { struct s s = {0}; return s; }"
rejects char_result 'MOTE_EXPORT(char, f) { return 0; }'
rejects long_double 'MOTE_IMPORT(void, f, (long double, v)) MOTE_EXPORT(void, g) { f(0); }'
rejects mutable_string 'MOTE_IMPORT(char *, f) MOTE_EXPORT(void, g) { f(); }'
rejects mutable_string_argument 'MOTE_EXPORT(void, f, (char *, v)) { (void)v; }'
sentence=error # the compiler has words of its own for this
rejects void_argument 'MOTE_EXPORT(int32_t, f, (void, v)) { return 0; }'
sentence=undeclared
rejects undeclared_function 'MOTE_EXPORT(void, f) { undeclared(); }'
sentence=linux/types.h
[ -n "$machine" ] || rejects header_of_the_host '#include <linux/types.h>'
sentence="is too long; it may have 63 bytes"
rejects long_export_name "MOTE_EXPORT(void, $long) { }"
rejects long_import_name "MOTE_IMPORT(void, $long)"
sentence="mote: f has more than 16 parameters"
rejects seventeen_arguments "MOTE_EXPORT(void, f$seventeen) { $use (void)p17; }"
rejects seventeen_imported "MOTE_IMPORT(bool, f$seventeen)"

# What a person who got a type wrong has to read.
printf '#include <mote_guest.h>\n%s\n' 'MOTE_EXPORT(void, f, (char *, v)) { (void)v; }' >"$work/code.c"
for compiler in "$gcc" "$clang"; do
	command -v "${compiler%% *}" >/dev/null || continue
	# shellcheck disable=SC2086
	$compiler $cflags $warnings -c "$work/code.c" -o "$work/code.o" >"$work/log" 2>&1
	if [ "$(grep -c 'error: ' "$work/log")" = 1 ] &&
		grep -q 'error: .*mote: the type char \* cannot cross' "$work/log"; then
		ok "${compiler%% *}.one_error_for_a_wrong_type"
	else
		not_ok "${compiler%% *}.one_error_for_a_wrong_type" \
			"$(grep 'error: ' "$work/log" | tr '\n' ' ')"
	fi
done

# The CMake package: three lines and a toolchain file.
mkdir "$work/project"
cp "$guest/../examples/guests/hello.c" "$work/project"
cat >"$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(hello C)
find_package(MoteGuest REQUIRED)
mote_add_guest(hello hello.c)
END

# package NAME OPTION...: that project, with the installed package and more options for cmake.
package()
{
	local name=$1
	shift
	rm -rf "$work/hello"
	if cmake -S "$work/project" -B "$work/hello" -DCMAKE_PREFIX_PATH="$work/sdk" "$@" \
		>"$work/log" 2>&1 && cmake --build "$work/hello" >>"$work/log" 2>&1; then
		check_layout "$name" "$(ls "$work"/hello/hello*)"
	else
		not_ok "$name" "$(tail -3 "$work/log" | tr '\n' ' ')"
	fi
}

toolchain=-DCMAKE_TOOLCHAIN_FILE=$work/sdk/lib/cmake/MoteGuest/mote-guest-toolchain.cmake
if [ -z "$machine" ]; then
	package cmake_package
	if command -v g++ >/dev/null; then
		cp "$tests/sdk/plus.cpp" "$work/project/hello.cpp"
		sed -i 's/hello C/hello C CXX/; s/hello\.c/hello.cpp/' "$work/project/CMakeLists.txt"
		package cmake_package_in_cxx
		cp "$guest/../examples/guests/hello.c" "$work/project/hello.c"
		sed -i 's/hello C CXX/hello C/; s/hello\.cpp/hello.c/' "$work/project/CMakeLists.txt"
	fi
	package cmake_package_with_toolchain_file "$toolchain"
	exit $failed
fi
package cmake_package -DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=$machine" \
	"-DCMAKE_C_COMPILER=$gcc"
for compiler in "$gcc" clang; do
	command -v "$compiler" >/dev/null || continue
	package "cmake_package_with_toolchain_file_${compiler#"$prefix"}" "$toolchain" \
		"-DMOTE_GUEST_MACHINE=$machine" "-DCMAKE_C_COMPILER=$compiler"
done

# What the tool of this machine says about a guest for another.
builds for_the_tool "$gcc -O2" "$guest/../examples/guests/hello.c"
if [ "$("$mote" inspect "$work/out" | sed -n '/^exports/,/^$/p' | tr -d '\n')" = \
	"exports (2)  greet: string(string)  add: i64(i64,i64)" ]; then
	ok inspect_lists_exports
else
	not_ok inspect_lists_exports "$("$mote" inspect "$work/out" 2>&1 | tr '\n' ' ')"
fi
if printed=$("$mote" run "$work/out" greet World 2>&1); then
	not_ok run_says_what_to_do "it ran: $printed"
elif grep -q "is for $machine, this host is $(uname -m); rebuild it for this host" <<<"$printed"; then
	ok run_says_what_to_do
else
	not_ok run_says_what_to_do "$printed"
fi
exit $failed
