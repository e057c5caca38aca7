#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# matrix_test.sh GUEST_FOLDER MOTE: guests by every compiler, linker and option that people use.  Each
# runs and finds itself intact, or is refused with a text that says why.
set -u
shopt -s extglob
guest=$(realpath "$1")
mote=$(realpath "$2")
matrix=$(dirname "$(realpath "$0")")/matrix
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

ok() { echo "ok - guest_matrix.$1"; }
not_ok() { echo "not ok - guest_matrix.$1: $2"; failed=1; }
skip() { echo "skip - guest_matrix.$1: $2"; }

if ! cmake -S "$guest" -B "$work/build" -DCMAKE_INSTALL_PREFIX="$work/sdk" \
	-DCMAKE_INSTALL_LIBDIR=lib >"$work/log" 2>&1 ||
	! cmake --build "$work/build" --target install >>"$work/log" 2>&1; then
	not_ok installs "$(tail -3 "$work/log" | tr '\n' ' ')"
	exit 1
fi
export PKG_CONFIG_PATH=$work/sdk/lib/pkgconfig
cflags=$(pkg-config --cflags mote-guest)
libs=$(pkg-config --libs mote-guest)
"$mote" doctor >/dev/null && usable=1 || usable=

# build COMPILER LINKER "OPTION..." SOURCE...: $work/guest, or the first line of what went wrong.
build()
{
	local compiler=$1 linker=$2 options=$3
	shift 3
	# shellcheck disable=SC2086
	"$compiler" $cflags $options "$@" -o "$work/guest" "-fuse-ld=$linker" ${our_libs:-$libs} \
		>"$work/log" 2>&1 || { sed -n '/error\|unknown/{p;q}' "$work/log"; return 1; }
}

# well NAME [OPTION...]: $work/guest runs, and finds that all is well.
well()
{
	local name=$1 said
	shift
	if [ -z "$usable" ]; then
		said=$("$mote" inspect "$work/guest" 2>&1 >/dev/null) && said="all is well"
	else
		said=$("$mote" run "$@" "$work/guest" check 1 2>&1)
	fi
	[ "$said" = "all is well" ] && ok "$name" || not_ok "$name" "$said"
}

# refused NAME TEXT: the tool says TEXT of $work/guest.
refused()
{
	local said
	said=$("$mote" run "$work/guest" check 1 2>&1)
	grep -qF -- "$2" <<<"$said" && ok "$1" || not_ok "$1" "$said"
}

# Every compiler with every linker, at every level of optimisation.
have_linker()
{
	command -v "ld.$1" >/dev/null || command -v "$1" >/dev/null
}

linkers=()
for linker in bfd gold lld lld-14 lld-15 lld-16 lld-19 mold; do
	have_linker "$linker" && linkers+=("$linker")
done
static=${libs/-static-pie/-static -no-pie}
# gold cannot link a static position-independent executable, and does not know separate-code.
gold=${static/-Wl,-z,separate-code/}
for compiler in gcc clang; do
	command -v "$compiler" >/dev/null || { skip "$compiler" "not installed"; continue; }
	for linker in "${linkers[@]}"; do
		[[ $compiler != gcc || $linker != lld-* ]] || continue # gcc knows no such name
		our_libs=
		[ "$linker" != gold ] || our_libs=$gold
		for options in -O0 -O1 -O2 -O3 "-O2 -flto" "-O2 -Wl,-z,noseparate-code" \
			"-O2 -Wl,-z,pack-relative-relocs" "-O2 -Wl,-z,max-page-size=65536" \
			"-O2 -Wl,-z,max-page-size=16777216"; do
			name=$(tr -cs 'a-zA-Z0-9\n' _ <<<"${compiler}_${linker}_${options#-}")
			[[ $linker != gold || $options != *@(pack-relative|separate-code)* ]] || continue
			case $compiler,$linker,$options in
			gcc,lld*,*-flto)
				build gcc "$linker" "$options" "$matrix/check.c" >/dev/null &&
					refused "$name" "exports no function and imports none"
				continue
				;;
			gcc,gold,*-flto | clang,gold,*-flto | clang,mold,*-flto | clang,bfd,*-flto)
				# Where the linker's plugin is not installed it says so itself.
				build "$compiler" "$linker" "$options" "$matrix/check.c" >/dev/null ||
					continue
				;;
			esac
			if said=$(build "$compiler" "$linker" "$options" "$matrix/check.c"); then
				well "$name" --memory 64M
			else
				not_ok "$name" "$said"
			fi
		done
		[ "$linker" != gold ] || continue
		if said=$(our_libs=$static build "$compiler" "$linker" -O2 "$matrix/check.c"); then
			well "${compiler}_${linker//-/_}_no_pie" --memory 64M
		else
			not_ok "${compiler}_${linker//-/_}_no_pie" "$said"
		fi
	done
	our_libs=

	# A thread-local variable of a library that was made for sharing.
	"$compiler" -fPIC -O2 -c "$matrix/library.c" -o "$work/library.o" &&
		ar rcs "$work/liblibrary.a" "$work/library.o" &&
		build "$compiler" bfd -O2 "$matrix/user.c" "$work/liblibrary.a" >/dev/null &&
		well "${compiler}_pic_library"

	build "$compiler" bfd -O2 "$matrix/ifunc.c" >/dev/null
	refused "${compiler}_ifunc" "build it without the attributes ifunc and target_clones"
	our_libs=$static build "$compiler" bfd -O2 "$matrix/ifunc.c" >/dev/null
	refused "${compiler}_ifunc_no_pie" "build it without the attributes ifunc and target_clones"
	strip "$work/guest"
	[ -z "$usable" ] ||
		refused "${compiler}_ifunc_stripped" "build it without the attributes ifunc and target_clones"
done

# What is left of the notes when a tool has removed one of them.
if build gcc bfd -O2 "$matrix/check.c" >/dev/null && objcopy -R .note.gnu.build-id "$work/guest"; then
	well without_build_id
else
	not_ok without_build_id "it cannot be built"
fi
exit $failed
