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
name=mote-guest${machine:+-$machine}
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
if [ ! -f "$work/sdk/lib/$name/libmote_guest.a" ]; then
	not_ok installs "$(tail -3 "$work/log" | tr '\n' ' ')"
	exit 1
fi
ok installs

# The runtime goes with any C library, or with none.
defined() { nm -g --defined-only "$1" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u; }
sdk=$work/sdk/lib/$name
shared=$(comm -12 <(defined "$sdk/libmote_guest.a") <(defined "$sdk/libc/libc.a") | tr '\n' ' ')
# __stack_chk_guard: the compiler's on aarch64, and the runtime renews it.
foreign=$(defined "$sdk/libmote_guest.a" | grep -vE '^(mote_|_start$|__stack_chk_guard$)' |
	tr '\n' ' ')
if [ -z "$shared$foreign" ]; then
	ok runtime_has_no_name_of_a_libc
else
	not_ok runtime_has_no_name_of_a_libc "in both: $shared; of its own: $foreign"
fi
export PKG_CONFIG_PATH=$work/sdk/lib/pkgconfig
cflags=$(pkg-config --cflags "$name")
cxxflags=$(pkg-config --variable=cxxflags "$name")
libs=$(pkg-config --libs "$name")
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
	cflags=$(pkg-config --cflags "mote-guest-freestanding${machine:+-$machine}")
	libs=$(pkg-config --libs "mote-guest-freestanding${machine:+-$machine}")
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
	for standard in c++11 c++17 c++20; do
		builds "$plus.every_header_as_$standard" "$compiler -std=$standard -O0 -DWITH_AN_IMPORT" \
			"$tests/sdk/plus.cpp"
	done
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

# C++ with the compiler's library: the self tests of a guest, by each way to build it.
cxx_sources=("$tests"/cxx/cxx.cpp "$tests"/cxx/cxx_{language,library,locale,system}.cpp)

# cxx_passes NAME: that $work/out does.
cxx_passes()
{
	local printed
	[ -z "$machine" ] && [ -w /dev/kvm ] || return
	if printed=$("$mote" run "$work/out" run_all 2>&1) && [ "${printed##*$'\n'}" = true ]; then
		ok "$1"
	else
		not_ok "$1" "$printed"
	fi
}

# cxx_compiles NAME COMPILER-AND-FLAGS: for cxx_links, because it takes long.
cxx_compiles()
{
	rm -rf "$work/objects"
	mkdir "$work/objects"
	# shellcheck disable=SC2086
	(cd "$work/objects" && $2 $warnings -c "${cxx_sources[@]}") >"$work/log" 2>&1 ||
		not_ok "$1" "$(grep -m 3 -i error "$work/log" | tr '\n' ' ')"
}

