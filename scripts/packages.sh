# SPDX-License-Identifier: Apache-2.0
#
# Sourced by ./dev and scripts: installs the Debian packages that a task needs, if they are missing.
# apt verifies what it downloads against its signed lists.  shellcheck shell=bash

# need WHAT:PACKAGE...: WHAT is a command, or a file if it begins with a slash (* allowed).
need()
{
	local entry what missing=()
	for entry in "$@"; do
		what=${entry%%:*}
		case $what in
		/*) compgen -G "$what" >/dev/null && continue ;;
		*) command -v "$what" >/dev/null && continue ;;
		esac
		missing+=("${entry#*:}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		echo "mote: please install: ${missing[*]} (names as in Debian)" >&2
		return 1
	fi
	echo "mote: installing ${missing[*]}" >&2
	local sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	local log
	log=$(mktemp)
	if ! { $sudo apt-get -q update &&
		$sudo env DEBIAN_FRONTEND=noninteractive \
			apt-get -q install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}

need_build()
{
	need gcc:gcc /usr/include/stdio.h:libc6-dev cmake:cmake ninja:ninja-build \
		pkg-config:pkg-config make:make && scripts/musl-source >/dev/null
}

# What was compiled before, by any preset, is not compiled again.
need_ccache()
{
	need ccache:ccache || return
	export CCACHE_DIR=${CCACHE_DIR:-$MOTE_CACHE/ccache} CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD}
	export CCACHE_NOHASHDIR=1 # where it is built does not matter
	export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
}

# For guests in C++; without it those tests are skipped.
need_cxx()
{
	need g++:g++
}

need_demo()
{
	need /usr/include/zlib.h:zlib1g-dev gzip:gzip
}

need_clang()
{
	need clang:clang ld.lld:lld
}

# The oldest and the newest compilers of the host's code.
need_compilers()
{
	need gcc-12:gcc-12 clang-14:clang-14 clang-19:clang-19
}

# The tools that compare the library's interface with the recorded one.
need_abi()
{
	need abidw:abigail-tools
}

# Debian's Rust, for guests of this machine and of the arm64 bed.
need_rust()
{
	need /usr/bin/rustc:rustc /usr/bin/cargo:cargo &&
		scripts/debian-packages "$MOTE_CACHE/rust-arm64" arm64 libstd-rust-dev
}

# A newer one, which Debian has for its browsers, with the library for aarch64 too; and what it is
# linked with, which Debian's cargo needs as well.  Prints its folder.
need_new_rust()
{
	need /usr/bin/cargo:cargo cc:gcc && scripts/new-rust
}

# Debian's Rust for programs for Windows.  Prints the folder of their standard library.
need_windows_rust()
{
	need /usr/bin/rustc:rustc /usr/bin/cargo:cargo x86_64-w64-mingw32-gcc:gcc-mingw-w64-x86-64 &&
		scripts/debian-packages "$MOTE_CACHE/rust-windows" amd64 libstd-rust-dev-windows &&
		echo "$MOTE_CACHE/rust-windows/root/usr"
}

# zig from npm, for guests and for other systems' libraries.
need_zig()
{
	need npm:npm node:nodejs && scripts/zig-path >/dev/null
}

# The linkers that people link guests with.
need_linkers()
{
	need_clang
	need ld.gold:binutils mold:mold ld.lld-19:lld-19
}

# clang's run-time libraries: libFuzzer and the sanitizers.
need_fuzz()
{
	need_clang
	need '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*:libclang-rt-dev'
}

# What the tests of packages, pages and completions use.
need_packaging()
{
	need dpkg-shlibdeps:dpkg-dev file:file debootstrap:debootstrap unshare:util-linux \
		doxygen:doxygen groff:groff-base fish:fish zsh:zsh python3:python3
}

# What opens cores, and drives the debugger's protocol; without them those tests are skipped.
need_debuggers()
{
	need gdb-multiarch:gdb-multiarch lldb:lldb eu-readelf:elfutils readelf:binutils
}

need_lint()
{
	need clang-format:clang-format clang-tidy:clang-tidy shellcheck:shellcheck rustfmt:rustfmt
}

need_busy()
{
	need stress-ng:stress-ng
}

need_svm_bed()
{
	need qemu-system-x86_64:qemu-system-x86 cpio:cpio strip:binutils xz:xz-utils
}

# The cross compilers, the emulated machine, and what the tests and the demo link there.
need_arm64_bed()
{
	need_clang && need qemu-system-aarch64:qemu-system-arm aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu \
		aarch64-linux-gnu-g++:g++-aarch64-linux-gnu \
		/usr/aarch64-linux-gnu/include/stdio.h:libc6-dev-arm64-cross cpio:cpio &&
		scripts/debian-packages "$MOTE_CACHE/sysroot-arm64" arm64 \
			zlib1g-dev busybox-static
}

# The compilers for other systems, and what links and reads their libraries.
need_cross()
{
	need_clang && need_zig && need x86_64-w64-mingw32-gcc:gcc-mingw-w64-x86-64 llvm-nm:llvm
}

# What builds for macOS, and what reads its files.
# Programs that zig makes for Windows on Arm, and what looks at them.
need_windows_arm64()
{
	need_zig && need llvm-readobj:llvm
}

need_macos()
{
	need_zig && need llvm-nm:llvm ruby:ruby
}

# What builds the portable unit tests for Windows, and what runs them.
need_wine()
{
	need x86_64-w64-mingw32-gcc:gcc-mingw-w64-x86-64 /usr/lib/wine/wine64:wine64 \
		/usr/lib/wine/winegcc:wine64-tools llvm-readobj:llvm
}