# cxx_links NAME COMPILER-AND-FLAGS LIBRARY...
cxx_links()
{
	local name=$1 compiler=$2
	shift 2
	if $compiler "$work"/objects/*.o -o "$work/out" "$@" >"$work/log" 2>&1; then
		check_layout "$name" "$work/out"
		cxx_passes "$name.passes"
	else
		not_ok "$name" "$(grep -m 3 -i error "$work/log" | tr '\n' ' ')"
	fi
}

# sizes OBJECT: of its variables
sizes()
{
	nm -S "$1" | awk '$3 == "D" { print $4, $2 }' | LC_ALL=C sort
}

cxx=$work/sdk/bin/${machine:+$machine-}mote-c++
for compiler in "$gxx" "$clangxx"; do
	label=${compiler%% *}
	label=cxx.${label#"$prefix"}
	command -v "${compiler%% *}" >/dev/null || continue
	printf '#include <iostream>\nint main() { std::cout << 42; }\n' >"$work/one.cpp"
	# shellcheck disable=SC2086
	if MOTE_CXX=$compiler "$cxx" -O2 $warnings "$work/one.cpp" -o "$work/out" >"$work/log" 2>&1; then
		check_layout "$label.mote_cxx_in_one_command" "$work/out"
	else
		not_ok "$label.mote_cxx_in_one_command" "$(head -3 "$work/log" | tr '\n' ' ')"
	fi
	MOTE_CXX=$compiler cxx_compiles "$label.mote_cxx_compiles" "$cxx -O2 -std=c++17"
	MOTE_CXX=$compiler cxx_links "$label.mote_cxx" "$cxx -std=c++17"
	MOTE_CXX=$compiler cxx_links "$label.mote_cxx_with_its_own_libraries" \
		"$cxx -std=c++17 -static" -lstdc++ -lm -lpthread
	if printf '#include <linux/types.h>\n' | MOTE_CXX=$compiler "$cxx" -E -x c++ - >"$work/log" 2>&1; then
		not_ok "$label.no_header_of_the_host" "it is found"
	else
		ok "$label.no_header_of_the_host"
	fi
	# What libstdc++.a was compiled with, against what a guest is.
	# shellcheck disable=SC2086
	if $compiler -std=c++17 -c "$tests/sdk/sizes.cpp" -o "$work/host.o" &&
		MOTE_CXX=$compiler "$cxx" -std=c++17 -c "$tests/sdk/sizes.cpp" -o "$work/guest.o" &&
		differ=$(diff <(sizes "$work/host.o") <(sizes "$work/guest.o")) &&
		[ "$(sizes "$work/guest.o" | wc -l)" -gt 80 ]; then
		ok "$label.sizes_are_those_of_the_host"
	else
		not_ok "$label.sizes_are_those_of_the_host" "$(tr '\n' ' ' <<<"$differ")"
	fi
	[ -z "$machine" ] || continue # the file is for this machine alone
	# Compiled without optimization, which takes a third of the time: mote_cxx is optimized, and
	# matrix_test.sh takes every level.
	cxx_compiles "$label.pkg_config_compiles" \
		"$compiler -O0 -std=c++20 $(pkg-config --cflags mote-guest-cxx)"
	# shellcheck disable=SC2046
	cxx_links "$label.pkg_config" "$compiler" $(pkg-config --libs mote-guest-cxx)
	if command -v ld.lld >/dev/null; then
		# shellcheck disable=SC2046
		cxx_links "$label.lld" "$compiler -fuse-ld=lld" $(pkg-config --libs mote-guest-cxx)
	fi
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

# mote-cc: the same by a compiler of one's own, and what it says when it cannot.
cc=$work/sdk/bin/${machine:+$machine-}mote-cc
printf '%s\n' '#include <math.h>' '#include <stdio.h>' 'int main(int argc, char **argv)' \
	'{ printf("%s %g\n", argv[argc - 1], sqrt(argc)); return 0; }' >"$work/program.c"
for compiler in "$gcc" "$clang"; do
	command -v "${compiler%% *}" >/dev/null || continue
	label=mote_cc.${compiler%% *}
	export MOTE_CC=$compiler
	cflags='' libs='' builds "$label.functions" "$cc -O2" "$guest/../examples/guests/hello.c"
	cflags='' libs='' builds "$label.program" "$cc -O2 -static -rdynamic" "$work/program.c" -lm
	if (cd "$work" && "$cc" -c -fno-pie program.c -o program.o &&
		"$cc" -no-pie program.o -o out -lm) >"$work/log" 2>&1; then
		check_layout "$label.objects" "$work/out"
	else
		not_ok "$label.objects" "$(tail -1 "$work/log")"
	fi
	if [ -z "$machine" ] && [ -w /dev/kvm ]; then
		printed=$("$mote" run "$work/out" a b c 2>&1)
		[ "$printed" = "c 2" ] && ok "$label.runs" || not_ok "$label.runs" "$printed"
	fi
	if printf '#include <linux/types.h>\n' | "$cc" -E - >"$work/log" 2>&1; then
		not_ok "$label.no_header_of_the_host" "it is found"
	else
		ok "$label.no_header_of_the_host"
	fi
done
unset MOTE_CC
# mote_cc_says NAME TEXT ARGUMENT...
mote_cc_says()
{
	local name=mote_cc.$1 text=$2 printed
	shift 2
	printed=$("$cc" "$@" 2>&1)
	[[ $printed == *"$text"* ]] && ok "$name" || not_ok "$name" "$printed"
}
mote_cc_says refuses_shared_libraries "a guest has no shared libraries" -shared "$work/program.o"
mote_cc_says needs_a_file "no input files"
mote_cc_says answers_questions "${machine:-$(uname -m)}-linux-gnu" -dumpmachine
mote_cc_says has_a_version Copyright --version

# A CMake project that knows nothing of mote.
mkdir "$work/plain"
cp "$work/program.c" "$work/plain"
cat >"$work/plain/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(plain ${LANGUAGES})
include(CheckFunctionExists)
check_function_exists(fork FORK)
check_function_exists(no_such_function NONE)
list(GET LANGUAGES -1 last)
set_source_files_properties(program.c PROPERTIES LANGUAGE ${last})
add_executable(hello program.c)
target_link_libraries(hello m)
enable_testing()
add_test(NAME hello COMMAND hello)
set_tests_properties(hello PROPERTIES PASS_REGULAR_EXPRESSION "hello 1")
END
package=$work/sdk/lib/cmake/MoteGuest${machine:+-$machine}
for languages in C "C;CXX"; do
	label=mote_cc.cmake_project_in_${languages/;/_and_}
	rm -rf "$work/hello"
	[ "$languages" = C ] || command -v "$gxx" >/dev/null || continue
	if cmake -S "$work/plain" -B "$work/hello" -DMOTE_TOOL="$mote" "-DLANGUAGES=$languages" \
		-DCMAKE_TOOLCHAIN_FILE="$package/mote-cc-toolchain.cmake" >"$work/log" 2>&1 &&
		cmake --build "$work/hello" >>"$work/log" 2>&1 &&
		grep -q NONE:INTERNAL=$ "$work/hello/CMakeCache.txt"; then
		check_layout "$label" "$work/hello/hello"
	else
		not_ok "$label" "$(tail -3 "$work/log" | tr '\n' ' ')"
	fi
	[ -z "$machine" ] && [ -w /dev/kvm ] || continue
	if ctest --test-dir "$work/hello" >"$work/log" 2>&1; then
		ok "$label.tests"
	else
		not_ok "$label.tests" "$(tail -3 "$work/log" | tr '\n' ' ')"
	fi
done
rm -rf "$work/hello"

# A CMake project in C++ of its own: libraries between, one in C that is told first.
mkdir "$work/cxx"
cp "$tests"/cxx/*.cpp "$tests"/cxx/*.h "$work/cxx/"
cp "$tests/libc_check.h" "$work/"
echo 'int one(void) { return 1; }' >"$work/cxx/one.c"
cat >"$work/cxx/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(cxx C CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(MoteGuest REQUIRED)
add_library(one STATIC one.c)
target_link_libraries(one PUBLIC MoteGuest::guest)
add_library(library STATIC cxx_language.cpp cxx_library.cpp cxx_locale.cpp cxx_system.cpp)
target_link_libraries(library PUBLIC one MoteGuest::cxx)
mote_add_guest(hello LANGUAGE CXX cxx.cpp)
target_link_libraries(hello PRIVATE library)
END

# cxx_project NAME OPTION...
cxx_project()
{
	local name=$1
	shift
	rm -rf "$work/hello"
	if cmake -S "$work/cxx" -B "$work/hello" -DCMAKE_PREFIX_PATH="$work/sdk" "$@" >"$work/log" 2>&1 &&
		cmake --build "$work/hello" >>"$work/log" 2>&1; then
		cp "$(ls "$work"/hello/hello*)" "$work/out"
		check_layout "$name" "$work/out"
		cxx_passes "$name.passes"
	else
		not_ok "$name" "$(grep -m 3 -i error "$work/log" | tr '\n' ' ')"
	fi
}
file="mote-guest-toolchain.cmake"
toolchain=-DCMAKE_TOOLCHAIN_FILE=$work/sdk/lib/cmake/MoteGuest${machine:+-$machine}/$file
for compiler in "$gcc" clang; do
	plus=${compiler/gcc/g++}
	plus=${plus/clang/clang++}
	command -v "$plus" >/dev/null || continue
	cxx_project "cxx.cmake_${plus#"$prefix"}" "$toolchain" ${machine:+"-DMOTE_GUEST_MACHINE=$machine"} \
		"-DCMAKE_C_COMPILER=$compiler" "-DCMAKE_CXX_COMPILER=$plus"
done
if [ -z "$machine" ] && command -v g++ >/dev/null; then
	cxx_project cxx.cmake_for_the_host
	sed -i 's/project(cxx C CXX)/project(cxx CXX)/; /one/d
		s/library STATIC/library OBJECT/; $a target_link_libraries(library PUBLIC MoteGuest::cxx)' \
		"$work/cxx/CMakeLists.txt"
	cxx_project cxx.cmake_without_c
	printf '%s\n' '#!/bin/sh' 'case $1 in *libstdc++.a) echo libstdc++.a ;; *) exec g++ "$@" ;; esac' \
		>"$work/bare"
	chmod +x "$work/bare"
	for printed in "$(cmake -S "$work/cxx" -B "$work/bare_hello" -DCMAKE_PREFIX_PATH="$work/sdk" \
			-DCMAKE_CXX_COMPILER="$work/bare" 2>&1 | tr -s ' \n' ' ')" \
		"$(MOTE_CXX=$work/bare "$cxx" "${cxx_sources[0]}" 2>&1)"; do
		if [[ $printed == *"$work/bare has no libstdc++.a"*"(Debian: g++"* ]]; then
			ok cxx.says_what_is_missing
		else
			not_ok cxx.says_what_is_missing "$printed"
		fi
	done
fi

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

toolchain=-DCMAKE_TOOLCHAIN_FILE=$package/mote-guest-toolchain.cmake
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
